//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use formats::Format;

/// Noroshi (狼煙): the operations platform of a body that watches over the security of many organisations.
#[derive(Debug, Parser)]
#[command(name = "noroshi", version, about, long_about = None, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 detections at or above --fail-level, or something wrong that was asked for; 2 wrong arguments, files or \
settings; 3 done, but some input could not be read."
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs Sigma rules and indicators over log files; needs no server and no set-up.
    Detect(Detect),
    /// Serves the pages over a durable data directory.
    Serve(Serve),
    /// Reads log files into a data directory: detects, judges, keeps.
    Import(Import),
    /// Finds events in a data directory.
    Search(Search),
    /// Asks whether anybody has seen any of a list of indicators.
    Hunt(Hunt),
    /// Imports organisations and what they own.
    Registry(Registry),
    /// Computes coverage, implementation and reach of a self-inspection, and grades them; needs no server.
    Assess(Assess),
    /// Builds an invented government and lets its day unfold on the pages.
    Demo(Demo),
    /// Checks, tests and explains Sigma rules, and says which techniques they cover.
    Rules(Rules),
    /// Measures parsing, detecting and the whole path.
    Bench(Bench),
    /// Prints the end of the audit trail, or keeps it elsewhere.
    Audit(Audit),
    /// Checks that the audit trail was not changed.
    VerifyAudit(VerifyAudit),
    /// Copies everything that is kept into a folder, while the service runs.
    Backup(Backup),
    /// Makes a data directory from a backup.
    Restore(Restore),
    /// Says in sentences what is wrong with an installation.
    Doctor(Doctor),
    /// Prints a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Writes manual pages into a folder.
    Man {
        /// The folder.
        folder: PathBuf,
    },
}

/// `noroshi rules`
#[derive(Debug, ClapArgs)]
pub struct Rules {
    /// What to do with them.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Says which rules cannot be used and why, and what their author should look at.
    Check {
        /// Rule files, or folders with `.yml` files.
        #[arg(value_name = "PATH", required = true)]
        rules: Vec<PathBuf>,
        /// Values for a %placeholder% of rules: `NAME=VALUE`, repeated for several.
        #[arg(long, value_name = "NAME=VALUE")]
        placeholder: Vec<String>,
        /// Prints one JSON object for each finding.
        #[arg(long)]
        json: bool,
    },
    /// Runs each rule over its own test events (`regression_tests_path`, as SigmaHQ lays them out).
    Test {
        /// Rule files, or folders with `.yml` files.
        #[arg(value_name = "PATH", required = true)]
        rules: Vec<PathBuf>,
        /// The folder that `regression_tests_path` begins in; otherwise one of those above the rule.
        #[arg(long, value_name = "FOLDER")]
        root: Option<PathBuf>,
        /// Prints one JSON object for each test.
        #[arg(long)]
        json: bool,
    },
    /// Says why a rule matches an event, or what was missing where it nearly does.
    Explain {
        /// Rule files, or folders with `.yml` files.
        #[arg(long, value_name = "PATH", required = true)]
        rules: Vec<PathBuf>,
        /// The rule's id; not needed when there is only one.
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
        /// How many events are shown, those first of which least is missing.
        #[arg(long, value_name = "N", default_value_t = 3)]
        events: usize,
        /// Log files, or folders; `-` is standard input.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Prints one JSON object for each event.
        #[arg(long)]
        json: bool,
    },
    /// Counts rules by ATT&CK technique.
    Coverage {
        /// Rule files, or folders with `.yml` files.
        #[arg(value_name = "PATH", required = true)]
        rules: Vec<PathBuf>,
        /// Writes a layer for the ATT&CK Navigator to a file.
        #[arg(long, value_name = "FILE")]
        navigator: Option<PathBuf>,
        /// Prints one JSON object for each technique.
        #[arg(long)]
        json: bool,
    },
}

/// `noroshi detect`
#[derive(Debug, ClapArgs)]
pub struct Detect {
    /// Sigma rules: a file, or a folder with `.yml` files; may be given several times.
    #[arg(long, value_name = "PATH", required = true)]
    pub rules: Vec<PathBuf>,
    /// Indicators: CSV with a header, or one value per line; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub indicators: Vec<PathBuf>,
    /// Values for a %placeholder% of rules: `NAME=VALUE`, repeated for several.
    #[arg(long, value_name = "NAME=VALUE")]
    pub placeholder: Vec<String>,
    /// Log files, or folders; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// How the files are written; recognised by content otherwise.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// How detections are printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// As `--output jsonl`.
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// Says of every detection what the rule is about and which of its fields matched what.
    #[arg(long)]
    pub explain: bool,
    /// Writes where every rule stands (active, unsupported, blind) to a file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub rule_report: Option<PathBuf>,
    /// Writes counts and costs to a file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// Prints only detections at this level or above.
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<base::Severity>,
    /// Exits with 1 when there is a detection at this level or above.
    #[arg(long, value_name = "LEVEL")]
    pub fail_level: Option<base::Severity>,
    /// Asks every rule about every event, whatever its source.
    #[arg(long)]
    pub no_routing: bool,
    /// Worker threads; as many as there are processors otherwise.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// How detections are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated, with a header.
    Csv,
    /// OCSF Detection Findings, one JSON object per line.
    Ocsf,
}

