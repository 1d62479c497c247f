//! Every question to the database.

pub(crate) mod finding;
pub(crate) mod link;
pub(crate) mod reading;

use std::collections::BTreeMap;

use base::{Id, Organisation, Right, Scope};
use sqlx::Row as _;
use store::{Builder, Connection, Row, clean, day, instant, micros, parse};

use crate::answer::Packed;
use crate::catalogue::{Item, Words};
use crate::count::Counted;
use crate::form::{Form, Place, Sheet};
use crate::roster::Respondent;
use crate::survey::{State, Survey, Terms};
use crate::{Error, Tally};

/// Rows that one statement writes: what fits into the 32,766 values that SQLite takes.
const ROWS_PER_STATEMENT: usize = 1_000;

pub(crate) async fn insert_survey(connection: &mut Connection, survey: &Survey) -> Result<(), Error> {
    let terms = &survey.terms;
    sqlx::query(
        "INSERT INTO surveys (id, kind, title_ja, title_en, edition, variant, reference_day, opens_at, closes_at, state,
            made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(survey.id.to_string())
    .bind(terms.kind.word())
    .bind(clean(&terms.title.ja).into_owned())
    .bind(clean(&terms.title.en).into_owned())
    .bind(clean(&terms.edition).into_owned())
    .bind(terms.variant.word())
    .bind(terms.reference_day.to_string())
    .bind(micros(terms.opens_at))
    .bind(micros(terms.closes_at))
    .bind(survey.state.word())
    .bind(micros(survey.made_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn insert_items(
    connection: &mut Connection,
    survey: Id<base::Survey>,
    items: &[Item],
) -> Result<(), Error> {
    for (chunk, items) in items.chunks(ROWS_PER_STATEMENT).enumerate() {
        let mut query = Builder::new(
            "INSERT INTO survey_items (survey, place, reference, role, priority, nist, title_ja, title_en,
                explanation_ja, explanation_en, evidence_ja, evidence_en, clause_ja, clause_en) ",
        );
        query.push_values(items.iter().enumerate(), |mut row, (number, item)| {
            row.push_bind(survey.to_string())
                .push_bind((chunk * ROWS_PER_STATEMENT + number) as i64)
                .push_bind(item.reference.clone())
                .push_bind(item.role.clone())
                .push_bind(i64::from(item.priority))
                .push_bind(item.nist.join(" "));
            for words in [&item.title, &item.explanation, &item.evidence, &item.clause] {
                row.push_bind(clean(&words.ja).into_owned()).push_bind(clean(&words.en).into_owned());
            }
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn set_state(
    connection: &mut Connection,
    survey: Id<base::Survey>,
    state: State,
) -> Result<(), Error> {
    sqlx::query("UPDATE surveys SET state = $1 WHERE id = $2")
        .bind(state.word())
        .bind(survey.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// What [`survey_of`] reads, beginning at a row's first column.
const SURVEY: &str =
    "s.id, s.kind, s.title_ja, s.title_en, s.edition, s.variant, s.reference_day, s.opens_at,
    s.closes_at, s.state, s.made_at";

fn survey_of(row: &Row) -> Result<Survey, Error> {
    let terms = Terms {
        kind: parse(row.try_get(1)?, "a kind of survey")?,
        title: Words { ja: row.try_get(2)?, en: row.try_get(3)? },
        edition: row.try_get(4)?,
        variant: parse(row.try_get(5)?, "a variant")?,
        reference_day: day(row.try_get(6)?)?,
        opens_at: instant(row.try_get(7)?)?,
        closes_at: instant(row.try_get(8)?)?,
    };
    Ok(Survey {
        id: parse(row.try_get(0)?, "a survey's id")?,
        terms,
        state: parse(row.try_get(9)?, "a state of a survey")?,
        made_at: instant(row.try_get(10)?)?,
    })
}

pub(crate) async fn survey(
    connection: &mut Connection,
    id: Id<base::Survey>,
) -> Result<Option<Survey>, Error> {
    let mut query = Builder::new(format!("SELECT {SURVEY} FROM surveys s WHERE s.id = "));
    let row = query.push_bind(id.to_string()).build().fetch_optional(connection).await?;
    row.as_ref().map(survey_of).transpose()
}

pub(crate) async fn surveys(connection: &mut Connection) -> Result<Vec<Survey>, Error> {
    let mut query =
        Builder::new(format!("SELECT {SURVEY} FROM surveys s ORDER BY s.made_at DESC, s.id DESC"));
    query.build().fetch_all(connection).await?.iter().map(survey_of).collect()
}

pub(crate) async fn items(connection: &mut Connection, survey: Id<base::Survey>) -> Result<Vec<Item>, Error> {
    let rows = sqlx::query(
        "SELECT reference, role, priority, nist, title_ja, title_en, explanation_ja, explanation_en, evidence_ja,
            evidence_en, clause_ja, clause_en
         FROM survey_items WHERE survey = $1 ORDER BY place",
    )
    .bind(survey.to_string())
    .fetch_all(connection)
    .await?;
    let item = |row: &Row| {
        let words = |first: usize| -> Result<Words, Error> {
            Ok(Words { ja: row.try_get(first)?, en: row.try_get(first + 1)? })
        };
        let nist: String = row.try_get(3)?;
        Ok(Item {
            reference: row.try_get(0)?,
            role: row.try_get(1)?,
            priority: row.try_get::<i64, _>(2)? != 0,
            nist: nist.split_whitespace().map(str::to_owned).collect(),
            title: words(4)?,
            explanation: words(6)?,
            evidence: words(8)?,
            clause: words(10)?,
        })
    };
    rows.iter().map(item).collect()
}

/// How many items each role's form has.
pub(crate) async fn items_by_role(
    connection: &mut Connection,
    survey: Id<base::Survey>,
) -> Result<BTreeMap<String, usize>, Error> {
    let rows = sqlx::query("SELECT role, COUNT(*) FROM survey_items WHERE survey = $1 GROUP BY role")
        .bind(survey.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, number(row.try_get(1)?)? as usize))).collect()
}

/// Every organisation by the short name that files call it.
pub(crate) async fn organisations(
    connection: &mut Connection,
) -> Result<BTreeMap<String, Id<Organisation>>, Error> {
    let rows = sqlx::query("SELECT key, id FROM organisations").fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, parse(row.try_get(1)?, "an organisation's id")?))).collect()
}

/// The organisations that take part.
pub(crate) async fn parts(
    connection: &mut Connection,
    survey: Id<base::Survey>,
) -> Result<Vec<(i64, Id<Organisation>)>, Error> {
    let rows = sqlx::query("SELECT id, organisation FROM survey_parts WHERE survey = $1 ORDER BY id")
        .bind(survey.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, parse(row.try_get(1)?, "an organisation's id")?))).collect()
}

pub(crate) async fn part(
    connection: &mut Connection,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar("SELECT id FROM survey_parts WHERE survey = $1 AND organisation = $2")
        .bind(survey.to_string())
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?)
}

/// Adds an organisation. There is one writer at a time, so nobody else takes the number.
pub(crate) async fn insert_part(
    connection: &mut Connection,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(
        "INSERT INTO survey_parts (id, survey, organisation)
         VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM survey_parts), $1, $2) RETURNING id",
    )
    .bind(survey.to_string())
    .bind(organisation.to_string())
    .fetch_one(connection)
    .await?)
}

