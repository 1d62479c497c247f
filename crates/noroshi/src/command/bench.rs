//! `noroshi bench`: what parsing, detecting and the whole path cost here.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use base::Timestamp;
use clap::ValueEnum as _;
use formats::read::Options;
use jiff::civil::date;
use registry::import::Notation;
use watch::correlation;
use watch::detect::{Counted, Detector, Pass, Routing};
use watch::indicator::Indicators;

use super::{Exit, print_json, say};
use crate::args::{Bench, Stage};
use crate::centre::Centre;
use crate::config::Config;
use crate::demo::World;
use crate::input::{self, Input};
use crate::intake::{Intake, LogFile};
use crate::pipeline::{self, Read1, Work};
use crate::{clock, rules};

/// What one stage cost, the median of the runs by CPU time.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Figure {
    stage: String,
    threads: usize,
    runs: usize,
    events: u64,
    bytes: u64,
    matches: u64,
    wall_seconds: f64,
    cpu_seconds: f64,
    events_per_second: f64,
    events_per_cpu_second: f64,
    megabytes_per_cpu_second: f64,
    peak_memory_bytes: Option<u64>,
}

struct Count {
    events: u64,
    bytes: u64,
    matches: u64,
}

/// Runs the command.
pub fn run(args: &Bench) -> anyhow::Result<Exit> {
    if let Some(other) = &args.against {
        return pair(args, other);
    }
    let scratch = Scratch::new()?;
    let inputs = if args.files.is_empty() { generated(&scratch.0)? } else { input::files(&args.files)? };
    let loaded = if args.rules.is_empty() {
        rules::starter::load()
    } else {
        rules::load(&args.rules, &sigma::Placeholders::new())?
    };
    say(&format!("{} files, {} rules, {} refused", inputs.len(), loaded.rules.len(), loaded.refused.len()));
    let detector = Detector::new(loaded, Indicators::default(), Routing::BySource);
    let stages = match args.stage {
        Stage::All => vec![Stage::Parse, Stage::Detect, Stage::Path],
        one => vec![one],
    };
    for stage in stages {
        let mut figures = Vec::new();
        for run in 0..args.runs.max(1) {
            figures.push(match stage {
                Stage::Parse => measure("parse", args, &mut || parse(&inputs, args.threads))?,
                Stage::Path => {
                    let directory = scratch.0.join(format!("centre-{run}"));
                    measure("path", args, &mut || path(&inputs, &detector, &directory, args.threads))?
                }
                Stage::Detect | Stage::All => {
                    measure("detect", args, &mut || detect(&inputs, &detector, args.threads))?
                }
            });
        }
        if let Some(median) = median(figures) {
            report("", &median, args.json)?;
        }
    }
    Ok(Exit::Done)
}

fn median(mut figures: Vec<Figure>) -> Option<Figure> {
    figures.sort_by(|a, b| a.cpu_seconds.total_cmp(&b.cpu_seconds));
    let half = figures.len() / 2;
    figures.into_iter().nth(half)
}

/// Measures this program and another by turns, each run in a process of its own, so that what else the machine does
/// falls on both.
fn pair(args: &Bench, other: &Path) -> anyhow::Result<Exit> {
    let programs = [std::env::current_exe()?, other.to_owned()];
    let mut figures: BTreeMap<String, [Vec<Figure>; 2]> = BTreeMap::new();
    for _ in 0..args.runs.max(1) {
        for (place, program) in programs.iter().enumerate() {
            for figure in run_once(program, args)? {
                figures.entry(figure.stage.clone()).or_default()[place].push(figure);
            }
        }
    }
    for (stage, [own, others]) in figures {
        let (Some(own), Some(others)) = (median(own), median(others)) else {
            bail!("{} did not measure {stage}", other.display());
        };
        report("this  ", &Figure { runs: args.runs, ..own.clone() }, args.json)?;
        report("other ", &Figure { runs: args.runs, ..others.clone() }, args.json)?;
        let times = own.events_per_cpu_second / others.events_per_cpu_second;
        say(&format!("{stage}: this one takes {times:.2} times as many events per CPU second as the other"));
    }
    Ok(Exit::Done)
}

fn run_once(program: &Path, args: &Bench) -> anyhow::Result<Vec<Figure>> {
    let mut command = Command::new(program);
    let stage = args.stage.to_possible_value();
    command.arg("bench").args(stage.map(|stage| stage.get_name().to_owned()));
    command.args(["--runs", "1", "--json", "--threads", &args.threads.to_string()]);
    args.rules.iter().for_each(|path| _ = command.arg("--rules").arg(path));
    let output = command.arg("--").args(&args.files).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(output.status.success(), "{} bench ended with {}", program.display(), output.status);
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            serde_json::from_slice(line).with_context(|| format!("{} prints no figures", program.display()))
        })
        .collect()
}

