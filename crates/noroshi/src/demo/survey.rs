//! What an invented government says of itself: who is asked in a self-inspection, and what they answer.
//!
//! Every organisation has a temper: how many of its people have answered, and how much of their duties they did. Some
//! items are harder than others, the same everywhere; some duties fall on few.

use std::fmt::Write as _;

use inspect::Answer;
use inspect::catalogue::{Catalogue, Item};

use super::dice::Dice;
use super::place::Place;

/// People of the staff at an organisation of average size.
const STAFF: f64 = 100.0;
/// Staff for each head of a section.
const STAFF_PER_SECTION: u64 = 12;
/// How often somebody is not asked, for a reason.
const EXCLUDED: f64 = 0.02;
/// How often a duty falls on somebody that does not fall on everybody.
const DUTY: f64 = 0.6;
/// The stream of chance of the first organisation; others follow, and each year has streams of its own.
const STREAM: u64 = 40_000;

/// Where people work; the last has few.
const SECTIONS: [&str; 7] = [
    "総務部/総務課",
    "総務部/会計課",
    "政策部/企画課",
    "政策部/調査課",
    "業務部/第一課",
    "業務部/第二課",
    "地方連絡室",
];

/// How many of an organisation's people have answered, and how much of their duties they did.
struct Temper {
    answered: f64,
    diligence: f64,
}

/// All grades of both, in an order that looks like none.
const TEMPERS: [Temper; 9] = [
    Temper { answered: 1.0, diligence: 0.985 },
    Temper { answered: 0.97, diligence: 0.96 },
    Temper { answered: 0.88, diligence: 0.975 },
    Temper { answered: 1.0, diligence: 1.0 },
    Temper { answered: 0.71, diligence: 0.94 },
    Temper { answered: 0.93, diligence: 0.79 },
    Temper { answered: 0.99, diligence: 0.97 },
    Temper { answered: 0.48, diligence: 0.91 },
    Temper { answered: 0.85, diligence: 0.6 },
];

/// The files with which a survey is filled.
#[derive(Debug)]
pub(crate) struct Answers {
    /// Who is asked, as the roster's import reads it.
    pub(crate) roster: String,
    /// What they answered, as the upload of answers reads it.
    pub(crate) answers: String,
}

/// One year's survey at these places. In a survey that is `whole` everybody who answers at all has done so.
pub(super) fn answers(places: &[Place], seed: u64, year: i16, catalogue: &Catalogue, whole: bool) -> Answers {
    let mut files = Answers {
        roster: "organisation,person,role,excluded,section\n".to_owned(),
        answers: "organisation,person,role,item,answer\n".to_owned(),
    };
    for (place, temper) in places.iter().zip(TEMPERS.iter().cycle()) {
        let stream = STREAM + u64::from(year.unsigned_abs()) * 100 + u64::from(place.number);
        let mut desk = Desk { dice: Dice::new(seed, stream), place, temper, catalogue, whole };
        desk.write(&mut files);
    }
    files
}

struct Desk<'d> {
    dice: Dice,
    place: &'d Place,
    temper: &'d Temper,
    catalogue: &'d Catalogue,
    whole: bool,
}

impl Desk<'_> {
    fn write(&mut self, files: &mut Answers) {
        let staff = (self.place.member.size * STAFF) as u64;
        let people = [
            ("ciso", 1),
            ("system_manager", 2 + (self.place.member.size * 4.0) as u64),
            ("section_manager", 2 + staff / STAFF_PER_SECTION),
            ("staff", staff),
        ];
        let mut number = 0;
        for (role, count) in people {
            let items: Vec<&Item> = self.catalogue.of_role(role).collect();
            for _ in 0..count {
                number += 1;
                self.person(files, number, role, &items);
            }
        }
    }

    fn person(&mut self, files: &mut Answers, number: u64, role: &str, items: &[&Item]) {
        let key = self.place.member.key;
        let person = format!("{:02}-{number:05}", self.place.number);
        let section = *self.dice.pick_skewed(&SECTIONS);
        let is_excluded = role == "staff" && self.dice.chance(EXCLUDED);
        let excluded = if is_excluded { "休職" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(files.roster, "{key},{person},{role},{excluded},{section}");
        let share = if self.whole { self.temper.answered.sqrt() } else { self.temper.answered };
        if is_excluded || !self.dice.chance(share) {
            return;
        }
        for item in items {
            let answer = self.answer(item);
            let _ = writeln!(files.answers, "{key},{person},{role},{},{answer}", item.reference);
        }
    }

    fn answer(&mut self, item: &Item) -> Answer {
        let may_be_spared = item.explanation.ja.contains("責務なし");
        if may_be_spared && !self.dice.chance(DUTY) {
            return Answer::NoDuty;
        }
        match self.temper.diligence {
            1.0 => Answer::Done,
            diligence if self.dice.chance(diligence - hardness(item)) => Answer::Done,
            _ => Answer::NotDone,
        }
    }
}

/// How much less of an item is done than of others.
fn hardness(item: &Item) -> f64 {
    let digest = item.title.en.bytes().fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_009);
    match digest % 9 {
        0 => 0.13,
        1 | 2 => 0.05,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::World;

    const ITEMS: &str = "ref,role,title_ja,title_en,explanation_ja,explanation_en\nC,ciso,甲,A,,\nS,staff,乙,B,,\n\
        T,staff,丙,C,「責務なし」。,no duty\n";

    #[test]
    fn the_same_seed_says_the_same_and_names_only_who_is_asked() {
        let catalogue = inspect::catalogue::Catalogue::read_csv(ITEMS.as_bytes()).unwrap();
        let world = World::new(1, jiff::civil::date(2026, 7, 15));
        let (one, other) = (world.survey(2026, &catalogue, false), world.survey(2026, &catalogue, false));
        assert_eq!((&one.roster, &one.answers), (&other.roster, &other.answers));
        assert_ne!(one.answers, world.survey(2025, &catalogue, true).answers);
        let people = |file: &str| {
            let rows = file.lines().skip(1).filter(|row| !row.contains("休職"));
            rows.map(|row| row.split(',').take(3).collect::<Vec<_>>().join(",")).collect::<BTreeSet<_>>()
        };
        let (asked, answered) = (people(&one.roster), people(&one.answers));
        assert!(asked.len() > 2_000 && answered.is_subset(&asked), "{}", asked.len());
        assert!(one.answers.contains("no_duty") && one.answers.contains("not_done"));
    }
}
