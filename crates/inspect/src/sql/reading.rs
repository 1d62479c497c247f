//! What the pages ask: how far surveys are, and how the parts of one organisation stand.

use std::collections::BTreeMap;

use base::{Id, Organisation, Right, Scope};
use store::{Builder, Connection, Row, parse};

use super::{number, packed, within};
use crate::Error;
use crate::answer::Packed;
use sqlx::Row as _;

/// Digits and the space after them: of the counts as they are written only the first number is wanted.
const FIRST_NUMBER: usize = 21;

/// How many are asked and how many have answered, by survey, organisation and role: as far as the scope reaches.
pub(crate) async fn asked_and_answered(
    connection: &mut Connection,
    scope: &Scope,
) -> Result<Vec<(Id<base::Survey>, Id<Organisation>, u64, u64)>, Error> {
    let mut query = Builder::new(format!(
        "SELECT p.survey, p.organisation, t.targets, SUBSTR(t.counts, 1, {FIRST_NUMBER})
         FROM tallies t JOIN survey_parts p ON p.id = t.part WHERE 1 = 1"
    ));
    within(&mut query, scope, Right::ReadInspection, "p.organisation");
    let rows = query.build().fetch_all(connection).await?;
    let read = |row: &Row| {
        let first: String = row.try_get(3)?;
        let answered = first.split(' ').next().unwrap_or_default();
        Ok((
            parse(row.try_get(0)?, "a survey's id")?,
            parse(row.try_get(1)?, "an organisation's id")?,
            number(row.try_get(2)?)?,
            parse(answered, "a number of forms")?,
        ))
    };
    rows.iter().map(read).collect()
}

/// How many forms were taken back and not sent again, by organisation.
pub(crate) async fn withdrawn(
    connection: &mut Connection,
    scope: &Scope,
    survey: Id<base::Survey>,
) -> Result<BTreeMap<Id<Organisation>, u64>, Error> {
    let mut query = Builder::new(
        "SELECT p.organisation, COUNT(*) FROM survey_parts p JOIN forms f ON f.part = p.id
         WHERE f.answers = '' AND f.version > 0 AND p.survey = ",
    );
    query.push_bind(survey.to_string());
    within(&mut query, scope, Right::ReadInspection, "p.organisation");
    query.push(" GROUP BY p.organisation");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((parse(row.try_get(0)?, "an organisation's id")?, number(row.try_get(1)?)?)))
        .collect()
}

/// How many people of each section have which roles, and whether they are asked.
pub(crate) async fn sections(
    connection: &mut Connection,
    part: i64,
) -> Result<Vec<(String, String, bool, u64)>, Error> {
    let rows = sqlx::query(
        "SELECT section, roles, CASE WHEN excluded = '' THEN 0 ELSE 1 END, COUNT(*) FROM respondents
         WHERE part = $1 GROUP BY section, roles, CASE WHEN excluded = '' THEN 0 ELSE 1 END",
    )
    .bind(part)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let excluded = row.try_get::<i64, _>(2)? != 0;
            Ok((row.try_get(0)?, row.try_get(1)?, excluded, number(row.try_get(3)?)?))
        })
        .collect()
}

/// A form that counts, and where in the organisation its person is.
pub(crate) struct Placed {
    pub person: String,
    pub role: String,
    pub section: String,
    pub answers: Packed,
}

/// The forms of one organisation that count, in the order of their people and roles, after one of them.
pub(crate) async fn placed(
    connection: &mut Connection,
    part: i64,
    items: &BTreeMap<String, usize>,
    after: &(String, String),
    limit: u32,
) -> Result<Vec<Placed>, Error> {
    let rows = sqlx::query(
        "SELECT f.person, f.role, r.section, f.answers
         FROM forms f JOIN respondents r ON r.part = f.part AND r.person = f.person
         WHERE f.part = $1 AND (f.person, f.role) > ($2, $3) AND f.answers <> ''
         ORDER BY f.person, f.role LIMIT $4",
    )
    .bind(part)
    .bind(after.0.clone())
    .bind(after.1.clone())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let role: String = row.try_get(1)?;
        if let Some(answers) = packed(row.try_get(3)?, items.get(&role).copied().unwrap_or(0))? {
            found.push(Placed { person: row.try_get(0)?, role, section: row.try_get(2)?, answers });
        }
    }
    Ok(found)
}
