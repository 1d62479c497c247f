//! Findings from their raising to their close, on either engine.

use base::{Finding as Kind, Id, Role, Signal, Timestamp};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use store::Store;
use testkit::{actor, house_itself};

use super::*;
use crate::ErrorKind;
use crate::answer::Answer;
use crate::count::failed;
use crate::form::submit;
use crate::survey::tests::world::{World, during, packed};

const DUE: Date = date(2026, 12, 31);

fn now() -> Timestamp {
    during()
}

fn days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

async fn raised(world: &World, organisation: usize, due: Date) -> Id<Kind> {
    let title = Words { ja: "共用アカウントの廃止".into(), en: "Shared accounts are to go".into() };
    let new = New {
        organisation: world.organisations[organisation],
        source: Source::Audit,
        about: "令和8年度監査 3-2",
        title: &title,
        gravity: Gravity::Nonconformity,
        owner: "山田太郎",
        due,
        evidence: "台帳 12頁",
    };
    raise(&world.store, &house_itself(), &new, now()).await.unwrap()
}

async fn states(store: &Store, id: Id<Kind>) -> (State, Vec<Act>) {
    let (found, steps) = finding(store, house_itself().scope(), id).await.unwrap();
    (found.state, steps.iter().map(|step| step.act).collect())
}

#[tokio::test]
async fn a_finding_is_answered_verified_by_somebody_else_and_closed() {
    let world = World::drafted().await;
    let store = &world.store;
    let id = raised(&world, 0, DUE).await;
    let csirt = actor(Role::Csirt, [world.organisations[0]]);
    let inspector = actor(Role::Inspector, []);
    let (first, steps) = finding(store, csirt.scope(), id).await.unwrap();
    assert_eq!(
        (first.number.as_str(), first.state, first.owner.as_str()),
        ("o0-F1", State::Open, "山田太郎")
    );
    assert_eq!((steps[0].evidence.as_str(), steps[0].actor_name.as_str()), ("台帳 12頁", "test"));

    let early = verify(store, &inspector, id, "", now()).await.unwrap_err();
    assert!(matches!(early, Error::FindingIs(State::Open)), "{early}");
    let silent = answer(store, &csirt, id, " ", "", now()).await.unwrap_err();
    assert_eq!(silent.kind(), ErrorKind::Invalid);
    answer(store, &csirt, id, "個人別のアカウントに改めた", "申請書 第12号", now()).await.unwrap();
    let own = verify(store, &csirt, id, "", now()).await.unwrap_err();
    assert!(matches!(own, Error::OwnAnswer(_)) && own.kind() == ErrorKind::Denied, "{own}");
    verify(store, &inspector, id, "実地に確認", now()).await.unwrap();
    close(store, &inspector, id, "", days(30)).await.unwrap();
    let (last, steps) = finding(store, csirt.scope(), id).await.unwrap();
    assert_eq!((last.state, last.closed_at, last.age_days(days(90))), (State::Closed, Some(days(30)), 30));
    assert_eq!(steps[1].evidence, "申請書 第12号");

    reopen(store, &inspector, id, "再発した", date(2027, 1, 31), days(40)).await.unwrap();
    let again = finding(store, csirt.scope(), id).await.unwrap().0;
    assert_eq!((again.state, again.closed_at, again.answered_by.as_str()), (State::Reopened, None, ""));
    assign(store, &csirt, id, "会計課", date(2027, 2, 28), days(41)).await.unwrap();
    answer(store, &inspector, id, "再度改めた", "", days(42)).await.unwrap();
    verify(store, &csirt, id, "", days(43)).await.unwrap();
    use Act::{Answer, Assign, Close, Raise, Reopen, Verify};
    let expected = vec![Raise, Answer, Verify, Close, Reopen, Assign, Answer, Verify];
    assert_eq!(states(store, id).await, (State::Verified, expected));
    let verified = store::verify_audit(store).await.unwrap();
    assert!(matches!(verified, store::Verification::Whole { .. }), "{verified:?}");
}

