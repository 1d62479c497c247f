//! What becomes of the rows about people, contacts, systems and what belongs to them.
//!
//! Rows are judged a thousand at a time, so that memory follows the file and not the registry.

use std::collections::{HashMap, HashSet};

use base::{Id, Organisation as OrganisationId};
use store::Connection;

use super::plan::{Tree, owner, wrong};
use super::{Asker, Fate, Outcome, Written};
use crate::reason::{Reason, Wrong};
use crate::record::id_of;
use crate::sql::record as sql;
use crate::{Error, Noun, Record};

/// Rows judged together.
const CHUNK_ROWS: usize = 1000;

type Hidden = HashSet<(Id<OrganisationId>, String)>;

/// Settles the rows about records that have no fate yet.
pub(super) async fn judge(
    connection: &mut Connection,
    written: &[Written],
    fates: &mut [Option<Fate>],
    tree: &Tree,
    asker: Asker<'_>,
    outcome: Outcome,
) -> Result<(), Error> {
    let mut places: HashMap<Noun, Vec<usize>> = HashMap::new();
    for (place, row) in written.iter().enumerate() {
        if fates[place].is_none()
            && let Ok(noun) = row.get("record").parse()
        {
            places.entry(noun).or_default().push(place);
        }
    }
    if places.is_empty() {
        return Ok(());
    }
    let hidden = sql::hidden_systems(connection, asker.scope).await?;
    let mut judge = Judge { asker, hidden, said: HashMap::new() };
    // In an order in which nothing refers to what comes later.
    for noun in Noun::RECORDS {
        for chunk in places.remove(&noun).unwrap_or_default().chunks(CHUNK_ROWS) {
            let read: Vec<(usize, Result<Record, Wrong>)> =
                chunk.iter().map(|&place| (place, read(noun, &written[place], tree, asker))).collect();
            let known = known(connection, noun, &read).await?;
            for (place, record) in read {
                let line = written[place].line;
                let settled = record.and_then(|record| judge.settle(record, line, &known));
                fates[place] = Some(match settled {
                    Ok((fate, record)) => {
                        if outcome == Outcome::Written && fate != Fate::Same {
                            sql::put(connection, &record).await?;
                        }
                        fate
                    }
                    Err(reason) => wrong(reason),
                });
            }
        }
    }
    Ok(())
}

fn read(noun: Noun, row: &Written, tree: &Tree, asker: Asker<'_>) -> Result<Record, Wrong> {
    let owner = owner(tree, row, asker)?;
    Record::read(noun, owner.id, &|column| row.get(column))
}

/// What the database has under the ids of these rows and of what they refer to.
async fn known(
    connection: &mut Connection,
    noun: Noun,
    read: &[(usize, Result<Record, Wrong>)],
) -> Result<HashMap<String, Record>, Error> {
    let mut ids: HashMap<Noun, HashSet<String>> = HashMap::new();
    for record in read.iter().filter_map(|(_, record)| record.as_ref().ok()) {
        ids.entry(noun).or_default().insert(record.id());
        for (_, noun, key) in record.references() {
            ids.entry(noun).or_default().insert(id_of(noun, record.organisation, key));
        }
    }
    let mut known = HashMap::new();
    for (noun, ids) in ids {
        let ids: Vec<String> = ids.into_iter().collect();
        for record in sql::by_ids(connection, noun, &ids).await? {
            known.insert(record.id(), record);
        }
    }
    Ok(known)
}

struct Judge<'s> {
    asker: Asker<'s>,
    hidden: Hidden,
    // Where in this file a record was said already.
    said: HashMap<String, u64>,
}

impl Judge<'_> {
    fn settle(
        &mut self,
        mut record: Record,
        line: u64,
        known: &HashMap<String, Record>,
    ) -> Result<(Fate, Record), Wrong> {
        let id = record.id();
        if let Some(&line) = self.said.get(&id) {
            return Err(("key", Reason::Twice { line, key: record.key }));
        }
        let before = known.get(&id);
        if before.is_some_and(|before| !self.reaches(before)) {
            return Err(("key", Reason::NotYours));
        }
        self.keep_hidden_systems(&mut record, before);
        if !self.asker.scope.covers_at(self.asker.right, Some(record.organisation), record.confidentiality())
        {
            return Err(("confidentiality", Reason::NotYours));
        }
        self.check_references(&record, before, known)?;
        let fate = match before {
            None => Fate::New,
            Some(before) => self.compare(&record, before),
        };
        self.said.insert(id, line);
        Ok((fate, record))
    }

    fn compare(&self, record: &Record, before: &Record) -> Fate {
        let columns = record.differences(before);
        let today = self.asker.today;
        if columns.is_empty() {
            Fate::Same
        } else if before.validity.until > today && record.validity.until <= today {
            Fate::Retired
        } else {
            Fate::Changed { columns }
        }
    }

    /// Whether the asker may know of what stands there now.
    fn reaches(&self, before: &Record) -> bool {
        let own =
            self.asker.scope.covers_at(self.asker.right, Some(before.organisation), before.confidentiality());
        // A function is there for whoever reaches its organisation; a part of a system only with the system.
        let parts = before.noun == Noun::Function
            || before.systems().iter().all(|key| !self.is_hidden(before.organisation, key));
        own && parts
    }

    fn is_hidden(&self, organisation: Id<OrganisationId>, key: &str) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&(organisation, key.to_owned()))
    }

    /// A function keeps the systems it needs that the asker may not know of: they could not write them.
    fn keep_hidden_systems(&self, record: &mut Record, before: Option<&Record>) {
        let Some(before) = before.filter(|before| before.noun == Noun::Function) else { return };
        let kept = before.systems().into_iter().filter(|key| self.is_hidden(before.organisation, key));
        if let (kept, Some(systems)) = (kept.collect::<Vec<_>>(), record.values.last_mut())
            && !kept.is_empty()
        {
            let own = systems.split(' ').filter(|key| !key.is_empty());
            *systems = own.chain(kept).collect::<Vec<_>>().join(" ");
        }
    }

    fn check_references(
        &self,
        record: &Record,
        before: Option<&Record>,
        known: &HashMap<String, Record>,
    ) -> Result<(), Wrong> {
        for (column, noun, key) in record.references() {
            if before.is_some_and(|before| before.references().contains(&(column, noun, key))) {
                continue;
            }
            let id = id_of(noun, record.organisation, key);
            let there = known.contains_key(&id) || self.said.contains_key(&id);
            if !there || (noun == Noun::System && self.is_hidden(record.organisation, key)) {
                return Err((column, Reason::NoSuch { noun, key: key.to_owned() }));
            }
        }
        Ok(())
    }
}
