//! The roster (対象者名簿): who is asked, read from CSV row by row, with the fate of every row.
//!
//! Right rows go in and wrong ones are named with their reason, in one transaction, which begins only when the whole file
//! is there and has been judged. Who is on the roster and not in the file stays. Columns: `organisation` (short name), `person`, `role` (several separated by spaces), `excluded` (the
//! reason why somebody is not asked; empty means asked), and where wanted `section`, `account`, `language`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read;

use base::{Actor, Id, Language, Organisation, Right};
use hashbrown::HashMap;
use serde_json::json;
use store::{Connection, Store};

use crate::survey::{State, line};
use crate::{Error, count, sql};

/// The largest file that is read, and kept in memory meanwhile: what half a million people fill, twice over.
pub const ROSTER_BYTES_MAX: u64 = 128 << 20;
/// The most rows of one file.
pub const ROSTER_ROWS_MAX: usize = 1_000_000;
/// The longest name of a person or account, in bytes.
pub const PERSON_BYTES_MAX: usize = 128;
/// The longest section or reason, in bytes.
pub const SECTION_BYTES_MAX: usize = 512;
/// The most roles of one person.
pub const ROLES_MAX: usize = 16;
/// Rows that are judged and written at once.
const BATCH_ROWS: usize = 1_000;
/// How many wrong rows the audit trail names, by row and column: what stands there may name people and organisations.
const WRONG_NAMED_MAX: usize = 20;
/// Columns that must be there.
const NEEDED: [&str; 4] = crate::assess::ROSTER;

/// Somebody who is asked, or is not for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Respondent {
    /// The name or number their organisation knows them by.
    pub person: String,
    /// In which roles; at least one, in the order of their names.
    pub roles: Vec<String>,
    /// Where in the organisation, as `総務部/会計課`.
    pub section: String,
    /// Who answers on the pages; `None` when somebody else sends the answers in.
    pub account: Option<Id<base::Account>>,
    /// In which language they are asked.
    pub language: Language,
    /// Why they are not asked; empty when they are.
    pub excluded: String,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "fate", rename_all = "lowercase")]
