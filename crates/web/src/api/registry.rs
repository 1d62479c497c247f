//! The registry: who is responsible for what, which systems there are, what is to be changed, and files in and out.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use base::{Change as ChangeKind, FiscalYear, Id, Organisation, PointOfContact, Right, Timestamp, japan_day};
use jiff::civil::Date;
use registry::change::{self, Current, Decision, Proposal, Proposed};
use registry::import::{self, Fate, Notation, Plan};
use registry::{Asset, Noun, OrganisationKind, ServerKind, contact, entry, server_count};

use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Fault, Form, Page, Schema, Shape, UpTo, Word, Worded, request, shape};
use super::watch::{Observable, observable};
use crate::error::Failure;
use crate::page::registry as pages;
use crate::page::registry::file::UPLOAD_BYTES_MAX;
use crate::route::Needs;

/// Lines of one page of a list.
const ROWS_MAX: u32 = 500;
/// Rows of an imported file that the answer names; wrong ones come first.
const FATES_MAX: usize = 1_000;
/// Years of server figures.
const YEARS: i16 = 15;
/// Characters of one value: a key of 16 KiB.
const VALUE_CHARACTERS_MAX: usize = 16 * 1024;

const CSV: &str = "text/csv";
const YAML: &str = "application/yaml";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

shape! {
    /// An organisation of the tree, and how much it has.
    Place {
        id: Id<Organisation>, key: String, name_ja: String, name_en: String, kind: Word<OrganisationKind>,
        parent: Option<Id<Organisation>>, counts: BTreeMap<String, u64>
    }
}

shape! {
    /// One thing of the registry, by column.
    Entry { noun: Word<Noun>, organisation: Id<Organisation>, id: Option<String>, values: BTreeMap<String, String> }
}

shape! {
    /// What became of a row that was sent.
    Outcome { outcome: Word<Become>, change: Option<Id<ChangeKind>> }
}

shape! {
    /// A change that was asked for.
    Change {
        id: Id<ChangeKind>, number: String, organisation: Id<Organisation>, noun: Word<Noun>, about: String,
        action: Word<change::Action>, values: BTreeMap<String, String>, reason: String,
        state: Word<change::State>, asked_by_name: String, asked_at: Timestamp,
        decided_at: Option<Timestamp>, answer: String
    }
}

shape! {
    /// A change, and what stands in the registry now.
    ChangeDetail { change: Change, current: Option<BTreeMap<String, String>>, conflict: bool }
}

shape! {
    /// A contact that nobody has confirmed for long.
    OverdueContact {
        id: String, organisation: Id<Organisation>, key: String, name_ja: String, name_en: String,
        last_verified_at: Option<Timestamp>, asked_at: Option<Timestamp>, bounces: u64
    }
}

shape! {
    /// A link that is told once.
    ContactLink { link: String, ends_at: Timestamp }
}

shape! {
    /// The servers of a fiscal year.
    ServerYear { year: u16, day: Date, figures: Vec<ServerFigure> }
}

shape! {
    /// How many servers of a kind, and how many organisations have said so.
    ServerFigure { kind: Word<ServerKind>, servers: u64, organisations_total: u64 }
}

shape! {
    /// All years.
    ServerYears { years: Vec<ServerYear> }
}

shape! {
    /// What became of a file, or would become of it.
    Imported { dry_run: bool, tally: Tally, rows: Vec<Row>, rows_left: u64 }
}

shape! {
    /// How many rows met which fate.
    Tally { new: u64, changed: u64, retired: u64, same: u64, wrong: u64 }
}

shape! {
    /// One row of the file.
    Row { line: u64, about: String, fate: Word<Met>, columns: Vec<String>, sentence: String }
}

shape! {
    /// A value seen that nobody owns.
    Unowned {
        observable: Observable, organisation: Id<Organisation>, times: u64, first_at: Timestamp, last_at: Timestamp
    }
}

request! {
    /// One thing, as it is to stand in the registry.
    Propose { values: Values, reason: Option<UpTo<{ change::REASON_CHARS_MAX }>> }
}

request! {
    /// What is decided about a change.
    DecideChange { decision: Word<Verb>, answer: Option<UpTo<{ change::REASON_CHARS_MAX }>> }
}

/// What stands in the columns of a row.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Values(BTreeMap<String, String>);

