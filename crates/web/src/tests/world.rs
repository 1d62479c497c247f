//! A small government whose logs are as nasty as they come, and a browser that knows nothing but bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Access;
use access::account::{self, Newcomer};
use access::provider::fetch::{Call, Fetch, Trouble};
use access::provider::{ClientSecret, Provider, Settings};
use access::sign_in::Client;
use base::{
    EventId, Id, Language, Observable, ObservableKind, Organisation as OrganisationId, Period, Role, Scope,
    Severity, Timestamp,
};
use jiff::SignedDuration;
use registry::{Organisation, Registry};
use store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use watch::Policy;
use watch::detect::{Contributing, Detection};
use watch::intake::{HourCount, PartResult, UnreadRecord};
use watch::lake::{Cost, Dimension, Found, Lake, LakeError, Search, Sighting, StoredEvent, Wanted};

/// The moment at which everything is looked at.
pub(crate) const NOW: &str = "2026-07-15T05:32:05Z";

/// Markup, escapes for a terminal, a turn of direction, broken bytes, and length.
pub(crate) fn nasty() -> String {
    format!("<script>alert(1)</script>\"'&\u{1b}[31m\u{202e}cod.exe\u{200b}{}", "\u{7}狼".repeat(800))
}

/// How big and how nasty.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Organisations in the registry; every one is hit.
    pub(crate) organisations: usize,
    /// Threats at each of the first, one an hour.
    pub(crate) threats: usize,
    /// Whether every value is as nasty as it can be.
    pub(crate) nasty: bool,
    /// What those do who are neither the first organisation nor the centre.
    pub(crate) others: Others,
    /// How often one session may ask.
    pub(crate) request_limit: crate::RequestLimit,
}

/// What the organisations do beside the first one. All of them are always in the one campaign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// One threat each.
    Quiet,
    /// More threats, other words, more to read, more that nobody owns.
    Busy,
}

/// The clock of this world stands still, so no bucket is ever filled again.
const PATIENT: crate::RequestLimit = crate::RequestLimit { requests: 1_000_000, window_s: 60 };

pub(crate) const SMALL: Size =
    Size { organisations: 4, threats: 3, nasty: false, others: Others::Quiet, request_limit: PATIENT };

/// A provider that says where people sign in, and answers nothing else.
#[derive(Debug)]
struct Signpost;

impl Fetch for Signpost {
    fn fetch(&self, call: &Call) -> Result<access::provider::fetch::Answer, Trouble> {
        if !call.url.ends_with("/.well-known/openid-configuration") {
            return Err(Trouble::TimedOut);
        }
        let document = serde_json::json!({
            "issuer": "https://id.example",
            "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        Ok(access::provider::fetch::Answer { status: 200, body: document.to_string().into_bytes() })
    }
}

fn provider() -> Provider {
    let settings = Settings {
        name_ja: "職員認証基盤".into(),
        name_en: "Staff identity".into(),
        issuer: "https://id.example".into(),
        client: "noroshi".into(),
        secret: ClientSecret("secret".into()),
        scopes: Vec::new(),
        groups_claim: "groups".into(),
        create_accounts: true,
        second_factor: false,
        map: Vec::new(),
    };
    Provider::new(settings, Arc::new(Signpost))
}

/// A server over a store that was filled the way real data fills it.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) registry: Arc<Registry>,
    pub(crate) access: Arc<Access>,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) surveys: super::survey::Surveys,
    /// Of a coordinator, who may do most.
    cookie: String,
    _database: testkit::Database,
}

impl World {
    pub(crate) async fn new(size: Size) -> Self {
        let mut world = Self::without_accounts(size).await;
        world.cookie = world.enter_as("test@example.com", Role::Coordinator, None).await;
        world
    }

