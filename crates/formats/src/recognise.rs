//! Which format bytes are written in, by what stands in them.

use crate::csv_file::{self, DELIMITERS};
use crate::json::{Json, Outcome, Scan};
use crate::read::{
    Cutter, Dialect, Facts, Pieces, Wrapper, begins_with_event, family, guess_charset, wrapper,
};
use crate::{Event, Format, Names, access, cef, key_value, leef, syslog, w3c};

/// How a stream is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// At line ends.
    Lines,
    /// At the brackets of JSON values.
    Values,
    /// At `<Event>` and `</Event>`.
    Elements,
    /// EVTX chunks.
    Chunks,
}

/// Lines that are asked what they are.
const VOTERS: usize = 100;

/// The shape and dialect of a stream that begins with `seen`, unless the format is `given`.
pub(crate) fn stream(seen: &[u8], given: Option<Format>) -> (Shape, Dialect) {
    let charset = guess_charset(seen);
    let (shape, format) = match given {
        Some(format) => (shape_of(format, seen), format),
        None => recognise(seen),
    };
    let delimiter = (format == Format::Csv).then(|| best_delimiter(seen)).flatten();
    (shape, Dialect { format, given: given.is_some(), delimiter, charset, ..Dialect::default() })
}

fn shape_of(format: Format, seen: &[u8]) -> Shape {
    match format {
        Format::Evtx => Shape::Chunks,
        Format::WindowsXml => Shape::Elements,
        Format::Eve | Format::ZeekJson | Format::WindowsJson | Format::Json => json_shape(seen),
        _ => Shape::Lines,
    }
}

fn recognise(seen: &[u8]) -> (Shape, Format) {
    let start = seen.trim_ascii_start();
    if seen.starts_with(b"ElfFile\0") {
        return (Shape::Chunks, Format::Evtx);
    }
    if start.starts_with(b"<") && begins_with_event(seen) {
        return (Shape::Elements, Format::WindowsXml);
    }
    if looks_like_json(start) && json_shape(seen) == Shape::Values {
        return (Shape::Values, json_format(Shape::Values, seen));
    }
    (Shape::Lines, lines_format(seen))
}

/// An object, or a list of something that is no log prefix such as `[INFO]`.
fn looks_like_json(start: &[u8]) -> bool {
    let inside = |rest: &[u8]| rest.trim_ascii_start().first().copied();
    match start.split_first() {
        Some((b'{', rest)) => matches!(inside(rest), None | Some(b'"' | b'}')),
        Some((b'[', rest)) => matches!(inside(rest), None | Some(b'{' | b'[' | b']')),
        _ => false,
    }
}

/// One object per line, or values that pay no heed to lines.
fn json_shape(seen: &[u8]) -> Shape {
    let start = seen.trim_ascii_start();
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !line.starts_with(b"{") || matches!(wrapper(start), Wrapper::List(_)) {
        return if looks_like_json(start) { Shape::Values } else { Shape::Lines };
    }
    match Scan::default().run(line) {
        // Whatever stands behind it on its line, be it a comma, does not heed lines.
        Outcome::Complete(length) if line.get(length..).is_some_and(|rest| !rest.trim_ascii().is_empty()) => {
            Shape::Values
        }
        Outcome::Complete(_) => Shape::Lines,
        // Broken or cut off: when other lines are whole, it is one bad line among them.
        _ => {
            let whole = |line: &&[u8]| {
                line.starts_with(b"{\"") && matches!(Scan::default().run(line), Outcome::Complete(_))
            };
            let mut lines = start.split(|byte| *byte == b'\n').skip(1).take(VOTERS);
            if lines.any(|line| whole(&line)) { Shape::Lines } else { Shape::Values }
        }
    }
}

fn json_format(shape: Shape, seen: &[u8]) -> Format {
    let mut reader = JsonReader::default();
    let mut pieces = Pieces::default();
    Cutter::new(shape, Default::default()).cut(seen, 0, false, &mut pieces);
    let formats = pieces.records.iter().take(VOTERS).filter_map(|(_, range)| {
        let text = std::str::from_utf8(seen.get(range.clone())?).ok()?;
        reader.format(text)
    });
    most(formats).map_or(Format::Json, |(format, _)| format)
}

/// Tells kinds of JSON logs apart. Names are learnt once, which is dearer than reading a line.
#[derive(Default)]
struct JsonReader {
    names: Names,
    event: Event,
    json: Json,
}

impl JsonReader {
    /// Which kind of JSON log one object is; `None` when it is not an object.
    fn format(&mut self, text: &str) -> Option<Format> {
        self.event.clear();
        self.json.read(text, Format::Json, &mut self.names, &mut self.event).ok()?;
        let summary = Facts::default().summary(&self.names, &self.event);
        Some(family(&self.names, &self.event, &summary))
    }
}

