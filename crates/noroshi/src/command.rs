//! One command, one file.

mod assess;
mod audit;
mod backup;
mod bench;
mod demo;
mod detect;
mod doctor;
mod hunt;
mod import;
mod registry;
mod restore;
mod rules;
mod search;
mod serve;
mod shell;
mod verify_audit;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use base::{Actor, Period, Timestamp};

use crate::args::{self, Args, Command};

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, and something was found at the level the caller asked about.
    Found,
    /// The arguments, the files or the settings are wrong.
    Wrong,
    /// Done, but some input could not be read.
    Unread,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Wrong => Self::from(2),
            Exit::Unread => Self::from(3),
        }
    }
}

/// Whoever runs a command on the data directory has it in their hands anyway.
#[allow(clippy::disallowed_methods, reason = "the one place where the house itself asks")]
fn house() -> Actor {
    Actor::house("command line")
}

/// Runs the command that was asked for.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Detect(args) => detect::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Hunt(args) => hunt::run(&args),
        Command::Registry(args) => registry::run(&args.command),
        Command::Assess(args) => assess::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Rules(args) => rules::run(&args.command),
        Command::Bench(args) => bench::run(&args),
        Command::Audit(args) => audit::run(&args.command),
        Command::VerifyAudit(args) => verify_audit::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { folder } => shell::man(&folder),
    }
}

/// A line on standard error.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// One JSON object on a line of standard output.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(std::io::stdout().write_all(&line)?)
}

/// A bar on a terminal, nothing in a pipe.
fn progress_of_bytes(total: u64) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::with_draw_target(Some(total), indicatif::ProgressDrawTarget::stderr());
    let template = "{wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}";
    let style = indicatif::ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
    bar
}

/// What `--json` beside `--output` means.
fn form(output: args::Output, json: bool) -> args::Output {
    if json { args::Output::Jsonl } else { output }
}

/// `--from` and `--until`: times, or days in Japan.
fn period(from: Option<&str>, until: Option<&str>) -> anyhow::Result<Option<Period>> {
    if from.is_none() && until.is_none() {
        return Ok(None);
    }
    let start = from.map(time).transpose()?.unwrap_or(Timestamp::MIN);
    let end = until.map(time).transpose()?.unwrap_or(Timestamp::MAX);
    if start >= end {
        bail!("--from must be before --until");
    }
    Ok(Some(Period { start, end }))
}

fn time(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let day: Option<jiff::civil::Date> = text.parse().ok();
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    match day.and_then(|day| day.to_zoned(japan).ok()) {
        Some(midnight) => Ok(midnight.timestamp()),
        None => {
            bail!("{text:?} is neither a time such as 2026-04-01T09:00:00+09:00 nor a day such as 2026-04-01")
        }
    }
}
