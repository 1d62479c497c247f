//! What foreign bytes may cost, by name. Going past one is reported, never fatal.

/// The longest record (line, JSON element, event) that is parsed. A longer one is skipped to its end and counted as
/// unread with its size; a 1 GB line costs this much memory and no more.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// Bytes of records handed from the reader to a worker at once.
pub const BLOCK_BYTES: usize = 1 << 20;

/// Fields kept of one event; what comes after is left to the raw record.
pub const FIELDS_MAX: usize = 4_096;

/// Objects and arrays inside each other.
pub const DEPTH_MAX: usize = 64;

/// Distinct field names one reader remembers. Past it, values under new names are kept with the event's text but
/// cannot be matched by name.
pub const NAMES_MAX: usize = 65_536;

/// The longest field name, dots included.
pub const NAME_BYTES_MAX: usize = 512;

/// Distinct sources (product, service, category) one reader remembers.
pub const SOURCES_MAX: usize = 4_096;

/// Bytes looked at to recognise a format.
pub const RECOGNISE_BYTES: usize = 64 << 10;

/// How many unread records keep their place and reason; the rest are only counted.
pub const UNREAD_KEPT: usize = 1_000;
