//! How far surveys are: how many have answered, which organisations are behind, and who may be told the names.

use std::collections::BTreeMap;

use base::{Id, Organisation, Right, Scope, Timestamp};
use store::Store;

use crate::survey::{State, Survey, knows};
use crate::{Error, count, sql};

/// A survey and how far it is, as far as the scope reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Which.
    pub survey: Survey,
    /// Forms that are asked for: a person counts once for each role.
    pub asked: u64,
    /// Forms that count.
    pub answered: u64,
    /// Organisations that take part.
    pub organisations: u64,
    /// Organisations of which forms are missing.
    pub incomplete: u64,
}

impl Overview {
    /// Organisations whose forms are missing although the time is over: none before that.
    pub fn overdue(&self, now: Timestamp) -> u64 {
        let is_over = self.survey.state == State::Closed || now > self.survey.terms.closes_at;
        if is_over && self.survey.state != State::Drafted { self.incomplete } else { 0 }
    }
}

/// The surveys that may be known, newest first, at most `limit`, and how far each is.
pub async fn overviews(store: &Store, scope: &Scope, limit: usize) -> Result<Vec<Overview>, Error> {
    let mut read = store.read().await?;
    let surveys = sql::surveys(read.connection()).await?;
    let counted = sql::reading::asked_and_answered(read.connection(), scope).await?;
    let mut by_part = Parts::new();
    for (survey, organisation, asked, answered) in counted {
        let sums = by_part.entry((survey, organisation)).or_default();
        *sums = (sums.0 + asked, sums.1 + answered);
    }
    let known = surveys.into_iter().filter(|survey| knows(scope, survey)).take(limit);
    Ok(known.map(|survey| overview(survey, &by_part)).collect())
}

/// How many are asked and how many have answered, by survey and organisation.
type Parts = BTreeMap<(Id<base::Survey>, Id<Organisation>), (u64, u64)>;

fn overview(survey: Survey, by_part: &Parts) -> Overview {
    let id = survey.id;
    let of_it = by_part.iter().filter(|((of, _), _)| *of == id).map(|(_, sums)| *sums);
    let mut overview = Overview { survey, asked: 0, answered: 0, organisations: 0, incomplete: 0 };
    for (asked, answered) in of_it {
        overview.asked += asked;
        overview.answered += answered;
        overview.organisations += 1;
        overview.incomplete += u64::from(answered < asked);
    }
    overview
}

/// How many forms were taken back and not sent again, by organisation.
pub async fn withdrawn(
    store: &Store,
    scope: &Scope,
    survey: Id<base::Survey>,
) -> Result<BTreeMap<Id<Organisation>, u64>, Error> {
    let mut read = store.read().await?;
    count::known(read.connection(), scope, survey).await?;
    sql::reading::withdrawn(read.connection(), scope, survey).await
}

/// Whether somebody is told who has not answered: the organisation's own people are, and whoever runs inspections there.
/// The centre's other readers see how many.
pub fn sees_names(scope: &Scope, organisation: Id<Organisation>) -> bool {
    let reads = scope.covers(Right::ReadInspection, Some(organisation));
    reads && (scope.own().contains(&organisation) || scope.covers(Right::KeepInspection, Some(organisation)))
}
