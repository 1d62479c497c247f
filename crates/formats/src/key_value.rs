//! key=value pairs.

use crate::{Event, Format, Names};

/// Reads one line.
pub(crate) fn parse(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let message = names.id(Format::KeyValue, "message");
    event.push_text(message, text);
    Ok(())
}

/// Whether a line looks like it.
pub(crate) fn looks_like(_line: &str) -> bool {
    false
}
