//! Catalogues: the items of one edition of a standard, each bound to a role, in both languages.
//!
//! The name of an item is its catalogue, its edition and its `ref` together: another edition may give the same number to
//! another duty.

use std::collections::BTreeSet;
use std::io::Read;

use crate::answer::ITEMS_MAX;
use crate::error::{Error, WRONG_MAX, WrongRow};

/// Items of all roles together, at most.
const CATALOGUE_ITEMS_MAX: usize = 10_000;
/// The longest text of an item.
const TEXT_CHARS_MAX: usize = 1_000;
/// Columns that must be there.
const NEEDED: [&str; 4] = ["ref", "role", "title_ja", "title_en"];

/// A text in both languages. Empty in both, or in neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Words {
    /// 日本語
    pub ja: String,
    /// English
    pub en: String,
}

/// One duty.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Item {
    /// Its number within the catalogue, as `G-4-3`.
    pub reference: String,
    /// The role whose duty it is.
    pub role: String,
    /// The clause it belongs to, as 情報の移送; forms and tables group by it. Empty when the catalogue has none.
    pub clause: Words,
    /// Whether it is one of the year's priority items (重点項目).
    pub priority: bool,
    /// The controls of NIST SP 800-53 revision 5 it belongs to, as `AC-2`.
    pub nist: Vec<String>,
    /// The duty, said so that it can be answered with "done".
    pub title: Words,
    /// What helps to answer.
    pub explanation: Words,
    /// What an auditor will want to see.
    pub evidence: Words,
}

/// The items of a catalogue, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Catalogue {
    /// All of them.
    pub items: Vec<Item>,
}

impl Catalogue {
    /// Reads a catalogue as CSV: columns `ref`, `role`, `title_ja`, `title_en`, and as wanted `clause_…`,
    /// `priority` (`yes` or nothing), `nist`, `explanation_…`, `evidence_…`. One wrong row refuses all.
    pub fn read_csv(input: impl Read) -> Result<Self, Error> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let header: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(name_of_column).collect();
        for column in NEEDED {
            if !header.iter().any(|name| name == column) {
                return Err(Error::NoColumn { column, needed: NEEDED.join(", ") });
            }
        }
        let (mut items, mut wrong, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let row = record.position().map_or(0, csv::Position::line);
            let found =
                read_item(&header, &record).and_then(|item| match seen.insert(item.reference.clone()) {
                    true => Ok(item),
                    false => Err(("ref", format!("{:?} is there already", item.reference))),
                });
            match found {
                Ok(item) => items.push(item),
                Err((column, reason)) => wrong.push(WrongRow { row, column, reason }),
            }
            if items.len() > CATALOGUE_ITEMS_MAX {
                return Err(Error::TooMany { limit: CATALOGUE_ITEMS_MAX, unit: "items" });
            }
            if wrong.len() >= WRONG_MAX {
                break;
            }
        }
        match wrong.is_empty() {
            true => {
                let catalogue = Self { items };
                catalogue.check().map(|()| catalogue)
            }
            false => Err(Error::Rows(wrong)),
        }
    }

    /// The roles that have items, in the order of their first.
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = Vec::new();
        for item in &self.items {
            if !roles.contains(&item.role.as_str()) {
                roles.push(&item.role);
            }
        }
        roles
    }

    /// The items of a role, in order: the form that is answered.
    pub fn of_role<'c>(&'c self, role: &'c str) -> impl Iterator<Item = &'c Item> {
        self.items.iter().filter(move |item| item.role == role)
    }

    /// Refuses more items than are planned for, also in a catalogue that was not read from a file.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.items.len() > CATALOGUE_ITEMS_MAX {
            return Err(Error::TooMany { limit: CATALOGUE_ITEMS_MAX, unit: "items" });
        }
        match self.roles().iter().any(|role| self.of_role(role).count() > ITEMS_MAX) {
            true => Err(Error::TooMany { limit: ITEMS_MAX, unit: "items of one role" }),
            false => Ok(()),
        }
    }
}

fn unreadable(error: csv::Error) -> Error {
    Error::Read(std::io::Error::other(error))
}

fn name_of_column(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim().to_owned()
}

