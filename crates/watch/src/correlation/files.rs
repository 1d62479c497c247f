//! The folder in which correlations are remembered: a snapshot, and the log of what came after it.
//!
//! `snapshot` is a line of JSON, the matches that are still remembered, one line of JSON each, and the correlator's
//! state. `log-N` has one frame for each batch from number N on: a line of JSON with the length and digest of the
//! frame, and the batch's matches, one line each. A frame that is not whole ends the log.
//!
//! A match is found again by its place: snapshot first, then the log, as if they were one file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use base::{Id, Organisation, Timestamp};

use super::Match;
use crate::Error;

/// A log that is shorter than this, and shorter than twice its snapshot, makes no snapshot.
pub const LOG_BYTES_MIN: u64 = 8 << 20;
/// The first line of a snapshot or of a frame; longer was not written here.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// Bits of a reference that hold the length of a match; its place takes the others.
const MATCH_BYTES_BITS: u32 = 24;
/// The shape of these files; another one is not read.
const FORMAT: u32 = 1;

const SNAPSHOT: &str = "snapshot";
const PARTIAL: &str = "snapshot.partial";
const DAMAGED: &str = "snapshot.damaged";
const LOG: &str = "log-";

/// The first line of a snapshot.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Header {
    format: u32,
    /// The number of the batch that comes after it.
    pub(super) next: u64,
    /// Organisations, by the numbers that the state has for them.
    pub(super) tenants: Vec<Id<Organisation>>,
    matches_bytes: u64,
    state_bytes: u64,
    /// Of this line without it, and of everything after it.
    blake3: String,
}

impl Header {
    fn digest(&self) -> std::io::Result<blake3::Hasher> {
        digest_of(&Self { blake3: String::new(), ..self.clone() })
    }
}

/// One batch as it was counted.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) number: u64,
    pub(super) now: Timestamp,
    pub(super) settles: bool,
    pub(super) heard: BTreeMap<Id<Organisation>, Timestamp>,
    pub(super) matches: Vec<Match>,
}

/// The first line of a frame.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct FrameLine {
    batch: u64,
    now: Timestamp,
    settles: bool,
    heard: BTreeMap<Id<Organisation>, Timestamp>,
    matches_bytes: u64,
    /// Of this line without it, and of the matches.
    blake3: String,
}

impl FrameLine {
    fn digest(&self, matches: &[u8]) -> std::io::Result<String> {
        let mut digest = digest_of(&Self { blake3: String::new(), ..self.clone() })?;
        Ok(digest.update(matches).finalize().to_hex().to_string())
    }
}

/// Both files, open.
pub(super) struct Files {
    folder: PathBuf,
    snapshot: Option<File>,
    /// Where the matches of the snapshot begin, and how long they are.
    matches_at: u64,
    matches_bytes: u64,
    snapshot_bytes: u64,
    log: Option<File>,
    log_bytes: u64,
}

/// A snapshot's header and state, or why it cannot be used.
type Found = Option<Result<(Header, Vec<u8>), String>>;

