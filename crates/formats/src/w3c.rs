//! W3C extended.

use crate::{Event, Format, Names};

/// Reads one line.
pub(crate) fn parse(
    text: &str,
    _columns: &[String],
    names: &mut Names,
    event: &mut Event,
) -> Result<(), String> {
    let message = names.id(Format::W3c, "message");
    event.push_text(message, text);
    Ok(())
}

/// Whether a line looks like it.
pub(crate) fn looks_like(_line: &str) -> bool {
    false
}
