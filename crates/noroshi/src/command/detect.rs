//! `noroshi detect`: rules and indicators over files, without a server.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Instant;

use anyhow::Context as _;
use formats::read::{Options, Place};
use indicatif::ProgressBar;
use watch::detect::{self, Counted, Detector, Hit, Pass, Routing, RuleStanding, Standing};
use watch::observe;

use super::{Exit, form, progress_of_bytes, say};
use crate::args::Detect;
use crate::input::{self, Input};
use crate::output::detection::{Explained, Found, Printer};
use crate::output::summary::{CorrelationCount, Summary};
use crate::pipeline::{self, End, Read1, Step, Work};
use crate::{clock, rules};

/// Runs the command.
pub fn run(args: &Detect) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let cpu_before = clock::cpu_time();
    let placeholders = rules::placeholders(&args.placeholder)?;
    let loaded = rules::load(&args.rules, &placeholders)?;
    let (indicators, wrong) = rules::indicators(&args.indicators)?;
    for line in &wrong {
        say(&format!("{}:{}: {}", line.file, line.line, line.reason));
    }
    let routing = if args.no_routing { Routing::Off } else { Routing::BySource };
    let detector = Detector::new(loaded, indicators, routing);
    let inputs = input::files(&args.files)?;
    let loaded_after = (began.elapsed(), clock::cpu_time() - cpu_before);

    let stdout = io::stdout();
    let to_terminal = stdout.is_terminal();
    let mut printer = Printer::new(form(args.output, args.json), BufWriter::new(stdout.lock()), to_terminal);
    printer.begin()?;
    let mut summary = Summary::default();
    let bar = progress_of_bytes(inputs.iter().map(|input| input.bytes).sum());
    let mut found_at = None;
    let threads = args.threads.unwrap_or_else(pipeline::threads).max(1);
    let workers = (0..threads).map(|_| Worker::new(&detector, args)).collect();
    let options = |_| Options { format: args.format, ..Options::default() };
    let mut read_before = 0;
    let mut correlating = Correlating::new(&detector, clock::now());
    let workers = pipeline::run(&inputs, &options, workers, clock::now(), &mut |step: Step<Made>| {
        let input = &inputs[step.input];
        bar.set_position(read_before + step.file_bytes);
        for found in &step.made.found {
            printer.print(&input.name, found)?;
            found_at = found_at.max(Some(found.hit.level));
        }
        correlating.take(step.input, &step.made.counted);
        summary.add(&input.name, &step, step.made.found.len());
        if let Some(end) = &step.end {
            read_before += input.bytes;
            report_end(input, end, &bar);
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    let level_min = args.level.unwrap_or(base::Severity::Informational);
    let fired_by_correlation = correlating.finish(&mut |input, found| {
        if found.hit.level >= level_min {
            printer.print(&inputs[input].name, found)?;
            found_at = found_at.max(Some(found.hit.level));
            summary.detections += 1;
        }
        Ok(())
    })?;
    summary.correlation = correlating.counts();
    printer.end()?;

    let passes: Vec<Pass> = workers.into_iter().map(|worker| worker.pass).collect();
    for pass in &passes {
        for (route, events) in pass.events_by_route() {
            *summary.events_by_route.entry(route).or_default() += events;
        }
    }
    let mut standings = detector.standings(&passes);
    for (correlation, hits) in detector.correlations().iter().zip(fired_by_correlation) {
        standings.push(RuleStanding {
            rule_id: correlation.id.clone(),
            title: correlation.title.clone(),
            file: correlation.file.clone(),
            level: Some(detect::severity(correlation.level)),
            log_source: String::new(),
            standing: Standing::Active { hits },
        });
    }
    summary.count_rules(&standings);
    summary.finish(began.elapsed(), clock::cpu_time() - cpu_before, loaded_after, clock::peak_memory_bytes());
    if let Some(path) = &args.rule_report {
        write_lines(path, &standings)?;
    }
    if let Some(path) = &args.summary {
        let text = serde_json::to_string_pretty(&summary)?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    say_what_happened(&summary, &standings);
    Ok(if args.fail_level.is_some_and(|level| found_at >= Some(level)) {
        Exit::Found
    } else if summary.unread.count > 0 || !summary.files_unread.is_empty() || !wrong.is_empty() {
        Exit::Unread
    } else {
        Exit::Done
    })
}

/// What a worker makes of a block: detections, and matches that correlations count.
#[derive(Default)]
struct Made {
    found: Vec<Found>,
    counted: Vec<(Option<base::Timestamp>, Place, Counted)>,
}

/// Correlations over everything that is read. Files may stand in any order, so every match waits for the end, up to
/// the correlator's bound.
struct Correlating<'d> {
    detector: &'d Detector,
    correlator: sigma::Correlator,
    now: base::Timestamp,
    /// Where the events stand that matches refer to: input and place.
    places: Vec<(usize, Place)>,
    fired: Vec<sigma::Fired>,
    untimed: u64,
}

/// Longer than any file lasts.
const LATENESS_MICROS: i64 = i64::MAX / 4;

impl<'d> Correlating<'d> {
    fn new(detector: &'d Detector, now: base::Timestamp) -> Self {
        let policy = sigma::Policy { lateness_micros: LATENESS_MICROS, ..sigma::Policy::default() };
        let correlator = detector.correlator(policy);
        Self { detector, correlator, now, places: Vec::new(), fired: Vec::new(), untimed: 0 }
    }

    fn take(&mut self, input: usize, counted: &[(Option<base::Timestamp>, Place, Counted)]) {
        for (time, place, counted) in counted {
            let Some(time) = time else {
                self.untimed += 1;
                continue;
            };
            let reference = self.places.len() as u64;
            self.places.push((input, *place));
            let value = |name: &str| {
                let field = counted.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                field.map(|(_, value)| value.as_str())
            };
            let time_micros = time.as_microsecond();
            let found = sigma::Match { tenant: 0, rule: counted.rule, time_micros, reference };
            self.correlator.observe(&found, self.now.as_microsecond(), value, &mut self.fired);
        }
    }

    /// Ends every time span and hands over what fired, in order of time. Returns how often each correlation did.
    fn finish(
        &mut self,
        print: &mut dyn FnMut(usize, &Found) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<u64>> {
        self.correlator.finish(&mut self.fired);
        let mut hits = vec![0; self.detector.correlations().len()];
        for fired in &self.fired {
            let Some(correlation) = self.detector.correlations().get(fired.correlation) else { continue };
            hits[fired.correlation] += 1;
            let last = fired.references.last().and_then(|last| self.places.get(*last as usize));
            let (input, place) = last.copied().unwrap_or_default();
            let mut fields = fired.group.clone();
            let about = if fired.sampled { "about " } else { "" };
            fields.push(("matches".to_owned(), format!("{about}{}", fired.value)));
            let hit = Hit {
                rule_id: correlation.id.clone(),
                rule_title: correlation.title.clone(),
                level: detect::severity(correlation.level),
                techniques: correlation.techniques(),
                fields,
                indicator: None,
            };
            let time = base::Timestamp::from_microsecond(fired.time_micros).ok();
            print(input, &Found { hit, time, place, route: "correlation".to_owned(), explained: None })?;
        }
        Ok(hits)
    }

    fn counts(&self) -> Option<CorrelationCount> {
        let counts = self.correlator.counts();
        (!self.detector.correlations().is_empty()).then_some(CorrelationCount {
            taken: counts.taken,
            untimed: self.untimed,
            late: counts.late,
            future: counts.future,
            ungrouped: counts.ungrouped,
            valueless: counts.valueless,
            forgotten: counts.forgotten,
        })
    }
}

struct Worker {
    pass: Pass,
    level_min: base::Severity,
    explain: bool,
}

impl Worker {
    fn new(detector: &Detector, args: &Detect) -> Self {
        let level_min = args.level.unwrap_or(base::Severity::Informational);
        Self { pass: detector.pass(), level_min, explain: args.explain }
    }
}

impl Work for Worker {
    type Made = Made;

    fn event(&mut self, read: Read1<'_>, made: &mut Made) {
        let Read1 { names, sources, event, place, .. } = read;
        let observables =
            if self.pass.wants_observables() { observe::observables(names, event) } else { Vec::new() };
        // Without a time of its own, an event counts as of any time an indicator holds.
        let time = event.time.unwrap_or(base::Timestamp::UNIX_EPOCH);
        for hit in self.pass.hits(names, sources, event, &observables, time) {
            if hit.level >= self.level_min {
                let explained = self.explain.then(|| self.explained(&hit));
                let route = self.pass.route_name(sources, event.source).to_owned();
                made.found.push(Found { hit, time: event.time, place, route, explained });
            }
        }
        let counted = self.pass.take_counted().into_iter();
        made.counted.extend(counted.map(|counted| (event.time, place, counted)));
    }
}

impl Worker {
    fn explained(&self, hit: &Hit) -> Explained {
        let rule = self.pass.rule(&hit.rule_id);
        Explained {
            rule_file: rule.map(|rule| format!("{}:{}", rule.file, rule.position.line)).unwrap_or_default(),
            description: rule.map(|rule| rule.description.trim().to_owned()).unwrap_or_default(),
            false_positives: rule.map(|rule| rule.false_positives.clone()).unwrap_or_default(),
            log_source: rule.map(|rule| rule.log_source.to_string()).unwrap_or_default(),
            asked: rule
                .map(|rule| rule.fields().into_iter().map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    }
}

fn report_end(input: &Input, end: &End, bar: &ProgressBar) {
    bar.suspend(|| match end {
        End::Whole => {}
        End::Unopened(error) => say(&format!("{}: {error}", input.name)),
        End::Broken(error) => say(&format!("{}: {error}", input.name)),
    });
}

fn write_lines(path: &std::path::Path, standings: &[RuleStanding]) -> anyhow::Result<()> {
    let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut file = BufWriter::new(file);
    for standing in standings {
        serde_json::to_writer(&mut file, standing)?;
        file.write_all(b"\n")?;
    }
    file.flush().with_context(|| format!("cannot write {}", path.display()))
}

/// The last lines on standard error: what was read, what could not be, and where the rules stand.
fn say_what_happened(summary: &Summary, standings: &[RuleStanding]) {
    for unread in &summary.unread.first {
        say(&format!("{}:{}: not read: {}", unread.file, unread.line, unread.reason));
    }
    let more = summary.unread.count.saturating_sub(summary.unread.first.len() as u64);
    if more > 0 {
        say(&format!("and {more} more records that could not be read"));
    }
    for standing in standings {
        if let Standing::Unsupported { reason } = &standing.standing {
            tracing::info!(file = standing.file, "rule not used: {reason}");
        }
    }
    say(&summary.sentence());
}