impl Files {
    /// Opens a folder, made when it is not there.
    pub(super) fn open(folder: &Path) -> Result<(Self, Found), Error> {
        let mut files = Self {
            folder: folder.to_owned(),
            snapshot: None,
            matches_at: 0,
            matches_bytes: 0,
            snapshot_bytes: 0,
            log: None,
            log_bytes: 0,
        };
        files.says(fs::create_dir_all(folder))?;
        let path = folder.join(SNAPSHOT);
        let found = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(files.error(error)),
            Ok(file) => Some(files.read_snapshot(file)),
        };
        if let Some(Err(_)) = found {
            files.set_aside()?;
        }
        Ok((files, found))
    }

    /// Keeps a snapshot that cannot be used where nobody reads it.
    pub(super) fn set_aside(&self) -> Result<(), Error> {
        self.says(fs::rename(self.folder.join(SNAPSHOT), self.folder.join(DAMAGED)))
    }

    fn read_snapshot(&mut self, file: File) -> Result<(Header, Vec<u8>), String> {
        let damaged =
            |what: &dyn std::fmt::Display| format!("{}: {what}", self.folder.join(SNAPSHOT).display());
        let mut reader = BufReader::new(&file);
        let line = read_line(&mut reader).map_err(|error| damaged(&error))?;
        let header: Header = serde_json::from_slice(&line).map_err(|error| damaged(&error))?;
        if header.format != FORMAT {
            return Err(damaged(&"another version wrote it"));
        }
        let mut digest = header.digest().map_err(|error| damaged(&error))?;
        let mut matches = (&mut reader).take(header.matches_bytes);
        std::io::copy(&mut matches, &mut digest).map_err(|error| damaged(&error))?;
        let mut state = Vec::new();
        reader
            .take(header.state_bytes.saturating_add(1))
            .read_to_end(&mut state)
            .map_err(|error| damaged(&error))?;
        digest.update(&state);
        if state.len() as u64 != header.state_bytes || digest.finalize().to_hex().as_str() != header.blake3 {
            return Err(damaged(&"it is not as it was written"));
        }
        (self.matches_at, self.matches_bytes) = (line.len() as u64, header.matches_bytes);
        self.snapshot_bytes = self.matches_at + header.matches_bytes + header.state_bytes;
        self.snapshot = Some(file);
        let log = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.log_path(header.next));
        self.log = Some(log.map_err(|error| damaged(&error))?);
        Ok((header, state))
    }

    fn log_path(&self, next: u64) -> PathBuf {
        self.folder.join(format!("{LOG}{next}"))
    }

    /// The frame of this number, with the references of its matches, if it is whole and was committed: numbers below
    /// `until` were.
    pub(super) fn next_frame(&mut self, number: u64, until: u64) -> Result<Option<(Frame, Vec<u64>)>, Error> {
        if number >= until {
            return Ok(None);
        }
        let Some(log) = &self.log else { return Ok(None) };
        let mut reader = BufReader::new(log);
        self.says(reader.seek(SeekFrom::Start(self.log_bytes)))?;
        // What cannot be read as a frame is its torn end.
        let Ok(line) = read_line(&mut reader) else { return Ok(None) };
        let Ok(written) = serde_json::from_slice::<FrameLine>(&line) else { return Ok(None) };
        let mut matches = Vec::new();
        self.says(reader.take(written.matches_bytes).read_to_end(&mut matches))?;
        let is_long_enough = matches.len() as u64 == written.matches_bytes;
        let whole = is_long_enough && self.says(written.digest(&matches))? == written.blake3;
        if !whole || written.batch != number {
            return Ok(None);
        }
        let mut place = self.matches_bytes + self.log_bytes + line.len() as u64;
        let (mut read, mut places) = (Vec::new(), Vec::new());
        for line in matches.split_inclusive(|byte| *byte == b'\n') {
            let Ok(one) = serde_json::from_slice::<Match>(line) else { return Ok(None) };
            read.push(one);
            places.push(reference(place, line.len()));
            place += line.len() as u64;
        }
        self.log_bytes += (line.len() + matches.len()) as u64;
        let FrameLine { now, settles, heard, .. } = written;
        Ok(Some((Frame { number, now, settles, heard, matches: read }, places)))
    }

    /// Cuts off what was not committed, or is not whole.
    pub(super) fn end_replay(&mut self) -> Result<(), Error> {
        if let Some(log) = &self.log {
            self.says(log.set_len(self.log_bytes))?;
            self.says(log.sync_all())?;
        }
        Ok(())
    }

    /// Adds a frame, durably when this returns. Gives the references of its matches.
    pub(super) fn append(&mut self, frame: &Frame) -> Result<Vec<u64>, Error> {
        let (mut matches, mut lengths) = (Vec::new(), Vec::new());
        for one in &frame.matches {
            let before = matches.len();
            self.says(serde_json::to_writer(&mut matches, one).map_err(std::io::Error::from))?;
            matches.push(b'\n');
            lengths.push(matches.len() - before);
        }
        let mut written = FrameLine {
            batch: frame.number,
            now: frame.now,
            settles: frame.settles,
            heard: frame.heard.clone(),
            matches_bytes: matches.len() as u64,
            blake3: String::new(),
        };
        written.blake3 = self.says(written.digest(&matches))?;
        let mut bytes = self.says(serde_json::to_vec(&written).map_err(std::io::Error::from))?;
        bytes.push(b'\n');
        let mut place = self.matches_bytes + self.log_bytes + bytes.len() as u64;
        bytes.append(&mut matches);
        if let Some(log) = &self.log {
            self.says(log.write_all_at(&bytes, self.log_bytes))?;
            self.says(log.sync_data())?;
        }
        self.log_bytes += bytes.len() as u64;
        let places = lengths.into_iter().map(|length| {
            place += length as u64;
            reference(place - length as u64, length)
        });
        Ok(places.collect())
    }

    /// Whether it is time for a snapshot.
    pub(super) fn is_log_long(&self) -> bool {
        self.log_bytes > LOG_BYTES_MIN.max(2 * self.snapshot_bytes)
    }

    /// The match behind a reference.
    pub(super) fn read(&self, reference: u64) -> Result<Match, Error> {
        let bytes = self.says(self.bytes(reference))?;
        self.says(serde_json::from_slice(&bytes).map_err(std::io::Error::from))
    }

    fn bytes(&self, reference: u64) -> std::io::Result<Vec<u8>> {
        let (place, length) = (reference >> MATCH_BYTES_BITS, reference & ((1 << MATCH_BYTES_BITS) - 1));
        let mut bytes = vec![0; length as usize];
        let (file, at) = match place.checked_sub(self.matches_bytes) {
            None => (&self.snapshot, self.matches_at + place),
            Some(place) => (&self.log, place),
        };
        let file = file.as_ref().ok_or(std::io::ErrorKind::NotFound)?;
        file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    /// Collects the matches that are still remembered.
    pub(super) fn begin_snapshot(&self, references: &BTreeSet<u64>) -> Result<Moved, Error> {
        let mut moved =
            Moved { from: Vec::with_capacity(references.len()), to: Vec::new(), matches: Vec::new() };
        for &old in references {
            let bytes = self.says(self.bytes(old))?;
            moved.from.push(old);
            moved.to.push(reference(moved.matches.len() as u64, bytes.len()));
            moved.matches.extend(bytes);
        }
        Ok(moved)
    }

    /// Puts a new snapshot in the place of both files: it is there wholly, or the old ones are.
    pub(super) fn end_snapshot(
        &mut self,
        moved: Moved,
        next: u64,
        tenants: &[Id<Organisation>],
        state: &[u8],
    ) -> Result<(), Error> {
        let mut header = Header {
            format: FORMAT,
            next,
            tenants: tenants.to_vec(),
            matches_bytes: moved.matches.len() as u64,
            state_bytes: state.len() as u64,
            blake3: String::new(),
        };
        let mut digest = self.says(header.digest())?;
        header.blake3 = digest.update(&moved.matches).update(state).finalize().to_hex().to_string();
        let line = self.says(serde_json::to_vec(&header).map_err(std::io::Error::from))?;
        let snapshot = self.says(self.write_snapshot(&[&line, b"\n", &moved.matches, state]))?;
        let log =
            File::options().read(true).write(true).create(true).truncate(true).open(self.log_path(next));
        let log = self.says(log)?;
        self.says(self.tidy(next))?;
        (self.matches_at, self.matches_bytes) = (line.len() as u64 + 1, header.matches_bytes);
        self.snapshot_bytes = self.matches_at + header.matches_bytes + header.state_bytes;
        (self.snapshot, self.log, self.log_bytes) = (Some(snapshot), Some(log), 0);
        Ok(())
    }

    fn write_snapshot(&self, parts: &[&[u8]]) -> std::io::Result<File> {
        let partial = self.folder.join(PARTIAL);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&partial)?;
        let mut writer = BufWriter::new(&file);
        parts.iter().try_for_each(|part| writer.write_all(part))?;
        writer.flush()?;
        drop(writer);
        file.sync_all()?;
        fs::rename(&partial, self.folder.join(SNAPSHOT))?;
        File::open(&self.folder)?.sync_all()?;
        Ok(file)
    }

    /// Removes logs that no snapshot leads to any more.
    fn tidy(&self, next: u64) -> std::io::Result<()> {
        let own = format!("{LOG}{next}");
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(LOG) && name != own) {
                fs::remove_file(entry.path())?;
            }
        }
        File::open(&self.folder)?.sync_all()
    }

    fn says<T>(&self, result: std::io::Result<T>) -> Result<T, Error> {
        result.map_err(|error| self.error(error))
    }

    fn error(&self, source: std::io::Error) -> Error {
        Error::Memory { folder: self.folder.display().to_string(), source }
    }
}

/// Matches on their way into a snapshot, and their references before and after.
pub(super) struct Moved {
    from: Vec<u64>,
    to: Vec<u64>,
    matches: Vec<u8>,
}

impl Moved {
    /// The new reference of a match.
    pub(super) fn of(&self, old: u64) -> u64 {
        let place = self.from.binary_search(&old).ok();
        place.and_then(|place| self.to.get(place)).copied().unwrap_or(old)
    }
}

fn reference(place: u64, length: usize) -> u64 {
    debug_assert!(length < 1 << MATCH_BYTES_BITS, "limits keep a match short");
    place << MATCH_BYTES_BITS | length as u64
}

fn digest_of(line: &impl serde::Serialize) -> std::io::Result<blake3::Hasher> {
    let mut digest = blake3::Hasher::new();
    digest.update(&serde_json::to_vec(line)?);
    Ok(digest)
}

/// One line with its end; an error when it has none.
fn read_line(reader: &mut impl std::io::BufRead) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") { Ok(line) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
