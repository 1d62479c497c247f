//! Who did what, in a chain: each line carries the hash of the line before it.
//!
//! The head of the chain is kept apart, so that a cut end is noticed. Somebody who can rewrite the whole database can
//! also rewrite the whole chain; against that, keep the head ([`audit_head`]) somewhere else from time to time and
//! compare with [`verify_audit_against`]: an [`Anchor`] is such a head in a file.
//!
//! Words about a person stand beside the chain, which holds only their keyed digest: [`Tx::forget`](crate::Tx::forget)
//! removes words and key, and the chain stays whole.
//!
//! Whose a line is stands in its detail, in the chain, and once more in a table of its own, by which [`list`] narrows
//! what a reader sees.

mod anchor;
mod list;

use std::collections::BTreeMap;

use base::{Confidentiality, Id, Organisation, Timestamp};
use sqlx::Row as _;

use crate::{Builder, Connection, Error, Read, Store, clean, instant, micros};

pub use anchor::{Anchor, Mark, MarkKind, audit_marks, mark_audit};
pub use list::{
    AuditAfter, AuditEntry, AuditFilter, AuditPage, EXPORT_LINES_MAX, audit_count, audit_export, audit_page,
};

/// What somebody did. The time is the line's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, as `threat.decide`.
    pub action: String,
    /// To what, as an id.
    pub object: String,
    /// More, as JSON. `personal`, `concerns` and `degree` are names that the trail itself gives.
    pub detail: serde_json::Value,
    /// Whose it is: besides the centre, whoever reads the trail of one of these sees the line.
    pub concerns: Vec<Id<Organisation>>,
    /// How confidential what it tells is.
    pub degree: Confidentiality,
}

impl Line {
    /// The same line, which these may see too.
    pub fn of(mut self, organisations: impl IntoIterator<Item = Id<Organisation>>) -> Self {
        self.concerns.extend(organisations);
        self.concerns.sort_unstable();
        self.concerns.dedup();
        self
    }

    /// The same line, telling something of this degree.
    pub fn at_degree(self, degree: Confidentiality) -> Self {
        Self { degree, ..self }
    }

    /// The detail with what the trail itself puts there.
    fn written_detail(&self) -> serde_json::Value {
        let mut detail = object_of(self.detail.clone());
        if !self.concerns.is_empty() {
            detail[CONCERNS] = serde_json::json!(self.concerns);
        }
        if self.degree > Confidentiality::One {
            detail[DEGREE] = self.degree.number().into();
        }
        detail
    }
}

fn object_of(detail: serde_json::Value) -> serde_json::Value {
    if detail.is_object() { detail } else { serde_json::json!({ "detail": detail }) }
}

/// The end of the chain: keep it elsewhere, and nothing before it can be changed unnoticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last line.
    pub seq: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// What a look at the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Every line stands where it was written, as it was written.
    Whole {
        /// How many.
        lines: u64,
        /// The end; `None` when nothing was ever written.
        head: Option<Head>,
    },
    /// Something was tampered with.
    Broken {
        /// What, first to last; at most [`FAULTS_MAX`].
        faults: Vec<Fault>,
    },
}

/// One line that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub seq: i64,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What was done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Its text is not what its hash says.
    Changed,
    /// It stood under this other number before.
    Moved {
        /// The number it was written under.
        from: i64,
    },
    /// It is gone.
    Missing,
    /// It was not written after the line that now stands before it: that line was replaced, or this one was put in.
    Detached,
    /// It is not the head that was kept.
    NotTheHead,
}

/// How many faults are named before the rest is left.
pub const FAULTS_MAX: usize = 100;

const PAGE_LINES: i64 = 1000;

/// The name in a line's detail under which the digest of the words beside it stands, and the words when it is read.
const PERSONAL: &str = "personal";
/// The names under which stands whose a line is, and how confidential.
const CONCERNS: &str = "concerns";
const DEGREE: &str = "degree";

/// The hash before the first line.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

struct Stored {
    seq: i64,
    at: i64,
    actor: String,
    action: String,
    object: String,
    detail: String,
    previous: String,
    hash: String,
    /// The words beside the chain and their key, unless there never were any or they were forgotten.
    personal: Option<(String, String)>,
    /// Whose it is, as the table beside the chain has it; in order. Filled where it is compared.
    concerns: Vec<Concern>,
}