/// Those of these people who are on the roster, by name.
pub(crate) async fn respondents(
    connection: &mut Connection,
    part: i64,
    people: &[&str],
) -> Result<BTreeMap<String, Respondent>, Error> {
    let mut query = Builder::new(
        "SELECT person, roles, section, account, language, excluded FROM respondents WHERE part = ",
    );
    query.push_bind(part).push(" AND person IN (");
    let mut list = query.separated(", ");
    people.iter().for_each(|person| {
        list.push_bind((*person).to_owned());
    });
    let rows = query.push(")").build().fetch_all(connection).await?;
    let respondent = |row: &Row| {
        let (person, roles): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let one = Respondent {
            person: person.clone(),
            roles: roles.split(' ').map(str::to_owned).collect(),
            section: row.try_get(2)?,
            account: parse_account(row.try_get(3)?)?,
            language: parse(row.try_get(4)?, "a language")?,
            excluded: row.try_get(5)?,
        };
        Ok((person, one))
    };
    rows.iter().map(respondent).collect()
}

fn parse_account(text: &str) -> Result<Option<Id<base::Account>>, Error> {
    match text {
        "" => Ok(None),
        id => Ok(Some(parse(id, "an account's id")?)),
    }
}

/// Puts people on the roster, or changes what it says of them.
pub(crate) async fn put_respondents(
    connection: &mut Connection,
    people: &[(i64, &Respondent)],
) -> Result<(), Error> {
    for people in people.chunks(ROWS_PER_STATEMENT) {
        let mut query = Builder::new(
            "INSERT INTO respondents (part, person, roles, section, account, language, excluded) ",
        );
        query.push_values(people, |mut row, (part, one)| {
            row.push_bind(*part)
                .push_bind(one.person.clone())
                .push_bind(one.roles.join(" "))
                .push_bind(one.section.clone())
                .push_bind(one.account.map(|account| account.to_string()).unwrap_or_default())
                .push_bind(one.language.tag())
                .push_bind(one.excluded.clone());
        });
        query.push(
            " ON CONFLICT (part, person) DO UPDATE SET roles = excluded.roles, section = excluded.section,
                account = excluded.account, language = excluded.language, excluded = excluded.excluded",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// In which roles somebody's form counts.
pub(crate) async fn answered_roles(
    connection: &mut Connection,
    part: i64,
    person: &str,
    roles: impl IntoIterator<Item = &String>,
) -> Result<Vec<String>, Error> {
    let mut query = Builder::new("SELECT role FROM forms WHERE part = ");
    query.push_bind(part).push(" AND person = ").push_bind(person.to_owned());
    query.push(" AND answers <> '' AND role IN (");
    let mut list = query.separated(", ");
    roles.into_iter().for_each(|role| {
        list.push_bind(role.clone());
    });
    Ok(query.push(")").build_query_scalar().fetch_all(connection).await?)
}

/// Adds to the numbers of those who are asked and of those who are not.
pub(crate) async fn add_targets(
    connection: &mut Connection,
    part: i64,
    role: &str,
    items: usize,
    (targets, excluded): (i64, i64),
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO tallies (part, role, targets, excluded, counts) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (part, role) DO UPDATE SET targets = tallies.targets + excluded.targets,
            excluded = tallies.excluded + excluded.excluded",
    )
    .bind(part)
    .bind(role.to_owned())
    .bind(targets)
    .bind(excluded)
    .bind(Tally::new(items).written())
    .execute(connection)
    .await?;
    Ok(())
}

fn tally_of(targets: i64, excluded: i64, counts: &str, items: usize) -> Result<Tally, Error> {
    let damaged = || store::Error::Damaged {
        value: counts.chars().take(64).collect(),
        expected: "the counts of a role's items",
    };
    let tally = Tally::of_written(counts, items).ok_or_else(damaged)?;
    Ok(Tally { targets: Some(number(targets)?), excluded: number(excluded)?, ..tally })
}

fn number(stored: i64) -> Result<u64, Error> {
    let damaged = || store::Error::Damaged { value: stored.to_string(), expected: "a number of people" };
    Ok(u64::try_from(stored).map_err(|_| damaged())?)
}

/// The counts of one organisation in one role; `None` when nobody there has that role.
pub(crate) async fn tally(
    connection: &mut Connection,
    part: i64,
    role: &str,
    items: usize,
) -> Result<Option<Tally>, Error> {
    let row = sqlx::query("SELECT targets, excluded, counts FROM tallies WHERE part = $1 AND role = $2")
        .bind(part)
        .bind(role.to_owned())
        .fetch_optional(connection)
        .await?;
    row.map(|row| tally_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, items)).transpose()
}

/// The counts of one organisation by role.
pub(crate) async fn tallies_of(
    connection: &mut Connection,
    part: i64,
    items: &BTreeMap<String, usize>,
) -> Result<BTreeMap<String, Tally>, Error> {
    let rows = sqlx::query("SELECT targets, excluded, counts, role FROM tallies WHERE part = $1")
        .bind(part)
        .fetch_all(connection)
        .await?;
    let tally = |row: &Row| {
        let role: String = row.try_get(3)?;
        let items = items.get(&role).copied().unwrap_or(0);
        Ok((role, tally_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, items)?))
    };
    rows.iter().map(tally).collect()
}

