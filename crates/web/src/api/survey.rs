//! Surveys: how far they are, the figures with the counts they are made of, and one's own forms.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use base::{Id, Organisation, Right, Timestamp};
use inspect::catalogue::Catalogue;
use inspect::count::counts;
use inspect::form::{Form as Kept, Sent, Sheet, own, save_draft};
use inspect::progress::{self, Overview};
use inspect::reception::Sending;
use inspect::survey::{Kind, State, Survey};
use inspect::{Answer, Figure, Government, Grade, Packed, Summary, Variant, Withheld, printed};
use jiff::civil::Date;

use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Fault, Form, Page, Said, Schema, Shape, Within, Word, Worded, request, shape};
use crate::error::Failure;
use crate::page::inspect::{lines, withheld};
use crate::route::Needs;

/// Surveys of one page.
const SURVEYS_MAX: u32 = 100;
/// Organisations of one page.
const ORGANISATIONS_MAX: u32 = 500;
/// Characters of a role's word.
const ROLE_CHARACTERS_MAX: usize = 64;

shape! {
    /// A survey, and how far it is.
    SurveyState {
        id: Id<base::Survey>, kind: Word<Kind>, name_ja: String, name_en: String, edition: String,
        formula: Word<Variant>, state: Word<State>, reference_day: Date, opens_at: Timestamp,
        closes_at: Timestamp, asked: u64, answered: u64, organisations_total: u64, overdue: u64
    }
}

shape! {
    /// How far one organisation is.
    SurveyProgress { organisation: Id<Organisation>, asked: u64, answered: u64, withdrawn: u64 }
}

shape! {
    /// A share with its counts; without them when it is a mean, undefined or withheld.
    SurveyFigure {
        part: Option<u64>, whole: Option<u64>, percent: Option<String>, grade: Option<Word<Grade>>, withheld: bool
    }
}

shape! {
    /// A figure of many organisations, added in both ways.
    SurveyMean { mean: SurveyFigure, pooled: SurveyFigure, organisations_total: u64 }
}

shape! {
    /// One organisation.
    SurveyPlace {
        organisation: Id<Organisation>, asked: u64, answered: u64, coverage: SurveyFigure,
        implementation: SurveyFigure
    }
}

shape! {
    /// One role, or all together.
    SurveyRole {
        role: String, asked: u64, answered: u64, coverage: SurveyMean, implementation: SurveyMean,
        reach: Vec<SurveyMean>
    }
}

shape! {
    /// What the counts add up to.
    SurveyResults {
        survey: Id<base::Survey>, formula: Word<Variant>, organisations: Vec<SurveyPlace>, roles: Vec<SurveyRole>,
        all_roles: SurveyRole
    }
}

shape! {
    /// One's own form, and how far it is.
    OwnForm {
        survey: Id<base::Survey>, organisation: Id<Organisation>, role: String, name_ja: String, name_en: String,
        closes_at: Timestamp, takes_answers: bool, version: u64, at: Option<Timestamp>, submitted: bool
    }
}

shape! {
    /// All of them.
    OwnForms { forms: Vec<OwnForm> }
}

shape! {
    /// One item of a form.
    FormItem { item: String, name_ja: String, name_en: String, answer: Option<Word<Chosen>>, draft: Option<Word<Chosen>> }
}

shape! {
    /// One's own form with everything it asks.
    OwnFormDetail { form: OwnForm, items: Vec<FormItem> }
}

request! {
    /// Answers, to be kept as a draft or to count.
    SendForm {
        role: Said<{ ROLE_CHARACTERS_MAX }>, organisation: Option<Id<Organisation>>, version: Within<0, { i64::MAX }>,
        answers: Answers, submit: bool
    }
}

/// An answer that somebody chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen(Answer);

impl Worded for Chosen {
    fn all() -> Vec<Self> {
        vec![Self(Answer::Done), Self(Answer::NotDone), Self(Answer::NoDuty)]
    }

    fn text(self) -> &'static str {
        self.0.word()
    }
}

/// Answers by the numbers of their items.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Answers(BTreeMap<String, Word<Chosen>>);

