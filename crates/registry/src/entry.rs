//! Reading records: what an organisation has, and one thing of it.

use std::collections::{BTreeMap, HashSet};

use base::{Id, Organisation as OrganisationId, Scope};
use jiff::civil::Date;
use store::Store;

use crate::{Asset, Error, Noun, Record, Registry, sql};

/// The most records one list gives.
pub const LIST_MAX: u32 = 500;

/// The records of one noun at one organisation that are valid on a day, by key, after `after` when it is given; at
/// most `limit`, and never more than [`LIST_MAX`].
pub async fn list(
    store: &Store,
    scope: &Scope,
    noun: Noun,
    organisation: Id<OrganisationId>,
    valid_on: Date,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    let mut read = store.read().await?;
    let hidden = sql::record::hidden_systems(read.connection(), scope).await?;
    let after = after.map(|key| (organisation, key.to_owned()));
    let (only, day) = (Some(organisation), Some(valid_on));
    let mut found =
        sql::record::list(read.connection(), noun, scope, only, day, after.as_ref(), limit.min(LIST_MAX))
            .await?;
    for record in &mut found {
        hide_systems(record, &hidden);
    }
    Ok(found)
}

/// One record, by noun and id; what the scope does not reach is not found.
pub async fn find(store: &Store, scope: &Scope, noun: Noun, id: &str) -> Result<Record, Error> {
    let mut read = store.read().await?;
    sql::record::visible_by_id(read.connection(), noun, scope, id).await?.ok_or(Error::NotFound)
}

/// How many records of a noun each of some organisations has on a day, as far as the scope reaches.
pub async fn counts(
    store: &Store,
    scope: &Scope,
    noun: Noun,
    valid_on: Date,
    among: &[Id<OrganisationId>],
) -> Result<BTreeMap<Id<OrganisationId>, u64>, Error> {
    if among.is_empty() {
        return Ok(BTreeMap::new());
    }
    sql::record::counts(store.read().await?.connection(), noun, scope, valid_on, among).await
}

/// The networks, domains and hosts of an organisation. The name of a system that the scope does not reach is left
/// out.
pub async fn assets(
    store: &Store,
    scope: &Scope,
    registry: &Registry,
    organisation: Id<OrganisationId>,
) -> Result<Vec<Asset>, Error> {
    if !scope.covers(Noun::Network.right(), Some(organisation)) {
        return Ok(Vec::new());
    }
    let hidden = sql::record::hidden_systems(store.read().await?.connection(), scope).await?;
    let own = registry.assets().iter().filter(|asset| asset.organisation == organisation);
    Ok(own
        .cloned()
        .map(|mut asset| {
            if hidden.contains(&(organisation, asset.system.clone())) {
                asset.system.clear();
            }
            asset
        })
        .collect())
}

/// Leaves out of a function the systems that the asker may not know of.
pub(crate) fn hide_systems(record: &mut Record, hidden: &HashSet<(Id<OrganisationId>, String)>) {
    if record.noun != Noun::Function || hidden.is_empty() {
        return;
    }
    let organisation = record.organisation;
    if let Some(systems) = record.values.last_mut() {
        let shown = systems.split(' ').filter(|key| !hidden.contains(&(organisation, (*key).to_owned())));
        *systems = shown.collect::<Vec<_>>().join(" ");
    }
}
