//! Adds a part to the lake, whole or not at all, whatever happens in between.
//!
//! 1. Every file is written and synced in `staging/`: a full disk is noticed here, and nothing has changed yet.
//! 2. A [`Commit`] in `pending/` says which files go where and which older files of the same part go away.
//! 3. The files are renamed into place, and the commit itself is renamed into `parts/`.
//!
//! Who opens the lake, or commits next, finishes what a dead process left in `pending/`; what it left in `staging/`
//! alone was never acknowledged and is removed. Several processes may write: two lock files keep them apart.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use base::japan_day;
use watch::lake::{LakeError, StoredEvent};

use crate::encode::{write_events, write_observables};
use crate::instant::japan_day_number;
use crate::layout::{ENDING, Partition, Reach, Table, entries, files, part_name, relative};

const STAGING: &str = "staging";
const PENDING: &str = "pending";
const PARTS: &str = "parts";
/// Held, shared, by whoever has files in `staging/`.
const STAGING_LOCK: &str = "staging.lock";
/// Held by whoever moves files into place.
const COMMIT_LOCK: &str = "commit.lock";

/// What a part is made of; as long as it lies in `pending/`, what is still to be done.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Commit {
    /// As the caller named it.
    part: String,
    /// Files to be moved into place; all paths are below the root.
    moves: Vec<Move>,
    /// Files of the part's earlier writing that it no longer has.
    removes: Vec<String>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Move {
    from: String,
    to: String,
}

/// Finishes what a dead process has committed, and keeps others from committing while the file lives.
pub(crate) fn hold_still(root: &Path) -> Result<File, LakeError> {
    let held = locked(root, COMMIT_LOCK, File::lock)?;
    finish_pending(root)?;
    Ok(held)
}

/// Makes the folders and finishes or removes what a dead process left.
pub(crate) fn open(root: &Path) -> Result<(), LakeError> {
    for folder in [STAGING, PENDING, PARTS] {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).map_err(write_error(&folder))?;
    }
    let staging = lock_file(root, STAGING_LOCK)?;
    let nobody_else_writes = match staging.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => return Err(write_error(&root.join(STAGING_LOCK))(error)),
    };
    let _commit = locked(root, COMMIT_LOCK, File::lock)?;
    match finish_pending(root) {
        Ok(()) if nobody_else_writes => clear_staging(root),
        Ok(()) => Ok(()),
        // What is there can still be read; the next append tries again, and says so if it cannot.
        Err(error) => {
            tracing::warn!(%error, "an interrupted write could not be finished yet");
            Ok(())
        }
    }
}

/// Adds, or replaces, a part.
pub(crate) fn append(root: &Path, part: &str, events: &[StoredEvent]) -> Result<(), LakeError> {
    let _staging = locked(root, STAGING_LOCK, File::lock_shared)?;
    let mut sorted: Vec<&StoredEvent> = events.iter().collect();
    sorted.sort_unstable_by_key(|event| (event.organisation, event.time, event.id));
    sorted.dedup_by_key(|event| (event.organisation, event.time, event.id));
    let name = part_name(part);
    let mut staged = Staged { root, moves: Vec::new() };
    let same_partition = |one: &&StoredEvent, other: &&StoredEvent| {
        one.organisation == other.organisation && japan_day_number(one.time) == japan_day_number(other.time)
    };
    for rows in sorted.chunk_by(same_partition) {
        let Some(first) = rows.first() else { continue };
        let partition = Partition { day: japan_day(first.time), organisation: first.organisation };
        let file_name = format!("{name}{ENDING}");
        staged.write(relative(Table::Events, &partition, &file_name), |file| write_events(file, rows))?;
        staged.write(relative(Table::Observables, &partition, &file_name), |file| {
            write_observables(file, rows)
        })?;
    }
    sync_folder(&root.join(STAGING))?;
    commit(root, part, &name, staged)
}

/// Files written but not yet in place; removed again unless they are committed.
struct Staged<'r> {
    root: &'r Path,
    moves: Vec<Move>,
}

impl Staged<'_> {
    fn write(&mut self, to: String, fill: impl FnOnce(&File) -> io::Result<()>) -> Result<(), LakeError> {
        let (from, file) = new_file(self.root)?;
        self.moves.push(Move { from, to: to.clone() });
        // The message names the file it was to become: the temporary one is gone when somebody reads this.
        fill(&file).and_then(|()| file.sync_all()).map_err(write_error(&self.root.join(to)))
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        for Move { from, .. } in &self.moves {
            // Whatever stays is removed when the lake is opened next.
            let _ = fs::remove_file(self.root.join(from));
        }
    }
}

/// A new file in `staging/`, and its path below the root.
fn new_file(root: &Path) -> Result<(String, File), LakeError> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let name = format!("{STAGING}/{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = root.join(&name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((name, file)),
            // Left by an earlier process of the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(write_error(&path)(error)),
        }
    }
}

