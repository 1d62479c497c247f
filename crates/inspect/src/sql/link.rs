//! Personal links: their digests, and whose they are.

use base::{Id, Language};
use sqlx::Row as _;
use store::{Builder, Connection, parse};

use super::ROWS_PER_STATEMENT;
use crate::Error;
use crate::form::Sheet;

/// Somebody whom a link may be made for.
pub(crate) struct Unaccounted {
    pub person: String,
    pub language: Language,
}

/// Those of an organisation who are asked and have no account, in the order of their names; only `person` when one is
/// named.
pub(crate) async fn unaccounted(
    connection: &mut Connection,
    part: i64,
    person: Option<&str>,
    limit: u32,
) -> Result<Vec<Unaccounted>, Error> {
    let mut query = Builder::new(
        "SELECT person, language FROM respondents WHERE excluded = '' AND account = '' AND part = ",
    );
    query.push_bind(part);
    if let Some(person) = person {
        query.push(" AND person = ").push_bind(store::clean(person).into_owned());
    }
    query.push(" ORDER BY person LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Unaccounted { person: row.try_get(0)?, language: parse(row.try_get(1)?, "a language")? })
        })
        .collect()
}

/// Keeps the digests of new links; whoever had one before has only the new one.
pub(crate) async fn replace(
    connection: &mut Connection,
    part: i64,
    links: &[(String, String)],
) -> Result<(), Error> {
    for links in links.chunks(ROWS_PER_STATEMENT) {
        let mut query = Builder::new("INSERT INTO respondent_links (digest, part, person) ");
        query.push_values(links, |mut row, (digest, person)| {
            row.push_bind(digest.clone()).push_bind(part).push_bind(person.clone());
        });
        query.push(" ON CONFLICT (part, person) DO UPDATE SET digest = excluded.digest");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// The forms that a link is for, one for each role; none when there is no such link, or its person is not asked.
pub(crate) async fn sheets(connection: &mut Connection, digest: &str) -> Result<Vec<Sheet>, Error> {
    let row = sqlx::query(
        "SELECT p.survey, p.organisation, r.person, r.roles
         FROM respondent_links l JOIN respondents r ON r.part = l.part AND r.person = l.person
         JOIN survey_parts p ON p.id = l.part WHERE l.digest = $1 AND r.excluded = ''",
    )
    .bind(digest.to_owned())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let survey: Id<base::Survey> = parse(row.try_get(0)?, "a survey's id")?;
    let organisation = parse(row.try_get(1)?, "an organisation's id")?;
    let (person, roles): (String, String) = (row.try_get(2)?, row.try_get(3)?);
    let sheet = |role: &str| Sheet { survey, organisation, person: person.clone(), role: role.to_owned() };
    Ok(roles.split(' ').map(sheet).collect())
}
