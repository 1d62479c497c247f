//! How long the questions take over a year of a million threats. Opt-in, because filling takes a while:
//! `cargo test -p watch --lib tests::scale -- --ignored --nocapture`

use std::time::Instant;

use base::{Period, Severity::High};

use super::world::{World, at, detection, org};
use crate::detect::Detection;
use crate::judge::Verdict;
use crate::threat::Filter;
use crate::{board, campaign, organisation, threat};

const THREATS: i64 = 1_000_000;
/// A question of a page somebody is waiting for, in milliseconds.
const QUESTION_MS_MAX: u128 = 1_000;

/// Copies one real threat a million times over a year, with a sighting for every tenth.
async fn fill(world: &World) {
    world.ingest(&[detection("naibu", "r1", High, 0)]).await;
    let mut tx = world.store.write().await.unwrap();
    let keys = ["naibu", "eda", "zaimu", "gaimu"].map(|key| org(key).to_string());
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1)
         INSERT INTO threats (id, number, organisation, group_key, shape, rule_id, title, level, techniques, actor,
            target, first_at, last_at, detections, observables, verdict, score, reasons, raised_at)
         SELECT 'threat_0000000000000000000000' || (1000000000 + i), '2026-' || i,
            CASE i % 4 WHEN 0 THEN $2 WHEN 1 THEN $3 WHEN 2 THEN $4 ELSE $5 END, 'group-' || i, 'shape-' || (i / 50),
            'rule-' || (i * 7919 % 500), 'The rule number ' || (i % 500), i % 5, t.techniques,
            '198.51.' || (i / 256 % 256) || '.' || (i % 256), t.target,
            t.first_at - i * 31536000, t.first_at - i * 31536000 + 60000000, 1 + i % 90, t.observables,
            CASE WHEN i % 3 = 0 THEN 'normal' ELSE 'threat' END, i % 100, t.reasons, t.raised_at
         FROM n, threats AS t WHERE t.number = 'naibu-2026-0001'",
    )
    .bind(THREATS)
    .bind(&keys[0])
    .bind(&keys[1])
    .bind(&keys[2])
    .bind(&keys[3])
    .execute(tx.connection())
    .await
    .unwrap();
    sqlx::raw_sql(
        "INSERT INTO sightings (threat, kind, value, organisation, first_at, last_at, seen)
         SELECT id, 'domain', 'c' || (CAST(substr(number, 6) AS BIGINT) % 5000) || '.example', organisation,
            first_at, last_at, 1
         FROM threats WHERE score % 10 = 0",
    )
    .execute(tx.connection())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn timed<T>(name: &str, question: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let answer = question.await;
    let taken = begun.elapsed();
    println!("{name:40} {:>8.1} ms", taken.as_secs_f64() * 1000.0);
    assert!(taken.as_millis() <= QUESTION_MS_MAX, "{name} took {taken:?}");
    answer
}

#[tokio::test]
#[ignore = "fills a database with a million threats"]
async fn questions_over_a_year_of_a_million_threats_are_quick() {
    let world = World::new().await;
    fill(&world).await;
    let (store, centre, now) = (&world.store, testkit::house(), at(30));
    let member = testkit::member(world.registry.subtree(org("naibu")));
    let none = Filter::default;
    for (who, scope) in [("centre", &centre), ("member", &member)] {
        timed(&format!("{who}: board"), board::board(store, &world.registry, scope, now, 20)).await.unwrap();
        timed(&format!("{who}: list"), threat::list(store, scope, &none(), 50, None)).await.unwrap();
        let threats = Filter { verdict: Some(Verdict::Threat), level_min: Some(High), ..none() };
        let first =
            timed(&format!("{who}: list of high threats"), threat::list(store, scope, &threats, 50, None))
                .await
                .unwrap();
        timed(&format!("{who}: second page"), threat::list(store, scope, &threats, 50, first.next))
            .await
            .unwrap();
        let rule = Filter { rule_id: Some("rule-7".into()), ..none() };
        timed(&format!("{who}: list of a rule"), threat::list(store, scope, &rule, 50, None)).await.unwrap();
        let month = Some(Period { start: at(-43_200), end: now });
        let text = Filter { text: Some("nowhere to be found".into()), period: month, ..none() };
        timed(&format!("{who}: text, a month, nothing"), threat::list(store, scope, &text, 50, None))
            .await
            .unwrap();
        let number = Filter { text: Some("2026-77".into()), ..none() };
        timed(&format!("{who}: text, a year, something"), threat::list(store, scope, &number, 50, None))
            .await
            .unwrap();
        let in_month = Filter { period: month, verdict: Some(Verdict::Threat), ..none() };
        timed(&format!("{who}: top rules of a month"), threat::top_rules(store, scope, &in_month, 10))
            .await
            .unwrap();
        let id = first.threats[0].id;
        timed(&format!("{who}: a threat's page"), threat::page(store, scope, id, 50)).await.unwrap();
        timed(&format!("{who}: campaigns"), campaign::list(store, scope, &Default::default(), 50, None))
            .await
            .unwrap();
        timed(
            &format!("{who}: organisation"),
            organisation::page(store, &world.registry, scope, org("naibu"), now, 20),
        )
        .await
        .unwrap();
    }
    let fresh: Vec<Detection> = (0..2000)
        .map(|number| Detection {
            actor: format!("203.0.113.{}", number % 100),
            event: base::EventId(u128::from(number as u64).to_be_bytes()),
            ..detection("zaimu", "new", High, number / 100)
        })
        .collect();
    let begun = Instant::now();
    let raised = world.ingest(&fresh).await;
    let taken = begun.elapsed();
    println!("ingest: {} detections into {} groups in {taken:?}", raised.counted, raised.groups);
}
