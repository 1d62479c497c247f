//! The same observable at two or more organisations within a window.
//!
//! Only observables of groups judged a threat count, and only such as mean the same thing everywhere: not private
//! addresses, not what a member owns, not what the policy calls common, and not what organisations see as much in
//! normal traffic as in threats (the hash of a system's own program, a search engine).

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use base::{
    Actor, Campaign as CampaignKind, Confidentiality, Id, Observable, ObservableKind, Organisation, Period,
    Right, Scope, Severity, Signal, Timestamp, Tlp,
};
use jiff::SignedDuration;
use registry::{Registry, is_private};
use store::{Store, Tx, clean, micros};

use crate::Error;
use crate::group::{Span, half};
use crate::sql::campaign as sql;
use crate::threat::{self, Threat};

/// One observable, several organisations.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Campaign {
    /// Its name for ever.
    pub id: Id<CampaignKind>,
    /// The number for people: `C2026-7K3QF`. It does not run: that would tell members how many there are.
    pub number: String,
    /// What was seen at all of them.
    pub observable: Observable,
    /// The highest level among its threats.
    pub level: Severity,
    /// How far it may be told. Its members know of it; from GREEN on everybody does, with everybody's name.
    pub tlp: Tlp,
    /// Everybody hit whom the asker may know by name, in the order they were hit.
    pub members: Vec<Member>,
    /// Organisations hit in all, also outside the asker's scope.
    pub organisations_total: u64,
    /// First event.
    pub first_at: Timestamp,
    /// Last event so far.
    pub last_at: Timestamp,
    /// When the second organisation made it a campaign; not told to whoever is not told which it was.
    pub raised_at: Option<Timestamp>,
}

/// One organisation in a campaign.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Member {
    /// Which.
    pub organisation: Id<Organisation>,
    /// Its first event with the observable.
    pub first_at: Timestamp,
    /// Its last.
    pub last_at: Timestamp,
    /// How many threats.
    pub threats: u64,
    /// How many detections.
    pub detections: u64,
}

/// Everything the page of one campaign shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The campaign itself.
    pub campaign: Campaign,
    /// Its threats inside the scope, newest first.
    pub threats: Vec<Threat>,
}

/// What somebody at the centre says about how far a campaign may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// How far.
    pub tlp: Tlp,
    /// Why; never empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What makes a campaign.
#[derive(Clone, Debug)]
pub struct Policy {
    /// An organisation joins when it saw the observable at most this long before or after the others.
    pub window: SignedDuration,
    /// Observables that say nothing wherever they are seen; a domain stands for everything below it. To be filled from
    /// what most organisations see in ordinary traffic.
    pub common: HashSet<Observable>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { window: SignedDuration::from_hours(24), common: HashSet::new() }
    }
}

impl Policy {
    fn is_common(&self, observable: &Observable) -> bool {
        if self.common.contains(observable) {
            return true;
        }
        let domain = match observable.kind {
            ObservableKind::Domain => Some(observable.value.as_str()),
            ObservableKind::Url => Some(host_of(&observable.value)),
            ObservableKind::Mail => observable.value.rsplit_once('@').map(|(_, domain)| domain),
            ObservableKind::Address | ObservableKind::Hash => None,
        };
        std::iter::successors(domain, |domain| domain.split_once('.').map(|(_, parent)| parent)).any(
            |domain| self.common.contains(&Observable { kind: ObservableKind::Domain, value: domain.into() }),
        )
    }
}

fn host_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or(after_scheme);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// Whether an observable seen at an organisation would mean the same thing at another one.
pub fn shareable(
    observable: &Observable,
    registry: &Registry,
    seen_at: Id<Organisation>,
    at: Timestamp,
    policy: &Policy,
) -> bool {
    let host = match observable.kind {
        ObservableKind::Address => Some(observable.value.as_str()),
        ObservableKind::Url => Some(host_of(&observable.value)),
        _ => None,
    };
    let private = host.and_then(|host| host.parse().ok()).is_some_and(is_private);
    // A name without a dot (`localhost`, `dc01`) and a URL that is only a path are names of the inside.
    let local = match observable.kind {
        ObservableKind::Domain => !observable.value.contains('.') || observable.value.ends_with(".local"),
        ObservableKind::Url => {
            !observable.value.contains("://") || !host.is_some_and(|host| host.contains('.'))
        }
        ObservableKind::Mail => !observable.value.contains('@'),
        ObservableKind::Address | ObservableKind::Hash => false,
    };
    !private
        && !local
        && !policy.is_common(observable)
        && registry.owner_of(observable, at, seen_at).organisation.is_none()
}

