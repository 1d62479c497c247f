//! Surveys from their making to their end, on either engine.

mod measure;
mod reading;
mod reception;
pub(crate) mod world;

use std::collections::BTreeMap;
use std::io::Write as _;

use base::{Right, Role};
use proptest::prelude::*;
use testkit::{actor, house_itself};

use self::world::{CLOSED, World, during, packed};
use super::{State, close, open, survey, surveys};
use crate::answer::{Answer, Packed, lanes};
use crate::count::{counts, recount, unanswered};
use crate::form::{Sent, form, own, save_draft, submit, withdraw};
use crate::roster::{Fate, Fates, import, rehearse};
use crate::upload::{Uploaded, upload};
use crate::{Error, ErrorKind, Formula, Tally, coverage, implementation};

const DONE: &[Answer] = &[Answer::Done, Answer::Done, Answer::Done];
const MIXED: &[Answer] = &[Answer::Done, Answer::NotDone, Answer::NoDuty];

#[tokio::test]
async fn a_survey_goes_from_its_making_to_its_end_and_keeps_what_it_asked() {
    let world = World::drafted().await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    let (found, asked) = survey(store, house.scope(), id).await.unwrap();
    assert_eq!((found.state, &asked), (State::Drafted, &world.catalogue));
    let sheet = world.sheet(0, "1", "staff");
    world.enrol(0, "1 staff").await;
    assert!(matches!(
        save_draft(store, house, &sheet, &packed(DONE), during()).await,
        Err(Error::WrongState(State::Drafted))
    ));
    let early = submit(store, house, &sheet, &packed(DONE), 1, during()).await;
    assert!(matches!(early, Err(Error::WrongState(State::Drafted))), "{early:?}");
    assert_eq!(form(store, house, &sheet).await.unwrap().draft, None);

    open(store, house, id, during()).await.unwrap();
    assert!(matches!(open(store, house, id, during()).await, Err(Error::WrongState(State::Open))));
    assert_eq!(submit(store, house, &sheet, &packed(DONE), 1, during()).await.unwrap(), Sent::Counted);
    close(store, house, id, during()).await.unwrap();
    assert_eq!(survey(store, house.scope(), id).await.unwrap().0.state, State::Closed);
    assert!(matches!(withdraw(store, house, &sheet, 2, during()).await, Err(Error::OutOfTime(_))));
    assert_eq!(submit(store, house, &sheet, &packed(DONE), 1, during()).await.unwrap(), Sent::Same);
    let late = submit(store, house, &sheet, &packed(MIXED), 2, during()).await;
    assert!(matches!(late, Err(Error::WrongState(State::Closed))), "{late:?}");
    assert_eq!(form(store, house, &sheet).await.unwrap().draft, None);
    let upload =
        upload(store, house, id, "organisation,person,role,item,answer\n".as_bytes(), during()).await;
    assert_eq!(upload.unwrap_err().kind(), ErrorKind::Conflict);
    let verified = store::verify_audit(store).await.unwrap();
    assert!(matches!(verified, store::Verification::Whole { .. }), "{verified:?}");
}

