//! Everybody's answers, by organisation, role and person.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::answer::{Answer, ITEMS_MAX, Packed};
use crate::error::{Error, WRONG_MAX, WrongRow};

/// People times roles in one file, at most.
pub const PEOPLE_MAX: usize = 5_000_000;
/// Organisations in one file, at most.
const ORGANISATIONS_MAX: usize = 10_000;
/// Roles in one file, at most.
const ROLES_MAX: usize = 64;
/// The longest name of anything.
const NAME_BYTES_MAX: usize = 200;
/// Items in one word of answers.
const LANES: usize = 32;

/// Names and their numbers, in the order of their first appearance.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: Vec<Box<[u8]>>,
    numbers: HashTable<u32>,
}

impl Names {
    pub(crate) fn name(&self, number: usize) -> &[u8] {
        self.names.get(number).map_or(&[], |name| name)
    }

    pub(crate) fn text(&self, number: usize) -> String {
        String::from_utf8_lossy(self.name(number)).into_owned()
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        let hash = FixedState::default().hash_one(name);
        self.numbers.find(hash, |number| self.name(*number as usize) == name).map(|number| *number as usize)
    }

    /// The number of a name, which is new when it was not there; the reason when it can be none.
    fn number(&mut self, name: &[u8], limit: usize) -> Result<usize, String> {
        if let Some(number) = self.find(name) {
            return Ok(number);
        }
        check_name(name)?;
        if self.names.len() >= limit {
            return Err(format!("there are more than {limit} different ones"));
        }
        let number = self.names.len();
        self.names.push(name.into());
        let names = &self.names;
        let hash = |number: &u32| {
            FixedState::default().hash_one(names.get(*number as usize).map_or(&[][..], |name| name))
        };
        self.numbers.insert_unique(FixedState::default().hash_one(name), number as u32, hash);
        Ok(number)
    }
}

fn check_name(name: &[u8]) -> Result<(), String> {
    match name {
        [] => Err("is empty".to_owned()),
        long if long.len() > NAME_BYTES_MAX => Err(format!("is longer than {NAME_BYTES_MAX} bytes")),
        other => match std::str::from_utf8(other) {
            // PostgreSQL keeps no NUL, and a name that cannot be seen is nobody's.
            Ok(text) if text.chars().any(char::is_control) => Err("holds a control character".to_owned()),
            Ok(_) => Ok(()),
            Err(_) => Err("is not UTF-8".to_owned()),
        },
    }
}

/// One person in one role of one organisation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) organisation: u32,
    pub(crate) role: u32,
    /// Which among the forms of the role.
    slot: u32,
    /// Where the person's name begins among all names, and how long it is.
    person: (u32, u32),
    /// Where it was first seen.
    row: u64,
    pub(crate) on_roster: bool,
    pub(crate) excluded: bool,
    pub(crate) submitted: bool,
}

impl Form {
    /// Where it was first seen.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }
}

/// The items of a role, and the answers of everybody who has it.
#[derive(Debug, Default)]
pub(crate) struct Role {
    pub(crate) items: Names,
    /// Words for each form.
    stride: usize,
    words: Vec<u64>,
    forms: u32,
}

impl Role {
    pub(crate) fn answers(&self, form: &Form) -> &[u64] {
        let start = form.slot as usize * self.stride;
        self.words.get(start..start + self.stride).unwrap_or(&[])
    }

    fn place(&mut self) -> u32 {
        self.stride = self.stride.max(1);
        self.words.resize(self.words.len() + self.stride, 0);
        self.forms += 1;
        self.forms - 1
    }

    /// Makes room for more items in every form.
    fn widen(&mut self, item: usize) {
        if item < self.stride * LANES {
            return;
        }
        let stride = (item / LANES + 1).next_power_of_two();
        let mut words = vec![0; self.forms as usize * stride];
        for (new, old) in words.chunks_mut(stride).zip(self.words.chunks(self.stride.max(1))) {
            new[..old.len()].copy_from_slice(old);
        }
        (self.words, self.stride) = (words, stride);
    }
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is kept.
    Kept,
    /// It says what was said before.
    Same,
    /// It says something else than what was said before, which stands.
    Contradicts(Answer),
}

