//! Files of responses: what is counted, and what is refused by row and column.

use super::*;
use crate::{Error, Formula, Grade, Variant};

const HEADER: &str = "organisation,person,role,item,answer\n";

fn collect(file: &str) -> Collector {
    let (head, rows) = file.split_once('\n').unwrap();
    let mut collector = Collector::new();
    read_responses(rows.as_bytes(), &header(head.as_bytes(), RESPONSES).unwrap(), 2, &mut collector).unwrap();
    collector
}

fn assess(file: &str) -> Result<Assessment, Error> {
    let collected = collect(file).finish(false)?;
    Ok(Assessment::of(&collected, Formula::default(), false))
}

#[track_caller]
fn check_wrong(rows: &str, expected: &[&str]) {
    match assess(&format!("{HEADER}{rows}")) {
        Err(Error::Rows(wrong)) => {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            assert_eq!(wrong, expected);
        }
        other => panic!("{other:?}"),
    }
}

/// The counts of one organisation, role after role: done, not done, no duty, blank by item.
fn counts(assessment: &Assessment) -> Vec<(String, String, [u64; 4])> {
    let of_role = |organisation: &OrganisationFigures, role: &RoleFigures| {
        let place = format!("{}/{}", organisation.organisation, role.role);
        let count = |item: &ItemCount| [item.done, item.not_done, item.no_duty, item.blank];
        role.items.iter().map(|item| (place.clone(), item.item.clone(), count(item))).collect::<Vec<_>>()
    };
    let organisations = assessment.organisations.iter();
    organisations.flat_map(|one| one.roles.iter().flat_map(move |role| of_role(one, role))).collect()
}

#[test]
fn rows_in_any_order_give_the_same_counts() {
    let rows = [
        "o1,p1,staff,i1,done",
        "o1,p1,staff,i2,not_done",
        "o1,p2,staff,i1,done",
        "o1,p2,staff,i2,",
        "o2,p1,staff,i1,no_duty",
        "o2,p1,manager,m1,done",
    ];
    let assessment = assess(&format!("{HEADER}{}\n", rows.join("\n"))).unwrap();
    let expected = [
        ("o1/staff".to_owned(), "i1".to_owned(), [2, 0, 0, 0]),
        ("o1/staff".to_owned(), "i2".to_owned(), [0, 1, 0, 1]),
        ("o2/staff".to_owned(), "i1".to_owned(), [0, 0, 1, 0]),
        ("o2/manager".to_owned(), "m1".to_owned(), [1, 0, 0, 0]),
    ];
    assert_eq!(counts(&assessment), expected);
    for turn in 0..rows.len() {
        let mut rows = rows;
        rows.rotate_left(turn);
        let other = assess(&format!("{HEADER}{}", rows.join("\r\n"))).unwrap();
        let (mut found, mut expected) = (counts(&other), expected.to_vec());
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "turned by {turn}");
    }
}

#[test]
fn columns_may_stand_in_any_order_and_values_in_quotation_marks() {
    let file = "answer,note,item,role,person,organisation\ndone,\"a, \"\"b\"\"\",i1,staff,p1,\"省, 本省\"\n";
    assert_eq!(
        counts(&assess(file).unwrap()),
        [("省, 本省/staff".to_owned(), "i1".to_owned(), [1, 0, 0, 0])]
    );
    let missing = header(b"organisation,person,role,item", RESPONSES).unwrap_err();
    assert!(missing.to_string().starts_with("there is no column answer"), "{missing}");
    assert!(header("\u{feff}organisation, person ,role,item,answer\r\n".as_bytes(), RESPONSES).is_ok());
}

#[test]
fn a_wrong_row_is_named_with_its_column_and_no_figure_is_given() {
    check_wrong(
        "o,p,staff,i1,done\no,p,staff,i2,yes\n",
        &["row 3: answer: \"yes\" is not done, not_done, no_duty or empty"],
    );
    check_wrong("o,,staff,i1,done\n", &["row 2: person: is empty"]);
    check_wrong("o,p,staff,,done\n", &["row 2: item: is empty"]);
    check_wrong("o,p,staff,i1\n", &["row 2: row: has 4 values, the header has 5"]);
    check_wrong(
        "o,p,staff,\"i1,done\n",
        &["row 2: row: a quotation mark is not closed before the line ends, or stands inside a value"],
    );
    let many: String = (0..100).map(|row| format!("o,p{row},staff,i1,?\n")).collect();
    assert!(
        matches!(assess(&format!("{HEADER}{many}")), Err(Error::Rows(rows)) if rows.len() == crate::WRONG_MAX)
    );
}

#[test]
fn the_same_answer_twice_counts_once_and_another_one_is_refused() {
    let twice = assess(&format!("{HEADER}o,p,staff,i1,done\no,p,staff,i1,done\n")).unwrap();
    assert_eq!((twice.repeated, counts(&twice)[0].2), (1, [1, 0, 0, 0]));
    check_wrong(
        "o,p,staff,i1,done\no,q,staff,i1,done\no,p,staff,i1,not_done\n",
        &["row 4: answer: says not_done, but done was said before for the same person and item"],
    );
}