/// When threats have just been seen with an observable, one span for each threat.
pub(crate) type Touched = HashMap<Observable, Vec<Span>>;

/// Looks at observables that threats have just been seen with, and raises or extends campaigns. Each campaign that is
/// new or was joined by another organisation is returned and signalled, naming everybody hit so far.
pub(crate) async fn update(
    tx: &mut Tx,
    touched: Touched,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Id<CampaignKind>>, Error> {
    let mut touched: Vec<_> = touched.into_iter().collect();
    touched.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut moved = Vec::new();
    for (observable, mut spans) in touched {
        spans.sort_by_key(|span| span.first_at);
        for reach in reaches(&spans, policy.window) {
            moved.extend(extend_or_raise(tx, &observable, reach, policy.window).await?);
        }
    }
    for campaign in &moved {
        let organisations = sql::organisations_of(tx.connection(), *campaign).await?;
        tracing::info!(%campaign, organisations = organisations.len(), "campaign raised or joined");
        tx.signal(&Signal::CampaignRaised { campaign: *campaign, organisations }, now).await?;
    }
    Ok(moved)
}

/// The times within one window of the spans, those that meet made one. Spans come oldest first.
fn reaches(spans: &[Span], window: SignedDuration) -> Vec<Span> {
    let mut reaches: Vec<Span> = Vec::new();
    for span in spans {
        let first_at = span.first_at.checked_sub(window).unwrap_or(Timestamp::MIN);
        let last_at = span.last_at.checked_add(window).unwrap_or(Timestamp::MAX);
        match reaches
            .last_mut()
            .filter(|last| span.first_at.duration_since(last.last_at) <= SignedDuration::ZERO)
        {
            Some(last) => last.last_at = last.last_at.max(last_at),
            None => reaches.push(Span { first_at, last_at }),
        }
    }
    reaches
}

/// Sightings in no campaign yet join the campaign that was there at the time, or make one when they are of two
/// organisations.
async fn extend_or_raise(
    tx: &mut Tx,
    observable: &Observable,
    reach: Span,
    window: SignedDuration,
) -> Result<Option<Id<CampaignKind>>, Error> {
    let loose = sql::loose_sightings(tx.connection(), observable, reach).await?;
    let near = sql::campaigns_near(tx.connection(), observable, reach).await?;
    if let Some(&campaign) = near.first() {
        let before = sql::organisations_of(tx.connection(), campaign).await?;
        sql::attach(tx.connection(), campaign, observable, reach).await?;
        for campaign in near {
            sql::recount(tx.connection(), campaign).await?;
        }
        let joined = loose.iter().any(|one| !before.contains(&one.organisation));
        return Ok(joined.then_some(campaign));
    }
    // Oldest first: the second organisation makes it a campaign.
    let [first, second, ..] = loose.as_slice() else { return Ok(None) };
    if sql::organisations_only_normal(tx.connection(), observable, reach).await? >= loose.len() {
        return Ok(None);
    }
    let last_at = loose.iter().map(|one| one.last_at).max().unwrap_or(second.last_at);
    let mut hasher = blake3::Hasher::new_derive_key("noroshi campaign id v2");
    hasher.update(observable.to_string().as_bytes());
    // In which window it began, and no nearer: a member who knows the observable could otherwise try out when the
    // other was hit. Two campaigns of one observable are more than a window apart.
    hasher.update(
        &(micros(first.first_at) / i64::try_from(window.as_micros()).unwrap_or(i64::MAX).max(1))
            .to_be_bytes(),
    );
    let id = Id::from_digest(half(&hasher));
    let year = base::FiscalYear::of(base::japan_day(second.first_at)).0;
    let span = Span { first_at: first.first_at, last_at };
    let number = format!("C{year}-{}", code(id));
    sql::insert(tx.connection(), id, &number, observable, span, second.first_at).await?;
    sql::attach(tx.connection(), id, observable, reach).await?;
    sql::recount(tx.connection(), id).await?;
    Ok(Some(id))
}

/// Five characters for people to say on the telephone (Crockford's base 32: no I, L, O, U), taken from the id.
fn code(id: Id<CampaignKind>) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bytes = id.uuid().into_bytes();
    bytes[..5].iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// Where a list goes on: after this campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Its last event, as the asker sees it.
    pub last_at: Timestamp,
    /// Which.
    pub id: Id<CampaignKind>,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", micros(self.last_at), self.id)
    }
}

