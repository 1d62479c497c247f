//! Findings and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use base::{Finding as Kind, Id, Organisation, Right, Scope};
use jiff::civil::Date;
use sqlx::Row as _;
use store::{Builder, Connection, Row, day, instant, micros, parse};

use super::{ROWS_PER_STATEMENT, number, within};
use crate::Error;
use crate::catalogue::Words;
use crate::finding::{After, Board, Filter, Finding, Source, Step, Timing, soon};

/// Organisations or findings in one question.
const IDS_MAX: usize = 400;
/// The states in which an organisation has to do something.
const OPEN: &str = "f.state IN ('open', 'reopened')";

/// The short names of these organisations.
pub(crate) async fn keys(
    connection: &mut Connection,
    among: &[Id<Organisation>],
) -> Result<BTreeMap<Id<Organisation>, String>, Error> {
    let mut keys = BTreeMap::new();
    for some in among.chunks(IDS_MAX) {
        let mut query = Builder::new("SELECT id, key FROM organisations WHERE id IN (");
        let mut list = query.separated(", ");
        some.iter().for_each(|id| {
            list.push_bind(id.to_string());
        });
        for row in query.push(")").build().fetch_all(&mut *connection).await? {
            keys.insert(parse(row.try_get(0)?, "an organisation's id")?, row.try_get(1)?);
        }
    }
    Ok(keys)
}