type Wrong = (&'static str, String);

fn read_item(header: &[String], record: &csv::StringRecord) -> Result<Item, Wrong> {
    let cell = |column: &str| {
        let place = header.iter().position(|name| name == column);
        place.and_then(|place| record.get(place)).unwrap_or_default().trim()
    };
    if record.len() != header.len() {
        return Err(("row", format!("has {} values, the header has {}", record.len(), header.len())));
    }
    let words = |ja: &'static str, en: &'static str| match (cell(ja), cell(en)) {
        ("", "") => Ok(Words::default()),
        ("", _) => Err((ja, "is empty, and the other language is not".to_owned())),
        (_, "") => Err((en, "is empty, and the other language is not".to_owned())),
        (text, _) if text.chars().count() > TEXT_CHARS_MAX => Err((ja, too_long())),
        (_, text) if text.chars().count() > TEXT_CHARS_MAX => Err((en, too_long())),
        (ja, en) => Ok(Words { ja: ja.to_owned(), en: en.to_owned() }),
    };
    let title = words("title_ja", "title_en")?;
    if title.ja.is_empty() {
        return Err(("title_ja", "is empty".to_owned()));
    }
    Ok(Item {
        reference: word("ref", cell("ref"))?,
        role: word("role", cell("role"))?,
        clause: words("clause_ja", "clause_en")?,
        priority: match cell("priority") {
            "" => false,
            "yes" => true,
            other => return Err(("priority", format!("{other:?} is neither yes nor empty"))),
        },
        nist: controls(cell("nist"))?,
        title,
        explanation: words("explanation_ja", "explanation_en")?,
        evidence: words("evidence_ja", "evidence_en")?,
    })
}

fn too_long() -> String {
    format!("is longer than {TEXT_CHARS_MAX} characters")
}

fn word(column: &'static str, text: &str) -> Result<String, Wrong> {
    let fits = |character: char| character.is_alphanumeric() || "-_.()".contains(character);
    match text {
        "" => Err((column, "is empty".to_owned())),
        text if text.chars().count() <= 64 && text.chars().all(fits) => Ok(text.to_owned()),
        _ => Err((
            column,
            "holds something besides letters, digits and -_.(), or is longer than 64".to_owned(),
        )),
    }
}

fn controls(text: &str) -> Result<Vec<String>, Wrong> {
    let is_control = |word: &str| {
        let parts = word.split_once('-');
        parts.is_some_and(|(family, number)| {
            let number = number.split_once('(').map_or(number, |(number, _)| number);
            family.len() == 2
                && family.bytes().all(|byte| byte.is_ascii_uppercase())
                && number.parse::<u8>().is_ok_and(|number| number > 0)
        })
    };
    match text.split_whitespace().find(|word| !is_control(word)) {
        Some(word) => Err(("nist", format!("{word:?} is not a control of NIST SP 800-53 such as AC-2"))),
        None => Ok(text.split_whitespace().map(str::to_owned).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ref,role,priority,nist,title_ja,title_en,explanation_ja,explanation_en\n";

    #[track_caller]
    fn check_wrong(row: &str, expected: &str) {
        match Catalogue::read_csv(format!("{HEADER}{row}\n").as_bytes()) {
            Err(Error::Rows(wrong)) => assert_eq!(wrong[0].to_string(), expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_generic_catalogue_is_sound_and_covers_every_role_of_a_self_inspection() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/items/generic.csv");
        let catalogue = Catalogue::read_csv(std::fs::File::open(folder).unwrap()).unwrap();
        assert_eq!(catalogue.roles(), ["ciso", "system_manager", "section_manager", "staff"]);
        assert!((50..=70).contains(&catalogue.items.len()), "{}", catalogue.items.len());
        for item in &catalogue.items {
            assert!(!item.nist.is_empty(), "{}", item.reference);
            assert!(item.role.parse::<base::Role>().is_ok(), "{} is no role of an account", item.role);
        }
    }

    #[test]
    fn a_wrong_item_is_named_by_row_and_column() {
        check_wrong("a,staff,,,題,,,", "row 2: title_en: is empty, and the other language is not");
        check_wrong(",staff,,,題,t,,", "row 2: ref: is empty");
        check_wrong(
            "a,staff,,AC2,題,t,,",
            "row 2: nist: \"AC2\" is not a control of NIST SP 800-53 such as AC-2",
        );
        check_wrong("a,staff,maybe,,題,t,,", "row 2: priority: \"maybe\" is neither yes nor empty");
        check_wrong("a,staff,,,題,t,,e", "row 2: explanation_ja: is empty, and the other language is not");
        check_wrong("a,staff,,,題,t", "row 2: row: has 6 values, the header has 8");
        check_wrong("a,staff,,,題,t,,\na,ciso,,,題,t,,", "row 3: ref: \"a\" is there already");
        assert!(Catalogue::read_csv("ref,role\n".as_bytes()).is_err());
    }

    #[test]
    fn a_control_may_carry_an_enhancement() {
        let row = "a,staff,yes,AC-2(3) SI-8,題,t,,";
        let catalogue = Catalogue::read_csv(format!("{HEADER}{row}\n").as_bytes()).unwrap();
        assert_eq!(catalogue.items[0].nist, ["AC-2(3)", "SI-8"]);
        assert!(catalogue.items[0].priority);
    }
}
