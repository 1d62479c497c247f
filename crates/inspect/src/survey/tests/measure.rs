//! How long it takes and how large it gets: `cargo test -p inspect measured -- --ignored --nocapture`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "measures time, for somebody to read")]

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Instant;

use testkit::house_itself;

use super::world::{World, during, packed};
use crate::answer::{Answer, Packed};
use crate::catalogue::Catalogue;
use crate::count::recount;
use crate::form::{Sent, Sheet, submit};
use crate::reception::{Reception, Sending};
use crate::survey::open;
use crate::upload::upload;

const PEOPLE: usize = 100_000;
const SINGLE: usize = 5_000;
const CLIENTS: usize = 64;
const ITEMS: usize = 40;

fn timed(what: &str, count: usize, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    println!("{what}: {count} in {seconds:.1} s, {:.0}/s", count as f64 / seconds);
}

/// A survey that asks so many people, half of them at each organisation.
async fn enrolled(people: usize) -> World {
    let mut items = "ref,role,title_ja,title_en\n".to_owned();
    (1..=ITEMS).for_each(|item| writeln!(items, "S-{item},staff,題,title").unwrap());
    let world = World::asking(Catalogue::read_csv(items.as_bytes()).unwrap()).await;
    let roster = roster(people);
    let since = Instant::now();
    assert_eq!(world.import(&roster).await.new, people as u64);
    timed("roster rows imported", people, since);
    world
}

fn roster(people: usize) -> String {
    let mut roster = "organisation,person,role,excluded,section\n".to_owned();
    (0..people).for_each(|one| writeln!(roster, "o{},p{one:06},staff,,総務部/会計課", one % 2).unwrap());
    roster
}

fn mixed() -> Packed {
    packed(&(0..ITEMS).map(|item| Answer::ALL[1 + item % 3]).collect::<Vec<_>>())
}

async fn one_by_one(world: &World, people: Range<usize>, answers: &Packed) {
    let (house, count, since) = (house_itself(), people.len(), Instant::now());
    for one in people {
        let sheet = world.sheet(one % 2, &format!("p{one:06}"), "staff");
        submit(&world.store, &house, &sheet, answers, 1, during()).await.unwrap();
    }
    timed("forms submitted one by one, one client", count, since);
}

async fn at_a_reception(world: &World, people: Range<usize>, answers: &Packed) {
    let (reception, count, since) = (Reception::new(&world.store), people.len(), Instant::now());
    let senders: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (reception, answers) = (reception.clone(), answers.clone());
            let of_client = people.clone().skip(client).step_by(CLIENTS);
            let sheets: Vec<Sheet> =
                of_client.map(|one| world.sheet(one % 2, &format!("p{one:06}"), "staff")).collect();
            tokio::spawn(async move {
                for sheet in sheets {
                    let (actor, answers) = (house_itself(), answers.clone());
                    let sending = Sending { actor, sheet, answers, version: 1, at: during() };
                    assert_eq!(reception.submit(sending).await.unwrap(), Sent::Counted);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    timed(&format!("forms submitted at a reception by {CLIENTS} clients"), count, since);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn measured_single_forms() {
    let world = enrolled(6_000).await;
    open(&world.store, &house_itself(), world.survey, during()).await.unwrap();
    one_by_one(&world, 0..1_000, &mixed()).await;
    at_a_reception(&world, 1_000..6_000, &mixed()).await;
    let recounted = recount(&world.store, house_itself().scope(), world.survey).await.unwrap();
    assert_eq!(recounted, 6_000);
}

#[tokio::test]
#[ignore = "measures; takes minutes"]
async fn measured_with_a_hundred_thousand_people() {
    let world = enrolled(PEOPLE).await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    let roster = roster(PEOPLE);
    let since = Instant::now();
    assert_eq!(world.import(&roster).await.same, PEOPLE as u64);
    timed("roster rows imported again", PEOPLE, since);
    open(store, house, id, during()).await.unwrap();

    let answers = mixed();
    one_by_one(&world, 0..SINGLE, &answers).await;
    at_a_reception(&world, SINGLE..2 * SINGLE, &answers).await;

    let mut csv = "organisation,person,role,item,answer\n".to_owned();
    for one in 0..PEOPLE {
        for item in 1..=ITEMS {
            writeln!(csv, "o{},p{one:06},staff,S-{item},done", one % 2).unwrap();
        }
    }
    let since = Instant::now();
    let taken = upload(store, house, id, csv.as_bytes(), during()).await.unwrap();
    assert_eq!((taken.counted, taken.replaced), ((PEOPLE - 2 * SINGLE) as u64, 2 * SINGLE as u64));
    timed("forms uploaded as one file", PEOPLE, since);

    let since = Instant::now();
    assert_eq!(recount(store, house.scope(), id).await.unwrap(), PEOPLE as u64);
    timed("forms counted again", PEOPLE, since);
    if let Some(bytes) = world.bytes().await {
        println!("database: {:.1} MB", bytes as f64 / 1e6);
    }
}
