//! Rule and indicator files from disk.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use watch::indicator::{Indicators, WrongLine};

use crate::input;

/// The starter rules, part of the command so that it works from anywhere.
pub mod starter;

/// Why a data directory has no correlations: an import may be repeated or go on after a crash, and what a correlation
/// remembers does not survive that yet.
pub const UNCORRELATED: &str = "correlations are evaluated by `noroshi detect` only";

/// Reads every `.yml` and `.yaml` file named or below a folder named.
pub fn load(paths: &[PathBuf], placeholders: &sigma::Placeholders) -> anyhow::Result<sigma::Rules> {
    let mut files = Vec::new();
    for path in paths {
        let named_itself = path.is_file();
        for file in input::below(path)? {
            let is_yaml = file.extension().is_some_and(|end| end == "yml" || end == "yaml");
            if named_itself || is_yaml {
                let bytes =
                    std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                files.push((file.display().to_string(), bytes));
            }
        }
    }
    if files.is_empty() {
        bail!("no rule file (.yml) in {}", list(paths));
    }
    Ok(sigma::Rules::load(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), placeholders))
}

/// Reads indicator files. Wrong lines are returned; a file that cannot be read at all is an error.
pub fn indicators(paths: &[PathBuf]) -> anyhow::Result<(Indicators, Vec<WrongLine>)> {
    let mut indicators = Indicators::default();
    let mut wrong = Vec::new();
    for path in paths {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
        wrong.extend(indicators.read(&path.display().to_string(), &text));
    }
    Ok((indicators, wrong))
}

/// `NAME=VALUE` pairs; a name given twice has two values.
pub fn placeholders(pairs: &[String]) -> anyhow::Result<sigma::Placeholders> {
    let mut placeholders = sigma::Placeholders::new();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else { bail!("{pair:?} is not NAME=VALUE") };
        placeholders.entry(name.trim_matches('%').to_owned()).or_default().push(value.to_owned());
    }
    Ok(placeholders)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path: &PathBuf| Path::display(path).to_string()).collect::<Vec<_>>().join(", ")
}
