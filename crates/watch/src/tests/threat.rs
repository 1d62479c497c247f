use base::{Id, Severity, Signal};

use super::world::{World, at, detection, observable, org, with};
use crate::Error;
use crate::detect::Detection;
use crate::judge::{Angle, Verdict};
use crate::threat::{
    After, DETECTIONS_KEPT_FIRST, DETECTIONS_KEPT_LATEST, Decision, Filter, Ruling, Threat, count, decide,
    list, page, top_actors, top_rules,
};

use Severity::{Critical, High, Low, Medium};

async fn all(world: &World) -> Vec<Threat> {
    list(&world.store, &testkit::house(), &Filter::default(), 1000, None).await.unwrap().threats
}

#[tokio::test]
async fn detections_of_one_group_are_one_threat_with_a_number_and_a_signal() {
    let world = World::new().await;
    let detections: Vec<Detection> = (0..5).map(|step| detection("naibu", "r1", High, step * 30)).collect();
    let raised = world.ingest(&detections).await;
    assert_eq!((raised.groups, raised.counted, raised.repeated), (1, 5, 0));
    let threats = all(&world).await;
    let [threat] = &threats[..] else { panic!("{threats:?}") };
    assert_eq!(raised.threats, [threat.id]);
    assert_eq!(threat.number, "naibu-2026-0001");
    assert_eq!((threat.detections, threat.first_at, threat.last_at), (5, at(0), at(120)));
    assert_eq!((threat.verdict, threat.score, threat.level), (Verdict::Threat, 70, High));
    assert_eq!(threat.reasons[0].angle, Angle::RuleLevel);
    let signal = Signal::ThreatRaised { threat: threat.id, organisation: Some(org("naibu")) };
    assert_eq!(world.signals().await, [signal]);
}

#[tokio::test]
async fn organisation_rule_actor_target_and_time_each_make_another_group() {
    let world = World::new().await;
    let base = || detection("naibu", "r1", High, 0);
    let mut others = vec![
        base(),
        detection("zaimu", "r1", High, 0),
        detection("naibu", "r2", High, 0),
        Detection { actor: "203.0.113.8".into(), ..detection("naibu", "r1", High, 1) },
        Detection { target: "192.0.2.201".into(), ..detection("naibu", "r1", High, 2) },
        detection("naibu", "r1", High, 61),
    ];
    for indicator in ["domain:a.example", "domain:b.example"] {
        others.push(Detection {
            indicator: Some(observable(indicator)),
            ..detection("naibu", "indicator", High, 3)
        });
    }
    assert_eq!(world.ingest(&others).await.groups, 8);
    assert_eq!(all(&world).await.len(), 8);
}

#[tokio::test]
async fn bringing_the_same_detections_again_counts_nothing_and_signals_nothing() {
    let world = World::new().await;
    let detections: Vec<Detection> =
        (0..40).map(|step| with(&["domain:c2.test"], detection("naibu", "r1", High, step))).collect();
    world.ingest(&detections).await;
    let before = world.contents().await;
    let again = world.ingest(&detections).await;
    assert_eq!((again.counted, again.repeated, again.threats.len()), (0, 40, 0));
    assert_eq!(world.contents().await, before);
    // Twice in one batch is once, too.
    let twice = [detection("zaimu", "r1", High, 0), detection("zaimu", "r1", High, 0)];
    assert_eq!(world.ingest(&twice).await.counted, 1);
}

#[tokio::test]
async fn the_order_in_which_events_come_does_not_change_a_group() {
    let detections: Vec<Detection> = [90, 0, 120, 60, 30].map(|at| detection("naibu", "r1", High, at)).into();
    let world = World::new().await;
    for one in &detections {
        world.ingest(std::slice::from_ref(one)).await;
    }
    // 0 came when the group began at 90: an hour and a half away, so it began its own; 60 joined the nearer.
    let spans: Vec<_> =
        all(&world).await.iter().map(|one| (one.first_at, one.last_at, one.detections)).collect();
    assert_eq!(spans, [(at(60), at(120), 3), (at(0), at(30), 2)]);

    let world = World::new().await;
    world.ingest(&detections).await;
    let spans: Vec<_> =
        all(&world).await.iter().map(|one| (one.first_at, one.last_at, one.detections)).collect();
    assert_eq!(spans, [(at(0), at(120), 5)]);
}

