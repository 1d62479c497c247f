//! `noroshi search`: events in a data directory.

use std::io::{self, BufWriter, Write};

use base::{Observable, ObservableKind};
use registry::Registry;
use watch::lake::{Found, Lake as _, Search, StoredEvent};
use watch::observe;

use super::{Exit, form, period, say};
use crate::args::{self, Output};
use crate::centre::Centre;

/// Runs the command.
pub fn run(args: &args::Search) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(&args.data)?;
    let organisations =
        args.organisation.iter().map(|key| centre.organisation(key)).collect::<Result<_, _>>()?;
    let (observables, words) = terms(&args.words)?;
    let search = Search {
        period: period(args.from.as_deref(), args.until.as_deref())?,
        organisations,
        observables,
        words,
        product: args.product.clone(),
        service: args.service.clone(),
        category: args.category.clone(),
        limit: args.limit,
        after: None,
    };
    let found = centre.lake.search(super::house().scope(), &search)?;
    let registry = centre.registry();
    let mut out = BufWriter::new(io::stdout().lock());
    print(&mut out, &found.events, form(args.output, args.json), &registry)?;
    out.flush()?;
    say(&sentence(&found));
    Ok(Exit::Done)
}

/// `kind:value` and bare addresses, digests and URLs are observables; everything else is a word.
fn terms(written: &[String]) -> anyhow::Result<(Vec<Observable>, Vec<String>)> {
    let mut observables = Vec::new();
    let mut words = Vec::new();
    for term in written {
        let kind_and_value = term.split_once(':').and_then(|(kind, value)| Some((kind.parse().ok()?, value)));
        if let Some((kind, value)) = kind_and_value {
            match observe::normal(kind, value) {
                Some(observable) => observables.push(observable),
                None => anyhow::bail!("{value:?} is not of the kind {kind}"),
            }
            continue;
        }
        let bare = [ObservableKind::Address, ObservableKind::Hash, ObservableKind::Url];
        match bare.into_iter().find_map(|kind| observe::normal(kind, term)) {
            Some(observable) => observables.push(observable),
            None => words.push(term.clone()),
        }
    }
    Ok((observables, words))
}

fn print(
    out: &mut impl Write,
    events: &[StoredEvent],
    form: Output,
    registry: &Registry,
) -> anyhow::Result<()> {
    let key = |event: &StoredEvent| {
        let known = registry.organisation(event.organisation);
        known.map_or_else(|| event.organisation.to_string(), |organisation| organisation.key.clone())
    };
    let raw = |event: &StoredEvent| String::from_utf8_lossy(&event.raw).into_owned();
    let route = |event: &StoredEvent| format!("{}/{}/{}", event.product, event.service, event.category);
    match form {
        Output::Table => {
            for event in events {
                let printable: String = raw(event)
                    .chars()
                    .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                    .take(400)
                    .collect();
                writeln!(
                    out,
                    "{} {} {} {}:{}",
                    event.time,
                    key(event),
                    route(event),
                    event.file,
                    event.line
                )?;
                writeln!(out, "    {printable}")?;
            }
        }
        Output::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(["id", "time", "organisation", "route", "format", "file", "line", "raw"])?;
            for event in events {
                let (id, time, line) = (event.id.to_string(), event.time.to_string(), event.line.to_string());
                let (organisation, route, raw) = (key(event), route(event), raw(event));
                writer.write_record([
                    &id,
                    &time,
                    &organisation,
                    &route,
                    &event.format,
                    &event.file,
                    &line,
                    &raw,
                ])?;
            }
            writer.flush()?;
        }
        Output::Jsonl | Output::Ocsf => {
            for event in events {
                let observables: Vec<_> = event.observables.iter().map(Observable::to_string).collect();
                let object = serde_json::json!({
                    "id": event.id, "time": event.time, "time_stated": event.time_stated,
                    "organisation": key(event), "product": event.product, "service": event.service,
                    "category": event.category, "format": event.format, "file": event.file, "line": event.line,
                    "offset": event.offset, "observables": observables, "raw": raw(event),
                });
                serde_json::to_writer(&mut *out, &object)?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(())
}

fn sentence(found: &Found) -> String {
    let more = if found.more { " (there are more; narrow the question or raise --limit)" } else { "" };
    let cost = &found.cost;
    format!(
        "{} events{more}; {} of {} files opened, {} rows and {:.1} MB read",
        found.events.len(),
        cost.files_opened,
        cost.files,
        cost.rows,
        cost.bytes as f64 / 1e6
    )
}
