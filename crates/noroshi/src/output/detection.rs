//! Detections as a table, JSON lines, CSV or OCSF.

use std::io::{self, Write};

use base::{Severity, Timestamp};
use formats::read::Place;
use serde_json::{Map, Value, json};
use watch::detect::Hit;

use crate::args::Output;

/// One detection, as the command prints it.
pub struct Found {
    /// The rule or indicator, and the fields.
    pub hit: Hit,
    /// When the event says it happened.
    pub time: Option<Timestamp>,
    /// Where it stands.
    pub place: Place,
    /// `product/service/category`.
    pub route: String,
    /// More about the rule, when asked for.
    pub explained: Option<Explained>,
}

/// What the rule is about.
#[derive(Debug, serde::Serialize)]
pub struct Explained {
    /// File and line of the rule.
    pub rule_file: String,
    /// What it detects.
    pub description: String,
    /// Known harmless causes.
    pub false_positives: Vec<String>,
    /// What it asks for.
    pub log_source: String,
    /// The fields it asks about.
    pub asked: Vec<String>,
}

/// Values in a table are cut to this many characters.
const CELL_CHARACTERS_MAX: usize = 120;

/// Prints detections in one of the forms.
pub struct Printer<W> {
    form: Output,
    out: W,
    colour: bool,
}

impl<W: Write> Printer<W> {
    /// Prints to `out`; with colours when it is a terminal.
    pub fn new(form: Output, out: W, colour: bool) -> Self {
        Self { form, out, colour }
    }

    /// What stands before the first detection.
    pub fn begin(&mut self) -> io::Result<()> {
        if self.form == Output::Csv {
            self.out.write_all(b"rule_id,rule_title,level,time,file,line,route,fields\r\n")?;
        }
        Ok(())
    }

    /// One detection.
    pub fn print(&mut self, file: &str, found: &Found) -> anyhow::Result<()> {
        match self.form {
            Output::Table => self.table(file, found)?,
            Output::Jsonl => {
                serde_json::to_writer(&mut self.out, &object(file, found))?;
                self.out.write_all(b"\n")?;
            }
            Output::Csv => self.csv(file, found)?,
            Output::Ocsf => {
                serde_json::to_writer(&mut self.out, &ocsf(file, found))?;
                self.out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// What stands after the last.
    pub fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn table(&mut self, file: &str, found: &Found) -> io::Result<()> {
        let hit = &found.hit;
        let time = found.time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let (on, off) = if self.colour { (colour(hit.level), "\x1b[0m") } else { ("", "") };
        let level = hit.level.word();
        let title = plain(&hit.rule_title);
        let file = plain(file);
        writeln!(self.out, "{on}{level:<13}{off} {time:<30} {title}")?;
        writeln!(
            self.out,
            "              {file}:{} {} {}",
            found.place.line,
            found.route,
            plain(&hit.rule_id)
        )?;
        for (name, value) in &hit.fields {
            writeln!(self.out, "              {} = {}", plain(name), cell(value))?;
        }
        if let Some(explained) = &found.explained {
            writeln!(self.out, "              {} ({})", plain(&explained.rule_file), explained.log_source)?;
            writeln!(self.out, "              {}", cell(&explained.description))?;
            for cause in &explained.false_positives {
                writeln!(self.out, "              harmless: {}", cell(cause))?;
            }
        }
        Ok(())
    }

    fn csv(&mut self, file: &str, found: &Found) -> anyhow::Result<()> {
        let hit = &found.hit;
        let fields: Vec<_> = hit.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cells = [
            hit.rule_id.clone(),
            hit.rule_title.clone(),
            hit.level.to_string(),
            found.time.map(|time| time.to_string()).unwrap_or_default(),
            file.to_owned(),
            found.place.line.to_string(),
            found.route.clone(),
            fields.join("; "),
        ];
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut self.out);
        writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))?;
        writer.flush()?;
        Ok(())
    }
}

/// A cell that a spreadsheet will not take for a formula.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

/// Control characters would move the cursor of the reader's terminal.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn cell(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn colour(level: Severity) -> &'static str {
    match level {
        Severity::Critical => "\x1b[1;35m",
        Severity::High => "\x1b[1;31m",
        Severity::Medium => "\x1b[33m",
        Severity::Low | Severity::Informational => "\x1b[36m",
    }
}

/// Names to values; a name that stands several times has a list.
fn fields(hit: &Hit) -> Value {
    let mut object = Map::new();
    for (name, value) in &hit.fields {
        match object.get_mut(name) {
            None => {
                object.insert(name.clone(), Value::String(value.clone()));
            }
            Some(Value::Array(values)) => values.push(Value::String(value.clone())),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
    Value::Object(object)
}

fn object(file: &str, found: &Found) -> Value {
    let hit = &found.hit;
    let mut object = json!({
        "rule_id": hit.rule_id,
        "rule_title": hit.rule_title,
        "level": hit.level,
        "time": found.time.map(|time| time.to_string()),
        "file": file,
        "line": found.place.line,
        "offset": found.place.offset,
        "route": found.route,
        "techniques": hit.techniques,
        "fields": fields(hit),
    });
    if let (Some(explained), Some(object)) = (&found.explained, object.as_object_mut()) {
        object.insert("explain".into(), json!(explained));
    }
    object
}

/// OCSF 1.3 Detection Finding (class 2004): `severity_id` 1 informational to 5 critical, `time` in milliseconds.
fn ocsf(file: &str, found: &Found) -> Value {
    let hit = &found.hit;
    let (severity_id, severity) = match hit.level {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    };
    let attacks: Vec<_> = hit.techniques.iter().map(|id| json!({"technique": {"uid": id}})).collect();
    let evidence: Map<String, Value> =
        hit.fields.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200_401,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "time": found.time.map_or(0, |time| time.as_millisecond()),
        "metadata": {
            "version": "1.3.0",
            "product": {"name": "Noroshi", "vendor_name": "Noroshi"},
            "log_name": file,
            "profiles": [],
        },
        "finding_info": {
            "uid": format!("{}:{}:{}", hit.rule_id, file, found.place.offset),
            "title": hit.rule_title,
            "analytic": {"type_id": 1, "type": "Rule", "uid": hit.rule_id, "name": hit.rule_title},
            "attacks": attacks,
        },
        "evidences": [{"data": evidence}],
        "unmapped": {"route": found.route, "line": found.place.line},
    })
}