    /// As it is when nobody has signed in yet.
    pub(crate) async fn without_accounts(size: Size) -> Self {
        let database = testkit::Database::new();
        let location = database.location().parse().unwrap();
        let store = Store::open_at(&location, store::Options::default()).await.unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let text = yaml(size);
        let (coordinator, yaml) =
            (testkit::actor(base::Role::Coordinator, []), registry::import::Notation::Yaml);
        let plan = registry::import::import(&store, &coordinator, text.as_bytes(), yaml, now);
        assert_eq!(plan.await.unwrap().tally().wrong, 0);
        let registry = Arc::new(Registry::load(&store).await.unwrap());
        fill_registry(&store, &registry, size, now).await;
        raise_findings(&store, &registry, size, now).await;
        let mut shelf = Vec::new();
        let mut tx = store.write().await.unwrap();
        for (place, organisation) in registry.organisations().iter().enumerate() {
            let part = part(size, organisation.id, place, now, &mut shelf);
            watch::intake::commit_part(&mut tx, &registry, &Policy::default(), &part, now).await.unwrap();
        }
        let unowned = Observable { kind: ObservableKind::Domain, value: "nobody.example".into() };
        let own = registry.organisations().first().unwrap().id;
        let seen = if size.others == Others::Busy { 70 } else { 7 };
        registry::note_unowned(&mut tx, &unowned, own, now, seen).await.unwrap();
        tx.commit().await.unwrap();
        let surveys = super::survey::fill(&store, &registry, size, now).await;
        let served = registry.clone();
        let access = Arc::new(Access::new(store.clone(), access::Key::random().unwrap()).unwrap());
        let state = crate::State {
            store: store.clone(),
            access: access.clone(),
            provider: Some(Arc::new(provider())),
            site: crate::Site::loopback(),
            lake: Arc::new(Shelf(shelf)),
            registry: Arc::new(move || served.clone()),
            policy: Arc::new(Policy::default()),
            clock: Arc::new(move || now),
            default_language: Language::Ja,
            request_limit: size.request_limit,
            demo: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(crate::serve(listener, crate::router(state), std::future::pending()));
        Self { store, registry, access, address, surveys, cookie: String::new(), _database: database }
    }

    /// Somebody new with one role signs in; gives the cookie.
    pub(crate) async fn enter(&self, role: Role, organisation: Option<Id<OrganisationId>>) -> String {
        let place = organisation.map_or_else(String::new, |organisation| format!(".{organisation}"));
        self.enter_as(&format!("{role}{place}@example.com"), role, organisation).await
    }

    /// Somebody new at an organisation.
    pub(crate) async fn admit_staff(&self, organisation: Id<OrganisationId>) -> Id<base::Account> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.admit(&format!("somebody.{number}@example.com"), Role::Staff, Some(organisation)).await
    }

    async fn admit(
        &self,
        login: &str,
        role: Role,
        organisation: Option<Id<OrganisationId>>,
    ) -> Id<base::Account> {
        let (house, now) = (testkit::house_itself(), NOW.parse().unwrap());
        let newcomer =
            Newcomer { login: login.to_owned(), name: role.word().to_owned(), language: Language::Ja };
        let admitted =
            account::admit(&self.access, &self.registry, &house, &newcomer, (role, organisation), now);
        admitted.await.unwrap()
    }

    async fn enter_as(&self, login: &str, role: Role, organisation: Option<Id<OrganisationId>>) -> String {
        let (house, now) = (testkit::house_itself(), NOW.parse().unwrap());
        let id = self.admit(login, role, organisation).await;
        let client = Client { address: [127, 0, 0, 1].into(), user_agent: "test".into(), device: None };
        let secret = access::session::open_by_house(&self.access, &house, id, &client, now).await.unwrap();
        format!("noroshi-session={}", secret.text())
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Sends a request with more headers and a body.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let host = if headers.iter().any(|(name, _)| *name == "host") {
            String::new()
        } else {
            format!("host: {}\r\n", self.address)
        };
        let known = headers.iter().any(|(name, _)| matches!(*name, "cookie" | "authorization"));
        let cookie = if known { String::new() } else { format!("cookie: {}\r\n", self.cookie) };
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{cookie}{more}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::read(path, &bytes)
    }

    /// The first link on a page that begins like this and goes on.
    pub(crate) async fn first_link(&self, path: &str, beginning: &str) -> String {
        let page = self.get(path).await;
        let start = format!("href=\"{beginning}");
        let rest = page.body.split(&start).nth(1).unwrap_or_else(|| panic!("no {beginning} on {path}"));
        format!("{beginning}{}", rest.split('"').next().unwrap()).replace("&amp;", "&").replace("&#38;", "&")
    }

