//! `noroshi.toml`: few keys, unknown ones refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base::Language;

/// The settings file that is read when none is named and it is there.
const FILE: &str = "noroshi.toml";

/// Everything that can be set.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The pages.
    pub serve: Serve,
    /// What is kept.
    pub data: Data,
    /// What is looked for.
    pub detect: Detect,
    /// How it is judged.
    pub judge: Judge,
    /// How it is shown.
    pub board: Board,
}

/// `[serve]`
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address and port.
    pub listen: SocketAddr,
}

impl Default for Serve {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8420)) }
    }
}

/// `[data]`
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The folder of the database and the lake.
    pub directory: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { directory: PathBuf::from("data") }
    }
}

/// `[detect]`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Detect {
    /// Sigma rules; the starter rules when empty.
    pub rules: Vec<PathBuf>,
    /// Indicators.
    pub indicators: Vec<PathBuf>,
}

/// `[judge]`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Judge {
    /// Allow-lists.
    pub allow: Vec<PathBuf>,
}

/// `[board]`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Board {
    /// For readers who have not chosen one.
    pub language: Language,
}

impl Config {
    /// Reads the file named, or `noroshi.toml` here if there is one. Paths in it are relative to the file.
    pub fn load(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path,
            None if Path::new(FILE).is_file() => Path::new(FILE),
            None => return Ok(Self::default()),
        };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self =
            toml::from_str(&text).with_context(|| format!("{} is not a settings file", path.display()))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let paths = config
            .detect
            .rules
            .iter_mut()
            .chain(&mut config.detect.indicators)
            .chain(&mut config.judge.allow);
        for path in paths.chain([&mut config.data.directory]) {
            *path = beside.join(&*path);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_settings_file_and_says_the_defaults() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../noroshi.example.toml");
        let config = Config::load(Some(&example)).unwrap();
        assert_eq!(config.serve.listen, Serve::default().listen);
        assert_eq!(config.board.language, Language::Ja);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("noroshi.toml");
        std::fs::write(&file, "[serve]\nlissten = \"127.0.0.1:1\"\n").unwrap();
        let error = format!("{:#}", Config::load(Some(&file)).unwrap_err());
        assert!(error.contains("lissten"), "{error}");
    }
}
