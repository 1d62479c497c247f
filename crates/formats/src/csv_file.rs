//! Separated values with a header line.

use crate::{Event, NameId};

/// What may stand between columns, most likely first.
pub(crate) const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Splits one record into its values, quotes undone.
pub(crate) fn split(text: &str, delimiter: u8, values: &mut Vec<String>) -> Result<(), String> {
    values.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let mut value = String::new();
        if bytes.get(at) == Some(&b'"') {
            at = quoted(text, at, delimiter, &mut value)?;
        } else {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = memchr::memchr(delimiter, rest).unwrap_or(rest.len());
            value.push_str(text.get(at..at + length).unwrap_or_default());
            at += length;
        }
        values.push(value);
        match bytes.get(at) {
            None => return Ok(()),
            Some(_) => at += 1,
        }
    }
}

/// Reads a quoted value; the end is the delimiter after it, or the end of the text.
fn quoted(text: &str, start: usize, delimiter: u8, value: &mut String) -> Result<usize, String> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'"', rest) else {
            return Err(format!("the quote at byte {start} is never closed"));
        };
        value.push_str(text.get(at..at + length).unwrap_or_default());
        at += length + 1;
        match bytes.get(at) {
            None => return Ok(at),
            Some(&byte) if byte == delimiter => return Ok(at),
            Some(b'"') => {
                value.push('"');
                at += 1;
            }
            // A stray quote inside a quoted value: kept, as it is in logs that do not double them.
            Some(_) => value.push('"'),
        }
    }
}

/// Reads one record. `values` is room to work in.
pub(crate) fn parse(
    text: &str,
    delimiter: u8,
    ids: &[NameId],
    values: &mut Vec<String>,
    event: &mut Event,
) -> Result<(), String> {
    split(text, delimiter, values)?;
    if values.len() > ids.len() && values.iter().skip(ids.len()).any(|value| !value.is_empty())
        || values.len() == 1 && ids.len() > 2
    {
        return Err(format!("the record has {} columns where the header names {}", values.len(), ids.len()));
    }
    for (value, &id) in values.iter().zip(ids).filter(|(value, _)| !value.is_empty()) {
        event.push_untyped(id, value);
    }
    Ok(())
}

/// The columns of a header line, if it looks like one: names, all different, none a number.
pub(crate) fn header(line: &str, delimiter: u8) -> Option<Vec<String>> {
    let mut columns = Vec::new();
    split(line.trim_start_matches('#').trim(), delimiter, &mut columns).ok()?;
    for column in &mut columns {
        *column = column.trim().trim_matches('"').to_owned();
    }
    while columns.last().is_some_and(String::is_empty) {
        columns.pop();
    }
    let mut sorted = columns.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let names = columns.iter().all(|column| is_name(column));
    (columns.len() >= 2 && sorted.len() == columns.len() && names).then_some(columns)
}

fn is_name(column: &str) -> bool {
    column.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '@' | '#' | '$'))
        && column.len() <= 80
        && column.chars().all(|character| character.is_alphanumeric() || " _-.:/()#@$%*&".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&[&str], &str>) {
        let mut values = Vec::new();
        let split = split(text, b',', &mut values);
        match expected {
            Ok(expected) => {
                assert_eq!((split, values), (Ok(()), expected.iter().map(|v| v.to_string()).collect()))
            }
            Err(reason) => assert_eq!(split, Err(reason.to_owned())),
        }
    }

    #[test]
    fn values_are_split_and_quotes_undone() {
        check("a,b,c", Ok(&["a", "b", "c"]));
        check("a,,", Ok(&["a", "", ""]));
        check("", Ok(&[""]));
        check(r#""a,b","say ""no""",c"#, Ok(&["a,b", r#"say "no""#, "c"]));
        check("\"two\nlines\",b", Ok(&["two\nlines", "b"]));
        check(r#""a"b",c"#, Ok(&[r#"a"b"#, "c"]));
        check(r#"a,"b"#, Err("the quote at byte 2 is never closed"));
    }

    #[test]
    fn a_header_is_made_of_different_names() {
        assert!(header("time,src_ip,dst ip", b',').is_some());
        assert!(header("time,src_ip,src_ip", b',').is_none());
        assert!(header("2013-01-05,10.0.0.1,80", b',').is_none());
        assert!(header("just a sentence", b',').is_none());
    }
}
