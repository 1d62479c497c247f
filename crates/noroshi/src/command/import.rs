//! `noroshi import`: log files into a data directory.

use std::path::{Path, PathBuf};

use base::{Id, Organisation};
use watch::detect::{Detector, Routing};

use super::{Exit, print_json, progress_of_bytes, say};
use crate::args::Import;
use crate::centre::Centre;
use crate::config::Config;
use crate::input::{self, Input};
use crate::intake::{Intake, LogFile, Report};
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
    let detector = detector(&config)?;
    let centre = Centre::open(&directory, &config)?;
    let organisation = centre.organisation(&args.organisation)?;
    let files = log_files(&args.paths, organisation)?;
    let intake = Intake::begin(&centre, &detector, pipeline::threads())?;
    let bar = progress_of_bytes(files.iter().map(|file| file.input.bytes).sum());
    let report = intake.read(&files, args.format, clock::now(), &mut |bytes| bar.set_position(bytes))?;
    bar.finish_and_clear();
    for (file, reason) in &report.files_unread {
        say(&format!("{file}: {reason}"));
    }
    if args.json {
        print_json(&report)?
    } else {
        say(&sentence(&report))
    }
    Ok(if report.unread > 0 || !report.files_unread.is_empty() { Exit::Unread } else { Exit::Done })
}

/// Rules and indicators as the settings name them; the starter rules when they name none.
pub fn detector(config: &Config) -> anyhow::Result<Detector> {
    let rules = if config.detect.rules.is_empty() {
        rules::starter::load()
    } else {
        rules::load(&config.detect.rules, &sigma::Placeholders::new())?
    };
    let rules = rules.without_correlations(rules::UNCORRELATED);
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
    format!(
        "{} events of {} files ({} unchanged): {} detections, {} new threats, {} campaigns; {} records not read",
        report.events,
        report.files,
        report.files_unchanged,
        report.detections,
        report.threats,
        report.campaigns,
        report.unread
    )
}
