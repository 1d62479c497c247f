//! Linux audit records: `type=EXECVE msg=audit(1696431255.037:8272): argc=1 a0="-bash"`.

use std::borrow::Cow;

use super::{Pair, Pairs};
use crate::limit::FIELDS_MAX;
use crate::{Event, Format, Names, time};

/// Whether a line is an audit record, with or without `node=` before it.
pub(crate) fn looks_like(line: &str) -> bool {
    let start = line.trim_start();
    (start.starts_with("type=") || start.starts_with("node=")) && start.contains("msg=audit(")
}

/// Reads an audit record: its fields, those inside `msg='…'`, and what the kernel wrote in hexadecimal.
pub(super) fn parse(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let mut kind = String::new();
    for pair in Pairs::new(text).take(FIELDS_MAX) {
        match (pair.key, &*pair.value) {
            ("type", value) => {
                value.clone_into(&mut kind);
                event.push_text(names.id(Format::KeyValue, "type"), value);
            }
            ("msg", stamp) if stamp.starts_with("audit(") => read_stamp(stamp, names, event),
            ("msg", inner) if pair.quoted && inner.contains('=') => {
                event.push_text(names.id(Format::KeyValue, "msg"), inner);
                for pair in Pairs::new(inner).take(FIELDS_MAX) {
                    push(&pair, &kind, names, event);
                }
            }
            _ => push(&pair, &kind, names, event),
        }
    }
    if kind.is_empty() { Err("an audit record without a type".to_owned()) } else { Ok(()) }
}

/// `audit(1696431255.037:8272):` says when, and which records belong together.
fn read_stamp(stamp: &str, names: &mut Names, event: &mut Event) {
    let inside = stamp.trim_start_matches("audit(").split(')').next().unwrap_or_default();
    let (when, serial) = inside.rsplit_once(':').unwrap_or((inside, ""));
    event.time = event.time.or_else(|| time::read(when));
    event.push_text(names.id(Format::KeyValue, "timestamp"), when);
    if !serial.is_empty() {
        event.push_untyped(names.id(Format::KeyValue, "sequence"), serial);
    }
}

fn push(pair: &Pair<'_>, kind: &str, names: &mut Names, event: &mut Event) {
    let name = names.id(Format::KeyValue, pair.key);
    let value = pair.value.trim_end_matches(':');
    if pair.quoted {
        event.push_text(name, &pair.value);
    } else if is_encoded(pair.key, kind)
        && let Some(text) = decode(value)
    {
        event.push_text(name, &text);
    } else {
        event.push_untyped(name, value);
    }
}

/// Fields the kernel writes in hexadecimal when their text has blanks or quotes. The `a0` of SYSCALL is a number.
fn is_encoded(key: &str, kind: &str) -> bool {
    match key {
        "proctitle" | "name" | "cwd" | "exe" | "comm" | "cmd" | "data" | "acct" | "dir" | "key" | "path" => {
            true
        }
        _ => {
            kind == "EXECVE"
                && key
                    .strip_prefix('a')
                    .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit() || b == b'[' || b == b']'))
        }
    }
}

/// Bytes from pairs of upper-case hexadecimal digits; zero bytes separate arguments.
fn decode(hex: &str) -> Option<Cow<'static, str>> {
    let digits = hex.as_bytes();
    let plausible = digits.len() >= 2
        && digits.len().is_multiple_of(2)
        && digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    if !plausible {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        let &[high, low] = pair else { return None };
        let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'A' + 10 };
        let byte = value(high) * 16 + value(low);
        bytes.push(if byte == 0 { b' ' } else { byte });
    }
    let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
    let printable = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r'));
    (printable && !text.is_empty()).then_some(Cow::Owned(text))
}
