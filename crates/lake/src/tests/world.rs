//! Events made for tests: by hand, and at random from a small world where questions often have answers.

use base::{EventId, Id, Observable, ObservableKind, Organisation, Period, Scope, Timestamp};
use proptest::prelude::*;
use watch::lake::{Dimension, Search, StoredEvent, Wanted};

/// 2026-07-15 00:00 in Japan.
pub(crate) const MIDNIGHT: i128 = 1_784_041_200_000_000_000;
pub(crate) const HOUR: i128 = 3_600_000_000_000;

/// One of the test's organisations.
pub(crate) fn organisation(number: u8) -> Id<Organisation> {
    Id::from_digest([number; 16])
}

/// So many nanoseconds after midnight.
pub(crate) fn at(nanoseconds: i128) -> Timestamp {
    Timestamp::from_nanosecond(MIDNIGHT + nanoseconds).unwrap()
}

/// From and to, in hours after midnight.
pub(crate) fn hours(start: i128, end: i128) -> Period {
    Period { start: at(start * HOUR), end: at(end * HOUR) }
}

pub(crate) fn observable(text: &str) -> Observable {
    let (kind, value) = text.split_once(':').unwrap();
    Observable { kind: kind.parse().unwrap(), value: value.to_owned() }
}

/// A plain event; its id is its number.
pub(crate) fn event(number: u32, of: u8, time: Timestamp) -> StoredEvent {
    let mut id = [0; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    StoredEvent {
        id: EventId(id),
        organisation: organisation(of),
        time,
        time_stated: true,
        product: "windows".to_owned(),
        service: "sysmon".to_owned(),
        category: "process_creation".to_owned(),
        format: "json".to_owned(),
        file: "events.json".to_owned(),
        offset: u64::from(number) * 100,
        line: u64::from(number) + 1,
        raw: format!("record {number}").into_bytes(),
        fields: Vec::new(),
        observables: vec![observable("address:192.0.2.1")],
    }
}

/// So many plain events of organisation 1, a second apart from midnight on, numbered from `first`.
pub(crate) fn events(first: u32, count: u32) -> Vec<StoredEvent> {
    (first..first + count).map(|number| event(number, 1, at(i128::from(number) * 1_000_000_000))).collect()
}

const OBSERVABLES: [&str; 12] = [
    "address:192.0.2.1",
    "address:192.0.2.200",
    "address:198.51.100.7",
    "address:2001:db8::1",
    "domain:example.jp",
    "domain:www.example.jp",
    "domain:badexample.jp",
    "url:http://example.jp/a?b=c:d",
    "hash:d41d8cd98f00b204e9800998ecf8427e",
    "mail:a@example.jp",
    "mail:b@example.jp",
    "address:192.0.3.4",
];
const WANTED: [&str; 12] = [
    "address:192.0.2.0/24",
    "address:192.0.2.1",
    "address:192.0.0.0/16",
    "address:2001:db8::/32",
    "address:0.0.0.0/0",
    "address:203.0.113.9",
    "domain:example.jp",
    "domain:jp",
    "domain:www.example.jp",
    "url:http://example.jp/a?b=c:d",
    "hash:d41d8cd98f00b204e9800998ecf8427e",
    "mail:a@example.jp",
];

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    proptest::sample::select(words).prop_map(str::to_owned)
}

/// Three days around a midnight in Japan, often exactly on the hour, sometimes at the ends of time.
fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        12 => (-36i128..36, -2i128..3).prop_map(|(hours, nanoseconds)| at(hours * HOUR + nanoseconds)),
        6 => (-36 * HOUR..36 * HOUR).prop_map(at),
        1 => Just(Timestamp::MIN),
        1 => Just(Timestamp::MAX),
        1 => Just(Timestamp::UNIX_EPOCH),
    ]
}

