//! A form as people fill it in, whoever they are: by their account or by a personal link.
//!
//! Nothing needs script. A form is one page; sending it leads to another address, so that going back and loading again
//! send nothing twice. Whatever cannot be taken is kept where it can be, and said in a sentence.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Actor;
use inspect::catalogue::{Catalogue, Item};
use inspect::form::{Form, Sent, Sheet};
use inspect::reception::Sending;
use inspect::survey::{State as Stage, Survey};
use inspect::{Answer, Packed, form};

use super::{role_name, said};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::query::href;
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, render};
use crate::when;
use crate::words::count;

/// Bytes of a form that was sent: the most items of one role, each with its answer.
pub(crate) const FORM_BYTES_MAX: usize = 32 * 1024;
/// The answers there are to choose from, in their order.
const CHOICES: [Answer; 3] = [Answer::Done, Answer::NotDone, Answer::NoDuty];

/// One person's form, and how they came to it.
pub(super) struct Desk {
    /// Who answers.
    pub author: Actor,
    /// Of which survey.
    pub survey: Survey,
    /// What it asks.
    pub catalogue: Catalogue,
    /// Which form.
    pub sheet: Sheet,
    /// As it is kept.
    pub form: Form,
    /// Where it is shown and sent to.
    pub path: String,
    /// What tells it from others at that place: names and values.
    pub names: Vec<(&'static str, String)>,
    /// The person's other forms of the same survey: a name and where it is.
    pub others: Vec<crate::page::part::Link>,
}

#[derive(Template)]
#[template(path = "inspect/form.html")]
struct FormPage {
    frame: Frame,
    about: About,
    note: String,
    missing: Vec<(usize, String)>,
    missing_title: String,
    groups: Vec<Group>,
    version: u64,
    items: String,
    takes: bool,
}

#[derive(Template)]
#[template(path = "inspect/sent.html")]
struct SentPage {
    frame: Frame,
    about: About,
    thanks: bool,
    note: String,
    at: Markup,
    sent: String,
    tally: String,
    rows: Vec<SentRow>,
    version: u64,
    takes: bool,
    edit_href: String,
    has_draft: bool,
}

/// What stands above a form and below it, sent or not.
struct About {
    survey: String,
    role: String,
    person: Foreign,
    organisation: String,
    closes: Markup,
    path: String,
    names: Vec<(&'static str, String)>,
    others: Vec<crate::page::part::Link>,
}

struct Group {
    clause: String,
    items: Vec<Question>,
}

struct Question {
    number: usize,
    reference: String,
    title: String,
    explanation: String,
    evidence: String,
    priority: bool,
    missing: bool,
    choices: Vec<Choice>,
}

struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

struct SentRow {
    reference: String,
    title: String,
    answer: String,
}

/// What somebody did with their form.
pub(super) struct Posted<'p> {
    pairs: &'p [(String, String)],
}

impl<'p> Posted<'p> {
    pub(super) fn new(pairs: &'p [(String, String)]) -> Self {
        Self { pairs }
    }

    pub(super) fn text(&self, name: &str) -> &'p str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The answers that were chosen; a value that is none is a blank.
    fn answers(&self, items: usize) -> Packed {
        let mut answers = Packed::blank(items);
        for (name, value) in self.pairs {
            let item = name.strip_prefix("item-").and_then(|number| number.parse::<usize>().ok());
            if let (Some(item), Some(answer)) = (item, Answer::of_bytes(value.as_bytes())) {
                answers.set(item, answer);
            }
        }
        answers
    }
}

impl Desk {
    /// The form to fill in, or what was sent.
    pub(super) fn show(&self, visit: &Visit) -> Result<Response, Failure> {
        let edits = visit.query.get("edit").is_some() && self.survey.takes_answers(visit.now);
        let note = match visit.query.get("done") {
            Some("saved") => visit.words.get("inspect-form-saved"),
            Some("withdrawn") => visit.words.get("inspect-form-withdrawn"),
            Some("late") => self.late(visit),
            _ => String::new(),
        };
        match &self.form.answers {
            Some(answers) if !edits => self.sent_page(visit, answers, note),
            _ => {
                let kept = self.form.draft.as_ref().or(self.form.answers.as_ref()).cloned();
                let answers = kept.unwrap_or_else(|| Packed::blank(self.items()));
                let note = if note.is_empty() { self.standing_note(visit) } else { note };
                self.form_page(visit, &answers, note, false)
            }
        }
    }

