//! Where files are: `events/day=2026-07-15/org=org_…/<part>.parquet`, and the same under `observables/`.
//!
//! The path says day and organisation, so a question never opens, nor even names, a file of an organisation outside
//! its scope. There is no catalogue to go wrong: a folder is listed when it is asked about.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base::{Id, Organisation, Period, Right, Scope, japan_day};
use foldhash::HashSet;
use jiff::civil::Date;
use watch::lake::LakeError;

/// The ending of every table file.
pub(crate) const ENDING: &str = ".parquet";
/// A part with a name longer than this is filed under its digest.
const PART_BYTES_MAX: usize = 120;

/// The two kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// One row for each event.
    Events,
    /// One row for each observable of a part.
    Observables,
}

impl Table {
    const fn folder(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Observables => "observables",
        }
    }
}

/// One day of one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// In Japan.
    pub(crate) day: Date,
    /// Whose.
    pub(crate) organisation: Id<Organisation>,
}

/// A file and what its path says.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    /// Where it belongs.
    pub(crate) partition: Partition,
    /// Its file name.
    pub(crate) file_name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Located {
    /// The path below the root, for messages.
    pub(crate) fn name(&self, table: Table) -> String {
        relative(table, &self.partition, &self.file_name)
    }

    /// The events from which an observables file was made.
    pub(crate) fn events(&self, root: &Path) -> Self {
        let path = root.join(relative(Table::Events, &self.partition, &self.file_name));
        Self { path, ..self.clone() }
    }
}

/// A file's path below the root.
pub(crate) fn relative(table: Table, partition: &Partition, file_name: &str) -> String {
    format!("{}/day={}/org={}/{file_name}", table.folder(), partition.day, partition.organisation)
}

/// The name of the files of a part: the part itself when that is safe as a file name, else its digest.
pub(crate) fn part_name(part: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !part.is_empty() && part.len() <= PART_BYTES_MAX && !part.starts_with('.') && part.bytes().all(safe) {
        return part.to_owned();
    }
    // `~` is not a safe byte, so no part can be called like another's digest.
    format!("~{}", blake3::hash(part.as_bytes()).to_hex())
}

/// What a question may look at.
pub(crate) struct Reach<'a> {
    /// Of the asker; `None` is everything.
    pub(crate) limit: Option<&'a BTreeSet<Id<Organisation>>>,
    /// Narrows further; empty is all.
    pub(crate) organisations: HashSet<Id<Organisation>>,
    /// Which days; `None` is all.
    pub(crate) period: Option<Period>,
}

impl<'a> Reach<'a> {
    /// Everything in scope within a period.
    pub(crate) fn new(scope: &'a Scope, period: Option<Period>) -> Self {
        Self { limit: scope.limit(Right::ReadEvents), organisations: HashSet::default(), period }
    }

    /// Everything there is, for the lake's own keeping.
    pub(crate) fn everything() -> Self {
        Self { limit: None, organisations: HashSet::default(), period: None }
    }

    fn covers(&self, organisation: Id<Organisation>) -> bool {
        self.limit.is_none_or(|limit| limit.contains(&organisation))
            && (self.organisations.is_empty() || self.organisations.contains(&organisation))
    }

    /// First and last day; `None` for an empty period.
    fn days(&self) -> Option<(Date, Date)> {
        let Some(period) = self.period else { return Some((Date::MIN, Date::MAX)) };
        if period.start >= period.end {
            return None;
        }
        let last = period.end.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(period.end);
        Some((japan_day(period.start), japan_day(last)))
    }
}

/// Every file of a table within reach, oldest day first.
pub(crate) fn files(root: &Path, table: Table, reach: &Reach) -> Result<Vec<Located>, LakeError> {
    let Some((first, last)) = reach.days() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut days: Vec<(Date, PathBuf)> = entries(&root.join(table.folder()))?
        .into_iter()
        .filter_map(|(name, path)| Some((name.strip_prefix("day=")?.parse().ok()?, path)))
        .filter(|(day, _)| (first..=last).contains(day))
        .collect();
    days.sort_unstable();
    for (day, folder) in days {
        for (name, folder) in entries(&folder)? {
            let organisation = name.strip_prefix("org=").and_then(|text| text.parse().ok());
            let Some(organisation) = organisation.filter(|&organisation| reach.covers(organisation)) else {
                continue;
            };
            let partition = Partition { day, organisation };
            found.extend(
                entries(&folder)?
                    .into_iter()
                    .filter(|(name, _)| name.ends_with(ENDING))
                    .map(|(file_name, path)| Located { partition, file_name, path }),
            );
        }
    }
    Ok(found)
}

/// The readable names in a folder; none when it is not there (yet, or any more).
pub(crate) fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, LakeError> {
    let unreadable =
        |error: io::Error| LakeError::Read { path: folder.display().to_string(), reason: error.to_string() };
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry.map_err(unreadable)?;
        // A name that is not UTF-8 is not one of ours.
        if let Ok(name) = entry.file_name().into_string() {
            names.push((name, entry.path()));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_its_name_unless_that_could_leave_the_folder() {
        assert_eq!(part_name("2026-07-15_mof.001"), "2026-07-15_mof.001");
        for odd in ["", ".", "..", ".hidden", "a/b", "~x", "省", &"x".repeat(PART_BYTES_MAX + 1)] {
            let name = part_name(odd);
            assert!(name.starts_with('~') && name.len() == 65, "{odd:?} became {name}");
        }
        assert_ne!(part_name("a/b"), part_name("a/c"));
    }
}
