//! Every shape in which logs write a time.

use base::Timestamp;

/// When a text says it is; without a zone it is UTC. `None` for what is not a time or absurd.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
