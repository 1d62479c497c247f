//! Findings (指摘事項): what inspections, audits, scans and incidents leave to be fixed, followed until it is closed.
//!
//! A finding is open until its organisation says what was done and where that can be seen; then somebody else verifies
//! it, and only what was verified is closed. Whatever turns out not to be fixed is reopened. [`weak`] makes findings of
//! the items that a survey shows to be weak.

mod weak;

use std::fmt;
use std::str::FromStr;

use base::{Actor, Finding as Kind, Id, Organisation, Right, Scope, Severity, Signal, Timestamp};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::json;
use store::{Line, Store, Tx};

use crate::catalogue::Words;
use crate::{Error, sql};

pub use self::weak::{Raised, WEAK_BELOW_PERCENT, Weak, raise_weak};

/// The longest title or owner, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest text of a step, in characters.
pub const WORDS_CHARS_MAX: usize = 1_000;
/// A finding is due soon when so many days or fewer are left.
pub const SOON_DAYS: i64 = 14;
/// The most findings that one page of a list gives.
pub const LIST_MAX: u32 = 200;

macro_rules! words {
    ($kind:ident: $($variant:ident = $word:literal),+ $(,)?) => {
        impl $kind {
            /// All, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in files, URLs and tables.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|one| one.word() == text);
                found.copied().ok_or_else(|| format!("{text:?} is none of these words"))
            }
        }
    };
}

/// What left it to be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// 点検項目: an item of a survey that is weak.
    SurveyItem,
    /// 監査
    Audit,
    /// 検査: a scan of servers, domains or pages.
    Scan,
    /// 障害・事故等
    Incident,
    /// 注意喚起・通報 that was not answered.
    Notice,
}

words!(Source: SurveyItem = "survey_item", Audit = "audit", Scan = "scan", Incident = "incident", Notice = "notice");

/// How grave it is: as auditors grade, or as scanners do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gravity {
    /// 不適合: a duty is not met.
    Nonconformity,
    /// 観察事項: it is met, and could be met better.
    Observation,
    /// A severity, as a scan gives.
    Rated(Severity),
}

impl Gravity {
    /// All: those of auditors first, then mild to grave.
    pub fn all() -> Vec<Self> {
        let rated = Severity::ALL.into_iter().map(Self::Rated);
        [Self::Nonconformity, Self::Observation].into_iter().chain(rated).collect()
    }

    /// The word in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nonconformity => "nonconformity",
            Self::Observation => "observation",
            Self::Rated(severity) => severity.word(),
        }
    }
}

impl FromStr for Gravity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::all().into_iter().find(|gravity| gravity.word() == text);
        found.ok_or_else(|| format!("{text:?} is no gravity of a finding"))
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// 未対応
    Open,
    /// 回答済: it is said what was done; nobody has looked yet.
    Answered,
    /// 確認済: somebody else has seen that it is fixed.
    Verified,
    /// 完了
    Closed,
    /// 再対応: it turned out not to be fixed, and is open again.
    Reopened,
}

words!(State: Open = "open", Answered = "answered", Verified = "verified", Closed = "closed", Reopened = "reopened");

impl State {
    /// Whether the organisation has to do something about it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Reopened)
    }
}

/// What somebody does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Somebody or something found it.
    Raise,
    /// It is somebody's to fix, by a day.
    Assign,
    /// What was done.
    Answer,
    /// It was seen to be fixed.
    Verify,
    /// Nothing is left to do.
    Close,
    /// It is not fixed after all.
    Reopen,
}

words!(Act: Raise = "raise", Assign = "assign", Answer = "answer", Verify = "verify", Close = "close", Reopen = "reopen");

/// How far a finding is after an act; `None` when the act is not possible then.
pub fn after(state: State, act: Act) -> Option<State> {
    match (state, act) {
        (State::Open | State::Reopened, Act::Answer) => Some(State::Answered),
        (State::Answered, Act::Verify) => Some(State::Verified),
        (State::Verified, Act::Close) => Some(State::Closed),
        (State::Answered | State::Verified | State::Closed, Act::Reopen) => Some(State::Reopened),
        (State::Open | State::Reopened | State::Answered, Act::Assign) => Some(state),
        _ => None,
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub id: Id<Kind>,
    /// The number by which people speak of it, as `naibu-F12`: each organisation counts its own.
    pub number: String,
    /// Whose it is to fix.
    pub organisation: Id<Organisation>,
    /// What left it.
    pub source: Source,
    /// What of the source, as `survey_…/staff/S-1`.
    pub about: String,
    /// What is to be fixed.
    pub title: Words,
    /// How grave it is.
    pub gravity: Gravity,
    /// How far it is.
    pub state: State,
    /// The person or post that fixes it; empty while nobody is named.
    pub owner: String,
    /// By which day, in Japan; that day itself is in time.
    pub due: Date,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it was closed; `None` while it is not.
    pub closed_at: Option<Timestamp>,
    /// Who gave the answer that stands, as the audit trail names them; empty when none does.
    pub answered_by: String,
    /// Whether it tells what fewer than [`SMALL_CELL_MIN`](crate::SMALL_CELL_MIN) people have answered: then it is for who
    /// keeps inspections there, as are the answers.
    pub is_of_few: bool,
}

/// How an open finding stands to its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timing {
    /// There is time.
    InTime,
    /// [`SOON_DAYS`] or fewer are left.
    Soon,
    /// The day is over.
    Overdue,
}