/// Writes new findings, each with its first step.
pub(crate) async fn insert(connection: &mut Connection, new: &[(&Finding, &Step)]) -> Result<(), Error> {
    for new in new.chunks(ROWS_PER_STATEMENT) {
        let mut query = Builder::new(
            "INSERT INTO findings (id, number, organisation, source, about, title_ja, title_en, gravity, state,
                owner, due, raised_at, answered_by, few) ",
        );
        query.push_values(new, |mut row, (finding, _)| {
            row.push_bind(finding.id.to_string())
                .push_bind(finding.number.clone())
                .push_bind(finding.organisation.to_string())
                .push_bind(finding.source.word())
                .push_bind(finding.about.clone())
                .push_bind(finding.title.ja.clone())
                .push_bind(finding.title.en.clone())
                .push_bind(finding.gravity.word())
                .push_bind(finding.state.word())
                .push_bind(finding.owner.clone())
                .push_bind(finding.due.to_string())
                .push_bind(micros(finding.raised_at))
                .push_bind(finding.answered_by.clone())
                .push_bind(i64::from(finding.is_of_few));
        });
        query.build().execute(&mut *connection).await?;
        let mut query = Builder::new(
            "INSERT INTO finding_steps (finding, place, act, at, actor, actor_name, words, evidence) ",
        );
        query.push_values(new, |mut row, (finding, step)| {
            row.push_bind(finding.id.to_string()).push_bind(1_i64);
            push_step(row, step);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

fn push_step(mut row: store::Separated<'_>, step: &Step) {
    row.push_bind(step.act.word())
        .push_bind(micros(step.at))
        .push_bind(step.actor.clone())
        .push_bind(step.actor_name.clone())
        .push_bind(step.words.clone())
        .push_bind(step.evidence.clone());
}

/// Adds a step to those of a finding. There is one writer at a time, so nobody else takes its place.
pub(crate) async fn append(connection: &mut Connection, finding: Id<Kind>, step: &Step) -> Result<(), Error> {
    let mut query = Builder::new(
        "INSERT INTO finding_steps (finding, place, act, at, actor, actor_name, words, evidence) VALUES (",
    );
    query.push_bind(finding.to_string());
    query.push(", (SELECT COALESCE(MAX(place), 0) + 1 FROM finding_steps WHERE finding = ");
    query.push_bind(finding.to_string()).push("), ");
    push_step(query.separated(", "), step);
    query.push(")").build().execute(connection).await?;
    Ok(())
}

/// Writes what may change about a finding.
pub(crate) async fn update(connection: &mut Connection, finding: &Finding) -> Result<(), Error> {
    sqlx::query(
        "UPDATE findings SET state = $2, owner = $3, due = $4, closed_at = $5, answered_by = $6 WHERE id = $1",
    )
    .bind(finding.id.to_string())
    .bind(finding.state.word())
    .bind(finding.owner.clone())
    .bind(finding.due.to_string())
    .bind(finding.closed_at.map(micros))
    .bind(finding.answered_by.clone())
    .execute(connection)
    .await?;
    Ok(())
}

/// What [`finding_of`] reads.
const FINDING: &str =
    "SELECT f.id, f.number, f.organisation, f.source, f.about, f.title_ja, f.title_en, f.gravity, f.state, f.owner,
        f.due, f.raised_at, f.closed_at, f.answered_by, f.few
     FROM findings f WHERE 1 = 1";

fn finding_of(row: &Row) -> Result<Finding, Error> {
    let closed_at: Option<i64> = row.try_get(12)?;
    Ok(Finding {
        id: parse(row.try_get(0)?, "a finding's id")?,
        number: row.try_get(1)?,
        organisation: parse(row.try_get(2)?, "an organisation's id")?,
        source: parse(row.try_get(3)?, "a source of findings")?,
        about: row.try_get(4)?,
        title: Words { ja: row.try_get(5)?, en: row.try_get(6)? },
        gravity: parse(row.try_get(7)?, "a gravity of a finding")?,
        state: parse(row.try_get(8)?, "a state of a finding")?,
        owner: row.try_get(9)?,
        due: day(row.try_get(10)?)?,
        raised_at: instant(row.try_get(11)?)?,
        closed_at: closed_at.map(instant).transpose()?,
        answered_by: row.try_get(13)?,
        is_of_few: row.try_get::<i64, _>(14)? != 0,
    })
}

pub(crate) async fn by_id(
    connection: &mut Connection,
    scope: &Scope,
    id: Id<Kind>,
) -> Result<Option<Finding>, Error> {
    let mut query = Builder::new(FINDING);
    query.push(" AND f.id = ").push_bind(id.to_string());
    visible(&mut query, scope);
    query.build().fetch_optional(connection).await?.as_ref().map(finding_of).transpose()
}

/// Narrows to what the scope may see: what tells of few people is for who keeps inspections there.
fn visible(query: &mut Builder, scope: &Scope) {
    query.push(" AND ((f.few = 0");
    within(query, scope, Right::ReadInspection, "f.organisation");
    query.push(") OR (f.few = 1");
    within(query, scope, Right::KeepInspection, "f.organisation");
    query.push("))");
}

pub(crate) async fn list(
    connection: &mut Connection,
    scope: &Scope,
    filter: &Filter,
    after: Option<After>,
    (limit, today): (u32, Date),
) -> Result<Vec<Finding>, Error> {
    let mut query = Builder::new(FINDING);
    visible(&mut query, scope);
    narrow(&mut query, filter, today);
    if let Some(after) = after {
        query.push(" AND (f.due, f.id) > (").push_bind(after.due.to_string());
        query.push(", ").push_bind(after.id.to_string()).push(")");
    }
    query.push(" ORDER BY f.due, f.id LIMIT ").push_bind(i64::from(limit));
    query.build().fetch_all(connection).await?.iter().map(finding_of).collect()
}

fn narrow(query: &mut Builder, filter: &Filter, today: Date) {
    if let Some(organisation) = filter.organisation {
        query.push(" AND f.organisation = ").push_bind(organisation.to_string());
    }
    if let Some(state) = filter.state {
        query.push(" AND f.state = ").push_bind(state.word());
    }
    if let Some(source) = filter.source {
        query.push(" AND f.source = ").push_bind(source.word());
    }
    let Some(timing) = filter.timing else { return };
    query.push(format_args!(" AND {OPEN}"));
    match timing {
        Timing::Overdue => query.push(" AND f.due < ").push_bind(today.to_string()),
        Timing::InTime => query.push(" AND f.due > ").push_bind(soon(today).to_string()),
        Timing::Soon => {
            query.push(" AND f.due >= ").push_bind(today.to_string());
            query.push(" AND f.due <= ").push_bind(soon(today).to_string())
        }
    };
}

pub(crate) async fn steps(connection: &mut Connection, finding: Id<Kind>) -> Result<Vec<Step>, Error> {
    let rows = sqlx::query(
        "SELECT act, at, actor, actor_name, words, evidence FROM finding_steps WHERE finding = $1 ORDER BY place",
    )
    .bind(finding.to_string())
    .fetch_all(connection)
    .await?;
    let step = |row: &Row| {
        Ok(Step {
            act: parse(row.try_get(0)?, "something done about a finding")?,
            at: instant(row.try_get(1)?)?,
            actor: row.try_get(2)?,
            actor_name: row.try_get(3)?,
            words: row.try_get(4)?,
            evidence: row.try_get(5)?,
        })
    };
    rows.iter().map(step).collect()
}

pub(crate) async fn board(
    connection: &mut Connection,
    scope: &Scope,
    today: Date,
) -> Result<Vec<Board>, Error> {
    let mut query = Builder::new("SELECT f.organisation");
    let mut count = |condition: &str, day: Option<Date>| {
        query.push(format_args!(", COUNT(CASE WHEN {condition}"));
        if let Some(day) = day {
            query.push_bind(day.to_string());
        }
        query.push(" THEN 1 END)");
    };
    count(OPEN, None);
    count(&format!("{OPEN} AND f.due < "), Some(today));
    count(&format!("{OPEN} AND f.due <= "), Some(soon(today)));
    for state in ["answered", "verified", "closed"] {
        count(&format!("f.state = '{state}'"), None);
    }
    query.push(", MIN(CASE WHEN f.state <> 'closed' THEN f.raised_at END) FROM findings f WHERE 1 = 1");
    visible(&mut query, scope);
    query.push(" GROUP BY f.organisation ORDER BY f.organisation");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(board_of).collect()
}

fn board_of(row: &Row) -> Result<Board, Error> {
    let (overdue, until_soon) = (number(row.try_get(2)?)?, number(row.try_get(3)?)?);
    let oldest_at: Option<i64> = row.try_get(7)?;
    Ok(Board {
        organisation: parse(row.try_get(0)?, "an organisation's id")?,
        open: number(row.try_get(1)?)?,
        soon: until_soon.saturating_sub(overdue),
        overdue,
        answered: number(row.try_get(4)?)?,
        verified: number(row.try_get(5)?)?,
        closed: number(row.try_get(6)?)?,
        oldest_at: oldest_at.map(instant).transpose()?,
    })
}

/// What findings of this source are about, whose subject begins so, by organisation.
pub(crate) async fn raised_about(
    connection: &mut Connection,
    source: Source,
    beginning: &str,
) -> Result<BTreeSet<(Id<Organisation>, String)>, Error> {
    let rows = sqlx::query(
        "SELECT organisation, about FROM findings WHERE source = $1 AND SUBSTR(about, 1, LENGTH($2)) = $2",
    )
    .bind(source.word())
    .bind(beginning.to_owned())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((parse(row.try_get(0)?, "an organisation's id")?, row.try_get(1)?))).collect()
}