/// An organisation that a line concerns, and how confidential the line is.
type Concern = (String, i64);

/// What [`Stored::of`] reads.
const COLUMNS: &str =
    "audit.seq, at, actor, action, object, detail, previous, hash, audit_personal.key, audit_personal.text";

impl Stored {
    fn of(row: &crate::Row) -> Result<Self, Error> {
        let (key, text): (Option<String>, Option<String>) = (row.try_get(8)?, row.try_get(9)?);
        Ok(Self {
            concerns: Vec::new(),
            personal: key.zip(text),
            seq: row.try_get(0)?,
            at: row.try_get(1)?,
            actor: row.try_get(2)?,
            action: row.try_get(3)?,
            object: row.try_get(4)?,
            detail: row.try_get(5)?,
            previous: row.try_get(6)?,
            hash: row.try_get(7)?,
        })
    }

    /// A line as it is written after the one at the end of the chain.
    fn after(last: Option<Head>, line: &Line) -> Self {
        let (seq, previous) = match last {
            Some(head) => (head.seq + 1, head.hash),
            None => (1, BEGINNING.to_owned()),
        };
        let mut stored = Self {
            seq,
            at: micros(line.at),
            actor: clean(&line.actor).into_owned(),
            action: clean(&line.action).into_owned(),
            object: clean(&line.object).into_owned(),
            detail: line.written_detail().to_string(),
            previous,
            hash: String::new(),
            personal: None,
            concerns: Vec::new(),
        };
        stored.hash = stored.hash_under(seq);
        stored
    }

    /// The hash this line would have under number `seq`. Every part is preceded by its length, so that no two lines
    /// have the same bytes.
    fn hash_under(&self, seq: i64) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("noroshi audit line v1");
        hasher.update(&seq.to_be_bytes());
        hasher.update(&self.at.to_be_bytes());
        for part in [&self.actor, &self.action, &self.object, &self.detail, &self.previous] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether the words beside the line, where they still are, are those it was written with.
    fn personal_as_written(&self) -> bool {
        let Some((key, text)) = &self.personal else { return true };
        let detail: serde_json::Value = serde_json::from_str(&self.detail).unwrap_or_default();
        detail.get(PERSONAL).and_then(|digest| digest.as_str()) == Some(&personal_digest(key, text))
    }

    /// Whether the table beside the chain narrows readers as the line says.
    fn concerns_as_written(&self) -> bool {
        let detail: serde_json::Value = serde_json::from_str(&self.detail).unwrap_or_default();
        let degree = detail.get(DEGREE).and_then(serde_json::Value::as_i64).unwrap_or(1);
        let written = detail.get(CONCERNS).and_then(serde_json::Value::as_array);
        let mut written: Vec<Concern> = written
            .into_iter()
            .flatten()
            .map(|one| (one.as_str().unwrap_or_default().to_owned(), degree))
            .collect();
        written.sort_unstable();
        written == self.concerns
    }

    /// The line as its reader sees it: words beside the chain in their place, null when they were forgotten.
    fn line(self) -> Result<Line, Error> {
        let mut detail = serde_json::from_str(&self.detail)
            .unwrap_or_else(|_| serde_json::Value::String(self.detail.clone()));
        if let Some(personal) = detail.get_mut(PERSONAL) {
            *personal = self.personal.map(|(_, words)| words).into();
        }
        let mut take = |name| detail.as_object_mut().and_then(|detail| detail.remove(name));
        let (concerns, degree) = (take(CONCERNS).unwrap_or_default(), take(DEGREE).unwrap_or(1.into()));
        let damaged = |value: &serde_json::Value, expected| Error::Damaged {
            value: value.to_string().chars().take(64).collect(),
            expected,
        };
        let (at, actor, action, object) = (instant(self.at)?, self.actor, self.action, self.object);
        let organisations = match &concerns {
            serde_json::Value::Null => Ok(Vec::new()),
            listed => serde_json::from_value(listed.clone()),
        };
        let organisations = organisations.map_err(|_| damaged(&concerns, "organisations"))?;
        let degree = serde_json::from_value(degree.clone())
            .map_err(|_| damaged(&degree, "a degree of confidentiality"))?;
        Ok(Line { at, actor, action, object, detail, concerns: organisations, degree })
    }
}

