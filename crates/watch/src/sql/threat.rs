//! Threats as they are asked for.

use std::collections::HashMap;

use base::{Actor, Campaign, Id, Observable, Organisation, Period, Right, Scope, Threat as ThreatKind};
use sqlx::Row as _;
use store::{Builder, Connection, clean, instant, micros, parse};

use super::{count, json, severity, within};
use crate::Error;
use crate::campaign::Touched;
use crate::detect::{Detection, INDICATOR_RULE};
use crate::group::Span;
use crate::ingest::Kept;
use crate::judge::Verdict;
use crate::threat::{ActorCount, After, Decision, Elsewhere, Filter, RuleCount, Ruling, Threat};

const COLUMNS: &str =
    "t.id, t.number, t.organisation, t.rule_id, t.title, t.level, t.techniques, t.actor, t.target,
    t.first_at, t.last_at, t.detections, t.verdict, t.reasons, t.score, t.decided_verdict, t.decided_reason,
    t.decided_by, t.decided_at";

fn threat_of(row: &store::Row) -> Result<Threat, Error> {
    let decision = match row.try_get::<Option<String>, _>(15)? {
        None => None,
        Some(word) => Some(Decision {
            verdict: parse(&word, "a verdict")?,
            reason: row.try_get(16)?,
            by: row.try_get(17)?,
            at: instant(row.try_get(18)?)?,
        }),
    };
    Ok(Threat {
        id: parse(row.try_get(0)?, "a threat's id")?,
        number: row.try_get(1)?,
        organisation: parse(row.try_get(2)?, "an organisation's id")?,
        rule_id: row.try_get(3)?,
        title: row.try_get(4)?,
        level: severity(row.try_get(5)?)?,
        techniques: json(row.try_get(6)?, "techniques")?,
        actor: row.try_get(7)?,
        target: row.try_get(8)?,
        first_at: instant(row.try_get(9)?)?,
        last_at: instant(row.try_get(10)?)?,
        detections: count(row.try_get(11)?),
        verdict: parse(row.try_get(12)?, "a verdict")?,
        reasons: json(row.try_get(13)?, "reasons")?,
        score: u32::try_from(row.try_get::<i64, _>(14)?).unwrap_or(0),
        decision,
        campaigns: Vec::new(),
    })
}

/// Runs a question for whole threats and adds the campaigns they are in.
async fn fetch(connection: &mut Connection, query: &mut Builder) -> Result<Vec<Threat>, Error> {
    let rows = query.build().fetch_all(&mut *connection).await?;
    let mut threats = rows.iter().map(threat_of).collect::<Result<Vec<_>, _>>()?;
    let mut campaigns = campaigns_of(connection, &threats).await?;
    for threat in &mut threats {
        threat.campaigns = campaigns.remove(&threat.id).unwrap_or_default();
    }
    Ok(threats)
}

async fn campaigns_of(
    connection: &mut Connection,
    threats: &[Threat],
) -> Result<HashMap<Id<ThreatKind>, Vec<Id<Campaign>>>, Error> {
    let mut campaigns: HashMap<_, Vec<_>> = HashMap::new();
    // A normal group is in no campaign, also when it was before it was decided.
    let standing: Vec<String> = threats
        .iter()
        .filter(|threat| threat.verdict == Verdict::Threat)
        .map(|threat| threat.id.to_string())
        .collect();
    if standing.is_empty() {
        return Ok(campaigns);
    }
    let mut query = Builder::new(
        "SELECT DISTINCT threat, campaign FROM sightings WHERE campaign IS NOT NULL AND threat IN (",
    );
    let mut list = query.separated(", ");
    for id in standing {
        list.push_bind(id);
    }
    query.push(") ORDER BY threat, campaign");
    for row in &query.build().fetch_all(connection).await? {
        let threat = parse(row.try_get(0)?, "a threat's id")?;
        campaigns.entry(threat).or_default().push(parse(row.try_get(1)?, "a campaign's id")?);
    }
    Ok(campaigns)
}

fn narrow(query: &mut Builder, scope: &Scope, filter: &Filter) {
    within(query, "t.organisation", scope, Right::ReadWatch);
    if let Some(period) = filter.period {
        query.push(" AND t.last_at >= ").push_bind(micros(period.start));
        query.push(" AND t.last_at < ").push_bind(micros(period.end));
    }
    if let Some(organisation) = filter.organisation {
        query.push(" AND t.organisation = ").push_bind(organisation.to_string());
    }
    if let Some(verdict) = filter.verdict {
        query.push(" AND t.verdict = ").push_bind(verdict.word());
    }
    if let Some(level) = filter.level_min {
        query.push(" AND t.level >= ").push_bind(level as i64);
    }
    if let Some(rule_id) = &filter.rule_id {
        query.push(" AND t.rule_id = ").push_bind(clean(rule_id).into_owned());
    }
    if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let pattern = pattern(text);
        query.push(" AND (");
        for (place, column) in ["t.title", "t.actor", "t.target", "t.number"].into_iter().enumerate() {
            query.push(if place == 0 { "" } else { " OR " });
            query.push("lower(").push(column).push(") LIKE ").push_bind(pattern.clone());
            query.push(" ESCAPE '\\'");
        }
        query.push(")");
    }
}

