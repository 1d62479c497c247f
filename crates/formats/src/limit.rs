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

/// Bytes of an unread record that are kept for people.
pub const BEGINNING_BYTES: usize = 200;

/// The largest window a zstd stream may ask for, as a power of two: 128 MiB of memory.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Lines one quoted CSV record may span, and bytes; past either the quote is taken for a stray one.
pub const CSV_RECORD_LINES_MAX: usize = 1_000;

/// See [`CSV_RECORD_LINES_MAX`].
pub const CSV_RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes that may be looked at more than once while looking for the next JSON element after a broken one.
pub const RESYNC_BYTES_MAX: u64 = 64 << 20;
