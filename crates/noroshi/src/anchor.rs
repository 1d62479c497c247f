//! The file of anchors: heads of the audit chain, kept where nobody who can change the database can change it.
//!
//! One line each, `12 6d5f… 2026-04-01T00:00:00Z`; lines beginning with `#` are for people. A head goes in only while
//! the whole chain is as it was written and goes through every head before. Nothing but the end of the file is written,
//! so it may be one that its file system only lets grow (`chattr +a`).

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base::Timestamp;
use jiff::SignedDuration;
use store::{Anchor, Fault, FaultKind, Head, Mark, MarkKind, Store, Verification};

use crate::clock;

/// A longer file is no file of anchors: a line each hour for a century is shorter.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// How long after a failure the head is tried to be kept again.
const TRY_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// What is written behind a line that was not written to its end and cannot be taken away.
const TORN: &str = " # torn\n";
/// By what such a line is known.
const TORN_END: &str = " # torn";
/// How often another process's turn with the file is waited for.
const LOCK_TRIES_MAX: u32 = 50;
/// And how long each time.
const LOCK_WAIT: Duration = Duration::from_millis(100);
/// How often it is looked whether the time has come.
const LOOK: Duration = Duration::from_secs(20);

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number in the file, from 1.
    pub line: usize,
    /// What it says.
    pub anchor: Anchor,
}

/// Reads a file of anchors. A last line that was not written to its end is none; one that only lacks its line end is.
/// A file without any says nothing about the chain, which is an error: it may have been emptied.
pub fn read(path: &Path) -> anyhow::Result<Vec<Kept>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (kept, _) = parse(&text(&file, path)?, path)?;
    if kept.is_empty() {
        bail!("{} holds no anchor", path.display());
    }
    Ok(kept)
}

/// What came of looking at the chain, with the first line of the file that does not fit it.
pub async fn verify(
    store: &Store,
    kept: &[Kept],
    now: Timestamp,
) -> anyhow::Result<(Verification, Option<Kept>)> {
    let heads: Vec<Head> = kept.iter().map(|one| one.anchor.head.clone()).collect();
    let verification = store::verify_audit_against(store, &heads).await?;
    let unfit = kept.iter().find(|one| !fits(&verification, &one.anchor.head)).cloned();
    let (sound, head) = match &verification {
        Verification::Whole { head, .. } => (true, head.clone()),
        Verification::Broken { .. } => (false, store::audit_head(store).await?),
    };
    let head = head.unwrap_or(Head { seq: 0, hash: String::new() });
    // What was found is told even where the database does not take the note of it.
    if let Err(error) = store::mark_audit(store, MarkKind::Verified, &Mark { at: now, head, sound }).await {
        tracing::error!(%error, "it could not be noted that the audit trail was verified");
    }
    Ok((verification, unfit))
}

/// Whether the chain goes through a head, as far as the faults say.
fn fits(verification: &Verification, head: &Head) -> bool {
    let is_its = |fault: &Fault| {
        fault.seq == head.seq && matches!(fault.kind, FaultKind::NotTheHead | FaultKind::Missing)
    };
    match verification {
        Verification::Whole { .. } => true,
        Verification::Broken { faults } => !faults.iter().any(is_its),
    }
}

/// Adds the head of the chain to the file, durably. Refuses when the chain is not whole, or does not go through every
/// head that is there already.
pub async fn append(store: &Store, path: &Path, now: Timestamp) -> anyhow::Result<Anchor> {
    let is_new = !path.exists();
    let file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    lock(&file, path).await?;
    let text = text(&file, path)?;
    let (kept, end) = parse(&text, path)?;
    if kept.is_empty() && store::audit_marks(store).await?[1].is_some() {
        tracing::warn!(
            file = %path.display(),
            "heads of the audit trail were kept before, but not in this file"
        );
    }
    let head = match verify(store, &kept, now).await? {
        (Verification::Whole { head: Some(head), .. }, _) => head,
        (Verification::Whole { head: None, .. }, _) => bail!("the audit trail has no line yet"),
        (Verification::Broken { .. }, Some(unfit)) => {
            bail!(
                "the audit trail no longer goes through line {} of {}: {}",
                unfit.line,
                path.display(),
                unfit.anchor
            )
        }
        (Verification::Broken { faults }, None) => {
            let first = faults.first().map_or(0, |fault| fault.seq);
            bail!(
                "the audit trail is not as it was written, from line {first}; `noroshi verify-audit` says more"
            )
        }
    };
    let anchor = Anchor { head, at: now };
    put(&file, &text, end, &anchor).with_context(|| format!("cannot write {}", path.display()))?;
    if is_new {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    let mark = Mark { at: now, head: anchor.head.clone(), sound: true };
    store::mark_audit(store, MarkKind::Anchored, &mark).await?;
    Ok(anchor)
}

/// Two at once must not both take the same end of the file for theirs; nobody is held up for long by another.
#[allow(
    clippy::disallowed_methods,
    reason = "a lock held by another process tells nobody; the tries are limited"
)]
async fn lock(file: &File, path: &Path) -> anyhow::Result<()> {
    for _ in 0..LOCK_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_WAIT).await,
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
    bail!("{} is held by another process", path.display())
}