/// `%text%` with what LIKE would understand taken literally. ASCII case is ignored on both engines.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in clean(text).to_ascii_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

pub(crate) async fn threats(
    connection: &mut Connection,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
    after: Option<After>,
) -> Result<Vec<Threat>, Error> {
    let mut query = Builder::new(format!("SELECT {COLUMNS} FROM threats AS t WHERE 1 = 1"));
    narrow(&mut query, scope, filter);
    if let Some(after) = after {
        query.push(" AND (t.last_at, t.id) < (").push_bind(micros(after.last_at));
        query.push(", ").push_bind(after.id.to_string()).push(")");
    }
    query.push(" ORDER BY t.last_at DESC, t.id DESC LIMIT ").push_bind(i64::from(limit));
    fetch(connection, &mut query).await
}

/// Threats of a period, highest score first.
pub(crate) async fn threats_by_score(
    connection: &mut Connection,
    scope: &Scope,
    period: Period,
    limit: u32,
) -> Result<Vec<Threat>, Error> {
    // The inner question is answered from an index alone, so that only the rows shown are read whole.
    let mut query = Builder::new(format!(
        "SELECT {COLUMNS} FROM threats AS t WHERE t.id IN (
            SELECT id FROM threats WHERE verdict = 'threat' AND last_at >= "
    ));
    query.push_bind(micros(period.start)).push(" AND last_at < ").push_bind(micros(period.end));
    within(&mut query, "organisation", scope, Right::ReadWatch);
    query.push(" ORDER BY score DESC, last_at DESC, id LIMIT ").push_bind(i64::from(limit));
    query.push(") ORDER BY t.score DESC, t.last_at DESC, t.id");
    fetch(connection, &mut query).await
}

pub(crate) async fn count_threats(
    connection: &mut Connection,
    scope: &Scope,
    filter: &Filter,
) -> Result<u64, Error> {
    let mut query = Builder::new("SELECT COUNT(*) FROM threats AS t WHERE 1 = 1");
    narrow(&mut query, scope, filter);
    let total: i64 = query.build_query_scalar().fetch_one(connection).await?;
    Ok(count(total))
}

pub(crate) async fn threat(
    connection: &mut Connection,
    scope: &Scope,
    id: Id<ThreatKind>,
) -> Result<Option<Threat>, Error> {
    let mut query = Builder::new(format!("SELECT {COLUMNS} FROM threats AS t WHERE t.id = "));
    query.push_bind(id.to_string());
    within(&mut query, "t.organisation", scope, Right::ReadWatch);
    Ok(fetch(connection, &mut query).await?.pop())
}

pub(crate) async fn threats_of_campaign(
    connection: &mut Connection,
    scope: &Scope,
    campaign: Id<Campaign>,
    limit: u32,
) -> Result<Vec<Threat>, Error> {
    let mut query = Builder::new(format!(
        "SELECT {COLUMNS} FROM threats AS t WHERE t.verdict = 'threat' AND t.id IN (
            SELECT threat FROM sightings WHERE campaign = "
    ));
    query.push_bind(campaign.to_string()).push(")");
    within(&mut query, "t.organisation", scope, Right::ReadWatch);
    query.push(" ORDER BY t.last_at DESC, t.id DESC LIMIT ").push_bind(i64::from(limit));
    fetch(connection, &mut query).await
}

/// The kept detections of a threat, newest first.
pub(crate) async fn detections_of(
    connection: &mut Connection,
    threat: &Threat,
    limit: u32,
) -> Result<Vec<Detection>, Error> {
    let rows = sqlx::query(
        "SELECT event, at, body FROM detections WHERE threat = $1 ORDER BY at DESC, event DESC LIMIT $2",
    )
    .bind(threat.id.to_string())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let kept: Kept = json(row.try_get(2)?, "a detection")?;
            Ok(Detection {
                event: parse(row.try_get(0)?, "an event's id")?,
                organisation: threat.organisation,
                time: instant(row.try_get(1)?)?,
                rule_id: threat.rule_id.clone(),
                rule_title: kept.title,
                level: kept.level,
                techniques: threat.techniques.clone(),
                route: kept.route,
                fields: kept.fields,
                actor: kept.actor,
                target: kept.target,
                observables: kept.observables,
                indicator: kept.indicator,
                contributing: kept.contributing,
            })
        })
        .collect()
}

