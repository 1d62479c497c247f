//! What the watch sees at a glance.

use std::collections::{BTreeMap, HashMap};

use base::{Id, Organisation, Period, Right, Scope, Severity, Timestamp};
use registry::Registry;
use store::{Connection, Store, micros};

use crate::campaign::{self, Campaign};
use crate::sql::board::{self as sql, Cell, Started};
use crate::sql::{DAY_US, HOUR_US, JAPAN_US};
use crate::threat::Threat;
use crate::{Error, sql::threat::threats_by_score};

/// The board at one moment.
#[derive(Clone, Debug)]
pub struct Board {
    /// The moment.
    pub now: Timestamp,
    /// The hours counted: the last 24, whole hours, oldest first.
    pub period: Period,
    /// One row for each organisation in scope, in registry order, whether hit or not.
    pub organisations: Vec<OrganisationRow>,
    /// Threats standing now, highest score first, at most the limit asked for.
    pub threats: Vec<Threat>,
    /// How many there are in all.
    pub threats_total: u64,
    /// Campaigns still moving in the period, newest first.
    pub campaigns: Vec<Campaign>,
    /// How things differ from the shift before.
    pub shift: ShiftChange,
    /// What was read.
    pub intake: Intake,
}

/// One organisation's line on the board.
#[derive(Clone, Debug)]
pub struct OrganisationRow {
    /// Which.
    pub organisation: Id<Organisation>,
    /// Threats by hour of the period, oldest first (24 numbers), by last event.
    pub threats_by_hour: Vec<u64>,
    /// Threats by level, in the order of [`Severity::ALL`].
    pub threats_by_level: [u64; 5],
    /// The highest level among them.
    pub level_max: Option<Severity>,
    /// Events read in the period.
    pub events: u64,
    /// The last event read.
    pub last_event_at: Option<Timestamp>,
}

/// What changed since the last shift began. Shifts of the centre begin at 00:00, 08:00 and 16:00 Japan time.
#[derive(Clone, Debug)]
pub struct ShiftChange {
    /// When the present shift began.
    pub since: Timestamp,
    /// Threats raised since then, and in the same length of time before.
    pub threats: (u64, u64),
    /// Organisations hit since then that were not hit in the shift before.
    pub newly_hit: Vec<Id<Organisation>>,
    /// Rules that fired since then and not in the 24 hours before: rule id, title, threats.
    pub new_rules: Vec<(String, String, u64)>,
    /// Campaigns raised since then.
    pub campaigns: u64,
    /// Analysts' decisions since then.
    pub decisions: u64,
}

/// Counters of what was read.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// Events read in the period.
    pub events: u64,
    /// Detections in the period.
    pub detections: u64,
    /// Records that could not be read in the period.
    pub unread: u64,
    /// Events in the period that rules matched too late to be correlated.
    pub late: u64,
    /// Groups judged normal in the period.
    pub normal: u64,
}

/// Hours on the board.
pub const HOURS: usize = 24;
/// Campaigns on the board, at most.
pub const CAMPAIGNS_MAX: u32 = 20;
const SHIFT_US: i64 = 8 * HOUR_US;

/// The board as it is at `now`, with at most `limit` threats; all figures on it agree, because they are read at once.
pub async fn board(
    store: &Store,
    registry: &Registry,
    scope: &Scope,
    now: Timestamp,
    limit: u32,
) -> Result<Board, Error> {
    let mut read = store.read().await?;
    let connection = read.connection();
    let period = period_at(now)?;
    let cells = sql::cells(connection, scope, period).await?;
    let counts = sql::intake_by_organisation(connection, scope, period).await?;
    let organisations = organisation_rows(registry, scope, period, &cells, &counts);
    let filter = campaign::Filter { period: Some(period), organisation: None };
    let campaigns = campaign::list_in(connection, scope, &filter, CAMPAIGNS_MAX, None).await?.campaigns;
    Ok(Board {
        now,
        period,
        organisations,
        threats: threats_by_score(connection, scope, period, limit).await?,
        threats_total: cells.iter().map(|cell| cell.threats).sum(),
        campaigns,
        shift: shift_change(connection, scope, now, period.end).await?,
        intake: Intake {
            events: counts.values().map(|heard| heard.counts.events).sum(),
            detections: counts.values().map(|heard| heard.counts.detections).sum(),
            unread: counts.values().map(|heard| heard.counts.unread).sum(),
            late: counts.values().map(|heard| heard.counts.late).sum(),
            normal: sql::normal_groups(connection, scope, period).await?,
        },
    })
}

/// The 24 whole hours that end with the one `now` is in.
pub(crate) fn period_at(now: Timestamp) -> Result<Period, Error> {
    let end = (micros(now).div_euclid(HOUR_US) + 1) * HOUR_US;
    Ok(Period { start: store::instant(end - HOURS as i64 * HOUR_US)?, end: store::instant(end)? })
}

