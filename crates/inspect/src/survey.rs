//! Surveys: many people asked the same, once. Made from a catalogue, which is copied and from then on frozen; opened;
//! closed, and only when what was counted is what was answered.

use std::fmt;
use std::str::FromStr;

use base::{Actor, Denied, Id, Right, Scope, Timestamp};
use jiff::civil::Date;
use serde_json::json;
use store::{Line, Store, Tx};

use crate::catalogue::{Catalogue, Words};
use crate::{Error, Variant, count, sql};

/// The longest title or edition, in characters.
pub const TITLE_CHARS_MAX: usize = 200;

/// What sort of survey it is. One engine serves all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 自己点検: each role answers for its own duties.
    SelfInspection,
    /// 重点検査: of servers, domains, networks at a reference day.
    PriorityInspection,
    /// 独立行政法人等の調査 (annex F).
    AgencySurvey,
    /// アンケート
    Questionnaire,
    /// 理解度テスト
    Test,
    /// チェックリスト, as for a private telephone used at work.
    Checklist,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::SelfInspection,
        Self::PriorityInspection,
        Self::AgencySurvey,
        Self::Questionnaire,
        Self::Test,
        Self::Checklist,
    ];

    /// The word in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SelfInspection => "self_inspection",
            Self::PriorityInspection => "priority_inspection",
            Self::AgencySurvey => "agency_survey",
            Self::Questionnaire => "questionnaire",
            Self::Test => "test",
            Self::Checklist => "checklist",
        }
    }
}

/// How far a survey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 準備中: its roster is being made; nobody can answer.
    Drafted,
    /// 実施中: whoever is on the roster can answer between its two times.
    Open,
    /// 終了: no answer is taken any more.
    Closed,
}

impl State {
    /// All, in their order.
    pub const ALL: [Self; 3] = [Self::Drafted, Self::Open, Self::Closed];

