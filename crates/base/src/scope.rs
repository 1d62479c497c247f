//! What the person asking may see. No question can be asked without one.

use std::collections::BTreeSet;

use crate::{Id, Organisation};

/// The organisations whose data the asker may see. Every read takes one and filters by it before counting.
///
/// Made only by whoever has established who is asking: the command line on the centre's own machine, or the
/// web's sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    // `None` is everything; private so that a scope cannot be widened by writing to it.
    organisations: Option<BTreeSet<Id<Organisation>>>,
}

impl Scope {
    /// The centre's own staff: every organisation, and what belongs to none yet.
    pub const fn centre() -> Self {
        Self { organisations: None }
    }

    /// Somebody at a member: their organisation and everything below it, already expanded.
    pub fn organisations(subtree: impl IntoIterator<Item = Id<Organisation>>) -> Self {
        Self { organisations: Some(subtree.into_iter().collect()) }
    }

    /// Whether data of `organisation` may be shown. Data that belongs to nobody is the centre's.
    pub fn covers(&self, organisation: Option<Id<Organisation>>) -> bool {
        match (&self.organisations, organisation) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(subtree), Some(organisation)) => subtree.contains(&organisation),
        }
    }

    /// The organisations to filter by, or `None` when everything may be seen.
    pub fn limit(&self) -> Option<&BTreeSet<Id<Organisation>>> {
        self.organisations.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_sees_its_own_and_never_what_belongs_to_nobody() {
        let now = "2026-04-01T00:00:00Z".parse().unwrap();
        let (own, other) = (Id::new(now), Id::new(now));
        let member = Scope::organisations([own]);
        assert!(member.covers(Some(own)));
        assert!(!member.covers(Some(other)));
        assert!(!member.covers(None));
        assert!(Scope::centre().covers(None));
        assert!(!Scope::organisations([]).covers(Some(own)));
    }
}