impl Shape for Answers {
    fn schema() -> Schema {
        let words = Chosen::all().into_iter().map(Worded::text).collect();
        Schema::Map { names: Vec::new(), of: Box::new(Schema::Text(Form::OneOf(words))) }
    }
}

/// The operations about surveys.
pub(super) fn operations() -> Vec<Operation> {
    let inspecting = Needs::Right(Right::ReadInspection);
    let answering = Needs::Right(Right::Answer);
    let role = || Schema::text(ROLE_CHARACTERS_MAX);
    vec![
        Operation::get("list_surveys", "/api/v1/surveys", inspecting, |asked| Box::pin(list(asked)))
            .in_pages(SURVEYS_MAX)
            .gives::<Page<SurveyState>>(),
        Operation::get("get_survey", "/api/v1/surveys/{id}", inspecting, |asked| Box::pin(one(asked)))
            .at::<Id<base::Survey>>("id")
            .gives::<SurveyState>(),
        Operation::get("list_survey_progress", "/api/v1/surveys/{id}/progress", inspecting, |asked| {
            Box::pin(list_progress(asked))
        })
        .at::<Id<base::Survey>>("id")
        .in_pages(ORGANISATIONS_MAX)
        .gives::<Page<SurveyProgress>>(),
        Operation::get("get_survey_results", "/api/v1/surveys/{id}/results", inspecting, |asked| {
            Box::pin(results(asked))
        })
        .at::<Id<base::Survey>>("id")
        .gives::<SurveyResults>(),
        Operation::get("list_own_forms", "/api/v1/account/forms", answering, |asked| {
            Box::pin(list_forms(asked))
        })
        .gives::<OwnForms>(),
        Operation::get("get_own_form", "/api/v1/account/forms/{id}", answering, |asked| {
            Box::pin(one_form(asked))
        })
        .at::<Id<base::Survey>>("id")
        .may_have("role", role())
        .may_have("organisation", Id::<Organisation>::schema())
        .gives::<OwnFormDetail>(),
        Operation::post("send_own_form", "/api/v1/account/forms/{id}", answering, |asked| {
            Box::pin(send_form(asked))
        })
        .at::<Id<base::Survey>>("id")
        .takes::<SendForm>()
        .gives::<OwnFormDetail>(),
    ]
}

async fn overviews(asked: &Asked) -> Result<Vec<Overview>, Failure> {
    Ok(progress::overviews(&asked.app.state.store, asked.scope(), SURVEYS_MAX as usize).await?)
}

async fn list(asked: Asked) -> Result<Reply, Failure> {
    let found = overviews(&asked).await?;
    asked.page_of(&found, |one| one.survey.id.to_string(), |one| state(&asked, one))
}

async fn one(asked: Asked) -> Result<Reply, Failure> {
    let id = asked.id()?;
    let found = overviews(&asked).await?.into_iter().find(|one| one.survey.id == id);
    Reply::json(&state(&asked, &found.ok_or_else(Failure::not_found)?))
}

fn state(asked: &Asked, one: &Overview) -> SurveyState {
    let terms = &one.survey.terms;
    SurveyState {
        id: one.survey.id,
        kind: Word(terms.kind),
        name_ja: terms.title.ja.clone(),
        name_en: terms.title.en.clone(),
        edition: terms.edition.clone(),
        formula: Word(terms.variant),
        state: Word(one.survey.state),
        reference_day: terms.reference_day,
        opens_at: terms.opens_at,
        closes_at: terms.closes_at,
        asked: one.asked,
        answered: one.answered,
        organisations_total: one.organisations,
        overdue: one.overdue(asked.now()),
    }
}

async fn list_progress(asked: Asked) -> Result<Reply, Failure> {
    let (store, scope) = (&asked.app.state.store, asked.scope());
    let (survey, catalogue) = inspect::survey::survey(store, scope, asked.id()?).await?;
    let counted = counts(store, scope, survey.id).await?;
    let taken_back = progress::withdrawn(store, scope, survey.id).await?;
    let results = inspect::results(&counted, &catalogue.roles(), survey.terms.variant.formula());
    let lines: Vec<(Id<Organisation>, Summary)> = results.organisations.into_iter().collect();
    asked.page_of(
        &lines,
        |(organisation, _)| organisation.to_string(),
        |(organisation, one)| SurveyProgress {
            organisation: *organisation,
            asked: one.asked,
            answered: one.answered,
            withdrawn: taken_back.get(organisation).copied().unwrap_or(0),
        },
    )
}

