use base::{Severity, Signal};

use super::world::{World, at, detection, observable, org, with};
use crate::campaign::{Campaign, Filter, Sharing, list, page, share};
use crate::detect::Detection;
use crate::judge::Verdict;
use crate::threat::{self, Ruling, decide};

use Severity::{Critical, High, Low};

async fn all(world: &World) -> Vec<Campaign> {
    list(&world.store, &testkit::house(), &Filter::default(), 100, None).await.unwrap().campaigns
}

fn seen(key: &str, what: &str, minutes: i64) -> Detection {
    with(&[what], detection(key, "beacon", High, minutes))
}

/// Two ministries see `what`; how many campaigns is that?
async fn check(what: &str, expected: usize) {
    let world = World::new().await;
    world.ingest(&[seen("naibu", what, 0)]).await;
    let raised = world.ingest(&[seen("zaimu", what, 60)]).await;
    assert_eq!(raised.campaigns.len(), expected, "{what}");
    assert_eq!(all(&world).await.len(), expected, "{what}");
}

#[tokio::test]
async fn what_means_the_same_everywhere_makes_a_campaign() {
    check("domain:c2.example", 1).await;
    check("address:203.0.113.99", 1).await;
    check("url:https://c2.example/gate.php", 1).await;
    check("hash:d41d8cd98f00b204e9800998ecf8427e", 1).await;
    check("mail:boss@lure.example", 1).await;
}

#[tokio::test]
async fn what_belongs_to_a_member_or_only_means_something_inside_makes_none() {
    check("address:10.1.1.1", 0).await;
    check("address:192.0.2.70", 0).await;
    check("domain:www.gaimu.go.example", 0).await;
    check("domain:dc01", 0).await;
    check("domain:printer.local", 0).await;
    check("url:http://10.1.1.1/a", 0).await;
    check("url:/index.php?id=1", 0).await;
    check("url:https://www.zaimu.go.example/", 0).await;
    check("mail:a@naibu.go.example", 0).await;
}

#[tokio::test]
async fn a_second_organisation_raises_a_campaign_and_a_third_joins_it() {
    let world = World::new().await;
    let first = world.ingest(&[seen("naibu", "domain:c2.example", 0)]).await;
    assert_eq!(first.campaigns, []);
    world.ingest(&[seen("naibu", "domain:c2.example", 10)]).await;
    let second = world.ingest(&[seen("zaimu", "domain:c2.example", 60)]).await;
    let third = world.ingest(&[seen("gaimu", "domain:c2.example", 24 * 60)]).await;
    assert_eq!(second.campaigns, third.campaigns);
    // More of the same is no news.
    let more = world.ingest(&[seen("zaimu", "domain:c2.example", 90)]).await;
    assert_eq!(more.campaigns, []);

    let campaigns = all(&world).await;
    let [campaign] = &campaigns[..] else { panic!("{campaigns:?}") };
    assert!(campaign.number.starts_with("C2026-") && campaign.number.len() == 11, "{}", campaign.number);
    assert_eq!(campaign.observable, observable("domain:c2.example"));
    assert_eq!((campaign.level, campaign.organisations_total, campaign.raised_at), (High, 3, Some(at(60))));
    assert_eq!((campaign.first_at, campaign.last_at), (at(0), at(24 * 60)));
    let members: Vec<_> = campaign
        .members
        .iter()
        .map(|one| (one.organisation, one.threats, one.detections, one.last_at))
        .collect();
    assert_eq!(
        members,
        [(org("naibu"), 1, 2, at(10)), (org("zaimu"), 1, 2, at(90)), (org("gaimu"), 1, 1, at(24 * 60))]
    );
    let raised: Vec<Signal> = world
        .signals()
        .await
        .into_iter()
        .filter(|signal| matches!(signal, Signal::CampaignRaised { .. }))
        .collect();
    let named = |keys: &[&str]| Signal::CampaignRaised {
        campaign: campaign.id,
        organisations: keys.iter().map(|key| org(key)).collect(),
    };
    assert_eq!(raised, [named(&["naibu", "zaimu"]), named(&["naibu", "zaimu", "gaimu"])]);
    let shown = page(&world.store, &testkit::house(), campaign.id, 10).await.unwrap();
    assert_eq!(shown.threats.len(), 3);
    assert!(shown.threats.iter().all(|threat| threat.campaigns == [campaign.id]));
}

