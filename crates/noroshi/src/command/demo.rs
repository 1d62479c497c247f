//! `noroshi demo`: an invented government's day, written as logs and read like real ones.

mod survey;

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use access::account::Newcomer;
use anyhow::{Context as _, bail};
use base::{Language, Role, Timestamp};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use registry::import::Notation;
use watch::detect::{Detector, Routing};
use watch::indicator::Indicators;

use super::{Exit, say, serve};
use crate::args::Demo;
use crate::centre::Centre;
use crate::config::Config;
use crate::demo::{Line, Lines, World};
use crate::input::Input;
use crate::intake::{Intake, LogFile};
use crate::{pipeline, rules};

/// The day that is lived: a Wednesday of fiscal 2026.
const DAY: Date = date(2026, 7, 15);
/// The hour of the day at which the pages open; what happened before is read at once.
const OPENING_HOUR: i64 = 9;
/// What is read at one go while the day unfolds.
const STEP: SignedDuration = SignedDuration::from_mins(10);
/// What is read at one go until then.
const CATCH_UP_STEP: SignedDuration = SignedDuration::from_hours(1);

/// Whom the board is shown to first.
const OFFICER: Role = Role::WatchOfficer;
/// Somebody for every role: their organisation's key, and an invented name.
const GUESTS: [(Role, Option<&str>, &str); 11] = [
    (OFFICER, None, "監視 花子"),
    (Role::Coordinator, None, "調整 太郎"),
    (Role::Inspector, None, "検査 葵"),
    (Role::Planner, None, "企画 蓮"),
    (Role::Editor, None, "編集 結衣"),
    (Role::Administrator, None, "管理 健"),
    (Role::Ciso, Some("naibu"), "内務 正"),
    (Role::Csirt, Some("naibu"), "内務 翼"),
    (Role::SystemManager, Some("naibu"), "内務 凛"),
    (Role::SectionManager, Some("naibu"), "内務 樹"),
    (Role::Staff, Some("naibu"), "内務 陽菜"),
];
/// More than an installation allows: the clock of a demonstration stands still in the end, and then no request is ever
/// given back.
const REQUESTS_PER_MINUTE: u32 = 1_000_000;

const INDICATORS: &str = include_str!("../../../../content/indicators/demo.csv");
const ALLOW: &str = include_str!("../../../../content/allow/demo.yml");

/// Runs the command until it is told to stop.
pub fn run(args: &Demo) -> anyhow::Result<Exit> {
    if !(0.0..=100.0).contains(&args.scale) || !(0.0..=3_600.0).contains(&args.hour_seconds) {
        bail!("--scale is between 0 and 100, --hour-seconds between 0 and 3600");
    }
    let world = World::new(args.seed, DAY);
    let kept = args.data.clone();
    let temporary = if kept.is_none() { Some(Temporary::new()?) } else { None };
    let directory = match (&kept, &temporary) {
        (Some(directory), _) => directory.clone(),
        (None, Some(temporary)) => temporary.0.clone(),
        (None, None) => bail!("no directory"),
    };
    if directory.join("noroshi.sqlite").exists() {
        bail!("{} already holds data; the demo begins with an empty directory", directory.display());
    }
    if args.write_only {
        return write_day(&world, args.scale, &directory);
    }
    live(&world, args, &directory)
}

/// A folder that goes away with the demo.
struct Temporary(PathBuf);

