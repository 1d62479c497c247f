use base::Severity;

use super::world::{World, at, detection, org, part, with};
use crate::board::board;
use crate::detect::Detection;
use crate::judge::Verdict;
use crate::organisation;
use crate::threat::{Ruling, decide};

use Severity::{Critical, High, Low};

/// 18:30 in Japan, in the shift that began at 16:00.
const NOW: i64 = 570;
const SHIFT: i64 = 420;

async fn afternoon() -> World {
    let world = World::new().await;
    let own = |key: &str, rule: &str, level, minutes| Detection {
        actor: format!("actor-{rule}-{minutes}"),
        ..detection(key, rule, level, minutes)
    };
    world
        .commit(&part(
            "naibu.log",
            0,
            vec![
                own("naibu", "old", High, SHIFT - 600),
                own("naibu", "old", High, SHIFT - 20),
                own("naibu", "old", Critical, SHIFT + 10),
                own("naibu", "fresh", High, SHIFT + 20),
                own("naibu", "quiet", Low, SHIFT + 30),
                // Yesterday: outside the board's 24 hours.
                own("naibu", "old", High, NOW - 1500),
            ],
        ))
        .await;
    let c2 = |key: &str, minutes| with(&["domain:c2.example"], own(key, "beacon", High, minutes));
    world.commit(&part("zaimu.log", 0, vec![c2("zaimu", SHIFT + 40)])).await;
    world.commit(&part("gaimu.log", 0, vec![c2("gaimu", SHIFT - 300), c2("gaimu", SHIFT + 50)])).await;
    world
}

#[tokio::test]
async fn the_board_counts_by_organisation_hour_and_level_in_registry_order() {
    let world = afternoon().await;
    let board = board(&world.store, &world.registry, &testkit::house(), at(NOW), 3).await.unwrap();
    assert_eq!((board.period.start, board.period.end), (at(600 - 1440), at(600)));
    let keys: Vec<_> = board.organisations.iter().map(|row| row.organisation).collect();
    assert_eq!(keys, ["naibu", "eda", "zaimu", "gaimu"].map(org));
    let naibu = &board.organisations[0];
    assert_eq!(naibu.threats_by_hour.iter().sum::<u64>(), 4);
    // The hours begin at 19:00 of the day before; 16:10 is the 22nd of them (index 21).
    assert_eq!((naibu.threats_by_hour.len(), naibu.threats_by_hour[21]), (24, 2));
    assert_eq!(naibu.threats_by_level, [0, 0, 0, 3, 1]);
    assert_eq!((naibu.level_max, board.organisations[1].level_max), (Some(Critical), None));
    assert_eq!(board.threats_total, 7);
    assert_eq!(board.threats.len(), 3);
    assert_eq!(board.threats[0].level, Critical);
    assert!(board.threats.is_sorted_by_key(|threat| std::cmp::Reverse(threat.score)));
    assert_eq!((board.intake.normal, board.intake.detections), (1, 8));
    assert_eq!(board.campaigns.len(), 1);
    assert_eq!(naibu.last_event_at, Some(at(SHIFT - 600)));
}

#[tokio::test]
async fn the_board_says_what_changed_since_the_shift_began() {
    let world = afternoon().await;
    let threats =
        crate::threat::list(&world.store, &testkit::house(), &Default::default(), 1, None).await.unwrap();
    let mut tx = world.store.write().await.unwrap();
    let decision = Ruling { verdict: Verdict::Threat, reason: "x".into(), at: at(NOW - 1) };
    decide(&mut tx, &testkit::officer(), threats.threats[0].id, &decision, &world.policy).await.unwrap();
    tx.commit().await.unwrap();

    let shift = board(&world.store, &world.registry, &testkit::house(), at(NOW), 0).await.unwrap().shift;
    assert_eq!(shift.since, at(SHIFT));
    // 2.5 hours of this shift against the 2.5 hours before it.
    assert_eq!(shift.threats, (4, 1));
    assert_eq!(shift.newly_hit, [org("zaimu")]);
    let rules: Vec<_> =
        shift.new_rules.iter().map(|(rule, title, count)| (rule.as_str(), title.as_str(), *count)).collect();
    assert_eq!(rules, [("fresh", "The rule fresh", 1)]);
    assert_eq!((shift.campaigns, shift.decisions), (1, 1));
}

#[tokio::test]
async fn the_page_of_an_organisation_counts_its_days_hours_rules_and_actors() {
    let world = afternoon().await;
    let page = organisation::page(&world.store, &world.registry, &testkit::house(), org("naibu"), at(NOW), 2)
        .await
        .unwrap();
    assert_eq!(page.days.len(), usize::from(organisation::DAYS));
    let today = page.days.last().unwrap();
    assert_eq!((today.day.to_string().as_str(), today.threats_by_level), ("2026-04-01", [0, 0, 0, 3, 1]));
    assert_eq!(page.days[28].threats_by_level, [0, 0, 0, 1, 0]);
    assert_eq!((page.threats_total, page.normal_total, page.threats.len()), (5, 1, 2));
    assert_eq!((page.top_rules[0].rule_id.as_str(), page.top_rules[0].threats), ("old", 4));
    assert_eq!(page.top_actors.len(), 5);
    assert_eq!(page.hours.len(), 24);
    assert_eq!(page.hours.iter().map(|hour| hour.threats).sum::<u64>(), 4);
    assert_eq!(page.campaigns, []);
    let zaimu =
        organisation::page(&world.store, &world.registry, &testkit::house(), org("zaimu"), at(NOW), 2)
            .await
            .unwrap();
    assert_eq!(zaimu.campaigns.len(), 1);
}