#[tokio::test]
async fn a_form_sent_twice_counts_once_and_a_newer_one_takes_its_place() {
    let world = World::open(&["1 staff, 2 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    let sheet = world.sheet(0, "1", "staff");
    let send =
        async |answers, version| submit(store, house, &sheet, &packed(answers), version, during()).await;
    save_draft(store, house, &sheet, &packed(MIXED), during()).await.unwrap();
    assert_eq!(world.tally(0, "staff").await.submitted, 0);
    assert_eq!(withdraw(store, house, &sheet, 1, during()).await.unwrap(), Sent::Same, "nothing was sent");
    assert!(matches!(withdraw(store, house, &sheet, 2, during()).await, Err(Error::Outdated { kept: 0 })));
    assert_eq!(form(store, house, &sheet).await.unwrap().version, 0);

    assert_eq!(send(MIXED, 1).await.unwrap(), Sent::Counted);
    assert_eq!(send(MIXED, 1).await.unwrap(), Sent::Same);
    let once = world.tally(0, "staff").await;
    assert_eq!((once.targets, once.submitted, once.cells[0].done), (Some(2), 1, 1));
    assert!(matches!(send(DONE, 1).await, Err(Error::Outdated { kept: 1 })));
    assert!(matches!(send(DONE, 3).await, Err(Error::Outdated { kept: 1 })));
    assert_eq!(send(DONE, 2).await.unwrap(), Sent::Counted);
    let replaced = world.tally(0, "staff").await;
    assert_eq!(replaced.submitted, 1);
    assert_eq!(implementation(&replaced, Formula::default()).rounded(100), Some(100));
    assert_eq!(coverage(&replaced, Formula::default()).rounded(100), Some(50));

    assert_eq!(withdraw(store, house, &sheet, 3, during()).await.unwrap(), Sent::Counted);
    for again in [3, 4] {
        assert_eq!(withdraw(store, house, &sheet, again, during()).await.unwrap(), Sent::Same);
    }
    assert_eq!(world.tally(0, "staff").await.submitted, 0);
    let kept = form(store, house, &sheet).await.unwrap();
    assert_eq!((kept.version, kept.answers, kept.draft), (3, None, Some(packed(DONE))));
    assert!(matches!(send(&DONE[..2], 4).await, Err(Error::Malformed { field: "answers", .. })));
}

#[tokio::test]
async fn an_answer_after_the_end_is_kept_and_not_counted() {
    let world = World::open(&["1 staff"]).await;
    let (store, house, sheet) = (&world.store, &house_itself(), world.sheet(0, "1", "staff"));
    let late = CLOSED.parse::<base::Timestamp>().unwrap() + std::time::Duration::from_micros(1);
    let sent = submit(store, house, &sheet, &packed(DONE), 1, late).await.unwrap();
    assert_eq!(sent, Sent::OutOfTime);
    assert_eq!(form(store, house, &sheet).await.unwrap().draft, Some(packed(DONE)));
    assert_eq!(world.tally(0, "staff").await.submitted, 0);
    let last = CLOSED.parse().unwrap();
    assert_eq!(submit(store, house, &sheet, &packed(DONE), 1, last).await.unwrap(), Sent::Counted);
}

#[tokio::test]
async fn somebody_answers_their_own_form_and_knows_of_no_other() {
    let world = World::drafted().await;
    let staff = actor(Role::Staff, [world.organisations[0]]);
    let account = staff.account().unwrap();
    let csv = format!(
        "organisation,person,role,excluded,account\no0,1,staff ciso,,{account}\no0,2,staff,,\no1,1,staff,,\n"
    );
    world.import(&csv).await;
    let (store, id) = (&world.store, world.survey);
    assert_eq!(surveys(store, staff.scope()).await.unwrap(), []);
    let early = form(store, &staff, &world.sheet(0, "1", "staff")).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::NotFound, "what nobody may know of yet has no form");
    open(store, &house_itself(), id, during()).await.unwrap();

    let forms: Vec<_> = own(store, &staff).await.unwrap().into_iter().map(|(sheet, _)| sheet).collect();
    assert_eq!(forms, [world.sheet(0, "1", "ciso"), world.sheet(0, "1", "staff")]);
    assert_eq!(submit(store, &staff, &forms[1], &packed(DONE), 1, during()).await.unwrap(), Sent::Counted);
    for stranger in [
        world.sheet(0, "2", "staff"),
        world.sheet(1, "1", "staff"),
        world.sheet(0, "1", "nobody"),
        world.sheet(0, "9", "staff"),
    ] {
        let error = submit(store, &staff, &stranger, &packed(DONE), 1, during()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{stranger:?}");
    }
    assert_eq!(counts(store, staff.scope(), id).await.unwrap(), []);
    let listed = unanswered(store, staff.scope(), id, world.organisations[0], "", 10).await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn an_officer_sees_and_changes_their_own_organisation_only() {
    let world = World::open(&["1 staff, 2 staff", "1 staff"]).await;
    let (store, id) = (&world.store, world.survey);
    let officer = actor(Role::Csirt, [world.organisations[1]]);
    let seen = counts(store, officer.scope(), id).await.unwrap();
    assert_eq!(seen.iter().map(|one| one.organisation).collect::<Vec<_>>(), [world.organisations[1]]);
    let csv = "organisation,person,role,excluded\no0,3,staff,\no1,3,staff,\n";
    let fates = import(store, &officer, id, csv.as_bytes(), &mut |_| {}, during()).await.unwrap();
    assert_eq!(fates, Fates { new: 1, wrong: 1, ..Fates::default() });
    assert_eq!(world.tally(0, "staff").await.targets, Some(2));
    let foreign = "organisation,person,role,item,answer\no0,1,staff,S-1,done\n";
    let refused = upload(store, &officer, id, foreign.as_bytes(), during()).await.unwrap_err();
    assert_eq!(refused.to_string(), "row 2: organisation: \"o0\" is no organisation here");
    for refused in [
        close(store, &officer, id, during()).await.unwrap_err(),
        recount(store, officer.scope(), id).await.unwrap_err(),
        super::create(store, &officer, &world::terms(), &world.catalogue, during()).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Denied);
    }
    assert!(!officer.scope().everywhere(Right::KeepInspection));
}

#[tokio::test]
async fn every_row_of_a_roster_has_its_fate_and_a_rehearsal_says_the_same() {
    let world = World::open(&["1 staff, 2 staff, 3 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    let answered = world.sheet(0, "3", "staff");
    submit(store, house, &answered, &packed(DONE), 1, during()).await.unwrap();
    let csv = "organisation,person,role,excluded,section,language\n\
        o0,1,staff,,,\n\
        o0,2,staff ciso,,総務部/会計課,en\n\
        o0,3,staff,long leave,,\n\
        o0,4,staff,long leave,,\n\
        o0,4,staff,,,\n\
        o0,5,minister,,,\n\
        o0,,staff,,,\n\
        o9,1,staff,,,\n\
        o0,6,staff,,,fr\n\
        o0,7,staff\n\
        o1,1,ciso,,,\n";
    let expected = [
        "same",
        "changed",
        "excluded: has answered as staff and stays among those who are asked",
        "new",
        "person: \"4\" stands in row 5 already",
        "role: \"minister\" is asked nothing in this survey",
        "person: is empty",
        "organisation: \"o9\" is no organisation here",
        "language: \"fr\" is not a language here; ja or en is",
        "row: has 3 values, the header has 6",
        "new",
    ];
    let word = |fate: &Fate| match fate {
        Fate::New => "new".to_owned(),
        Fate::Changed => "changed".to_owned(),
        Fate::Same => "same".to_owned(),
        Fate::Wrong { column, reason } => format!("{column}: {reason}"),
    };
    let before = counts(store, house.scope(), world.survey).await.unwrap();
    let mut rehearsed = Vec::new();
    rehearse(store, house, world.survey, csv.as_bytes(), &mut |row| rehearsed.push(row.clone()))
        .await
        .unwrap();
    assert_eq!(rehearsed.iter().map(|row| word(&row.fate)).collect::<Vec<_>>(), expected);
    assert_eq!(rehearsed.iter().map(|row| row.row).collect::<Vec<_>>(), (2..=12).collect::<Vec<_>>());
    assert_eq!(counts(store, house.scope(), world.survey).await.unwrap(), before);

    let mut done = Vec::new();
    let mut each = |row: &crate::roster::Row| done.push(row.clone());
    import(store, house, world.survey, csv.as_bytes(), &mut each, during()).await.unwrap();
    assert_eq!(done, rehearsed);
    let tally = world.tally(0, "staff").await;
    assert_eq!((tally.targets, tally.excluded, tally.submitted), (Some(3), 1, 1));
    assert_eq!(world.tally(0, "ciso").await.targets, Some(1));
    assert_eq!(world.tally(1, "ciso").await.targets, Some(1));
    assert_eq!(recount(store, house.scope(), world.survey).await.unwrap(), 1);

    let again = world.import(csv).await;
    assert_eq!((again.new, again.changed), (0, 0));
    let excluded = world.sheet(0, "4", "staff");
    let refused = submit(store, house, &excluded, &packed(DONE), 1, during()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_trail_of_a_roster_names_nobody_and_is_a_members_only_when_it_is_about_nobody_else() {
    let world = World::drafted().await;
    let house = house_itself();
    let last = async || {
        let filter = store::AuditFilter { action: Some("survey.roster".into()), ..Default::default() };
        let page = store::audit_page(&world.store, house.scope(), &filter, 1, None).await.unwrap();
        page.entries[0].line.clone()
    };
    world
        .import("organisation,person,role,excluded\no0,山田太郎,minister,\no0,佐藤花子,staff,\no1,1,staff,\n")
        .await;
    let both = last().await;
    assert_eq!(both.detail["wrong"], serde_json::json!([{ "row": 2, "column": "role" }]));
    assert_eq!((both.detail["rows"]["new"].as_u64(), both.concerns), (Some(2), vec![]));
    world.import("organisation,person,role,excluded\no0,佐藤花子,staff,\no1,1,staff ciso,\n").await;
    assert_eq!(last().await.concerns, [world.organisations[1]]);
    world.import("organisation,person,role,excluded\no1,1,staff ciso,\n").await;
    assert_eq!(last().await.concerns, []);
}

#[tokio::test]
async fn a_row_that_is_no_text_is_named_and_takes_no_other_with_it() {
    let world = World::drafted().await;
    let csv =
        b"organisation,person,role,excluded\no0,\xff,staff,\no0,1,staff,\n\"o0\",\"2\",\"staff\",\"\"\n";
    let mut rows = Vec::new();
    let (store, house) = (&world.store, &house_itself());
    let fates =
        import(store, house, world.survey, &csv[..], &mut |row| rows.push(row.clone()), during()).await;
    assert_eq!(fates.unwrap(), Fates { new: 2, wrong: 1, ..Fates::default() });
    let wrong = Fate::Wrong { column: "row", reason: "is not UTF-8".into() };
    assert_eq!((rows[0].row, &rows[0].fate), (2, &wrong));
    let headless = rehearse(store, house, world.survey, "o0,1,staff,\n".as_bytes(), &mut |_| {}).await;
    assert_eq!(headless.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn those_who_have_not_answered_are_listed_page_by_page() {
    let world = World::open(&["1 staff ciso, 2 staff, 3 staff", "1 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    submit(store, house, &world.sheet(0, "1", "staff"), &packed(DONE), 1, during()).await.unwrap();
    submit(store, house, &world.sheet(0, "3", "staff"), &packed(DONE), 1, during()).await.unwrap();
    save_draft(store, house, &world.sheet(0, "2", "staff"), &packed(DONE), during()).await.unwrap();
    let page = async |after: &str| {
        let found = unanswered(store, house.scope(), world.survey, world.organisations[0], after, 1).await;
        found.unwrap().into_iter().map(|one| (one.person, one.role, one.begun)).collect::<Vec<_>>()
    };
    assert_eq!(page("").await, [("1".to_owned(), "ciso".to_owned(), false)]);
    assert_eq!(page("1").await, [("2".to_owned(), "staff".to_owned(), true)]);
    assert_eq!(page("2").await, []);
}

#[tokio::test]
async fn a_file_of_answers_counts_as_a_whole_or_not_at_all() {
    let world = World::open(&["1 staff, 2 staff", "1 staff"]).await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    let send = async |rows: &str| {
        let csv = format!("organisation,person,role,item,answer\n{rows}");
        upload(store, house, id, csv.as_bytes(), during()).await
    };
    let wrong = "o0,1,staff,S-1,done\no0,9,staff,S-1,done\no0,1,staff,X-9,done\no0,1,ciso,C-1,done\n";
    let Err(Error::Rows(rows)) = send(wrong).await else { panic!("it was taken") };
    assert_eq!(rows[0].to_string(), "row 2: item: \"X-9\" is not asked of this role");
    let Err(Error::Rows(rows)) = send("o0,1,staff,S-1,done\no0,9,staff,S-1,done\no0,1,ciso,C-1,done\n").await
    else {
        panic!("it was taken")
    };
    let reasons: Vec<_> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        ["row 3: person: \"9\" is not asked as staff", "row 4: person: \"1\" is not asked as ciso"]
    );
    assert_eq!(world.tally(0, "staff").await.submitted, 0);

    let right = "o0,1,staff,S-3,no_duty\no1,1,staff,S-1,done\no0,1,staff,S-1,実施\no0,2,staff,S-2,not_done\n";
    let first = Uploaded { counted: 3, ..Uploaded::default() };
    assert_eq!(send(right).await.unwrap(), first);
    assert_eq!(send(right).await.unwrap(), Uploaded { same: 3, ..Uploaded::default() });
    let sheet = world.sheet(0, "1", "staff");
    let kept = form(store, house, &sheet).await.unwrap();
    assert_eq!(kept.answers, Some(packed(&[Answer::Done, Answer::Blank, Answer::NoDuty])));
    save_draft(store, house, &sheet, &packed(MIXED), during()).await.unwrap();
    let newer = send("o0,1,staff,S-1,done\n").await.unwrap();
    assert_eq!(newer, Uploaded { replaced: 1, ..Uploaded::default() });
    assert_eq!(form(store, house, &sheet).await.unwrap().draft, Some(packed(MIXED)));
    assert_eq!(recount(store, house.scope(), id).await.unwrap(), 3);
}

#[tokio::test]
async fn a_survey_whose_counts_are_not_those_of_its_answers_is_not_closed() {
    let world = World::open(&["1 staff, 2 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    submit(store, house, &world.sheet(0, "1", "staff"), &packed(DONE), 1, during()).await.unwrap();
    let mut tx = store.write().await.unwrap();
    let forged = Tally::recount(3, &lanes(3), [&packed(MIXED)]).written();
    sqlx::query("UPDATE tallies SET counts = $1").bind(forged).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let refused = close(store, house, world.survey, during()).await.unwrap_err();
    assert!(matches!(&refused, Error::CountsDiffer { role, .. } if role == "staff"), "{refused}");
    assert_eq!(survey(store, house.scope(), world.survey).await.unwrap().0.state, State::Open);
}

#[tokio::test]
async fn a_form_that_would_be_counted_nowhere_is_not_taken() {
    let world = World::open(&["1 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    let mut tx = store.write().await.unwrap();
    sqlx::query("DELETE FROM tallies").execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
    let sheet = world.sheet(0, "1", "staff");
    let refused = submit(store, house, &sheet, &packed(DONE), 1, during()).await.unwrap_err();
    assert!(matches!(refused, Error::Store(store::Error::Damaged { .. })), "{refused}");
    assert_eq!(form(store, house, &sheet).await.unwrap().version, 0);
    let mut tx = store.write().await.unwrap();
    let nowhere = crate::sql::put_counts(tx.connection(), 1, "staff", &Tally::new(3)).await;
    assert!(matches!(nowhere, Err(Error::Store(store::Error::Damaged { .. }))));
}

#[tokio::test]
async fn a_survey_that_asks_more_of_one_role_than_a_form_holds_is_not_made() {
    let world = World::drafted().await;
    let mut catalogue = world.catalogue.clone();
    let item = catalogue.items[1].clone();
    catalogue.items.extend(std::iter::repeat_n(item, crate::ITEMS_MAX - 2));
    let make = async |catalogue: &crate::catalogue::Catalogue| {
        super::create(&world.store, &house_itself(), &world::terms(), catalogue, during()).await
    };
    let refused = make(&catalogue).await.unwrap_err();
    assert_eq!(refused.to_string(), "there are more than 1024 items of one role");
    catalogue.items.pop();
    make(&catalogue).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_submissions_at_once_lose_nothing() {
    const PEOPLE: usize = 120;
    let people: Vec<String> = (0..PEOPLE).map(|number| format!("{number} staff")).collect();
    let world = std::sync::Arc::new(World::open(&[&people.join(", ")]).await);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let world = world.clone();
            tokio::spawn(async move {
                // Two tasks send each form; one of the two is told that it was there already, or that a newer one is.
                for number in (0..PEOPLE).filter(|number| number % 4 == task % 4) {
                    let sheet = world.sheet(0, &number.to_string(), "staff");
                    let sent =
                        submit(&world.store, &house_itself(), &sheet, &packed(MIXED), 1, during()).await;
                    assert!(matches!(sent, Ok(Sent::Counted | Sent::Same)), "{sent:?}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let tally = world.tally(0, "staff").await;
    assert_eq!((tally.submitted, tally.cells[1].not_done), (PEOPLE as u64, PEOPLE as u64));
    assert_eq!(recount(&world.store, house_itself().scope(), world.survey).await.unwrap(), PEOPLE as u64);
}

#[tokio::test]
async fn a_name_that_cannot_be_seen_is_nobodys() {
    let world = World::open(&["1 staff, 2 staff"]).await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    for (rows, wrong) in [
        ("o0,1\0,staff,S-1,done\n", "row 2: person: holds a control character"),
        ("o0\u{7},1,staff,S-1,done\n", "row 2: organisation: holds a control character"),
        ("o0,1,sta\0ff,S-1,done\n", "row 2: role: holds a control character"),
        ("o0,1,staff,S-\u{1b}1,done\n", "row 2: item: holds a control character"),
    ] {
        let csv = format!("organisation,person,role,item,answer\n{rows}");
        let refused = upload(store, house, id, csv.as_bytes(), during()).await.unwrap_err();
        assert_eq!(refused.to_string(), wrong);
    }
    for stranger in [world.sheet(0, "1\0", "staff"), world.sheet(0, "1", "sta\0ff")] {
        assert_eq!(form(store, house, &stranger).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let after = unanswered(store, house.scope(), id, world.organisations[0], "1\0", 10).await.unwrap();
    assert_eq!(after.iter().map(|one| one.person.as_str()).collect::<Vec<_>>(), ["2"]);
}

/// A file that comes slowly: while it is being read, somebody else writes.
struct Slow<'f> {
    store: store::Store,
    rest: &'f [u8],
    somebody_wrote: bool,
}

impl<'f> Slow<'f> {
    fn of(world: &World, file: &'f str) -> Self {
        Self { store: world.store.clone(), rest: file.as_bytes(), somebody_wrote: false }
    }
}

impl std::io::Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if !std::mem::replace(&mut self.somebody_wrote, true) {
            let somebody = tokio::time::timeout(std::time::Duration::from_secs(5), self.store.write());
            let here = tokio::runtime::Handle::current();
            let wrote = tokio::task::block_in_place(|| here.block_on(somebody));
            wrote.map_err(|_| std::io::Error::other("somebody else waited for the file"))?.unwrap();
        }
        self.rest.read(into)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_writes_waits_for_somebody_elses_file() {
    let world = World::open(&["1 staff"]).await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    let roster = "organisation,person,role,excluded\no0,1,staff,\no0,2,staff,\n";
    let fates = import(store, house, id, Slow::of(&world, roster), &mut |_| {}, during()).await.unwrap();
    assert_eq!(fates, Fates { new: 1, same: 1, ..Fates::default() });
    let answers = "organisation,person,role,item,answer\no0,2,staff,S-1,done\n";
    assert_eq!(upload(store, house, id, Slow::of(&world, answers), during()).await.unwrap().counted, 1);
}

/// What somebody does with the form of one of four people.
#[derive(Clone, Debug)]
enum Act {
    Submit(usize, Packed),
    Upload(usize, Packed),
    Withdraw(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let form = proptest::collection::vec(0..4_usize, 3)
        .prop_map(|codes| Packed::of(&codes.iter().map(|code| Answer::ALL[*code]).collect::<Vec<_>>()));
    prop_oneof![
        4 => (0..4_usize, form.clone()).prop_map(|(person, form)| Act::Submit(person, form)),
        1 => (0..4_usize, form).prop_map(|(person, form)| Act::Upload(person, form)),
        2 => (0..4_usize).prop_map(Act::Withdraw),
    ]
}

/// Does it, and says what counts afterwards, as somebody with paper forms would.
async fn play(acts: &[Act]) -> (World, BTreeMap<usize, Packed>) {
    let world = World::open(&["0 staff, 1 staff", "2 staff, 3 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    let mut paper = BTreeMap::new();
    for act in acts {
        let (Act::Submit(person, _) | Act::Upload(person, _) | Act::Withdraw(person)) = act;
        let sheet = world.sheet(person / 2, &person.to_string(), "staff");
        let next = form(store, house, &sheet).await.unwrap().version + 1;
        match act {
            Act::Submit(person, answers) => {
                submit(store, house, &sheet, answers, next, during()).await.unwrap();
                paper.insert(*person, answers.clone());
            }
            Act::Upload(person, answers) => {
                let mut csv = b"organisation,person,role,item,answer\n".to_vec();
                for (number, answer) in answers.iter().enumerate() {
                    writeln!(csv, "o{},{person},staff,S-{},{answer}", person / 2, number + 1).unwrap();
                }
                upload(store, house, world.survey, &csv[..], during()).await.unwrap();
                paper.insert(*person, answers.clone());
            }
            Act::Withdraw(person) => {
                withdraw(store, house, &sheet, next, during()).await.unwrap();
                paper.remove(person);
            }
        }
    }
    (world, paper)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_sent_replaced_and_withdrawn_the_counts_are_those_of_the_answers(
        acts in proptest::collection::vec(act(), 0..24),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (world, paper) = play(&acts).await;
            for organisation in 0..2 {
                let forms: Vec<&Packed> =
                    paper.iter().filter(|(person, _)| *person / 2 == organisation).map(|(_, form)| form).collect();
                let expected = Tally { targets: Some(2), ..Tally::recount(3, &lanes(3), forms) };
                assert_eq!(world.tally(organisation, "staff").await, expected);
            }
            let recounted = recount(&world.store, house_itself().scope(), world.survey).await;
            assert_eq!(recounted.unwrap(), paper.len() as u64);
            close(&world.store, &house_itself(), world.survey, during()).await.unwrap();
        });
    }
}