fn personal_digest(key: &str, text: &str) -> String {
    let key = blake3::derive_key("noroshi audit personal v1", key.as_bytes());
    blake3::keyed_hash(&key, text.as_bytes()).to_hex().to_string()
}

/// A line with words about somebody beside the chain, which can be forgotten; the line itself must not repeat them.
#[derive(Clone, Debug)]
pub struct LineAbout {
    /// What was done.
    pub line: Line,
    /// Whom or what the words are about, by a name under which they are forgotten.
    pub subject: String,
    /// The words.
    pub words: String,
}

impl LineAbout {
    /// The line with the digest of the words, their key, and the words as they are kept.
    fn keyed(&self) -> Result<(Line, String, String), Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
        let (key, words) = (blake3::Hash::from_bytes(bytes).to_hex().to_string(), clean(&self.words));
        let mut line = Line { detail: object_of(self.line.detail.clone()), ..self.line.clone() };
        line.detail[PERSONAL] = personal_digest(&key, &words).into();
        Ok((line, key, words.into_owned()))
    }
}

/// Lines that one statement writes: what fits into the 32,766 values that SQLite takes.
const LINES_PER_STATEMENT: usize = 1_000;

/// As [`append`] for each of them in order, in as few statements as they fit into.
pub(crate) async fn append_about(connection: &mut Connection, lines: &[LineAbout]) -> Result<(), Error> {
    for lines in lines.chunks(LINES_PER_STATEMENT) {
        let (mut last, mut written) = (head(connection).await?, Vec::with_capacity(lines.len()));
        for one in lines {
            let (line, key, words) = one.keyed()?;
            let stored = Stored::after(last, &line);
            last = Some(Head { seq: stored.seq, hash: stored.hash.clone() });
            written.push((stored, line, one.subject.clone(), key, words));
        }
        insert(connection, written.iter().map(|(stored, ..)| stored)).await?;
        let concerns = written.iter().map(|(stored, line, ..)| (stored.seq, line));
        insert_concerns(connection, concerns).await?;
        let mut query = Builder::new("INSERT INTO audit_personal (seq, subject, key, text) ");
        query.push_values(&written, |mut row, (stored, _, subject, key, words)| {
            row.push_bind(stored.seq)
                .push_bind(subject.clone())
                .push_bind(key.clone())
                .push_bind(words.clone());
        });
        query.build().execute(&mut *connection).await?;
        set_head(connection, last).await?;
    }
    Ok(())
}

pub(crate) async fn forget(connection: &mut Connection, subject: &str) -> Result<u64, Error> {
    let gone = sqlx::query("DELETE FROM audit_personal WHERE subject = $1")
        .bind(subject)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}

pub(crate) async fn append(connection: &mut Connection, line: &Line) -> Result<Head, Error> {
    let stored = Stored::after(head(connection).await?, line);
    insert(connection, [&stored]).await?;
    insert_concerns(connection, [(stored.seq, line)]).await?;
    let last = Head { seq: stored.seq, hash: stored.hash };
    set_head(connection, Some(last.clone())).await?;
    Ok(last)
}

async fn insert(connection: &mut Connection, lines: impl IntoIterator<Item = &Stored>) -> Result<(), Error> {
    let mut query =
        Builder::new("INSERT INTO audit (seq, at, actor, action, object, detail, previous, hash) ");
    query.push_values(lines, |mut row, stored| {
        row.push_bind(stored.seq)
            .push_bind(stored.at)
            .push_bind(stored.actor.clone())
            .push_bind(stored.action.clone())
            .push_bind(stored.object.clone())
            .push_bind(stored.detail.clone())
            .push_bind(stored.previous.clone())
            .push_bind(stored.hash.clone());
    });
    query.build().execute(connection).await?;
    Ok(())
}

