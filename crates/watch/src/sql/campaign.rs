//! Campaigns.

use std::collections::HashMap;

use base::{Campaign as CampaignKind, Id, Observable, Organisation, Right, Scope, Timestamp, Tlp};
use sqlx::Row as _;
use store::{Builder, Connection, instant, micros, parse};

use super::{count, severity, within};
use crate::Error;
use crate::campaign::{After, Campaign, Filter, Member};
use crate::group::Span;

/// When one organisation's threats saw an observable.
pub(crate) struct Sighting {
    pub(crate) organisation: Id<Organisation>,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

/// Sightings in threats that are in no campaign yet, one for each organisation, in the order they were hit.
pub(crate) async fn loose_sightings(
    connection: &mut Connection,
    observable: &Observable,
    reach: Span,
) -> Result<Vec<Sighting>, Error> {
    let rows = sqlx::query(
        "SELECT s.organisation, MIN(s.first_at), MAX(s.last_at)
         FROM sightings AS s JOIN threats AS t ON t.id = s.threat
         WHERE s.kind = $1 AND s.value = $2 AND s.last_at >= $3 AND s.first_at <= $4 AND s.campaign IS NULL
            AND t.verdict = 'threat'
         GROUP BY s.organisation ORDER BY MIN(s.first_at), s.organisation",
    )
    .bind(observable.kind.word())
    .bind(&observable.value)
    .bind(micros(reach.first_at))
    .bind(micros(reach.last_at))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Sighting {
                organisation: parse(row.try_get(0)?, "an organisation's id")?,
                first_at: instant(row.try_get(1)?)?,
                last_at: instant(row.try_get(2)?)?,
            })
        })
        .collect()
}

/// Organisations that saw the observable in normal traffic and in no threat.
pub(crate) async fn organisations_only_normal(
    connection: &mut Connection,
    observable: &Observable,
    reach: Span,
) -> Result<usize, Error> {
    let organisations: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (
            SELECT s.organisation FROM sightings AS s JOIN threats AS t ON t.id = s.threat
            WHERE s.kind = $1 AND s.value = $2 AND s.last_at >= $3 AND s.first_at <= $4
            GROUP BY s.organisation
            HAVING MAX(CASE WHEN t.verdict = 'threat' THEN 1 ELSE 0 END) = 0) AS normal",
    )
    .bind(observable.kind.word())
    .bind(&observable.value)
    .bind(micros(reach.first_at))
    .bind(micros(reach.last_at))
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(organisations).unwrap_or(0))
}

/// Campaigns of an observable that reach into the time between, the earliest first.
pub(crate) async fn campaigns_near(
    connection: &mut Connection,
    observable: &Observable,
    reach: Span,
) -> Result<Vec<Id<CampaignKind>>, Error> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM campaigns WHERE kind = $1 AND value = $2 AND last_at >= $3 AND first_at <= $4
         ORDER BY first_at",
    )
    .bind(observable.kind.word())
    .bind(&observable.value)
    .bind(micros(reach.first_at))
    .bind(micros(reach.last_at))
    .fetch_all(connection)
    .await?;
    ids.iter().map(|id| Ok(parse(id, "a campaign's id")?)).collect()
}

