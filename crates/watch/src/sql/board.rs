//! What the board counts.

use std::collections::HashMap;

use base::{Id, Organisation, Period, Right, Scope, Severity, Timestamp};
use sqlx::Row as _;
use store::{Builder, Connection, instant, micros, parse};

use super::{HOUR_US, count, severity, within};
use crate::Error;
use crate::intake::Counts;

/// Threats of one level at one organisation whose last event was in one hour.
pub(crate) struct Cell {
    pub(crate) organisation: Id<Organisation>,
    pub(crate) hour: Timestamp,
    pub(crate) level: Severity,
    pub(crate) threats: u64,
}

pub(crate) async fn cells(
    connection: &mut Connection,
    scope: &Scope,
    period: Period,
) -> Result<Vec<Cell>, Error> {
    let mut query = Builder::new("SELECT organisation, last_at / ");
    query
        .push(HOUR_US)
        .push(" AS hour, level, COUNT(*) FROM threats WHERE verdict = 'threat' AND last_at >= ");
    query.push_bind(micros(period.start)).push(" AND last_at < ").push_bind(micros(period.end));
    within(&mut query, "organisation", scope, Right::ReadWatch);
    query
        .push(" GROUP BY organisation, last_at / ")
        .push(HOUR_US)
        .push(", level ORDER BY organisation, hour");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Cell {
                organisation: parse(row.try_get(0)?, "an organisation's id")?,
                hour: instant(row.try_get::<i64, _>(1)?.saturating_mul(HOUR_US))?,
                level: severity(row.try_get(2)?)?,
                threats: count(row.try_get(3)?),
            })
        })
        .collect()
}

/// What was read of an organisation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) counts: Counts,
    pub(crate) last_event_at: Option<Timestamp>,
}

pub(crate) async fn intake_by_organisation(
    connection: &mut Connection,
    scope: &Scope,
    period: Period,
) -> Result<HashMap<Id<Organisation>, Heard>, Error> {
    let mut heard: HashMap<_, Heard> = HashMap::new();
    let mut query = Builder::new("SELECT organisation, last_event_at FROM intake_heard WHERE 1 = 1");
    within(&mut query, "organisation", scope, Right::ReadWatch);
    for row in &query.build().fetch_all(&mut *connection).await? {
        let one = heard.entry(parse(row.try_get(0)?, "an organisation's id")?).or_default();
        one.last_event_at = Some(instant(row.try_get(1)?)?);
    }
    let mut query = Builder::new(
        "SELECT organisation, CAST(SUM(events) AS BIGINT), CAST(SUM(unread) AS BIGINT),
            CAST(SUM(detections) AS BIGINT), CAST(SUM(late) AS BIGINT)
         FROM intake_hours WHERE hour >= ",
    );
    query.push_bind(micros(period.start)).push(" AND hour < ").push_bind(micros(period.end));
    within(&mut query, "organisation", scope, Right::ReadWatch);
    query.push(" GROUP BY organisation");
    for row in &query.build().fetch_all(connection).await? {
        let one = heard.entry(parse(row.try_get(0)?, "an organisation's id")?).or_default();
        one.counts = Counts {
            events: count(row.try_get(1)?),
            unread: count(row.try_get(2)?),
            detections: count(row.try_get(3)?),
            late: count(row.try_get(4)?),
        };
    }
    Ok(heard)
}

pub(crate) async fn normal_groups(
    connection: &mut Connection,
    scope: &Scope,
    period: Period,
) -> Result<u64, Error> {
    let mut query = Builder::new("SELECT COUNT(*) FROM threats WHERE verdict = 'normal' AND last_at >= ");
    query.push_bind(micros(period.start)).push(" AND last_at < ").push_bind(micros(period.end));
    within(&mut query, "organisation", scope, Right::ReadWatch);
    let groups: i64 = query.build_query_scalar().fetch_one(connection).await?;
    Ok(count(groups))
}

