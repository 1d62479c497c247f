//! `noroshi.toml`: few keys, unknown ones refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use access::provider::Provider;
use anyhow::{Context as _, bail};
use base::Language;
use jiff::SignedDuration;
use registry::Registry;
use store::Location;
use watch::correlation;

use crate::provider::{SignIn, Written};

/// The settings file that is read when none is named and it is there.
const FILE: &str = "noroshi.toml";
/// Names the control database instead of the settings, for containers and tests; may hold a password.
const DATABASE_VARIABLE: &str = "NOROSHI_DATABASE";
/// The control database in the data directory.
const DATABASE_FILE: &str = "noroshi.sqlite";

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
    /// How people come in, beside what is always there.
    pub sign_in: SignIn,
    /// How it is shown.
    pub board: Board,
    /// How the audit trail is kept safe.
    pub audit: Audit,
}

/// `[serve]`
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address and port.
    pub listen: SocketAddr,
    /// The name under which people reach the pages, as `https://noroshi.go.example`: a proxy there speaks TLS and
    /// passes requests on. Without it only this machine is answered.
    pub origin: Option<String>,
    /// Whether that proxy says in `X-Forwarded-For` who asks; the last address in it is believed.
    pub behind_proxy: bool,
    /// Requests that one token or session may make of the API in a minute.
    pub requests_per_minute: u32,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8420)),
            origin: None,
            behind_proxy: false,
            requests_per_minute: web::RequestLimit::default().requests,
        }
    }
}

/// `[data]`
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The folder of the lake, and of the control database when that is a file.
    pub directory: PathBuf,
    /// The control database on a server, without its password; a file in the directory otherwise.
    pub database: Option<String>,
    /// A file with the password of the database, alone.
    pub database_password_file: Option<PathBuf>,
}

impl Default for Data {
    fn default() -> Self {
        Self { directory: PathBuf::from("data"), database: None, database_password_file: None }
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
    /// How much later than a newer event of its organisation an event may come, to be correlated.
    pub lateness: Lateness,
    /// Matches and values that correlations remember of one organisation.
    pub remembered_max: Remembered,
}

impl Detect {
    /// How correlations wait and remember.
    pub fn policy(&self) -> sigma::Policy {
        let lateness_micros = i64::try_from(self.lateness.0.as_micros()).unwrap_or(i64::MAX);
        sigma::Policy { lateness_micros, remembered_max: self.remembered_max.0 }
    }
}

/// A time such as `10m` or `1h`, at most [`Lateness::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Lateness(pub SignedDuration);

impl Lateness {
    /// The longest: as long as any correlation looks back.
    const MAX: SignedDuration = SignedDuration::from_secs(sigma::limit::TIMESPAN_SECONDS_MAX as i64);
}

impl Default for Lateness {
    fn default() -> Self {
        Self(SignedDuration::from_secs(correlation::LATENESS_SECONDS))
    }
}

impl TryFrom<String> for Lateness {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        duration(&text)
            .filter(|duration| *duration >= SignedDuration::ZERO && *duration <= Self::MAX)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a time of at most 92 days, such as 10m or 1h"))
    }
}

/// How many matches and values, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "usize")]
pub struct Remembered(pub usize);

impl Default for Remembered {
    fn default() -> Self {
        Self(correlation::REMEMBERED_MAX)
    }
}

impl TryFrom<usize> for Remembered {
    type Error = String;

    fn try_from(count: usize) -> Result<Self, String> {
        if count == 0 { Err("nothing would be remembered".to_owned()) } else { Ok(Self(count)) }
    }
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

/// `[audit]`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Where the end of the trail is kept from time to time; nowhere when it is not set.
    pub anchor_file: Option<PathBuf>,
    /// How often.
    pub anchor_every: Every,
}

/// A time between two occasions, such as `1d` or `6h`; at least [`Every::MIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Every(pub SignedDuration);

impl Every {
    /// The shortest.
    const MIN: SignedDuration = SignedDuration::from_mins(1);
}

impl Default for Every {
    fn default() -> Self {
        Self(SignedDuration::from_hours(24))
    }
}

impl TryFrom<String> for Every {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        duration(&text)
            .filter(|duration| *duration >= Self::MIN)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a time of at least a minute, such as 1d or 6h"))
    }
}

