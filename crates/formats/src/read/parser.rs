//! Records into events.

use std::sync::Arc;

use base::Timestamp;

use super::facts::{Facts, Summary, family};
use super::{Block, Dialect, Place, Sink, Unread, charset};
use crate::json::Json;
use crate::{
    Deriver, Event, Format, Kind, NameId, Names, Sources, access, cef, csv_file, key_value, leef, recognise,
    syslog, text, w3c, windows, zeek,
};

/// Understands records. Each worker has its own, with its own names and sources.
#[derive(Debug, Default)]
pub struct Parser {
    /// The field names met so far.
    pub names: Names,
    /// The sources met so far.
    pub sources: Sources,
    /// A time that names no year (`Oct 11 22:14:15`) is the latest one not after this; without it nobody can tell.
    pub written_before: Option<Timestamp>,
    reader: Reader,
    facts: Facts,
    deriver: Deriver,
    event: Event,
}

/// Reads one record at a time; knows nothing of where it came from.
#[derive(Debug, Default)]
struct Reader {
    json: Json,
    columns: Columns,
    values: Vec<String>,
    /// The kind of JSON the last record turned out to be.
    json_guess: Option<Format>,
    message: String,
}

/// The ids of a header's columns, made once per header.
#[derive(Debug, Default)]
struct Columns {
    dialect: Option<Arc<Dialect>>,
    ids: Vec<NameId>,
    path: NameId,
}

/// Messages longer than this are not opened.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

impl Parser {
    /// Reads every record of a block, in order.
    pub fn parse(&mut self, block: &Block, sink: &mut dyn Sink) {
        for unread in &block.unread {
            sink.unread(unread.clone());
        }
        for (place, range) in &block.records {
            let raw = block.bytes.get(range.clone()).unwrap_or_default();
            if block.dialect.format == Format::Evtx {
                self.parse_chunk(*place, raw, block.start_offset, sink);
            } else {
                self.parse_record(&block.dialect, *place, raw, sink);
            }
        }
    }

    fn parse_record(&mut self, dialect: &Arc<Dialect>, place: Place, raw: &[u8], sink: &mut dyn Sink) {
        let text = charset::decode(raw, dialect.charset);
        match self.reader.read(&text, dialect, &mut self.names, &mut self.event, &mut self.facts) {
            Ok(()) => {
                self.complete();
                sink.event(&self.names, &self.sources, &self.event, place, raw);
            }
            Err(reason) => sink.unread(Unread::new(place, raw, reason)),
        }
    }

    fn parse_chunk(&mut self, place: Place, raw: &[u8], start_offset: u64, sink: &mut dyn Sink) {
        windows::evtx_records(raw, |record| {
            let offset = place.offset + record.offset as u64;
            if offset < start_offset {
                return;
            }
            let place = Place { offset, line: record.number };
            self.event.clear();
            self.event.format = Format::Evtx;
            let json = record.json.and_then(|json| {
                self.reader.json.read(&json, Format::Evtx, &mut self.names, &mut self.event).map(|()| json)
            });
            match json {
                Ok(json) => {
                    self.complete();
                    sink.event(&self.names, &self.sources, &self.event, place, json.as_bytes());
                }
                Err(reason) => {
                    let rest = raw.get(record.offset..).unwrap_or_default();
                    sink.unread(Unread::new(place, rest, reason));
                }
            }
        });
    }

    /// Fills in what is derived: when, and where from.
    fn complete(&mut self) {
        if self.event.time.is_none() {
            let summary = self.facts.summary(&self.names, &self.event);
            self.facts.set_time(&self.names, &mut self.event, &summary, self.written_before);
        }
        self.event.source = self.deriver.derive(&self.names, &mut self.sources, &self.event);
    }
}

impl Reader {
    /// Reads one record as its dialect says; if that fails, as whatever it looks like by itself.
    fn read(
        &mut self,
        text: &str,
        dialect: &Arc<Dialect>,
        names: &mut Names,
        event: &mut Event,
        facts: &mut Facts,
    ) -> Result<(), String> {
        let alone = dialect.format == Format::Text && !dialect.given;
        let as_told =
            if alone { Err(String::new()) } else { self.read_as(dialect, text, names, event, facts) };
        let Err(reason) = as_told else { return Ok(()) };
        if dialect.given && dialect.format != Format::Text {
            return Err(reason);
        }
        let other = recognise::line(text).filter(|format| *format != dialect.format);
        if let Some(format) = other {
            let other = Arc::new(Dialect { format, ..Dialect::default() });
            if self.read_as(&other, text, names, event, facts).is_ok() {
                return Ok(());
            }
        }
        if is_prose(dialect.format) {
            event.clear();
            event.format = Format::Text;
            return text::parse(text, names, event);
        }
        Err(reason)
    }

    fn read_as(
        &mut self,
        dialect: &Arc<Dialect>,
        text: &str,
        names: &mut Names,
        event: &mut Event,
        facts: &mut Facts,
    ) -> Result<(), String> {
        event.clear();
        event.format = dialect.format;
        match dialect.format {
            Format::Eve | Format::ZeekJson | Format::WindowsJson | Format::Json => {
                self.read_json(dialect, text, names, event, facts)
            }
            Format::Syslog5424 | Format::Syslog3164 => {
                self.read_syslog(dialect.format, text, names, event, facts)
            }
            Format::ZeekTsv => {
                self.columns.learn(dialect, names);
                zeek::parse(text, dialect, &self.columns.ids, self.columns.path, event)
            }
            Format::Csv => {
                self.columns.learn(dialect, names);
                let delimiter = dialect.delimiter.unwrap_or(b',');
                csv_file::parse(text, delimiter, &self.columns.ids, &mut self.values, event)
            }
            Format::WindowsXml => windows::parse_xml(text, names, event),
            Format::Cef => cef::parse(text, names, event),
            Format::Leef => leef::parse(text, names, event),
            Format::KeyValue => key_value::parse(text, names, event),
            Format::WebAccess => access::parse_web(text, names, event),
            Format::Squid => access::parse_squid(text, names, event),
            Format::W3c => w3c::parse(text, &dialect.columns, names, event),
            Format::Text => text::parse(text, names, event),
            Format::Evtx => Err("this is not an EVTX chunk".to_owned()),
        }
    }

