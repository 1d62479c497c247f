//! Which files to read, and reading them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Files below one folder that are looked at; more is most likely a mistake, such as `/`.
const FILES_MAX: usize = 1_000_000;

/// One stream to read.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name in detections and messages.
    pub name: String,
    /// Where it is; `None` is standard input.
    pub path: Option<PathBuf>,
    /// How long it is, as far as anybody knows.
    pub bytes: u64,
}

impl Input {
    /// Opens it.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.path {
            None => Ok(Box::new(io::stdin())),
            Some(path) => Ok(Box::new(File::open(path)?)),
        }
    }
}

/// Every file named, and every file below every folder named, in order of their paths.
pub fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input { name: "-".into(), path: None, bytes: 0 });
            continue;
        }
        for path in below(path)? {
            let bytes = std::fs::metadata(&path).map(|data| data.len()).unwrap_or(0);
            inputs.push(Input { name: path.display().to_string(), path: Some(path), bytes });
        }
    }
    Ok(inputs)
}

/// The file itself, or every file below the folder. Links to folders are not followed: they may go round in a circle.
pub fn below(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let kind = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !kind.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() || (kind.is_symlink() && entry.path().is_file()) {
                files.push(entry.path());
            }
            if files.len() > FILES_MAX {
                bail!("{} holds more than {FILES_MAX} files", path.display());
            }
        }
    }
    files.sort();
    Ok(files)
}