#[tokio::test]
async fn a_threat_keeps_its_first_and_latest_detections_and_counts_them_all() {
    let world = World::new().await;
    for batch in 0..4 {
        let detections: Vec<Detection> = (0..250)
            .map(|step| with(&["domain:c2.test"], detection("naibu", "r1", High, batch * 250 + step)))
            .collect();
        world.ingest(&detections).await;
    }
    let threats = all(&world).await;
    assert_eq!((threats.len(), threats[0].detections), (1, 1000));
    let page = page(&world.store, &testkit::house(), threats[0].id, 1000).await.unwrap();
    assert_eq!(page.detections.len(), DETECTIONS_KEPT_FIRST + DETECTIONS_KEPT_LATEST);
    assert_eq!(page.detections[0].time, at(999));
    assert_eq!(page.detections[DETECTIONS_KEPT_LATEST - 1].time, at(950));
    assert_eq!(page.detections[DETECTIONS_KEPT_LATEST].time, at(49));
    assert_eq!(page.detections.last().unwrap().time, at(0));
    assert_eq!(page.events.len(), page.detections.len());
    assert_eq!(page.observables, [(observable("domain:c2.test"), 1000)]);
    assert_eq!(page.detections[0].fields, [("CommandLine".to_owned(), "powershell -enc AAAA".to_owned())]);
}

#[tokio::test]
async fn a_flood_of_actors_ends_in_one_group_that_holds_many() {
    let world = World::new().await;
    let detections: Vec<Detection> = (0..600)
        .map(|number| Detection {
            actor: format!("198.51.{}.{}", 100 + number / 250, number % 250),
            event: base::EventId(u128::from(number as u64).to_be_bytes()),
            ..detection("naibu", "flood", High, 0)
        })
        .collect();
    let raised = world.ingest(&detections).await;
    assert_eq!(raised.counted, 600);
    let threats = all(&world).await;
    assert_eq!(threats.len(), world.policy.grouping.groups_per_rule_max + 1);
    let many = threats.iter().find(|threat| threat.actor == crate::group::MANY).unwrap();
    assert_eq!((many.target.as_str(), many.detections), (crate::group::MANY, 400));
    // The next hour's stragglers join it.
    world
        .ingest(&[Detection { actor: "198.51.100.99".into(), ..detection("naibu", "flood", High, 30) }])
        .await;
    let more = [Detection { actor: "198.18.0.1".into(), ..detection("naibu", "flood", High, 31) }];
    world.ingest(&more).await;
    assert_eq!(all(&world).await.iter().map(|threat| threat.detections).sum::<u64>(), 602);
    assert_eq!(all(&world).await.len(), 201);
}

#[tokio::test]
async fn a_normal_group_becomes_a_threat_once_and_never_goes_back_by_itself() {
    let world = World::new().await;
    world.ingest(&[detection("naibu", "r1", Medium, 0)]).await;
    assert_eq!(all(&world).await[0].verdict, Verdict::Normal);
    assert_eq!(world.signals().await, []);
    let raised = world.ingest(&[detection("naibu", "r1", High, 1)]).await;
    assert_eq!(raised.threats.len(), 1);
    assert_eq!(world.signals().await.len(), 1);
    let id = all(&world).await[0].id;
    // Somebody allows it afterwards: what was raised stands, what comes new is normal.
    let mut world = world;
    world.policy.judging.allow =
        crate::allow::yaml("- { rule: r1, reason: 検査, by: CSIRT }", &world.registry).unwrap();
    world.ingest(&[detection("naibu", "r1", High, 2)]).await;
    world.ingest(&[detection("naibu", "r1", High, 300)]).await;
    let verdicts: Vec<_> = all(&world).await.iter().map(|one| (one.id == id, one.verdict)).collect();
    assert_eq!(verdicts, [(false, Verdict::Normal), (true, Verdict::Threat)]);
    assert_eq!(world.signals().await, []);
}

