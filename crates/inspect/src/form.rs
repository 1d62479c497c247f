//! Forms: what one person says in one role. Saved while it is written, submitted, submitted again, withdrawn; whatever
//! becomes of a form, the counts follow in the same transaction.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};

use base::{Actor, Id, Organisation, Right, Scope, Timestamp};
use serde_json::json;
use store::{LineAbout, Store, Tx};

use crate::answer::{Packed, lanes};
use crate::survey::{State, Survey, knows, line};
use crate::{Error, Tally, sql};

/// Which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Of which survey.
    pub survey: Id<base::Survey>,
    /// Where the person is asked.
    pub organisation: Id<Organisation>,
    /// The name or number their organisation knows them by.
    pub person: String,
    /// In which role.
    pub role: String,
}

/// A form as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Grows with each submission and withdrawal; 0 before the first.
    pub version: u64,
    /// When it was last written to; `None` when it never was.
    pub at: Option<Timestamp>,
    /// What counts; `None` while nothing was submitted, and after it was withdrawn.
    pub answers: Option<Packed>,
    /// What is being written.
    pub draft: Option<Packed>,
}

/// What became of a form that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It counts now; where another one counted before, that one no longer does.
    Counted,
    /// It was so already: sent twice is sent once, and where nothing counts there is nothing to withdraw.
    Same,
    /// The survey is open, but it came before the first moment at which answers count or after the last: kept as a draft,
    /// and not counted.
    OutOfTime,
}

/// A form with all that is needed to judge what may happen to it.
pub(crate) struct Place {
    pub survey: Survey,
    pub part: i64,
    /// Who answers on the pages.
    pub account: Option<Id<base::Account>>,
    /// Whether somebody is not asked, for a reason.
    pub excluded: bool,
    /// How many items the form has; 0 when the person does not have the role.
    pub items: usize,
    pub form: Form,
}

/// The forms that are for the actor to answer.
pub async fn own(store: &Store, actor: &Actor) -> Result<Vec<(Sheet, Form)>, Error> {
    let Some(account) = actor.account() else { return Ok(Vec::new()) };
    let mut read = store.read().await?;
    let mut forms = Vec::new();
    for sheet in sql::sheets_of(read.connection(), account).await? {
        let found = sql::place(read.connection(), &sheet).await?;
        if let Some(place) = found.filter(|place| may_answer(actor, &sheet, place)) {
            forms.push((sheet, place.form));
        }
    }
    Ok(forms)
}

/// One form, for whoever answers it and whoever answers for others there.
pub async fn form(store: &Store, actor: &Actor, sheet: &Sheet) -> Result<Form, Error> {
    let mut read = store.read().await?;
    let found = sql::place(read.connection(), sheet).await?;
    Ok(allowed(actor, sheet, found)?.form)
}

/// Keeps what is being written. Nothing is counted. Once the survey is closed there is nothing to write.
pub async fn save_draft(
    store: &Store,
    actor: &Actor,
    sheet: &Sheet,
    answers: &Packed,
    now: Timestamp,
) -> Result<(), Error> {
    let mut entry = Entry::begin(store).await?;
    let place = fitting(actor, sheet, answers, entry.place(sheet).await?)?;
    must_be_open(&place.survey)?;
    let form = Form { draft: Some(answers.clone()), at: Some(now), ..place.form };
    entry.put(place.part, sheet, form);
    entry.commit().await
}

/// Submits a form as `version`, which must be the one after the one that is kept: whoever sends has seen what they
/// replace, and a newer form takes the place of the one that counted. The same form sent once more changes nothing. While
/// the survey is drafted, and once it is closed, nothing is kept of what is sent. Where many send at once, they do so at a
/// [`Reception`](crate::reception::Reception).
pub async fn submit(
    store: &Store,
    actor: &Actor,
    sheet: &Sheet,
    answers: &Packed,
    version: u64,
    now: Timestamp,
) -> Result<Sent, Error> {
    let mut entry = Entry::begin(store).await?;
    let sent = entry.submit(actor, sheet, answers, version, now).await?;
    entry.commit().await?;
    Ok(sent)
}

