//! `noroshi hunt`: whether anybody has seen any of a list of indicators.

use std::io::{self, BufWriter, Write};

use lake::ParquetLake;
use registry::Registry;
use watch::lake::{Lake as _, Sighting, Wanted};

use super::{Exit, form, period, say};
use crate::args::{Hunt, Output};
use crate::centre::Centre;
use crate::rules;

/// Runs the command.
pub fn run(args: &Hunt) -> anyhow::Result<Exit> {
    let (indicators, wrong) = rules::indicators(&args.indicators)?;
    for line in &wrong {
        say(&format!("{}:{}: {}", line.file, line.line, line.reason));
    }
    let wanted: Vec<_> =
        indicators.all().iter().map(|one| Wanted { kind: one.kind, value: one.value.clone() }).collect();
    let period = period(args.from.as_deref(), args.until.as_deref())?;
    let (sightings, registry) = match &args.lake {
        Some(root) => {
            anyhow::ensure!(root.is_dir(), "{} is not a folder", root.display());
            (ParquetLake::open(root)?.hunt(super::house().scope(), &wanted, period)?, None)
        }
        None => {
            let centre = Centre::open_existing(&args.data)?;
            (centre.lake.hunt(super::house().scope(), &wanted, period)?, Some(centre.registry()))
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    print(&mut out, &sightings, form(args.output, args.json), registry.as_deref())?;
    out.flush()?;
    let seen: std::collections::BTreeSet<_> = sightings.iter().map(|sighting| &sighting.indicator).collect();
    let hit: std::collections::BTreeSet<_> = sightings.iter().map(|sighting| sighting.organisation).collect();
    say(&format!("{} of {} indicators were seen, at {} organisations", seen.len(), wanted.len(), hit.len()));
    Ok(if wrong.is_empty() { Exit::Done } else { Exit::Unread })
}

fn print(
    out: &mut impl Write,
    sightings: &[Sighting],
    form: Output,
    registry: Option<&Registry>,
) -> anyhow::Result<()> {
    let key = |sighting: &Sighting| {
        let known = registry.and_then(|registry| registry.organisation(sighting.organisation));
        known.map_or_else(|| sighting.organisation.to_string(), |organisation| organisation.key.clone())
    };
    match form {
        Output::Table => {
            for one in sightings {
                writeln!(
                    out,
                    "{} ({}) at {}: {} events, {} to {}",
                    one.indicator,
                    one.observable,
                    key(one),
                    one.events,
                    one.first_at,
                    one.last_at
                )?;
            }
        }
        Output::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(["indicator", "kind", "value", "organisation", "first", "last", "events"])?;
            for one in sightings {
                let (first, last, events) =
                    (one.first_at.to_string(), one.last_at.to_string(), one.events.to_string());
                let kind = one.observable.kind.word();
                let value = &one.observable.value;
                writer.write_record([&one.indicator, kind, value, &key(one), &first, &last, &events])?;
            }
            writer.flush()?;
        }
        Output::Jsonl | Output::Ocsf => {
            for one in sightings {
                let object = serde_json::json!({
                    "indicator": one.indicator, "kind": one.observable.kind, "value": one.observable.value,
                    "organisation": key(one), "first_at": one.first_at, "last_at": one.last_at, "events": one.events,
                });
                serde_json::to_writer(&mut *out, &object)?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(())
}