#[tokio::test]
async fn an_indicator_on_the_same_event_speaks_for_the_rule_too() {
    let world = World::new().await;
    let low = detection("naibu", "r1", Low, 0);
    let hit = Detection {
        rule_id: "indicator".into(),
        indicator: Some(observable("domain:c2.test")),
        level: High,
        ..low.clone()
    };
    world.ingest(&[low, hit]).await;
    let threats = all(&world).await;
    let of_rule = threats.iter().find(|threat| threat.rule_id == "r1").unwrap();
    assert_eq!((of_rule.verdict, of_rule.score), (Verdict::Threat, 60));
    assert_eq!(of_rule.reasons[1].angle, Angle::Indicator);
}

#[tokio::test]
async fn the_same_actor_at_several_organisations_and_a_critical_asset_lift_a_medium_rule() {
    let world = World::new().await;
    world.ingest(&[detection("zaimu", "r1", Medium, 0)]).await;
    world.ingest(&[detection("gaimu", "r1", Medium, 10)]).await;
    let critical = Detection { target: "192.0.2.5".into(), ..detection("naibu", "r2", Medium, 0) };
    world.ingest(&[critical]).await;
    let private = |key: &str| Detection { actor: "10.1.1.1".into(), ..detection(key, "r3", Medium, 0) };
    world.ingest(&[private("zaimu"), private("gaimu")]).await;
    let threats = all(&world).await;
    let score = |rule: &str, key: &str| {
        threats.iter().find(|one| one.rule_id == rule && one.organisation == org(key)).unwrap().score
    };
    assert_eq!((score("r1", "zaimu"), score("r1", "gaimu")), (45, 55));
    assert_eq!(score("r2", "naibu"), 60);
    assert_eq!(score("r3", "gaimu"), 45, "a private address is somebody else elsewhere");
}

fn ruling(verdict: Verdict, reason: &str) -> Ruling {
    Ruling { verdict, reason: reason.into(), at: at(500) }
}

