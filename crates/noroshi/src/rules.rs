//! Rule and indicator files from disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use watch::indicator::{Indicators, WrongLine};

use crate::input;

/// The starter rules, part of the command so that it works from anywhere.
pub mod starter;

/// Reads every `.yml` and `.yaml` file named or below a folder named.
pub fn load(paths: &[PathBuf], placeholders: &sigma::Placeholders) -> anyhow::Result<sigma::Rules> {
    let files = read(paths)?;
    Ok(sigma::Rules::load(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), placeholders))
}

fn read(paths: &[PathBuf]) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for path in paths {
        let named_itself = path.is_file();
        for file in input::below(path)? {
            let is_yaml = file.extension().is_some_and(|end| end == "yml" || end == "yaml");
            if named_itself || is_yaml {
                let bytes =
                    std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                files.insert(file.display().to_string(), bytes);
            }
        }
    }
    if files.is_empty() {
        bail!("no rule file (.yml) in {}", list(paths));
    }
    Ok(files)
}

/// Rule files that are looked at again and again: one that breaks stays as it was when it was whole.
#[derive(Debug, Default)]
pub struct Followed {
    /// The files as they were read last.
    read: BTreeMap<String, Vec<u8>>,
    /// By file: what it was when nothing in it was refused.
    whole: BTreeMap<String, Vec<u8>>,
}

/// What came of looking again.
#[derive(Debug)]
pub struct Changed {
    /// The rules that count from now on.
    pub rules: sigma::Rules,
    /// Files that are broken and stay as they were, and what is wrong with them.
    pub kept: Vec<(String, String)>,
}

impl Followed {
    /// Reads the files; `None` when nothing changed since they were read last.
    pub fn look(&mut self, paths: &[PathBuf]) -> anyhow::Result<Option<Changed>> {
        let read = read(paths)?;
        if read == self.read {
            return Ok(None);
        }
        self.read = read;
        let mut used = self.read.clone();
        let mut rules = load_all(&used);
        let mut kept = Vec::new();
        for (file, reason) in broken(&rules) {
            if let Some(whole) = self.whole.get(&file).filter(|whole| used.get(&file) != Some(*whole)) {
                used.insert(file.clone(), whole.clone());
                kept.push((file, reason));
            }
        }
        if !kept.is_empty() {
            rules = load_all(&used);
        }
        let broken = broken(&rules);
        used.retain(|file, _| !broken.contains_key(file));
        self.whole = used;
        Ok(Some(Changed { rules, kept }))
    }
}

fn load_all(files: &BTreeMap<String, Vec<u8>>) -> sigma::Rules {
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    sigma::Rules::load(files, &sigma::Placeholders::new())
}

/// Files in which something is refused, each with the first reason.
fn broken(rules: &sigma::Rules) -> BTreeMap<String, String> {
    let refused = rules.refused.iter().rev();
    refused.map(|refused| (refused.file.clone(), refused.refusal.to_string())).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(title: &str) -> String {
        format!(
            "title: {title}\nid: {title}\nlogsource: {{product: x}}\ndetection: {{s: {{K: v}}, condition: s}}\n"
        )
    }

    fn titles(changed: &Changed) -> Vec<&str> {
        changed.rules.rules.iter().map(|rule| rule.title.as_str()).collect()
    }

    #[test]
    fn a_broken_file_stays_as_it_was_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.yml", &rule("a"));
        write("b.yml", &rule("b"));
        let paths = [folder.path().to_owned()];
        let mut followed = Followed::default();
        assert_eq!(titles(&followed.look(&paths).unwrap().unwrap()), ["a", "b"]);
        assert!(followed.look(&paths).unwrap().is_none());
        write("a.yml", "title: [");
        write("b.yml", &rule("better"));
        write("c.yml", "title: never whole");
        let changed = followed.look(&paths).unwrap().unwrap();
        assert_eq!(titles(&changed), ["a", "better"]);
        let [(file, reason)] = changed.kept.as_slice() else { panic!("{:?}", changed.kept) };
        assert!(file.ends_with("a.yml") && !reason.is_empty(), "{file}: {reason}");
        assert!(followed.look(&paths).unwrap().is_none());
        // It stays, whatever else changes, until it is whole or gone.
        write("c.yml", &rule("c"));
        assert_eq!(titles(&followed.look(&paths).unwrap().unwrap()), ["a", "better", "c"]);
        write("a.yml", &rule("a again"));
        assert_eq!(titles(&followed.look(&paths).unwrap().unwrap()), ["a again", "better", "c"]);
        std::fs::remove_file(folder.path().join("a.yml")).unwrap();
        assert_eq!(titles(&followed.look(&paths).unwrap().unwrap()), ["better", "c"]);
    }
}
