//! Reads a whole stream and keeps what came out of it.

use std::io::Read;

use formats::read::{Blocks, Options, Parser, Place, Sink, Unread};
use formats::{Event, Names, Sources};

/// One event as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) format: String,
    pub(crate) place: Place,
    pub(crate) time: Option<String>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) raw: Vec<u8>,
}

impl Seen {
    /// All values under a name, joined with a comma.
    pub(crate) fn get(&self, name: &str) -> String {
        let values: Vec<&str> =
            self.fields.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
        values.join(",")
    }
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) events: Vec<Seen>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) error: Option<String>,
}

impl Sink for Log {
    fn event(&mut self, names: &Names, _: &Sources, event: &Event, place: Place, raw: &[u8]) {
        let fields = event.fields().iter();
        self.events.push(Seen {
            format: event.format.to_string(),
            place,
            time: event.time.map(|time| time.to_string()),
            fields: fields.map(|f| (names.path(f.name).to_owned(), event.value(f).text.to_owned())).collect(),
            raw: raw.to_vec(),
        });
    }

    fn unread(&mut self, unread: Unread) {
        self.unread.push(unread);
    }
}

pub(crate) fn read_with(stream: impl Read, options: Options) -> Log {
    read_blocks(Blocks::new(stream, options))
}

pub(crate) fn read_blocks(blocks: Blocks<impl Read>) -> Log {
    let mut log = Log::default();
    let mut parser = Parser::default();
    for block in blocks {
        match block {
            Ok(block) => parser.parse(&block, &mut log),
            Err(error) => log.error = Some(error.to_string()),
        }
    }
    log
}

pub(crate) fn read(bytes: impl AsRef<[u8]>) -> Log {
    read_with(bytes.as_ref(), Options::default())
}