    /// Does what was asked for: saves, submits or withdraws.
    pub(super) async fn take(
        self,
        app: &Arc<App>,
        visit: &Visit,
        posted: &Posted<'_>,
    ) -> Result<Response, Failure> {
        let (store, now) = (&app.state.store, visit.now);
        let answers = posted.answers(self.items());
        let version: u64 = posted.text("version").parse().unwrap_or(0);
        match posted.text("do") {
            "withdraw" => match form::withdraw(store, &self.author, &self.sheet, version, now).await {
                Ok(_) => Ok(self.see("withdrawn")),
                Err(inspect::Error::OutOfTime(_) | inspect::Error::WrongState(_)) => Ok(self.see("late")),
                Err(error) => Err(error.into()),
            },
            "submit" if answers.iter().all(|answer| answer != Answer::Blank) => {
                let (actor, sheet, answers) = (self.author.clone(), self.sheet.clone(), answers.clone());
                match app
                    .reception
                    .submit(Sending { actor, sheet, answers: answers.clone(), version, at: now })
                    .await
                {
                    Ok(Sent::Counted | Sent::Same) => Ok(self.see("sent")),
                    Ok(Sent::OutOfTime) | Err(inspect::Error::WrongState(_)) => Ok(self.see("late")),
                    Err(inspect::Error::Outdated { .. }) => self.overtaken(app, visit, answers).await,
                    Err(error) => Err(error.into()),
                }
            }
            asked => {
                match form::save_draft(store, &self.author, &self.sheet, &answers, now).await {
                    Ok(()) => {}
                    Err(inspect::Error::WrongState(_)) => return Ok(self.see("late")),
                    Err(error) => return Err(error.into()),
                }
                match asked {
                    "submit" => {
                        let page = self.form_page(visit, &answers, String::new(), true)?;
                        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
                    }
                    _ => Ok(self.see("saved")),
                }
            }
        }
    }

    /// Somebody else, or the same person elsewhere, has sent a newer form meanwhile: what was chosen here is kept as a
    /// draft, and nothing is replaced unseen.
    async fn overtaken(
        mut self,
        app: &Arc<App>,
        visit: &Visit,
        answers: Packed,
    ) -> Result<Response, Failure> {
        let store = &app.state.store;
        form::save_draft(store, &self.author, &self.sheet, &answers, visit.now).await?;
        self.form = form::form(store, &self.author, &self.sheet).await?;
        let page = self.form_page(visit, &answers, visit.words.get("inspect-form-overtaken"), false)?;
        Ok((StatusCode::CONFLICT, page).into_response())
    }

    fn items(&self) -> usize {
        self.catalogue.of_role(&self.sheet.role).count()
    }

    fn see(&self, done: &str) -> Response {
        let mut pairs: Vec<(&str, &str)> =
            self.names.iter().map(|(name, value)| (*name, value.as_str())).collect();
        pairs.push(("done", done));
        if matches!(done, "saved" | "withdrawn") {
            pairs.push(("edit", "1"));
        }
        Redirect::to(&href(&self.path, &pairs)).into_response()
    }

    /// Why nothing can be sent now; empty when something can.
    fn standing_note(&self, visit: &Visit) -> String {
        let at = |time| when::formal(visit.language(), time);
        let terms = &self.survey.terms;
        match self.survey.state {
            _ if self.survey.takes_answers(visit.now) => String::new(),
            Stage::Closed => self.late(visit),
            _ if visit.now > terms.closes_at => self.late(visit),
            Stage::Drafted | Stage::Open => {
                visit.words.with("inspect-form-early", &[("time", at(terms.opens_at).into())])
            }
        }
    }

    fn late(&self, visit: &Visit) -> String {
        let closed = when::formal(visit.language(), self.survey.terms.closes_at);
        visit.words.with("inspect-form-late", &[("time", closed.into())])
    }

    fn about(&self, visit: &Visit) -> About {
        About {
            survey: said(visit, &self.survey.terms.title),
            role: role_name(visit, &self.sheet.role),
            person: Foreign(self.sheet.person.clone()),
            organisation: visit.organisation_name(self.sheet.organisation),
            closes: visit.time(self.survey.terms.closes_at),
            path: self.path.clone(),
            names: self.names.clone(),
            others: self.others.clone(),
        }
    }

