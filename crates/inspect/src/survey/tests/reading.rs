//! What pages ask of a survey: how far it is, the units of an organisation, and the forms behind personal links.

use base::{Right, Role};
use testkit::{actor, house_itself};

use super::world::{World, during, packed};
use super::{DONE, MIXED, close};
use crate::form::{Sent, save_draft, submit, withdraw};
use crate::progress::{overviews, sees_names, withdrawn};
use crate::unit::units;
use crate::{Error, ErrorKind, link};

#[tokio::test]
async fn a_survey_says_how_far_it_is_and_whose_forms_are_missing() {
    let world = World::open(&["1 staff, 2 staff", "1 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    let sheet = world.sheet(0, "1", "staff");
    submit(store, house, &sheet, &packed(DONE), 1, during()).await.unwrap();
    submit(store, house, &world.sheet(1, "1", "staff"), &packed(DONE), 1, during()).await.unwrap();
    let found = overviews(store, house.scope(), 9).await.unwrap();
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!((one.asked, one.answered, one.organisations, one.incomplete), (3, 2, 2, 1));
    let after = one.survey.terms.closes_at + jiff::SignedDuration::from_secs(1);
    assert_eq!((one.overdue(one.survey.terms.closes_at), one.overdue(after)), (0, 1));
    let [own, other] = world.organisations;
    let member = actor(Role::Ciso, [other]);
    let theirs = overviews(store, member.scope(), 9).await.unwrap();
    assert_eq!((theirs[0].asked, theirs[0].organisations, theirs[0].incomplete), (1, 1, 0));

    withdraw(store, house, &sheet, 2, during()).await.unwrap();
    save_draft(store, house, &world.sheet(0, "2", "staff"), &packed(MIXED), during()).await.unwrap();
    let taken_back = withdrawn(store, house.scope(), world.survey).await.unwrap();
    assert_eq!(taken_back.into_iter().collect::<Vec<_>>(), [(own, 1)], "a draft was never sent");
    assert!(withdrawn(store, member.scope(), world.survey).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_are_for_the_organisations_own_people_and_who_runs_inspections() {
    let world = World::open(&["1 staff"]).await;
    let [own, other] = world.organisations;
    for (role, subtree, sees) in [
        (Role::Ciso, vec![own], true),
        (Role::SectionManager, vec![own], true),
        (Role::Ciso, vec![other], false),
        (Role::Staff, vec![own], false),
        (Role::Inspector, vec![], true),
        (Role::Coordinator, vec![], false),
        (Role::Planner, vec![], false),
    ] {
        assert_eq!(sees_names(actor(role, subtree).scope(), own), sees, "{role}");
    }
}

#[tokio::test]
async fn the_units_of_an_organisation_add_up_to_its_counts() {
    let world = World::open(&[]).await;
    let (store, house) = (&world.store, &house_itself());
    let roster = "organisation,person,role,excluded,section\no0,1,staff,,総務部/会計課\no0,2,staff ciso,,総務部/文書課\n\
        o0,3,staff,,調査部\no0,4,staff,休職,調査部\no0,5,staff,,\n";
    world.import(roster).await;
    for (person, answers) in [("1", DONE), ("2", MIXED), ("3", MIXED)] {
        submit(store, house, &world.sheet(0, person, "staff"), &packed(answers), 1, during()).await.unwrap();
    }
    let own = world.organisations[0];
    let found = units(store, house.scope(), world.survey, own).await.unwrap();
    let seen = |unit: &crate::unit::Unit| {
        let tally = &unit.tallies["staff"];
        (unit.name.clone(), tally.targets, tally.submitted, tally.cells[1].not_done)
    };
    let expected = [("", 1, 0, 0), ("総務部", 2, 2, 1), ("調査部", 1, 1, 1)]
        .map(|(name, asked, sent, not)| (name.to_owned(), Some(asked), sent, not));
    assert_eq!(found.iter().map(seen).collect::<Vec<_>>(), expected);
    let whole = world.tally(0, "staff").await;
    let mut sum = crate::Tally { targets: Some(0), ..crate::Tally::new(3) };
    found.iter().for_each(|unit| sum.absorb(&unit.tallies["staff"]));
    assert_eq!(sum, whole);
    assert!(found[1].tallies.contains_key("ciso"));
    let member = actor(Role::Ciso, [world.organisations[1]]);
    let refused = units(store, member.scope(), world.survey, own).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn a_link_lets_its_person_answer_and_do_nothing_else() {
    let world = World::open(&["1 staff ciso, 2 staff"]).await;
    let (store, own) = (&world.store, world.organisations[0]);
    let ciso = actor(Role::Ciso, [own]);
    let made = link::make(store, &ciso, world.survey, own, None, during()).await.unwrap();
    assert_eq!(made.iter().map(|one| one.person.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let opened = link::open(store, &made[0].token).await.unwrap();
    assert_eq!(
        opened.forms.iter().map(|(sheet, _)| sheet.role.as_str()).collect::<Vec<_>>(),
        ["ciso", "staff"]
    );
    assert!(Right::ALL.iter().all(|right| !opened.holder.scope().has(*right)));
    let sheet = world.sheet(0, "1", "staff");
    let send = async |sheet: crate::form::Sheet| {
        submit(store, &opened.holder, &sheet, &packed(DONE), 1, during()).await
    };
    assert_eq!(send(sheet).await.unwrap(), Sent::Counted);
    for (organisation, person) in [(0, "2"), (1, "1")] {
        let theirs = world.sheet(organisation, person, "staff");
        let refused = send(theirs).await.unwrap_err();
        assert!(matches!(refused, Error::NotAsked { .. }), "{refused}");
    }
    assert_eq!(world.tally(0, "staff").await.submitted, 1);
    let again = link::open(store, &made[0].token).await.unwrap();
    assert!(again.forms[1].1.answers.is_some(), "the same link shows what was sent");

    let renewed = link::make(store, &ciso, world.survey, own, Some("1"), during()).await.unwrap();
    assert_eq!(renewed.len(), 1);
    assert!(matches!(link::open(store, &made[0].token).await, Err(Error::NoSuchLink)), "replaced");
    assert!(link::open(store, &made[1].token).await.is_ok(), "another person's is not");
    for wrong in ["", "x", &"0".repeat(64), &format!("{}0", made[1].token)] {
        assert!(matches!(link::open(store, wrong).await, Err(Error::NoSuchLink)), "{wrong}");
    }
    assert!(matches!(store::verify_audit(store).await.unwrap(), store::Verification::Whole { .. }));
}

#[tokio::test]
async fn a_link_ends_with_its_survey_and_with_its_person() {
    let world = World::open(&["1 staff, 2 staff"]).await;
    let (store, house, own) = (&world.store, &house_itself(), world.organisations[0]);
    let made = link::make(store, house, world.survey, own, None, during()).await.unwrap();
    world.import("organisation,person,role,excluded\no0,2,staff,休職\n").await;
    assert!(matches!(link::open(store, &made[1].token).await, Err(Error::NoSuchLink)), "not asked any more");
    let opened = link::open(store, &made[0].token).await.unwrap();
    let late = opened.survey.terms.closes_at + jiff::SignedDuration::from_secs(1);
    let sheet = &opened.forms[0].0;
    let sent = submit(store, &opened.holder, sheet, &packed(DONE), 1, late).await.unwrap();
    assert_eq!(sent, Sent::OutOfTime);
    close(store, house, world.survey, during()).await.unwrap();
    assert!(link::open(store, &made[0].token).await.is_ok(), "its holder is told that it is over");
    let refused = link::make(store, house, world.survey, own, None, during()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(world.tally(0, "staff").await.submitted, 0);
}

#[tokio::test]
async fn only_who_runs_inspections_there_makes_links_and_accounts_need_none() {
    let world = World::open(&["1 staff"]).await;
    let (store, own) = (&world.store, world.organisations[0]);
    let account = base::Id::<base::Account>::from_digest([9; 16]);
    world.import(&format!("organisation,person,role,excluded,account\no0,2,staff,,{account}\n")).await;
    for role in [Role::Staff, Role::SectionManager] {
        let refused =
            link::make(store, &actor(role, [own]), world.survey, own, None, during()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Denied);
    }
    let made = link::make(store, &house_itself(), world.survey, own, None, during()).await.unwrap();
    assert_eq!(made.iter().map(|one| one.person.as_str()).collect::<Vec<_>>(), ["1"]);
}