#[tokio::test]
async fn too_far_apart_in_time_is_two_coincidences() {
    let world = World::new().await;
    world.ingest(&[seen("naibu", "domain:c2.example", 0)]).await;
    world.ingest(&[seen("zaimu", "domain:c2.example", 24 * 60 + 1)]).await;
    assert_eq!(all(&world).await, []);
    // A year later two meet: a campaign of those two alone; the old ones are not in it.
    world
        .ingest(&[seen("gaimu", "domain:c2.example", 500_000), seen("eda", "domain:c2.example", 500_060)])
        .await;
    let campaigns = all(&world).await;
    assert_eq!(campaigns.len(), 1);
    assert_eq!(campaigns[0].organisations_total, 2);
}

#[tokio::test]
async fn one_import_of_a_long_time_does_not_join_what_was_months_apart() {
    let world = World::new().await;
    let months_apart: Vec<Detection> =
        (0..4).map(|step| seen("naibu", "domain:c2.example", step * 100_000)).collect();
    world.ingest(&[seen("zaimu", "domain:c2.example", 50_000)]).await;
    world.ingest(&[seen("gaimu", "domain:c2.example", 300_030)]).await;
    world.ingest(&months_apart).await;
    let campaigns = all(&world).await;
    assert_eq!(campaigns.len(), 1);
    assert_eq!((campaigns[0].first_at, campaigns[0].last_at), (at(300_000), at(300_030)));
}

#[tokio::test]
async fn the_campaign_is_the_same_whoever_comes_first() {
    let detections = [
        seen("naibu", "domain:c2.example", 0),
        seen("zaimu", "domain:c2.example", 60),
        seen("gaimu", "domain:c2.example", 90),
    ];
    let world = World::new().await;
    world.ingest(&detections).await;
    let together = all(&world).await;
    let other = World::new().await;
    for one in detections.iter().rev() {
        other.ingest(std::slice::from_ref(one)).await;
    }
    let apart = all(&other).await;
    assert_eq!(together[0].members, apart[0].members);
    let before = world.contents().await;
    world.ingest(&detections).await;
    assert_eq!(world.contents().await, before);
}

#[tokio::test]
async fn what_more_organisations_see_in_normal_traffic_than_in_threats_is_common() {
    let world = World::new().await;
    let normal = |key: &str| with(&["hash:aa"], detection(key, "inventory", Low, 0));
    world.ingest(&[normal("gaimu"), normal("eda")]).await;
    world.ingest(&[seen("naibu", "hash:aa", 0), seen("zaimu", "hash:aa", 1)]).await;
    assert_eq!(all(&world).await, []);
    // Low rules that fire beside the high one at the same organisations prove nothing.
    let world = World::new().await;
    world.ingest(&[normal("naibu"), normal("zaimu")]).await;
    world.ingest(&[seen("naibu", "hash:aa", 0), seen("zaimu", "hash:aa", 1)]).await;
    assert_eq!(all(&world).await.len(), 1);
}

#[tokio::test]
async fn what_the_policy_calls_common_makes_no_campaign_nor_does_anything_below_it() {
    let mut world = World::new().await;
    world.policy.campaigns.common =
        [observable("domain:search.example"), observable("address:203.0.113.53")].into();
    for what in ["domain:www.search.example", "url:https://search.example/?q=1", "address:203.0.113.53"] {
        world.ingest(&[seen("naibu", what, 0), seen("zaimu", what, 1)]).await;
    }
    assert_eq!(all(&world).await, []);
    world
        .ingest(&[seen("naibu", "domain:research.example", 5), seen("zaimu", "domain:research.example", 6)])
        .await;
    assert_eq!(all(&world).await.len(), 1);
}

