//! RFC 5424 section 6.3: `[id param="value" …][id …]`, and what Check Point made of it.

use std::borrow::Cow;

use crate::{Event, Format, Names};

/// Adds every parameter as `id.param`; what follows the last element. `None` when an element does not end.
pub(super) fn read<'a>(text: &'a str, names: &mut Names, event: &mut Event) -> Option<&'a str> {
    let mut rest = text;
    if text.split([' ', ']']).next().is_some_and(|word| word.contains(":\"")) {
        // Check Point's own kind, which is read as part of the message.
        return Some(rest);
    }
    while let Some(inside) = rest.strip_prefix('[') {
        let id_end = inside.find([' ', ']'])?;
        let (id, mut parameters) = inside.split_at_checked(id_end)?;
        let element = names.id(Format::Syslog5424, id);
        loop {
            parameters = parameters.trim_start_matches(' ');
            if let Some(after) = parameters.strip_prefix(']') {
                rest = after;
                break;
            }
            let (name, after) = parameters.split_once("=\"")?;
            let end = closing_quote(after)?;
            let value = unescape(after.get(..end)?);
            event.push_untyped(names.below(Format::Syslog5424, element, name.trim()), &value);
            parameters = after.get(end + 1..)?;
        }
    }
    Some(rest)
}

/// Adds the fields of Check Point's `[action:"Accept"; src:"10.0.0.1"; …]`; what follows it. `None` for anything else.
pub(super) fn read_check_point<'a>(text: &'a str, names: &mut Names, event: &mut Event) -> Option<&'a str> {
    let mut rest = text.strip_prefix('[')?;
    let first = rest.split_once(":\"")?.0;
    if first.is_empty() || !first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    loop {
        rest = rest.trim_start_matches([' ', ';']);
        if let Some(after) = rest.strip_prefix(']') {
            return Some(after.trim_start());
        }
        let Some((name, after)) = rest.split_once(":\"") else { return Some(rest) };
        let Some(end) = closing_quote(after) else { return Some(rest) };
        let value = unescape(after.get(..end)?);
        event.push_untyped(names.id(Format::Syslog5424, name.trim()), &value);
        rest = after.get(end + 1..)?;
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Only `"`, `\` and `]` are escaped; any other backslash stands for itself.
fn unescape(text: &str) -> Cow<'_, str> {
    if text.contains('\\') {
        Cow::Owned(text.replace("\\\"", "\"").replace("\\]", "]").replace("\\\\", "\\"))
    } else {
        Cow::Borrowed(text)
    }
}