/// Everybody's answers while a file is read.
#[derive(Debug, Default)]
pub struct Collector {
    pub(crate) organisations: Names,
    pub(crate) role_names: Names,
    pub(crate) roles: Vec<Role>,
    people: Vec<u8>,
    pub(crate) forms: Vec<Form>,
    by_key: HashTable<u32>,
    wrong: Vec<WrongRow>,
    /// Answers that were there already.
    pub(crate) repeated: u64,
    /// Rows that were read.
    pub(crate) rows: u64,
    /// The form of the last row, and the item after its item: nearly always the next row's.
    current: usize,
    expected: usize,
}

impl Collector {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether so much is wrong that reading on helps nobody.
    pub fn has_enough(&self) -> bool {
        self.wrong.len() >= WRONG_MAX
    }

    /// Whether any row cannot be counted.
    pub fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// Notes a row that cannot be counted.
    pub fn wrong(&mut self, row: u64, column: &'static str, reason: impl Into<String>) {
        if !self.has_enough() {
            self.wrong.push(WrongRow { row, column, reason: reason.into() });
        }
    }

    /// The number of an organisation; `None` when the name cannot be one, which is noted.
    pub fn organisation(&mut self, name: &[u8], row: u64) -> Option<usize> {
        let number = self.organisations.number(name, ORGANISATIONS_MAX);
        number.map_err(|reason| self.wrong(row, "organisation", reason)).ok()
    }

    /// The number of a role; `None` when the name cannot be one, which is noted.
    pub fn role(&mut self, name: &[u8], row: u64) -> Option<usize> {
        let number =
            self.role_names.number(name, ROLES_MAX).map_err(|reason| self.wrong(row, "role", reason)).ok()?;
        if number == self.roles.len() {
            self.roles.push(Role::default());
        }
        Some(number)
    }

    /// The number of an item within a role; `None` when the name cannot be one, which is noted.
    pub fn item(&mut self, role: usize, name: &[u8], row: u64) -> Option<usize> {
        let found = self.roles.get_mut(role)?.items.number(name, ITEMS_MAX);
        match found {
            Ok(item) => {
                self.roles.get_mut(role)?.widen(item);
                Some(item)
            }
            Err(reason) => {
                self.wrong(row, "item", reason);
                None
            }
        }
    }

    /// Turns to somebody's form, which is new when it was not there; `None` when the person's name cannot be one, which
    /// is noted.
    pub fn turn_to(&mut self, organisation: usize, role: usize, person: &[u8], row: u64) -> Option<()> {
        let hash = hash(organisation, role, person);
        let (forms, people) = (&self.forms, &self.people);
        let same = |number: &u32| {
            forms.get(*number as usize).is_some_and(|form| {
                form.organisation as usize == organisation
                    && form.role as usize == role
                    && name_of(people, form) == person
            })
        };
        if let Some(number) = self.by_key.find(hash, same) {
            self.current = *number as usize;
        } else {
            self.current = self.add(organisation, role, person, hash, row)?;
        }
        self.expected = 0;
        Some(())
    }

    /// The same by names; gives the number of the role.
    pub fn turn(&mut self, organisation: &[u8], person: &[u8], role: &[u8], row: u64) -> Option<usize> {
        let (organisation, role) = (self.organisation(organisation, row)?, self.role(role, row)?);
        self.turn_to(organisation, role, person, row).map(|()| role)
    }

    fn add(
        &mut self,
        organisation: usize,
        role: usize,
        person: &[u8],
        hashed: u64,
        row: u64,
    ) -> Option<usize> {
        if let Err(reason) = check_name(person) {
            self.wrong(row, "person", reason);
            return None;
        }
        if self.forms.len() >= PEOPLE_MAX {
            self.wrong(row, "person", format!("there are more than {PEOPLE_MAX} people in their roles"));
            return None;
        }
        let place = (self.people.len() as u32, person.len() as u32);
        self.people.extend_from_slice(person);
        let number = self.forms.len();
        self.forms.push(Form {
            organisation: organisation as u32,
            role: role as u32,
            slot: self.roles.get_mut(role)?.place(),
            person: place,
            row,
            on_roster: false,
            excluded: false,
            submitted: false,
        });
        let (forms, people) = (&self.forms, &self.people);
        self.by_key.insert_unique(hashed, number as u32, |number| {
            let form = forms.get(*number as usize);
            form.map_or(0, |form| hash(form.organisation as usize, form.role as usize, name_of(people, form)))
        });
        Some(number)
    }