pub(crate) async fn insert(
    connection: &mut Connection,
    id: Id<CampaignKind>,
    number: &str,
    observable: &Observable,
    span: Span,
    raised_at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO campaigns (id, number, kind, value, first_at, last_at, raised_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(number)
    .bind(observable.kind.word())
    .bind(&observable.value)
    .bind(micros(span.first_at))
    .bind(micros(span.last_at))
    .bind(micros(raised_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts the loose sightings of a time into a campaign.
pub(crate) async fn attach(
    connection: &mut Connection,
    campaign: Id<CampaignKind>,
    observable: &Observable,
    reach: Span,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE sightings SET campaign = $1
         WHERE kind = $2 AND value = $3 AND campaign IS NULL AND last_at >= $4 AND first_at <= $5
            AND threat IN (SELECT t.id FROM threats AS t WHERE t.id = sightings.threat AND t.verdict = 'threat')",
    )
    .bind(campaign.to_string())
    .bind(observable.kind.word())
    .bind(&observable.value)
    .bind(micros(reach.first_at))
    .bind(micros(reach.last_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts the members of a campaign anew from its threats. One whose threats were all decided to be normal drops out.
pub(crate) async fn recount(connection: &mut Connection, campaign: Id<CampaignKind>) -> Result<(), Error> {
    let id = campaign.to_string();
    sqlx::query("DELETE FROM campaign_members WHERE campaign = $1")
        .bind(&id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO campaign_members (campaign, organisation, level, first_at, last_at, threats, detections)
         SELECT s.campaign, s.organisation, MAX(t.level), MIN(s.first_at), MAX(s.last_at), COUNT(*),
            CAST(SUM(s.seen) AS BIGINT)
         FROM sightings AS s JOIN threats AS t ON t.id = s.threat
         WHERE s.campaign = $1 AND t.verdict = 'threat' GROUP BY s.campaign, s.organisation",
    )
    .bind(&id)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE campaigns SET
            first_at = COALESCE((SELECT MIN(m.first_at) FROM campaign_members AS m WHERE m.campaign = $1), first_at),
            last_at = COALESCE((SELECT MAX(m.last_at) FROM campaign_members AS m WHERE m.campaign = $1), last_at)
         WHERE id = $1",
    )
    .bind(&id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Everybody in a campaign, in the order they were hit.
pub(crate) async fn organisations_of(
    connection: &mut Connection,
    campaign: Id<CampaignKind>,
) -> Result<Vec<Id<Organisation>>, Error> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT organisation FROM campaign_members WHERE campaign = $1 ORDER BY first_at, organisation",
    )
    .bind(campaign.to_string())
    .fetch_all(connection)
    .await?;
    ids.iter().map(|id| Ok(parse(id, "an organisation's id")?)).collect()
}

pub(crate) async fn set_tlp(
    connection: &mut Connection,
    id: Id<CampaignKind>,
    tlp: Tlp,
) -> Result<(), Error> {
    sqlx::query("UPDATE campaigns SET tlp = $1 WHERE id = $2")
        .bind(tlp.label())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds what of `campaign_members` the asker may know: their own, and everybody in what may be told to the community.
/// [`Scope::knows`] and [`Scope::names_others`] say the same of one campaign.
fn told(query: &mut Builder, scope: &Scope) {
    let Some(organisations) = scope.limit(Right::ReadWatch) else { return };
    if organisations.is_empty() {
        query.push(" AND 1 = 0");
        return;
    }
    query.push(
        " AND (campaign IN (SELECT id FROM campaigns WHERE tlp IN ('TLP:CLEAR', 'TLP:GREEN')) OR (1 = 1",
    );
    within(query, "organisation", scope, Right::ReadWatch);
    query.push("))");
}

/// Campaigns the asker may know of, last moved (as far as they may know) first.
pub(crate) async fn campaigns(
    connection: &mut Connection,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
    after: Option<After>,
) -> Result<Vec<Campaign>, Error> {
    let mut query = Builder::new("SELECT campaign FROM campaign_members WHERE 1 = 1");
    told(&mut query, scope);
    if let Some(organisation) = filter.organisation {
        query.push(" AND campaign IN (SELECT campaign FROM campaign_members WHERE organisation = ");
        query.push_bind(organisation.to_string());
        told(&mut query, scope);
        query.push(")");
    }
    query.push(" GROUP BY campaign HAVING 1 = 1");
    if let Some(period) = filter.period {
        query.push(" AND MAX(last_at) >= ").push_bind(micros(period.start));
        query.push(" AND MIN(first_at) < ").push_bind(micros(period.end));
    }
    if let Some(after) = after {
        query.push(" AND (MAX(last_at), campaign) < (").push_bind(micros(after.last_at));
        query.push(", ").push_bind(after.id.to_string()).push(")");
    }
    query.push(" ORDER BY MAX(last_at) DESC, campaign DESC LIMIT ").push_bind(i64::from(limit));
    let ids: Vec<String> = query.build_query_scalar().fetch_all(&mut *connection).await?;
    let ids = ids.iter().map(|id| parse(id, "a campaign's id")).collect::<Result<Vec<_>, _>>()?;
    by_ids(connection, scope, &ids).await
}

/// One campaign, when the asker may know of it.
pub(crate) async fn campaign(
    connection: &mut Connection,
    scope: &Scope,
    id: Id<CampaignKind>,
) -> Result<Option<Campaign>, Error> {
    Ok(by_ids(connection, scope, &[id]).await?.pop())
}

/// These campaigns in the order given, as the scope sees them; without those it does not.
async fn by_ids(
    connection: &mut Connection,
    scope: &Scope,
    ids: &[Id<CampaignKind>],
) -> Result<Vec<Campaign>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Builder::new(
        "SELECT c.id, c.number, c.kind, c.value, c.raised_at, c.tlp,
            (SELECT COUNT(*) FROM campaign_members AS m WHERE m.campaign = c.id)
         FROM campaigns AS c WHERE c.id IN (",
    );
    push_ids(&mut query, ids);
    query.push(")");
    let rows = query.build().fetch_all(&mut *connection).await?;
    let mut members = members(connection, scope, ids).await?;
    let mut found = HashMap::new();
    for row in &rows {
        let id: Id<CampaignKind> = parse(row.try_get(0)?, "a campaign's id")?;
        let Some((members, level)) = members.remove(&id) else { continue };
        let (Some(first_at), Some(last_at)) = (
            members.iter().map(|member| member.first_at).min(),
            members.iter().map(|member| member.last_at).max(),
        ) else {
            continue;
        };
        let kind = parse(row.try_get(2)?, "a kind of observable")?;
        let tlp = parse(row.try_get(5)?, "a TLP label")?;
        let campaign = Campaign {
            id,
            number: row.try_get(1)?,
            observable: Observable { kind, value: row.try_get(3)? },
            level: severity(level)?,
            members,
            tlp,
            organisations_total: count(row.try_get(6)?),
            first_at,
            last_at,
            raised_at: match scope.names_others(Right::ReadWatch, tlp) {
                true => Some(instant(row.try_get(4)?)?),
                false => None,
            },
        };
        found.insert(id, campaign);
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

type MembersAndLevel = (Vec<Member>, i64);

/// The members of each campaign that the asker may know, in the order they were hit, and the highest level among them.
async fn members(
    connection: &mut Connection,
    scope: &Scope,
    ids: &[Id<CampaignKind>],
) -> Result<HashMap<Id<CampaignKind>, MembersAndLevel>, Error> {
    let mut query = Builder::new(
        "SELECT campaign, organisation, level, first_at, last_at, threats, detections
         FROM campaign_members WHERE campaign IN (",
    );
    push_ids(&mut query, ids);
    query.push(")");
    told(&mut query, scope);
    query.push(" ORDER BY first_at, organisation");
    let rows = query.build().fetch_all(connection).await?;
    let mut members: HashMap<_, MembersAndLevel> = HashMap::new();
    for row in &rows {
        let of: &mut MembersAndLevel = members.entry(parse(row.try_get(0)?, "a campaign's id")?).or_default();
        of.0.push(Member {
            organisation: parse(row.try_get(1)?, "an organisation's id")?,
            first_at: instant(row.try_get(3)?)?,
            last_at: instant(row.try_get(4)?)?,
            threats: count(row.try_get(5)?),
            detections: count(row.try_get(6)?),
        });
        of.1 = of.1.max(row.try_get(2)?);
    }
    Ok(members)
}

fn push_ids(query: &mut Builder, ids: &[Id<CampaignKind>]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.to_string());
    }
}