/// When the shift began that `now` is in: 00:00, 08:00 or 16:00 in Japan.
pub fn shift_began(now: Timestamp) -> Timestamp {
    let in_japan = micros(now).saturating_add(JAPAN_US);
    let began = in_japan.div_euclid(SHIFT_US) * SHIFT_US - JAPAN_US;
    Timestamp::from_microsecond(began).unwrap_or(now)
}

fn organisation_rows(
    registry: &Registry,
    scope: &Scope,
    period: Period,
    cells: &[Cell],
    counts: &HashMap<Id<Organisation>, sql::Heard>,
) -> Vec<OrganisationRow> {
    let mut rows: Vec<OrganisationRow> = registry
        .organisations()
        .iter()
        .filter(|one| scope.covers(Right::ReadWatch, Some(one.id)))
        .map(|one| row_of(one.id, counts))
        .collect();
    let places: HashMap<_, usize> =
        rows.iter().enumerate().map(|(place, row)| (row.organisation, place)).collect();
    for cell in cells {
        let Some(row) = places.get(&cell.organisation).and_then(|&place| rows.get_mut(place)) else {
            continue;
        };
        let hour = (micros(cell.hour) - micros(period.start)).div_euclid(HOUR_US);
        if let Some(threats) = usize::try_from(hour).ok().and_then(|hour| row.threats_by_hour.get_mut(hour)) {
            *threats += cell.threats;
        }
        row.threats_by_level[cell.level as usize] += cell.threats;
        row.level_max = row.level_max.max(Some(cell.level));
    }
    rows
}

fn row_of(organisation: Id<Organisation>, counts: &HashMap<Id<Organisation>, sql::Heard>) -> OrganisationRow {
    let heard = counts.get(&organisation);
    OrganisationRow {
        organisation,
        threats_by_hour: vec![0; HOURS],
        threats_by_level: [0; 5],
        level_max: None,
        events: heard.map_or(0, |heard| heard.counts.events),
        last_event_at: heard.and_then(|heard| heard.last_event_at),
    }
}

/// Compares the present shift, so far, with what went before. Threats count by their first event.
async fn shift_change(
    connection: &mut Connection,
    scope: &Scope,
    now: Timestamp,
    until: Timestamp,
) -> Result<ShiftChange, Error> {
    let since = shift_began(now);
    let (since_us, length_us) = (micros(since), micros(now) - micros(since));
    let back = |duration_us: i64| store::instant(since_us - duration_us);
    let began = sql::started(
        connection,
        scope,
        &sql::Marks {
            day_before: back(DAY_US)?,
            shift_before: back(SHIFT_US)?,
            same_length_before: back(length_us)?,
            since,
            until,
        },
    )
    .await?;
    let total = |count: fn(&Started) -> u64| began.iter().map(count).sum::<u64>();
    let mut by_organisation: BTreeMap<Id<Organisation>, (u64, u64)> = BTreeMap::new();
    let mut by_rule: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for one in &began {
        let hits = by_organisation.entry(one.organisation).or_default();
        *hits = (hits.0 + one.since, hits.1 + one.shift_before);
        let fired = by_rule.entry(&one.rule_id).or_default();
        *fired = (fired.0 + one.since, fired.1 + one.day_before);
    }
    let new_rules: Vec<(&str, u64)> = by_rule
        .into_iter()
        .filter(|(_, (since, before))| *since > 0 && *before == 0)
        .map(|(rule, (since, _))| (rule, since))
        .collect();
    let newly_hit = by_organisation
        .into_iter()
        .filter(|(_, (since, before))| *since > 0 && *before == 0)
        .map(|(id, _)| id);
    Ok(ShiftChange {
        since,
        threats: (total(|one| one.since), total(|one| one.same_length_before)),
        newly_hit: newly_hit.collect(),
        new_rules: sql::with_titles(connection, scope, new_rules).await?,
        campaigns: sql::campaigns_raised(connection, scope, since, until).await?,
        decisions: sql::decisions(connection, scope, since).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_begin_at_midnight_eight_and_sixteen_in_japan() {
        let began = |now: &str| shift_began(now.parse().unwrap()).to_string();
        assert_eq!(began("2026-04-01T00:00:00Z"), "2026-03-31T23:00:00Z");
        assert_eq!(began("2026-03-31T22:59:59Z"), "2026-03-31T15:00:00Z");
        assert_eq!(began("2026-04-01T07:00:00Z"), "2026-04-01T07:00:00Z");
        assert_eq!(began("1969-12-31T23:30:00Z"), "1969-12-31T23:00:00Z");
    }

    #[test]
    fn the_board_ends_with_the_hour_that_is_running() {
        let period = period_at("2026-04-01T10:20:00Z".parse().unwrap()).unwrap();
        assert_eq!(period.start.to_string(), "2026-03-31T11:00:00Z");
        assert_eq!(period.end.to_string(), "2026-04-01T11:00:00Z");
    }
}
