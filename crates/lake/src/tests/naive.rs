//! The same questions answered by looking at every event: the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use base::{EventId, Observable, ObservableKind, Period, Scope, japan_day};
use ipnet::IpNet;
use jiff::tz::TimeZone;
use watch::lake::{Dimension, Found, Lake, LakeError, Search, Sighting, StoredEvent, Wanted};

/// A lake in memory, by part.
#[derive(Default)]
pub(crate) struct Naive {
    parts: Mutex<BTreeMap<String, Vec<StoredEvent>>>,
}

impl Naive {
    fn visible(&self, scope: &Scope, keep: impl Fn(&StoredEvent) -> bool) -> Vec<StoredEvent> {
        let parts = self.parts.lock().unwrap();
        let all = parts
            .values()
            .flatten()
            .filter(|event| scope.covers(base::Right::ReadEvents, Some(event.organisation)));
        let mut events: Vec<StoredEvent> = all.filter(|event| keep(event)).cloned().collect();
        events.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
        events
    }

    fn sightings(
        &self,
        scope: &Scope,
        period: Option<Period>,
        indicators_of: impl Fn(&Observable) -> BTreeSet<String>,
    ) -> Vec<Sighting> {
        let mut found: BTreeMap<_, Sighting> = BTreeMap::new();
        for event in self.visible(scope, |event| period.is_none_or(|period| period.contains(event.time))) {
            for observable in event.observables.iter().collect::<BTreeSet<_>>() {
                for indicator in indicators_of(observable) {
                    let key = (indicator.clone(), observable.clone(), event.organisation);
                    let sighting = found.entry(key).or_insert(Sighting {
                        indicator,
                        observable: observable.clone(),
                        organisation: event.organisation,
                        first_at: event.time,
                        last_at: event.time,
                        events: 0,
                    });
                    sighting.first_at = sighting.first_at.min(event.time);
                    sighting.last_at = sighting.last_at.max(event.time);
                    sighting.events += 1;
                }
            }
        }
        let mut found: Vec<Sighting> = found.into_values().collect();
        found.sort_by_key(|sighting| std::cmp::Reverse(sighting.last_at));
        found
    }
}

fn contains(text: &[u8], word: &str) -> bool {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase().into_bytes());
    word.is_empty() || text.windows(word.len()).any(|part| part == word)
}

fn answers(event: &StoredEvent, search: &Search) -> bool {
    let is = |wanted: &Option<String>, text: &str| {
        wanted.as_ref().is_none_or(|wanted| text == wanted || text.split('+').any(|word| word == wanted))
    };
    search.period.is_none_or(|period| period.contains(event.time))
        && (search.organisations.is_empty() || search.organisations.contains(&event.organisation))
        && search.observables.iter().all(|wanted| event.observables.contains(wanted))
        && search.words.iter().all(|word| {
            contains(&event.raw, word)
                || event.fields.iter().any(|(_, value)| contains(value.as_bytes(), word))
        })
        && is(&search.product, &event.product)
        && is(&search.service, &event.service)
        && is(&search.category, &event.category)
}

fn matches(wanted: &Wanted, observable: &Observable) -> bool {
    wanted.kind == observable.kind
        && match wanted.kind {
            ObservableKind::Domain => {
                observable.value == wanted.value || observable.value.ends_with(&format!(".{}", wanted.value))
            }
            ObservableKind::Address => match (wanted.value.parse::<IpNet>(), observable.value.parse()) {
                (Ok(block), Ok(address)) => block.contains::<&std::net::IpAddr>(&address),
                _ => wanted.value == observable.value,
            },
            _ => wanted.value == observable.value,
        }
}

fn name(event: &StoredEvent, dimension: &Dimension) -> String {
    match dimension {
        Dimension::Organisation => event.organisation.to_string(),
        Dimension::Day => japan_day(event.time).to_string(),
        Dimension::Hour => {
            let zoned = event.time.to_zoned(TimeZone::UTC);
            let hour = zoned.with().minute(0).second(0).subsec_nanosecond(0).build();
            hour.map_or(base::Timestamp::MIN, |hour| hour.timestamp()).to_string()
        }
        Dimension::Product => event.product.clone(),
        Dimension::Service => event.service.clone(),
        Dimension::Category => event.category.clone(),
    }
}

impl Lake for Naive {
    fn append(&self, part: &str, events: &[StoredEvent]) -> Result<(), LakeError> {
        self.parts.lock().unwrap().insert(part.to_owned(), events.to_vec());
        Ok(())
    }

    fn search(&self, scope: &Scope, search: &Search) -> Result<Found, LakeError> {
        let mut events = self.visible(scope, |event| {
            answers(event, search) && search.after.is_none_or(|after| (event.time, event.id) < after)
        });
        let more = events.len() > search.limit;
        events.truncate(search.limit);
        Ok(Found { events, more, ..Found::default() })
    }

    fn events(&self, scope: &Scope, ids: &[EventId], near: Period) -> Result<Vec<StoredEvent>, LakeError> {
        Ok(self.visible(scope, |event| near.contains(event.time) && ids.contains(&event.id)))
    }

    fn count(
        &self,
        scope: &Scope,
        search: &Search,
        by: &[Dimension],
    ) -> Result<Vec<(Vec<String>, u64)>, LakeError> {
        let mut counts: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for event in self.visible(scope, |event| answers(event, search)) {
            *counts.entry(by.iter().map(|dimension| name(&event, dimension)).collect()).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(counts)
    }

    fn top(
        &self,
        scope: &Scope,
        period: Period,
        kind: ObservableKind,
        limit: usize,
    ) -> Result<Vec<(Observable, u64)>, LakeError> {
        let of_kind = |observable: &Observable| match observable.kind == kind {
            true => BTreeSet::from([String::new()]),
            false => BTreeSet::new(),
        };
        let mut counts: BTreeMap<Observable, u64> = BTreeMap::new();
        for sighting in self.sightings(scope, Some(period), of_kind) {
            *counts.entry(sighting.observable).or_default() += sighting.events;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(limit);
        Ok(counts)
    }

    fn hunt(
        &self,
        scope: &Scope,
        wanted: &[Wanted],
        period: Option<Period>,
    ) -> Result<Vec<Sighting>, LakeError> {
        Ok(self.sightings(scope, period, |observable| {
            let hits = wanted.iter().filter(|wanted| matches(wanted, observable));
            hits.map(|wanted| wanted.value.clone()).collect()
        }))
    }
}