impl Shape for Values {
    fn schema() -> Schema {
        let mut names: Vec<&'static str> = Noun::ALL.iter().flat_map(|noun| noun.columns()).collect();
        names.sort_unstable();
        names.dedup();
        Schema::Map { names, of: Box::new(Schema::Text(Form::Between(0, VALUE_CHARACTERS_MAX))) }
    }
}

/// Words of this file alone.
macro_rules! own_words {
    ($($(#[$about:meta])* $name:ident { $($one:ident = $word:literal),+ })+) => {
        $($(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($one),+ }

        impl Worded for $name {
            fn all() -> Vec<Self> {
                vec![$(Self::$one),+]
            }

            fn text(self) -> &'static str {
                match self { $(Self::$one => $word),+ }
            }
        })+
    };
}

own_words! {
    /// What became of a row that was sent.
    Become { Nothing = "nothing", New = "new", Changed = "changed", Retired = "retired", Waiting = "waiting" }
    /// What became of a row of a file.
    Met { New = "new", Changed = "changed", Retired = "retired", Same = "same", Wrong = "wrong" }
    /// What is decided about a change.
    Verb { Approve = "approve", Refuse = "refuse", Withdraw = "withdraw" }
}

/// The operations about the registry.
pub(super) fn operations() -> Vec<Operation> {
    let of = "/api/v1/registry/organisations/{id}/{noun}";
    let (reading, keeping) = (Needs::Right(Right::ReadRegistry), Needs::Right(Right::KeepRegistry));
    let people = Needs::Right(Right::ReadPeople);
    // People and systems are two rights; what is asked for decides which.
    let either = Needs::SignIn;
    vec![
        Operation::get("list_places", "/api/v1/registry/organisations", either, |asked| {
            Box::pin(places(asked))
        })
        .in_pages(ROWS_MAX)
        .gives::<Page<Place>>(),
        Operation::get("list_entries", of, either, |asked| Box::pin(entries(asked)))
            .at::<Id<Organisation>>("id")
            .at::<Word<Noun>>("noun")
            .in_pages(ROWS_MAX)
            .gives::<Page<Entry>>(),
        Operation::get("get_entry", "/api/v1/registry/organisations/{id}/{noun}/entry", either, |asked| {
            Box::pin(one_entry(asked))
        })
        .at::<Id<Organisation>>("id")
        .at::<Word<Noun>>("noun")
        .may_have("key", Schema::text(VALUE_CHARACTERS_MAX))
        .may_have("value", Schema::text(VALUE_CHARACTERS_MAX))
        .may_have("valid_from", Schema::Text(Form::Day))
        .gives::<Entry>(),
        Operation::post("propose_entry", of, either, |asked| Box::pin(propose(asked)))
            .at::<Id<Organisation>>("id")
            .at::<Word<Noun>>("noun")
            .takes::<Propose>()
            .gives::<Outcome>()
            .succeeding(&[200, 202])
            .looks_at_if_match(),
        Operation::get("list_changes", "/api/v1/registry/changes", reading, |asked| Box::pin(changes(asked)))
            .may_have("organisation", Id::<Organisation>::schema())
            .may_have("state", Word::<change::State>::schema())
            .in_pages(change::LIST_MAX)
            .gives::<Page<Change>>(),
        Operation::get("get_change", "/api/v1/registry/changes/{id}", reading, |asked| {
            Box::pin(one_change(asked))
        })
        .at::<Id<ChangeKind>>("id")
        .gives::<ChangeDetail>(),
        Operation::post("decide_change", "/api/v1/registry/changes/{id}/decision", reading, |asked| {
            Box::pin(decide(asked))
        })
        .at::<Id<ChangeKind>>("id")
        .takes::<DecideChange>()
        .gives::<Change>(),
        Operation::get("list_overdue_contacts", "/api/v1/registry/contacts/overdue", people, |asked| {
            Box::pin(overdue(asked))
        })
        .in_pages(ROWS_MAX)
        .gives::<Page<OverdueContact>>(),
        Operation::post("ask_contact", "/api/v1/registry/contacts/{id}/ask", people, |asked| {
            Box::pin(ask(asked))
        })
        .at::<Id<PointOfContact>>("id")
        .gives::<ContactLink>(),
        Operation::post("note_bounced_contact", "/api/v1/registry/contacts/{id}/bounced", people, |asked| {
            Box::pin(bounced(asked))
        })
        .at::<Id<PointOfContact>>("id"),
        Operation::get("get_server_years", "/api/v1/registry/servers", reading, |asked| {
            Box::pin(servers(asked))
        })
        .gives::<ServerYears>(),
        Operation::get("export_registry", "/api/v1/registry/export/{name}", either, |asked| {
            Box::pin(export(asked))
        })
        .at::<ExportName>("name")
        .may_have("organisation", Id::<Organisation>::schema())
        .gives_file(&[CSV, XLSX]),
        Operation::post("import_registry", "/api/v1/registry/import", keeping, |asked| {
            Box::pin(import(asked))
        })
        .may_have("dry_run", Schema::Truth)
        .takes_file(&[CSV, YAML, XLSX], UPLOAD_BYTES_MAX)
        .gives::<Imported>(),
        Operation::get("list_unowned", "/api/v1/unowned", keeping, |asked| Box::pin(unowned(asked)))
            .in_pages(ROWS_MAX)
            .gives::<Page<Unowned>>(),
    ]
}

async fn places(asked: Asked) -> Result<Reply, Failure> {
    let visit = &asked.visit;
    if !asked.scope().has(Right::ReadPeople) {
        pages::require(visit, Right::ReadRegistry)?;
    }
    let reached: Vec<_> =
        visit.registry.organisations().iter().filter(|one| pages::reaches(visit, one.id)).collect();
    let (shown, next) = asked.part_of(&reached, |one| one.id.to_string())?;
    let ids: Vec<_> = shown.iter().map(|one| one.id).collect();
    let (store, today) = (&asked.app.state.store, japan_day(asked.now()));
    let mut counts = Vec::new();
    for noun in Noun::RECORDS {
        counts.push((noun, entry::counts(store, asked.scope(), noun, today, &ids).await?));
    }
    let places = shown
        .iter()
        .map(|one| Place {
            id: one.id,
            key: one.key.clone(),
            name_ja: one.name_ja.clone(),
            name_en: one.name_en.clone(),
            kind: Word(one.kind),
            // What stands above and is not reached is nothing to learn here.
            parent: one.parent,
            counts: counts
                .iter()
                .map(|(noun, of)| (noun.word().to_owned(), of.get(&one.id).copied().unwrap_or(0)))
                .collect(),
        })
        .collect();
    asked.page(places, next)
}

/// The organisation, its key, and the noun of the path, where the reader may see such things.
fn reached(asked: &Asked) -> Result<(Id<Organisation>, String, Noun), Failure> {
    let id = pages::organisation(&asked.visit, asked.at("id"))?;
    let noun: Noun = asked.at("noun").parse().map_err(|_| Failure::not_found())?;
    if !asked.scope().covers(noun.right(), Some(id)) {
        return Err(Failure::not_found());
    }
    let one = asked.visit.registry.organisation(id).ok_or_else(Failure::not_found)?;
    Ok((id, one.key.clone(), noun))
}

async fn entries(asked: Asked) -> Result<Reply, Failure> {
    let (id, key, noun) = reached(&asked)?;
    let (store, scope) = (&asked.app.state.store, asked.scope());
    match noun {
        Noun::Organisation => {
            let current = change::look(store, scope, noun, &[("organisation", &key)]).await?;
            asked.page(current.iter().map(|one| entry_of(noun, id, one)).collect(), None::<String>)
        }
        Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => {
            let found = entry::assets(store, scope, &asked.visit.registry, id).await?;
            let found = found.iter().filter(|asset| asset.kind.noun() == noun);
            asked.page_sorted(found.map(|asset| (key_of(asset), asset_entry(asset))).collect())
        }
        _ => {
            let limit = asked.limit();
            let after: Option<String> = asked.cursor()?;
            let (today, one_more) = (japan_day(asked.now()), limit.saturating_add(1));
            let mut found = entry::list(store, scope, noun, id, today, after.as_deref(), one_more).await?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            // The list ends where its room says; then it goes on, as far as anybody knows.
            let more = found.len() > limit || found.len() == usize::try_from(entry::LIST_MAX).unwrap_or(0);
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|last| last.key.clone());
            asked.page(found.iter().map(record_entry).collect(), next)
        }
    }
}