/// The observables of a threat, most seen first. The caller has found the threat within its scope.
pub(crate) async fn observables_of(
    connection: &mut Connection,
    id: Id<ThreatKind>,
) -> Result<Vec<(Observable, u64)>, Error> {
    let text: String = sqlx::query_scalar("SELECT observables FROM threats WHERE id = $1")
        .bind(id.to_string())
        .fetch_one(connection)
        .await?;
    json(&text, "observables")
}

/// Other organisations in scope whose threats share an observable.
pub(crate) async fn elsewhere_by_observable(
    connection: &mut Connection,
    scope: &Scope,
    threat: &Threat,
    reach: Period,
    limit: u32,
) -> Result<Vec<Elsewhere>, Error> {
    let mut query = Builder::new(
        "SELECT s.organisation, COUNT(*), MAX(s.last_at), s.kind, s.value
         FROM sightings AS own JOIN sightings AS s ON s.kind = own.kind AND s.value = own.value
            JOIN threats AS t ON t.id = s.threat
         WHERE t.verdict = 'threat' AND own.threat = ",
    );
    query.push_bind(threat.id.to_string());
    query.push(" AND s.organisation <> ").push_bind(threat.organisation.to_string());
    query.push(" AND s.last_at >= ").push_bind(micros(reach.start));
    query.push(" AND s.last_at < ").push_bind(micros(reach.end));
    within(&mut query, "s.organisation", scope, Right::ReadWatch);
    query.push(" GROUP BY s.organisation, s.kind, s.value ORDER BY MAX(s.last_at) DESC, s.organisation, s.value LIMIT ");
    query.push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let kind = parse(row.try_get(3)?, "a kind of observable")?;
            let observable = Some(Observable { kind, value: row.try_get(4)? });
            elsewhere_of(row, observable)
        })
        .collect()
}

/// Other organisations in scope with threats of the same rule.
pub(crate) async fn elsewhere_by_rule(
    connection: &mut Connection,
    scope: &Scope,
    threat: &Threat,
    reach: Period,
    limit: u32,
) -> Result<Vec<Elsewhere>, Error> {
    // All indicators share one rule id; what they have in common is the observable.
    if threat.rule_id == INDICATOR_RULE {
        return Ok(Vec::new());
    }
    let mut query = Builder::new(
        "SELECT t.organisation, COUNT(*), MAX(t.last_at) FROM threats AS t WHERE t.verdict = 'threat'",
    );
    query.push(" AND t.rule_id = ").push_bind(threat.rule_id.clone());
    query.push(" AND t.organisation <> ").push_bind(threat.organisation.to_string());
    query.push(" AND t.last_at >= ").push_bind(micros(reach.start));
    query.push(" AND t.last_at < ").push_bind(micros(reach.end));
    within(&mut query, "t.organisation", scope, Right::ReadWatch);
    query.push(" GROUP BY t.organisation ORDER BY MAX(t.last_at) DESC, t.organisation LIMIT ");
    query.push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| elsewhere_of(row, None)).collect()
}

fn elsewhere_of(row: &store::Row, observable: Option<Observable>) -> Result<Elsewhere, Error> {
    Ok(Elsewhere {
        organisation: parse(row.try_get(0)?, "an organisation's id")?,
        threats: count(row.try_get(1)?),
        last_at: instant(row.try_get(2)?)?,
        observable,
    })
}

/// Decisions on threats of the same shape (which is of one organisation), newest first, but the one that stands here.
pub(crate) async fn decisions_on_shape(
    connection: &mut Connection,
    threat: &Threat,
    limit: u32,
) -> Result<Vec<Decision>, Error> {
    let rows = sqlx::query(
        "SELECT verdict, reason, decided_by, at FROM decisions
         WHERE shape = (SELECT shape FROM threats WHERE id = $1)
            AND seq <> COALESCE((SELECT MAX(seq) FROM decisions WHERE threat = $1), 0)
         ORDER BY seq DESC LIMIT $2",
    )
    .bind(threat.id.to_string())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Decision {
                verdict: parse(row.try_get(0)?, "a verdict")?,
                reason: row.try_get(1)?,
                by: row.try_get(2)?,
                at: instant(row.try_get(3)?)?,
            })
        })
        .collect()
}