words!(Timing: InTime = "in_time", Soon = "soon", Overdue = "overdue");

impl Finding {
    /// How it stands at `now`; `None` once it is answered: then the organisation waits, and nobody waits for it.
    pub fn timing(&self, now: Timestamp) -> Option<Timing> {
        let today = base::japan_day(now);
        self.state.is_open().then_some(match self.due {
            due if due < today => Timing::Overdue,
            due if due <= soon(today) => Timing::Soon,
            _ => Timing::InTime,
        })
    }

    /// How many whole days it was open at `now`, or until it was closed.
    pub fn age_days(&self, now: Timestamp) -> u64 {
        let age = self.closed_at.unwrap_or(now).duration_since(self.raised_at);
        u64::try_from(age.as_hours() / 24).unwrap_or(0)
    }
}

/// The last day that is soon.
pub(crate) fn soon(today: Date) -> Date {
    today.checked_add(SignedDuration::from_hours(SOON_DAYS * 24)).unwrap_or(Date::MAX)
}

/// One thing that was done about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub act: Act,
    /// When.
    pub at: Timestamp,
    /// Who, as the audit trail names them.
    pub actor: String,
    /// What they were called then.
    pub actor_name: String,
    /// What they said.
    pub words: String,
    /// Where it can be seen.
    pub evidence: String,
}

/// What somebody raises.
#[derive(Clone, Debug)]
pub struct New<'n> {
    /// Whose it is to fix.
    pub organisation: Id<Organisation>,
    /// What left it.
    pub source: Source,
    /// What of the source; empty when there is no more to say.
    pub about: &'n str,
    /// What is to be fixed, in both languages.
    pub title: &'n Words,
    /// How grave it is.
    pub gravity: Gravity,
    /// The person or post that fixes it; may be empty.
    pub owner: &'n str,
    /// By which day.
    pub due: Date,
    /// Where it can be seen.
    pub evidence: &'n str,
}

/// Raises a finding at an organisation over which the actor has [`Right::KeepInspection`].
pub async fn raise(store: &Store, actor: &Actor, new: &New<'_>, now: Timestamp) -> Result<Id<Kind>, Error> {
    actor.scope().require(Right::KeepInspection, Some(new.organisation))?;
    let title = Words {
        ja: said("title_ja", &new.title.ja, NAME_CHARS_MAX)?,
        en: said("title_en", &new.title.en, NAME_CHARS_MAX)?,
    };
    let mut tx = store.write().await?;
    let keys = sql::finding::keys(tx.connection(), &[new.organisation]).await?;
    let key = keys.get(&new.organisation).ok_or_else(no_such_organisation)?;
    let number = tx.take_numbers(&series(new.organisation), 1).await?;
    let number = numbered(key, number);
    let finding = Finding {
        id: id_of(&number),
        number,
        organisation: new.organisation,
        source: new.source,
        about: fitting("about", new.about, NAME_CHARS_MAX)?,
        title,
        gravity: new.gravity,
        state: State::Open,
        owner: fitting("owner", new.owner, NAME_CHARS_MAX)?,
        due: new.due,
        raised_at: now,
        closed_at: None,
        answered_by: String::new(),
        is_of_few: false,
    };
    let step = step(actor, Act::Raise, "", fitting("evidence", new.evidence, WORDS_CHARS_MAX)?, now);
    sql::finding::insert(tx.connection(), &[(&finding, &step)]).await?;
    note(&mut tx, actor, &finding, Act::Raise, now).await?;
    let signal = Signal::FindingRaised { finding: finding.id, organisation: finding.organisation };
    tx.signal(&signal, now).await?;
    tx.commit().await?;
    Ok(finding.id)
}

