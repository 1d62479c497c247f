//! `noroshi registry`: organisations in, and who owns what.

use std::path::Path;

use anyhow::{Context as _, bail};
use base::{Id, Organisation};
use registry::import::{Fate, Notation, Plan};
use registry::{Contact, Kept as _, Noun, ServerKind, contact, export, server_count};

use super::{Exit, print_json, say};
use crate::args::{Data, RegistryCommand};
use crate::centre::Centre;
use crate::clock;
use crate::config::Config;

/// Contacts listed.
const LIST_MAX: u32 = 1000;

/// Runs the command.
pub fn run(command: &RegistryCommand) -> anyhow::Result<Exit> {
    match command {
        RegistryCommand::Import { data, file, dry_run, json } => import(data, file, *dry_run, *json),
        RegistryCommand::Export { data, file, noun, organisation } => {
            write(data, file, *noun, organisation.as_deref())
        }
        RegistryCommand::Contacts { data, ask, json } => contacts(data, ask.as_deref(), *json),
        RegistryCommand::Servers { data, from, json } => servers(data, *from, *json),
        RegistryCommand::Owner { data, value, at, json } => owner(data, value, at.as_deref(), *json),
    }
}

fn import(data: &Data, file: &Path, dry_run: bool, json: bool) -> anyhow::Result<Exit> {
    let Some(notation) = file.to_str().and_then(Notation::of_name) else {
        bail!("{} is neither .csv nor .yaml nor .xlsx", file.display());
    };
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let config = Config::load(data.config.as_deref())?;
    let directory = data.data.as_ref().unwrap_or(&config.data.directory);
    let centre = Centre::open(directory, &config)?;
    let (house, now) = (super::house(), clock::now());
    let plan = if dry_run {
        let rehearsal = registry::import::rehearse(&centre.store, &house, &bytes, notation, now);
        centre.runtime.block_on(rehearsal)?
    } else {
        centre.import_registry(&house, &bytes, notation, now)?
    };
    report(&plan, file, json)?;
    Ok(if plan.wrong().next().is_some() { Exit::Unread } else { Exit::Done })
}

fn report(plan: &Plan, file: &Path, json: bool) -> anyhow::Result<()> {
    if json {
        for row in &plan.rows {
            print_json(row)?;
        }
    }
    for row in plan.wrong() {
        if let Fate::Wrong { column, reason } = &row.fate {
            say(&format!("{}:{}: {}: {column}: {reason}", file.display(), row.line, row.about));
        }
    }
    let tally = plan.tally();
    say(&format!(
        "{} new, {} changed, {} retired, {} unchanged, {} wrong",
        tally.new, tally.changed, tally.retired, tally.same, tally.wrong
    ));
    Ok(())
}

fn write(data: &Data, file: &Path, noun: Option<Noun>, organisation: Option<&str>) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(data)?;
    let house = super::house();
    let organisation = organisation.map(|key| centre.organisation(key)).transpose()?;
    let cannot = || format!("cannot write {}", file.display());
    match (file.to_str().and_then(Notation::of_name), noun) {
        (Some(Notation::Csv), Some(noun)) => {
            let out = std::io::BufWriter::new(std::fs::File::create(file).with_context(cannot)?);
            centre.runtime.block_on(export::csv(&centre.store, house.scope(), noun, organisation, out))?;
        }
        (Some(Notation::Xlsx), None) => {
            let book = centre.runtime.block_on(export::xlsx(&centre.store, house.scope(), organisation))?;
            std::fs::write(file, book).with_context(cannot)?;
        }
        (Some(Notation::Csv), None) => bail!("a .csv file holds one kind of thing: say which with --record"),
        (Some(Notation::Xlsx), Some(_)) => bail!("an .xlsx file holds everything: leave --record out"),
        _ => bail!("{} is neither .csv nor .xlsx", file.display()),
    }
    Ok(Exit::Done)
}