#[allow(clippy::disallowed_methods)] // Measuring time is what this command is for.
fn measure(
    stage: &'static str,
    args: &Bench,
    run: &mut dyn FnMut() -> anyhow::Result<Count>,
) -> anyhow::Result<Figure> {
    let (began, cpu) = (Instant::now(), clock::cpu_time());
    let count = run()?;
    let (wall, cpu) = (began.elapsed().as_secs_f64(), (clock::cpu_time() - cpu).as_secs_f64());
    Ok(Figure {
        stage: stage.to_owned(),
        threads: args.threads,
        runs: args.runs,
        events: count.events,
        bytes: count.bytes,
        matches: count.matches,
        wall_seconds: wall,
        cpu_seconds: cpu,
        events_per_second: count.events as f64 / wall,
        events_per_cpu_second: count.events as f64 / cpu,
        megabytes_per_cpu_second: count.bytes as f64 / 1e6 / cpu,
        peak_memory_bytes: clock::peak_memory_bytes(),
    })
}

fn report(whose: &str, figure: &Figure, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(figure);
    }
    let line = format!(
        "{whose}{:<7} {:>9} events {:>8.1} MB {:>7} matches {:>8.2} CPU s {:>8.2} s {:>9.0} events/CPU s {:>7.1} MB/CPU s \
         {:>6.0} MB peak\n",
        figure.stage,
        figure.events,
        figure.bytes as f64 / 1e6,
        figure.matches,
        figure.cpu_seconds,
        figure.wall_seconds,
        figure.events_per_cpu_second,
        figure.megabytes_per_cpu_second,
        figure.peak_memory_bytes.unwrap_or(0) as f64 / 1e6,
    );
    Ok(std::io::stdout().write_all(line.as_bytes())?)
}

struct Nothing;

impl Work for Nothing {
    type Made = ();
    fn event(&mut self, _read: Read1<'_>, _made: &mut ()) {}
}

struct Matching(Pass);

impl Work for Matching {
    type Made = (u64, Vec<(Timestamp, Counted)>);
    fn event(&mut self, read: Read1<'_>, (matches, counted): &mut Self::Made) {
        let time = read.event.time.unwrap_or(Timestamp::UNIX_EPOCH);
        *matches += self.0.hits(read.names, read.sources, read.event, &[], time).len() as u64;
        counted.extend(self.0.take_counted().into_iter().map(|counted| (time, counted)));
    }
}

fn parse(inputs: &[Input], threads: usize) -> anyhow::Result<Count> {
    let mut count = Count { events: 0, bytes: 0, matches: 0 };
    pipeline::run(
        inputs,
        &|_| Options::default(),
        (0..threads).map(|_| Nothing).collect(),
        clock::now(),
        &mut |step| {
            count.events += step.events.values().sum::<u64>();
            count.bytes += step.bytes;
            Ok(())
        },
    )?;
    Ok(count)
}

fn detect(inputs: &[Input], detector: &Detector, threads: usize) -> anyhow::Result<Count> {
    let mut count = Count { events: 0, bytes: 0, matches: 0 };
    let workers = (0..threads).map(|_| Matching(detector.pass())).collect();
    let (mut correlator, mut fired) = (detector.correlator(correlation::policy()), Vec::new());
    pipeline::run(inputs, &|_| Options::default(), workers, clock::now(), &mut |step| {
        count.events += step.events.values().sum::<u64>();
        count.bytes += step.bytes;
        let (matches, counted) = step.made;
        count.matches += matches;
        for (time, Counted { rule, fields }) in &counted {
            let time_micros = time.as_microsecond();
            let seen = sigma::Match { tenant: 0, rule: *rule, time_micros, reference: 0 };
            let value = |name: &str| {
                let field = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                field.map(|(_, value)| value.as_str())
            };
            correlator.hold(&seen, i64::MAX, value, &mut fired);
        }
        Ok(())
    })?;
    correlator.finish(&mut fired);
    count.matches += fired.len() as u64;
    Ok(count)
}

fn path(inputs: &[Input], detector: &Detector, directory: &Path, threads: usize) -> anyhow::Result<Count> {
    let centre = Centre::open(directory, &Config::default())?;
    let world = World::new(1, date(2026, 7, 15));
    centre.import_registry(
        &super::house(),
        world.registry_yaml().as_bytes(),
        Notation::Yaml,
        clock::now(),
    )?;
    let registry = centre.registry();
    let organisation = registry.organisations().last().context("the registry is empty")?.id;
    let file = |input: &Input| LogFile { organisation, name: input.name.clone(), input: input.clone() };
    let files: Vec<_> = inputs.iter().map(file).collect();
    let mut intake = Intake::begin(&centre, detector, watch::correlation::policy(), threads)?;
    let report = intake.read(&files, None, clock::now(), &mut |_| {})?;
    Ok(Count { events: report.events, bytes: report.bytes, matches: report.detections })
}

/// The demo's day, one file an organisation and kind of log.
fn generated(folder: &Path) -> anyhow::Result<Vec<Input>> {
    let world = World::new(2026, date(2026, 7, 15));
    super::demo::write_logs(&world, 1.0, &folder.join("logs"))?;
    input::files(&[folder.join("logs")])
}

/// A folder that goes away with the measurement.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("noroshi-bench-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