fn commit(root: &Path, part: &str, name: &str, mut staged: Staged) -> Result<(), LakeError> {
    let _commit = locked(root, COMMIT_LOCK, File::lock)?;
    finish_pending(root)?;
    let file_name = format!("{name}.json");
    let new: BTreeSet<&str> = staged.moves.iter().map(|to_move| to_move.to.as_str()).collect();
    let mut removes = files_of_part(root, name)?;
    removes.retain(|old| !new.contains(old.as_str()));
    let commit = Commit { part: part.to_owned(), moves: staged.moves.clone(), removes };
    let text = serde_json::to_vec(&commit).map_err(|error| write_error(root)(error.into()))?;
    let pending = root.join(PENDING).join(&file_name);
    if let Err(error) = write_whole(root, &pending, &text) {
        // A commit that may still be there must find its files.
        if fs::remove_file(&pending).is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
            staged.moves.clear();
        }
        return Err(error);
    }
    // From here on the part is in the lake: whoever comes next would finish it.
    staged.moves.clear();
    finish(root, &commit, &pending, &root.join(PARTS).join(file_name))
}

/// The files that an earlier writing of the part left in the lake.
fn files_of_part(root: &Path, name: &str) -> Result<Vec<String>, LakeError> {
    let path = root.join(PARTS).join(format!("{name}.json"));
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(write_error(&path)(error)),
    };
    if let Ok(commit) = serde_json::from_slice::<Commit>(&bytes) {
        return Ok(commit.moves.into_iter().map(|moved| moved.to).collect());
    }
    // The list is damaged: look everywhere, which is slow and right.
    let file_name = format!("{name}{ENDING}");
    let everything = Reach::everything();
    let mut found = Vec::new();
    for table in [Table::Events, Table::Observables] {
        let of_part = files(root, table, &everything)?.into_iter();
        found.extend(of_part.filter(|file| file.file_name == file_name).map(|file| file.name(table)));
    }
    Ok(found)
}

/// Finishes what was committed by a process that did not live to do it. The commit lock is held.
fn finish_pending(root: &Path) -> Result<(), LakeError> {
    for (name, path) in entries(&root.join(PENDING))? {
        let bytes = fs::read(&path).map_err(write_error(&path))?;
        let done = root.join(PARTS).join(name);
        match serde_json::from_slice::<Commit>(&bytes) {
            Ok(commit) => finish(root, &commit, &path, &done)?,
            // It was synced before it got its name, so the disk has gone bad. One part must not stop all others.
            Err(error) => {
                tracing::error!(commit = %path.display(), %error, "an interrupted write is damaged and given up");
                fs::rename(&path, &done).map_err(write_error(&done))?;
            }
        }
    }
    Ok(())
}

/// Does what a commit says; doing it again is harmless.
fn finish(root: &Path, commit: &Commit, pending: &Path, done: &Path) -> Result<(), LakeError> {
    let mut touched = BTreeSet::new();
    for Move { from, to } in &commit.moves {
        let to = root.join(to);
        make_folders(root, &to, &mut touched)?;
        match fs::rename(root.join(from), &to) {
            Ok(()) => {}
            // Moved before the interruption, or taken away by somebody, for which no other part must suffer.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !to.exists() {
                    tracing::error!(part = commit.part, file = %to.display(), "a staged file has disappeared");
                }
            }
            Err(error) => return Err(write_error(&to)(error)),
        }
    }
    for old in &commit.removes {
        let old = root.join(old);
        match fs::remove_file(&old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(write_error(&old)(error)),
            _ => touched.extend(old.parent().filter(|folder| folder.exists()).map(Path::to_owned)),
        }
    }
    touched.iter().try_for_each(|folder| sync_folder(folder))?;
    fs::rename(pending, done).map_err(write_error(done))?;
    sync_folder(&root.join(PARTS))?;
    sync_folder(&root.join(PENDING))
}

/// Makes the folders above `file`, and notes every folder that must be synced for it to stay.
fn make_folders(root: &Path, file: &Path, touched: &mut BTreeSet<PathBuf>) -> Result<(), LakeError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    if !folder.is_dir() {
        fs::create_dir_all(folder).map_err(write_error(folder))?;
        touched.extend(
            folder.ancestors().skip(1).take_while(|above| above.starts_with(root)).map(Path::to_owned),
        );
    }
    touched.insert(folder.to_owned());
    Ok(())
}

/// Writes a small file so that it is there whole or not at all.
fn write_whole(root: &Path, path: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    let (staged, mut file) = new_file(root)?;
    let staged = root.join(staged);
    let written = io::Write::write_all(&mut file, bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&staged, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&staged);
        return Err(write_error(path)(error));
    }
    path.parent().map_or(Ok(()), sync_folder)
}

fn clear_staging(root: &Path) -> Result<(), LakeError> {
    for (_, path) in entries(&root.join(STAGING))? {
        fs::remove_file(&path).map_err(write_error(&path))?;
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<(), LakeError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(write_error(folder))
}

fn lock_file(root: &Path, name: &str) -> Result<File, LakeError> {
    let path = root.join(name);
    // Locks belong to an open file: each writer opens its own, also within one process.
    OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(write_error(&path))
}

fn locked(root: &Path, name: &str, lock: fn(&File) -> io::Result<()>) -> Result<File, LakeError> {
    let file = lock_file(root, name)?;
    lock(&file).map_err(write_error(&root.join(name)))?;
    Ok(file)
}

fn write_error(path: &Path) -> impl Fn(io::Error) -> LakeError {
    let path = path.display().to_string();
    move |source| LakeError::Write { path: path.clone(), source }
}
