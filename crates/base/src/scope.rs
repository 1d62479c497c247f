//! What the person asking may see and do. No question can be asked without one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::actor::Seat;
use crate::{Confidentiality, Denied, Grant, Id, Organisation, Right, Tlp};

const RIGHTS: usize = Right::ALL.len();
const DEGREES: usize = Confidentiality::ALL.len();

/// Over which organisations an actor has which right. Every read takes one and filters by it before counting.
///
/// A scope comes from an [`Actor`](crate::Actor) and can be narrowed, never widened. The capability that is asked
/// names the right it needs, so that a caller cannot bring the wrong one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// By right, then by confidentiality.
    extents: [[Extent; DEGREES]; RIGHTS],
    /// The organisations that are the actor's own: those of the grants that are not the centre's.
    own: Arc<BTreeSet<Id<Organisation>>>,
}

/// `None` is everything, also what belongs to nobody yet.
type Extent = Option<Arc<BTreeSet<Id<Organisation>>>>;

impl Scope {
    /// What follows from `grants`, narrowed to the rights in `only`.
    pub(crate) fn of(grants: &[Grant], only: Option<&[Right]>) -> Self {
        let extent = |right: Right, degree: Confidentiality| -> Extent {
            let mut organisations = BTreeSet::new();
            if only.is_some_and(|only| !only.contains(&right)) {
                return Some(Arc::new(organisations));
            }
            let fitting = grants.iter().filter(|grant| {
                grant.role.rights().contains(&right) && grant.role.confidentiality_max() >= degree
            });
            for grant in fitting {
                if grant.role.seat() == Seat::Centre {
                    return None;
                }
                organisations.extend(&grant.subtree);
            }
            Some(Arc::new(organisations))
        };
        let own =
            grants.iter().filter(|grant| grant.role.seat() != Seat::Centre).flat_map(|grant| &grant.subtree);
        Self {
            extents: Right::ALL.map(|right| Confidentiality::ALL.map(|degree| extent(right, degree))),
            own: Arc::new(own.copied().collect()),
        }
    }

    /// No right over anything: somebody who is not signed in.
    pub fn nothing() -> Self {
        Self::of(&[], None)
    }

    /// Every right over everything.
    pub(crate) fn everything() -> Self {
        Self { extents: std::array::from_fn(|_| std::array::from_fn(|_| None)), own: Arc::default() }
    }

    fn extent(&self, right: Right, degree: Confidentiality) -> &Extent {
        &self.extents[right as usize][degree as usize]
    }

    /// The organisations to filter by, or `None` when everything may be seen: for what has no degree of
    /// confidentiality of its own, which is handled as 1.
    pub fn limit(&self, right: Right) -> Option<&BTreeSet<Id<Organisation>>> {
        self.limit_at(right, Confidentiality::One)
    }

    /// The organisations to filter by for information of this degree, or `None` when everything may be seen.
    pub fn limit_at(&self, right: Right, degree: Confidentiality) -> Option<&BTreeSet<Id<Organisation>>> {
        self.extent(right, degree).as_deref()
    }

    /// Whether the right reaches `organisation`. What belongs to nobody is the centre's.
    pub fn covers(&self, right: Right, organisation: Option<Id<Organisation>>) -> bool {
        self.covers_at(right, organisation, Confidentiality::One)
    }