fn no_such_organisation() -> Error {
    Error::Malformed { field: "organisation", reason: "does not exist".to_owned() }
}

/// Each organisation counts its own: a number of all would tell it how many the others have.
fn series(organisation: Id<Organisation>) -> String {
    format!("inspect.finding.{organisation}")
}

/// A finding is named by its number, so that nothing is told by its id that its number does not tell.
fn id_of(number: &str) -> Id<Kind> {
    let digest = blake3::derive_key("noroshi inspect finding id v1", number.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Id::from_digest(half)
}

fn numbered(key: &str, number: i64) -> String {
    format!("{key}-F{number}")
}

/// Says who fixes a finding, and by which day.
pub async fn assign(
    store: &Store,
    actor: &Actor,
    id: Id<Kind>,
    owner: &str,
    due: Date,
    now: Timestamp,
) -> Result<(), Error> {
    let owner = said("owner", owner, NAME_CHARS_MAX)?;
    let mut tx = store.write().await?;
    let finding = kept(&mut tx, actor, id, Act::Assign).await?;
    let words = format!("{owner} {due}");
    let finding = Finding { owner, due, ..finding };
    take(&mut tx, actor, finding, Act::Assign, &words, "", now).await?;
    Ok(tx.commit().await?)
}

/// Says what was done about a finding, and where that can be seen.
pub async fn answer(
    store: &Store,
    actor: &Actor,
    id: Id<Kind>,
    words: &str,
    evidence: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let finding = kept(&mut tx, actor, id, Act::Answer).await?;
    let finding = Finding { answered_by: actor.label(), ..finding };
    let words = said("words", words, WORDS_CHARS_MAX)?;
    take(&mut tx, actor, finding, Act::Answer, &words, evidence, now).await?;
    Ok(tx.commit().await?)
}

/// Says to have seen that a finding is fixed. Nobody verifies what they have answered themselves.
pub async fn verify(
    store: &Store,
    actor: &Actor,
    id: Id<Kind>,
    words: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let finding = kept(&mut tx, actor, id, Act::Verify).await?;
    if finding.answered_by == actor.label() {
        return Err(Error::OwnAnswer(id));
    }
    take(&mut tx, actor, finding, Act::Verify, words, "", now).await?;
    Ok(tx.commit().await?)
}

/// Says that nothing is left to do about a finding that was verified.
pub async fn close(
    store: &Store,
    actor: &Actor,
    id: Id<Kind>,
    words: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let finding = kept(&mut tx, actor, id, Act::Close).await?;
    let finding = Finding { closed_at: Some(now), ..finding };
    take(&mut tx, actor, finding, Act::Close, words, "", now).await?;
    Ok(tx.commit().await?)
}

/// Says why a finding is not fixed after all, and by which day it is to be.
pub async fn reopen(
    store: &Store,
    actor: &Actor,
    id: Id<Kind>,
    words: &str,
    due: Date,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let finding = kept(&mut tx, actor, id, Act::Reopen).await?;
    let finding = Finding { due, closed_at: None, answered_by: String::new(), ..finding };
    let words = said("words", words, WORDS_CHARS_MAX)?;
    take(&mut tx, actor, finding, Act::Reopen, &words, "", now).await?;
    Ok(tx.commit().await?)
}

/// A finding about which this may be done, by whoever keeps inspections there.
async fn kept(tx: &mut Tx, actor: &Actor, id: Id<Kind>, act: Act) -> Result<Finding, Error> {
    let found = sql::finding::by_id(tx.connection(), actor.scope(), id).await?;
    let finding = found.ok_or(Error::NoSuchFinding(id))?;
    actor.scope().require(Right::KeepInspection, Some(finding.organisation))?;
    match after(finding.state, act) {
        Some(state) => Ok(Finding { state, ..finding }),
        None => Err(Error::FindingIs(finding.state)),
    }
}

/// Writes what became of a finding, with its step and its line in the audit trail.
async fn take(
    tx: &mut Tx,
    actor: &Actor,
    finding: Finding,
    act: Act,
    words: &str,
    evidence: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let words = fitting("words", words, WORDS_CHARS_MAX)?;
    let step = step(actor, act, &words, fitting("evidence", evidence, WORDS_CHARS_MAX)?, now);
    sql::finding::update(tx.connection(), &finding).await?;
    sql::finding::append(tx.connection(), finding.id, &step).await?;
    note(tx, actor, &finding, act, now).await
}

fn step(actor: &Actor, act: Act, words: &str, evidence: String, now: Timestamp) -> Step {
    let (label, name) = (actor.label(), actor.name().to_owned());
    Step { act, at: now, actor: label, actor_name: name, words: words.to_owned(), evidence }
}

async fn note(tx: &mut Tx, actor: &Actor, finding: &Finding, act: Act, now: Timestamp) -> Result<(), Error> {
    let Finding { number, source, gravity, state, due, .. } = finding;
    let detail = json!({
        "number": number, "source": source.word(), "gravity": gravity.word(), "state": state.word(), "due": due,
    });
    let line = line(actor, act, &finding.id.to_string(), detail, now).of([finding.organisation]);
    if finding.owner.is_empty() {
        tx.audit(&line).await?;
        return Ok(());
    }
    // The owner may be a person, who can be forgotten.
    Ok(tx.audit_about(&line, &finding.id.to_string(), &finding.owner).await?)
}

fn line(actor: &Actor, act: Act, object: &str, detail: serde_json::Value, now: Timestamp) -> Line {
    Line {
        at: now,
        actor: actor.label(),
        action: format!("finding.{act}"),
        object: object.to_owned(),
        detail,
        concerns: Vec::new(),
        degree: base::Confidentiality::One,
    }
}

/// A text that must say something.
fn said(field: &'static str, text: &str, chars_max: usize) -> Result<String, Error> {
    match text.trim() {
        "" => Err(Error::Malformed { field, reason: "is empty".to_owned() }),
        said => fitting(field, said, chars_max),
    }
}

fn fitting(field: &'static str, text: &str, chars_max: usize) -> Result<String, Error> {
    let text = text.trim();
    match text.chars().count() <= chars_max {
        true => Ok(store::clean(text).into_owned()),
        false => Err(Error::Malformed { field, reason: format!("is longer than {chars_max} characters") }),
    }
}

/// Which findings to list. Every field narrows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only of this organisation.
    pub organisation: Option<Id<Organisation>>,
    /// Only those so far.
    pub state: Option<State>,
    /// Only those left by this.
    pub source: Option<Source>,
    /// Only open ones that stand so to their day.
    pub timing: Option<Timing>,
}

