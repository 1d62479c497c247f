//! The counts of one organisation in one role: dense, added to and taken from as forms come in.

use base::Rate;

use crate::answer::{Packed, Split, each_item};

/// What was said about one item, in numbers of people. Who left it blank is what remains of those who sent the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// 実施
    pub done: u64,
    /// 未実施
    pub not_done: u64,
    /// 責務なし
    pub no_duty: u64,
    /// 未回答, in a form that was sent.
    pub blank: u64,
}

impl Cell {
    /// Everybody who sent the form.
    pub fn known(self) -> u64 {
        self.done + self.not_done + self.no_duty + self.blank
    }
}

/// How one person stands with all items of a role together, for the variant that asks who did everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// At least one duty, and every one done.
    Complete,
    /// At least one done, none not done, some left blank.
    CompleteButBlank,
    /// At least one not done.
    Incomplete,
    /// Nothing but blanks where there is a duty at all.
    NothingSaid,
    /// No duty arose.
    NoDuty,
}

impl Standing {
    /// How somebody stands with the items in `asked` (see [`lanes`](crate::lanes)).
    pub fn of(answers: &[u64], asked: &[u64]) -> Self {
        let (mut done, mut not_done, mut blank) = (0, 0, 0);
        for (number, asked) in asked.iter().enumerate() {
            let split = Split::of(answers.get(number).copied().unwrap_or(0), *asked);
            done |= split.done;
            not_done |= split.not_done;
            blank |= split.blank;
        }
        match (done != 0, not_done != 0, blank != 0) {
            (_, true, _) => Self::Incomplete,
            (true, false, false) => Self::Complete,
            (true, false, true) => Self::CompleteButBlank,
            (false, false, true) => Self::NothingSaid,
            (false, false, false) => Self::NoDuty,
        }
    }
}

/// Everything that is counted of one organisation in one role. A person with two roles is in two tallies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// 報告対象: those who are asked; `None` when nobody has said who is. Who withdrew after sending stays.
    pub targets: Option<u64>,
    /// Those who are not asked, for a reason: long leave, left the organisation.
    pub excluded: u64,
    /// 把握: those of the targets who sent the form in time.
    pub submitted: u64,
    /// By item.
    pub cells: Vec<Cell>,
    /// How many stand how, by [`Standing`].
    pub standings: [u64; 5],
}

impl Tally {
    /// Nobody yet, for so many items.
    pub fn new(items: usize) -> Self {
        Self { cells: vec![Cell::default(); items], ..Self::default() }
    }