    /// Whether the right reaches information of this degree at `organisation`.
    pub fn covers_at(
        &self,
        right: Right,
        organisation: Option<Id<Organisation>>,
        degree: Confidentiality,
    ) -> bool {
        match (self.limit_at(right, degree), organisation) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(reached), Some(organisation)) => reached.contains(&organisation),
        }
    }

    /// Whether there is anything the right reaches.
    pub fn has(&self, right: Right) -> bool {
        self.limit(right).is_none_or(|reached| !reached.is_empty())
    }

    /// Whether the right reaches everything: the centre's own people.
    pub fn everywhere(&self, right: Right) -> bool {
        self.limit(right).is_none()
    }

    /// Refuses whoever does not have the right over `organisation`.
    pub fn require(&self, right: Right, organisation: Option<Id<Organisation>>) -> Result<(), Denied> {
        if self.covers(right, organisation) { Ok(()) } else { Err(Denied { right }) }
    }

    /// Whether something that concerns `recipients` may be known at all (TLP 2.0): the centre knows everything, the
    /// recipients know their own, the community knows what is GREEN or CLEAR.
    pub fn knows(&self, right: Right, tlp: Tlp, recipients: &BTreeSet<Id<Organisation>>) -> bool {
        match self.limit(right) {
            None => true,
            Some(reached) => !reached.is_disjoint(recipients) || (tlp <= Tlp::Green && !reached.is_empty()),
        }
    }

    /// Whether the other organisations that something concerns may be named to whoever knows of it.
    pub fn names_others(&self, right: Right, tlp: Tlp) -> bool {
        self.everywhere(right) || (tlp <= Tlp::Green && self.has(right))
    }

    /// The organisations that are the actor's own; empty for the centre's people.
    pub fn own(&self) -> &BTreeSet<Id<Organisation>> {
        &self.own
    }

    /// The same rights over `organisation` only, where they reached it.
    pub fn narrowed(&self, organisation: Id<Organisation>) -> Self {
        let narrow = |extent: &Extent| -> Extent {
            let reached = extent.as_ref().is_none_or(|reached| reached.contains(&organisation));
            Some(Arc::new(reached.then_some(organisation).into_iter().collect()))
        };
        let own = self.own.contains(&organisation).then_some(organisation).into_iter().collect();
        Self {
            extents: self.extents.each_ref().map(|degrees| degrees.each_ref().map(narrow)),
            own: Arc::new(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn ids<const N: usize>() -> [Id<Organisation>; N] {
        std::array::from_fn(|number| Id::from_digest([u8::try_from(number).unwrap(); 16]))
    }

    fn grant(role: Role, subtree: &[Id<Organisation>]) -> Grant {
        Grant { role, subtree: subtree.to_vec() }
    }

    #[test]
    fn a_member_sees_its_own_and_never_what_belongs_to_nobody() {
        let [own, other] = ids();
        let scope = Scope::of(&[grant(Role::Csirt, &[own])], None);
        assert!(scope.covers(Right::ReadEvents, Some(own)));
        assert!(!scope.covers(Right::ReadEvents, Some(other)));
        assert!(!scope.covers(Right::ReadEvents, None));
        assert!(!scope.covers(Right::Decide, Some(own)));
        assert!(Scope::everything().covers(Right::Decide, None));
        assert!(Scope::of(&[grant(Role::WatchOfficer, &[])], None).everywhere(Right::ReadEvents));
        assert!(!Scope::of(&[], None).has(Right::ReadWatch));
    }

    #[test]
    fn each_right_reaches_as_far_as_the_roles_that_give_it() {
        let [first, second] = ids();
        let scope = Scope::of(&[grant(Role::Csirt, &[first]), grant(Role::SystemManager, &[second])], None);
        assert!(scope.covers(Right::ReadWatch, Some(second)));
        assert!(!scope.covers(Right::ReadEvents, Some(second)));
        assert!(scope.covers_at(Right::ReadRegistry, Some(first), Confidentiality::Three));
        assert!(!scope.covers_at(Right::ReadRegistry, Some(second), Confidentiality::Three));
        assert_eq!(scope.require(Right::Decide, Some(first)), Err(Denied { right: Right::Decide }));
    }

    #[test]
    fn narrowing_never_widens() {
        let [own, other] = ids();
        let scope = Scope::of(&[grant(Role::Csirt, &[own])], None);
        assert!(!scope.narrowed(other).has(Right::ReadWatch));
        assert!(!scope.narrowed(own).narrowed(other).has(Right::ReadWatch));
        assert!(Scope::everything().narrowed(own).covers(Right::ReadWatch, Some(own)));
        assert!(!Scope::everything().narrowed(own).covers(Right::ReadWatch, None));
        let token = Scope::of(&[grant(Role::Csirt, &[own])], Some(&[Right::ReadWatch]));
        assert!(token.has(Right::ReadWatch) && !token.has(Right::ReadEvents));
    }

    #[test]
    fn the_community_knows_what_is_green_and_recipients_know_their_own() {
        let [own, other] = ids();
        let scope = Scope::of(&[grant(Role::Csirt, &[own])], None);
        let (hit, not_hit) = (BTreeSet::from([own, other]), BTreeSet::from([other]));
        for (tlp, knows, names) in [
            (Tlp::Clear, true, true),
            (Tlp::Green, true, true),
            (Tlp::Amber, false, false),
            (Tlp::AmberStrict, false, false),
            (Tlp::Red, false, false),
        ] {
            assert!(scope.knows(Right::ReadWatch, tlp, &hit), "{tlp}");
            assert_eq!(scope.knows(Right::ReadWatch, tlp, &not_hit), knows, "{tlp}");
            assert_eq!(scope.names_others(Right::ReadWatch, tlp), names, "{tlp}");
            assert!(Scope::everything().knows(Right::ReadWatch, tlp, &not_hit));
            assert!(!Scope::of(&[], None).knows(Right::ReadWatch, tlp, &hit));
        }
    }
}
