//! W3C extended: values under the names of a `#Fields:` line (IIS, Blue Coat, CloudFront, Windows Firewall).

use crate::{Event, Format, Kind, Names, access, time};

/// Reads one line of values under their column names. `-` means empty.
pub(crate) fn parse(
    text: &str,
    columns: &[String],
    names: &mut Names,
    event: &mut Event,
) -> Result<(), String> {
    if columns.is_empty() {
        return Err("no #Fields line says what the columns are".to_owned());
    }
    let text = text.trim_end_matches(['\r', '\n']);
    let mut values = Values { rest: text, tabs: text.contains('\t'), quotes: true };
    let (mut day, mut clock, mut stem, mut query, mut whole) = ("", "", "", "", false);
    for (index, column) in columns.iter().enumerate() {
        let value = values
            .next()
            .ok_or_else(|| format!("{index} values for {} columns, {column} is missing", columns.len()))?;
        match column.as_str() {
            "date" => day = value,
            "time" => clock = value,
            "cs-uri-stem" => stem = value,
            "cs-uri-query" => query = value,
            "cs-uri" => whole = true,
            _ => {}
        }
        let name = names.id(Format::W3c, column);
        if value == "-" {
            event.push(name, Kind::Null, "");
        } else {
            event.push_untyped(name, value);
        }
    }
    if let Some(extra) = values.next() {
        let column = text.len() - values.rest.len() - extra.len() + 1;
        return Err(format!("more values than the {} columns, from column {column}", columns.len()));
    }
    if !whole && stem.starts_with('/') {
        access::push_joined(Format::W3c, stem, query, names, event);
    }
    event.time = event.time.or_else(|| time::read(&format!("{day} {clock}")));
    Ok(())
}

/// Whether a line is a header line of the format.
pub(crate) fn looks_like(line: &str) -> bool {
    ["#Fields:", "#Software:", "#Version:", "#Date:"].iter().any(|word| line.starts_with(word))
}

/// The values of a line: between tabs if there are any, else between blanks, where quotes hold blanks together.
struct Values<'a> {
    rest: &'a str,
    tabs: bool,
    /// Until one is found that is never closed.
    quotes: bool,
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.tabs {
            if self.rest.is_empty() {
                return None;
            }
            let (value, rest) = self.rest.split_once('\t').unwrap_or((self.rest, ""));
            self.rest = rest;
            return Some(value.trim());
        }
        let text = self.rest.trim_start_matches(' ');
        if text.is_empty() {
            self.rest = text;
            return None;
        }
        if let Some(inside) = text.strip_prefix('"').filter(|_| self.quotes) {
            if let Some((value, rest)) = quoted(inside) {
                self.rest = rest;
                return Some(value);
            }
            self.quotes = false;
        }
        let (value, rest) = text.split_once(' ').unwrap_or((text, ""));
        self.rest = rest;
        Some(value)
    }
}

/// Up to the quote that ends a value; a quote inside one is doubled.
fn quoted(inside: &str) -> Option<(&str, &str)> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        match bytes.get(at + 1) {
            Some(b'"') => at += 2,
            None | Some(b' ') => return Some((inside.get(..at)?, inside.get(at + 1..)?)),
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: &str, line: &str) -> String {
        let (mut names, mut event) = (Names::default(), Event::default());
        let columns: Vec<_> = columns.split(' ').map(str::to_owned).collect();
        if let Err(reason) = parse(line, &columns, &mut names, &mut event) {
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
    fn check(columns: &str, line: &str, expected: &str) {
        assert_eq!(read(columns, line), expected);
    }

    #[test]
    fn values_stand_under_their_columns() {
        check(
            "date time c-ip cs-uri-stem cs-uri-query cs(User-Agent)",
            "2024-05-01 10:00:01 10.0.0.1 /a.asp x=1 Mozilla/5.0+(X11)",
            "2024-05-01T10:00:01Z · date=2024-05-01 · time=10:00:01 · c-ip=10.0.0.1 · cs-uri-stem=/a.asp · cs-uri-query=x=1 · cs(User-Agent)=Mozilla/5.0+(X11) · cs-uri=/a.asp?x=1",
        );
        check("a b", "\"two words\" -", " · a=two words · b=");
        check("a b", "one value\twith tab", " · a=one value · b=with tab");
        check("a b", "\"say \"\"hi\"\" now\" 2", " · a=say \"\"hi\"\" now · b=2");
    }

    #[test]
    fn too_few_and_too_many_values_are_errors() {
        check("a b c", "1 2", "error: 2 values for 3 columns, c is missing");
        check("a", "1 2", "error: more values than the 1 columns, from column 3");
    }

    proptest::proptest! {
        #[test]
        fn no_line_can_hurt(line in "\\PC{0,80}", dense in "[\" \ta\\-é]{0,40}") {
            let _ = (read("a b", &line), read("a cs-uri-stem", &dense), read("date time", &dense));
        }
    }
}
