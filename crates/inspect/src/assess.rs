//! Figures and grades of a file of responses, without a server and without a database.
//!
//! A row is one answer: organisation, person, role, item, answer. Rows may stand in any order; a [`Collector`] keeps each
//! person's answers at two bits an item, so that half a million people with a hundred items are some tens of megabytes.
//! Who has rows for a role has sent its form. An item is asked in an organisation and role when anybody there has
//! answered it; who sent the form without an answer to it left it blank. With a roster, coverage is known too.

mod coded;
mod collect;
mod csv;
mod report;

pub use coded::{CodedColumn, read_coded};
pub(crate) use collect::Form as CollectedForm;
pub use collect::{Answered, Collector, PEOPLE_MAX};
pub use csv::{Part, RESPONSES, ROSTER, header, read_responses, read_roster};
pub use report::{
    Assessment, Figures, GovernmentFigures, ItemCount, OrganisationFigures, RoleFigures, Shown, ShownReach,
};

#[cfg(test)]
mod tests;