async fn set_head(connection: &mut Connection, last: Option<Head>) -> Result<(), Error> {
    let Some(last) = last else { return Ok(()) };
    sqlx::query(
        "INSERT INTO audit_head (one, seq, hash) VALUES (1, $1, $2)
         ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
    )
    .bind(last.seq)
    .bind(last.hash)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_concerns(
    connection: &mut Connection,
    lines: impl IntoIterator<Item = (i64, &Line)>,
) -> Result<(), Error> {
    let of_line = |(seq, line): (i64, &Line)| {
        let degree = i64::from(line.degree.number());
        line.concerns.iter().map(|one| (seq, one.to_string(), degree)).collect::<Vec<_>>()
    };
    let concerns: Vec<_> = lines.into_iter().flat_map(of_line).collect();
    for concerns in concerns.chunks(LINES_PER_STATEMENT) {
        let mut query = Builder::new("INSERT INTO audit_concerns (seq, organisation, degree) ");
        query.push_values(concerns, |mut row, (seq, organisation, degree)| {
            row.push_bind(*seq).push_bind(organisation.clone()).push_bind(*degree);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn head(connection: &mut Connection) -> Result<Option<Head>, Error> {
    let row =
        sqlx::query("SELECT seq, hash FROM audit_head WHERE one = 1").fetch_optional(connection).await?;
    row.map(|row| Ok(Head { seq: row.try_get(0)?, hash: row.try_get(1)? })).transpose()
}

/// The end of the chain now; `None` before the first line.
pub async fn audit_head(store: &Store) -> Result<Option<Head>, Error> {
    head(store.read().await?.connection()).await
}

/// The end of the chain at the moment of a read that has begun.
pub async fn audit_head_in(read: &mut Read) -> Result<Option<Head>, Error> {
    head(read.connection()).await
}

/// Reads the whole chain and names every line that is not as it was written.
pub async fn verify_audit(store: &Store) -> Result<Verification, Error> {
    verify_audit_against(store, &[]).await
}

/// As [`verify_audit`], and the chain must go through every head that was kept elsewhere.
pub async fn verify_audit_against(store: &Store, kept: &[Head]) -> Result<Verification, Error> {
    let mut read = store.read().await?;
    let head = head(read.connection()).await?;
    let mut chain = Chain { kept: kept.iter().map(|head| (head, false)).collect(), ..Chain::default() };
    loop {
        let lines = lines_after(read.connection(), chain.seq).await?;
        if lines.is_empty() || chain.faults.len() >= FAULTS_MAX {
            break;
        }
        lines.into_iter().for_each(|line| chain.follow(line));
    }
    Ok(chain.finish(head))
}

/// The next lines of the chain, with all that stands beside them.
async fn lines_after(connection: &mut Connection, seq: i64) -> Result<Vec<Stored>, Error> {
    let rows = sqlx::query(
        "SELECT audit.seq, at, actor, action, object, detail, previous, hash, audit_personal.key, text
         FROM audit LEFT JOIN audit_personal ON audit_personal.seq = audit.seq
         WHERE audit.seq > $1 ORDER BY audit.seq LIMIT $2",
    )
    .bind(seq)
    .bind(PAGE_LINES)
    .fetch_all(&mut *connection)
    .await?;
    let mut lines = rows.iter().map(Stored::of).collect::<Result<Vec<_>, _>>()?;
    let last = lines.last().map_or(seq, |line| line.seq);
    let rows = sqlx::query(
        "SELECT seq, organisation, degree FROM audit_concerns
         WHERE seq > $1 AND seq <= $2 ORDER BY seq, organisation",
    )
    .bind(seq)
    .bind(last)
    .fetch_all(connection)
    .await?;
    let mut concerns: BTreeMap<i64, Vec<Concern>> = BTreeMap::new();
    for row in &rows {
        concerns.entry(row.try_get(0)?).or_default().push((row.try_get(1)?, row.try_get(2)?));
    }
    for line in &mut lines {
        line.concerns = concerns.remove(&line.seq).unwrap_or_default();
        line.concerns.sort_unstable();
    }
    Ok(lines)
}

/// What is known while walking from the first line to the last.
#[derive(Default)]
struct Chain<'a> {
    seq: i64,
    hash: Option<String>,
    lines: u64,
    after_changed: bool,
    /// The heads that were kept elsewhere, and whether their line was there.
    kept: Vec<(&'a Head, bool)>,
    faults: Vec<Fault>,
    changed: Vec<Stored>,
}

impl Chain<'_> {
    fn follow(&mut self, line: Stored) {
        for seq in (self.seq + 1..line.seq).take(FAULTS_MAX) {
            self.fault(seq, FaultKind::Missing);
        }
        let gap = line.seq != self.seq + 1;
        let detached = line.previous != self.hash.as_deref().unwrap_or(BEGINNING);
        let changed = line.hash_under(line.seq) != line.hash;
        if changed || !line.personal_as_written() || !line.concerns_as_written() {
            self.fault(line.seq, FaultKind::Changed);
        } else if detached && !gap && !self.after_changed {
            // After a changed line it is that line which is wrong, not this one.
            self.fault(line.seq, FaultKind::Detached);
        }
        let mut is_the_kept = true;
        for (kept, seen) in self.kept.iter_mut().filter(|(kept, _)| kept.seq == line.seq) {
            *seen = true;
            is_the_kept &= kept.hash == line.hash;
        }
        if !is_the_kept {
            self.fault(line.seq, FaultKind::NotTheHead);
        }
        self.after_changed = changed;
        (self.seq, self.hash, self.lines) = (line.seq, Some(line.hash.clone()), self.lines + 1);
        if changed && self.changed.len() < FAULTS_MAX {
            self.changed.push(line);
        }
    }

    fn fault(&mut self, seq: i64, kind: FaultKind) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { seq, kind });
        }
    }

    fn finish(mut self, head: Option<Head>) -> Verification {
        let said = head.as_ref().map_or(0, |head| head.seq);
        for seq in (self.seq + 1..=said).take(FAULTS_MAX) {
            self.fault(seq, FaultKind::Missing);
        }
        let end_agrees = head.as_ref().map(|head| (head.seq, Some(&head.hash)));
        if said <= self.seq && self.seq > 0 && end_agrees != Some((self.seq, self.hash.as_ref())) {
            self.fault(self.seq, FaultKind::NotTheHead);
        }
        let unseen: Vec<i64> = self.kept.iter().filter(|(_, seen)| !seen).map(|(kept, _)| kept.seq).collect();
        unseen.into_iter().for_each(|seq| self.fault(seq, FaultKind::Missing));
        self.name_the_moved();
        if self.faults.is_empty() {
            return Verification::Whole { lines: self.lines, head };
        }
        self.faults.sort_by_key(|fault| fault.seq);
        self.faults.dedup();
        Verification::Broken { faults: self.faults }
    }

    /// A line whose hash is right under another number was moved, not edited.
    fn name_the_moved(&mut self) {
        let places: Vec<i64> = self.faults.iter().map(|fault| fault.seq).collect();
        for line in &self.changed {
            let Some(&from) = places.iter().find(|&&seq| line.hash_under(seq) == line.hash) else { continue };
            for fault in &mut self.faults {
                if fault.seq == line.seq && fault.kind == FaultKind::Changed {
                    fault.kind = FaultKind::Moved { from };
                }
            }
        }
    }
}

impl Store {
    /// The newest lines of the audit trail, at most `limit`, before `before` when it is given. Words beside the chain
    /// stand in the detail as `personal`; null when they were forgotten.
    pub async fn audit_lines(&self, before: Option<i64>, limit: u32) -> Result<Vec<(i64, Line)>, Error> {
        let rows = sqlx::query(
            "SELECT audit.seq, at, actor, action, object, detail, previous, hash, audit_personal.key, text
             FROM audit LEFT JOIN audit_personal ON audit_personal.seq = audit.seq
             WHERE audit.seq < $1 ORDER BY audit.seq DESC LIMIT $2",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(self.read().await?.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let stored = Stored::of(row)?;
                Ok((stored.seq, stored.line()?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::FaultKind::{Changed, Detached, Missing, Moved, NotTheHead};
    use super::*;
    use crate::tests::store;

    fn line(number: i64) -> Line {
        Line {
            at: Timestamp::from_second(1_775_000_000 + number).unwrap(),
            actor: "当直 watch".into(),
            action: "threat.decide".into(),
            object: format!("threat_{number}"),
            detail: serde_json::json!({ "reason": "定期検査", "number": number }),
            concerns: if number % 2 == 0 { vec![Id::from_digest([1; 16])] } else { Vec::new() },
            degree: if number == 4 { Confidentiality::Three } else { Confidentiality::One },
        }
    }

    async fn six_lines() -> (testkit::Database, Store, Vec<Head>) {
        let (database, store) = store().await;
        let mut heads = Vec::new();
        for number in 1..=6 {
            let mut tx = store.write().await.unwrap();
            heads.push(tx.audit(&line(number)).await.unwrap());
            tx.commit().await.unwrap();
        }
        (database, store, heads)
    }

    /// Tampers with six good lines and says what must be found.
    async fn check(tampering: &'static str, expected: &[(i64, FaultKind)]) {
        let (_database, store, _) = six_lines().await;
        let mut tx = store.write().await.unwrap();
        sqlx::raw_sql(tampering).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
        let faults = expected.iter().map(|&(seq, kind)| Fault { seq, kind }).collect();
        assert_eq!(verify_audit(&store).await.unwrap(), Verification::Broken { faults }, "{tampering}");
    }

    #[tokio::test]
    async fn an_untouched_chain_is_whole_and_goes_through_every_head_it_had() {
        let (_database, store, heads) = six_lines().await;
        let whole = Verification::Whole { lines: 6, head: heads.last().cloned() };
        assert_eq!(verify_audit(&store).await.unwrap(), whole);
        for head in &heads {
            assert_eq!(verify_audit_against(&store, std::slice::from_ref(head)).await.unwrap(), whole);
        }
        assert_eq!(audit_head(&store).await.unwrap().as_ref(), heads.last());
        let newest = store.audit_lines(None, 2).await.unwrap();
        assert_eq!(newest, [(6, line(6)), (5, line(5))]);
    }

    #[tokio::test]
    async fn words_about_a_person_can_be_forgotten_but_not_changed() {
        let (_folder, store, _) = six_lines().await;
        let mut tx = store.write().await.unwrap();
        tx.audit_about(&line(7), "account_1", "山田太郎").await.unwrap();
        tx.audit_about(&line(8), "account_2", "佐藤花子").await.unwrap();
        tx.commit().await.unwrap();
        let whole = verify_audit(&store).await.unwrap();
        assert!(matches!(whole, Verification::Whole { lines: 8, .. }), "{whole:?}");
        assert_eq!(store.audit_lines(None, 2).await.unwrap()[1].1.detail["personal"], "山田太郎");

        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.forget("account_1").await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(verify_audit(&store).await.unwrap(), whole);
        let lines = store.audit_lines(None, 2).await.unwrap();
        assert_eq!(lines[1].1.detail["personal"], serde_json::Value::Null);
        assert_eq!((lines[1].0, &lines[0].1.detail["personal"]), (7, &"佐藤花子".into()));

        let mut tx = store.write().await.unwrap();
        sqlx::query("UPDATE audit_personal SET text = 'nobody'").execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
        let faults = vec![Fault { seq: 8, kind: Changed }];
        assert_eq!(verify_audit(&store).await.unwrap(), Verification::Broken { faults });
    }

    #[tokio::test]
    async fn many_lines_at_once_are_the_chain_that_single_ones_would_be() {
        let (_database, store) = store().await;
        let count = LINES_PER_STATEMENT as i64 + 7;
        let about = |number: i64| LineAbout {
            line: line(number).of([Id::from_digest([number as u8; 16]), Id::from_digest([255; 16])]),
            subject: format!("account_{number}"),
            words: format!("山田太郎 {number}"),
        };
        let mut tx = store.write().await.unwrap();
        tx.audit(&line(0)).await.unwrap();
        tx.audit_all(&(1..=count).map(about).collect::<Vec<_>>()).await.unwrap();
        tx.audit_all(&[]).await.unwrap();
        tx.audit(&line(count + 1)).await.unwrap();
        tx.commit().await.unwrap();
        let whole = verify_audit(&store).await.unwrap();
        assert!(matches!(whole, Verification::Whole { lines, .. } if lines == count as u64 + 2), "{whole:?}");
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.forget("account_1003").await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(verify_audit(&store).await.unwrap(), whole);
    }

    #[tokio::test]
    async fn an_empty_trail_is_whole() {
        let (_database, store) = store().await;
        assert_eq!(verify_audit(&store).await.unwrap(), Verification::Whole { lines: 0, head: None });
    }

    #[tokio::test]
    async fn every_kind_of_tampering_is_found_and_named() {
        check("UPDATE audit SET actor = 'nobody' WHERE seq = 3", &[(3, Changed)]).await;
        check("UPDATE audit SET at = at + 1 WHERE seq = 1", &[(1, Changed)]).await;
        check("UPDATE audit SET detail = '{}' WHERE seq = 6", &[(6, Changed)]).await;
        check("UPDATE audit SET action = action || object, object = '' WHERE seq = 2", &[(2, Changed)]).await;
        check("DELETE FROM audit WHERE seq = 4", &[(4, Missing)]).await;
        check("DELETE FROM audit WHERE seq = 1", &[(1, Missing)]).await;
        check("DELETE FROM audit WHERE seq IN (2, 3)", &[(2, Missing), (3, Missing)]).await;
        check("DELETE FROM audit WHERE seq = 6", &[(6, Missing)]).await;
        check("DELETE FROM audit", &[1, 2, 3, 4, 5, 6].map(|seq| (seq, Missing))).await;
        check("DELETE FROM audit_head", &[(6, NotTheHead)]).await;
    }

    #[tokio::test]
    async fn showing_a_line_to_others_than_it_concerns_is_found() {
        check("DELETE FROM audit_concerns WHERE seq = 2", &[(2, Changed)]).await;
        check("UPDATE audit_concerns SET degree = 1 WHERE seq = 4", &[(4, Changed)]).await;
        check("UPDATE audit_concerns SET organisation = 'x' WHERE seq = 6", &[(6, Changed)]).await;
        check("INSERT INTO audit_concerns VALUES (1, 'org_1', 1)", &[(1, Changed)]).await;
    }

    #[tokio::test]
    async fn swapped_lines_are_named_by_where_they_came_from() {
        check(
            "UPDATE audit SET seq = -3 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;
             UPDATE audit SET seq = 4 WHERE seq = -3",
            &[(3, Moved { from: 4 }), (4, Moved { from: 3 })],
        )
        .await;
    }

    #[tokio::test]
    async fn closing_the_gap_after_a_removal_does_not_hide_it() {
        // Line 5 becomes 4 and so on; the head follows.
        check(
            "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;
             UPDATE audit SET seq = 5 WHERE seq = 6; UPDATE audit_head SET seq = 5",
            // Nobody can say any more what stood under 6.
            &[(4, Moved { from: 5 }), (5, Changed)],
        )
        .await;
    }

    #[tokio::test]
    async fn a_line_rewritten_with_a_right_hash_no_longer_leads_to_the_next() {
        let (_database, store, heads) = six_lines().await;
        let forged = Stored {
            seq: 3,
            at: 1,
            actor: "nobody".into(),
            action: "x".into(),
            object: "y".into(),
            detail: "{}".into(),
            previous: heads[1].hash.clone(),
            hash: String::new(),
            personal: None,
            concerns: Vec::new(),
        };
        let mut tx = store.write().await.unwrap();
        sqlx::query("UPDATE audit SET at = 1, actor = 'nobody', action = 'x', object = 'y', detail = '{}', hash = $1 WHERE seq = 3")
            .bind(forged.hash_under(3))
            .execute(tx.connection())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let broken = |seq, kind| Verification::Broken { faults: vec![Fault { seq, kind }] };
        assert_eq!(verify_audit(&store).await.unwrap(), broken(4, Detached));
    }

    #[tokio::test]
    async fn a_whole_chain_written_anew_is_found_by_a_head_kept_elsewhere() {
        let (_database, store, heads) = six_lines().await;
        let mut tx = store.write().await.unwrap();
        let whole = "DELETE FROM audit; DELETE FROM audit_head; DELETE FROM audit_concerns";
        sqlx::raw_sql(whole).execute(tx.connection()).await.unwrap();
        for number in 11..=16 {
            tx.audit(&line(number)).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(matches!(verify_audit(&store).await.unwrap(), Verification::Whole { lines: 6, .. }));
        let found = verify_audit_against(&store, &heads[3..4]).await.unwrap();
        assert_eq!(found, Verification::Broken { faults: vec![Fault { seq: 4, kind: NotTheHead }] });
        let found = verify_audit_against(&store, &heads).await.unwrap();
        let all = heads.iter().map(|head| Fault { seq: head.seq, kind: NotTheHead }).collect();
        assert_eq!(found, Verification::Broken { faults: all });
        let cut = Head { seq: 9, hash: BEGINNING.into() };
        let found = verify_audit_against(&store, &[cut]).await.unwrap();
        assert_eq!(found, Verification::Broken { faults: vec![Fault { seq: 9, kind: Missing }] });
    }
}
