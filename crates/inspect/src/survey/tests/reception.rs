//! Many who send at the same time: everybody's form is taken or refused alone, and what was acknowledged is there.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use base::{Role, Timestamp};
use proptest::prelude::*;
use store::{Options, Store};
use testkit::{actor, house_itself};

use super::world::{CLOSED, World, during, packed};
use super::{DONE, MIXED};
use crate::answer::{Answer, Packed, lanes};
use crate::count::recount;
use crate::form::{Sent, Sheet, form, withdraw};
use crate::reception::{GROUP_FORMS_MAX, Reception, Sending, WAITING_FORMS_MAX};
use crate::{Error, ErrorKind, Tally};

fn sending(sheet: Sheet, answers: &Packed, version: u64) -> Sending {
    Sending { actor: house_itself(), sheet, answers: answers.clone(), version, at: during() }
}

/// Sends all of them at the same time.
async fn at_once(
    reception: &Reception,
    forms: impl IntoIterator<Item = Sending>,
) -> Vec<Result<Sent, Error>> {
    let tasks: Vec<_> = forms
        .into_iter()
        .map(|form| {
            let reception = reception.clone();
            tokio::spawn(async move { reception.submit(form).await })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

async fn of_people(people: usize) -> World {
    let people: Vec<String> = (0..people).map(|number| format!("{number} staff ciso")).collect();
    World::open(&[&people.join(", ")]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_who_comes_at_once_is_counted_once() {
    const PEOPLE: usize = GROUP_FORMS_MAX + 50;
    let world = of_people(PEOPLE).await;
    let reception = Reception::new(&world.store);
    let version = world.store.version().await.unwrap();
    let twice = (0..2 * PEOPLE)
        .map(|number| sending(world.sheet(0, &(number % PEOPLE).to_string(), "staff"), &packed(MIXED), 1));
    let answers = at_once(&reception, twice).await;
    let counted = answers.iter().filter(|answer| matches!(answer, Ok(Sent::Counted))).count();
    let same = answers.iter().filter(|answer| matches!(answer, Ok(Sent::Same))).count();
    assert_eq!((counted, same), (PEOPLE, PEOPLE));
    let tally = world.tally(0, "staff").await;
    assert_eq!((tally.submitted, tally.cells[1].not_done), (PEOPLE as u64, PEOPLE as u64));
    assert_eq!(recount(&world.store, house_itself().scope(), world.survey).await.unwrap(), PEOPLE as u64);
    let transactions = world.store.version().await.unwrap() - version;
    assert!(transactions < PEOPLE as u64 / 4, "{transactions} transactions for {PEOPLE} forms");
    let verified = store::verify_audit(&world.store).await.unwrap();
    assert!(matches!(verified, store::Verification::Whole { .. }), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_that_cannot_be_taken_is_refused_alone() {
    let world = of_people(40).await;
    let (store, house) = (&world.store, &house_itself());
    let reception = Reception::new(store);
    let withdrawn = world.sheet(0, "1", "staff");
    reception.submit(sending(withdrawn.clone(), &packed(DONE), 1)).await.unwrap();
    withdraw(store, house, &withdrawn, 2, during()).await.unwrap();

    let late: Timestamp = CLOSED.parse::<Timestamp>().unwrap() + Duration::from_micros(1);
    let stranger = actor(Role::Staff, [world.organisations[0]]);
    let right =
        (10..40).map(|number| sending(world.sheet(0, &number.to_string(), "staff"), &packed(DONE), 1));
    let wrong = [
        Sending { at: late, ..sending(world.sheet(0, "0", "staff"), &packed(DONE), 1) },
        sending(withdrawn.clone(), &packed(DONE), 2),
        sending(world.sheet(0, "2", "nobody"), &packed(DONE), 1),
        sending(world.sheet(0, "3", "ciso"), &packed(DONE), 1),
        sending(world.sheet(1, "4", "staff"), &packed(DONE), 1),
        Sending { actor: stranger, ..sending(world.sheet(0, "5", "staff"), &packed(DONE), 1) },
    ];
    let answers = at_once(&reception, wrong.into_iter().chain(right)).await;
    let word = |answer: &Result<Sent, Error>| match answer {
        Ok(sent) => format!("{sent:?}"),
        Err(Error::Outdated { kept }) => format!("outdated {kept}"),
        Err(error) => format!("{:?}", error.kind()),
    };
    let words: Vec<String> = answers.iter().map(word).collect();
    assert_eq!(words[..6], ["OutOfTime", "outdated 2", "NotFound", "Invalid", "NotFound", "NotFound"]);
    assert!(words[6..].iter().all(|word| word == "Counted"), "{words:?}");
    assert_eq!(form(store, house, &world.sheet(0, "0", "staff")).await.unwrap().draft, Some(packed(DONE)));
    assert_eq!(world.tally(0, "staff").await.submitted, 30);
    assert_eq!(recount(store, house.scope(), world.survey).await.unwrap(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_breaks_one_transaction_breaks_no_other_form() {
    let world = of_people(40).await;
    let (store, house) = (&world.store, &house_itself());
    let mut tx = store.write().await.unwrap();
    let broken = "INSERT INTO forms (part, person, role, version, at, answers, draft)
         SELECT part, '7', 'staff', 0, 0, '', 'zz' FROM tallies WHERE role = 'staff'";
    sqlx::query(broken).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let all = (0..40).map(|number| sending(world.sheet(0, &number.to_string(), "staff"), &packed(DONE), 1));
    let answers = at_once(&Reception::new(store), all).await;
    let failed: Vec<usize> = (0..40).filter(|number| answers[*number].is_err()).collect();
    assert_eq!(failed, [7]);
    assert_eq!(answers[7].as_ref().unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(world.tally(0, "staff").await.submitted, 39);
    assert_eq!(recount(store, house.scope(), world.survey).await.unwrap(), 39);
}

#[tokio::test]
async fn whoever_comes_when_too_many_wait_is_asked_to_send_again() {
    let world = of_people(1).await;
    let reception = Reception::new(&world.store);
    let form = || sending(world.sheet(0, "0", "staff"), &packed(DONE), 1);
    // On one thread nobody is served before all of them have come.
    let many = (0..WAITING_FORMS_MAX + 1).map(|_| reception.submit(form()));
    let answers = futures_of(many).await;
    let again = answers.iter().filter(|answer| matches!(answer, Err(Error::SendAgain))).count();
    let counted = answers.iter().filter(|answer| matches!(answer, Ok(Sent::Counted))).count();
    assert_eq!((again, counted), (1, 1));
    assert_eq!(reception.submit(form()).await.unwrap(), Sent::Same);
}

/// Begins all of them before any is waited for.
async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut answers: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, answer) in futures.iter_mut().zip(&mut answers) {
            if let Some(running) = future
                && let std::task::Poll::Ready(done) = running.as_mut().poll(context)
            {
                (*answer, *future) = (Some(done), None);
            }
        }
        match answers.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(answers.drain(..).flatten().collect()),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

/// Who sends what, as which version.
fn sent() -> impl Strategy<Value = (usize, Packed, u64)> {
    let form = proptest::collection::vec(0..4_usize, 3)
        .prop_map(|codes| Packed::of(&codes.iter().map(|code| Answer::ALL[*code]).collect::<Vec<_>>()));
    (0..5_usize, form, 1..4_u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_comes_at_once_the_counts_are_those_of_the_forms_that_were_acknowledged(
        groups in proptest::collection::vec(proptest::collection::vec(sent(), 1..20), 1..4),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = of_people(5).await;
            let reception = Reception::new(&world.store);
            let mut latest: BTreeMap<usize, (u64, Packed)> = BTreeMap::new();
            for group in &groups {
                let forms = group.iter().map(|(person, answers, version)| {
                    sending(world.sheet(0, &person.to_string(), "staff"), answers, *version)
                });
                let answers = at_once(&reception, forms).await;
                for ((person, form, version), answer) in group.iter().zip(answers) {
                    match answer {
                        Ok(Sent::Counted) if latest.get(person).is_none_or(|(kept, _)| kept < version) => {
                            latest.insert(*person, (*version, form.clone()));
                        }
                        Ok(Sent::Counted | Sent::Same) | Err(Error::Outdated { .. }) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
            let expected = Tally { targets: Some(5), ..Tally::recount(3, &lanes(3), latest.values().map(|(_, form)| form)) };
            assert_eq!(world.tally(0, "staff").await, expected);
            let recounted = recount(&world.store, house_itself().scope(), world.survey).await;
            assert_eq!(recounted.unwrap(), latest.len() as u64);
        });
    }
}

/// How the process that is killed is told what to send where: the database, the survey, the organisation.
const TOLD: &str = "NOROSHI_TEST_SENDS_UNTIL_KILLED";
const KILLED_PEOPLE: usize = 3_000;
const SENDERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "what the test below runs in a process of its own, and kills"]
async fn sends_until_it_is_killed() {
    let Ok(told) = env::var(TOLD) else { return };
    let told: Vec<&str> = told.split(' ').collect();
    let [location, survey, organisation] = told[..] else { panic!("{told:?}") };
    let store = Store::open_at(&location.parse().unwrap(), Options::default()).await.unwrap();
    let reception = Reception::new(&store);
    let (survey, organisation) = (survey.parse().unwrap(), organisation.parse().unwrap());
    let senders = (0..SENDERS).map(|sender| {
        let reception = reception.clone();
        tokio::spawn(async move {
            for number in (sender..KILLED_PEOPLE).step_by(SENDERS) {
                let sheet = Sheet { survey, organisation, person: number.to_string(), role: "staff".into() };
                let sent = reception.submit(sending(sheet, &packed(MIXED), 1)).await.unwrap();
                assert_eq!(sent, Sent::Counted);
                let mut out = std::io::stdout().lock();
                writeln!(out, "\nacknowledged {number}").unwrap();
                out.flush().unwrap();
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_the_program_was_killed() {
    let world = of_people(KILLED_PEOPLE).await;
    let told = format!("{} {} {}", world.location(), world.survey, world.organisations[0]);
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "survey::tests::reception::sends_until_it_is_killed", "--ignored", "--nocapture"])
        .env(TOLD, told)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = BTreeSet::new();
    let note = |line: &str, acknowledged: &mut BTreeSet<usize>| {
        acknowledged
            .extend(line.trim().strip_prefix("acknowledged ").map(|number| number.parse::<usize>().unwrap()));
    };
    while acknowledged.len() < 300 {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended by itself");
        note(&line, &mut acknowledged);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    // The last line may have been cut where the process ended; what is whole ends with its line.
    rest.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .for_each(|line| note(line, &mut acknowledged));
    assert!(acknowledged.len() < KILLED_PEOPLE, "it was not killed in the middle");

    let (store, house) = (&world.store, &house_itself());
    for number in &acknowledged {
        let kept = form(store, house, &world.sheet(0, &number.to_string(), "staff")).await.unwrap();
        assert_eq!((kept.version, kept.answers), (1, Some(packed(MIXED))), "{number}");
    }
    let there = recount(store, house.scope(), world.survey).await.unwrap();
    assert!(there >= acknowledged.len() as u64, "{there} of {}", acknowledged.len());
    let verified = store::verify_audit(store).await.unwrap();
    assert!(matches!(verified, store::Verification::Whole { .. }), "{verified:?}");
    let reception = Reception::new(store);
    let again = at_once(
        &reception,
        (0..KILLED_PEOPLE)
            .map(|number| sending(world.sheet(0, &number.to_string(), "staff"), &packed(MIXED), 1)),
    );
    assert!(again.await.iter().all(|answer| matches!(answer, Ok(Sent::Counted | Sent::Same))));
    assert_eq!(recount(store, house.scope(), world.survey).await.unwrap(), KILLED_PEOPLE as u64);
}
