//! Every parser of foreign bytes: log records in, [`Event`]s out.
//!
//! Bytes flow one way: a [`read::Blocks`] cuts a stream into records and recognises their [`Format`] by content;
//! a [`read::Parser`] turns each record into an [`Event`], or says why it could not ([`read::Unread`]). Nothing here opens a
//! file, reads a clock or panics on what it is fed; every limit has a name in [`limit`].

mod access;
pub mod alias;
mod cef;
mod csv_file;
mod event;
mod format;
mod json;
mod key_value;
mod leef;
pub mod limit;
mod name;
pub mod read;
mod recognise;
mod source;
mod syslog;
mod text;
pub mod time;
mod w3c;
mod windows;
mod zeek;

pub use event::{Event, Field, Kind, Value};
pub use format::Format;
pub use name::{NameId, Names, Role};
pub use source::{Deriver, Source, SourceId, Sources};