/// Where everything is kept.
#[derive(Debug, ClapArgs)]
pub struct Data {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The settings file; `noroshi.toml` here otherwise, if there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `noroshi serve`
#[derive(Debug, ClapArgs)]
pub struct Serve {
    #[command(flatten)]
    pub data: Data,
    /// Address and port to listen on; only loopback unless the settings name a public origin.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
}

/// `noroshi import`
#[derive(Debug, ClapArgs)]
pub struct Import {
    #[command(flatten)]
    pub data: Data,
    /// Log files, or folders.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Whose they are: the organisation's key in the registry.
    #[arg(long, value_name = "KEY")]
    pub organisation: String,
    /// How the files are written; recognised by content otherwise.
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// Sigma rules instead of those in the settings.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Indicators instead of those in the settings.
    #[arg(long, value_name = "FILE")]
    pub indicators: Vec<PathBuf>,
    /// Goes on reading what is added, until it is told to stop. Rules that change are loaded again, at once after SIGHUP; a
    /// file that is broken stays as it was.
    #[arg(long)]
    pub follow: bool,
    /// Prints the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `noroshi search`
#[derive(Debug, ClapArgs)]
pub struct Search {
    #[command(flatten)]
    pub data: Data,
    /// Words in the record, or `kind:value` observables (`address:192.0.2.1`); a bare address, digest or URL is
    /// looked up as such. All must be there.
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// Only this organisation's.
    #[arg(long, value_name = "KEY")]
    pub organisation: Vec<String>,
    /// Only from this time (RFC 3339) or day.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only before this time or day.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only this product, such as `windows`.
    #[arg(long)]
    pub product: Option<String>,
    /// Only this service, such as `sysmon`.
    #[arg(long)]
    pub service: Option<String>,
    /// Only this category, such as `proxy`.
    #[arg(long)]
    pub category: Option<String>,
    /// At most this many events, newest first.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub limit: usize,
    /// How events are printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// As `--output jsonl`.
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

/// `noroshi hunt`
#[derive(Debug, ClapArgs)]
pub struct Hunt {
    #[command(flatten)]
    pub data: Data,
    /// A lake without the rest of a data directory.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "config"])]
    pub lake: Option<PathBuf>,
    /// Indicators: CSV with a header, or one value per line; may be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    pub indicators: Vec<PathBuf>,
    /// Only from this time (RFC 3339) or day.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only before this time or day.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// How sightings are printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// As `--output jsonl`.
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

/// `noroshi registry`
#[derive(Debug, ClapArgs)]
pub struct Registry {
    #[command(subcommand)]
    pub command: RegistryCommand,
}

/// What to do with the registry.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Imports organisations, what they own, people, contacts, systems and the rest from CSV, YAML or XLSX.
    Import {
        #[command(flatten)]
        data: Data,
        /// `.csv`, `.xlsx`, `.yaml` or `.yml`.
        file: PathBuf,
        /// Only says what would become of every row.
        #[arg(long)]
        dry_run: bool,
        /// Prints the rows as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Writes the registry into a file that an import takes back.
    Export {
        #[command(flatten)]
        data: Data,
        /// `.csv` for one kind of thing, `.xlsx` for all.
        file: PathBuf,
        /// What goes into a `.csv` file: the word of its `record` column, such as `contact`.
        #[arg(long = "record", value_name = "WORD")]
        noun: Option<registry::Noun>,
        /// Only this organisation's.
        #[arg(long, value_name = "KEY")]
        organisation: Option<String>,
    },
    /// Lists the contacts that nobody has confirmed for half a year.
    Contacts {
        #[command(flatten)]
        data: Data,
        /// Makes the link with which a contact confirms that it is still right.
        #[arg(long, value_name = "ORGANISATION/KEY")]
        ask: Option<String>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says how many servers there were, year by year.
    Servers {
        #[command(flatten)]
        data: Data,
        /// The first fiscal year.
        #[arg(long, value_name = "YEAR", default_value_t = 2010)]
        from: i16,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says who owned an address, a domain or a mail address, and why.
    Owner {
        #[command(flatten)]
        data: Data,
        /// The address or name.
        value: String,
        /// When (RFC 3339); now otherwise.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Prints the answer as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `noroshi assess`
#[derive(Debug, ClapArgs)]
pub struct Assess {
    /// Responses, a row each answer: CSV or Parquet with the columns organisation, person, role, item and answer (done,
    /// not_done, no_duty or empty; 実施, 未実施, 責務なし, 未回答). `-` is CSV on standard input.
    #[arg(value_name = "FILE")]
    pub responses: PathBuf,
    /// Who was asked: CSV with the columns organisation, person, role and excluded (the reason; empty for who was
    /// asked). Without it coverage is undefined.
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    /// By whose formula: nisc, cabinet-office, foreign-affairs, education, health or economy.
    #[arg(long, value_name = "NAME", default_value_t)]
    pub variant: inspect::Variant,
    /// What an item left blank in a form that was sent means.
    #[arg(long, value_enum, default_value_t = BlankPolicy::NotDone)]
    pub blank: BlankPolicy,
    /// How figures are printed.
    #[arg(long, value_enum, default_value_t = FiguresAs::Table)]
    pub output: FiguresAs,
    /// Worker threads; as many as there are processors otherwise.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// What a blank means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BlankPolicy {
    /// Not done.
    NotDone,
    /// Nothing: it is left out.
    Exclude,
}

/// How figures are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FiguresAs {
    /// For people.
    Table,
    /// One JSON object, with the counts of every item.
    Json,
    /// Comma-separated, a row each figure, with a header.
    Csv,
}

/// `noroshi demo`
#[derive(Debug, ClapArgs)]
pub struct Demo {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8420")]
    pub listen: std::net::SocketAddr,
    /// Where the world is built; a temporary directory otherwise.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The same seed gives the same day.
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// How much ordinary traffic there is.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// Seconds that an hour of the day takes; 0 reads the whole day at once.
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS")]
    pub hour_seconds: f64,
    /// Only writes the day's logs and the registry into --data, and ends.
    #[arg(long, requires = "data")]
    pub write_only: bool,
}

/// `noroshi bench`
#[derive(Debug, ClapArgs)]
pub struct Bench {
    /// What to measure.
    #[arg(value_enum, default_value_t = Stage::All)]
    pub stage: Stage,
    /// Log files, or folders; a generated day otherwise.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Sigma rules; the starter rules otherwise.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// How often; the median counts.
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub runs: usize,
    /// Worker threads.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub threads: usize,
    /// Measures another build of noroshi too, turn by turn with this one, and says how they compare.
    #[arg(long, value_name = "PROGRAM")]
    pub against: Option<PathBuf>,
    /// Prints the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// Bytes into events.
    Parse,
    /// Bytes into detections, correlations included.
    Detect,
    /// Bytes into detections, threats and a lake.
    Path,
    /// One after the other.
    All,
}

/// `noroshi audit`
#[derive(Debug, ClapArgs)]
pub struct Audit {
    /// What to do with the end of the trail.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// What to do with the end of the audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Prints number, hash and time of the end of the trail.
    Head {
        #[command(flatten)]
        data: Data,
        /// Prints a mail to this address that says it, for a program like `sendmail -t`.
        #[arg(long, value_name = "ADDRESS", conflicts_with = "json")]
        mail: Option<String>,
        /// The language of the mail; that of the settings otherwise.
        #[arg(long, value_name = "LANGUAGE", requires = "mail")]
        language: Option<base::Language>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Adds the end of the trail to a file, unless the trail no longer goes through what stands there. The file belongs
    /// where nobody who can change the database can change it.
    Anchor {
        #[command(flatten)]
        data: Data,
        /// The file; made when it is not there.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `noroshi verify-audit`
#[derive(Debug, ClapArgs)]
pub struct VerifyAudit {
    #[command(flatten)]
    pub data: Data,
    /// Also checks that the trail goes through what was kept of it: a file of `noroshi audit anchor`, or the number and
    /// hash of one line.
    #[arg(long, value_name = "FILE|NUMBER:HASH")]
    pub against: Option<String>,
    /// Prints the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `noroshi backup`
#[derive(Debug, ClapArgs)]
pub struct Backup {
    #[command(flatten)]
    pub data: Data,
    /// The folder to make; it must not be there yet. It will hold the installation's key: keep it as safe as the data.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Restores the backup beside itself, compares, and removes what was restored.
    #[arg(long)]
    pub verify: bool,
    /// Makes none: verifies one that is there.
    #[arg(long, conflicts_with = "verify")]
    pub verify_only: bool,
    /// Prints the manifest as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `noroshi restore`
#[derive(Debug, ClapArgs)]
pub struct Restore {
    /// The backup.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Where to: the directory must be empty or absent, and the database that the settings name not there yet.
    #[command(flatten)]
    pub data: Data,
}

/// `noroshi doctor`
#[derive(Debug, ClapArgs)]
pub struct Doctor {
    #[command(flatten)]
    pub data: Data,
    /// The language of the sentences; that of the settings otherwise.
    #[arg(long, value_name = "ja|en")]
    pub language: Option<base::Language>,
    /// Prints the findings as JSON, in both languages.
    #[arg(long)]
    pub json: bool,
}

fn format(text: &str) -> Result<Format, String> {
    text.parse()
}