async fn decided(world: &World, id: base::Id<base::Threat>, verdict: Verdict) {
    let mut tx = world.store.write().await.unwrap();
    let decision = Ruling { verdict, reason: "確認済み".into(), at: at(0) };
    decide(&mut tx, &testkit::officer(), id, &decision, &world.policy).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_decision_takes_a_threat_out_of_its_campaign_and_back() {
    let world = World::new().await;
    world
        .ingest(&[
            seen("naibu", "domain:c2.example", 0),
            seen("zaimu", "domain:c2.example", 1),
            Detection { level: Critical, ..seen("gaimu", "domain:c2.example", 2) },
        ])
        .await;
    let threats =
        threat::list(&world.store, &testkit::house(), &Default::default(), 10, None).await.unwrap().threats;
    let critical = threats.iter().find(|one| one.level == Critical).unwrap();
    decided(&world, critical.id, Verdict::Normal).await;
    let campaign = all(&world).await.remove(0);
    assert_eq!((campaign.organisations_total, campaign.level), (2, High));
    let shown = threat::page(&world.store, &testkit::house(), critical.id, 10).await.unwrap();
    assert_eq!(shown.threat.campaigns, []);
    decided(&world, critical.id, Verdict::Threat).await;
    let campaign = all(&world).await.remove(0);
    assert_eq!((campaign.organisations_total, campaign.level), (3, Critical));
}

#[tokio::test]
async fn deciding_that_a_normal_group_is_a_threat_can_raise_a_campaign() {
    let world = World::new().await;
    let quiet = with(&["domain:c2.example"], detection("zaimu", "quiet", Low, 30));
    world.ingest(&[seen("naibu", "domain:c2.example", 0), quiet]).await;
    assert_eq!(all(&world).await, []);
    let threats =
        threat::list(&world.store, &testkit::house(), &Default::default(), 10, None).await.unwrap().threats;
    let quiet = threats.iter().find(|one| one.rule_id == "quiet").unwrap();
    decided(&world, quiet.id, Verdict::Threat).await;
    assert_eq!(all(&world).await[0].organisations_total, 2);
}

#[tokio::test]
async fn how_far_a_campaign_is_told_decides_who_knows_of_it_and_who_is_named() {
    let world = World::new().await;
    world.ingest(&[seen("naibu", "domain:c2.example", 5), seen("zaimu", "domain:c2.example", 6)]).await;
    let campaign = all(&world).await.remove(0);
    let as_seen_by = async |key: &str| {
        let scope = testkit::member(world.registry.subtree(org(key)));
        let listed = list(&world.store, &scope, &Filter::default(), 9, None).await.unwrap().campaigns;
        let shown = page(&world.store, &scope, campaign.id, 9).await.ok().map(|page| page.campaign);
        assert_eq!(listed.first(), shown.as_ref());
        shown.map(|one| (one.members.len(), one.organisations_total))
    };
    let share = async |actor: &base::Actor, tlp, reason: &str| {
        let mut tx = world.store.write().await.unwrap();
        let sharing = Sharing { tlp, reason: reason.into(), at: at(0) };
        let done = share(&mut tx, actor, campaign.id, &sharing).await;
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    };
    // AMBER at first: those hit know that others are, and not who.
    assert_eq!((as_seen_by("naibu").await, as_seen_by("gaimu").await), (Some((1, 2)), None));
    let csirt = testkit::actor(base::Role::Csirt, world.registry.subtree(org("naibu")));
    assert!(matches!(share(&csirt, base::Tlp::Green, "x").await, Err(crate::Error::Denied(_))));
    assert!(matches!(share(&testkit::officer(), base::Tlp::Green, " ").await, Err(crate::Error::NoReason)));
    share(&testkit::officer(), base::Tlp::Green, "注意喚起のため").await.unwrap();
    assert_eq!((as_seen_by("naibu").await, as_seen_by("gaimu").await), (Some((2, 2)), Some((2, 2))));
    share(&testkit::officer(), base::Tlp::Red, "捜査のため").await.unwrap();
    assert_eq!((as_seen_by("naibu").await, as_seen_by("gaimu").await), (Some((1, 2)), None));
    let trail = world.store.audit_lines(None, 2).await.unwrap();
    assert_eq!(trail[0].1.action, "campaign.share");
    assert_eq!(
        (&trail[0].1.detail["before"], &trail[0].1.detail["tlp"]),
        (&"TLP:GREEN".into(), &"TLP:RED".into())
    );
}
