//! Every parser of foreign bytes: log records in, [`Event`]s out.
//!
//! Bytes flow one way: a [`read::Blocks`] cuts a stream into records and recognises their [`Format`] by content;
//! a [`Parser`] turns each record into an [`Event`], or says why it could not ([`Unread`]). Nothing here opens a
//! file, reads a clock or panics on what it is fed; every limit has a name in [`limit`].

pub mod alias;
mod event;
mod format;
pub mod limit;
mod name;
pub mod read;
mod source;

pub use event::{Event, Field, Kind, Value};
pub use format::Format;
pub use name::{NameId, Names, Role};
pub use source::{Source, SourceId, Sources};