    /// The word in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == text);
        found.ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.word() == text);
        found.ok_or_else(|| format!("{text:?} is not one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// What is decided about a survey before anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What sort it is.
    pub kind: Kind,
    /// What it is called.
    pub title: Words,
    /// The catalogue and edition that its items were copied from.
    pub edition: String,
    /// By whose formula its figures are made.
    pub variant: Variant,
    /// 検査基準日: who was where on this day.
    pub reference_day: Date,
    /// From when on answers are taken.
    pub opens_at: Timestamp,
    /// Until when; an answer at this very moment is in time.
    pub closes_at: Timestamp,
}

/// A survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Its name.
    pub id: Id<base::Survey>,
    /// What was decided about it.
    pub terms: Terms,
    /// How far it is.
    pub state: State,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Survey {
    /// Whether an answer given at `now` counts.
    pub fn takes_answers(&self, now: Timestamp) -> bool {
        self.state == State::Open && (self.terms.opens_at..=self.terms.closes_at).contains(&now)
    }
}

/// Makes a survey of a copy of these items. Needs [`Right::KeepInspection`] over everything.
pub async fn create(
    store: &Store,
    actor: &Actor,
    terms: &Terms,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Id<base::Survey>, Error> {
    keeper(actor.scope())?;
    check(terms, catalogue)?;
    catalogue.check()?;
    let survey = Survey { id: Id::new(now), terms: terms.clone(), state: State::Drafted, made_at: now };
    let mut tx = store.write().await?;
    sql::insert_survey(tx.connection(), &survey).await?;
    sql::insert_items(tx.connection(), survey.id, &catalogue.items).await?;
    let detail = json!({ "kind": terms.kind, "edition": terms.edition, "items": catalogue.items.len() });
    audit(&mut tx, actor, "survey.create", survey.id, detail, now).await?;
    tx.commit().await?;
    Ok(survey.id)
}

fn check(terms: &Terms, catalogue: &Catalogue) -> Result<(), Error> {
    let malformed = |field, reason: &str| Err(Error::Malformed { field, reason: reason.to_owned() });
    for (field, text) in
        [("title_ja", &terms.title.ja), ("title_en", &terms.title.en), ("edition", &terms.edition)]
    {
        if text.trim().is_empty() || text.chars().count() > TITLE_CHARS_MAX {
            return malformed(field, "is empty or too long");
        }
    }
    if terms.opens_at >= terms.closes_at {
        return malformed("closes_at", "is not after it opens");
    }
    match catalogue.items.is_empty() {
        true => malformed("items", "there is nothing to ask"),
        false => Ok(()),
    }
}

/// Lets those on the roster answer. Once open, nothing about a survey changes but who is asked.
pub async fn open(store: &Store, actor: &Actor, id: Id<base::Survey>, now: Timestamp) -> Result<(), Error> {
    let mut tx = store.write().await?;
    step(&mut tx, actor, id, State::Drafted, State::Open).await?;
    audit(&mut tx, actor, "survey.open", id, json!({}), now).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes no answer any more. Everything is counted once more first: when the counts are not those of the answers, the
/// survey stays open and the error says where.
pub async fn close(store: &Store, actor: &Actor, id: Id<base::Survey>, now: Timestamp) -> Result<(), Error> {
    let mut tx = store.write().await?;
    step(&mut tx, actor, id, State::Open, State::Closed).await?;
    let forms = count::verify(tx.connection(), id).await?;
    audit(&mut tx, actor, "survey.close", id, json!({ "forms": forms }), now).await?;
    tx.commit().await?;
    Ok(())
}

async fn step(tx: &mut Tx, actor: &Actor, id: Id<base::Survey>, from: State, to: State) -> Result<(), Error> {
    keeper(actor.scope())?;
    let survey = sql::survey(tx.connection(), id).await?.ok_or(Error::NoSuchSurvey(id))?;
    if survey.state != from {
        return Err(Error::WrongState(survey.state));
    }
    sql::set_state(tx.connection(), id, to).await
}

/// The surveys, newest first. Those not open yet are known to who keeps inspections only.
pub async fn surveys(store: &Store, scope: &Scope) -> Result<Vec<Survey>, Error> {
    let all = sql::surveys(store.read().await?.connection()).await?;
    Ok(all.into_iter().filter(|survey| knows(scope, survey)).collect())
}

/// A survey and what it asks.
pub async fn survey(
    store: &Store,
    scope: &Scope,
    id: Id<base::Survey>,
) -> Result<(Survey, Catalogue), Error> {
    let mut read = store.read().await?;
    let found = sql::survey(read.connection(), id).await?.filter(|survey| knows(scope, survey));
    let survey = found.ok_or(Error::NoSuchSurvey(id))?;
    Ok((survey, Catalogue { items: sql::items(read.connection(), id).await? }))
}

/// Whether somebody may know of a survey. What is asked is no member's data; who answered what is.
pub(crate) fn knows(scope: &Scope, survey: &Survey) -> bool {
    let rights: &[Right] = match survey.state {
        State::Drafted => &[Right::KeepInspection],
        State::Open | State::Closed => &[Right::KeepInspection, Right::ReadInspection, Right::Answer],
    };
    rights.iter().any(|right| scope.has(*right))
}

fn keeper(scope: &Scope) -> Result<(), Error> {
    let right = Right::KeepInspection;
    if scope.everywhere(right) { Ok(()) } else { Err(Denied { right }.into()) }
}

async fn audit(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    id: Id<base::Survey>,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    tx.audit(&line(actor, action, id, detail, now)).await?;
    Ok(())
}

/// A line of the audit trail about a survey.
pub(crate) fn line(
    actor: &Actor,
    action: &str,
    id: Id<base::Survey>,
    detail: serde_json::Value,
    now: Timestamp,
) -> Line {
    Line {
        at: now,
        actor: actor.label(),
        action: action.to_owned(),
        object: id.to_string(),
        detail,
        concerns: Vec::new(),
        degree: base::Confidentiality::One,
    }
}

#[cfg(test)]
pub(crate) mod tests;