fn key_of(asset: &Asset) -> String {
    format!("{} {}", asset.value, asset.validity.from)
}

fn entry_of(noun: Noun, organisation: Id<Organisation>, current: &Current) -> Entry {
    let values: BTreeMap<String, String> =
        current.cells.iter().map(|(column, value)| ((*column).to_owned(), value.clone())).collect();
    let key = values.get("key").map(String::as_str);
    Entry {
        noun: Word(noun),
        organisation,
        id: key.map(|key| registry::id_of(noun, organisation, key)),
        values,
    }
}

fn record_entry(record: &registry::Record) -> Entry {
    let columns = record.noun.columns().into_iter();
    Entry {
        noun: Word(record.noun),
        organisation: record.organisation,
        id: Some(record.id()),
        values: columns.map(|column| (column.to_owned(), record.written(column))).collect(),
    }
}

fn asset_entry(asset: &Asset) -> Entry {
    let day = |day: Date, always| if day == always { String::new() } else { day.to_string() };
    let values = [
        ("value", asset.value.clone()),
        ("valid_from", day(asset.validity.from, registry::Validity::FIRST)),
        ("valid_until", day(asset.validity.until, registry::Validity::LAST)),
        ("criticality", asset.criticality.word().to_owned()),
        ("system", asset.system.clone()),
        ("device_class", asset.device_class.clone()),
    ];
    Entry {
        noun: Word(asset.kind.noun()),
        organisation: asset.organisation,
        id: None,
        values: values.map(|(column, value)| (column.to_owned(), value)).into(),
    }
}