async fn decided(world: &World, threat: &Threat, ruling: &Ruling) -> Result<(), Error> {
    let mut tx = world.store.write().await.unwrap();
    let done = decide(&mut tx, &testkit::officer(), threat.id, ruling, &world.policy).await;
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

#[tokio::test]
async fn an_analysts_decision_stands_is_audited_and_counts_for_later_groups_of_the_same_shape() {
    let world = World::new().await;
    world.ingest(&[detection("naibu", "r1", High, 0)]).await;
    let threat = all(&world).await.remove(0);
    let centre = testkit::house();
    assert!(matches!(decided(&world, &threat, &ruling(Verdict::Normal, " ")).await, Err(Error::NoReason)));
    decided(&world, &threat, &ruling(Verdict::Normal, "定期の脆弱性検査")).await.unwrap();

    // More detections of the same group do not undo it.
    world.ingest(&[detection("naibu", "r1", High, 5)]).await;
    let standing = all(&world).await.remove(0);
    assert_eq!((standing.verdict, standing.detections), (Verdict::Normal, 2));
    assert_eq!(standing.decision.as_ref().unwrap().reason, "定期の脆弱性検査");

    // A neighbour in the same /24 later is the same shape; another network is not.
    let neighbour = Detection { actor: "203.0.113.99".into(), ..detection("naibu", "r1", High, 600) };
    let stranger = Detection { actor: "198.51.100.1".into(), ..detection("naibu", "r1", High, 600) };
    world.ingest(&[neighbour]).await;
    world.ingest(&[stranger]).await;
    let of = |threats: &[Threat], actor: &str| threats.iter().find(|one| one.actor == actor).unwrap().clone();
    let threats = all(&world).await;
    let same_shape = of(&threats, "203.0.113.99");
    assert_eq!((same_shape.verdict, same_shape.score), (Verdict::Normal, 45));
    assert_eq!(same_shape.reasons.last().unwrap().angle, Angle::EarlierVerdicts);
    assert_eq!(of(&threats, "198.51.100.1").verdict, Verdict::Threat);
    let shown = page(&world.store, &centre, same_shape.id, 10).await.unwrap();
    let by = testkit::officer().label();
    let earlier =
        Decision { verdict: Verdict::Normal, reason: "定期の脆弱性検査".into(), by, at: at(500) };
    assert_eq!(shown.earlier_decisions, [earlier]);
    assert_eq!(page(&world.store, &centre, threat.id, 10).await.unwrap().earlier_decisions, []);

    // Somebody thinks again: the last word on each threat is what counts.
    decided(&world, &threat, &ruling(Verdict::Threat, "送信元を確認できず")).await.unwrap();
    let shown = page(&world.store, &centre, threat.id, 10).await.unwrap();
    assert_eq!(shown.earlier_decisions.len(), 1);
    world
        .ingest(&[Detection { actor: "203.0.113.50".into(), ..detection("naibu", "r1", Medium, 1500) }])
        .await;
    assert_eq!(of(&all(&world).await, "203.0.113.50").verdict, Verdict::Threat);

    let trail = world.store.audit_lines(None, 2).await.unwrap();
    assert_eq!(trail[0].1.action, "threat.decide");
    assert_eq!(trail[1].1.object, threat.id.to_string());
    assert_eq!(trail[1].1.detail["reason"], "定期の脆弱性検査");
    assert!(matches!(
        store::verify_audit(&world.store).await.unwrap(),
        store::Verification::Whole { lines: 3, .. }
    ));
}

#[tokio::test]
async fn deciding_that_a_normal_group_is_a_threat_signals_it_once() {
    let world = World::new().await;
    world.ingest(&[detection("naibu", "r1", Low, 0)]).await;
    let threat = all(&world).await.remove(0);
    decided(&world, &threat, &ruling(Verdict::Threat, "既知の手口")).await.unwrap();
    decided(&world, &threat, &ruling(Verdict::Normal, "誤り")).await.unwrap();
    decided(&world, &threat, &ruling(Verdict::Threat, "やはり")).await.unwrap();
    assert_eq!(
        world.signals().await,
        [Signal::ThreatRaised { threat: threat.id, organisation: Some(org("naibu")) }]
    );
}

#[tokio::test]
async fn a_list_is_filtered_and_paged_without_gaps_or_repeats() {
    let world = World::new().await;
    let mut detections = Vec::new();
    for number in 0..25 {
        // Five at the same instant: the id breaks the tie.
        detections.push(detection("naibu", &format!("r{number:02}"), High, number / 5));
    }
    detections.push(Detection { actor: "100%_real\\".into(), ..detection("zaimu", "odd", Critical, 90) });
    detections.push(detection("zaimu", "quiet", Low, 91));
    world.ingest(&detections).await;
    let centre = testkit::house();
    let mut seen: Vec<Id<base::Threat>> = Vec::new();
    let mut after: Option<After> = None;
    loop {
        let page = list(&world.store, &centre, &Filter::default(), 4, after).await.unwrap();
        seen.extend(page.threats.iter().map(|threat| threat.id));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    let whole: Vec<_> = all(&world).await.iter().map(|threat| threat.id).collect();
    assert_eq!((seen.len(), &seen), (27, &whole));

    let check = async |filter: Filter, expected: u64| {
        let found = list(&world.store, &centre, &filter, 1000, None).await.unwrap().threats.len();
        assert_eq!(found as u64, expected, "{filter:?}");
        assert_eq!(count(&world.store, &centre, &filter).await.unwrap(), expected, "{filter:?}");
    };
    let text = |text: &str| Filter { text: Some(text.into()), ..Filter::default() };
    check(text("RULE ODD"), 1).await;
    check(text("%"), 1).await;
    check(text("_real\\"), 1).await;
    check(text("naibu-2026-0003"), 1).await;
    check(text("203.0.113"), 26).await;
    check(text("'; DROP TABLE threats; --"), 0).await;
    check(text("  "), 27).await;
    check(Filter { verdict: Some(Verdict::Normal), ..Filter::default() }, 1).await;
    check(Filter { level_min: Some(Critical), ..Filter::default() }, 1).await;
    check(Filter { organisation: Some(org("zaimu")), ..Filter::default() }, 2).await;
    check(Filter { rule_id: Some("r07".into()), ..Filter::default() }, 1).await;
    let period = base::Period { start: at(4), end: at(90) };
    check(Filter { period: Some(period), ..Filter::default() }, 5).await;
    assert!("x".parse::<After>().is_err() && "1-threat_zz".parse::<After>().is_err());

    let rules = top_rules(&world.store, &centre, &Filter::default(), 2).await.unwrap();
    assert_eq!((rules.len(), rules[0].threats), (2, 1));
    let actors = top_actors(&world.store, &centre, &Filter::default(), 1).await.unwrap();
    assert_eq!(
        (actors[0].actor.as_str(), actors[0].threats, actors[0].organisations),
        ("203.0.113.7", 26, 2)
    );
}

#[tokio::test]
async fn hostile_text_is_kept_within_limits_and_breaks_nothing() {
    let world = World::new().await;
    let long = "煙\0".repeat(10_000);
    let detection = Detection {
        actor: long.clone(),
        target: "a\u{202e}b\0".into(),
        rule_title: long.clone(),
        fields: (0..5000).map(|number| (format!("f{number}"), long.clone())).collect(),
        observables: (0..5000).map(|number| observable(&format!("domain:x{number}.{long}"))).collect(),
        techniques: (0..5000).map(|number| format!("T{number}")).collect(),
        ..detection("naibu", "'; DROP TABLE threats; --", High, 0)
    };
    world.ingest(std::slice::from_ref(&detection)).await;
    assert_eq!(world.ingest(&[detection]).await.repeated, 1);
    let threat = all(&world).await.remove(0);
    assert!(threat.actor.len() <= store::TEXT_BYTES_MAX && !threat.actor.contains('\0'));
    assert_eq!(threat.techniques.len(), 20);
    let page = page(&world.store, &testkit::house(), threat.id, 10).await.unwrap();
    assert_eq!(page.detections[0].fields.len(), 64);
    assert_eq!(page.observables.len(), 50);
    assert_eq!(world.number("SELECT COUNT(*) FROM sightings").await, 20);
}

#[tokio::test]
async fn times_at_the_ends_of_the_calendar_are_counted_like_any_other() {
    let world = World::new().await;
    let detections =
        [base::Timestamp::MIN, base::Timestamp::MAX, base::Timestamp::UNIX_EPOCH].map(|time| Detection {
            time,
            event: base::EventId(time.as_second().to_be_bytes().repeat(2).try_into().unwrap()),
            ..detection("naibu", "r1", High, 0)
        });
    assert_eq!(world.ingest(&detections).await.counted, 3);
    assert_eq!(world.ingest(&detections).await.repeated, 3);
    assert_eq!(all(&world).await.len(), 3);
}

#[tokio::test]
async fn an_address_of_the_inside_that_nobody_registered_joins_the_queue_of_the_unowned() {
    let world = World::new().await;
    let from = |actor: &str, target: &str, minutes| Detection {
        actor: actor.into(),
        target: target.into(),
        ..detection("naibu", "r1", High, minutes)
    };
    world
        .ingest(&[
            from("172.16.9.9", "203.0.113.80", 0),
            from("172.16.9.9", "203.0.113.81", 1),
            from("10.1.2.3", "203.0.113.80", 2),
            from("203.0.113.80", "192.0.2.250", 3),
            from("203.0.113.80", "192.0.2.7", 4),
            from("127.0.0.1", "DC01", 5),
        ])
        .await;
    let queue = registry::unowned::list(&world.store, &testkit::house(), 10).await.unwrap();
    let mut shown: Vec<_> = queue.iter().map(|one| (one.observable.value.as_str(), one.seen)).collect();
    shown.sort();
    assert_eq!(shown, [("172.16.9.9", 2), ("192.0.2.250", 1)]);
}