async fn results(asked: Asked) -> Result<Reply, Failure> {
    let (store, scope) = (&asked.app.state.store, asked.scope());
    let (survey, catalogue) = inspect::survey::survey(store, scope, asked.id()?).await?;
    let counted = counts(store, scope, survey.id).await?;
    let found = inspect::results(&counted, &catalogue.roles(), survey.terms.variant.formula());
    let lines = lines(&asked.visit, &counted);
    let organisations = lines.iter().map(|(id, _)| *id);
    let hidden = withheld(&asked.visit, &survey, organisations, lines.iter().map(|(_, one)| one));
    let places = lines.iter().enumerate().filter_map(|(line, (organisation, _))| {
        let one = found.organisations.get(organisation)?;
        Some(SurveyPlace {
            organisation: *organisation,
            asked: one.asked,
            answered: one.answered,
            coverage: figure(&one.coverage, false),
            implementation: figure(&one.implementation, hidden.line(line)),
        })
    });
    Reply::json(&SurveyResults {
        survey: survey.id,
        formula: Word(survey.terms.variant),
        organisations: places.collect(),
        roles: found.roles.iter().map(|one| role_of(one, &hidden, lines.len())).collect(),
        all_roles: role_of(&found.all, &hidden, lines.len()),
    })
}

fn role_of(one: &inspect::OfRole, hidden: &Withheld, totals: usize) -> SurveyRole {
    let withheld = if one.role.is_empty() { hidden.line(totals) } else { hidden.role(totals, &one.role) };
    SurveyRole {
        role: one.role.clone(),
        asked: one.asked,
        answered: one.answered,
        coverage: mean(&one.coverage, false),
        implementation: mean(&one.implementation, withheld),
        reach: one.reach.iter().map(|reach| mean(reach, withheld)).collect(),
    }
}

fn mean(one: &Government, withheld: bool) -> SurveyMean {
    SurveyMean {
        mean: figure(&Figure::Mean(one.mean.clone()), withheld),
        pooled: figure(&one.pooled.map_or(Figure::UNDEFINED, Figure::Share), withheld),
        organisations_total: one.mean.n(),
    }
}

fn figure(one: &Figure, withheld: bool) -> SurveyFigure {
    let shown = one.is_defined() && !withheld;
    let share = match one {
        Figure::Share(share) if shown => Some(*share),
        _ => None,
    };
    SurveyFigure {
        part: share.map(|share| share.part),
        whole: share.map(|share| share.whole),
        percent: shown.then(|| printed(one)),
        grade: Grade::of(one).filter(|_| shown).map(Word),
        withheld,
    }
}

async fn list_forms(asked: Asked) -> Result<Reply, Failure> {
    let store = &asked.app.state.store;
    let mut forms = Vec::new();
    for (sheet, form) in own(store, asked.actor()?).await? {
        let (survey, _) = inspect::survey::survey(store, asked.scope(), sheet.survey).await?;
        forms.push(form_of(&asked, &survey, &sheet, &form));
    }
    Reply::json(&OwnForms { forms })
}

fn form_of(asked: &Asked, survey: &Survey, sheet: &Sheet, form: &Kept) -> OwnForm {
    OwnForm {
        survey: sheet.survey,
        organisation: sheet.organisation,
        role: sheet.role.clone(),
        name_ja: survey.terms.title.ja.clone(),
        name_en: survey.terms.title.en.clone(),
        closes_at: survey.terms.closes_at,
        takes_answers: survey.takes_answers(asked.now()),
        version: form.version,
        at: form.at,
        submitted: form.answers.is_some(),
    }
}

