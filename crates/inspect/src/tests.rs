//! The edge cases of the definitions, each by its name.

use base::Rate;

use crate::{
    Aggregation, Answer, Blank, Figure, Formula, Grade, Packed, Tally, Variant, all_roles, coverage,
    government, implementation, lanes, printed, reach,
};
use Answer::{Blank as Empty, Done, NoDuty, NotDone};

const NISC: Formula = Variant::Nisc.formula();

/// An organisation in one role: how many were asked, and the forms that came.
fn tally(targets: u64, forms: &[&[Answer]]) -> Tally {
    let items = forms.first().map_or(0, |form| form.len());
    let packed: Vec<_> = forms.iter().map(|form| Packed::of(form)).collect();
    Tally { targets: Some(targets), ..Tally::recount(items, &lanes(items), &packed) }
}

fn share(part: u64, whole: u64) -> Figure {
    Figure::Share(Rate { part, whole })
}

#[test]
fn nobody_asked_is_undefined_and_neither_0_nor_100() {
    let tally = tally(0, &[]);
    assert_eq!(coverage(&tally, NISC), share(0, 0));
    assert_eq!(Grade::of(&coverage(&tally, NISC)), None);
    assert_eq!(printed(&implementation(&tally, NISC)), "–");
}

#[test]
fn a_roster_nobody_gave_leaves_coverage_undefined() {
    let tally = Tally { targets: None, ..tally(1, &[&[Done]]) };
    assert_eq!(coverage(&tally, NISC), Figure::UNDEFINED);
    assert_eq!(implementation(&tally, NISC), share(1, 1));
}

#[test]
fn everybody_excluded_is_undefined_except_of_all_staff() {
    let tally = Tally { excluded: 5, ..tally(0, &[]) };
    assert_eq!(coverage(&tally, NISC), share(0, 0));
    assert_eq!(coverage(&tally, Variant::CabinetOffice.formula()), share(0, 5));
}

#[test]
fn an_item_whose_duty_fell_on_nobody_is_undefined_and_not_counted_in_the_reach() {
    let tally = tally(2, &[&[Done, NoDuty], &[Done, NoDuty]]);
    assert_eq!(implementation(&tally, NISC), share(2, 2));
    assert_eq!(reach([&tally], NISC).by_mark, [Rate { part: 1, whole: 1 }; 3]);
    assert_eq!(implementation(&tally, Variant::ForeignAffairs.formula()), share(2, 4));
}

#[test]
fn one_not_done_in_a_million_is_b() {
    let mut tally = Tally::new(1);
    let (done, not_done) = (Packed::of(&[Done]), Packed::of(&[NotDone]));
    for _ in 1..1_000_000 {
        tally.add(done.words(), &lanes(1));
    }
    tally.add(not_done.words(), &lanes(1));
    let figure = implementation(&tally, NISC);
    assert_eq!(figure, share(999_999, 1_000_000));
    assert_eq!((Grade::of(&figure), printed(&figure)), (Some(Grade::B), "99.9".to_owned()));
}

#[test]
fn a_blank_counts_as_not_done_unless_the_campaign_leaves_it_out() {
    let tally = tally(2, &[&[Done, Empty], &[Done, Done]]);
    let excluded = Formula { blank: Blank::Excluded, ..NISC };
    assert_eq!(implementation(&tally, NISC), share(3, 4));
    assert_eq!(implementation(&tally, excluded), share(3, 3));
    let all = |blank| Formula { aggregation: Aggregation::AllItems, blank, ..NISC };
    assert_eq!(implementation(&tally, all(Blank::NotDone)), share(1, 2));
    assert_eq!(implementation(&tally, all(Blank::Excluded)), share(2, 2));
}

#[test]
fn a_person_with_two_roles_counts_once_in_each() {
    let (staff, manager) = (tally(1, &[&[Done, NotDone]]), tally(1, &[&[Done]]));
    assert_eq!(all_roles([&staff, &manager], NISC), share(2, 3));
    assert_eq!(all_roles([&staff, &manager], Variant::Economy.formula()), share(1, 2));
}

#[test]
fn an_organisation_of_one_person_is_all_or_nothing() {
    let grade = |answer| Grade::of(&implementation(&tally(1, &[&[answer]]), NISC));
    assert_eq!([grade(Done), grade(NotDone), grade(NoDuty)], [Some(Grade::A), Some(Grade::D), None]);
}

#[test]
fn a_ministry_without_a_role_drops_out_of_that_mean_and_n_says_so() {
    let figures = [share(1, 2), share(0, 0), share(3, 3)];
    let both = government(figures);
    assert_eq!((both.mean.n(), both.mean.rounded(1_000)), (2, Some(750)));
    assert_eq!(both.pooled, Some(Rate { part: 4, whole: 5 }));
}

#[test]
fn an_item_withdrawn_mid_campaign_counts_nowhere() {
    let forms = [Packed::of(&[Done, NotDone]), Packed::of(&[Done, Done])];
    let tally = Tally { targets: Some(2), ..Tally::recount(2, &lanes(1), &forms) };
    assert_eq!(implementation(&tally, NISC), share(2, 2));
    assert_eq!(implementation(&tally, Variant::Economy.formula()), share(2, 2));
    assert_eq!(reach([&tally], NISC).by_mark[0], Rate { part: 1, whole: 1 });
}

#[test]
fn the_marks_of_the_reach_are_met_exactly() {
    let cell = |done| crate::Cell { done, not_done: 1_000 - done, ..Default::default() };
    let tally = Tally { cells: [1_000, 999, 950, 949, 900, 899].map(cell).to_vec(), ..Tally::new(0) };
    let reached = reach([&tally], NISC).by_mark.map(|rate| rate.part);
    assert_eq!(reached, [1, 3, 5]);
}

#[test]
fn items_persons_and_answers_give_different_figures() {
    let tally = tally(4, &[&[Done, Done], &[Done, NotDone], &[Done, NoDuty], &[NoDuty, NoDuty]]);
    assert_eq!(implementation(&tally, NISC), share(4, 5));
    assert_eq!(implementation(&tally, Variant::CabinetOffice.formula()), share(4, 8));
    assert_eq!(implementation(&tally, Variant::Education.formula()).rounded(1_000), Some(750));
    assert_eq!(implementation(&tally, Variant::Economy.formula()), share(2, 3));
}

#[test]
fn parts_of_an_organisation_add_up_to_it() {
    let (mut whole, part) = (tally(2, &[&[Done, NotDone]]), tally(3, &[&[NotDone, NotDone], &[Done, Done]]));
    whole.absorb(&part);
    assert_eq!(coverage(&whole, NISC), share(3, 5));
    assert_eq!(implementation(&whole, NISC), share(3, 6));
}

#[test]
fn the_six_ministries_that_print_figures_have_the_grades_of_table_2_5() {
    // Of the other 15 the report for fiscal 2012 has the letters only. 999 stands for "less than 100 %".
    for (ministry, coverage, implementation, letters) in [
        ("復興庁", 785, 866, "CB"),
        ("経済産業省", 970, 999, "BB"),
        ("環境省", 964, 999, "BB"),
        ("内閣府", 1_000, 1_000, "AA"),
        ("消費者庁", 1_000, 1_000, "AA"),
        ("外務省", 1_000, 999, "AB"),
    ] {
        let letter = |part| Grade::of(&share(part, 1_000)).map_or("–", Grade::letter);
        assert_eq!(letter(coverage).to_owned() + letter(implementation), letters, "{ministry}");
    }
}
