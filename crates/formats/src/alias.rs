//! One table that gives a source's own field names their Sigma, ECS and OCSF names.

use crate::{Format, Role};

/// What a field says, from its format and dotted path.
pub fn role(_format: Format, _path: &str) -> Option<Role> {
    None
}

/// The other names under which a rule may ask for the field: Sigma's, ECS's and OCSF's, in that order.
pub fn names(_format: Format, _path: &str) -> Vec<String> {
    Vec::new()
}
