//! Windows events as XML and as EVTX. Both get the names the event's XML nests: `Event.System.EventID`,
//! `Event.EventData.Image`, attributes under `#attributes`.

use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event as Token};

use crate::limit::DEPTH_MAX;
use crate::{Event, Format, NameId, Names};

/// Reads one `<Event>` element.
pub(crate) fn parse_xml(text: &str, names: &mut Names, event: &mut Event) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    loop {
        let token = reader.read_event();
        let at = reader.buffer_position();
        match token.map_err(|error| format!("{error} at byte {at}"))? {
            Token::Start(_) if open.len() == DEPTH_MAX => {
                return Err(format!("elements are nested deeper than {DEPTH_MAX} at byte {at}"));
            }
            Token::Start(tag) => {
                if let Some(parent) = open.last_mut() {
                    parent.has_children = true;
                }
                let element = start(&tag, open.last(), names, event);
                open.push(element);
            }
            Token::Text(token) => push_text(&mut open, &token.xml10_content()),
            Token::CData(token) => push_text(&mut open, &token.xml10_content()),
            Token::GeneralRef(entity) => match entity.resolve_char_ref() {
                Ok(Some(character)) => push_text(&mut open, character.encode_utf8(&mut [0; 4])),
                _ => push_text(&mut open, predefined(&entity.into_inner())),
            },
            Token::End(_) => {
                let Some(element) = open.pop() else { continue };
                let text = element.text.trim();
                if !element.has_children && (!text.is_empty() || !element.has_attributes) {
                    event.push_untyped(element.name, text);
                }
                if open.is_empty() {
                    return Ok(());
                }
            }
            Token::Eof => return Err(format!("the <Event> is cut off at byte {at}")),
            _ => {}
        }
    }
}

struct Element {
    name: NameId,
    text: String,
    has_children: bool,
    has_attributes: bool,
}

fn push_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// An element's name: its own, except that `<Data Name="Image">` is called `Image`, as in every other shape of these
/// events. Its other attributes become fields.
fn start(tag: &BytesStart<'_>, parent: Option<&Element>, names: &mut Names, event: &mut Event) -> Element {
    let above = parent.map_or(NameId::default(), |parent| parent.name);
    let local = tag.local_name();
    let tag_name = local.as_ref();
    let attributes: Vec<(String, String)> = tag
        .attributes()
        .with_checks(false)
        .flatten()
        .map(|attribute| {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map(std::borrow::Cow::into_owned)
                .unwrap_or_default();
            (attribute.key.as_ref().to_owned(), value)
        })
        .filter(|(key, _)| !key.starts_with("xmlns"))
        .collect();
    let named =
        attributes.iter().find(|(key, value)| tag_name == "Data" && key == "Name" && !value.is_empty());
    let name = match named {
        Some((_, given)) => names.below(Format::WindowsXml, above, given),
        None => names.below(Format::WindowsXml, above, tag_name),
    };
    let mut has_attributes = false;
    for (key, value) in &attributes {
        if named.is_none_or(|(name_key, _)| name_key != key) {
            let group = names.below(Format::WindowsXml, name, "#attributes");
            let id = names.below(Format::WindowsXml, group, key);
            event.push_untyped(id, value);
            has_attributes = true;
        }
    }
    Element { name, text: String::new(), has_children: false, has_attributes }
}

/// The five entities every XML has; any other is kept by its name.
fn predefined(name: &str) -> &str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        other => other,
    }
}

/// One record of an EVTX chunk.
pub(crate) struct EvtxRecord {
    /// Its number in the log.
    pub(crate) number: u64,
    /// Where it begins in its chunk, when that could be told.
    pub(crate) offset: usize,
    /// The record as JSON, or why it could not be read.
    pub(crate) json: Result<String, String>,
}

/// Reads the records of one chunk, in order, as far as they can be read.
pub(crate) fn evtx_records(chunk: &[u8], mut each: impl FnMut(EvtxRecord)) {
    let mut bytes = chunk.to_vec();
    // A chunk at the end of a file that was cut off: what is there is read.
    bytes.resize(usize::max(bytes.len(), crate::read::EVTX_CHUNK_BYTES), 0);
    let settings = Arc::new(ParserSettings::new().num_threads(1).indent(false));
    let failed = |offset: usize, reason: String| EvtxRecord { number: 0, offset, json: Err(reason) };
    let mut data = match EvtxChunkData::new(bytes, false) {
        Ok(data) => data,
        Err(error) => return each(failed(0, format!("the EVTX chunk cannot be read: {}", chain(&error)))),
    };
    let mut chunk = match data.parse(settings) {
        Ok(chunk) => chunk,
        Err(error) => return each(failed(0, format!("the EVTX chunk cannot be read: {}", chain(&error)))),
    };
    let mut last = 0;
    for record in chunk.iter() {
        match record {
            Ok(record) => {
                let number = record.event_record_id;
                last = (record.binxml_offset as usize).saturating_sub(EVTX_RECORD_HEADER_BYTES);
                let json = record.into_json().map(|json| json.data).map_err(|error| chain(&error));
                each(EvtxRecord { number, offset: last, json });
            }
            Err(error) => each(failed(last, chain(&error))),
        }
    }
}

const EVTX_RECORD_HEADER_BYTES: usize = 24;

/// An error and what caused it, in one sentence.
fn chain(error: &dyn std::error::Error) -> String {
    let mut sentence = error.to_string().trim_end_matches('.').to_owned();
    let mut source = error.source();
    while let Some(error) = source {
        sentence = format!("{sentence}: {}", error.to_string().trim_end_matches('.'));
        source = error.source();
    }
    sentence
}