/// Writes a decision, and says whether it made a threat of what had never been one.
pub(crate) async fn insert_decision(
    connection: &mut Connection,
    threat: &Threat,
    seq: i64,
    actor: &Actor,
    ruling: &Ruling,
) -> Result<bool, Error> {
    sqlx::query(
        "INSERT INTO decisions (seq, threat, shape, organisation, verdict, reason, decided_by, at)
         SELECT $1, id, shape, organisation, $2, $3, $4, $5 FROM threats WHERE id = $6",
    )
    .bind(seq)
    .bind(ruling.verdict.word())
    .bind(clean(&ruling.reason).as_ref())
    .bind(actor.label())
    .bind(micros(ruling.at))
    .bind(threat.id.to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE threats SET verdict = $1, decided_verdict = $1, decided_reason = $2, decided_by = $3, decided_at = $4
         WHERE id = $5",
    )
    .bind(ruling.verdict.word())
    .bind(clean(&ruling.reason).as_ref())
    .bind(actor.label())
    .bind(micros(ruling.at))
    .bind(threat.id.to_string())
    .execute(&mut *connection)
    .await?;
    if ruling.verdict == Verdict::Normal {
        return Ok(false);
    }
    let raised = sqlx::query("UPDATE threats SET raised_at = $1 WHERE id = $2 AND raised_at IS NULL")
        .bind(micros(ruling.at))
        .bind(threat.id.to_string())
        .execute(connection)
        .await?;
    Ok(raised.rows_affected() > 0)
}

/// The observables of a threat that are compared with other organisations, with when they were seen.
pub(crate) async fn sightings_of(connection: &mut Connection, id: Id<ThreatKind>) -> Result<Touched, Error> {
    let rows = sqlx::query("SELECT kind, value, first_at, last_at FROM sightings WHERE threat = $1")
        .bind(id.to_string())
        .fetch_all(connection)
        .await?;
    let mut touched = Touched::new();
    for row in &rows {
        let kind = parse(row.try_get(0)?, "a kind of observable")?;
        let span = Span { first_at: instant(row.try_get(2)?)?, last_at: instant(row.try_get(3)?)? };
        touched.entry(Observable { kind, value: row.try_get(1)? }).or_default().push(span);
    }
    Ok(touched)
}

pub(crate) async fn top_rules(
    connection: &mut Connection,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<RuleCount>, Error> {
    let mut query = Builder::new(
        "SELECT t.rule_id, MAX(t.title), MAX(t.level), COUNT(*), CAST(SUM(t.detections) AS BIGINT),
            COUNT(DISTINCT t.organisation), MAX(t.last_at)
         FROM threats AS t WHERE 1 = 1",
    );
    narrow(&mut query, scope, filter);
    query.push(" GROUP BY t.rule_id ORDER BY COUNT(*) DESC, t.rule_id LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(RuleCount {
                rule_id: row.try_get(0)?,
                title: row.try_get(1)?,
                level: severity(row.try_get(2)?)?,
                threats: count(row.try_get(3)?),
                detections: count(row.try_get(4)?),
                organisations: count(row.try_get(5)?),
                last_at: instant(row.try_get(6)?)?,
            })
        })
        .collect()
}

pub(crate) async fn top_actors(
    connection: &mut Connection,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<ActorCount>, Error> {
    let mut query = Builder::new(
        "SELECT t.actor, COUNT(*), CAST(SUM(t.detections) AS BIGINT), COUNT(DISTINCT t.organisation), MAX(t.last_at)
         FROM threats AS t WHERE t.actor <> ''",
    );
    narrow(&mut query, scope, filter);
    query.push(" GROUP BY t.actor ORDER BY COUNT(*) DESC, t.actor LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(ActorCount {
                actor: row.try_get(0)?,
                threats: count(row.try_get(1)?),
                detections: count(row.try_get(2)?),
                organisations: count(row.try_get(3)?),
                last_at: instant(row.try_get(4)?)?,
            })
        })
        .collect()
}

/// Threats of one organisation by day in Japan and level.
pub(crate) async fn by_day(
    connection: &mut Connection,
    organisation: Id<Organisation>,
    period: Period,
) -> Result<Vec<(i64, i64, u64)>, Error> {
    let rows = sqlx::query(
        "SELECT (last_at + $1) / $2 AS day, level, COUNT(*) FROM threats
         WHERE organisation = $3 AND verdict = 'threat' AND last_at >= $4 AND last_at < $5
         GROUP BY (last_at + $1) / $2, level ORDER BY day, level",
    )
    .bind(super::JAPAN_US)
    .bind(super::DAY_US)
    .bind(organisation.to_string())
    .bind(micros(period.start))
    .bind(micros(period.end))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, count(row.try_get(2)?)))).collect()
}
