//! `noroshi registry`: organisations in, and who owns what.

use std::path::Path;

use anyhow::{Context as _, bail};
use registry::import::{Fate, Notation, Plan};

use super::{Exit, print_json, say};
use crate::args::{Data, RegistryCommand};
use crate::centre::Centre;
use crate::clock;
use crate::config::Config;

/// Runs the command.
pub fn run(command: &RegistryCommand) -> anyhow::Result<Exit> {
    match command {
        RegistryCommand::Import { data, file, dry_run, json } => import(data, file, *dry_run, *json),
        RegistryCommand::Owner { data, value, at, json } => owner(data, value, at.as_deref(), *json),
    }
}

fn import(data: &Data, file: &Path, dry_run: bool, json: bool) -> anyhow::Result<Exit> {
    let notation = match file.extension().and_then(|end| end.to_str()) {
        Some("csv") => Notation::Csv,
        Some("yml" | "yaml") => Notation::Yaml,
        _ => bail!("{} is neither .csv nor .yaml", file.display()),
    };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let config = Config::load(data.config.as_deref())?;
    let directory = data.data.as_ref().unwrap_or(&config.data.directory);
    let centre = Centre::open(directory, &config)?;
    let plan = if dry_run {
        match notation {
            Notation::Csv => registry::import::csv(&text, &centre.registry())?,
            Notation::Yaml => registry::import::yaml(&text, &centre.registry())?,
        }
    } else {
        centre.import_registry(&text, notation, "command line", clock::now())?
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
        "{} new, {} changed, {} unchanged, {} wrong",
        tally.new, tally.changed, tally.same, tally.wrong
    ));
    Ok(())
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