/// The counts of every organisation that the scope reaches, by organisation and role.
pub(crate) async fn tallies(
    connection: &mut Connection,
    scope: &Scope,
    survey: Id<base::Survey>,
    items: &BTreeMap<String, usize>,
) -> Result<Vec<Counted>, Error> {
    let mut query = Builder::new(
        "SELECT t.targets, t.excluded, t.counts, t.role, p.organisation
         FROM tallies t JOIN survey_parts p ON p.id = t.part WHERE p.survey = ",
    );
    query.push_bind(survey.to_string());
    within(&mut query, scope, Right::ReadInspection, "p.organisation");
    query.push(" ORDER BY p.organisation, t.role");
    let rows = query.build().fetch_all(connection).await?;
    let counted = |row: &Row| {
        let role: String = row.try_get(3)?;
        let items = items.get(&role).copied().unwrap_or(0);
        let tally = tally_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, items)?;
        let organisation = parse(row.try_get(4)?, "an organisation's id")?;
        Ok(Counted { organisation, role, tally })
    };
    rows.iter().map(counted).collect()
}

/// Narrows to what the right reaches.
fn within(query: &mut Builder, scope: &Scope, right: Right, column: &str) {
    let Some(organisations) = scope.limit(right) else { return };
    if organisations.is_empty() {
        query.push(" AND 1 = 0");
        return;
    }
    query.push(format_args!(" AND {column} IN ("));
    let mut list = query.separated(", ");
    organisations.iter().for_each(|organisation| {
        list.push_bind(organisation.to_string());
    });
    query.push(")");
}