fn any_event() -> impl Strategy<Value = StoredEvent> {
    let place = (0u8..3, time(), any::<bool>(), any::<u64>(), any::<u64>());
    let source = (
        one_of(&["windows", "zeek", "", "a+b"]),
        one_of(&["sysmon", "sysmon+security", "security", ""]),
        one_of(&["process_creation", "dns", "dns+network_connection", ""]),
    );
    let text = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        one_of(&["", "PowerShell -enc", "GET /index.html", "狼煙 Noroshi", "powershell"])
            .prop_map(String::into_bytes),
    ];
    let fields = proptest::collection::vec(
        (one_of(&["Image", "CommandLine", "Image"]), one_of(&["", "cmd.exe", "x\u{0}y", "PowerShell"])),
        0..3,
    );
    let observables = proptest::collection::vec(one_of(&OBSERVABLES), 0..5);
    (place, source, text, fields, observables).prop_map(|(place, source, raw, fields, observables)| {
        let (of, time, time_stated, offset, line) = place;
        let (product, service, category) = source;
        let observables = observables.iter().map(|text| observable(text)).collect();
        StoredEvent {
            time_stated,
            product,
            service,
            category,
            offset,
            line,
            raw,
            fields,
            observables,
            ..event(0, of, time)
        }
    })
}

/// Parts, some written twice; no id is in two parts.
pub(crate) fn parts() -> impl Strategy<Value = Vec<(String, Vec<StoredEvent>)>> {
    let part = (0usize..3, proptest::collection::vec(any_event(), 0..160));
    proptest::collection::vec(part, 1..5).prop_map(|parts| {
        let mut number = 0;
        let mut numbered = |mut event: StoredEvent| {
            number += 1;
            event.id.0[12..].copy_from_slice(&u32::to_be_bytes(number));
            event
        };
        let names = ["p0", "p/1", "p2"];
        let named = |(name, events): (usize, Vec<StoredEvent>)| {
            (names[name].to_owned(), events.into_iter().map(&mut numbered).collect())
        };
        parts.into_iter().map(named).collect()
    })
}

pub(crate) fn period() -> impl Strategy<Value = Period> {
    (time(), time()).prop_map(|(start, end)| Period { start, end })
}

pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        2 => Just(testkit::house()),
        1 => proptest::collection::btree_set(0u8..4, 0..3)
            .prop_map(|numbers| testkit::member(numbers.into_iter().map(organisation))),
    ]
}

pub(crate) fn search() -> impl Strategy<Value = Search> {
    let rarely = |strategy| proptest::option::weighted(0.2, strategy);
    let sources = (
        rarely(one_of(&["windows", "zeek", "a", "a+b", "none"])),
        rarely(one_of(&["sysmon", "security", "sysmon+security"])),
        rarely(one_of(&["dns", "process_creation", "network_connection"])),
    );
    let lists = (
        proptest::collection::vec(one_of(&OBSERVABLES), 0..2),
        proptest::collection::vec(one_of(&["", "powershell", "GET", "xe", "狼煙", "e"]), 0..2),
        proptest::collection::vec(0u8..4, 0..2),
    );
    let rest = (proptest::option::of(period()), 0usize..40);
    (sources, lists, rest).prop_map(|((product, service, category), lists, (period, limit))| Search {
        period,
        organisations: lists.2.into_iter().map(organisation).collect(),
        observables: lists.0.iter().map(|text| observable(text)).collect(),
        words: lists.1,
        product,
        service,
        category,
        limit,
        after: None,
    })
}

pub(crate) fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    let all = vec![
        Dimension::Organisation,
        Dimension::Day,
        Dimension::Hour,
        Dimension::Product,
        Dimension::Service,
        Dimension::Category,
    ];
    proptest::sample::subsequence(all, 0..4).prop_shuffle()
}

pub(crate) fn wanted() -> impl Strategy<Value = Vec<Wanted>> {
    let wanted = one_of(&WANTED).prop_map(|text| {
        let Observable { kind, value } = observable(&text);
        Wanted { kind, value }
    });
    proptest::collection::vec(wanted, 0..5)
}

pub(crate) fn kind() -> impl Strategy<Value = ObservableKind> {
    proptest::sample::select(&ObservableKind::ALL[..])
}