    /// JSON of whichever kind: read as the kind the record before it was, and again if it turns out to be another.
    fn read_json(
        &mut self,
        dialect: &Dialect,
        text: &str,
        names: &mut Names,
        event: &mut Event,
        facts: &mut Facts,
    ) -> Result<(), String> {
        let guess = if dialect.given { dialect.format } else { self.json_guess.unwrap_or(dialect.format) };
        event.format = guess;
        self.json.read(text, guess, names, event)?;
        let mut summary = facts.summary(names, event);
        if !dialect.given {
            let family = family(names, event, &summary);
            if family != guess {
                self.json_guess = Some(family);
                event.clear();
                event.format = family;
                self.json.read(text, family, names, event)?;
                summary = facts.summary(names, event);
            }
        }
        if event.format == Format::ZeekJson && !dialect.zeek.path.is_empty() {
            let path = names.id(Format::ZeekJson, "_path");
            if event.get(path).is_none() {
                event.push_text(path, &dialect.zeek.path);
            }
        }
        if event.format == Format::Json {
            self.open_json_message(&summary, names, event, facts);
        }
        Ok(())
    }

    /// A JSON object that carries a record of another format in one of its strings: that record's fields are added.
    fn open_json_message(
        &mut self,
        summary: &Summary,
        names: &mut Names,
        event: &mut Event,
        facts: &mut Facts,
    ) {
        let Some(field) = summary.message.and_then(|position| event.fields().get(position)) else { return };
        let value = event.value(field);
        if value.kind != Kind::Text || value.text.len() > MESSAGE_BYTES_MAX {
            return;
        }
        let Some(format) = recognise::line(value.text) else { return };
        self.message.clear();
        self.message.push_str(value.text);
        self.read_inside(format, names, event, facts);
    }

    /// Syslog whose message is JSON or XML: that record's fields are added, and its format counts.
    fn read_syslog(
        &mut self,
        format: Format,
        text: &str,
        names: &mut Names,
        event: &mut Event,
        facts: &mut Facts,
    ) -> Result<(), String> {
        let parse = if format == Format::Syslog5424 { syslog::parse_5424 } else { syslog::parse_3164 };
        parse(text, names, event)?;
        let message = names.id(format, "message");
        let Some(value) = event.get(message).filter(|value| value.text.len() <= MESSAGE_BYTES_MAX) else {
            return Ok(());
        };
        let inner = value.text.trim_start_matches("@cee:").trim_start();
        if inner.starts_with(['{', '<'])
            && let Some(format @ (Format::Json | Format::WindowsXml)) = recognise::line(inner)
        {
            self.message.clear();
            self.message.push_str(inner);
            self.read_inside(format, names, event, facts);
        }
        Ok(())
    }

    /// Adds the fields of `self.message`, read in its own format. What cannot be read adds nothing.
    fn read_inside(&mut self, format: Format, names: &mut Names, event: &mut Event, facts: &mut Facts) {
        let message = std::mem::take(&mut self.message);
        let mut inside = Event::default();
        inside.format = format;
        let read = match format {
            Format::Json => self.json.read(&message, format, names, &mut inside).and_then(|()| {
                let summary = facts.summary(names, &inside);
                inside.format = family(names, &inside, &summary);
                if inside.format == Format::Json {
                    return Ok(());
                }
                let family = inside.format;
                inside.clear();
                inside.format = family;
                self.json.read(&message, family, names, &mut inside)
            }),
            Format::WindowsXml => windows::parse_xml(&message, names, &mut inside),
            Format::Cef => cef::parse(&message, names, &mut inside),
            Format::Leef => leef::parse(&message, names, &mut inside),
            Format::KeyValue => key_value::parse(&message, names, &mut inside),
            Format::WebAccess => access::parse_web(&message, names, &mut inside),
            Format::Squid => access::parse_squid(&message, names, &mut inside),
            Format::Syslog5424 => syslog::parse_5424(&message, names, &mut inside),
            Format::Syslog3164 => syslog::parse_3164(&message, names, &mut inside),
            _ => Err(String::new()),
        };
        self.message = message;
        if read.is_ok() {
            event.format = inside.format;
            event.time = event.time.or(inside.time);
            for field in inside.fields() {
                let value = inside.value(field);
                event.push(field.name, value.kind, value.text);
            }
        }
    }
}

impl Columns {
    fn learn(&mut self, dialect: &Arc<Dialect>, names: &mut Names) {
        if self.dialect.as_ref().is_some_and(|known| Arc::ptr_eq(known, dialect)) {
            return;
        }
        self.ids.clear();
        self.ids.extend(dialect.columns.iter().map(|column| names.id(dialect.format, column)));
        self.path = names.id(dialect.format, "_path");
        self.dialect = Some(dialect.clone());
    }
}

/// Formats whose files may hold any line of text besides; in the others such a line is unread.
fn is_prose(format: Format) -> bool {
    matches!(
        format,
        Format::Text
            | Format::Syslog3164
            | Format::Syslog5424
            | Format::WebAccess
            | Format::KeyValue
            | Format::Cef
            | Format::Leef
    )
}
