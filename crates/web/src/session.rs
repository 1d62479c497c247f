//! Who is asking. The one place that decides it.
//!
//! Until there is a sign-in, whoever can reach the loopback address sits at the centre's own machine; `guard` refuses
//! every request that came by another name.

use axum::http::request::Parts;
use base::Scope;

/// The person asking, and what they may see.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// What they may see.
    pub scope: Scope,
    /// Their name in the audit trail.
    pub name: String,
}

/// Who sent this request.
pub(crate) fn actor(_request: &Parts) -> Actor {
    Actor { scope: Scope::centre(), name: "local".to_owned() }
}