#[test]
fn a_file_read_in_parts_gives_what_it_gives_whole() {
    // Items meet the second part in another order, and one person stands in both.
    let first = "o1,p1,staff,i1,done\no1,p1,staff,i2,done\n";
    let second = "o2,p9,staff,i2,not_done\no2,p9,staff,i1,done\no1,p1,staff,i3,no_duty\n";
    let part = header(HEADER.as_bytes(), RESPONSES).unwrap();
    let mut whole = Collector::new();
    let lines = read_responses(first.as_bytes(), &part, 2, &mut whole).unwrap();
    let mut later = Collector::new();
    read_responses(second.as_bytes(), &part, 0, &mut later).unwrap();
    whole.absorb(&later, 2 + lines);
    let joined = Assessment::of(&whole.finish(false).unwrap(), Formula::default(), false);
    let at_once = assess(&format!("{HEADER}{first}{second}")).unwrap();
    assert_eq!(counts(&joined), counts(&at_once));
    assert_eq!((lines, joined.answers), (2, 5));
}

#[test]
fn a_contradiction_between_parts_is_found() {
    let part = header(HEADER.as_bytes(), RESPONSES).unwrap();
    let read = |rows: &str| {
        let mut collector = Collector::new();
        read_responses(rows.as_bytes(), &part, 0, &mut collector).unwrap();
        collector
    };
    let mut whole = read("o,p,staff,i1,done\n");
    whole.absorb(&read("o,q,staff,i1,done\no,p,staff,i1,no_duty\n"), 3);
    let Err(Error::Rows(rows)) = whole.finish(false) else { panic!("it was taken") };
    assert_eq!((rows.len(), rows[0].row, rows[0].column), (1, 4, "answer"));
}

#[test]
fn a_roster_says_who_was_asked_and_refuses_strangers_and_wrong_roles() {
    let roster =
        "organisation,person,role,excluded\no,p1,staff,\no,p2,staff,\no,p3,staff,育児休業\no,p4,staff,\n";
    let with_roster = |rows: &str| {
        let (head, people) = roster.split_once('\n').unwrap();
        let mut collector = Collector::new();
        read_roster(people.as_bytes(), &header(head.as_bytes(), ROSTER).unwrap(), 2, &mut collector).unwrap();
        read_responses(rows.as_bytes(), &header(HEADER.as_bytes(), RESPONSES).unwrap(), 2, &mut collector)
            .unwrap();
        collector.finish(true).map(|collected| Assessment::of(&collected, Formula::default(), true))
    };
    let assessment = with_roster("o,p1,staff,i1,done\no,p2,staff,i1,done\no,p3,staff,i1,not_done\n").unwrap();
    let figures = &assessment.organisations[0].all_roles;
    assert_eq!((figures.targets, figures.excluded, figures.submitted), (Some(3), 1, 2));
    assert_eq!((figures.coverage.percent.as_str(), figures.coverage.grade), ("66.7", Some(Grade::C)));
    assert_eq!((figures.implementation.part, figures.implementation.whole), (Some(2), Some(2)));
    let Err(Error::Rows(rows)) = with_roster("o,p1,manager,m1,done\n") else {
        panic!("a wrong role was taken")
    };
    assert_eq!(rows[0].to_string(), "row 2: person: is not on the roster in this role of this organisation");
}

#[test]
fn without_a_roster_coverage_is_undefined() {
    let assessment = assess(&format!("{HEADER}o,p,staff,i1,done\n")).unwrap();
    let figures = &assessment.organisations[0].all_roles;
    assert_eq!((figures.coverage.percent.as_str(), figures.coverage.grade), ("–", None));
    assert_eq!(figures.implementation.grade, Some(Grade::A));
}

#[test]
fn an_item_that_one_organisation_does_not_ask_is_no_blank_there() {
    let rows = "o1,p,staff,i1,done\no1,p,staff,i2,done\no2,q,staff,i1,done\n";
    let assessment = assess(&format!("{HEADER}{rows}")).unwrap();
    assert!(assessment.organisations.iter().all(|one| one.all_roles.implementation.grade == Some(Grade::A)));
}

#[test]
fn more_than_32_items_widen_every_form() {
    let row = |person: &str, item: usize| format!("o,{person},staff,i{item},done\n");
    let rows: String = (0..3).map(|item| row("p", item)).chain((0..200).map(|item| row("q", item))).collect();
    let assessment = assess(&format!("{HEADER}{rows}")).unwrap();
    let counts = counts(&assessment);
    assert_eq!((counts[0].2, counts[199].2), ([2, 0, 0, 0], [1, 0, 0, 1]));
}

#[test]
fn words_in_tables_give_what_lines_give() {
    let text = ["o", "p", "q", "staff", "i1", "i2", "done", "not_done", ""].map(str::as_bytes);
    let column = |codes: &'static [i32], range: std::ops::Range<usize>| CodedColumn {
        codes,
        words: text[range].to_vec(),
    };
    let columns = [
        column(&[0, 0, 0, 0], 0..1),
        column(&[0, 0, 1, 1], 1..3),
        column(&[0, 0, 0, 0], 3..4),
        column(&[0, 1, 1, 0], 4..6),
        column(&[0, 1, 0, -1], 6..8),
    ];
    let mut collector = Collector::new();
    assert!(read_coded(&columns, 1, &mut collector));
    let coded = Assessment::of(&collector.finish(false).unwrap(), Variant::Nisc.formula(), false);
    let rows = "o,p,staff,i1,done\no,p,staff,i2,not_done\no,q,staff,i2,done\no,q,staff,i1,\n";
    assert_eq!(counts(&coded), counts(&assess(&format!("{HEADER}{rows}")).unwrap()));
}