    /// Puts whom [`Collector::turn_to`] turned to on the roster.
    pub fn enrol(&mut self, excluded: bool, row: u64) {
        let Some(form) = self.forms.get_mut(self.current) else { return };
        let twice = form.on_roster;
        (form.on_roster, form.excluded) = (true, excluded);
        if twice {
            self.wrong(row, "person", "is on the roster twice in this role");
        }
    }

    /// The item that nearly always comes next in this form: its number, and its name.
    pub fn next_item(&self) -> (usize, &[u8]) {
        let role = self.forms.get(self.current).map_or(0, |form| form.role as usize);
        (self.expected, self.roles.get(role).map_or(&[], |role| role.items.name(self.expected)))
    }

    /// Keeps an answer of whom [`Collector::turn_to`] turned to, to an item of that role.
    pub fn answer(&mut self, item: usize, answer: Answer, row: u64) {
        self.rows += 1;
        self.expected = item + 1;
        match self.put(item, answer) {
            Answered::Kept => {}
            Answered::Same => self.repeated += 1,
            Answered::Contradicts(before) => {
                let reason =
                    format!("says {answer}, but {before} was said before for the same person and item");
                self.wrong(row, "answer", reason);
            }
        }
    }

    fn put(&mut self, item: usize, answer: Answer) -> Answered {
        let Some(form) = self.forms.get_mut(self.current) else { return Answered::Kept };
        form.submitted = true;
        let Some(role) = self.roles.get_mut(form.role as usize) else { return Answered::Kept };
        let index = form.slot as usize * role.stride + item / LANES;
        let Some(word) = role.words.get_mut(index) else { return Answered::Kept };
        let shift = 2 * (item % LANES);
        let before = (*word >> shift) & 3;
        let code = u64::from(answer.code());
        if before == 0 || code == 0 {
            *word |= code << shift;
            return Answered::Kept;
        }
        match before == code {
            true => Answered::Same,
            false => Answered::Contradicts(Answer::of_code(before)),
        }
    }

    /// Takes in what another collector has of the rows after this one's. `rows_before` is how many rows stand before
    /// them.
    pub fn absorb(&mut self, later: &Self, rows_before: u64) {
        for wrong in &later.wrong {
            self.wrong(wrong.row + rows_before, wrong.column, wrong.reason.clone());
        }
        let numbers =
            |names: &Names| (0..names.len()).map(|number| names.name(number).to_vec()).collect::<Vec<_>>();
        let organisations: Vec<_> =
            numbers(&later.organisations).iter().map(|name| self.organisation(name, rows_before)).collect();
        let roles: Vec<_> =
            numbers(&later.role_names).iter().map(|name| self.role(name, rows_before)).collect();
        let items: Vec<Vec<_>> = later
            .roles
            .iter()
            .zip(&roles)
            .map(|(role, number)| {
                let names = numbers(&role.items);
                names.iter().map(|name| self.item((*number)?, name, rows_before)).collect()
            })
            .collect();
        for form in &later.forms {
            let organisation = organisations.get(form.organisation as usize).copied().flatten();
            let role = roles.get(form.role as usize).copied().flatten();
            let (Some(organisation), Some(role)) = (organisation, role) else { continue };
            let row = form.row + rows_before;
            if self.turn_to(organisation, role, name_of(&later.people, form), row).is_none() {
                continue;
            }
            let (answers, items) =
                (later.roles[form.role as usize].answers(form), &items[form.role as usize]);
            self.take_form(form, answers, items, row);
        }
        self.repeated += later.repeated;
        self.rows += later.rows;
    }

