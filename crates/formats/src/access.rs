//! Web access logs and squid.

use crate::{Event, Format, Names};

/// Reads one line.
pub(crate) fn parse_web(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let message = names.id(Format::WebAccess, "message");
    event.push_text(message, text);
    Ok(())
}

/// Reads one line.
pub(crate) fn parse_squid(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let message = names.id(Format::WebAccess, "message");
    event.push_text(message, text);
    Ok(())
}

/// Whether a line looks like it.
pub(crate) fn looks_like(_line: &str) -> bool {
    false
}

/// Whether a line looks like squid's native log.
pub(crate) fn looks_like_squid(_line: &str) -> bool {
    false
}