fn lines_format(seen: &[u8]) -> Format {
    let text = String::from_utf8_lossy(seen);
    // The last line may be cut off.
    let whole = text.rsplit_once('\n').map_or(&*text, |(whole, _)| whole);
    let lines = || whole.lines().map(str::trim_end).filter(|line| !line.trim_start().is_empty());
    for line in lines().take_while(|line| line.starts_with('#')).take(VOTERS) {
        if line.starts_with("#separator ") || line.starts_with("#fields\t") {
            return Format::ZeekTsv;
        }
        if w3c::looks_like(line) {
            return Format::W3c;
        }
    }
    let voters: Vec<&str> = lines().filter(|line| !line.starts_with('#')).take(VOTERS).collect();
    let mut reader = JsonReader::default();
    let winner = most(voters.iter().filter_map(|line| whole_line(line, &mut reader)));
    let clear = winner.filter(|(_, votes)| votes * 2 >= voters.len());
    match clear {
        Some((format, _)) if format != Format::KeyValue => format,
        _ if best_delimiter(seen).is_some() => Format::Csv,
        Some((format, _)) => format,
        None => Format::Text,
    }
}

fn whole_line(line: &str, reader: &mut JsonReader) -> Option<Format> {
    match self::line(line) {
        Some(Format::Json) => reader.format(line.trim()),
        other => other,
    }
}

/// The format of one line that stands for itself; `None` when it is only text. Every kind of JSON is
/// [`Format::Json`] here.
pub(crate) fn line(line: &str) -> Option<Format> {
    let start = line.trim_start();
    match start.as_bytes().first()? {
        b'{' if looks_like_json(start.as_bytes()) => return Some(Format::Json),
        b'<' if start.starts_with("<Event>") || start.starts_with("<Event ") => {
            return Some(Format::WindowsXml);
        }
        _ => {}
    }
    LINE_TESTS.iter().find(|(looks_like, _)| looks_like(line)).map(|(_, format)| *format)
}

type LineTest = fn(&str) -> bool;

/// The surest first.
const LINE_TESTS: [(LineTest, Format); 7] = [
    (cef::looks_like, Format::Cef),
    (leef::looks_like, Format::Leef),
    (syslog::looks_like_5424, Format::Syslog5424),
    (syslog::looks_like, Format::Syslog3164),
    (access::looks_like, Format::WebAccess),
    (access::looks_like_squid, Format::Squid),
    (key_value::looks_like, Format::KeyValue),
];

fn most(formats: impl Iterator<Item = Format>) -> Option<(Format, usize)> {
    let mut votes = [0_usize; Format::ALL.len()];
    for format in formats {
        if let Some(count) =
            Format::ALL.iter().position(|other| *other == format).and_then(|at| votes.get_mut(at))
        {
            *count += 1;
        }
    }
    let (format, votes) = Format::ALL.into_iter().zip(votes).rev().max_by_key(|(_, votes)| *votes)?;
    (votes > 0).then_some((format, votes))
}

/// The delimiter that makes the beginning a table: a header of names, and rows as wide as it.
fn best_delimiter(seen: &[u8]) -> Option<u8> {
    DELIMITERS.into_iter().find(|delimiter| is_table(seen, *delimiter))
}

fn is_table(seen: &[u8], delimiter: u8) -> bool {
    let dialect = Dialect { format: Format::Csv, delimiter: Some(delimiter), ..Dialect::default() };
    let mut pieces = Pieces::default();
    let mut cutter = Cutter::new(Shape::Lines, dialect.into());
    let length = cutter.cut(seen, 0, false, &mut pieces);
    // A file whose only row has no line end.
    if pieces.records.is_empty() {
        let rest = seen.get(length..).unwrap_or_default();
        cutter.cut(rest, 0, true, &mut pieces);
        for (_, range) in &mut pieces.records {
            *range = range.start + length..range.end + length;
        }
    }
    let columns = cutter.dialect().columns.len();
    let mut values = Vec::new();
    let mut fitting = 0;
    let rows = pieces.records.iter().take(VOTERS);
    let total = rows.len();
    for (_, range) in rows {
        let row = String::from_utf8_lossy(seen.get(range.clone()).unwrap_or_default());
        let split = csv_file::split(&row, delimiter, &mut values);
        fitting += usize::from(split.is_ok() && values.len() == columns);
    }
    // Two columns prove little: words with a comma between them are no header, and it takes more rows.
    let spaced = cutter.dialect().columns.iter().any(|column| column.contains(' '))
        || memchr::memmem::find(header_line(seen), b", ").is_some();
    let enough = if columns > 2 { 1 } else { 3 };
    let misfits = total - fitting;
    columns >= 2 && !(columns == 2 && spaced) && fitting >= enough && misfits <= usize::max(1, total / 10)
}

fn header_line(seen: &[u8]) -> &[u8] {
    seen.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default()
}
