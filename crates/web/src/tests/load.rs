//! How many forms are taken over HTTP: `cargo test -p web measured -- --ignored --nocapture`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "measures time, for somebody to read")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::Id;
use inspect::catalogue::{Catalogue, Words};
use inspect::survey::{Kind, Terms, create, open};

use super::world::{NOW, SMALL, World, organisation};

const PEOPLE: usize = 6_000;
const ITEMS: usize = 40;
/// People who send at the same time.
const CLIENTS: usize = 64;
/// How often somebody looks at the counts meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// An open survey, and a personal link for everybody who is asked.
async fn asked(world: &World) -> (Id<base::Survey>, Vec<String>) {
    let (house, now) = (testkit::house_itself(), NOW.parse().unwrap());
    let mut items = "ref,role,title_ja,title_en\n".to_owned();
    (1..=ITEMS).for_each(|item| writeln!(items, "S-{item},staff,題,title").unwrap());
    let terms = Terms {
        kind: Kind::SelfInspection,
        title: Words { ja: "自己点検".into(), en: "Self-inspection".into() },
        edition: "measured".into(),
        variant: inspect::Variant::Nisc,
        reference_day: jiff::civil::date(2026, 7, 1),
        opens_at: "2026-07-01T00:00:00Z".parse().unwrap(),
        closes_at: "2026-07-31T00:00:00Z".parse().unwrap(),
    };
    let catalogue = Catalogue::read_csv(items.as_bytes()).unwrap();
    let survey = create(&world.store, &house, &terms, &catalogue, now).await.unwrap();
    let mut roster = "organisation,person,role,excluded\n".to_owned();
    (0..PEOPLE).for_each(|one| writeln!(roster, "o0,p{one:06},staff,").unwrap());
    inspect::roster::import(&world.store, &house, survey, roster.as_bytes(), &mut |_| {}, now).await.unwrap();
    open(&world.store, &house, survey, now).await.unwrap();
    let made =
        inspect::link::make(&world.store, &house, survey, organisation("o0"), None, now).await.unwrap();
    (survey, made.into_iter().map(|one| one.token).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn measured_forms_over_http() {
    let world = Arc::new(World::new(SMALL).await);
    let (survey, tokens) = asked(&world).await;
    let mut answers = String::new();
    (0..ITEMS).for_each(|item| {
        write!(answers, "&item-{item}={}", ["done", "not_done", "no_duty"][item % 3]).unwrap()
    });
    let (acknowledged, since) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let senders: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (world, acknowledged, answers) = (world.clone(), acknowledged.clone(), answers.clone());
            let own: Vec<String> = tokens.iter().skip(client).step_by(CLIENTS).cloned().collect();
            tokio::spawn(async move {
                let origin = format!("http://{}", world.address);
                let mut slowest = Duration::ZERO;
                for token in own {
                    let headers = [
                        ("cookie", ""),
                        ("origin", origin.as_str()),
                        ("content-type", "application/x-www-form-urlencoded"),
                    ];
                    let body = format!("token={token}&role=staff&version=1&do=submit{answers}");
                    let asked = Instant::now();
                    let answer = world.ask("POST", "/inspect/link", &headers, &body).await;
                    assert_eq!(answer.status, 303, "{}", answer.body);
                    slowest = slowest.max(asked.elapsed());
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                slowest
            })
        })
        .collect();
    let looking = tokio::spawn(look(world.clone(), survey, acknowledged.clone()));
    let mut slowest = Duration::ZERO;
    for sender in senders {
        slowest = slowest.max(sender.await.unwrap());
    }
    let seconds = since.elapsed().as_secs_f64();
    println!(
        "forms over HTTP by {CLIENTS} clients: {PEOPLE} in {seconds:.1} s, {:.0}/s",
        PEOPLE as f64 / seconds
    );
    println!("slowest answer: {} ms", slowest.as_millis());
    println!("looks at the counts meanwhile: {}", looking.await.unwrap());
    let counted = inspect::count::recount(&world.store, &testkit::house(), survey).await.unwrap();
    assert_eq!(counted, PEOPLE as u64);
}

/// Looks at the counts until everybody is acknowledged: whoever was, is counted at every look. Says how many looks.
async fn look(world: Arc<World>, survey: Id<base::Survey>, acknowledged: Arc<AtomicU64>) -> u64 {
    let mut looks = 0;
    let mut clock = tokio::time::interval(LOOK);
    loop {
        clock.tick().await;
        let told = acknowledged.load(Ordering::SeqCst);
        let counts = inspect::count::counts(&world.store, &testkit::house(), survey).await.unwrap();
        let counted: u64 = counts.iter().map(|one| one.tally.submitted).sum();
        assert!(counted >= told, "{counted} counted, {told} acknowledged");
        looks += 1;
        if told == PEOPLE as u64 {
            return looks;
        }
    }
}
