//! Whatever is written and whatever is asked, both lakes say the same.

use proptest::prelude::*;
use watch::lake::{Lake, Search};

use super::{naive::Naive, world};
use crate::ParquetLake;

/// Every page of a search, one after the other.
fn pages(lake: &dyn Lake, scope: &base::Scope, search: &Search) -> Vec<watch::lake::StoredEvent> {
    let mut search = Search { limit: search.limit.max(1), ..search.clone() };
    let mut events = Vec::new();
    loop {
        let page = lake.search(scope, &search).unwrap();
        search.after = page.events.last().map(|event| (event.time, event.id));
        events.extend(page.events);
        if !page.more {
            return events;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_question_has_the_answer_that_looking_at_every_event_gives(
        parts in world::parts(),
        questions in proptest::collection::vec((world::scope(), world::search(), world::dimensions()), 10),
        hunts in proptest::collection::vec((world::scope(), world::wanted(), proptest::option::of(world::period())), 6),
        tops in proptest::collection::vec((world::scope(), world::period(), world::kind(), 0usize..4), 6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (lake, naive) = (ParquetLake::open(folder.path()).unwrap(), Naive::default());
        for (part, events) in &parts {
            lake.append(part, events).unwrap();
            naive.append(part, events).unwrap();
        }
        // Opened again: what counts is on the disk.
        let lake = ParquetLake::open(folder.path()).unwrap();
        for (scope, search, by) in &questions {
            let (found, expected) = (lake.search(scope, search).unwrap(), naive.search(scope, search).unwrap());
            prop_assert_eq!(&found.events, &expected.events, "{:?}", search);
            prop_assert_eq!(found.more, expected.more);
            prop_assert_eq!(found.damaged, Vec::<String>::new());
            prop_assert_eq!(pages(&lake, scope, search), pages(&naive, scope, search), "{:?}", search);
            prop_assert_eq!(lake.count(scope, search, by).unwrap(), naive.count(scope, search, by).unwrap());
            let ids: Vec<_> = parts.iter().flat_map(|(_, events)| events).step_by(7).map(|event| event.id).collect();
            let near = search.period.unwrap_or(world::hours(-12, 12));
            prop_assert_eq!(lake.events(scope, &ids, near).unwrap(), naive.events(scope, &ids, near).unwrap());
        }
        for (scope, wanted, period) in &hunts {
            let key = |sighting: &watch::lake::Sighting| {
                (sighting.last_at, sighting.indicator.clone(), sighting.observable.clone(), sighting.organisation)
            };
            let mut found = lake.hunt(scope, wanted, *period).unwrap();
            prop_assert!(found.is_sorted_by_key(|sighting| std::cmp::Reverse(sighting.last_at)));
            let mut expected = naive.hunt(scope, wanted, *period).unwrap();
            found.sort_by_key(key);
            expected.sort_by_key(key);
            prop_assert_eq!(found, expected, "{:?} {:?}", wanted, period);
        }
        for (scope, period, kind, limit) in tops {
            let found = lake.top(&scope, period, kind, limit).unwrap();
            prop_assert_eq!(found, naive.top(&scope, period, kind, limit).unwrap());
        }
    }
}