    /// Counts all these forms: what counts that were changed form by form must always equal.
    pub fn recount<'p>(items: usize, asked: &[u64], forms: impl IntoIterator<Item = &'p Packed>) -> Self {
        let mut tally = Self::new(items);
        for form in forms {
            tally.add(form.words(), asked);
        }
        tally
    }

    /// Counts a form that was sent. `asked` masks the items that count here.
    pub fn add(&mut self, answers: &[u64], asked: &[u64]) {
        self.submitted += 1;
        self.standings[Standing::of(answers, asked) as usize] += 1;
        self.change(answers, asked, |count| *count += 1);
    }

    /// Takes back a form that [`Tally::add`] counted with the same mask, because a newer one takes its place.
    pub fn subtract(&mut self, answers: &[u64], asked: &[u64]) {
        self.submitted = self.submitted.saturating_sub(1);
        let standing = &mut self.standings[Standing::of(answers, asked) as usize];
        *standing = standing.saturating_sub(1);
        self.change(answers, asked, |count| *count = count.saturating_sub(1));
    }

    fn change(&mut self, answers: &[u64], asked: &[u64], mut change: impl FnMut(&mut u64)) {
        let cells = &mut self.cells;
        for (number, asked) in asked.iter().enumerate() {
            let split = Split::of(answers.get(number).copied().unwrap_or(0), *asked);
            each_item(number, split.done, |item| change(&mut cells[item].done));
            each_item(number, split.not_done, |item| change(&mut cells[item].not_done));
            each_item(number, split.no_duty, |item| change(&mut cells[item].no_duty));
            each_item(number, split.blank, |item| change(&mut cells[item].blank));
        }
    }

    /// How many stand so.
    pub fn standing(&self, standing: Standing) -> u64 {
        self.standings[standing as usize]
    }

    /// Adds the counts of a part of the organisation, asked the same items in the same role.
    pub fn absorb(&mut self, part: &Self) {
        self.targets = match (self.targets, part.targets) {
            (Some(own), Some(part)) => Some(own + part),
            _ => None,
        };
        self.excluded += part.excluded;
        self.submitted += part.submitted;
        self.cells.resize(self.cells.len().max(part.cells.len()), Cell::default());
        for (own, part) in self.cells.iter_mut().zip(&part.cells) {
            own.done += part.done;
            own.not_done += part.not_done;
            own.no_duty += part.no_duty;
            own.blank += part.blank;
        }
        for (own, part) in self.standings.iter_mut().zip(part.standings) {
            *own += part;
        }
    }

    /// Those who sent the form, of those who were asked; `None` when nobody has said who was.
    pub fn known(&self) -> Option<Rate> {
        self.targets.map(|whole| Rate { part: self.submitted, whole })
    }

    /// The counts as numbers in one row of text, and back: how a column keeps them.
    pub fn written(&self) -> String {
        let cells = self.cells.iter().flat_map(|cell| [cell.done, cell.not_done, cell.no_duty, cell.blank]);
        let numbers = [self.submitted].into_iter().chain(self.standings).chain(cells);
        numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`Tally::written`] wrote for so many items; `None` when it did not. Targets and exclusions are not
    /// in it.
    pub fn of_written(text: &str, items: usize) -> Option<Self> {
        let numbers: Vec<u64> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let (submitted, rest) = numbers.split_first()?;
        let (standings, cells) = rest.split_at_checked(5)?;
        if cells.len() != 4 * items {
            return None;
        }
        let cell = |four: &[u64]| {
            let [done, not_done, no_duty, blank] = <[u64; 4]>::try_from(four).ok()?;
            Some(Cell { done, not_done, no_duty, blank })
        };
        Some(Self {
            submitted: *submitted,
            standings: standings.try_into().ok()?,
            cells: cells.chunks(4).map(cell).collect::<Option<_>>()?,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, lanes};
    use proptest::prelude::*;

    fn form() -> impl Strategy<Value = Packed> {
        proptest::collection::vec(0..4_usize, 40)
            .prop_map(|codes| Packed::of(&codes.iter().map(|code| Answer::ALL[*code]).collect::<Vec<_>>()))
    }

    proptest! {
        #[test]
        fn incremental_counts_equal_a_full_recount(
            sent in proptest::collection::vec((0..6_usize, form()), 0..40),
            withdrawn in 0..40_usize,
        ) {
            let mut asked = lanes(40);
            asked[withdrawn / 32] &= !(1 << (2 * (withdrawn % 32)));
            let mut latest: [Option<Packed>; 6] = Default::default();
            let mut tally = Tally::new(40);
            for (person, form) in &sent {
                if let Some(before) = latest[*person].replace(form.clone()) {
                    tally.subtract(before.words(), &asked);
                }
                tally.add(form.words(), &asked);
            }
            prop_assert_eq!(&tally, &Tally::recount(40, &asked, latest.iter().flatten()));
            prop_assert_eq!(Tally::of_written(&tally.written(), 40), Some(tally.clone()));
            prop_assert_eq!(tally.cells[withdrawn], Cell::default());
            for (item, cell) in tally.cells.iter().enumerate().filter(|(item, _)| *item != withdrawn) {
                prop_assert_eq!(cell.known(), tally.submitted, "item {}", item);
            }
        }

        #[test]
        fn each_answer_is_counted_where_it_was_given(forms in proptest::collection::vec(form(), 0..20)) {
            let tally = Tally::recount(40, &lanes(40), &forms);
            for item in 0..40 {
                let count = |answer| forms.iter().filter(|form| form.get(item) == answer).count() as u64;
                let cell = tally.cells[item];
                prop_assert_eq!(cell.done, count(Answer::Done));
                prop_assert_eq!(cell.not_done, count(Answer::NotDone));
                prop_assert_eq!(cell.no_duty, count(Answer::NoDuty));
                prop_assert_eq!(cell.blank, count(Answer::Blank));
            }
        }
    }

    #[test]
    fn a_person_stands_by_all_answers_together() {
        use Answer::{Blank, Done, NoDuty, NotDone};
        let standing = |answers: &[Answer]| Standing::of(Packed::of(answers).words(), &lanes(answers.len()));
        assert_eq!(standing(&[Done, Done]), Standing::Complete);
        assert_eq!(standing(&[Done, NoDuty]), Standing::Complete);
        assert_eq!(standing(&[Done, Blank]), Standing::CompleteButBlank);
        assert_eq!(standing(&[Done, NotDone]), Standing::Incomplete);
        assert_eq!(standing(&[NotDone, Blank]), Standing::Incomplete);
        assert_eq!(standing(&[Blank, NoDuty]), Standing::NothingSaid);
        assert_eq!(standing(&[NoDuty, NoDuty]), Standing::NoDuty);
        assert_eq!(standing(&[]), Standing::NoDuty);
    }

    #[test]
    fn a_column_with_other_counts_is_refused() {
        let tally = Tally::new(2);
        assert_eq!(tally.written(), "0 0 0 0 0 0 0 0 0 0 0 0 0 0");
        assert_eq!(Tally::of_written(&tally.written(), 3), None);
        assert_eq!(Tally::of_written("", 0), None);
        assert_eq!(Tally::of_written("1 2 x", 0), None);
    }
}
