//! `noroshi import`: log files into a data directory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use base::{Id, Organisation};
use tokio::signal::unix::{SignalKind, signal};
use watch::detect::{Detector, Routing};

use super::{Exit, print_json, progress_of_bytes, say};
use crate::args::Import;
use crate::centre::Centre;
use crate::config::Config;
use crate::input::{self, Input};
use crate::intake::{CorrelationReport, Intake, LogFile, Report};
use crate::{clock, pipeline, rules};

/// Runs the command.
pub fn run(args: &Import) -> anyhow::Result<Exit> {
    let mut config = Config::load(args.data.config.as_deref())?;
    let directory = args.data.data.as_ref().unwrap_or(&config.data.directory).clone();
    if !args.rules.is_empty() {
        config.detect.rules.clone_from(&args.rules);
    }
    if !args.indicators.is_empty() {
        config.detect.indicators.clone_from(&args.indicators);
    }
    let mut followed = rules::Followed::default();
    let detector = match followed.look(&config.detect.rules) {
        _ if config.detect.rules.is_empty() => detector(&config, rules::starter::load())?,
        Ok(Some(changed)) => detector(&config, changed.rules)?,
        Ok(None) => bail!("no rules were read"),
        Err(error) => return Err(error),
    };
    let centre = Centre::open(&directory, &config)?;
    let organisation = centre.organisation(&args.organisation)?;
    let files = log_files(&args.paths, organisation)?;
    let mut intake = Intake::begin(&centre, &detector, config.detect.policy(), pipeline::threads())?;
    let bar = progress_of_bytes(files.iter().map(|file| file.input.bytes).sum());
    let report = intake.read(&files, args.format, clock::now(), &mut |bytes| bar.set_position(bytes))?;
    bar.finish_and_clear();
    tell(&report, args.json)?;
    if args.follow {
        return follow(args, &config, &centre, organisation, &mut intake, &mut followed);
    }
    Ok(if report.unread > 0 || !report.files_unread.is_empty() { Exit::Unread } else { Exit::Done })
}

fn tell(report: &Report, json: bool) -> anyhow::Result<()> {
    for (file, reason) in &report.files_unread {
        say(&format!("{file}: {reason}"));
    }
    if json {
        return print_json(report);
    }
    say(&sentence(report));
    Ok(())
}

/// How often files and rules are looked at again.
const TURN: Duration = Duration::from_secs(2);

/// Reads what is added, turn by turn, until somebody says stop.
fn follow(
    args: &Import,
    config: &Config,
    centre: &Centre,
    organisation: Id<Organisation>,
    intake: &mut Intake,
    followed: &mut rules::Followed,
) -> anyhow::Result<Exit> {
    let (mut stop, mut hang_up) = centre
        .runtime
        .block_on(async { anyhow::Ok((signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)) })?;
    let mut files_unread = Vec::new();
    loop {
        let goes_on = centre.runtime.block_on(async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => false,
                _ = stop.recv() => false,
                _ = tokio::time::timeout(TURN, hang_up.recv()) => true,
            }
        });
        if !goes_on {
            return Ok(Exit::Done);
        }
        if !config.detect.rules.is_empty() {
            look_at_rules(config, intake, followed)?;
        }
        centre.runtime.block_on(centre.reload_registry())?;
        let files = log_files(&args.paths, organisation)?;
        let report = intake.read(&files, args.format, clock::now(), &mut |_| {})?;
        if report.events + report.unread + report.detections > 0 || report.files_unread != files_unread {
            tell(&report, args.json)?;
        }
        files_unread = report.files_unread;
    }
}

/// Loads rules that changed. What is broken stays as it was and is named, once.
fn look_at_rules(config: &Config, intake: &mut Intake, followed: &mut rules::Followed) -> anyhow::Result<()> {
    let changed = match followed.look(&config.detect.rules) {
        Ok(None) => return Ok(()),
        Ok(Some(changed)) => changed,
        Err(error) => {
            tracing::error!("the rules stay as they were: {error:#}");
            return Ok(());
        }
    };
    for (file, reason) in &changed.kept {
        say(&format!("{file}: {reason}; the rules in it stay as they were"));
    }
    let detector = match detector(config, changed.rules) {
        Ok(detector) => detector,
        Err(error) => {
            tracing::error!("the rules stay as they were: {error:#}");
            return Ok(());
        }
    };
    let (rules, correlations) = (detector.engine().rules().len(), detector.correlations().len());
    intake.change_rules(&detector)?;
    say(&format!("rules changed: {rules} rules, {correlations} correlations"));
    Ok(())
}

/// These rules, and the indicators that the settings name.
fn detector(config: &Config, rules: sigma::Rules) -> anyhow::Result<Detector> {
    for refused in &rules.refused {
        tracing::warn!(file = refused.file, "rule not used: {}", refused.refusal);
    }
    let (indicators, wrong) = rules::indicators(&config.detect.indicators)?;
    for line in &wrong {
        say(&format!("{}:{}: {}", line.file, line.line, line.reason));
    }
    Ok(Detector::new(rules, indicators, Routing::BySource))
}

fn log_files(paths: &[PathBuf], organisation: Id<Organisation>) -> anyhow::Result<Vec<LogFile>> {
    let mut files = Vec::new();
    for path in paths {
        let above = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(Path::new("")) };
        for Input { name, path, bytes } in input::files(std::slice::from_ref(path))? {
            let below = path.as_ref().and_then(|path| path.strip_prefix(above).ok());
            let name = below.map_or(name, |below| below.display().to_string());
            files.push(LogFile { organisation, name: name.clone(), input: Input { name, path, bytes } });
        }
    }
    Ok(files)
}

fn sentence(report: &Report) -> String {
    let mut sentence = format!(
        "{} events of {} files ({} unchanged): {} detections, {} new threats, {} campaigns; {} records not read",
        report.events,
        report.files,
        report.files_unchanged,
        report.detections,
        report.threats,
        report.campaigns,
        report.unread
    );
    if let Some(correlation) = &report.correlation {
        let CorrelationReport { detections, matches, late, untimed, .. } = correlation;
        sentence += &format!(
            "; {matches} matches correlated into {detections} detections, {late} too late, {untimed} without a time"
        );
    }
    sentence
}
