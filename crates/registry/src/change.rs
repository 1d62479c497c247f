//! Changes that an organisation asks for: what is its own business counts at once, what matters waits for the centre.
//!
//! A change is one row, as a file would have it. It is judged when it is asked for and again when it is approved,
//! and it can only be approved while what it changes still is what the asker saw.

use std::fmt;
use std::str::FromStr;

use base::Timestamp;
use base::{
    Actor, Change as ChangeKind, Confidentiality, Id, Organisation as OrganisationId, Right, Scope, Signal,
};
use store::{Connection, Store, Tx};

use crate::import::{Asker, Fate, Outcome, Written, audit, judge};
use crate::reason::Reason;
use crate::record::id_of;
use crate::{Asset, Error, Noun, Organisation, Record, Registry, sql, unowned};

/// The most changes that one page of a list gives.
pub const LIST_MAX: u32 = 200;
/// The most changes of one organisation that wait at the same time.
pub const WAITING_MAX: u64 = 500;
/// The longest reason or answer.
pub const REASON_CHARS_MAX: usize = 1000;
/// The longest row.
const ROW_BYTES_MAX: usize = 64 * 1024;

/// A change that was asked for.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its id.
    pub id: Id<ChangeKind>,
    /// The number by which people speak of it, as `naibu-12`.
    pub number: String,
    /// Whose registry.
    pub organisation: Id<OrganisationId>,
    /// What it is about.
    pub noun: Noun,
    /// The same in words, as `network 192.0.2.0/24`.
    pub about: String,
    /// What is asked.
    pub action: Action,
    /// The row, by column.
    pub written: Vec<(String, String)>,
    /// What stood there when it was asked for, as digest; empty when nothing did.
    pub version: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: State,
    /// Who asked, as the audit trail names them.
    pub asked_by: String,
    /// What they were called then.
    pub asked_by_name: String,
    /// When.
    pub asked_at: Timestamp,
    /// When it was decided; `None` while it waits.
    pub decided_at: Option<Timestamp>,
    /// What the centre said about it; empty when nothing.
    pub answer: String,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something new.
    Create,
    /// Other values.
    Change,
    /// An end.
    Retire,
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The centre has not decided.
    Waiting,
    /// The centre agreed, and it is done.
    Approved,
    /// The centre did not agree.
    Refused,
    /// Those who asked do not want it any more.
    Withdrawn,
}

crate::system::words!(Action: Create = "create", Change = "change", Retire = "retire");
crate::system::words!(State: Waiting = "waiting", Approved = "approved", Refused = "refused",
    Withdrawn = "withdrawn");

/// What became of a row that somebody sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// It says what stands there already.
    Nothing,
    /// It is done.
    Done(Fate),
    /// It waits for the centre.
    Waiting(Id<ChangeKind>),
}

/// What the centre decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Do it.
    Approve,
    /// Leave it; the answer says why.
    Refuse,
}

/// A row somebody sends, and what they saw when they wrote it.
#[derive(Clone, Debug)]
pub struct Proposal<'p> {
    /// What it is about.
    pub noun: Noun,
    /// The columns of the row and what stands in them; `organisation` is among them.
    pub cells: Vec<(&'static str, &'p str)>,
    /// [`Current::version`] of what they saw; empty when they saw nothing.
    pub version: &'p str,
    /// Why they ask.
    pub reason: &'p str,
}

/// What stands in the registry, as a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Current {
    /// Column and value.
    pub cells: Vec<(&'static str, String)>,
}

