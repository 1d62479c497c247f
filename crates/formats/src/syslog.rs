//! RFC 5424 and RFC 3164.

use crate::{Event, Format, Names};

/// Reads one line.
pub(crate) fn parse_5424(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let message = names.id(Format::Syslog5424, "message");
    event.push_text(message, text);
    Ok(())
}

/// Reads one line.
pub(crate) fn parse_3164(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let message = names.id(Format::Syslog5424, "message");
    event.push_text(message, text);
    Ok(())
}

/// Whether a line looks like it.
pub(crate) fn looks_like(_line: &str) -> bool {
    false
}

/// Whether a line looks like RFC 5424.
pub(crate) fn looks_like_5424(_line: &str) -> bool {
    false
}
