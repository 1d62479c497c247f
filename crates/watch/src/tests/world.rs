//! Three ministries, one with a bureau, and detections as short to write as they are to say.

use base::{EventId, Id, Observable, Organisation, Severity, Signal, Timestamp};
use registry::Registry;
use registry::import::{Notation, import};
use store::{Options, Store};

use crate::Policy;
use crate::detect::Detection;
use crate::intake::{Committed, HourCount, PartResult, UnreadRecord, commit_part};
use crate::threat::{Raised, ingest};

const ORGANISATIONS: &str = "
organisations:
  - { key: naibu, name_ja: 内務文化省, name_en: Home Culture, kind: ministry, order: 1,
      networks: [10.0.0.0/8, { value: 192.0.2.0/26, criticality: high, system: 公開ウェブ }],
      domains: [naibu.go.example], mail_domains: [naibu.go.example] }
  - { key: eda, name_ja: 江田局, name_en: Eda Bureau, kind: part, parent: naibu, order: 1 }
  - { key: zaimu, name_ja: 財務計画省, name_en: Planning, kind: ministry, order: 2,
      networks: [10.0.0.0/8, 192.0.2.64/26], domains: [zaimu.go.example] }
  - { key: gaimu, name_ja: 外務交流省, name_en: Exchange, kind: ministry, order: 3,
      networks: [10.0.0.0/8, 192.0.2.128/26], domains: [gaimu.go.example] }
";

pub(super) struct World {
    pub(super) store: Store,
    pub(super) registry: Registry,
    pub(super) policy: Policy,
    _database: Option<testkit::Database>,
}

/// 09:00 on 1 April 2026 in Japan, and so many minutes.
pub(super) fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_mins(minutes)
}

pub(super) fn org(key: &str) -> Id<Organisation> {
    registry::Organisation::id_of(key)
}

/// `domain:c2.example` and so on.
pub(super) fn observable(text: &str) -> Observable {
    let (kind, value) = text.split_once(':').unwrap();
    Observable { kind: kind.parse().unwrap(), value: value.into() }
}

/// A detection of `rule` at `key`, so many minutes after nine. Each has an event of its own unless said otherwise.
pub(super) fn detection(key: &str, rule: &str, level: Severity, minutes: i64) -> Detection {
    let digest = blake3::hash(format!("{key}/{rule}/{minutes}").as_bytes());
    Detection {
        event: EventId(digest.as_bytes()[..16].try_into().unwrap()),
        organisation: org(key),
        time: at(minutes),
        rule_id: rule.into(),
        rule_title: format!("The rule {rule}"),
        level,
        techniques: vec!["T1059.001".into()],
        route: "windows/sysmon/process_creation".into(),
        fields: vec![("CommandLine".into(), "powershell -enc AAAA".into())],
        actor: "203.0.113.7".into(),
        target: "192.0.2.200".into(),
        observables: Vec::new(),
        indicator: None,
        contributing: Vec::new(),
    }
}

pub(super) fn with(observables: &[&str], detection: Detection) -> Detection {
    Detection { observables: observables.iter().map(|text| observable(text)).collect(), ..detection }
}

impl World {
    pub(super) async fn new() -> Self {
        let database = testkit::Database::new();
        let world = Self::open(database.location()).await;
        Self { _database: Some(database), ..world }
    }

    /// Opens the database at this place, as another process would.
    pub(super) async fn open(location: &str) -> Self {
        let store = Store::open_at(&location.parse().unwrap(), Options::default()).await.unwrap();
        if Registry::load(&store).await.unwrap().organisations().is_empty() {
            let plan = import(
                &store,
                &testkit::actor(base::Role::Coordinator, []),
                ORGANISATIONS.as_bytes(),
                Notation::Yaml,
                at(0),
            )
            .await
            .unwrap();
            assert_eq!(plan.wrong().next(), None);
        }
        let registry = Registry::load(&store).await.unwrap();
        Self { store, registry, policy: Policy::default(), _database: None }
    }

    /// Ingests without the ledger.
    pub(super) async fn ingest(&self, detections: &[Detection]) -> Raised {
        let mut tx = self.store.write().await.unwrap();
        let raised = ingest(&mut tx, &self.registry, detections, &self.policy, at(0)).await.unwrap();
        tx.commit().await.unwrap();
        raised
    }

    pub(super) async fn commit(&self, part: &PartResult) -> Committed {
        let mut tx = self.store.write().await.unwrap();
        let committed = commit_part(&mut tx, &self.registry, &self.policy, part, at(0)).await.unwrap();
        tx.commit().await.unwrap();
        committed
    }

    /// Everything in the outbox, and none of it again.
    pub(super) async fn signals(&self) -> Vec<Signal> {
        let taken = self.store.take(1000, at(0)).await.unwrap();
        taken.into_iter().map(|waiting| waiting.signal).collect()
    }

    /// One number from the database.
    pub(super) async fn number(&self, sql: &'static str) -> i64 {
        let mut read = self.store.read().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(read.connection()).await.unwrap()
    }

    /// What the tables of the watch hold, for comparing two histories.
    pub(super) async fn contents(&self) -> Vec<String> {
        let mut read = self.store.read().await.unwrap();
        let mut rows = Vec::new();
        for sql in [
            "SELECT id || number || first_at || '-' || last_at || '=' || detections || verdict || score || observables
             FROM threats ORDER BY id",
            "SELECT event || rule || threat || at FROM detections ORDER BY event, rule",
            "SELECT threat || value || seen || first_at || last_at || COALESCE(campaign, '-')
             FROM sightings ORDER BY threat, kind, value",
            "SELECT campaign || organisation || threats || '/' || detections FROM campaign_members
             ORDER BY campaign, organisation",
            "SELECT file || parts || '@' || offset_bytes || '=' || events || '/' || detections || '/' || unread
             FROM imports ORDER BY organisation, file",
            "SELECT hour || organisation || events || '/' || unread || '/' || detections
             FROM intake_hours ORDER BY hour, organisation",
            "SELECT seq || file || line FROM unread ORDER BY seq",
            "SELECT seq || signal FROM outbox ORDER BY seq",
        ] {
            let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(read.connection()).await.unwrap();
            rows.extend(found);
        }
        rows
    }
}

/// A part of `file` at `naibu` with these detections, ten events and two unread records.
pub(super) fn part(file: &str, number: u64, detections: Vec<Detection>) -> PartResult {
    let time = detections.first().map_or(at(0), |detection| detection.time);
    let unread =
        |line| UnreadRecord { offset: 0, line, reason: "not JSON".into(), beginning: b"\x82\xa0{".into() };
    PartResult {
        organisation: detections.first().map_or(org("naibu"), |detection| detection.organisation),
        file: file.into(),
        fingerprint: "f".into(),
        part: number,
        new_offset: (number + 1) * 1000,
        hours: vec![HourCount { hour: time, events: 10, last_event_at: time }],
        unread: vec![unread(1), unread(2)],
        unread_total: 2,
        late: 0,
        detections,
    }
}