impl Current {
    /// A digest of all of it: two that are the same have the same version.
    pub fn version(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("noroshi registry version v1");
        for (column, value) in &self.cells {
            for part in [column, value.as_str()] {
                hasher.update(&(part.len() as u64).to_be_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().to_hex().chars().take(32).collect()
    }

    /// What stands in a column.
    pub fn get(&self, column: &str) -> &str {
        self.cells.iter().find(|(name, _)| *name == column).map_or("", |(_, value)| value)
    }

    fn of_record(record: &Record) -> Self {
        let columns = record.noun.columns().into_iter();
        Self { cells: columns.map(|column| (column, record.written(column))).collect() }
    }

    fn of_asset(asset: &Asset) -> Self {
        let cells = vec![
            ("value", asset.value.clone()),
            ("valid_from", crate::read::written_day(asset.validity.from)),
            ("valid_until", crate::read::written_day(asset.validity.until)),
            ("criticality", asset.criticality.word().to_owned()),
            ("system", asset.system.clone()),
            ("device_class", asset.device_class.clone()),
        ];
        Self { cells }
    }

    fn of_organisation(one: &Organisation, registry: &Registry) -> Self {
        let parent = one.parent.and_then(|id| registry.organisation(id)).map(|parent| parent.key.clone());
        let cells = vec![
            ("name_ja", one.name_ja.clone()),
            ("name_en", one.name_en.clone()),
            ("kind", one.kind.word().to_owned()),
            ("parent", parent.unwrap_or_default()),
            ("order", one.display_order.to_string()),
        ];
        Self { cells }
    }
}

/// Does what is the asker's own business at once and keeps the rest for the centre, which is told of it. Whoever
/// keeps the registry of that organisation waits for nobody.
pub async fn propose(
    store: &Store,
    actor: &Actor,
    proposal: &Proposal<'_>,
    now: Timestamp,
) -> Result<Proposed, Error> {
    let reason = said(proposal.reason)?;
    let row = row(proposal)?;
    let mut tx = store.write().await?;
    let registry = Registry::load_in(tx.connection()).await?;
    let organisation = organisation_of(&registry, proposal.noun, &row);
    let scope = actor.scope();
    let keeps = scope.covers(Right::KeepRegistry, organisation);
    let right = if keeps { Right::KeepRegistry } else { Right::ProposeRegistry };
    if !keeps && !scope.covers(right, organisation) {
        // Whether there is such an organisation is nothing to learn here.
        return Err(Error::NotFound);
    }
    let asker = Asker { scope, right, today: base::japan_day(now) };
    let known = if keeps { registry } else { known_to(scope, registry) };
    let before = current(tx.connection(), &known, scope, &row).await?;
    if before.as_ref().map(Current::version).unwrap_or_default() != proposal.version {
        return Err(Error::Conflict);
    }
    let rows = [row];
    let plan = judge(tx.connection(), &rows, &known, asker, Outcome::Nothing).await?;
    let [row] = &rows;
    let Some(fate) = plan.rows.into_iter().next().map(|row| row.fate) else { return Ok(Proposed::Nothing) };
    let columns = match &fate {
        Fate::Same => return Ok(Proposed::Nothing),
        Fate::Wrong { column, reason } => return Err(Error::Wrong { column, reason: reason.clone() }),
        Fate::Changed { columns } => columns.clone(),
        Fate::Retired => vec!["valid_until"],
        // What nobody says gets a value all the same, and for a system these values matter.
        Fate::New if proposal.noun == Noun::System => Noun::System.columns(),
        Fate::New => row.said().map(|(column, _)| column).collect(),
    };
    if keeps || !proposal.noun.matters(&columns) {
        put(&mut tx, actor, row, &known, asker, before.as_ref(), now).await?;
        tx.commit().await?;
        return Ok(Proposed::Done(fate));
    }
    let Some(organisation) = organisation else { return Err(Error::NotFound) };
    if sql::change::count_waiting(tx.connection(), organisation).await? >= WAITING_MAX {
        return Err(Error::TooLarge {
            limit: usize::try_from(WAITING_MAX).unwrap_or(0),
            unit: "waiting changes",
        });
    }
    let number = number(&mut tx, row.get("organisation"), organisation).await?;
    let change = Change {
        id: id_of_number(&number),
        number,
        organisation,
        noun: proposal.noun,
        about: row.about(),
        action: match fate {
            Fate::New => Action::Create,
            Fate::Retired => Action::Retire,
            _ => Action::Change,
        },
        written: row.said().map(|(column, value)| (column.to_owned(), value.to_owned())).collect(),
        version: proposal.version.to_owned(),
        reason,
        state: State::Waiting,
        asked_by: actor.label(),
        asked_by_name: actor.name().to_owned(),
        asked_at: now,
        decided_at: None,
        answer: String::new(),
    };
    let degree = degree_of(tx.connection(), Some(organisation), row, before.as_ref()).await?;
    sql::change::insert(tx.connection(), &change, degree).await?;
    let detail =
        serde_json::json!({ "about": change.about, "action": change.action.word(), "columns": columns });
    let whose = (Some(organisation), degree);
    audit(&mut tx, actor, "registry.ask", &change.id.to_string(), whose, detail, now).await?;
    tx.signal(&Signal::ChangeAsked { change: change.id, organisation }, now).await?;
    tx.commit().await?;
    Ok(Proposed::Waiting(change.id))
}

/// A change is named by its number, so that nothing is told by its id that its number does not tell.
fn id_of_number(number: &str) -> Id<ChangeKind> {
    let digest = blake3::derive_key("noroshi registry change id v1", number.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Id::from_digest(half)
}

/// Each organisation counts its own: a number of all would tell it how much the others ask for.
async fn number(tx: &mut Tx, key: &str, organisation: Id<OrganisationId>) -> Result<String, Error> {
    let number = tx.take_numbers(&format!("registry.change.{organisation}"), 1).await?;
    Ok(format!("{key}-{number}"))
}

/// Decides about a change that waits. Approving one whose object changed meanwhile is [`Error::Conflict`]; it can
/// still be refused. A refusal needs an answer.
pub async fn decide(
    store: &Store,
    actor: &Actor,
    id: Id<ChangeKind>,
    decision: Decision,
    answer: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let answer = said(answer)?;
    let mut tx = store.write().await?;
    let change = visible(tx.connection(), actor.scope(), id).await?;
    actor.scope().require(Right::KeepRegistry, Some(change.organisation))?;
    if change.state != State::Waiting {
        return Err(Error::Decided);
    }
    let state = match decision {
        Decision::Refuse if answer.is_empty() => {
            return Err(Error::Wrong { column: "answer", reason: Reason::Needed });
        }
        Decision::Refuse => State::Refused,
        Decision::Approve => {
            approve(&mut tx, actor, &change, now).await?;
            State::Approved
        }
    };
    sql::change::decided(tx.connection(), id, state, &actor.label(), &answer, now).await?;
    let detail = serde_json::json!({ "about": change.about, "state": state.word(), "answer": answer });
    let whose = (Some(change.organisation), sql::change::degree(tx.connection(), id).await?);
    audit(&mut tx, actor, "registry.decide", &id.to_string(), whose, detail, now).await?;
    tx.signal(&Signal::ChangeDecided { change: id, organisation: change.organisation }, now).await?;
    Ok(tx.commit().await?)
}

async fn approve(tx: &mut Tx, actor: &Actor, change: &Change, now: Timestamp) -> Result<(), Error> {
    let asker = Asker { scope: actor.scope(), right: Right::KeepRegistry, today: base::japan_day(now) };
    let registry = Registry::load_in(tx.connection()).await?;
    let row = change.row();
    let before = current(tx.connection(), &registry, actor.scope(), &row).await?;
    if before.as_ref().map(Current::version).unwrap_or_default() != change.version {
        return Err(Error::Conflict);
    }
    put(tx, actor, &row, &registry, asker, before.as_ref(), now).await
}

/// Takes back a change that waits: for those who may ask for it.
pub async fn withdraw(store: &Store, actor: &Actor, id: Id<ChangeKind>, now: Timestamp) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let change = visible(tx.connection(), actor.scope(), id).await?;
    actor.scope().require(Right::ProposeRegistry, Some(change.organisation))?;
    if change.state != State::Waiting {
        return Err(Error::Decided);
    }
    sql::change::decided(tx.connection(), id, State::Withdrawn, &actor.label(), "", now).await?;
    let detail = serde_json::json!({ "about": change.about });
    let whose = (Some(change.organisation), sql::change::degree(tx.connection(), id).await?);
    audit(&mut tx, actor, "registry.withdraw", &id.to_string(), whose, detail, now).await?;
    Ok(tx.commit().await?)
}

/// Where a list of changes goes on. It names a place and not a change, so that the list goes on also when the change that
/// stood there was decided meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Whether the last change seen was decided.
    pub is_decided: bool,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Which.
    pub id: Id<ChangeKind>,
}

impl After {
    fn of(change: &Change) -> Self {
        let is_decided = change.state != State::Waiting;
        Self { is_decided, asked_at: change.asked_at, id: change.id }
    }
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", u8::from(self.is_decided), store::micros(self.asked_at), self.id)
    }
}

impl FromStr for After {
    type Err = store::Error;

