//! How long it takes and how large it gets: `cargo test -p inspect measured -- --ignored --nocapture`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "measures time, for somebody to read")]

use std::fmt::Write as _;
use std::time::Instant;

use testkit::house_itself;

use super::world::{World, during, packed};
use crate::answer::Answer;
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

#[tokio::test]
#[ignore = "measures; takes minutes"]
async fn measured_with_a_hundred_thousand_people() {
    let mut items = "ref,role,title_ja,title_en\n".to_owned();
    (1..=ITEMS).for_each(|item| writeln!(items, "S-{item},staff,題,title").unwrap());
    let world = World::asking(Catalogue::read_csv(items.as_bytes()).unwrap()).await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    let mut roster = "organisation,person,role,excluded,section\n".to_owned();
    (0..PEOPLE).for_each(|one| writeln!(roster, "o{},p{one:06},staff,,総務部/会計課", one % 2).unwrap());

    let since = Instant::now();
    assert_eq!(world.import(&roster).await.new, PEOPLE as u64);
    timed("roster rows imported", PEOPLE, since);
    let since = Instant::now();
    assert_eq!(world.import(&roster).await.same, PEOPLE as u64);
    timed("roster rows imported again", PEOPLE, since);
    open(store, house, id, during()).await.unwrap();

    let answers = packed(&(0..ITEMS).map(|item| Answer::ALL[1 + item % 3]).collect::<Vec<_>>());
    let since = Instant::now();
    for one in 0..SINGLE {
        let sheet = world.sheet(one % 2, &format!("p{one:06}"), "staff");
        submit(store, house, &sheet, &answers, 1, during()).await.unwrap();
    }
    timed("forms submitted one by one, one client", SINGLE, since);

    let reception = Reception::new(store);
    let since = Instant::now();
    let senders: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (reception, answers) = (reception.clone(), answers.clone());
            let sheets: Vec<Sheet> = (SINGLE + client..2 * SINGLE)
                .step_by(CLIENTS)
                .map(|one| world.sheet(one % 2, &format!("p{one:06}"), "staff"))
                .collect();
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
    timed(&format!("forms submitted at a reception by {CLIENTS} clients"), SINGLE, since);

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