async fn one_entry(asked: Asked) -> Result<Reply, Failure> {
    let (id, key, noun) = reached(&asked)?;
    let mut named: Vec<(&'static str, &str)> = vec![("organisation", &key)];
    named.extend(["key", "value", "valid_from"].iter().filter_map(|name| Some((*name, asked.text(name)?))));
    if named.len() == 1 && noun != Noun::Organisation {
        return Err(Failure::not_found());
    }
    let current = change::look(&asked.app.state.store, asked.scope(), noun, &named).await?;
    Reply::json(&entry_of(noun, id, &current.ok_or_else(Failure::not_found)?))
}

async fn propose(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: Propose = asked.json()?;
    let (id, key, noun) = reached(&asked)?;
    if !pages::place::may_write(&asked.visit, id) {
        return Err(Failure::new(StatusCode::FORBIDDEN));
    }
    let columns = noun.columns();
    let unknown = sent.values.0.keys().filter(|name| !columns.contains(&name.as_str()));
    let faults: Vec<Fault> =
        unknown.map(|name| Fault::new(&format!("/values/{name}"), "api-wrong-column", noun.word())).collect();
    if !faults.is_empty() {
        return Err(Failure::at(StatusCode::UNPROCESSABLE_ENTITY, faults));
    }
    let said = |column: &str| sent.values.0.get(column).map_or("", String::as_str);
    let mut cells = vec![("organisation", key.as_str())];
    cells.extend(columns.into_iter().map(|column| (column, said(column))));
    let version = version(&asked, id, noun, &cells).await?;
    let reason = sent.reason.as_ref().map_or("", |reason| reason.0.as_str());
    let proposal = Proposal { noun, cells, version: &version, reason };
    let (store, actor) = (&asked.app.state.store, asked.actor()?);
    let proposed = change::propose(store, actor, &proposal, asked.now()).await;
    let outcome = |outcome, change| Reply::json(&Outcome { outcome: Word(outcome), change });
    match proposed.map_err(|error| refused(&asked, error, "/values/"))? {
        Proposed::Nothing => outcome(Become::Nothing, None),
        Proposed::Done(Fate::New) => outcome(Become::New, None),
        Proposed::Done(Fate::Retired) => outcome(Become::Retired, None),
        Proposed::Done(_) => outcome(Become::Changed, None),
        Proposed::Waiting(change) => {
            Ok(outcome(Become::Waiting, Some(change))?
                .waits_at(&format!("/api/v1/registry/changes/{change}")))
        }
    }
}

/// The version that a change is made from: of what the asker saw, when they say that they saw it, or of nothing.
async fn version(
    asked: &Asked,
    id: Id<Organisation>,
    noun: Noun,
    cells: &[(&'static str, &str)],
) -> Result<String, Failure> {
    let current = change::look(&asked.app.state.store, asked.scope(), noun, cells).await?;
    let shown = current.as_ref().map(|current| Reply::json(&entry_of(noun, id, current))).transpose()?;
    match asked.has_seen(shown.as_ref()) {
        None => Ok(String::new()),
        Some(true) => Ok(current.map(|current| current.version()).unwrap_or_default()),
        Some(false) => Err(Failure::new(StatusCode::PRECONDITION_FAILED)),
    }
}

/// What the registry refuses, naming the column.
fn refused(asked: &Asked, error: registry::Error, under: &str) -> Failure {
    match error {
        registry::Error::Wrong { column, reason } => {
            let sentence = pages::wrong(&asked.visit, column, &reason);
            let at = match column {
                "reason" | "answer" => format!("/{column}"),
                column => format!("{under}{column}"),
            };
            let fault = Fault::new(&at, "api-wrong-said", sentence);
            Failure::at(StatusCode::UNPROCESSABLE_ENTITY, vec![fault])
        }
        error => error.into(),
    }
}

async fn changes(asked: Asked) -> Result<Reply, Failure> {
    let (organisation, state) = (asked.parsed("organisation")?, asked.parsed("state")?);
    let (store, after, limit) = (&asked.app.state.store, asked.cursor()?, asked.limit());
    let (found, next) = change::list(store, asked.scope(), organisation, state, after, limit).await?;
    asked.page(found.iter().map(change_of).collect(), next)
}

fn change_of(one: &change::Change) -> Change {
    Change {
        id: one.id,
        number: one.number.clone(),
        organisation: one.organisation,
        noun: Word(one.noun),
        about: one.about.clone(),
        action: Word(one.action),
        values: one.written.iter().cloned().collect(),
        reason: one.reason.clone(),
        state: Word(one.state),
        asked_by_name: one.asked_by_name.clone(),
        asked_at: one.asked_at,
        decided_at: one.decided_at,
        answer: one.answer.clone(),
    }
}

async fn one_change(asked: Asked) -> Result<Reply, Failure> {
    let (found, current) = change::find(&asked.app.state.store, asked.scope(), asked.id()?).await?;
    let cells = |current: &Current| {
        current.cells.iter().map(|(column, value)| ((*column).to_owned(), value.clone())).collect()
    };
    Reply::json(&ChangeDetail {
        change: change_of(&found),
        conflict: found.conflicts_with(current.as_ref()),
        current: current.as_ref().map(cells),
    })
}

async fn decide(mut asked: Asked) -> Result<Reply, Failure> {
    let (id, sent): (Id<ChangeKind>, DecideChange) = (asked.id()?, asked.json()?);
    let (store, actor, now) = (&asked.app.state.store, asked.actor()?, asked.now());
    let answer = sent.answer.as_ref().map_or("", |answer| answer.0.as_str());
    let decided = match sent.decision.0 {
        Verb::Approve => change::decide(store, actor, id, Decision::Approve, answer, now).await,
        Verb::Refuse => change::decide(store, actor, id, Decision::Refuse, answer, now).await,
        Verb::Withdraw => change::withdraw(store, actor, id, now).await,
    };
    decided.map_err(|error| refused(&asked, error, "/"))?;
    let (found, _) = change::find(store, asked.scope(), id).await?;
    Reply::json(&change_of(&found))
}

async fn overdue(asked: Asked) -> Result<Reply, Failure> {
    let (store, now, after) = (&asked.app.state.store, asked.now(), asked.cursor::<contact::After>()?);
    let (found, next) =
        contact::overdue_page(store, asked.scope(), now, after.as_ref(), asked.limit()).await?;
    let line = |(record, known): &(registry::Record, contact::Verification)| OverdueContact {
        id: record.id(),
        organisation: record.organisation,
        key: record.key.clone(),
        name_ja: record.value("name_ja").to_owned(),
        name_en: record.value("name_en").to_owned(),
        last_verified_at: known.last_verified_at,
        asked_at: known.asked_at,
        bounces: known.bounces,
    };
    asked.page(found.iter().map(line).collect(), next)
}

async fn ask(asked: Asked) -> Result<Reply, Failure> {
    let (store, actor) = (&asked.app.state.store, asked.actor()?);
    let made = contact::ask(store, actor, asked.id()?, asked.now()).await?;
    let origin = asked.app.state.site.origin().unwrap_or_default();
    let link = format!("{origin}/contacts/confirm?token={}", made.token);
    Reply::json(&ContactLink { link, ends_at: made.ends_at })
}

async fn bounced(asked: Asked) -> Result<Reply, Failure> {
    contact::came_back(&asked.app.state.store, asked.actor()?, asked.id()?, asked.now()).await?;
    Ok(Reply::done())
}

async fn servers(asked: Asked) -> Result<Reply, Failure> {
    let today = japan_day(asked.now());
    let first = FiscalYear(FiscalYear::of(today).0 - YEARS + 1);
    let years = server_count::years(&asked.app.state.store, asked.scope(), first, today).await?;
    let figure = |year: &server_count::ServerYear, kind: ServerKind| {
        let (servers, organisations) = year.total(kind);
        ServerFigure { kind: Word(kind), servers, organisations_total: organisations as u64 }
    };
    let year = |one: &server_count::ServerYear| ServerYear {
        year: u16::try_from(one.year.0).unwrap_or(0),
        day: one.day,
        figures: ServerKind::ALL.iter().map(|kind| figure(one, *kind)).collect(),
    };
    Reply::json(&ServerYears { years: years.iter().map(year).collect() })
}

/// The files there are to export.
enum ExportName {}

impl Shape for ExportName {
    fn schema() -> Schema {
        Schema::Text(Form::OneOf(vec![
            "registry.xlsx",
            "organisation.csv",
            "person.csv",
            "contact.csv",
            "system.csv",
            "network.csv",
            "domain.csv",
            "mail_domain.csv",
            "host.csv",
            "server.csv",
            "software.csv",
            "function.csv",
            "server_count.csv",
        ]))
    }
}

async fn export(asked: Asked) -> Result<Reply, Failure> {
    let (name, organisation) = (asked.at("name"), asked.parsed("organisation")?);
    let (kind, bytes) = pages::file::written(&asked.app, &asked.visit, name, organisation).await?;
    Ok(Reply::file(kind, name, bytes))
}

async fn import(mut asked: Asked) -> Result<Reply, Failure> {
    let (kind, bytes) = asked.file();
    let notation = match kind.as_str() {
        YAML => Notation::Yaml,
        XLSX => Notation::Xlsx,
        _ => Notation::Csv,
    };
    // Nothing is written unless somebody says so.
    let dry_run = asked.text("dry_run") != Some("false");
    let (store, actor, now) = (&asked.app.state.store, asked.actor()?, asked.now());
    let plan = match dry_run {
        true => import::rehearse(store, actor, &bytes, notation, now).await,
        false => import::import(store, actor, &bytes, notation, now).await,
    };
    match plan {
        Ok(plan) => Reply::json(&imported(&asked, dry_run, &plan)),
        Err(registry::Error::Unreadable { line, reason }) => {
            let facts =
                [("line", line.into()), ("reason", crate::visible::neutral_short(&reason, 200).into())];
            let sentence = asked.visit.words.with("registry-import-unreadable", &facts);
            let fault = Fault::new("", "api-wrong-said", sentence);
            Err(Failure::at(StatusCode::UNPROCESSABLE_ENTITY, vec![fault]))
        }
        Err(error) => Err(refused(&asked, error, "")),
    }
}

fn imported(asked: &Asked, dry_run: bool, plan: &Plan) -> Imported {
    let is_right = |row: &&import::Row| !matches!(row.fate, Fate::Wrong { .. });
    let rows: Vec<Row> = plan
        .wrong()
        .chain(plan.rows.iter().filter(is_right))
        .take(FATES_MAX)
        .map(|row| row_of(asked, row))
        .collect();
    let tally = plan.tally();
    Imported {
        dry_run,
        tally: Tally {
            new: tally.new,
            changed: tally.changed,
            retired: tally.retired,
            same: tally.same,
            wrong: tally.wrong,
        },
        rows_left: plan.rows.len().saturating_sub(rows.len()) as u64,
        rows,
    }
}

fn row_of(asked: &Asked, row: &import::Row) -> Row {
    let (fate, columns, sentence) = match &row.fate {
        Fate::New => (Met::New, Vec::new(), String::new()),
        Fate::Changed { columns } => (Met::Changed, columns.clone(), String::new()),
        Fate::Retired => (Met::Retired, Vec::new(), String::new()),
        Fate::Same => (Met::Same, Vec::new(), String::new()),
        Fate::Wrong { column, reason } => {
            (Met::Wrong, vec![*column], pages::wrong(&asked.visit, column, reason))
        }
    };
    Row {
        line: row.line,
        about: row.about.clone(),
        fate: Word(fate),
        columns: columns.into_iter().map(str::to_owned).collect(),
        sentence,
    }
}

async fn unowned(asked: Asked) -> Result<Reply, Failure> {
    let (store, after) = (&asked.app.state.store, asked.cursor::<registry::unowned::After>()?);
    let (found, next) = registry::unowned::page(store, asked.scope(), after.as_ref(), asked.limit()).await?;
    let line = |one: &registry::Unowned| Unowned {
        observable: observable(&one.observable),
        organisation: one.seen_at,
        times: one.seen,
        first_at: one.first_at,
        last_at: one.last_at,
    };
    asked.page(found.iter().map(line).collect(), next)
}