/// The contacts that nobody has confirmed for long; with a key, the link with which one confirms.
fn contacts(data: &Data, ask: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(data)?;
    let (house, now) = (super::house(), clock::now());
    if let Some(named) = ask {
        let Some((organisation, key)) = named.split_once('/') else {
            bail!("{named:?} is not ORGANISATION/KEY");
        };
        let organisation = centre.organisation(organisation)?;
        let id = registry::id_of(Noun::Contact, organisation, key).parse()?;
        let asked = centre.runtime.block_on(contact::ask(&centre.store, &house, id, now))?;
        let link = format!("/contacts/confirm?token={}", asked.token);
        if json {
            print_json(&serde_json::json!({ "path": link, "ends_at": asked.ends_at }))?;
        } else {
            say(&format!("{link} works once, until {}", asked.ends_at));
        }
        return Ok(Exit::Done);
    }
    let overdue = contact::overdue(&centre.store, house.scope(), now, LIST_MAX);
    let (found, count) = centre.runtime.block_on(overdue)?;
    let registry = centre.registry();
    let key_of = |id: Id<Organisation>| registry.organisation(id).map_or("", |one| one.key.as_str());
    for (record, verification) in found {
        let contact = Contact::of(&record)?;
        let (organisation, key) = (key_of(record.organisation), &record.key);
        if json {
            print_json(&serde_json::json!({
                "organisation": organisation,
                "key": key,
                "name": contact.name_en,
                "last_verified_at": verification.last_verified_at,
                "asked_at": verification.asked_at,
                "bounces": verification.bounces,
            }))?;
        } else {
            let last = verification.last_verified_at.map_or("never".to_owned(), |at| at.to_string());
            say(&format!("{organisation}/{key}: {}, confirmed {last}", contact.name_en));
        }
    }
    say(&format!("{count} contacts are to confirm"));
    Ok(Exit::Done)
}

/// The servers year by year.
fn servers(data: &Data, from: i16, json: bool) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(data)?;
    let today = base::japan_day(clock::now());
    let house = super::house();
    let years = server_count::years(&centre.store, house.scope(), base::FiscalYear(from), today);
    for year in centre.runtime.block_on(years)? {
        let totals = ServerKind::ALL.iter().map(|kind| (kind.word(), year.total(*kind)));
        let said = totals.filter(|(_, (_, organisations))| *organisations > 0);
        if json {
            let kinds: std::collections::BTreeMap<_, _> = said
                .map(|(kind, (servers, organisations))| {
                    (kind, serde_json::json!({ "servers": servers, "organisations": organisations }))
                })
                .collect();
            print_json(&serde_json::json!({ "fiscal_year": year.year.0, "day": year.day, "kinds": kinds }))?;
        } else {
            let said: Vec<String> = said.map(|(kind, (servers, _))| format!("{kind} {servers}")).collect();
            say(&format!("FY{} ({}): {}", year.year.0, year.day, said.join(", ")));
        }
    }
    Ok(Exit::Done)
}

fn owner(data: &Data, value: &str, at: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let centre = Centre::open_existing(data)?;
    let at = at.map_or_else(|| Ok(clock::now()), super::time)?;
    let registry = centre.registry();
    let owned = if let Ok(address) = value.parse() {
        registry.owner_of_address(address, at)
    } else if value.contains('@') {
        registry.owner_of_mail(value, at)
    } else {
        registry.owner_of_domain(value, at)
    };
    let facts: std::collections::BTreeMap<_, _> = owned.facts().into_iter().collect();
    let key = owned
        .organisation
        .and_then(|id| registry.organisation(id))
        .map(|organisation| organisation.key.clone());
    if json {
        print_json(&serde_json::json!({"value": value, "at": at, "organisation": key, "reason": facts}))?;
    } else {
        let reason: Vec<_> = facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let owner = key.unwrap_or_else(|| "nobody".into());
        say(&format!("{value} belonged to {owner} at {at} ({})", reason.join(", ")));
    }
    Ok(Exit::Done)
}