/// The instants that a change of shift compares.
pub(crate) struct Marks {
    pub(crate) day_before: Timestamp,
    pub(crate) shift_before: Timestamp,
    pub(crate) same_length_before: Timestamp,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// Threats of one rule at one organisation by when they began.
pub(crate) struct Started {
    pub(crate) organisation: Id<Organisation>,
    pub(crate) rule_id: String,
    pub(crate) since: u64,
    pub(crate) same_length_before: u64,
    pub(crate) shift_before: u64,
    pub(crate) day_before: u64,
}

pub(crate) async fn started(
    connection: &mut Connection,
    scope: &Scope,
    marks: &Marks,
) -> Result<Vec<Started>, Error> {
    let mut query = Builder::new("SELECT organisation, rule_id");
    let since = micros(marks.since);
    query.push(", CAST(SUM(CASE WHEN first_at >= ").push_bind(since).push(" THEN 1 ELSE 0 END) AS BIGINT)");
    for from in [marks.same_length_before, marks.shift_before, marks.day_before] {
        query.push(", CAST(SUM(CASE WHEN first_at >= ").push_bind(micros(from));
        query.push(" AND first_at < ").push_bind(since).push(" THEN 1 ELSE 0 END) AS BIGINT)");
    }
    query.push(" FROM threats WHERE verdict = 'threat' AND first_at >= ").push_bind(micros(marks.day_before));
    query.push(" AND first_at < ").push_bind(micros(marks.until));
    within(&mut query, "organisation", scope, Right::ReadWatch);
    query.push(" GROUP BY organisation, rule_id");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Started {
                organisation: parse(row.try_get(0)?, "an organisation's id")?,
                rule_id: row.try_get(1)?,
                since: count(row.try_get(2)?),
                same_length_before: count(row.try_get(3)?),
                shift_before: count(row.try_get(4)?),
                day_before: count(row.try_get(5)?),
            })
        })
        .collect()
}

/// Rules named on the board as new, at most.
const NEW_RULES_MAX: usize = 50;

/// Rules with the title of one of their threats in scope, most threats first.
pub(crate) async fn with_titles(
    connection: &mut Connection,
    scope: &Scope,
    mut rules: Vec<(&str, u64)>,
) -> Result<Vec<(String, String, u64)>, Error> {
    rules.sort_by(|(one, one_count), (other, other_count)| (other_count, one).cmp(&(one_count, other)));
    let mut titled = Vec::new();
    for (rule_id, threats) in rules.into_iter().take(NEW_RULES_MAX) {
        let mut query = Builder::new("SELECT title FROM threats WHERE rule_id = ");
        query.push_bind(rule_id);
        within(&mut query, "organisation", scope, Right::ReadWatch);
        query.push(" ORDER BY last_at DESC LIMIT 1");
        let title: Option<String> = query.build_query_scalar().fetch_optional(&mut *connection).await?;
        titled.push((rule_id.to_owned(), title.unwrap_or_default(), threats));
    }
    Ok(titled)
}

pub(crate) async fn campaigns_raised(
    connection: &mut Connection,
    scope: &Scope,
    since: Timestamp,
    until: Timestamp,
) -> Result<u64, Error> {
    let mut query = Builder::new("SELECT COUNT(*) FROM campaigns AS c WHERE c.raised_at >= ");
    query.push_bind(micros(since)).push(" AND c.raised_at < ").push_bind(micros(until));
    query.push(" AND EXISTS (SELECT 1 FROM campaign_members AS m WHERE m.campaign = c.id");
    within(&mut query, "m.organisation", scope, Right::ReadWatch);
    query.push(")");
    let campaigns: i64 = query.build_query_scalar().fetch_one(connection).await?;
    Ok(count(campaigns))
}

pub(crate) async fn decisions(
    connection: &mut Connection,
    scope: &Scope,
    since: Timestamp,
) -> Result<u64, Error> {
    let mut query = Builder::new("SELECT COUNT(*) FROM decisions WHERE at >= ");
    query.push_bind(micros(since));
    within(&mut query, "organisation", scope, Right::ReadWatch);
    let decisions: i64 = query.build_query_scalar().fetch_one(connection).await?;
    Ok(count(decisions))
}