    /// One address for every kind of page.
    pub(crate) async fn pages(&self) -> Vec<String> {
        let mut pages: Vec<String> = [
            "/board",
            "/threats",
            "/threats?verdict=all&period=all",
            "/campaigns",
            "/organisations",
            "/search",
        ]
        .map(String::from)
        .into();
        pages.extend(
            ["/search?q=GET&period=all&count=1", "/search?q=nothing", "/unread", "/unowned"]
                .map(String::from),
        );
        let place = self.first_link("/registry", "/registry/of/org_").await;
        for tab in
            ["contact", "person", "system", "server", "software", "network", "function", "server_count"]
        {
            pages.push(format!("{place}?tab={tab}"));
        }
        pages.extend(["contact", "person", "domain", "organisation"].map(|noun| format!("{place}/{noun}")));
        pages.push(format!("{place}/contact?key=csirt"));
        pages.push(self.first_link("/registry/changes", "/registry/changes/change_").await);
        pages.push("/findings".to_owned());
        pages.push(self.first_link("/findings", "/findings/finding_").await);
        pages.extend(
            ["/registry", "/registry/contacts", "/registry/changes", "/registry/servers", "/registry/import"]
                .map(String::from),
        );
        let survey = format!("/inspect/surveys/{}", self.surveys.open);
        let place = self.first_link(&survey, &format!("{survey}/of/org_")).await;
        pages.extend(
            ["/map", "/map?role=ciso&order=weakest", "/items/S-2", "/items/C-1"]
                .map(|rest| survey.clone() + rest),
        );
        pages.extend([place.clone() + "?role=staff", place + "/unanswered", survey, "/inspect".to_owned()]);
        pages.push(format!("/inspect/surveys/{}", self.surveys.closed));
        pages.push(self.first_link("/threats?period=all", "/threats/threat_").await);
        pages.push(self.first_link("/campaigns", "/campaigns/campaign_").await);
        pages.push(self.first_link("/organisations", "/organisations/org_").await);
        pages.push(self.first_link("/search?q=GET&period=all", "/events/event_").await);
        pages
    }
}

/// What is to be fixed at everybody's.
async fn raise_findings(store: &Store, registry: &Registry, size: Size, now: Timestamp) {
    use inspect::finding::{Gravity, New, Source, raise};
    for (place, one) in registry.organisations().iter().take(20).enumerate() {
        let busy = place > 0 && size.others == Others::Busy;
        let title =
            if size.nasty { "<script>alert(1)</script>\u{202e}".to_owned() } else { "題".to_owned() };
        for _ in 0..if busy { 3 } else { 1 } {
            let new = New {
                organisation: one.id,
                source: Source::Audit,
                about: &title,
                title: &inspect::catalogue::Words { ja: title.clone(), en: title.clone() },
                gravity: Gravity::Nonconformity,
                owner: &title,
                due: jiff::civil::date(2026, 7, if busy { 1 } else { 20 }),
                evidence: &title,
            };
            raise(store, &testkit::house_itself(), &new, now).await.unwrap();
        }
    }
}

/// What people know: everybody's contacts and systems, and a change that each asks for.
async fn fill_registry(store: &Store, registry: &Registry, size: Size, now: Timestamp) {
    use registry::change::{Proposal, propose};
    let mut text = String::from(
        "record,organisation,key,name_ja,name_en,kind,channels,criticality,confidentiality,name,system,version,day,servers\n",
    );
    for (place, one) in registry.organisations().iter().take(20).enumerate() {
        let (key, busy) = (&one.key, place > 0 && size.others == Others::Busy);
        let word = if busy { "多忙" } else { "静穏" };
        let name = if size.nasty { "<script>alert(1)</script>".to_owned() } else { word.to_owned() };
        let more: &[&str] = if busy { &["csirt", "night", "office"] } else { &["csirt"] };
        for contact in more {
            text +=
                &format!("contact,{key},{contact},{name},Desk,csirt,mail:{contact}@{key}.example,,,,,,,\n");
        }
        text += &format!("person,{key},head,{name},Head,,,,,,,,,\n");
        text += &format!("system,{key},portal,{name},Portal,,,high,2,,,,,\n");
        text += &format!("system,{key},closed,{name},Closed,,,high,3,,,,,\n");
        text += &format!("server,{key},,,,web,,,,www.{key}.example,portal,,,\n");
        text += &format!("server,{key},,,,web,,,,hidden.{key}.example,closed,,,\n");
        text += &format!("software,{key},,,,,,,,{name},portal,1.0,,\n");
        text += &format!("function,{key},work,{name},Work,,,,,,,,,\n");
        text += &format!("server_count,{key},,,,mail,,,,,,,2025-03-31,{}\n", if busy { 9 } else { 3 });
    }
    let keeper = testkit::actor(Role::Coordinator, []);
    let csv = registry::import::Notation::Csv;
    let plan = registry::import::import(store, &keeper, text.as_bytes(), csv, now).await.unwrap();
    assert_eq!(plan.wrong().next(), None);
    for (place, one) in registry.organisations().iter().take(20).enumerate() {
        let changes = if place > 0 && size.others == Others::Busy { 3 } else { 1 };
        for number in 0..changes {
            let value = format!("asked-{number}.{}.example", one.key);
            let cells = vec![("organisation", one.key.as_str()), ("value", value.as_str())];
            let proposal = Proposal { noun: registry::Noun::Domain, cells, version: "", reason: "新設" };
            propose(store, &testkit::actor(Role::Csirt, [one.id]), &proposal, now).await.unwrap();
        }
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    fn read(path: &str, bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head and a body");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head in UTF-8");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            // Each cookie is a line of its own.
            let values = headers.entry(name.to_lowercase()).or_default();
            *values = if values.is_empty() { value.to_owned() } else { format!("{values}\n{value}") };
        }
        let body = &bytes[end + 4..];
        let is_book = headers
            .iter()
            .any(|(name, kind)| name == "content-type" && kind.ends_with("spreadsheetml.sheet"));
        let body = if is_book { unpacked(body) } else { String::from_utf8(body.to_vec()).expect("UTF-8") };
        Self { path: path.to_owned(), status: status.unwrap_or(0), headers, body }
    }

    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.header("set-cookie").lines()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Everything written inside a workbook, but for when it was made.
