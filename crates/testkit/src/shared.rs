//! Real logs that nobody here wrote and nobody here may publish: found beside the project, or not at all.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The unpacked data set `watch/<name>`, or `None` when the shared test data is not there; the test then prints that
/// it skips. The data is looked for where `NOROSHI_SHARED_DATA` points, or in `../shared/data` beside the project.
/// An archive is unpacked once, into a folder that later runs find again.
#[allow(clippy::print_stderr)] // A skipped test must say so.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let Some(home) = home() else {
        eprintln!(
            "SKIPPED: the shared test data is absent (set NOROSHI_SHARED_DATA), so {name} is not tried"
        );
        return None;
    };
    let archive = home.join("watch").join(format!("{name}.tar.zst"));
    if !archive.is_file() {
        eprintln!("SKIPPED: {} is absent, so {name} is not tried", archive.display());
        return None;
    }
    match unpack(&archive, name) {
        Ok(folder) => Some(folder),
        Err(error) => panic!("{} cannot be unpacked: {error:#}", archive.display()),
    }
}

/// Every file in a folder and the folders in it, in order of their paths.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

fn home() -> Option<PathBuf> {
    let told = env::var_os("NOROSHI_SHARED_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    told.or(Some(beside)).filter(|folder| folder.join("watch").is_dir())
}

/// Unpacks into a folder of its own and moves it into place, so that two tests at once do no harm.
fn unpack(archive: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let cache = env::temp_dir().join("noroshi-shared-data");
    let size = fs::metadata(archive)?.len();
    let folder = cache.join(format!("{name}-{size}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&cache)?;
    let part = tempfile::tempdir_in(&cache)?;
    let tar = Command::new("tar")
        .args(["--use-compress-program", "zstd --long=27", "--extract", "--file"])
        .arg(archive)
        .arg("--directory")
        .arg(part.path())
        .status()?;
    anyhow::ensure!(tar.success(), "tar (which needs zstd) said {tar}");
    if fs::rename(part.path(), &folder).is_err() {
        anyhow::ensure!(folder.is_dir(), "the unpacked folder cannot be moved to {}", folder.display());
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_folders_in_folders() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/2"), "").unwrap();
        fs::write(folder.path().join("1"), "").unwrap();
        let found = files_below(folder.path());
        assert_eq!(found, [folder.path().join("1"), folder.path().join("a/b/2")]);
    }
}
