//! Self-inspection (自己点検): who was asked, what they answered, and the rates and grades that follow.
//!
//! Everything is counted in integers. A [`Tally`] holds the counts of one organisation in one role; a [`Formula`] says
//! which figure is made of them, a [`Grade`] what it means, and [`printed`] how it is shown. No figure is ever made of a
//! rounded one.
//!
//! A [`survey`] is what is asked of whom: a [`roster`], a [`form`] for each person and role, and counts ([`count`]) that
//! follow every form in its own transaction. What it leaves to be fixed is a [`finding`], as are the findings of audits,
//! scans and incidents.

mod answer;
pub mod assess;
pub mod catalogue;
pub mod count;
mod error;
mod figure;
pub mod finding;
pub mod form;
mod formula;
mod grade;
pub mod link;
mod mean;
pub mod progress;
pub mod reception;
pub mod roster;
mod sql;
mod summary;
mod suppress;
pub mod survey;
mod tally;
#[cfg(test)]
mod tests;
pub mod trend;
pub mod unit;
pub mod upload;
mod withhold;

pub use answer::{Answer, ITEMS_MAX, Packed, lanes};
pub use error::{Error, ErrorKind, WRONG_MAX, WrongRow};
pub use figure::{
    Figure, Government, MARKS, Reach, all_roles, coverage, government, implementation, of_item, reach,
};
pub use formula::{Aggregation, Blank, Duty, Formula, Known, Variant};
pub use grade::{Grade, printed, printed_whole};
pub use mean::Mean;
pub use summary::{OfRole, Results, Summary, results};
pub use suppress::{SMALL_CELL_MIN, Suppressed, suppress};
pub use tally::{Cell, Standing, Tally};
pub use withhold::{Withheld, withhold};
