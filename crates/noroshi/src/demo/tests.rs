use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base::{Severity, japan};
use formats::read::{Blocks, Options, Parser, Place, Sink, Unread};
use formats::{Event, Format, Names, Sources};
use jiff::civil::Date;
use registry::import::{Notation, import};
use watch::detect::{Detector, Pass, Routing};
use watch::indicator::Indicators;
use watch::judge::Verdict;
use watch::observe;

use super::{Line, World};

fn tuesday() -> World {
    World::new(7, Date::constant(2026, 11, 24))
}

fn content(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content").join(folder)
}

/// Lines by organisation and file, as they would stand on disk.
fn files(lines: impl Iterator<Item = Line>) -> BTreeMap<(&'static str, &'static str), Vec<Line>> {
    let mut files: BTreeMap<_, Vec<Line>> = BTreeMap::new();
    for line in lines {
        files.entry((line.organisation, line.file)).or_default().push(line);
    }
    files
}

fn text(lines: &[Line]) -> String {
    lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
}

/// Takes events to `each`, and refuses to leave any unread.
struct Read<F>(F, Vec<Unread>);

impl<F: FnMut(&Names, &Sources, &Event, &[u8])> Sink for Read<F> {
    fn event(&mut self, names: &Names, sources: &Sources, event: &Event, _: Place, raw: &[u8]) {
        (self.0)(names, sources, event, raw);
    }

    fn unread(&mut self, unread: Unread) {
        self.1.push(unread);
    }
}

#[track_caller]
fn read(name: &str, lines: &[Line], each: impl FnMut(&Names, &Sources, &Event, &[u8])) {
    let text = text(lines);
    let (mut parser, mut sink) = (Parser::default(), Read(each, Vec::new()));
    for block in Blocks::new(text.as_bytes(), Options::default()) {
        parser.parse(&block.expect("memory can be read"), &mut sink);
    }
    let first = sink.1.first().map(|unread| (&unread.reason, String::from_utf8_lossy(&unread.beginning)));
    assert!(sink.1.is_empty(), "{name}: {} unread, first {first:?}", sink.1.len());
}

