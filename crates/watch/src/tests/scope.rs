//! Nobody sees another organisation's data: every question is asked by a member and must tell nothing of the others.

use base::{Id, Period, Severity::High};

use super::world::{World, at, detection, org, part, with};
use crate::detect::Detection;
use crate::judge::Verdict;
use crate::threat::{Filter, Ruling};
use crate::{Error, board, campaign, intake, organisation, threat};

/// Three ministries and the bureau of one are hit by the same campaign; each has a threat and a file of its own too.
async fn busy() -> World {
    let world = World::new().await;
    for (number, key) in ["naibu", "eda", "zaimu", "gaimu"].into_iter().enumerate() {
        let shared = with(&["domain:c2.example"], detection(key, "shared", High, number as i64));
        let own =
            Detection { actor: format!("{key}-only"), ..detection(key, &format!("{key}-rule"), High, 5) };
        world.commit(&part(&format!("{key}.log"), 0, vec![shared, own])).await;
    }
    world
}

fn everything() -> Period {
    Period { start: at(-100_000), end: at(100_000) }
}

#[tokio::test]
async fn a_member_sees_its_own_subtree_in_every_question_and_nothing_else() {
    let world = busy().await;
    let store = &world.store;
    let scope = testkit::member(world.registry.subtree(org("naibu")));
    let own = [org("naibu"), org("eda")];

    let listed = threat::list(store, &scope, &Filter::default(), 100, None).await.unwrap().threats;
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|threat| own.contains(&threat.organisation)));
    assert_eq!(threat::count(store, &scope, &Filter::default()).await.unwrap(), 4);
    let asked = Filter { organisation: Some(org("zaimu")), ..Filter::default() };
    assert_eq!(threat::count(store, &scope, &asked).await.unwrap(), 0);

    let rules = threat::top_rules(store, &scope, &Filter::default(), 100).await.unwrap();
    assert_eq!(rules.len(), 3);
    assert_eq!(rules[0].organisations, 2);
    let actors = threat::top_actors(store, &scope, &Filter::default(), 100).await.unwrap();
    assert!(actors.iter().all(|one| !one.actor.contains("zaimu") && !one.actor.contains("gaimu")));
    let by_hour = threat::by_organisation_and_hour(store, &scope, everything()).await.unwrap();
    assert!(by_hour.iter().all(|(one, ..)| own.contains(one)));
    assert_eq!(by_hour.iter().map(|(.., threats)| threats).sum::<u64>(), 4);

    for threat in &listed {
        let page = threat::page(store, &scope, threat.id, 10).await.unwrap();
        assert!(page.elsewhere.iter().all(|one| own.contains(&one.organisation)), "{:?}", page.elsewhere);
    }

    let campaigns = campaign::list(store, &scope, &Default::default(), 100, None).await.unwrap().campaigns;
    let [one] = &campaigns[..] else { panic!("{campaigns:?}") };
    assert_eq!(one.members.iter().map(|member| member.organisation).collect::<Vec<_>>(), own);
    assert_eq!((one.first_at, one.last_at), (at(0), at(1)), "only its own events are in the times");
    let page = campaign::page(store, &scope, one.id, 100).await.unwrap();
    assert!(page.threats.iter().all(|threat| own.contains(&threat.organisation)));
    assert_eq!(page.threats.len(), 2);
    let of_other = campaign::Filter { organisation: Some(org("zaimu")), ..Default::default() };
    assert_eq!(campaign::list(store, &scope, &of_other, 9, None).await.unwrap().campaigns, []);

    let seen = board::board(store, &world.registry, &scope, at(30), 100).await.unwrap();
    assert_eq!(seen.organisations.iter().map(|row| row.organisation).collect::<Vec<_>>(), own);
    assert_eq!((seen.threats_total, seen.threats.len()), (4, 4));
    assert_eq!((seen.intake.events, seen.intake.detections, seen.intake.unread), (20, 4, 4));
    assert_eq!(seen.shift.threats.0, 4);
    assert!(seen.shift.newly_hit.iter().all(|one| own.contains(one)));
    assert!(seen.shift.new_rules.iter().all(|(rule, ..)| !rule.contains("zaimu") && !rule.contains("gaimu")));

    let files = intake::imports(store, &scope, 100).await.unwrap();
    assert!(files.len() == 2 && files.iter().all(|file| own.contains(&file.organisation)));
    let unread = intake::unread(store, &scope, 100, None).await.unwrap();
    assert!(unread.len() == 4 && unread.iter().all(|one| own.contains(&one.organisation)));
    let hours = intake::hours(store, &scope, None, everything()).await.unwrap();
    assert_eq!(hours.iter().map(|(_, counts)| counts.events).sum::<u64>(), 20);
    assert_eq!(intake::hours(store, &scope, Some(org("zaimu")), everything()).await.unwrap(), []);
    assert!(organisation::page(store, &world.registry, &scope, org("eda"), at(30), 10).await.is_ok());
}

#[tokio::test]
async fn what_belongs_to_others_does_not_exist_for_a_member() {
    let world = busy().await;
    let store = &world.store;
    let scope = testkit::member(world.registry.subtree(org("eda")));
    let others = Filter { organisation: Some(org("naibu")), ..Filter::default() };
    let foreign = threat::list(store, &testkit::house(), &others, 1, None).await.unwrap().threats.remove(0);
    assert!(matches!(
        threat::page(store, &scope, foreign.id, 10).await,
        Err(Error::NoSuchThreat(id)) if id == foreign.id
    ));
    let mut tx = store.write().await.unwrap();
    let decision = Ruling { verdict: Verdict::Normal, reason: "x".into(), at: at(0) };
    let eda = testkit::actor(base::Role::Csirt, world.registry.subtree(org("eda")));
    let refused = threat::decide(&mut tx, &eda, foreign.id, &decision, &world.policy).await;
    assert!(matches!(refused, Err(Error::NoSuchThreat(_))));
    drop(tx);
    assert_eq!(world.number("SELECT COUNT(*) FROM decisions").await, 0);
    let page = organisation::page(store, &world.registry, &scope, org("naibu"), at(0), 10).await;
    assert!(matches!(page, Err(Error::NoSuchOrganisation(_))));
    let unknown =
        organisation::page(store, &world.registry, &testkit::house(), Id::from_digest([0; 16]), at(0), 10)
            .await;
    assert!(matches!(unknown, Err(Error::NoSuchOrganisation(_))));
}

#[tokio::test]
async fn a_scope_of_nobody_sees_nothing() {
    let world = busy().await;
    let store = &world.store;
    let nobody = testkit::member([]);
    assert_eq!(threat::count(store, &nobody, &Filter::default()).await.unwrap(), 0);
    assert_eq!(campaign::list(store, &nobody, &Default::default(), 9, None).await.unwrap().campaigns, []);
    let seen = board::board(store, &world.registry, &nobody, at(30), 9).await.unwrap();
    assert!(seen.organisations.is_empty() && seen.threats.is_empty() && seen.campaigns.is_empty());
    assert_eq!(
        (seen.threats_total, seen.intake.events, seen.shift.threats, seen.shift.campaigns),
        (0, 0, (0, 0), 0)
    );
    assert_eq!(intake::unread(store, &nobody, 9, None).await.unwrap(), []);
    assert_eq!(intake::imports(store, &nobody, 9).await.unwrap(), []);
}