/// Writes the counts of forms; who is asked stays as it is. Who is on the roster has counts to be written to.
pub(crate) async fn put_counts(
    connection: &mut Connection,
    part: i64,
    role: &str,
    tally: &Tally,
) -> Result<(), Error> {
    let written = sqlx::query("UPDATE tallies SET counts = $1 WHERE part = $2 AND role = $3")
        .bind(tally.written())
        .bind(part)
        .bind(role.to_owned())
        .execute(connection)
        .await?;
    match written.rows_affected() {
        1 => Ok(()),
        _ => Err(no_counts(role)),
    }
}

/// Somebody is asked in a role of which nothing is counted.
pub(crate) fn no_counts(role: &str) -> Error {
    store::Error::Damaged { value: role.to_owned(), expected: "a role with its counts" }.into()
}

/// A form and everything around it; `None` when the person is not on the roster.
pub(crate) async fn place(connection: &mut Connection, sheet: &Sheet) -> Result<Option<Place>, Error> {
    let mut query = Builder::new(format!(
        "SELECT {SURVEY}, p.id, r.roles, r.account, r.excluded, f.version, f.at, f.answers, f.draft,
            (SELECT COUNT(*) FROM survey_items i WHERE i.survey = s.id AND i.role = "
    ));
    // They may come from an address: a NUL makes them nobody's name, and no error of the database.
    let (person, role) = (clean(&sheet.person).into_owned(), clean(&sheet.role).into_owned());
    query.push_bind(role.clone()).push(
        ") FROM surveys s JOIN survey_parts p ON p.survey = s.id JOIN respondents r ON r.part = p.id
         LEFT JOIN forms f ON f.part = p.id AND f.person = r.person AND f.role = ",
    );
    query.push_bind(role).push(" WHERE s.id = ").push_bind(sheet.survey.to_string());
    query.push(" AND p.organisation = ").push_bind(sheet.organisation.to_string());
    query.push(" AND r.person = ").push_bind(person);
    let Some(row) = query.build().fetch_optional(connection).await? else { return Ok(None) };
    let (roles, excluded): (String, String) = (row.try_get(12)?, row.try_get(14)?);
    let asked = roles.split(' ').any(|role| role == sheet.role);
    let items = if asked { number(row.try_get(19)?)? as usize } else { 0 };
    let form = match row.try_get::<Option<i64>, _>(15)? {
        None => Form { version: 0, at: None, answers: None, draft: None },
        Some(version) => Form {
            version: number(version)?,
            at: Some(instant(row.try_get(16)?)?),
            answers: packed(row.try_get(17)?, items)?,
            draft: packed(row.try_get(18)?, items)?,
        },
    };
    let account = parse_account(row.try_get(13)?)?;
    let survey = survey_of(&row)?;
    Ok(Some(Place { survey, part: row.try_get(11)?, account, excluded: !excluded.is_empty(), items, form }))
}

fn packed(text: &str, items: usize) -> Result<Option<Packed>, Error> {
    if text.is_empty() || items == 0 {
        return Ok(None);
    }
    let damaged = || store::Error::Damaged {
        value: text.chars().take(64).collect(),
        expected: "the answers of a form",
    };
    Ok(Some(Packed::of_hex(text, items).ok_or_else(damaged)?))
}

/// Puts the forms of people in one role in the place of those that are kept.
pub(crate) async fn put_forms(
    connection: &mut Connection,
    part: i64,
    role: &str,
    forms: &[(&str, &Form)],
) -> Result<(), Error> {
    let hex = |answers: &Option<Packed>| answers.as_ref().map(Packed::hex).unwrap_or_default();
    for forms in forms.chunks(ROWS_PER_STATEMENT) {
        let mut query = Builder::new("INSERT INTO forms (part, person, role, version, at, answers, draft) ");
        query.push_values(forms, |mut row, (person, form)| {
            row.push_bind(part)
                .push_bind((*person).to_owned())
                .push_bind(role.to_owned())
                .push_bind(i64::try_from(form.version).unwrap_or(i64::MAX))
                .push_bind(form.at.map_or(0, micros))
                .push_bind(hex(&form.answers))
                .push_bind(hex(&form.draft));
        });
        query.push(
            " ON CONFLICT (part, person, role) DO UPDATE SET version = excluded.version, at = excluded.at,
                answers = excluded.answers, draft = excluded.draft",
        );
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// The forms that an account answers, in surveys that are open.
pub(crate) async fn sheets_of(
    connection: &mut Connection,
    account: Id<base::Account>,
) -> Result<Vec<Sheet>, Error> {
    let rows = sqlx::query(
        "SELECT s.id, p.organisation, r.person, r.roles
         FROM respondents r JOIN survey_parts p ON p.id = r.part JOIN surveys s ON s.id = p.survey
         WHERE r.account = $1 AND s.state = 'open' ORDER BY s.closes_at, s.id",
    )
    .bind(account.to_string())
    .fetch_all(connection)
    .await?;
    let mut sheets = Vec::new();
    for row in rows {
        let roles: String = row.try_get(3)?;
        for role in roles.split(' ') {
            sheets.push(Sheet {
                survey: parse(row.try_get(0)?, "a survey's id")?,
                organisation: parse(row.try_get(1)?, "an organisation's id")?,
                person: row.try_get(2)?,
                role: role.to_owned(),
            });
        }
    }
    Ok(sheets)
}

/// How many people of an organisation have which roles, and whether they are asked.
pub(crate) async fn asked(
    connection: &mut Connection,
    part: i64,
) -> Result<BTreeMap<(String, bool), u64>, Error> {
    let rows = sqlx::query(
        "SELECT roles, CASE WHEN excluded = '' THEN 0 ELSE 1 END, COUNT(*)
         FROM respondents WHERE part = $1 GROUP BY roles, CASE WHEN excluded = '' THEN 0 ELSE 1 END",
    )
    .bind(part)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok(((row.try_get(0)?, row.try_get::<i64, _>(1)? != 0), number(row.try_get(2)?)?)))
        .collect()
}

/// The forms of one organisation that count, in the order of their people and roles, after one of them: the person, the
/// role, the answers.
pub(crate) async fn answers(
    connection: &mut Connection,
    part: i64,
    items: &BTreeMap<String, usize>,
    after: &(String, String),
    limit: u32,
) -> Result<Vec<(String, String, Packed)>, Error> {
    let rows = sqlx::query(
        "SELECT person, role, answers FROM forms
         WHERE part = $1 AND (person, role) > ($2, $3) AND answers <> '' ORDER BY person, role LIMIT $4",
    )
    .bind(part)
    .bind(clean(&after.0).into_owned())
    .bind(clean(&after.1).into_owned())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let role: String = row.try_get(1)?;
        if let Some(answers) = packed(row.try_get(2)?, items.get(&role).copied().unwrap_or(0))? {
            found.push((row.try_get(0)?, role, answers));
        }
    }
    Ok(found)
}

/// The forms of one organisation and role, by person.
pub(crate) async fn forms(
    connection: &mut Connection,
    part: i64,
    role: &str,
    items: usize,
    people: &[&str],
) -> Result<BTreeMap<String, Form>, Error> {
    let mut query = Builder::new("SELECT person, version, at, answers, draft FROM forms WHERE part = ");
    query.push_bind(part).push(" AND role = ").push_bind(role.to_owned()).push(" AND person IN (");
    let mut list = query.separated(", ");
    people.iter().for_each(|person| {
        list.push_bind((*person).to_owned());
    });
    let rows = query.push(")").build().fetch_all(connection).await?;
    let form = |row: &Row| {
        let form = Form {
            version: number(row.try_get(1)?)?,
            at: Some(instant(row.try_get(2)?)?),
            answers: packed(row.try_get(3)?, items)?,
            draft: packed(row.try_get(4)?, items)?,
        };
        Ok((row.try_get(0)?, form))
    };
    rows.iter().map(form).collect()
}

/// A person on the roster who lacks a form that counts.
pub(crate) struct Lacking {
    pub person: String,
    pub roles: String,
    pub section: String,
}

/// Those of an organisation, in order after somebody, who have fewer forms that count than roles. A form never counts
/// without its role: the roster keeps a role while its form does.
pub(crate) async fn lacking(
    connection: &mut Connection,
    part: i64,
    after: &str,
    limit: u32,
) -> Result<Vec<Lacking>, Error> {
    let rows = sqlx::query(
        "SELECT r.person, r.roles, r.section FROM respondents r
         WHERE r.part = $1 AND r.person > $2 AND r.excluded = ''
            AND (SELECT COUNT(*) FROM forms f WHERE f.part = r.part AND f.person = r.person AND f.answers <> '')
                < LENGTH(r.roles) - LENGTH(REPLACE(r.roles, ' ', '')) + 1
         ORDER BY r.person LIMIT $3",
    )
    .bind(part)
    .bind(clean(after).into_owned())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok(Lacking { person: row.try_get(0)?, roles: row.try_get(1)?, section: row.try_get(2)? }))
        .collect()
}

/// The forms of people from the first to the last: for each person and role, whether it counts.
pub(crate) async fn begun(
    connection: &mut Connection,
    part: i64,
    first: &str,
    last: &str,
) -> Result<BTreeMap<(String, String), bool>, Error> {
    let rows = sqlx::query(
        "SELECT person, role, CASE WHEN answers <> '' THEN 1 ELSE 0 END FROM forms
         WHERE part = $1 AND person >= $2 AND person <= $3",
    )
    .bind(part)
    .bind(first.to_owned())
    .bind(last.to_owned())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get::<i64, _>(2)? != 0))).collect()
}