/// Takes back what was submitted, as `version`: it is a draft again, and no longer counts. Where nothing counts, nothing
/// changes.
pub async fn withdraw(
    store: &Store,
    actor: &Actor,
    sheet: &Sheet,
    version: u64,
    now: Timestamp,
) -> Result<Sent, Error> {
    let mut entry = Entry::begin(store).await?;
    let place = allowed(actor, sheet, entry.place(sheet).await?)?;
    if place.form.answers.is_none() && [place.form.version, place.form.version + 1].contains(&version) {
        return Ok(Sent::Same);
    }
    check_version(version, &place.form)?;
    if !place.survey.takes_answers(now) {
        return Err(Error::OutOfTime(sheet.survey));
    }
    let draft = place.form.draft.clone().or_else(|| place.form.answers.clone());
    let form = Form { version, at: Some(now), answers: None, draft };
    entry.replace(&place, sheet, form).await?;
    entry.note(actor, "survey.withdraw", sheet, version, now);
    entry.commit().await?;
    Ok(Sent::Counted)
}

/// One transaction that takes forms. What becomes of them is written when it commits, in as few statements as it fits into;
/// the counts of a role are read once and written once, however many of its forms change.
pub(crate) struct Entry {
    tx: Tx,
    /// By part and role, then by person.
    forms: BTreeMap<(i64, String), BTreeMap<String, Form>>,
    counts: BTreeMap<(i64, String), Tally>,
    lines: Vec<LineAbout>,
}

impl Entry {
    pub(crate) async fn begin(store: &Store) -> Result<Self, Error> {
        let tx = store.write().await?;
        Ok(Self { tx, forms: BTreeMap::new(), counts: BTreeMap::new(), lines: Vec::new() })
    }

    /// A form as it stands after what this transaction has taken.
    async fn place(&mut self, sheet: &Sheet) -> Result<Option<Place>, Error> {
        let mut found = sql::place(self.tx.connection(), sheet).await?;
        if let Some(place) = &mut found {
            let taken = self.forms.get(&(place.part, sheet.role.clone()));
            if let Some(form) = taken.and_then(|forms| forms.get(&sheet.person)) {
                place.form = form.clone();
            }
        }
        Ok(found)
    }

    fn put(&mut self, part: i64, sheet: &Sheet, form: Form) {
        let of_role = self.forms.entry((part, sheet.role.clone())).or_default();
        of_role.insert(sheet.person.clone(), form);
    }

    /// As [`submit`]; true once [`Entry::commit`] returns. Whatever it refuses, it has changed nothing, unless the database
    /// is what failed.
    pub(crate) async fn submit(
        &mut self,
        actor: &Actor,
        sheet: &Sheet,
        answers: &Packed,
        version: u64,
        now: Timestamp,
    ) -> Result<Sent, Error> {
        let place = fitting(actor, sheet, answers, self.place(sheet).await?)?;
        if version == place.form.version && place.form.answers.as_ref() == Some(answers) {
            return Ok(Sent::Same);
        }
        must_be_open(&place.survey)?;
        check_version(version, &place.form)?;
        if !place.survey.takes_answers(now) {
            let form = Form { draft: Some(answers.clone()), at: Some(now), ..place.form };
            self.put(place.part, sheet, form);
            return Ok(Sent::OutOfTime);
        }
        let form = Form { version, at: Some(now), answers: Some(answers.clone()), draft: None };
        self.replace(&place, sheet, form).await?;
        self.note(actor, "survey.submit", sheet, version, now);
        Ok(Sent::Counted)
    }

    /// Puts a form in the place of the one that is kept, and counts it.
    async fn replace(&mut self, place: &Place, sheet: &Sheet, form: Form) -> Result<(), Error> {
        let connection = self.tx.connection();
        let tally = match self.counts.entry((place.part, sheet.role.clone())) {
            Occupied(kept) => kept.into_mut(),
            Vacant(unread) => {
                let kept = sql::tally(connection, place.part, &sheet.role, place.items).await?;
                unread.insert(kept.ok_or_else(|| sql::no_counts(&sheet.role))?)
            }
        };
        count(tally, place.form.answers.as_ref(), form.answers.as_ref());
        self.put(place.part, sheet, form);
        Ok(())
    }