    fn from_str(text: &str) -> Result<Self, store::Error> {
        let expected = "a place in the list of changes";
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().unwrap_or_default();
        Ok(Self {
            is_decided: store::parse::<u8>(next(), expected)? != 0,
            asked_at: store::instant(store::parse(next(), expected)?)?,
            id: store::parse(next(), expected)?,
        })
    }
}

/// Changes that the scope reaches, waiting ones first, then the newest: at most `limit` and never more than [`LIST_MAX`],
/// going on after `after`; and where the next page begins, `None` when this is the last.
pub async fn list(
    store: &Store,
    scope: &Scope,
    organisation: Option<Id<OrganisationId>>,
    state: Option<State>,
    after: Option<After>,
    limit: u32,
) -> Result<(Vec<Change>, Option<After>), Error> {
    let limit = limit.min(LIST_MAX);
    let mut read = store.read().await?;
    let among = (organisation, state);
    let mut found = sql::change::list(read.connection(), scope, among, after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(After::of);
    Ok((found, next))
}

/// How many wait, as far as the scope reaches.
pub async fn count_waiting(store: &Store, scope: &Scope) -> Result<u64, Error> {
    sql::change::count(store.read().await?.connection(), scope, State::Waiting).await
}

/// One change, with what stands in the registry now; `None` when nothing does.
pub async fn find(
    store: &Store,
    scope: &Scope,
    id: Id<ChangeKind>,
) -> Result<(Change, Option<Current>), Error> {
    let mut read = store.read().await?;
    let change = visible(read.connection(), scope, id).await?;
    let registry = Registry::load_in(read.connection()).await?;
    let before = current(read.connection(), &registry, scope, &change.row()).await?;
    Ok((change, before))
}

impl Change {
    /// Whether what it changes is no longer what the asker saw.
    pub fn conflicts_with(&self, current: Option<&Current>) -> bool {
        self.state == State::Waiting && current.map(Current::version).unwrap_or_default() != self.version
    }

    fn row(&self) -> Written {
        let cells = self
            .written
            .iter()
            .filter_map(|(column, value)| Some((crate::import::written::column(column)?, value.as_str())));
        Written::of(1, cells)
    }
}

/// What stands in the registry under the name that a row has, if the scope reaches it.
pub async fn look(
    store: &Store,
    scope: &Scope,
    noun: Noun,
    cells: &[(&'static str, &str)],
) -> Result<Option<Current>, Error> {
    let mut read = store.read().await?;
    let registry = known_to(scope, Registry::load_in(read.connection()).await?);
    let row = Written::of(1, cells.iter().copied().chain([("record", noun.word())]));
    current(read.connection(), &registry, scope, &row).await
}

async fn visible(connection: &mut Connection, scope: &Scope, id: Id<ChangeKind>) -> Result<Change, Error> {
    sql::change::by_id(connection, scope, id).await?.ok_or(Error::NotFound)
}

/// The row with its noun; refuses what no form sends.
fn row(proposal: &Proposal<'_>) -> Result<Written, Error> {
    let bytes: usize = proposal.cells.iter().map(|(_, value)| value.len()).sum();
    if bytes > ROW_BYTES_MAX {
        return Err(Error::TooLarge { limit: ROW_BYTES_MAX, unit: "bytes in a row" });
    }
    let record = ("record", proposal.noun.word());
    Ok(Written::of(
        1,
        [record].into_iter().chain(proposal.cells.iter().copied().filter(|(name, _)| *name != "record")),
    ))
}

fn said(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.chars().count() > REASON_CHARS_MAX {
        return Err(Error::Wrong { column: "reason", reason: Reason::TooLong { max: REASON_CHARS_MAX } });
    }
    Ok(text.replace('\0', "␀"))
}

/// Whose registry a row changes: of an organisation that is new, that of the one it becomes a part of.
fn organisation_of(registry: &Registry, noun: Noun, row: &Written) -> Option<Id<OrganisationId>> {
    let own = registry.by_key(row.get("organisation")).map(|one| one.id);
    match own {
        None if noun == Noun::Organisation => registry.by_key(row.get("parent")).map(|one| one.id),
        own => own,
    }
}

/// The registry as far as the scope reaches, with the names of what stands above.
fn known_to(scope: &Scope, registry: Registry) -> Registry {
    if scope.everywhere(Right::ReadRegistry) {
        return registry;
    }
    let reached = |id| scope.covers(Right::ReadRegistry, Some(id));
    let above: std::collections::BTreeSet<_> = registry
        .organisations()
        .iter()
        .filter(|one| reached(one.id))
        .flat_map(|one| registry.ancestors(one.id).map(|above| above.id))
        .collect();
    let organisations =
        registry.organisations().iter().filter(|one| reached(one.id) || above.contains(&one.id));
    let assets = registry.assets().iter().filter(|asset| reached(asset.organisation));
    Registry::of(organisations.cloned().collect(), assets.cloned().collect())
}

async fn current(
    connection: &mut Connection,
    registry: &Registry,
    scope: &Scope,
    row: &Written,
) -> Result<Option<Current>, Error> {
    let noun: Noun = store::parse(row.get("record"), "a noun of the registry")?;
    let Some(organisation) = registry.by_key(row.get("organisation")) else { return Ok(None) };
    if !scope.covers(noun.right(), Some(organisation.id)) {
        return Ok(None);
    }
    match noun {
        Noun::Organisation => Ok(Some(Current::of_organisation(organisation, registry))),
        Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => {
            let hidden = sql::record::hidden_systems(connection, scope).await?;
            let fits = |asset: &&Asset| {
                asset.kind.noun() == noun
                    && asset.organisation == organisation.id
                    && asset.kind.normal(row.get("value")).is_ok_and(|value| value == asset.value)
                    && crate::read::written_day(asset.validity.from) == row.get("valid_from")
            };
            let found = registry.assets().iter().find(fits).cloned();
            Ok(found.map(|mut asset| {
                if hidden.contains(&(asset.organisation, asset.system.clone())) {
                    asset.system.clear();
                }
                Current::of_asset(&asset)
            }))
        }
        _ => {
            let key = match row.get("key") {
                // Nobody has named it; then its columns do.
                "" => match Record::read(noun, organisation.id, &|column| row.get(column)) {
                    Ok(record) => record.key,
                    Err(_) => return Ok(None),
                },
                key => key.to_owned(),
            };
            let id = id_of(noun, organisation.id, &key);
            let found = sql::record::visible_by_id(connection, noun, scope, &id).await?;
            Ok(found.map(|record| Current::of_record(&record)))
        }
    }
}

/// Puts one judged row in, with its audit line.
async fn put(
    tx: &mut Tx,
    actor: &Actor,
    row: &Written,
    registry: &Registry,
    asker: Asker<'_>,
    before: Option<&Current>,
    now: Timestamp,
) -> Result<(), Error> {
    let rows = [row.clone()];
    let plan = judge(tx.connection(), &rows, registry, asker, Outcome::Written).await?;
    if let Some(Fate::Wrong { column, reason }) = plan.rows.first().map(|row| &row.fate) {
        return Err(Error::Wrong { column, reason: reason.clone() });
    }
    let noun: Noun = store::parse(row.get("record"), "a noun of the registry")?;
    let organisation = registry.by_key(row.get("organisation")).map(|one| one.id);
    if noun == Noun::Contact
        && let Some(organisation) = organisation.filter(|id| actor.scope().own().contains(id))
    {
        // Who writes down how they are reached has confirmed it by that.
        let id = id_of(noun, organisation, row.get("key"));
        sql::contact::verified(tx.connection(), &id, &actor.label(), now).await?;
    }
    // What people are called and how they are reached is beside the chain, not in it.
    let columns: Vec<&str> = match before {
        _ if noun.right() == Right::ReadPeople => vec![],
        None => row.said().map(|(column, _)| column).collect(),
        Some(before) => {
            let differs = |column: &&str| row.get(column) != before.get(column);
            before.cells.iter().map(|(column, _)| *column).filter(differs).collect()
        }
    };
    let changed = columns.iter().map(|column| {
        let from = before.map_or("", |before| before.get(column));
        ((*column).to_owned(), serde_json::json!([from, row.get(column)]))
    });
    let detail = serde_json::json!({
        "about": row.about(),
        "columns": changed.collect::<serde_json::Map<_, _>>(),
    });
    let object = organisation.map_or_else(|| "registry".to_owned(), |id| id.to_string());
    let degree = degree_of(tx.connection(), organisation, row, before).await?;
    audit(tx, actor, "registry.change", &object, (organisation, degree), detail, now).await?;
    if matches!(noun, Noun::Network | Noun::Domain | Noun::MailDomain) {
        let registry = Registry::load_in(tx.connection()).await?;
        unowned::settle(tx, &registry).await?;
    }
    Ok(())
}

/// The degree of what a change tells: that of the system before or after, its own or the one it names, whichever is the
/// most confidential.
async fn degree_of(
    connection: &mut Connection,
    organisation: Option<Id<OrganisationId>>,
    row: &Written,
    before: Option<&Current>,
) -> Result<Confidentiality, Error> {
    let stood = |column| before.map_or("", |before| before.get(column));
    let own = |text: &str| text.parse::<Confidentiality>().unwrap_or(Confidentiality::One);
    let mut degree = own(row.get("confidentiality")).max(own(stood("confidentiality")));
    if let Some(organisation) = organisation {
        for named in [row.get("system"), stood("system")] {
            degree = degree.max(sql::record::degree_of_system(connection, organisation, named).await?);
        }
    }
    Ok(degree)
}