/// Where a list of findings goes on: after the one that stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// The day of the last one seen.
    pub due: Date,
    /// Which.
    pub id: Id<Kind>,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.due, self.id)
    }
}

impl FromStr for After {
    type Err = store::Error;

    fn from_str(text: &str) -> Result<Self, store::Error> {
        let (due, id) = text.split_once('.').unwrap_or_default();
        Ok(Self { due: store::day(due)?, id: store::parse(id, "a finding's id")? })
    }
}

/// The findings that the scope reaches with [`Right::ReadInspection`], by their days: at most `limit` and never more than [`LIST_MAX`], going on after
/// `after`; and where the next page begins, `None` when this is the last.
pub async fn list(
    store: &Store,
    scope: &Scope,
    filter: &Filter,
    after: Option<After>,
    limit: u32,
    now: Timestamp,
) -> Result<(Vec<Finding>, Option<After>), Error> {
    let (limit, today) = (limit.min(LIST_MAX), base::japan_day(now));
    let mut read = store.read().await?;
    let mut found = sql::finding::list(read.connection(), scope, filter, after, (limit + 1, today)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| After { due: last.due, id: last.id });
    Ok((found, next))
}

/// One finding, and what became of it.
pub async fn finding(store: &Store, scope: &Scope, id: Id<Kind>) -> Result<(Finding, Vec<Step>), Error> {
    let mut read = store.read().await?;
    let found = sql::finding::by_id(read.connection(), scope, id).await?.ok_or(Error::NoSuchFinding(id))?;
    let steps = sql::finding::steps(read.connection(), id).await?;
    Ok((found, steps))
}

/// How many findings an organisation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// Whose.
    pub organisation: Id<Organisation>,
    /// Those that it has to do something about.
    pub open: u64,
    /// Of these, those whose day comes within [`SOON_DAYS`].
    pub soon: u64,
    /// Of the open ones, those whose day is over.
    pub overdue: u64,
    /// Those that are answered and wait for somebody to look.
    pub answered: u64,
    /// Those that were seen to be fixed.
    pub verified: u64,
    /// Those that are closed.
    pub closed: u64,
    /// When the oldest that is not closed was raised; `None` when all are closed.
    pub oldest_at: Option<Timestamp>,
}

/// How every organisation that the scope reaches stands at `now`; those without a finding are not there.
pub async fn board(store: &Store, scope: &Scope, now: Timestamp) -> Result<Vec<Board>, Error> {
    sql::finding::board(store.read().await?.connection(), scope, base::japan_day(now)).await
}

#[cfg(test)]
mod tests;