impl Temporary {
    /// In memory where the system offers that: nobody needs an invented day after a power cut, and syncing thousands
    /// of small files to a disk would be most of the work.
    fn new() -> anyhow::Result<Self> {
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = home.join(format!("noroshi-demo-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write_day(world: &World, scale: f64, directory: &Path) -> anyhow::Result<Exit> {
    let lines = write_logs(world, scale, &directory.join("logs"))?;
    fs::write(directory.join("registry.yaml"), world.registry_yaml())?;
    fs::write(directory.join("registry.csv"), world.registry_csv())?;
    fs::write(directory.join("stories.md"), world.programme())?;
    say(&format!("{lines} lines below {}", directory.join("logs").display()));
    Ok(Exit::Done)
}

/// Writes the whole day's logs below a folder; says how many lines.
pub(super) fn write_logs(world: &World, scale: f64, folder: &Path) -> anyhow::Result<u64> {
    let mut logs = Logs::new(folder.to_owned());
    let mut lines = 0;
    for line in world.lines(scale) {
        logs.write(&line)?;
        lines += 1;
    }
    logs.flush()?;
    Ok(lines)
}

fn live(world: &World, args: &Demo, directory: &Path) -> anyhow::Result<Exit> {
    let mut config = Config::default();
    config.serve.requests_per_minute = REQUESTS_PER_MINUTE;
    let mut centre = Centre::open(directory, &config)?;
    let midnight = midnight(world.day())?;
    centre.import_registry(&super::house(), world.registry_yaml().as_bytes(), Notation::Yaml, midnight)?;
    centre.import_registry(&super::house(), world.registry_csv().as_bytes(), Notation::Csv, midnight)?;
    centre.runtime.block_on(confirm_contacts(&centre, midnight))?;
    centre.allow(ALLOW)?;
    let detector = detector()?;
    let day = Day::begin(midnight, args.hour_seconds);
    let clock = day.clone();
    let demo = info(&centre, midnight)?;
    survey::fill(&centre, world, &demo.guests)?;
    let state =
        serve::state(&centre, &config, Arc::new(move || clock.shown()), web::Site::loopback(), Some(demo))?;
    let (stop, stopped) = channel::<()>();
    std::thread::scope(|scope| {
        let centre = &centre;
        let feeder = scope.spawn(move || {
            let fed = feed(world, args.scale, centre, &detector, &day, &stopped);
            if let Err(error) = &fed {
                say(&format!("noroshi: the day cannot go on: {error:#}"));
            }
        });
        let served = centre.runtime.block_on(serve::serve(centre, state, args.listen, &|address| {
            say(&format!("the board is at http://{address}/demo/as/{OFFICER}  (Ctrl-C ends it)"));
            say(&format!("as anybody else: http://{address}/demo"));
        }));
        // The feeder waits on the other end.
        drop(stop);
        let _ = feeder.join();
        served.map(|()| Exit::Done)
    })
}

/// Most contacts have confirmed some months ago, some too long ago, and some never.
async fn confirm_contacts(centre: &Centre, now: Timestamp) -> anyhow::Result<()> {
    const DAYS_AGO: [Option<i64>; 7] = [Some(12), Some(95), Some(40), Some(230), Some(150), Some(3), None];
    let due = registry::contact::due(&centre.store, now).await?;
    for (record, days_ago) in due.iter().zip(DAYS_AGO.into_iter().cycle()) {
        let Some(days_ago) = days_ago else { continue };
        let then = now - SignedDuration::from_hours(24 * days_ago);
        let asked =
            registry::contact::ask(&centre.store, &super::house(), record.id().parse()?, then).await?;
        registry::contact::confirm(&centre.store, &asked.token, then).await?;
    }
    Ok(())
}

fn detector() -> anyhow::Result<Detector> {
    let mut indicators = Indicators::default();
    if let Some(wrong) = indicators.read("demo.csv", INDICATORS).first() {
        bail!("content/indicators/demo.csv:{}: {}", wrong.line, wrong.reason);
    }
    Ok(Detector::new(rules::starter::load(), indicators, Routing::BySource))
}

/// Somebody invented for every role.
fn info(centre: &Centre, now: Timestamp) -> anyhow::Result<web::DemoInfo> {
    let (registry, house) = (centre.registry(), super::house());
    let mut guests = Vec::new();
    for (role, key, name) in GUESTS {
        let organisation = key.map(|key| centre.organisation(key)).transpose()?;
        let newcomer = Newcomer {
            login: format!("{role}@{}.go.example", key.unwrap_or("centre")),
            name: name.to_owned(),
            language: Language::Ja,
        };
        let place = (role, organisation);
        let admitted = access::account::admit(&centre.access, &registry, &house, &newcomer, place, now);
        let account = centre.runtime.block_on(admitted)?;
        guests.push(web::Guest { role, account, organisation });
    }
    Ok(web::DemoInfo {
        house,
        guests,
        note_ja: "デモンストレーションです。組織、人物、アドレス及び出来事はすべて架空のものです。".into(),
        note_en: "A demonstration: every organisation, person, address and event is invented.".into(),
    })
}

fn midnight(day: Date) -> anyhow::Result<Timestamp> {
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    Ok(day.to_zoned(japan)?.timestamp())
}

/// The lived day's own clock.
#[derive(Clone)]
struct Day {
    midnight: Timestamp,
    began: Instant,
    hour_seconds: f64,
    /// Seconds after midnight up to which the day has been read.
    read_seconds: Arc<AtomicI64>,
}

impl Day {
    #[allow(clippy::disallowed_methods)] // The pace of the demonstration is real time.
    fn begin(midnight: Timestamp, hour_seconds: f64) -> Self {
        Self { midnight, began: Instant::now(), hour_seconds, read_seconds: Arc::default() }
    }

    fn end(&self) -> Timestamp {
        self.midnight + SignedDuration::from_hours(24)
    }

    /// Now in the day: from [`OPENING_HOUR`] on at the pace asked for, and its last instant at no pace.
    fn now(&self) -> Timestamp {
        if self.hour_seconds <= 0.0 {
            return self.end();
        }
        let hours = self.began.elapsed().as_secs_f64() / self.hour_seconds;
        let opening = self.midnight + SignedDuration::from_hours(OPENING_HOUR);
        (opening + SignedDuration::from_secs_f64(hours.min(48.0) * 3_600.0)).min(self.end())
    }

    /// What the pages take for now: never far ahead of what has been read, however slow the machine.
    fn shown(&self) -> Timestamp {
        let read = SignedDuration::from_secs(self.read_seconds.load(Ordering::Relaxed));
        self.now().min(self.midnight + read + STEP).min(self.end())
    }

    fn wall(&self, lived: SignedDuration) -> Duration {
        Duration::from_secs_f64((lived.as_secs_f64() / 3_600.0 * self.hour_seconds).max(0.0))
    }
}

/// Writes what has happened, reads it, and waits for more, until the day or the demo ends.
fn feed(
    world: &World,
    scale: f64,
    centre: &Centre,
    detector: &Detector,
    day: &Day,
    stopped: &Receiver<()>,
) -> anyhow::Result<()> {
    let mut logs = Logs::new(centre.directory.join("logs"));
    let mut lines = world.lines(scale);
    let mut waiting = lines.next();
    let policy = watch::correlation::policy();
    let mut intake = Intake::begin(centre, detector, policy, pipeline::threads())?;
    let mut until = day.midnight;
    while until < day.end() {
        // Behind the day's clock, an hour at a time; at its side, in small steps.
        let behind = day.now().duration_since(until) >= CATCH_UP_STEP;
        until = (until + if behind { CATCH_UP_STEP } else { STEP }).min(day.end());
        let early = until.duration_since(day.now());
        match stopped.recv_timeout(day.wall(early)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        let changed = write_until(&mut logs, &mut lines, &mut waiting, until)?;
        let files = log_files(centre, &logs, &changed)?;
        let report = intake.read(&files, None, until, &mut |_| {})?;
        day.read_seconds.store(until.duration_since(day.midnight).as_secs(), Ordering::Relaxed);
        tracing::info!(%until, events = report.events, threats = report.threats, unread = report.unread, "read");
        for (file, reason) in &report.files_unread {
            say(&format!("{file}: {reason}"));
        }
    }
    Ok(())
}

type LogName = (&'static str, &'static str);

fn write_until(
    logs: &mut Logs,
    lines: &mut Lines<'_>,
    waiting: &mut Option<Line>,
    until: Timestamp,
) -> anyhow::Result<BTreeSet<LogName>> {
    let mut changed = BTreeSet::new();
    while let Some(line) = waiting.take_if(|line| line.at < until) {
        logs.write(&line)?;
        changed.insert((line.organisation, line.file));
        *waiting = lines.next();
    }
    logs.flush()?;
    Ok(changed)
}

fn log_files(centre: &Centre, logs: &Logs, changed: &BTreeSet<LogName>) -> anyhow::Result<Vec<LogFile>> {
    let file = |&(organisation, file): &LogName| {
        let path = logs.path(organisation, file);
        let bytes = fs::metadata(&path)?.len();
        let input = Input { name: file.to_owned(), path: Some(path), bytes };
        Ok(LogFile { organisation: centre.organisation(organisation)?, name: file.to_owned(), input })
    };
    changed.iter().map(file).collect()
}

/// The day's log files, open for appending.
struct Logs {
    folder: PathBuf,
    open: HashMap<LogName, BufWriter<File>>,
}

impl Logs {
    fn new(folder: PathBuf) -> Self {
        Self { folder, open: HashMap::new() }
    }

    fn path(&self, organisation: &str, file: &str) -> PathBuf {
        self.folder.join(organisation).join(file)
    }

    fn write(&mut self, line: &Line) -> anyhow::Result<()> {
        let name = (line.organisation, line.file);
        if !self.open.contains_key(&name) {
            let path = self.path(line.organisation, line.file);
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            self.open.insert(name, BufWriter::new(file));
        }
        if let Some(file) = self.open.get_mut(&name) {
            file.write_all(line.text.as_bytes())?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        for file in self.open.values_mut() {
            file.flush()?;
        }
        Ok(())
    }
}
