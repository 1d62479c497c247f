//! Who is asking. The one place that decides it.
//!
//! Until there is a sign-in, whoever can reach the loopback address sits at the centre's own machine; `guard` refuses
//! every request that came by another name.

use axum::http::request::Parts;
use base::Actor;

/// Who sent this request.
#[allow(clippy::disallowed_methods, reason = "the loopback address is the house itself")]
pub(crate) fn actor(_request: &Parts) -> Actor {
    Actor::house("local")
}
