//! How many servers there are, year by year: the figures of the consolidation (サーバの集約化).

use std::collections::BTreeMap;

use base::{FiscalYear, Id, Organisation as OrganisationId, Scope};
use jiff::civil::Date;
use store::{Connection, Store};

use crate::{Error, ServerKind, sql};

/// The most years one question spans.
pub const YEARS_MAX: usize = 30;

/// The servers of one fiscal year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerYear {
    /// Which year.
    pub year: FiscalYear,
    /// The day of which it speaks: the last of the year, or today while the year runs.
    pub day: Date,
    /// By organisation and kind; who has said nothing is not there, which is not the same as having none.
    pub figures: BTreeMap<(Id<OrganisationId>, ServerKind), Figure>,
}

/// A number of servers, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// How many.
    pub servers: u64,
    /// For which day somebody reported it; `None` when it was counted from the registered servers.
    pub reported_for: Option<Date>,
}

impl ServerYear {
    /// All servers of a kind, and how many organisations have said how many they have.
    pub fn total(&self, kind: ServerKind) -> (u64, usize) {
        let of_kind = self.figures.iter().filter(|((_, of), _)| *of == kind);
        of_kind.fold((0, 0), |(servers, said), (_, figure)| (servers + figure.servers, said + 1))
    }
}

/// The servers of a fiscal year, as far as the scope reaches. What an organisation reported for a day of that year
/// counts, the latest such day first; otherwise its registered servers are counted.
pub async fn year(store: &Store, scope: &Scope, year: FiscalYear, today: Date) -> Result<ServerYear, Error> {
    of_year(store.read().await?.connection(), scope, year, today).await
}

/// Several years, each as [`year`] gives it; at most [`YEARS_MAX`], the latest.
pub async fn years(
    store: &Store,
    scope: &Scope,
    first: FiscalYear,
    today: Date,
) -> Result<Vec<ServerYear>, Error> {
    let last = FiscalYear::of(today);
    let earliest = last.0.saturating_sub(i16::try_from(YEARS_MAX).unwrap_or(i16::MAX) - 1);
    let mut read = store.read().await?;
    let mut found = Vec::new();
    for number in first.0.max(earliest)..=last.0 {
        found.push(of_year(read.connection(), scope, FiscalYear(number), today).await?);
    }
    Ok(found)
}

async fn of_year(
    connection: &mut Connection,
    scope: &Scope,
    year: FiscalYear,
    today: Date,
) -> Result<ServerYear, Error> {
    let out_of_calendar = || store::Error::Damaged { value: year.0.to_string(), expected: "a fiscal year" };
    let first = Date::new(year.0, 4, 1).map_err(|_| out_of_calendar())?;
    let last = Date::new(year.0.saturating_add(1), 3, 31).map_err(|_| out_of_calendar())?;
    let day = last.min(today);
    let mut figures = BTreeMap::new();
    for (organisation, kind, servers) in sql::count::registered(connection, scope, day).await? {
        figures.insert((organisation, kind), Figure { servers, reported_for: None });
    }
    for (organisation, kind, on, servers) in sql::count::reported(connection, scope, (first, last)).await? {
        figures.insert((organisation, kind), Figure { servers, reported_for: Some(on) });
    }
    Ok(ServerYear { year, day, figures })
}
