//! Answers sent in as a file, with the columns that `noroshi assess` reads: organisation, person, role, item, answer.
//!
//! All of it counts or nothing does: a file with one wrong row is refused, and the error names the rows. A form in the
//! file takes the place of the one that counted; sent once more, the same file changes nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use base::{Actor, Id, Organisation, Right, Timestamp};
use serde_json::json;
use store::{Connection, Store};

use crate::answer::Packed;
use crate::assess::{Collector, RESPONSES, header, read_responses};
use crate::error::{WRONG_MAX, WrongRow};
use crate::form::{Form, count};
use crate::survey::line;
use crate::{Error, Tally, sql};

/// The largest file that is read: what half a million people fill with a hundred answers each. It is never kept as a
/// whole.
pub const UPLOAD_BYTES_MAX: u64 = 2 << 30;
/// The longest header line.
const HEADER_BYTES_MAX: u64 = 64 << 10;
/// Forms that are looked up and written at once.
const BATCH_FORMS: usize = 1_000;

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Uploaded {
    /// Forms that count now where none did.
    pub counted: u64,
    /// Forms that took the place of others.
    pub replaced: u64,
    /// Forms that were there already.
    pub same: u64,
}

/// Takes in the answers of a file for organisations over which the actor has [`Right::KeepInspection`].
pub async fn upload(
    store: &Store,
    actor: &Actor,
    survey: Id<base::Survey>,
    file: impl Read + Send,
    now: Timestamp,
) -> Result<Uploaded, Error> {
    let right = Right::KeepInspection;
    if !actor.scope().has(right) {
        return Err(base::Denied { right }.into());
    }
    // What is asked is frozen, so it may be looked up before anybody has to wait for the file.
    let catalogue = crate::survey::survey(store, actor.scope(), survey).await?.1;
    let answers = read(file, UPLOAD_BYTES_MAX, &catalogue)?;

    let mut tx = store.write().await?;
    let found = crate::count::known(tx.connection(), actor.scope(), survey).await?;
    if !found.takes_answers(now) {
        return Err(Error::OutOfTime(survey));
    }
    let mut organisations = sql::organisations(tx.connection()).await?;
    organisations.retain(|_, id| actor.scope().covers(right, Some(*id)));
    let items = sql::items_by_role(tx.connection(), survey).await?;
    let mut wrong = Wrong::default();
    let mut all = Uploaded::default();
    for ((organisation, role), forms) in by_place(&answers, &organisations, &mut wrong) {
        let place = Place { survey, organisation, role, items: items.get(role).copied().unwrap_or(0) };
        let one = place.take(tx.connection(), &answers, &forms, &mut wrong, now).await?;
        if one.counted + one.replaced > 0 {
            let detail = json!({ "role": role, "forms": one });
            tx.audit(&line(actor, "survey.upload", survey, detail, now).of([organisation])).await?;
        }
        all.counted += one.counted;
        all.replaced += one.replaced;
        all.same += one.same;
    }
    if !wrong.rows.is_empty() {
        wrong.rows.sort_by_key(|wrong| wrong.row);
        return Err(Error::Rows(wrong.rows));
    }
    tx.commit().await?;
    Ok(all)
}

/// The first rows that cannot be counted.
#[derive(Default)]
struct Wrong {
    rows: Vec<WrongRow>,
}

impl Wrong {
    fn note(&mut self, row: u64, column: &'static str, reason: impl Into<String>) {
        if self.rows.len() < WRONG_MAX {
            self.rows.push(WrongRow { row, column, reason: reason.into() });
        }
    }
}

/// Reads the file; the items of each role have the numbers that they have in its form.
fn read(
    file: impl Read,
    bytes_max: u64,
    catalogue: &crate::catalogue::Catalogue,
) -> Result<Collector, Error> {
    let mut collector = Collector::new();
    for name in catalogue.roles() {
        if let Some(role) = collector.role(name.as_bytes(), 1) {
            for item in catalogue.of_role(name) {
                collector.item(role, item.reference.as_bytes(), 1);
            }
        }
    }
    // One byte more than is taken shows that there is more.
    let mut file = BufReader::new(file.take(bytes_max.saturating_add(1)));
    let mut first = Vec::new();
    (&mut file).take(HEADER_BYTES_MAX).read_until(b'\n', &mut first)?;
    let part = header(&first, RESPONSES)?;
    read_responses(&mut file, &part, 2, &mut collector)?;
    if file.get_ref().limit() == 0 {
        return Err(Error::TooMany {
            limit: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            unit: "bytes",
        });
    }
    for name in catalogue.roles() {
        collector.refuse_items_from(name.as_bytes(), catalogue.of_role(name).count());
    }
    collector.finish(false)
}

type Forms<'c> = BTreeMap<(Id<Organisation>, &'c str), Vec<&'c crate::assess::CollectedForm>>;