    fn take_form(&mut self, form: &Form, answers: &[u64], items: &[Option<usize>], row: u64) {
        let Some(own) = self.forms.get_mut(self.current) else { return };
        let fresh = !own.submitted;
        own.submitted |= form.submitted;
        let in_order = items.iter().enumerate().all(|(number, item)| *item == Some(number));
        if let Some(role) = self.roles.get_mut(own.role as usize).filter(|_| fresh && in_order) {
            let start = own.slot as usize * role.stride;
            if let Some(words) = role.words.get_mut(start..start + answers.len()) {
                words.copy_from_slice(answers);
                return;
            }
        }
        for (number, item) in items.iter().enumerate() {
            let code = answers.get(number / LANES).copied().unwrap_or(0) >> (2 * (number % LANES));
            let (Some(item), answer) = (*item, Answer::of_code(code)) else { continue };
            if let Answered::Contradicts(before) = self.put(item, answer) {
                let reason = format!(
                    "this row or one below says {answer} where {before} was said before for the same person and item"
                );
                self.wrong(row, "answer", reason);
            }
        }
    }

    /// Notes the items of a role that are none of its first `items`: those that a survey does not ask.
    pub(crate) fn refuse_items_from(&mut self, role: &[u8], items: usize) {
        let Some(number) = self.role_names.find(role) else { return };
        let Some(found) = self.roles.get(number) else { return };
        let of_role = || self.forms.iter().filter(|form| form.role as usize == number);
        let mut wrong = Vec::new();
        for item in items..found.items.len() {
            let said = |form: &&Form| {
                let word = found.answers(form).get(item / LANES).copied().unwrap_or(0);
                (word >> (2 * (item % LANES))) & 3 != 0
            };
            let row = of_role().find(said).or_else(|| of_role().next()).map_or(0, |form| form.row);
            wrong.push((row, format!("{:?} is not asked of this role", found.items.text(item))));
        }
        for (row, reason) in wrong {
            self.wrong(row, "item", reason);
        }
    }

    /// The forms that were sent.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Form> {
        self.forms.iter().filter(|form| form.submitted)
    }

    /// The name of a form's person.
    pub(crate) fn person_of(&self, form: &Form) -> &str {
        std::str::from_utf8(name_of(&self.people, form)).unwrap_or_default()
    }

    /// The name of a form's organisation.
    pub(crate) fn organisation_of(&self, form: &Form) -> &str {
        std::str::from_utf8(self.organisations.name(form.organisation as usize)).unwrap_or_default()
    }

    /// The name of a form's role.
    pub(crate) fn role_of(&self, form: &Form) -> &str {
        std::str::from_utf8(self.role_names.name(form.role as usize)).unwrap_or_default()
    }

    /// The answers of a form to the first `items` items of its role.
    pub(crate) fn packed(&self, form: &Form, items: usize) -> Packed {
        let role = self.roles.get(form.role as usize);
        Packed::of_words(role.map_or(&[], |role| role.answers(form)), items)
    }

    /// Everything is read: refuses when any row was wrong, or when somebody answered who is not on the roster.
    pub fn finish(mut self, with_roster: bool) -> Result<Self, Error> {
        let strangers: Vec<u64> = match with_roster {
            true => self
                .forms
                .iter()
                .filter(|form| !form.on_roster)
                .map(|form| form.row)
                .take(WRONG_MAX)
                .collect(),
            false => Vec::new(),
        };
        for row in strangers {
            self.wrong(row, "person", "is not on the roster in this role of this organisation");
        }
        match self.wrong.is_empty() {
            true => Ok(self),
            false => Err(Error::Rows(self.wrong)),
        }
    }
}

fn hash(organisation: usize, role: usize, person: &[u8]) -> u64 {
    FixedState::default().hash_one((organisation as u32, role as u32, person))
}

fn name_of<'p>(people: &'p [u8], form: &Form) -> &'p [u8] {
    let (start, length) = (form.person.0 as usize, form.person.1 as usize);
    people.get(start..start + length).unwrap_or(&[])
}