impl FromStr for After {
    type Err = store::Error;

    fn from_str(text: &str) -> Result<Self, store::Error> {
        let (last_at, id) = text.rsplit_once('-').unwrap_or_default();
        Ok(Self {
            last_at: store::instant(store::parse(last_at, "a place in a list")?)?,
            id: store::parse(id, "a place in a list")?,
        })
    }
}

/// What to list. Every field narrows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that moved within this period.
    pub period: Option<Period>,
    /// Only those this organisation is in.
    pub organisation: Option<Id<Organisation>>,
}

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Last moved first.
    pub campaigns: Vec<Campaign>,
    /// Where the next page begins, when there is one.
    pub next: Option<After>,
}

/// Campaigns that hit somebody in scope, last moved first.
pub async fn list(
    store: &Store,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
    after: Option<After>,
) -> Result<List, Error> {
    let mut read = store.read().await?;
    list_in(read.connection(), scope, filter, limit, after).await
}

pub(crate) async fn list_in(
    connection: &mut store::Connection,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
    after: Option<After>,
) -> Result<List, Error> {
    let mut campaigns = sql::campaigns(connection, scope, filter, limit.saturating_add(1), after).await?;
    let more = campaigns.len() > limit as usize;
    campaigns.truncate(limit as usize);
    let next = campaigns.last().filter(|_| more).map(|last| After { last_at: last.last_at, id: last.id });
    Ok(List { campaigns, next })
}

/// Says how far a campaign may be told: the change and its audit line.
pub async fn share(tx: &mut Tx, actor: &Actor, id: Id<CampaignKind>, sharing: &Sharing) -> Result<(), Error> {
    if sharing.reason.trim().is_empty() {
        return Err(Error::NoReason);
    }
    let campaign =
        sql::campaign(tx.connection(), actor.scope(), id).await?.ok_or(Error::NoSuchCampaign(id))?;
    // A campaign is of many: only who may share all of them may share it.
    actor.scope().require(Right::Share, None)?;
    sql::set_tlp(tx.connection(), id, sharing.tlp).await?;
    let detail = serde_json::json!({
        "number": campaign.number,
        "before": campaign.tlp,
        "tlp": sharing.tlp,
        "reason": clean(&sharing.reason),
    });
    let line = store::Line {
        at: sharing.at,
        actor: actor.label(),
        action: "campaign.share".to_owned(),
        object: id.to_string(),
        detail,
        // It is of many, and what is said about it may speak of any of them.
        concerns: Vec::new(),
        degree: Confidentiality::One,
    };
    tx.audit(&line).await?;
    Ok(())
}

/// Everything the page of one campaign shows, with at most `limit` threats.
pub async fn page(store: &Store, scope: &Scope, id: Id<CampaignKind>, limit: u32) -> Result<Page, Error> {
    let mut read = store.read().await?;
    let campaign = sql::campaign(read.connection(), scope, id).await?.ok_or(Error::NoSuchCampaign(id))?;
    let threats = threat::of_campaign(read.connection(), scope, id, limit).await?;
    Ok(Page { campaign, threats })
}