fn unpacked(book: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).expect("a workbook");
    let mut text = String::new();
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).unwrap();
        let name = part.name().expect("a name in UTF-8").into_owned();
        if name != "docProps/core.xml" {
            text.push_str(&format!("\n== {name}\n"));
            std::io::Read::read_to_string(&mut part, &mut text).expect("a part in UTF-8");
        }
    }
    text
}

fn yaml(size: Size) -> String {
    let mut text = "organisations:\n".to_owned();
    for place in 0..size.organisations {
        let parent = if place > 2 { "    parent: o1\n" } else { "" };
        text.push_str(&format!(
            "  - key: o{place}\n    name_ja: 第{place}情報文化振興省\n    name_en: Ministry of Information and Culture No. {place}\n    kind: ministry\n{parent}"
        ));
        if place == 1 {
            text.push_str("    networks:\n      - value: 192.0.2.0/24\n        criticality: high\n        system: 公開ウェブ\n        valid_from: 2020-04-01\n");
        }
    }
    text
}

/// When the first event of an organisation was, by its place in the registry.
pub(crate) fn first_event_at(place: u64) -> Timestamp {
    let now: Timestamp = NOW.parse().unwrap();
    now.checked_sub(SignedDuration::from_secs((place % 60) as i64 + 30)).unwrap()
}

fn part(
    size: Size,
    organisation: Id<OrganisationId>,
    place: usize,
    now: Timestamp,
    shelf: &mut Vec<StoredEvent>,
) -> PartResult {
    let ago = |seconds: i64| now.checked_sub(SignedDuration::from_secs(seconds)).unwrap();
    let value = |plain: &str| if size.nasty { format!("{}{plain}", nasty()) } else { plain.to_owned() };
    let shared = Observable { kind: ObservableKind::Domain, value: "shared.bad.example".into() };
    // The heat map shows the most hit: those that fill it have a threat in every hour, the others a few.
    let busy = place > 0 && size.others == Others::Busy;
    let threats = if place < crate::page::board::HEAT_ROWS_MAX { size.threats } else { size.threats.min(2) };
    let threats = if busy { threats + 4 } else { threats };
    let happened = |number: usize| ago(number as i64 * 3_600 + place as i64 % 60 + 30);
    let name = |number: usize| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(place as u64).to_be_bytes());
        id[8..].copy_from_slice(&(number as u64).to_be_bytes());
        id
    };
    // The third one counts the event before it and its own.
    let counted = |number: usize| Contributing { event: EventId(name(number)), at: happened(number) };
    let detections: Vec<Detection> = (0..threats)
        .map(|number| {
            let (at, id) = (happened(number), name(number));
            // One event of each organisation is enough to fill a page with the worst there is.
            if number == 0 || !size.nasty {
                shelf.push(event(size, organisation, EventId(id), at));
            }
            Detection {
                event: EventId(id),
                organisation,
                time: at,
                rule_id: if busy { format!("secret-{number}") } else { format!("rule-{}", number % 5) },
                rule_title: value("Web shell <b>asked</b> for"),
                level: if number % 2 == 0 { Severity::Critical } else { Severity::High },
                techniques: vec!["T1505.003".into()],
                route: "web/access/webserver".into(),
                fields: vec![("cs-uri-query".into(), value("cmd=GET"))],
                actor: value(&format!("198.51.{}.{}", if busy { 99 } else { 100 }, number % 250)),
                target: value("www.example"),
                // The campaign is the same in every world.
                observables: if number < 2 { vec![shared.clone()] } else { Vec::new() },
                indicator: None,
                contributing: if number == 2 { vec![counted(2), counted(1)] } else { Vec::new() },
            }
        })
        .collect();
    let hour = HourCount { hour: now, events: if busy { 7 } else { 1_234_567 }, last_event_at: ago(5) };
    let unread =
        UnreadRecord { offset: 5, line: 3, reason: value("not JSON"), beginning: nasty().into_bytes() };
    PartResult {
        organisation,
        file: value("www/access_log"),
        fingerprint: "f".into(),
        part: 0,
        new_offset: 100,
        hours: vec![hour],
        unread: vec![unread],
        unread_total: if busy { 9 } else { 2 },
        late: if busy { 11 } else { 3 },
        detections,
    }
}