/// The forms of a file by organisation and role.
fn by_place<'c>(
    answers: &'c Collector,
    organisations: &BTreeMap<String, Id<Organisation>>,
    wrong: &mut Wrong,
) -> Forms<'c> {
    let mut forms = Forms::new();
    for form in answers.forms() {
        let (key, role) = (answers.organisation_of(form), answers.role_of(form));
        match organisations.get(key) {
            Some(organisation) => forms.entry((*organisation, role)).or_default().push(form),
            None => {
                let key: String = key.chars().take(40).collect();
                wrong.note(form.row(), "organisation", format!("{key:?} is no organisation here"));
            }
        }
    }
    forms
}

/// One role of one organisation.
struct Place<'c> {
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
    role: &'c str,
    items: usize,
}

impl Place<'_> {
    async fn take(
        &self,
        connection: &mut Connection,
        answers: &Collector,
        forms: &[&crate::assess::CollectedForm],
        wrong: &mut Wrong,
        now: Timestamp,
    ) -> Result<Uploaded, Error> {
        let mut uploaded = Uploaded::default();
        let part = sql::part(connection, self.survey, self.organisation).await?;
        let kept = match part {
            Some(part) => {
                sql::tally(connection, part, self.role, self.items).await?.map(|tally| (part, tally))
            }
            None => None,
        };
        let Some((part, mut tally)) = kept else {
            forms.iter().for_each(|form| self.stranger(answers, form, wrong));
            return Ok(uploaded);
        };
        for forms in forms.chunks(BATCH_FORMS) {
            let batch = Batch { part, answers, forms, now };
            self.batch(connection, &batch, &mut tally, &mut uploaded, wrong).await?;
        }
        sql::put_counts(connection, part, self.role, &tally).await?;
        Ok(uploaded)
    }

    async fn batch(
        &self,
        connection: &mut Connection,
        batch: &Batch<'_>,
        tally: &mut Tally,
        uploaded: &mut Uploaded,
        wrong: &mut Wrong,
    ) -> Result<(), Error> {
        let people: Vec<&str> = batch.forms.iter().map(|form| batch.answers.person_of(form)).collect();
        let asked = sql::respondents(connection, batch.part, &people).await?;
        let kept = sql::forms(connection, batch.part, self.role, self.items, &people).await?;
        let mut put = Vec::new();
        for (form, person) in batch.forms.iter().zip(people) {
            let is_asked = asked
                .get(person)
                .is_some_and(|one| one.excluded.is_empty() && one.roles.iter().any(|role| role == self.role));
            if !is_asked {
                self.stranger(batch.answers, form, wrong);
                continue;
            }
            let (before, after) = (kept.get(person), batch.answers.packed(form, self.items));
            let counted = before.and_then(|before| before.answers.as_ref());
            match counted {
                Some(before) if *before == after => {
                    uploaded.same += 1;
                    continue;
                }
                Some(_) => uploaded.replaced += 1,
                None => uploaded.counted += 1,
            }
            count(tally, counted, Some(&after));
            put.push((person, batch.form(before, after)));
        }
        let put: Vec<(&str, &Form)> = put.iter().map(|(person, form)| (*person, form)).collect();
        sql::put_forms(connection, batch.part, self.role, &put).await
    }

    fn stranger(&self, answers: &Collector, form: &crate::assess::CollectedForm, wrong: &mut Wrong) {
        let person: String = answers.person_of(form).chars().take(40).collect();
        wrong.note(form.row(), "person", format!("{person:?} is not asked as {}", self.role));
    }
}

/// Forms that are looked up and written at once.
struct Batch<'c> {
    part: i64,
    answers: &'c Collector,
    forms: &'c [&'c crate::assess::CollectedForm],
    now: Timestamp,
}

impl Batch<'_> {
    fn form(&self, before: Option<&Form>, answers: Packed) -> Form {
        let version = before.map_or(0, |before| before.version) + 1;
        // What somebody is writing meanwhile is theirs to send or to leave.
        let draft = before.and_then(|before| before.draft.clone());
        Form { version, at: Some(self.now), answers: Some(answers), draft }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn a_file_may_be_as_large_as_the_limit_and_not_a_byte_larger() {
        let items = "ref,role,title_ja,title_en\nS-1,staff,題,title\n";
        let catalogue = Catalogue::read_csv(items.as_bytes()).unwrap();
        let file = "organisation,person,role,item,answer\no0,1,staff,S-1,done\n";
        let (bytes, length) = (file.as_bytes(), file.len() as u64);
        assert_eq!(read(bytes, length, &catalogue).unwrap().forms().count(), 1);
        let refused = read(bytes, length - 1, &catalogue).unwrap_err();
        assert_eq!(refused.to_string(), format!("there are more than {} bytes", length - 1));
    }
}