#[tokio::test]
async fn nobody_sees_or_changes_the_findings_of_others() {
    let world = World::drafted().await;
    let store = &world.store;
    let (own, other) = (raised(&world, 1, DUE).await, raised(&world, 0, DUE).await);
    let csirt = actor(Role::Csirt, [world.organisations[1]]);
    let ids = |page: (Vec<Finding>, Option<After>)| page.0.iter().map(|one| one.id).collect::<Vec<_>>();
    let listed = list(store, csirt.scope(), &Filter::default(), None, 9, now()).await.unwrap();
    assert_eq!(ids(listed), [own]);
    let asked = Filter { organisation: Some(world.organisations[0]), ..Filter::default() };
    assert_eq!(ids(list(store, csirt.scope(), &asked, None, 9, now()).await.unwrap()), []);
    assert_eq!(board(store, csirt.scope(), now()).await.unwrap().len(), 1);
    assert_eq!(finding(store, csirt.scope(), other).await.unwrap_err().kind(), ErrorKind::NotFound);
    for refused in [
        answer(store, &csirt, other, "x", "", now()).await,
        assign(store, &csirt, other, "x", DUE, now()).await,
        reopen(store, &csirt, other, "x", DUE, now()).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let reader = actor(Role::Planner, []);
    assert_eq!(answer(store, &reader, own, "x", "", now()).await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(board(store, actor(Role::Staff, [world.organisations[1]]).scope(), now()).await.unwrap(), []);
    let foreign = New {
        organisation: world.organisations[0],
        source: Source::Audit,
        about: "",
        title: &Words { ja: "題".into(), en: "title".into() },
        gravity: Gravity::Observation,
        owner: "",
        due: DUE,
        evidence: "",
    };
    assert_eq!(raise(store, &csirt, &foreign, now()).await.unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn a_board_counts_what_is_open_due_soon_and_overdue() {
    let world = World::drafted().await;
    let (store, house) = (&world.store, &house_itself());
    // 10 December in Japan: the day itself is in time, and the fourteenth day after it is soon.
    let all = [date(2026, 12, 9), date(2026, 12, 10), date(2026, 12, 24), date(2026, 12, 25)];
    let mut ids = Vec::new();
    for due in all {
        ids.push(raised(&world, 0, due).await);
    }
    let timings = async |at| {
        let mut timings = Vec::new();
        for id in &ids {
            timings.push(finding(store, house.scope(), *id).await.unwrap().0.timing(at));
        }
        timings
    };
    use Timing::{InTime, Overdue, Soon};
    assert_eq!(timings(now()).await, [Some(Overdue), Some(Soon), Some(Soon), Some(InTime)]);
    let seen = board(store, house.scope(), now()).await.unwrap();
    let expected = Board {
        organisation: world.organisations[0],
        open: 4,
        soon: 2,
        overdue: 1,
        answered: 0,
        verified: 0,
        closed: 0,
        oldest_at: Some(now()),
    };
    assert_eq!(seen, [expected]);
    for (timing, count) in [(Overdue, 1), (Soon, 2), (InTime, 1)] {
        let filter = Filter { timing: Some(timing), ..Filter::default() };
        let found = list(store, house.scope(), &filter, None, 9, now()).await.unwrap().0;
        assert_eq!(found.len(), count, "{timing}");
        assert!(found.iter().all(|one| one.timing(now()) == Some(timing)), "{timing}");
    }
    answer(store, &actor(Role::Ciso, [world.organisations[0]]), ids[0], "x", "", now()).await.unwrap();
    let answered = board(store, house.scope(), now()).await.unwrap()[0];
    assert_eq!((answered.open, answered.overdue, answered.answered), (3, 0, 1));

    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = list(store, house.scope(), &Filter::default(), after, 1, now()).await.unwrap();
        found.extend(page.0.iter().map(|one| one.due));
        after = match page.1 {
            Some(next) => Some(next.to_string().parse().unwrap()),
            None => break,
        };
    }
    assert_eq!(found, all);
}

/// A closed survey in which one of three at `o0` does S-2, and everybody at `o1` does everything.
async fn closed() -> World {
    let world = World::open(&["1 staff, 2 staff, 3 staff ciso", "1 staff"]).await;
    let (store, house) = (&world.store, &house_itself());
    use Answer::{Blank, Done, NoDuty, NotDone};
    for (organisation, person, answers) in [
        (0, "1", [Done, Done, NoDuty]),
        (0, "2", [Done, NotDone, NoDuty]),
        (0, "3", [Done, Blank, NoDuty]),
        (1, "1", [Done, Done, Done]),
    ] {
        let sheet = world.sheet(organisation, person, "staff");
        submit(store, house, &sheet, &packed(&answers), 1, now()).await.unwrap();
    }
    world
}

const WEAK: Weak = Weak { below_percent: WEAK_BELOW_PERCENT, gravity: Gravity::Observation, due: DUE };

#[tokio::test]
async fn weak_items_of_a_closed_survey_become_findings_once() {
    let world = closed().await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    let early = raise_weak(store, house, id, WEAK, now()).await.unwrap_err();
    assert!(matches!(early, Error::WrongState(crate::survey::State::Open)), "{early}");
    crate::survey::close(store, house, id, now()).await.unwrap();
    let first = raise_weak(store, house, id, WEAK, now()).await.unwrap();
    assert_eq!(
        first,
        Raised { raised: 1, known: 0 },
        "S-3 was nobody's duty, and C-1 was answered by nobody"
    );
    let found = list(store, house.scope(), &Filter::default(), None, 9, now()).await.unwrap().0.remove(0);
    assert_eq!(found.item(), Some((id, "staff", "S-2")));
    assert_eq!((found.organisation, found.about), (world.organisations[0], format!("{id}/staff/S-2")));
    assert_eq!(finding(store, house.scope(), found.id).await.unwrap().1[0].evidence, "1 / 3");
    // Three people's answers are for who could open their forms.
    let (csirt, planner) = (actor(Role::Csirt, [world.organisations[0]]), actor(Role::Planner, []));
    let listed = async |scope| list(store, scope, &Filter::default(), None, 9, now()).await.unwrap().0.len();
    assert_eq!((listed(csirt.scope()).await, listed(planner.scope()).await), (1, 0));
    assert_eq!(board(store, planner.scope(), now()).await.unwrap(), []);
    assert_eq!(finding(store, planner.scope(), found.id).await.unwrap_err().kind(), ErrorKind::NotFound);

    answer(store, &actor(Role::Ciso, [world.organisations[0]]), found.id, "x", "", now()).await.unwrap();
    assert_eq!(raise_weak(store, house, id, WEAK, now()).await.unwrap(), Raised { raised: 0, known: 1 });
    let signals = store.take(99, now()).await.unwrap();
    let items = vec![("staff".into(), "S-2".into())];
    let expected = Signal::ItemsFailed { survey: id, organisation: world.organisations[0], items };
    assert_eq!(signals.iter().map(|one| &one.signal).collect::<Vec<_>>(), [&expected]);

    let who = async |limit, after: &str| {
        failed(store, house.scope(), id, world.organisations[0], ("staff", "S-2"), after, limit).await
    };
    assert_eq!(who(9, "").await.unwrap(), ["2", "3"]);
    assert_eq!(who(1, "").await.unwrap(), ["2"]);
    assert_eq!(who(1, "2").await.unwrap(), ["3"]);
    let other = actor(Role::Csirt, [world.organisations[1]]);
    let items = ("staff", "S-2");
    for stranger in [other.scope(), planner.scope()] {
        let theirs = failed(store, stranger, id, world.organisations[0], items, "", 9).await;
        assert_eq!(theirs.unwrap_err().kind(), ErrorKind::Denied);
    }
}

#[tokio::test]
async fn an_organisation_makes_findings_of_its_own_weak_items_only() {
    let world = closed().await;
    let (store, house, id) = (&world.store, &house_itself(), world.survey);
    crate::survey::close(store, house, id, now()).await.unwrap();
    let other = actor(Role::Csirt, [world.organisations[1]]);
    assert_eq!(raise_weak(store, &other, id, WEAK, now()).await.unwrap(), Raised::default());
    let reader = actor(Role::Planner, []);
    assert_eq!(raise_weak(store, &reader, id, WEAK, now()).await.unwrap_err().kind(), ErrorKind::Denied);
    for below_percent in [0, 101] {
        let weak = Weak { below_percent, ..WEAK };
        assert_eq!(raise_weak(store, house, id, weak, now()).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    // 1 of 3 is not below 33 %, and below 34 %: compared exactly.
    for (below_percent, raised) in [(33, 0), (34, 1)] {
        let weak = Weak { below_percent, ..WEAK };
        assert_eq!(raise_weak(store, house, id, weak, now()).await.unwrap(), Raised { raised, known: 0 });
    }
}

proptest! {
    #[test]
    fn nothing_is_closed_that_was_not_verified_and_nothing_verified_that_was_not_answered(
        acts in proptest::collection::vec(0..Act::ALL.len(), 0..30),
    ) {
        let (mut state, mut answered, mut verified) = (State::Open, false, false);
        for act in acts.into_iter().map(|number| Act::ALL[number]) {
            let Some(next) = after(state, act) else { continue };
            match act {
                Act::Answer => answered = true,
                Act::Verify => {
                    prop_assert!(answered);
                    verified = true;
                }
                Act::Close => prop_assert!(answered && verified),
                Act::Reopen => (answered, verified) = (false, false),
                Act::Raise => prop_assert!(false, "it is raised once"),
                Act::Assign => {}
            }
            state = next;
            prop_assert_eq!(state.is_open(), !answered);
        }
    }

    #[test]
    fn words_of_findings_are_read_back(number in 0..7_usize) {
        let gravity = Gravity::all()[number];
        prop_assert_eq!(gravity.word().parse(), Ok(gravity));
        let state = State::ALL[number % 5];
        prop_assert_eq!(state.word().parse(), Ok(state));
    }
}