fn event(size: Size, organisation: Id<OrganisationId>, id: EventId, time: Timestamp) -> StoredEvent {
    let mut raw = b"GET /shell.php?cmd=GET shared.bad.example ".to_vec();
    if size.nasty {
        raw.extend(nasty().repeat(8).into_bytes());
        raw.extend([0xff, 0xfe, 0]);
    }
    StoredEvent {
        id,
        organisation,
        time,
        time_stated: false,
        product: "web".into(),
        service: "access".into(),
        category: "webserver".into(),
        format: "web-access".into(),
        file: "www/access_log".into(),
        offset: 12,
        line: 3,
        fields: (0..if size.nasty { 160 } else { 2 }).map(|n| (format!("field{n}"), nasty())).collect(),
        raw,
        observables: vec![Observable { kind: ObservableKind::Domain, value: "shared.bad.example".into() }],
    }
}

/// Events in a list, searched by words only.
struct Shelf(Vec<StoredEvent>);

impl Shelf {
    fn fits(&self, scope: &Scope, search: &Search) -> Vec<StoredEvent> {
        let has =
            |event: &StoredEvent, word: &String| String::from_utf8_lossy(&event.raw).contains(word.as_str());
        let mut events: Vec<StoredEvent> = self
            .0
            .iter()
            .filter(|event| scope.covers(base::Right::ReadEvents, Some(event.organisation)))
            .filter(|event| {
                search.organisations.is_empty() || search.organisations.contains(&event.organisation)
            })
            .filter(|event| search.period.is_none_or(|period| period.contains(event.time)))
            .filter(|event| search.words.iter().all(|word| has(event, word)))
            .filter(|event| search.observables.iter().all(|one| event.observables.contains(one)))
            .cloned()
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
        events
    }
}

impl Lake for Shelf {
    fn append(&self, _: &str, _: &[StoredEvent]) -> Result<(), LakeError> {
        unreachable!("pages do not write events")
    }

    fn search(&self, scope: &Scope, search: &Search) -> Result<Found, LakeError> {
        let all = self.fits(scope, search);
        let later: Vec<_> = all
            .into_iter()
            .filter(|event| search.after.is_none_or(|after| (event.time, event.id) < after))
            .collect();
        let more = later.len() > search.limit;
        let events = later.into_iter().take(search.limit).collect();
        let damaged = vec!["day=2026-07-15/part.parquet: ends too early".to_owned()];
        Ok(Found { events, more, cost: Cost { files: 9, files_opened: 2, rows: 120, bytes: 4_096 }, damaged })
    }

    fn events(&self, scope: &Scope, ids: &[EventId], near: Period) -> Result<Vec<StoredEvent>, LakeError> {
        let fits = |event: &&StoredEvent| {
            ids.contains(&event.id)
                && near.contains(event.time)
                && scope.covers(base::Right::ReadEvents, Some(event.organisation))
        };
        Ok(self.0.iter().filter(fits).cloned().collect())
    }

    fn count(
        &self,
        scope: &Scope,
        search: &Search,
        _: &[Dimension],
    ) -> Result<Vec<(Vec<String>, u64)>, LakeError> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for event in self.fits(scope, search) {
            *counts.entry(event.organisation.to_string()).or_default() += 1;
        }
        Ok(counts.into_iter().map(|(organisation, events)| (vec![organisation], events)).collect())
    }

    fn top(
        &self,
        _: &Scope,
        _: Period,
        _: ObservableKind,
        _: usize,
    ) -> Result<Vec<(Observable, u64)>, LakeError> {
        Ok(Vec::new())
    }

    fn hunt(&self, _: &Scope, _: &[Wanted], _: Option<Period>) -> Result<Vec<Sighting>, LakeError> {
        Ok(Vec::new())
    }
}

/// The organisation with this key.
pub(crate) fn organisation(key: &str) -> Id<OrganisationId> {
    Organisation::id_of(key)
}
