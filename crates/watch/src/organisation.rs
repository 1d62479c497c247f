//! One organisation, as its page shows it.

use base::{Id, Organisation, Period, Right, Scope, Severity, Timestamp};
use jiff::civil::Date;
use registry::Registry;
use store::{Store, micros};

use crate::Error;
use crate::board::period_at;
use crate::campaign::{self, Campaign};
use crate::intake::Counts;
use crate::judge::Verdict;
use crate::sql::{DAY_US, HOUR_US, board as board_sql, intake as intake_sql, threat as sql};
use crate::threat::{self, ActorCount, Filter, RuleCount, Threat};

/// Days the page looks back, today included.
pub const DAYS: u16 = 30;
/// Rules and actors named, at most.
pub const TOP_MAX: u32 = 10;
/// Campaigns named, at most.
pub const CAMPAIGNS_MAX: u32 = 10;

/// Everything the page of one organisation shows; its parts have pages of their own.
#[derive(Clone, Debug)]
pub struct Page {
    /// Which.
    pub organisation: Id<Organisation>,
    /// The days counted, in whole days of Japan.
    pub period: Period,
    /// One for each day, oldest first.
    pub days: Vec<Day>,
    /// The last 24 hours, oldest first: the hour's first instant and what happened in it.
    pub hours: Vec<Hour>,
    /// The rules with the most threats in the period.
    pub top_rules: Vec<RuleCount>,
    /// The actors with the most threats in the period.
    pub top_actors: Vec<ActorCount>,
    /// The newest threats, at most the limit asked for.
    pub threats: Vec<Threat>,
    /// How many threats there are in the period.
    pub threats_total: u64,
    /// How many groups were judged normal in the period.
    pub normal_total: u64,
    /// Campaigns of the period that it is in.
    pub campaigns: Vec<Campaign>,
    /// The last event read.
    pub last_event_at: Option<Timestamp>,
}

/// One day in Japan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub day: Date,
    /// Threats by level, in the order of [`Severity::ALL`], by last event.
    pub threats_by_level: [u64; 5],
}

/// One hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Its first instant.
    pub at: Timestamp,
    /// Threats whose last event was in it.
    pub threats: u64,
    /// What was read.
    pub counts: Counts,
}

/// The page of an organisation in scope, with at most `limit` threats.
pub async fn page(
    store: &Store,
    registry: &Registry,
    scope: &Scope,
    organisation: Id<Organisation>,
    now: Timestamp,
    limit: u32,
) -> Result<Page, Error> {
    let mut read = store.read().await?;
    let connection = read.connection();
    if registry.organisation(organisation).is_none() || !scope.covers(Right::ReadWatch, Some(organisation)) {
        return Err(Error::NoSuchOrganisation(organisation));
    }
    let own = scope.narrowed(organisation);
    let period = days_until(now)?;
    let filter = |verdict| Filter {
        period: Some(period),
        organisation: Some(organisation),
        verdict: Some(verdict),
        ..Filter::default()
    };
    let threats = filter(Verdict::Threat);
    let joined = campaign::Filter { period: Some(period), organisation: Some(organisation) };
    let heard = board_sql::intake_by_organisation(connection, &own, period).await?;
    Ok(Page {
        organisation,
        period,
        days: days(&sql::by_day(connection, organisation, period).await?, period)?,
        hours: hours(connection, &own, period_at(now)?).await?,
        top_rules: sql::top_rules(connection, &own, &threats, TOP_MAX).await?,
        top_actors: sql::top_actors(connection, &own, &threats, TOP_MAX).await?,
        threats: threat::list_in(connection, &own, &threats, limit, None).await?.threats,
        threats_total: sql::count_threats(connection, &own, &threats).await?,
        normal_total: sql::count_threats(connection, &own, &filter(Verdict::Normal)).await?,
        campaigns: campaign::list_in(connection, scope, &joined, CAMPAIGNS_MAX, None).await?.campaigns,
        last_event_at: heard.get(&organisation).and_then(|heard| heard.last_event_at),
    })
}

/// The last [`DAYS`] days of Japan, today included.
fn days_until(now: Timestamp) -> Result<Period, Error> {
    let tomorrow = (micros(now).saturating_add(crate::sql::JAPAN_US).div_euclid(DAY_US) + 1) * DAY_US;
    let end = tomorrow - crate::sql::JAPAN_US;
    Ok(Period { start: store::instant(end - i64::from(DAYS) * DAY_US)?, end: store::instant(end)? })
}

fn days(counted: &[(i64, i64, u64)], period: Period) -> Result<Vec<Day>, Error> {
    let mut days = Vec::new();
    for place in 0..i64::from(DAYS) {
        let start = store::instant(micros(period.start) + place * DAY_US)?;
        let number = crate::ingest::japan_day_number(micros(start));
        let mut threats_by_level = [0; Severity::ALL.len()];
        for (_, level, threats) in counted.iter().filter(|(day, ..)| *day == number) {
            threats_by_level[crate::sql::severity(*level)? as usize] += threats;
        }
        days.push(Day { day: base::japan_day(start), threats_by_level });
    }
    Ok(days)
}

async fn hours(connection: &mut store::Connection, own: &Scope, period: Period) -> Result<Vec<Hour>, Error> {
    let mut hours = Vec::new();
    for place in 0..crate::board::HOURS as i64 {
        let at = store::instant(micros(period.start) + place * HOUR_US)?;
        hours.push(Hour { at, threats: 0, counts: Counts::default() });
    }
    for cell in board_sql::cells(connection, own, period).await? {
        if let Some(hour) = hours.iter_mut().find(|hour| hour.at == cell.hour) {
            hour.threats += cell.threats;
        }
    }
    for (at, counts) in intake_sql::hours(connection, own, None, period).await? {
        if let Some(hour) = hours.iter_mut().find(|hour| hour.at == at) {
            hour.counts = counts;
        }
    }
    Ok(hours)
}
