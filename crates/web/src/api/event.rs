//! Logs: searched, counted, one by one; and what could not be read.

use base::{EventId, Id, Organisation, Right, Timestamp};
use watch::intake::UnreadRow;
use watch::lake::{Dimension, Search, StoredEvent};

use super::asked::{Asked, wrong};
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Form, Page, Schema, Shape as _, shape};
use super::watch::{Fact, Observable, TEXT_CHARACTERS_MAX, observable};
use crate::error::Failure;
use crate::page::event::{fetch, fields};
use crate::page::search::terms;
use crate::route::Needs;

/// Events of one page.
const EVENTS_MAX: u32 = 100;
/// Unread records of one page.
const UNREAD_MAX: u32 = 200;
/// What the answer to a search keeps of a record; the rest is at its own address.
const BEGINNING_BYTES_MAX: usize = 4 * 1024;

shape! {
    /// One log record.
    Event {
        id: EventId, organisation: Id<Organisation>, time: Timestamp, time_stated: bool, product: String,
        service: String, category: String, format: String, file: String, offset: u64, line: u64,
        beginning: String, bytes: u64, fields: Vec<Fact>, observables: Vec<Observable>
    }
}

shape! {
    /// How many events an organisation has.
    EventCount { organisation: Id<Organisation>, events: u64 }
}

shape! {
    /// How many events there are, by organisation.
    EventCounts { total: u64, organisations: Vec<EventCount> }
}

shape! {
    /// A record that could not be read.
    Unread {
        number: u64, at: Timestamp, organisation: Id<Organisation>, file: String, offset: u64, line: u64,
        reason: String, beginning: String
    }
}

/// The operations about logs.
pub(super) fn operations() -> Vec<Operation> {
    let reading = Needs::Right(Right::ReadEvents);
    vec![
        search(Operation::get("list_events", "/api/v1/events", reading, |asked| Box::pin(list(asked))))
            .in_pages(EVENTS_MAX)
            .gives::<Page<Event>>(),
        search(Operation::get("count_events", "/api/v1/event-counts", reading, |asked| {
            Box::pin(count(asked))
        }))
        .gives::<EventCounts>(),
        Operation::get("get_event", "/api/v1/events/{id}", reading, |asked| Box::pin(one(asked)))
            .at::<EventId>("id")
            .must_have("time", Schema::Text(Form::Moment))
            .gives::<Event>(),
        Operation::get("get_raw_event", "/api/v1/events/{id}/raw", reading, |asked| Box::pin(raw(asked)))
            .at::<EventId>("id")
            .must_have("time", Schema::Text(Form::Moment))
            .gives_file(&["application/octet-stream"]),
        Operation::get("list_unread", "/api/v1/unread", reading, |asked| Box::pin(unread(asked)))
            .in_pages(UNREAD_MAX)
            .gives::<Page<Unread>>(),
    ]
}

fn search(operation: Operation) -> Operation {
    let text = || Schema::text(TEXT_CHARACTERS_MAX);
    operation
        .may_have("q", text())
        .may_have("from", Schema::Text(Form::Moment))
        .may_have("to", Schema::Text(Form::Moment))
        .may_have("organisation", Id::<Organisation>::schema())
        .may_have("product", text())
        .may_have("service", text())
        .may_have("category", text())
}

fn wanted(asked: &Asked) -> Result<Search, Failure> {
    let terms = terms(asked.text("q").unwrap_or_default());
    let text = |name| asked.text(name).map(str::to_owned);
    let organisation: Option<Id<Organisation>> = asked.parsed("organisation")?;
    Ok(Search {
        period: asked.period()?,
        organisations: organisation.into_iter().collect(),
        observables: terms.observables,
        words: terms.words,
        product: text("product"),
        service: text("service"),
        category: text("category"),
        limit: usize::try_from(asked.limit()).unwrap_or(usize::MAX),
        after: None,
    })
}

/// Where a search goes on.
struct After(Timestamp, EventId);