/// Writes an anchor behind `end`, where the last whole line ends, and has it on the disk. What was not written to its
/// end is taken away; where the file may only grow, it becomes a line for people.
fn put(mut file: &File, text: &str, end: usize, anchor: &Anchor) -> std::io::Result<()> {
    let (whole, torn) = text.split_at_checked(end).unwrap_or((text, ""));
    let cut = !torn.is_empty() && file.set_len(end as u64).is_ok();
    let before = match (torn.is_empty() || cut, whole.is_empty() || whole.ends_with('\n')) {
        (true, true) => "",
        (true, false) => "\n",
        // The torn line stays, and is told from an anchor by what follows it.
        (false, _) => TORN,
    };
    file.write_all(format!("{before}{anchor}\n").as_bytes())?;
    file.sync_all()
}

/// Keeps the head in the file every so often, for as long as the service runs.
pub async fn keep(store: Store, path: &Path, every: SignedDuration) {
    let mut due = first_due(path, every, clock::now());
    let mut look = tokio::time::interval(LOOK);
    loop {
        look.tick().await;
        let now = clock::now();
        if due.is_none_or(|due| due <= now) {
            let next = match append(&store, path, now).await {
                Ok(anchor) => {
                    tracing::info!(seq = anchor.head.seq, "the head of the audit trail was kept elsewhere");
                    every
                }
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the head of the audit trail could not be kept"
                    );
                    every.min(TRY_AGAIN_AFTER)
                }
            };
            due = now.checked_add(next).ok();
        }
    }
}

/// When the next head is due after those that are in the file; `None` is at once.
fn first_due(path: &Path, every: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let last = read(path).ok()?.last()?.anchor.at;
    // One from a time that has not come must not put the next off.
    if last > now { None } else { last.checked_add(every).ok() }
}

fn text(mut file: &File, path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .with_context(|| format!("{} is not a file of anchors", path.display()))?;
    if text.len() as u64 == FILE_BYTES_MAX {
        bail!("{} is larger than a file of anchors can be", path.display());
    }
    Ok(text)
}

/// The anchors, and where the last whole line ends.
fn parse(text: &str, path: &Path) -> anyhow::Result<(Vec<Kept>, usize)> {
    let ended = text.rfind('\n').map_or(0, |end| end + 1);
    let left = text.get(ended..).unwrap_or_default();
    let whole = if left.starts_with('#') || left.parse::<Anchor>().is_ok() { text.len() } else { ended };
    let lines = text.get(..whole).unwrap_or_default().lines().enumerate();
    let for_people = |line: &str| line.trim().is_empty() || line.starts_with('#') || line.ends_with(TORN_END);
    let said = lines.filter(|(_, line)| !for_people(line));
    let kept = said.map(|(number, line)| {
        let line_number = number + 1;
        let anchor = line.parse().with_context(|| format!("{} line {line_number}", path.display()))?;
        Ok(Kept { line: line_number, anchor })
    });
    Ok((kept.collect::<anyhow::Result<_>>()?, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_written_to_its_end_is_no_anchor() {
        let line = format!("12 {} 2026-04-01T00:00:00Z", "a1".repeat(32));
        let check = |text: &str, expected: &[usize], end: usize| {
            let (kept, whole) = parse(text, Path::new("anchors")).unwrap();
            let lines: Vec<usize> = kept.iter().map(|one| one.line).collect();
            assert_eq!((lines.as_slice(), whole), (expected, end), "{text:?}");
        };
        let one = line.len() + 1;
        check("", &[], 0);
        check(&format!("{line}\n"), &[1], one);
        let more = "\n# kept by the auditor\n";
        check(&format!("{line}\n{more}{line}\n"), &[1, 4], 2 * one + more.len());
        check(&format!("{line}\n12 a1a1"), &[1], one);
        check(&line, &[1], one - 1);
        check(&line[..line.len() - 1], &[], 0);
        let people = format!("{line}\n# seen by the auditor");
        check(&people, &[1], people.len());
        check(&format!("{line}\n12 a1a1{TORN}{line}\n"), &[1, 3], 2 * one + 7 + TORN.len());
        let wrong = parse(&format!("{line}\n12 a1a1\n"), Path::new("anchors")).unwrap_err();
        assert!(format!("{wrong:#}").starts_with("anchors line 2: "), "{wrong:#}");
    }
}