fn format_of(file: &str, lines: &[Line]) -> Format {
    match file {
        "suricata/eve.json" => Format::Eve,
        "squid/access.log" => Format::Squid,
        "proxy/access.w3c" | "iis/u_ex.log" => Format::W3c,
        "www/access_log" => Format::WebAccess,
        "firewall/fortigate.log" | "linux/audit.log" => Format::KeyValue,
        "firewall/cef.log" => Format::Cef,
        "windows/forwarded.xml" => Format::WindowsXml,
        "vpn/gateway.log" => Format::Syslog5424,
        "linux/auth.log" | "mail/maillog" | "dns/named.log" => Format::Syslog3164,
        _ if file.starts_with("windows/") => Format::WindowsJson,
        _ if file.starts_with("zeek/") && lines.iter().any(|line| line.text.starts_with('{')) => {
            Format::ZeekJson
        }
        _ if file.starts_with("zeek/") => Format::ZeekTsv,
        _ => panic!("nobody said how {file} is written"),
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let digest = |seed| {
        let mut hasher = blake3::Hasher::new();
        for line in World::new(seed, Date::constant(2026, 11, 24)).lines(0.02) {
            hasher.update(format!("{} {} {}\n", line.organisation, line.file, line.text).as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    };
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}

#[test]
fn a_working_day_has_the_size_and_the_rhythm_of_one() {
    let (mut lines, mut last, mut hours, mut written) = (0_u64, None, [0_u64; 24], BTreeSet::new());
    for line in tuesday().lines(0.2) {
        assert!(last.is_none_or(|last| last <= line.at), "{line:?} is too late");
        last = Some(line.at);
        hours[japan(line.at).hour() as usize] += 1;
        written.insert((line.organisation, japan(line.at).hour()));
        lines += 1;
    }
    // A fifth of a day, and the stories whole.
    assert!((60_000..80_000).contains(&lines), "{lines} lines");
    assert!(hours.iter().all(|count| *count > 500), "{hours:?}");
    assert!(hours[10] > hours[3] * 3, "{hours:?}");
    assert!(hours[12] < hours[10], "{hours:?}");
    assert_eq!(written.len(), 22 * 24, "an organisation is silent for an hour");
}

#[test]
fn a_sunday_is_quieter() {
    let lines = |day| World::new(7, day).ordinary(0.05).count();
    let (sunday, monday) = (Date::constant(2026, 11, 15), Date::constant(2026, 11, 16));
    assert!(lines(sunday) * 3 < lines(monday) * 2);
}

#[test]
fn every_line_is_read_as_what_it_is_and_tells_its_own_time() {
    for ((organisation, file), lines) in files(tuesday().lines(0.05)) {
        let name = format!("{organisation}/{file}");
        let expected = format_of(file, &lines);
        let records: Vec<_> = lines.iter().filter(|line| !line.text.starts_with('#')).collect();
        let mut seen = 0;
        read(&name, &lines, |_, _, event, raw| {
            let line = records[seen];
            seen += 1;
            assert_eq!(event.format, expected, "{name}: {}", line.text);
            assert_eq!(String::from_utf8_lossy(raw), line.text, "{name}");
            let time = event.time.unwrap_or_else(|| panic!("{name} tells no time: {}", line.text));
            let apart = time.duration_since(line.at).as_millis().abs();
            // W3C and Apache write whole seconds.
            assert!(apart < 1_000, "{name}: {time} is not {}: {}", line.at, line.text);
        });
        assert_eq!(seen, records.len(), "{name}");
    }
}

/// The starter rules: what detects with them, and the file name of each rule by its id.
fn detector() -> (Detector, BTreeMap<String, String>) {
    let (mut rules, mut names) = (Vec::new(), BTreeMap::new());
    let folders = fs::read_dir(content("rules")).expect("content/rules exists");
    for folder in folders {
        for file in fs::read_dir(folder.expect("readable").path()).expect("rules stand in folders") {
            let path = file.expect("readable").path();
            let text = fs::read_to_string(&path).expect("rules are UTF-8");
            let id = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("a rule has an id");
            let stem = path.file_stem().expect("files have names").to_string_lossy().into_owned();
            assert_eq!(names.insert(id.to_owned(), stem.clone()), None, "{stem} has another rule's id");
            rules.push((stem, text));
        }
    }
    let files = rules.iter().map(|(name, text)| (name.as_str(), text.as_bytes()));
    let rules = sigma::Rules::load(files, &sigma::Placeholders::new());
    (Detector::new(rules, Indicators::default(), Routing::BySource), names)
}

/// Every rule that fired, with its level and one event it fired on, and every observable of those events.
fn fired(
    pass: &Detector,
    name: &str,
    lines: &[Line],
    names_of_rules: &BTreeMap<String, String>,
) -> (BTreeMap<String, (Severity, String)>, BTreeSet<String>) {
    let (mut rules, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let mut pass: Pass = pass.pass();
    read(name, lines, |names, sources, event, raw| {
        let time = event.time.unwrap_or_default();
        let observables = observe::observables(names, event);
        for hit in pass.hits(names, sources, event, &observables, time) {
            let rule = names_of_rules[&hit.rule_id].clone();
            rules.entry(rule).or_insert_with(|| (hit.level, String::from_utf8_lossy(raw).into_owned()));
        }
        seen.extend(observables.into_iter().map(|observable| observable.to_string()));
    });
    (rules, seen)
}

#[test]
fn every_starter_rule_is_understood_or_says_that_it_must_count() {
    let (detector, names) = detector();
    assert!(names.len() > 40, "{} rules", names.len());
    for refused in detector.refused() {
        let reason = format!("{refused:?}").to_lowercase();
        assert!(reason.contains("correlation"), "{reason}");
    }
}

#[test]
fn every_story_is_told_by_its_rules_and_shows_its_observables() {
    let (world, (detector, names)) = (tuesday(), detector());
    for story in world.stories() {
        let (mut rules, mut seen) = (BTreeMap::new(), BTreeSet::new());
        let mut organisations = BTreeSet::new();
        for ((organisation, file), lines) in files(world.lines_of(&story)) {
            let name = format!("{} at {organisation}/{file}", story.key);
            let (more_rules, more_seen) = fired(&detector, &name, &lines, &names);
            rules.extend(more_rules);
            seen.extend(more_seen);
            organisations.insert(organisation);
        }
        for rule in story.rules {
            assert!(rules.contains_key(*rule), "{}: {rule} is silent; {:?} spoke", story.key, rules.keys());
        }
        for observable in &story.observables {
            // A domain stands for the names below it, as it does as an indicator.
            let below = format!(".{}", observable.value);
            let is_seen =
                seen.contains(&observable.to_string()) || seen.iter().any(|one| one.ends_with(&below));
            assert!(is_seen, "{}: {observable} is not seen", story.key);
        }
        let told: BTreeSet<_> = story.organisations.iter().copied().collect();
        assert_eq!(organisations, told, "{}", story.key);
        let worst = rules.values().map(|(level, _)| *level).max();
        assert!(
            story.verdict == Verdict::Normal || worst >= Some(Severity::High),
            "{}: nothing above {worst:?}",
            story.key
        );
    }
}

#[test]
fn ordinary_life_sets_off_no_rule_of_high_level() {
    let (world, (detector, names)) = (tuesday(), detector());
    let mut spoke = BTreeSet::new();
    for ((organisation, file), lines) in files(world.ordinary(0.1)) {
        let name = format!("{organisation}/{file}");
        for (rule, (level, raw)) in fired(&detector, &name, &lines, &names).0 {
            assert!(level < Severity::Medium, "{name}: {rule} ({level}) on {raw}");
            spoke.insert(rule);
        }
    }
    // Silence would prove nothing: the noise of the internet is there, and is known as such.
    assert!(spoke.contains("suricata_minor_alert") && spoke.contains("probe_for_common_holes"), "{spoke:?}");
}

#[test]
fn stories_name_organisations_of_the_world_and_rules_that_exist() {
    let world = tuesday();
    let (_, names) = detector();
    let keys: BTreeSet<_> = world.members().iter().map(|member| member.key).collect();
    let rules: BTreeSet<_> = names.values().map(String::as_str).collect();
    let stories = world.stories();
    assert!(stories.iter().filter(|story| story.verdict == Verdict::Threat).count() >= 12);
    for story in stories {
        assert!(story.organisations.iter().all(|key| keys.contains(key)), "{}", story.key);
        assert!(story.rules.iter().all(|rule| rules.contains(rule)), "{}: {:?}", story.key, story.rules);
        let first =
            world.lines_of(&story).find(|line| !line.text.starts_with('#')).expect("a story has lines");
        let apart = first.at.duration_since(story.starts_at).as_secs();
        assert!(
            (-60..=60).contains(&apart),
            "{} starts at {} and not {}",
            story.key,
            first.at,
            story.starts_at
        );
    }
}

#[test]
fn the_programme_tells_every_story_in_both_languages_in_the_order_of_the_day() {
    let programme = tuesday().programme();
    for story in tuesday().stories() {
        assert!(
            programme.contains(story.summary_ja) && programme.contains(story.summary_en),
            "{}",
            story.key
        );
    }
    assert!(programme.find("00:07 一定間隔の外部通信") < programme.find("22:00 センターによる脆弱性検査"));
    assert!(programme.contains("- 年金給付機構 / Pension Benefits Organisation (`nenkin`)"));
}

/// Names that tools write into every record of a kind; they say nothing about anybody.
const PART_OF_A_FORMAT: [&str; 4] =
    ["schemas.microsoft.com", "manifests.microsoft.com", "www.fortinet.com", "sqlmap.org"];

#[test]
fn only_addresses_and_domains_that_belong_to_nobody_are_written() {
    for line in tuesday().lines(0.01).filter(|line| !line.text.starts_with('#')) {
        for word in line.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')) {
            if let Ok(address) = word.parse::<std::net::Ipv4Addr>() {
                let known = match address.octets() {
                    [10, ..]
                    | [127, ..]
                    | [0, ..]
                    | [192, 0, 2, _]
                    | [198, 51, 100, _]
                    | [203, 0, 113, _] => true,
                    [172, 16..32, ..] | [198, 18 | 19, ..] => true,
                    // Versions look like addresses: Chrome/131.0.0.0.
                    [_, 0, 0, 0] => true,
                    _ => false,
                };
                assert!(known, "{address} in {}", line.text);
            }
            let real = [".jp", ".com", ".net", ".org"].iter().any(|end| word.ends_with(end));
            assert!(!real || PART_OF_A_FORMAT.contains(&word), "{word} in {}", line.text);
        }
    }
}

#[test]
fn the_registry_takes_the_whole_world() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("control.db");
        let store = store::Store::open(&path, store::Options::default()).await.expect("it opens");
        let (keeper, now) = (testkit::actor(base::Role::Coordinator, []), "2026-07-14T15:00:00Z");
        let now = now.parse().expect("it is a time");
        for (file, notation, rows_min) in [
            (tuesday().registry_yaml(), Notation::Yaml, 22 * 10),
            (tuesday().registry_csv(), Notation::Csv, 22 * 20),
        ] {
            let plan = import(&store, &keeper, file.as_bytes(), notation, now).await.expect("it is a table");
            let wrong: Vec<_> = plan.wrong().collect();
            assert!(wrong.is_empty(), "{wrong:?}");
            assert!(plan.rows.len() > rows_min, "{} rows", plan.rows.len());
        }
    });
}

#[test]
fn the_allow_list_names_rules_organisations_and_addresses_that_exist() {
    let (world, (_, names)) = (tuesday(), detector());
    let text = fs::read_to_string(content("allow/demo.yml")).expect("the file exists");
    let mut told = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.trim_start_matches([' ', '-']).split_once(": ").expect("a name and a value");
        let value = value.split(" # ").next().unwrap_or_default();
        match name {
            "rule" => assert!(names.contains_key(value), "{line}"),
            "organisation" => assert!(world.members().iter().any(|member| member.key == value), "{line}"),
            "actor" => assert!(value.parse::<std::net::Ipv4Addr>().is_ok(), "{line}"),
            "reason" | "by" | "until" => continue,
            _ => panic!("{line}"),
        }
        told += 1;
    }
    assert_eq!(told, 6);
}

#[test]
fn the_indicator_files_have_no_wrong_line() {
    for file in ["indicators/demo.csv", "indicators/hunt.csv"] {
        let text = fs::read_to_string(content(file)).expect("the file exists");
        let mut indicators = Indicators::default();
        assert_eq!(indicators.read(file, &text), Vec::new());
        assert_eq!(indicators.all().len(), 4);
    }
}