pub enum Fate {
    /// Not on the roster before.
    New,
    /// On the roster, and said otherwise here.
    Changed,
    /// On the roster as it is.
    Same,
    /// Does not go in.
    Wrong {
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The line it begins on; the header is 1.
    pub row: u64,
    /// What becomes of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// How many rows met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Fates {
    /// Not on the roster before.
    pub new: u64,
    /// On the roster, and said otherwise.
    pub changed: u64,
    /// On the roster as they are.
    pub same: u64,
    /// Left out.
    pub wrong: u64,
}

/// Says what [`import`] would make of a file, and changes nothing. `each` is given every row in the order of the file.
pub async fn rehearse(
    store: &Store,
    actor: &Actor,
    survey: Id<base::Survey>,
    file: impl Read + Send,
    each: &mut (dyn FnMut(&Row) + Send),
) -> Result<Fates, Error> {
    rehearse_whole(store, actor, survey, &whole(file)?, each).await
}

async fn rehearse_whole(
    store: &Store,
    actor: &Actor,
    survey: Id<base::Survey>,
    file: &[u8],
    each: &mut (dyn FnMut(&Row) + Send),
) -> Result<Fates, Error> {
    let mut read = store.read().await?;
    let mut judge = Judge::new(read.connection(), actor, survey, Outcome::Nothing).await?;
    judge.file(read.connection(), file, each).await?;
    Ok(judge.fates)
}

/// The whole file, before anybody has to wait for whoever sends it.
fn whole(file: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    // One byte more than is taken shows that there is more.
    file.take(ROSTER_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > ROSTER_BYTES_MAX {
        true => Err(Error::TooMany { limit: ROSTER_BYTES_MAX as usize, unit: "bytes" }),
        false => Ok(bytes),
    }
}

/// Puts a file on the roster in one transaction, while the survey is not closed. `each` is given every row in the order
/// of the file; what it was told is true once this returns without an error. Nobody else who writes waits for the file,
/// nor for rows that are on the roster as they are.
pub async fn import(
    store: &Store,
    actor: &Actor,
    survey: Id<base::Survey>,
    file: impl Read + Send,
    each: &mut (dyn FnMut(&Row) + Send),
    now: base::Timestamp,
) -> Result<Fates, Error> {
    let file = whole(file)?;
    let mut same = HashSet::new();
    let mut note = |row: &Row| {
        if row.fate == Fate::Same {
            same.insert(row.row);
        }
    };
    rehearse_whole(store, actor, survey, &file, &mut note).await?;

    let mut tx = store.write().await?;
    let judge = Judge::new(tx.connection(), actor, survey, Outcome::Written).await?;
    let mut judge = Judge { same, ..judge };
    let mut wrong = Vec::new();
    let mut both = |row: &Row| {
        if let Fate::Wrong { column, .. } = row.fate
            && wrong.len() < WRONG_NAMED_MAX
        {
            wrong.push(json!({ "row": row.row, "column": column }));
        }
        each(row);
    };
    judge.file(tx.connection(), &file, &mut both).await?;
    judge.write_targets(tx.connection()).await?;
    let detail = json!({ "rows": judge.fates, "wrong": wrong });
    tx.audit(&line(actor, "survey.roster", survey, detail, now).of(judge.only_one_touched())).await?;
    tx.commit().await?;
    Ok(judge.fates)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Written,
}

/// A row that can be read.
struct Written {
    organisation: Id<Organisation>,
    respondent: Respondent,
}

type Judged = (u64, Result<Written, (&'static str, String)>);

/// How many more, or fewer, are asked and not asked.
type Change = (i64, i64);

/// Everything that rows are judged by, and what they add up to.
struct Judge {
    survey: Id<base::Survey>,
    outcome: Outcome,
    items: BTreeMap<String, usize>,
    organisations: BTreeMap<String, Id<Organisation>>,
    parts: BTreeMap<Id<Organisation>, i64>,
    /// Rows that were on the roster as they are, moments ago.
    same: HashSet<u64>,
    /// On which row somebody was first named.
    seen: HashMap<(Id<Organisation>, Box<str>), u64, foldhash::fast::RandomState>,
    changes: BTreeMap<(i64, String), Change>,
    /// Whose roster is another now.
    touched: BTreeSet<Id<Organisation>>,
    fates: Fates,
}

impl Judge {
    async fn new(
        connection: &mut Connection,
        actor: &Actor,
        survey: Id<base::Survey>,
        outcome: Outcome,
    ) -> Result<Self, Error> {
        let right = Right::KeepInspection;
        if !actor.scope().has(right) {
            return Err(base::Denied { right }.into());
        }
        let found = count::known(connection, actor.scope(), survey).await?;
        if found.state == State::Closed {
            return Err(Error::WrongState(found.state));
        }
        let mut organisations = sql::organisations(connection).await?;
        organisations.retain(|_, id| actor.scope().covers(right, Some(*id)));
        let parts = sql::parts(connection, survey).await?.into_iter();
        Ok(Self {
            survey,
            outcome,
            items: sql::items_by_role(connection, survey).await?,
            parts: parts
                .map(|(part, id)| (id, part))
                .filter(|(id, _)| actor.scope().covers(right, Some(*id)))
                .collect(),
            organisations,
            same: HashSet::new(),
            seen: HashMap::default(),
            changes: BTreeMap::new(),
            touched: BTreeSet::new(),
            fates: Fates::default(),
        })
    }

    async fn file(
        &mut self,
        connection: &mut Connection,
        file: &[u8],
        each: &mut (dyn FnMut(&Row) + Send),
    ) -> Result<(), Error> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let columns = Columns::of(reader.headers().map_err(unreadable)?)?;
        let (mut record, mut batch, mut rows) = (csv::ByteRecord::new(), Vec::new(), 0);
        while reader.read_byte_record(&mut record).map_err(unreadable)? {
            let row = record.position().map_or(0, csv::Position::line);
            let read = self.read(&columns, &record, row);
            batch.push((row, read));
            rows += 1;
            if rows > ROSTER_ROWS_MAX {
                return Err(Error::TooMany { limit: ROSTER_ROWS_MAX, unit: "rows" });
            }
            if batch.len() == BATCH_ROWS {
                self.batch(connection, std::mem::take(&mut batch), each).await?;
            }
        }
        self.batch(connection, batch, each).await
    }

    fn read(
        &mut self,
        columns: &Columns,
        record: &csv::ByteRecord,
        row: u64,
    ) -> Result<Written, (&'static str, String)> {
        if record.len() != columns.width {
            return Err(("row", format!("has {} values, the header has {}", record.len(), columns.width)));
        }
        if record.iter().any(|value| std::str::from_utf8(value).is_err()) {
            return Err(("row", "is not UTF-8".to_owned()));
        }
        let cell = |place: Option<usize>| {
            let value = place.and_then(|place| record.get(place)).unwrap_or_default();
            std::str::from_utf8(value).unwrap_or_default().trim()
        };
        let key = cell(columns.organisation);
        let organisation = self
            .organisations
            .get(key)
            .copied()
            .ok_or_else(|| ("organisation", format!("{:?} is no organisation here", shown(key))))?;
        let person = fitting("person", cell(columns.person), PERSON_BYTES_MAX)?;
        if person.is_empty() {
            return Err(("person", "is empty".to_owned()));
        }
        let respondent = Respondent {
            person,
            roles: self.roles(cell(columns.role))?,
            section: fitting("section", cell(columns.section), SECTION_BYTES_MAX)?,
            account: match cell(columns.account) {
                "" => None,
                text => {
                    Some(text.parse().map_err(|error: base::ParseIdError| ("account", error.to_string()))?)
                }
            },
            language: match cell(columns.language) {
                "" => Language::default(),
                text => text.parse().map_err(|error| ("language", error))?,
            },
            excluded: fitting("excluded", cell(columns.excluded), SECTION_BYTES_MAX)?,
        };
        match self.seen.insert((organisation, respondent.person.as_str().into()), row) {
            None => Ok(Written { organisation, respondent }),
            Some(first) => {
                let reason = format!("{:?} stands in row {first} already", shown(&respondent.person));
                self.seen.insert((organisation, respondent.person.into()), first);
                Err(("person", reason))
            }
        }
    }

    fn roles(&self, text: &str) -> Result<Vec<String>, (&'static str, String)> {
        let roles: BTreeSet<&str> = text.split_whitespace().collect();
        if roles.is_empty() || roles.len() > ROLES_MAX {
            return Err(("role", format!("names no role, or more than {ROLES_MAX}")));
        }
        match roles.iter().find(|role| !self.items.contains_key(**role)) {
            Some(role) => Err(("role", format!("{:?} is asked nothing in this survey", shown(role)))),
            None => Ok(roles.into_iter().map(str::to_owned).collect()),
        }
    }

    async fn batch(
        &mut self,
        connection: &mut Connection,
        batch: Vec<Judged>,
        each: &mut (dyn FnMut(&Row) + Send),
    ) -> Result<(), Error> {
        let kept = self.kept(connection, &batch).await?;
        let mut put = Vec::new();
        for (row, read) in &batch {
            let fate = match read {
                Err((column, reason)) => Fate::Wrong { column, reason: reason.clone() },
                Ok(_) if self.same.contains(row) => Fate::Same,
                Ok(written) => self.judge(connection, written, &kept).await?,
            };
            if let (Fate::New | Fate::Changed, Ok(written)) = (&fate, read)
                && self.outcome == Outcome::Written
            {
                put.push((self.enter(connection, written, &kept).await?, &written.respondent));
            }
            self.note(&fate);
            each(&Row { row: *row, fate });
        }
        sql::put_respondents(connection, &put).await
    }

    /// Those of a batch who are on the roster, as far as they are to be judged.
    async fn kept(
        &self,
        connection: &mut Connection,
        batch: &[Judged],
    ) -> Result<BTreeMap<(i64, String), Respondent>, Error> {
        let mut people: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        let to_judge = batch.iter().filter(|(row, _)| !self.same.contains(row));
        for written in to_judge.filter_map(|(_, read)| read.as_ref().ok()) {
            if let Some(part) = self.parts.get(&written.organisation) {
                people.entry(*part).or_default().push(&written.respondent.person);
            }
        }
        let mut kept = BTreeMap::new();
        for (part, people) in people {
            let found = sql::respondents(connection, part, &people).await?;
            kept.extend(found.into_iter().map(|(person, one)| ((part, person), one)));
        }
        Ok(kept)
    }

    async fn judge(
        &self,
        connection: &mut Connection,
        written: &Written,
        kept: &BTreeMap<(i64, String), Respondent>,
    ) -> Result<Fate, Error> {
        let (part, new) = (self.parts.get(&written.organisation), &written.respondent);
        let Some((part, old)) = part.and_then(|part| Some((part, kept.get(&(*part, new.person.clone()))?)))
        else {
            return Ok(Fate::New);
        };
        if old == new {
            return Ok(Fate::Same);
        }
        let excluded = !new.excluded.is_empty();
        let lost: Vec<&String> =
            old.roles.iter().filter(|role| excluded || !new.roles.contains(role)).collect();
        let answered = match lost.is_empty() {
            true => Vec::new(),
            false => sql::answered_roles(connection, *part, &new.person, lost).await?,
        };
        Ok(match answered.first() {
            None => Fate::Changed,
            // Who has answered stays among those who were asked, whatever becomes of them afterwards.
            Some(role) => Fate::Wrong {
                column: if excluded { "excluded" } else { "role" },
                reason: format!("has answered as {role} and stays among those who are asked"),
            },
        })
    }

    /// Notes who is asked more and who less; gives the number of the organisation's part, which is new when it was not
    /// there.
    async fn enter(
        &mut self,
        connection: &mut Connection,
        written: &Written,
        kept: &BTreeMap<(i64, String), Respondent>,
    ) -> Result<i64, Error> {
        let part = match self.parts.get(&written.organisation) {
            Some(part) => *part,
            None => {
                let part = sql::insert_part(connection, self.survey, written.organisation).await?;
                self.parts.insert(written.organisation, part);
                part
            }
        };
        self.touched.insert(written.organisation);
        if let Some(old) = kept.get(&(part, written.respondent.person.clone())) {
            self.change(part, old, -1);
        }
        self.change(part, &written.respondent, 1);
        Ok(part)
    }

    fn change(&mut self, part: i64, respondent: &Respondent, by: i64) {
        for role in &respondent.roles {
            let (targets, excluded) = self.changes.entry((part, role.clone())).or_default();
            match respondent.excluded.is_empty() {
                true => *targets += by,
                false => *excluded += by,
            }
        }
    }

    fn note(&mut self, fate: &Fate) {
        match fate {
            Fate::New => self.fates.new += 1,
            Fate::Changed => self.fates.changed += 1,
            Fate::Same => self.fates.same += 1,
            Fate::Wrong { .. } => self.fates.wrong += 1,
        }
    }

    /// Whom the import concerns besides the centre: a file over several organisations tells each about the others.
    fn only_one_touched(&self) -> Option<Id<Organisation>> {
        self.touched.first().copied().filter(|_| self.touched.len() == 1)
    }

    async fn write_targets(&self, connection: &mut Connection) -> Result<(), Error> {
        for ((part, role), change) in &self.changes {
            let items = self.items.get(role).copied().unwrap_or(0);
            sql::add_targets(connection, *part, role, items, *change).await?;
        }
        Ok(())
    }
}

/// Where each column stands.
struct Columns {
    width: usize,
    organisation: Option<usize>,
    person: Option<usize>,
    role: Option<usize>,
    excluded: Option<usize>,
    section: Option<usize>,
    account: Option<usize>,
    language: Option<usize>,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, Error> {
        let find = |column: &str| {
            header.iter().position(|name| name.trim_start_matches('\u{feff}').trim() == column)
        };
        if let Some(column) = NEEDED.into_iter().find(|column| find(column).is_none()) {
            return Err(Error::NoColumn { column, needed: NEEDED.join(", ") });
        }
        Ok(Self {
            width: header.len(),
            organisation: find("organisation"),
            person: find("person"),
            role: find("role"),
            excluded: find("excluded"),
            section: find("section"),
            account: find("account"),
            language: find("language"),
        })
    }
}

fn fitting(column: &'static str, text: &str, bytes_max: usize) -> Result<String, (&'static str, String)> {
    match text.len() <= bytes_max && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err((column, format!("is longer than {bytes_max} bytes, or holds a control character"))),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn unreadable(error: csv::Error) -> Error {
    Error::Read(std::io::Error::other(error))
}