fn duration(text: &str) -> Option<SignedDuration> {
    let span: jiff::Span = text.parse().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()
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
            .chain(&mut config.judge.allow)
            .chain(&mut config.data.database_password_file)
            .chain(&mut config.audit.anchor_file)
            .chain(config.sign_in.provider.iter_mut().flat_map(Written::paths));
        for path in paths.chain([&mut config.data.directory]) {
            *path = beside.join(&*path);
        }
        Ok(config)
    }

    /// How often the API may be asked.
    pub fn request_limit(&self) -> anyhow::Result<web::RequestLimit> {
        match self.serve.requests_per_minute {
            0 => bail!("[serve] requests_per_minute is 0: nobody could ask the API anything"),
            requests => Ok(web::RequestLimit { requests, window_s: 60 }),
        }
    }

    /// The provider of identities, if there is one and it fits the organisations there are.
    pub fn provider(&self, registry: &Registry) -> anyhow::Result<Option<Provider>> {
        self.sign_in.provider.as_ref().map(|written| written.open(registry)).transpose()
    }

    /// Where the control database of a data directory is.
    pub fn database(&self, directory: &Path) -> anyhow::Result<Location> {
        let location = match (std::env::var(DATABASE_VARIABLE), &self.data.database) {
            (Ok(told), _) if !told.is_empty() => {
                Location::server(&told).with_context(|| format!("{DATABASE_VARIABLE} is wrong"))?
            }
            (_, Some(written)) => {
                let location = Location::server(written).context("[data] database is wrong")?;
                if location.has_password() {
                    bail!(
                        "[data] database has a password in it; write that to a file of its own and name the file in \
                           database_password_file"
                    );
                }
                location
            }
            (_, None) => Location::file(&directory.join(DATABASE_FILE)),
        };
        match &self.data.database_password_file {
            Some(path) if location.path().is_none() && !location.has_password() => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("cannot read {}", path.display()))?;
                Ok(location.with_password(text.trim_end_matches(['\r', '\n']))?)
            }
            _ => Ok(location),
        }
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
        assert_eq!(config.request_limit().unwrap(), web::RequestLimit::default());
        assert_eq!(config.detect.lateness, Lateness::default());
        assert_eq!(config.detect.remembered_max, Remembered::default());
        assert_eq!((config.audit.anchor_file, config.audit.anchor_every), (None, Every::default()));
    }

    #[test]
    fn a_password_stands_in_a_file_and_not_in_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("noroshi.toml");
        std::fs::write(folder.path().join("secret"), "hi-mi-tsu\n").unwrap();
        let mut settings = String::from("[data]\ndatabase_password_file = \"secret\"\n");
        settings.push_str("database = \"postgres://noroshi@db.example/noroshi\"\n");
        std::fs::write(&file, &settings).unwrap();
        let location = Config::load(Some(&file)).unwrap().database(Path::new("data")).unwrap();
        assert!(location.has_password() && !format!("{location:?}").contains("hi-mi-tsu"));
        std::fs::write(&file, settings.replace("noroshi@", "noroshi:hi-mi-tsu@")).unwrap();
        let refused = Config::load(Some(&file)).unwrap().database(Path::new("data")).unwrap_err();
        assert!(!format!("{refused:#} {refused:?}").contains("hi-mi-tsu"));
    }

    #[test]
    fn times_between_are_written_as_people_say_them() {
        let every = |text: &str| Every::try_from(text.to_owned()).map(|every| every.0.as_mins());
        assert_eq!([every("1d"), every("6h"), every("1h 30m")], [Ok(1_440), Ok(360), Ok(90)]);
        for wrong in ["", "1", "59s", "-1d", "1 month", "tomorrow"] {
            assert!(every(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lateness_is_a_time_that_correlations_can_wait() {
        let lateness = |text: &str| Lateness::try_from(text.to_owned()).map(|lateness| lateness.0.as_secs());
        assert_eq!([lateness("0s"), lateness("10m"), lateness("92d")], [Ok(0), Ok(600), Ok(92 * 86_400)]);
        for wrong in ["", "10", "-1m", "93d"] {
            assert!(lateness(wrong).is_err(), "{wrong}");
        }
        assert!(Remembered::try_from(0).is_err());
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