impl std::str::FromStr for After {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (time, id) = text.split_once('.').ok_or(())?;
        let time = time.parse().ok().and_then(|time| Timestamp::from_nanosecond(time).ok()).ok_or(())?;
        Ok(Self(time, id.parse().map_err(|_| ())?))
    }
}

async fn list(asked: Asked) -> Result<Reply, Failure> {
    let after = asked.cursor::<After>()?.map(|After(time, id)| (time, id));
    let search = Search { after, ..wanted(&asked)? };
    let (lake, scope) = (asked.app.state.lake.clone(), asked.scope().clone());
    let found = blocking(&asked, move || Ok(lake.search(&scope, &search)?)).await?;
    let last = found.events.last().filter(|_| found.more);
    let next = last.map(|last| format!("{}.{}", last.time.as_nanosecond(), last.id));
    asked.page(found.events.iter().map(event).collect(), next)
}

async fn count(asked: Asked) -> Result<Reply, Failure> {
    let (search, scope) = (wanted(&asked)?, asked.scope().clone());
    let lake = asked.app.state.lake.clone();
    let counts =
        blocking(&asked, move || Ok(lake.count(&scope, &search, &[Dimension::Organisation])?)).await?;
    let organisations: Vec<EventCount> = counts
        .iter()
        .filter_map(|(keys, events)| {
            Some(EventCount { organisation: keys.first()?.parse().ok()?, events: *events })
        })
        .collect();
    Reply::json(&EventCounts { total: organisations.iter().map(|one| one.events).sum(), organisations })
}

/// Asks the lake when it is this question's turn.
async fn blocking<T: Send + 'static>(
    asked: &Asked,
    question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let turn = asked.app.searches.acquire().await;
    let turn = turn.map_err(|_| Failure::new(axum::http::StatusCode::SERVICE_UNAVAILABLE))?;
    let answer = tokio::task::spawn_blocking(question).await?;
    drop(turn);
    answer
}

fn event(one: &StoredEvent) -> Event {
    let beginning = one.raw.get(..BEGINNING_BYTES_MAX).unwrap_or(&one.raw);
    Event {
        id: one.id,
        organisation: one.organisation,
        time: one.time,
        time_stated: one.time_stated,
        product: one.product.clone(),
        service: one.service.clone(),
        category: one.category.clone(),
        format: one.format.clone(),
        file: one.file.clone(),
        offset: one.offset,
        line: one.line,
        // Bytes that are no text are written `\xFF`, as the pages show them; the record itself is at `raw`.
        beginning: beginning.utf8_chunks().fold(String::new(), |mut text, chunk| {
            text.push_str(chunk.valid());
            chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
            text
        }),
        bytes: one.raw.len() as u64,
        fields: fields(one).into_iter().map(|(name, value)| Fact { name, value }).collect(),
        observables: one.observables.iter().map(observable).collect(),
    }
}

async fn find(asked: &Asked) -> Result<StoredEvent, Failure> {
    let time = asked.parsed("time")?.ok_or_else(|| wrong("time", "api-wrong-missing"))?;
    fetch(&asked.app, &asked.visit, asked.at("id"), time).await
}

async fn one(asked: Asked) -> Result<Reply, Failure> {
    Reply::json(&event(&find(&asked).await?))
}

async fn raw(asked: Asked) -> Result<Reply, Failure> {
    let event = find(&asked).await?;
    Ok(Reply::file("application/octet-stream", &format!("{}.txt", event.id), event.raw))
}

async fn unread(asked: Asked) -> Result<Reply, Failure> {
    let (store, before) = (&asked.app.state.store, asked.cursor()?);
    let limit = asked.limit();
    let mut rows = watch::intake::unread(store, asked.scope(), limit.saturating_add(1), before).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|last| last.seq);
    asked.page(rows.iter().map(unread_of).collect(), next)
}

fn unread_of(one: &UnreadRow) -> Unread {
    Unread {
        number: u64::try_from(one.seq).unwrap_or(0),
        at: one.at,
        organisation: one.organisation,
        file: one.file.clone(),
        offset: one.offset,
        line: one.line,
        reason: one.reason.clone(),
        beginning: one.beginning.clone(),
    }
}