/// One's own form of a survey; the first when there are several and nobody says which.
async fn found(
    asked: &Asked,
    role: Option<&str>,
    organisation: Option<Id<Organisation>>,
) -> Result<(Survey, Catalogue, Sheet, Kept), Failure> {
    let (store, id) = (&asked.app.state.store, asked.id()?);
    let fits = |sheet: &Sheet| {
        sheet.survey == id
            && role.is_none_or(|role| sheet.role == role)
            && organisation.is_none_or(|organisation| sheet.organisation == organisation)
    };
    let forms = own(store, asked.actor()?).await?;
    let (sheet, form) = forms.into_iter().find(|(sheet, _)| fits(sheet)).ok_or_else(Failure::not_found)?;
    let (survey, catalogue) = inspect::survey::survey(store, asked.scope(), id).await?;
    Ok((survey, catalogue, sheet, form))
}

async fn one_form(asked: Asked) -> Result<Reply, Failure> {
    let (survey, catalogue, sheet, form) =
        found(&asked, asked.text("role"), asked.parsed("organisation")?).await?;
    detail(&asked, &survey, &catalogue, &sheet, &form)
}

fn detail(
    asked: &Asked,
    survey: &Survey,
    catalogue: &Catalogue,
    sheet: &Sheet,
    form: &Kept,
) -> Result<Reply, Failure> {
    let chosen = |answers: &Option<Packed>, item: usize| {
        let answer = answers.as_ref().map_or(Answer::Blank, |answers| answers.get(item));
        (answer != Answer::Blank).then_some(Word(Chosen(answer)))
    };
    let items = catalogue.of_role(&sheet.role).enumerate().map(|(place, item)| FormItem {
        item: item.reference.clone(),
        name_ja: item.title.ja.clone(),
        name_en: item.title.en.clone(),
        answer: chosen(&form.answers, place),
        draft: chosen(&form.draft, place),
    });
    Reply::json(&OwnFormDetail { form: form_of(asked, survey, sheet, form), items: items.collect() })
}

async fn send_form(mut asked: Asked) -> Result<Reply, Failure> {
    let sent: SendForm = asked.json()?;
    let (survey, catalogue, sheet, _) = found(&asked, Some(&sent.role.0), sent.organisation).await?;
    let answers = packed(&catalogue, &sheet, &sent)?;
    let (store, author, now) = (&asked.app.state.store, asked.actor()?, asked.now());
    match sent.submit {
        false => save_draft(store, author, &sheet, &answers, now).await?,
        true => {
            let version = u64::try_from(sent.version.0).unwrap_or(0);
            let sending = Sending { actor: author.clone(), sheet: sheet.clone(), answers, version, at: now };
            if asked.app.reception.submit(sending).await? == Sent::OutOfTime {
                return Err(inspect::Error::OutOfTime(sheet.survey).into());
            }
        }
    }
    let kept = inspect::form::form(store, author, &sheet).await?;
    detail(&asked, &survey, &catalogue, &sheet, &kept)
}

/// The answers in the order of the form; an item that is not asked is named, and so is one that is missing where
/// everything has to be there.
fn packed(catalogue: &Catalogue, sheet: &Sheet, sent: &SendForm) -> Result<Packed, Failure> {
    let items: Vec<&str> = catalogue.of_role(&sheet.role).map(|item| item.reference.as_str()).collect();
    let at = |item: &str| format!("/answers/{}", item.replace('~', "~0").replace('/', "~1"));
    let mut faults = Vec::new();
    let mut answers = Packed::blank(items.len());
    for (item, answer) in &sent.answers.0 {
        match items.iter().position(|known| known == item) {
            Some(place) => answers.set(place, answer.0.0),
            None => faults.push(Fault::new(&at(item), "api-wrong-unknown", "")),
        }
    }
    if sent.submit {
        let missing = items.iter().filter(|item| !sent.answers.0.contains_key(**item));
        faults.extend(missing.map(|item| Fault::new(&at(item), "api-wrong-missing", "")));
    }
    match faults.is_empty() {
        true => Ok(answers),
        false => Err(Failure::at(StatusCode::UNPROCESSABLE_ENTITY, faults)),
    }
}