    fn note(&mut self, actor: &Actor, action: &str, sheet: &Sheet, version: u64, now: Timestamp) {
        let detail = json!({ "role": sheet.role, "version": version });
        let line = line(actor, action, sheet.survey, detail, now).of([sheet.organisation]);
        // Whose form it was can be forgotten; that there was one cannot.
        self.lines.push(LineAbout { line, subject: subject(sheet), words: sheet.person.clone() });
    }

    /// Makes all of it durable and visible at once: the forms, their counts and their lines in the audit trail.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        if self.forms.is_empty() {
            return Ok(());
        }
        for ((part, role), forms) in &self.forms {
            let forms: Vec<_> = forms.iter().map(|(person, form)| (person.as_str(), form)).collect();
            sql::put_forms(self.tx.connection(), *part, role, &forms).await?;
        }
        for ((part, role), tally) in &self.counts {
            sql::put_counts(self.tx.connection(), *part, role, tally).await?;
        }
        if self.lines.is_empty() {
            // Drafts only: no figure changes, and nobody decided anything.
            return Ok(self.tx.commit_unnoticed().await?);
        }
        self.tx.audit_all(&self.lines).await?;
        Ok(self.tx.commit().await?)
    }
}

/// Counts `after` in the place of `before`.
pub(crate) fn count(tally: &mut Tally, before: Option<&Packed>, after: Option<&Packed>) {
    if let Some(before) = before {
        tally.subtract(before.words(), &lanes(before.items()));
    }
    if let Some(after) = after {
        tally.add(after.words(), &lanes(after.items()));
    }
}

/// The place of a form that can take these answers.
fn fitting(actor: &Actor, sheet: &Sheet, answers: &Packed, found: Option<Place>) -> Result<Place, Error> {
    let place = allowed(actor, sheet, found)?;
    if answers.items() != place.items {
        let reason = format!("the form has {} items, these are {}", place.items, answers.items());
        return Err(Error::Malformed { field: "answers", reason });
    }
    Ok(place)
}

fn must_be_open(survey: &Survey) -> Result<(), Error> {
    match survey.state {
        State::Open => Ok(()),
        other => Err(Error::WrongState(other)),
    }
}

fn check_version(version: u64, form: &Form) -> Result<(), Error> {
    match version == form.version + 1 {
        true => Ok(()),
        false => Err(Error::Outdated { kept: form.version }),
    }
}

/// Who is not asked, who is not there, who is somebody else's to answer for, and whose survey nobody may know of yet are
/// all the same.
fn allowed(actor: &Actor, sheet: &Sheet, found: Option<Place>) -> Result<Place, Error> {
    let is_hidden = |survey: &Survey| survey.state == State::Drafted && !knows(actor.scope(), survey);
    let fits = |place: &Place| {
        place.items > 0 && !place.excluded && !is_hidden(&place.survey) && may_answer(actor, sheet, place)
    };
    let fitting = found.filter(fits);
    fitting.ok_or_else(|| Error::NotAsked { person: sheet.person.clone(), role: sheet.role.clone() })
}

fn may_answer(actor: &Actor, sheet: &Sheet, place: &Place) -> bool {
    let (scope, organisation): (&Scope, _) = (actor.scope(), Some(sheet.organisation));
    let own = actor.account().is_some() && actor.account() == place.account;
    let own = own && scope.covers(Right::Answer, organisation);
    own || actor.holds(&subject(sheet)) || scope.covers(Right::KeepInspection, organisation)
}

/// Who a form is of, whatever the role: in the audit trail, where it can be forgotten, and in personal links.
pub(crate) fn subject(sheet: &Sheet) -> String {
    format!("{}/{}/{}", sheet.survey, sheet.organisation, sheet.person)
}