    fn form_page(
        &self,
        visit: &Visit,
        answers: &Packed,
        note: String,
        names_missing: bool,
    ) -> Result<Response, Failure> {
        let asked: Vec<&Item> = self.catalogue.of_role(&self.sheet.role).collect();
        let is_missing = |number: usize| names_missing && answers.get(number) == Answer::Blank;
        let missing: Vec<(usize, String)> = asked
            .iter()
            .enumerate()
            .filter(|(number, _)| is_missing(*number))
            .map(|(number, item)| (number, item_name(visit, item)))
            .collect();
        let mut groups: Vec<Group> = Vec::new();
        for (number, item) in asked.iter().enumerate() {
            let clause = said(visit, &item.clause);
            let question = question(visit, number, item, answers.get(number), is_missing(number));
            match groups.last_mut().filter(|last| last.clause == clause) {
                Some(last) => last.items.push(question),
                None => groups.push(Group { clause, items: vec![question] }),
            }
        }
        render(&FormPage {
            frame: visit.frame("/inspect/answer", visit.words.get("inspect-form-title")),
            about: self.about(visit),
            note,
            missing_title: visit.words.with("inspect-form-missing", &[("n", (missing.len() as u64).into())]),
            missing,
            groups,
            version: self.form.version + 1,
            items: visit.words.with("inspect-form-items", &[("n", (asked.len() as u64).into())]),
            takes: self.survey.takes_answers(visit.now),
        })
    }

    fn sent_page(&self, visit: &Visit, answers: &Packed, note: String) -> Result<Response, Failure> {
        let of = |wanted: Answer| answers.iter().filter(|answer| *answer == wanted).count() as u64;
        let asked = self.catalogue.of_role(&self.sheet.role).enumerate();
        let rows = asked.map(|(number, item)| SentRow {
            reference: item.reference.clone(),
            title: said(visit, &item.title),
            answer: answer_name(visit, answers.get(number)),
        });
        let names: Vec<(&str, &str)> =
            self.names.iter().map(|(name, value)| (*name, value.as_str())).chain([("edit", "1")]).collect();
        let at = self.form.at.unwrap_or(visit.now);
        render(&SentPage {
            frame: visit.frame("/inspect/answer", visit.words.get("inspect-sent-title")),
            about: self.about(visit),
            thanks: visit.query.get("done") == Some("sent"),
            note,
            at: visit.time(at),
            sent: visit.words.with(
                "inspect-sent-about",
                &[
                    ("time", when::formal(visit.language(), at).into()),
                    ("version", count(self.form.version).into()),
                ],
            ),
            tally: visit.words.with(
                "inspect-sent-tally",
                &[
                    ("done", of(Answer::Done).into()),
                    ("notdone", of(Answer::NotDone).into()),
                    ("noduty", of(Answer::NoDuty).into()),
                ],
            ),
            rows: rows.collect(),
            version: self.form.version + 1,
            takes: self.survey.takes_answers(visit.now),
            edit_href: href(&self.path, &names),
            has_draft: self.form.draft.is_some(),
        })
    }
}

fn question(visit: &Visit, number: usize, item: &Item, answer: Answer, missing: bool) -> Question {
    let choice =
        |one: Answer| Choice { value: one.word(), label: answer_name(visit, one), chosen: one == answer };
    Question {
        number,
        reference: item.reference.clone(),
        title: said(visit, &item.title),
        explanation: said(visit, &item.explanation),
        evidence: said(visit, &item.evidence),
        priority: item.priority,
        missing,
        choices: CHOICES.map(choice).into(),
    }
}

fn item_name(visit: &Visit, item: &Item) -> String {
    neutral_short(&format!("{} {}", item.reference, said(visit, &item.title)), 120)
}

fn answer_name(visit: &Visit, answer: Answer) -> String {
    let key = match answer {
        Answer::Done => "inspect-answer-done",
        Answer::NotDone => "inspect-answer-not-done",
        Answer::NoDuty => "inspect-answer-no-duty",
        Answer::Blank => "inspect-answer-blank",
    };
    visit.words.get(key)
}
