//! How many servers there are, year by year: the figures of the consolidation (サーバの集約化).

use std::collections::BTreeMap;

use base::{FiscalYear, Id, Organisation as OrganisationId, Scope};
use jiff::civil::Date;
use store::Store;

use crate::asset::Validity;
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
    let mut found = of_years(store, scope, &[year], today).await?;
    found.pop().ok_or_else(|| out_of_calendar(year))
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
    let years: Vec<FiscalYear> = (first.0.max(earliest)..=last.0).map(FiscalYear).collect();
    of_years(store, scope, &years, today).await
}

/// All of them from one look at the registered and one at the reported.
async fn of_years(
    store: &Store,
    scope: &Scope,
    years: &[FiscalYear],
    today: Date,
) -> Result<Vec<ServerYear>, Error> {
    let mut read = store.read().await?;
    let registered = sql::count::registered(read.connection(), scope).await?;
    let reported = sql::count::reported(read.connection(), scope).await?;
    drop(read);
    years.iter().map(|year| of_year(*year, today, &registered, &reported)).collect()
}

fn of_year(
    year: FiscalYear,
    today: Date,
    registered: &[Registered],
    reported: &[Reported],
) -> Result<ServerYear, Error> {
    let first = Date::new(year.0, 4, 1).map_err(|_| out_of_calendar(year))?;
    let last = Date::new(year.0.saturating_add(1), 3, 31).map_err(|_| out_of_calendar(year))?;
    let day = last.min(today);
    let mut figures = BTreeMap::new();
    for one in registered.iter().filter(|one| one.validity.holds_on(day)) {
        let none = Figure { servers: 0, reported_for: None };
        figures.entry((one.organisation, one.kind)).or_insert(none).servers += one.servers;
    }
    for one in reported.iter().filter(|one| (first..=last).contains(&one.day)) {
        let figure = Figure { servers: one.servers, reported_for: Some(one.day) };
        figures.insert((one.organisation, one.kind), figure);
    }
    Ok(ServerYear { year, day, figures })
}

fn out_of_calendar(year: FiscalYear) -> Error {
    store::Error::Damaged { value: year.0.to_string(), expected: "a fiscal year" }.into()
}

/// Registered servers of one kind that stood over the same days.
pub(crate) struct Registered {
    pub organisation: Id<OrganisationId>,
    pub kind: ServerKind,
    pub validity: Validity,
    pub servers: u64,
}

/// A number of servers that somebody reported.
pub(crate) struct Reported {
    pub organisation: Id<OrganisationId>,
    pub kind: ServerKind,
    pub day: Date,
    pub servers: u64,
}
