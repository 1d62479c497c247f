//! QRadar Log Event Extended Format: `LEEF:2.0|vendor|product|version|event|^|key=value^key=value`.

use crate::cef::Extension;
use crate::{Event, Format, Names, syslog, time};

/// The header fields after the version.
const HEADER: [&str; 4] = ["Vendor", "Product", "Version", "EventID"];

/// Reads one LEEF record; a syslog header before it is read as well.
pub(crate) fn parse(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let text = text.trim();
    let at = text.find("LEEF:").ok_or("no LEEF: in the line")?;
    syslog::read_header_before(text.get(..at).unwrap_or_default(), names, event);
    let record = text.get(at + 5..).unwrap_or_default();
    let (version, mut rest) = record.split_once('|').ok_or("the LEEF header ends after its version")?;
    event.push_untyped(names.id(Format::Leef, "LeefVersion"), version.trim());
    for name in HEADER {
        let column = text.len() - rest.len() + 1;
        let short = || format!("the LEEF header ends before {name}, at column {column}");
        let (value, after) = rest.split_once('|').ok_or_else(short)?;
        event.push_untyped(names.id(Format::Leef, name), value.trim());
        rest = after;
    }
    let (delimiter, attributes) = delimiter(version.trim(), rest);
    for (key, value) in pairs(attributes, delimiter) {
        event.push_untyped(names.id(Format::Leef, key), value);
    }
    let device_time = event.get(names.id(Format::Leef, "devTime")).and_then(|value| time::read(value.text));
    event.time = event.time.or(device_time);
    Ok(())
}

/// Whether a line holds a LEEF record, perhaps after a syslog header.
pub(crate) fn looks_like(line: &str) -> bool {
    line.find("LEEF:").and_then(|at| line.get(at + 5..)).is_some_and(|after| {
        after.starts_with(['1', '2']) && after.bytes().filter(|b| *b == b'|').take(5).count() == 5
    })
}

/// What stands between attributes, and the attributes. LEEF 2 says it in the header: `^`, `x09`, `0x5e`; LEEF 1
/// uses the tab, which relays write as `#011` or lose.
fn delimiter<'a>(version: &str, rest: &'a str) -> (&'static str, &'a str) {
    const SINGLES: &str = "\t^;,~!#&*+ $%@";
    if version.starts_with('2')
        && let Some((named, attributes)) = rest.split_once('|')
        && named.len() <= 4
        && !named.contains('=')
    {
        let digits = named.trim_start_matches(['0', 'x', 'X']);
        let byte = match named.as_bytes() {
            [] => Some(b'\t'),
            [single] => Some(*single),
            _ => u8::from_str_radix(digits, 16).ok(),
        };
        let known = byte.and_then(|byte| SINGLES.find(char::from(byte))).and_then(|at| SINGLES.get(at..=at));
        return (known.unwrap_or("\t"), attributes);
    }
    let delimiter = if rest.contains('\t') {
        "\t"
    } else if rest.contains("#011") {
        "#011"
    } else {
        " "
    };
    (delimiter, rest)
}

/// The attributes. Lost tabs became blanks, which values hold too: then a value ends before the next `key=`.
fn pairs<'a>(
    attributes: &'a str,
    delimiter: &'static str,
) -> Box<dyn Iterator<Item = (&'a str, &'a str)> + 'a> {
    if delimiter == " " {
        return Box::new(Extension::new(attributes));
    }
    let split = attributes.split(delimiter).filter_map(|attribute| attribute.split_once('='));
    Box::new(split.map(|(key, value)| (key.trim(), value.trim())).filter(|(key, _)| !key.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let (mut names, mut event) = (Names::default(), Event::default());
        if let Err(reason) = parse(line, &mut names, &mut event) {
            return format!("error: {reason}");
        }
        let value = |field| event.value(field).text.to_owned();
        let fields: Vec<_> = event
            .fields()
            .iter()
            .map(|field| format!("{}={}", names.path(field.name), value(field)))
            .collect();
        format!("{} · {}", event.time.map(|time| time.to_string()).unwrap_or_default(), fields.join(" · "))
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(read(line), expected);
    }

    #[test]
    fn both_versions_are_read() {
        check(
            "LEEF:1.0|Forcepoint|Firewall|7.1.5|Discarded|src=10.2.3.4\tdst=192.0.2.1\tdevTime=Aug 06 2025 14:13:16\tmsg=a b=c",
            "2025-08-06T14:13:16Z · LeefVersion=1.0 · Vendor=Forcepoint · Product=Firewall · Version=7.1.5 · EventID=Discarded · src=10.2.3.4 · dst=192.0.2.1 · devTime=Aug 06 2025 14:13:16 · msg=a b=c",
        );
        for delimiter in ["^", "x5E", "0x5e"] {
            check(
                &format!("LEEF:2.0|V|P|1|e|{delimiter}|src=10.2.3.4^usrName=Jo Do"),
                " · LeefVersion=2.0 · Vendor=V · Product=P · Version=1 · EventID=e · src=10.2.3.4 · usrName=Jo Do",
            );
        }
        check(
            "LEEF:1.0|V|P|1|e|src=10.2.3.4 usrName=Jo Do dst=10.2.3.5",
            " · LeefVersion=1.0 · Vendor=V · Product=P · Version=1 · EventID=e · src=10.2.3.4 · usrName=Jo Do · dst=10.2.3.5",
        );
    }

    #[test]
    fn a_short_header_is_an_error_that_says_where() {
        check("LEEF:1.0|V|P", "error: the LEEF header ends before Product, at column 12");
        check("nothing", "error: no LEEF: in the line");
    }

    proptest::proptest! {
        #[test]
        fn no_line_can_hurt(line in "\\PC{0,80}", dense in "[a=^|x\t 0é]{0,60}") {
            let _ = (read(&line), read(&format!("LEEF:2.0|{dense}")), read(&format!("LEEF:2.0|a|b|c|d|{dense}")));
        }
    }
}
