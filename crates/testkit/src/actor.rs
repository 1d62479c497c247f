//! People for tests. Tests stand in for the sign-in, so only here and there may somebody be recognised.
#![allow(clippy::disallowed_methods, reason = "a test says who is asking")]

use base::{Actor, Grant, Id, Organisation, Role, Scope};

/// Somebody with one role; `subtree` is of no meaning for the roles of the centre.
pub fn actor(role: Role, subtree: impl IntoIterator<Item = Id<Organisation>>) -> Actor {
    let grant = Grant { role, subtree: subtree.into_iter().collect() };
    Actor::recognised(Id::from_digest([role as u8; 16]), role.word().to_owned(), &[grant], None)
}

/// The watch officer of the centre.
pub fn officer() -> Actor {
    actor(Role::WatchOfficer, [])
}

/// The house itself.
pub fn house_itself() -> Actor {
    Actor::house("test")
}

/// Everything, as the house itself sees it.
pub fn house() -> Scope {
    Actor::house("test").scope().clone()
}

/// What the CSIRT of these organisations may see.
pub fn member(subtree: impl IntoIterator<Item = Id<Organisation>>) -> Scope {
    actor(Role::Csirt, subtree).scope().clone()
}
