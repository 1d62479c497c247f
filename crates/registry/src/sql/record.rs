//! Records: one table for each noun, with its columns in the order of [`Noun::own_columns`].

use std::collections::{BTreeMap, HashSet};

use base::{Confidentiality, Id, Organisation as OrganisationId, Right, Scope};
use jiff::civil::Date;
use sqlx::Row as _;
use store::{Builder, Connection, day, parse};

use crate::asset::Validity;
use crate::{Error, Noun, Record};

/// Ids in one question.
const IDS_MAX: usize = 400;

/// Where a list goes on: after this organisation and key.
pub(crate) type After = (Id<OrganisationId>, String);

const fn select(noun: Noun) -> &'static str {
    match noun {
        Noun::Person => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
                t.name_ja, t.name_en, t.post_ja, t.post_en, t.mail, t.phone, t.language
             FROM people t WHERE 1 = 1"
        }
        Noun::Contact => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
                t.kind, t.name_ja, t.name_en, t.person, t.channels, t.hours, t.deputies, t.language, t.openpgp,
                t.smime
             FROM contacts t WHERE 1 = 1"
        }
        Noun::System => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
                t.name_ja, t.name_en, t.manager, t.criticality, CAST(t.confidentiality AS TEXT),
                CAST(t.integrity AS TEXT), CAST(t.availability AS TEXT),
                COALESCE(CAST(t.rto_minutes AS TEXT), ''), t.internet_facing, t.place
             FROM systems t WHERE 1 = 1"
        }
        Noun::Server => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until, t.kind, t.name, t.system
             FROM servers t LEFT JOIN systems s ON s.organisation = t.organisation AND s.key = t.system
             WHERE 1 = 1"
        }
        Noun::Software => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
                t.system, t.name, t.vendor, t.version, t.cpe, t.purl, t.purpose, t.end_of_support
             FROM software t LEFT JOIN systems s ON s.organisation = t.organisation AND s.key = t.system
             WHERE 1 = 1"
        }
        Noun::Function => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
                t.name_ja, t.name_en, CAST(t.priority AS TEXT), COALESCE(CAST(t.rto_minutes AS TEXT), ''),
                t.systems
             FROM functions t WHERE 1 = 1"
        }
        Noun::ServerCount => {
            "SELECT t.organisation, t.key, t.valid_from, t.valid_until,
                t.kind, t.day, CAST(t.servers AS TEXT)
             FROM server_counts t WHERE 1 = 1"
        }
        Noun::Organisation | Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => "",
    }
}

/// What is counted. Where the degree of a system hides nothing from the asker, systems need not be looked at: then an
/// index answers.
const fn count(noun: Noun, whole: bool) -> &'static str {
    match noun {
        Noun::Server if whole => "SELECT t.organisation, COUNT(*) AS n FROM servers t WHERE 1 = 1",
        Noun::Software if whole => "SELECT t.organisation, COUNT(*) AS n FROM software t WHERE 1 = 1",
        Noun::Person => "SELECT t.organisation, COUNT(*) AS n FROM people t WHERE 1 = 1",
        Noun::Contact => "SELECT t.organisation, COUNT(*) AS n FROM contacts t WHERE 1 = 1",
        Noun::System => "SELECT t.organisation, COUNT(*) AS n FROM systems t WHERE 1 = 1",
        Noun::Server => {
            "SELECT t.organisation, COUNT(*) AS n
             FROM servers t LEFT JOIN systems s ON s.organisation = t.organisation AND s.key = t.system
             WHERE 1 = 1"
        }
        Noun::Software => {
            "SELECT t.organisation, COUNT(*) AS n
             FROM software t LEFT JOIN systems s ON s.organisation = t.organisation AND s.key = t.system
             WHERE 1 = 1"
        }
        Noun::Function => "SELECT t.organisation, COUNT(*) AS n FROM functions t WHERE 1 = 1",
        Noun::ServerCount => "SELECT t.organisation, COUNT(*) AS n FROM server_counts t WHERE 1 = 1",
        Noun::Organisation | Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => "",
    }
}

/// All values are bound as text; what is a number in the table is cast.
const fn upsert(noun: Noun) -> &'static str {
    match noun {
        Noun::Person => {
            "INSERT INTO people (id, organisation, key, valid_from, valid_until,
                name_ja, name_en, post_ja, post_en, mail, phone, language)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                name_ja = excluded.name_ja, name_en = excluded.name_en, post_ja = excluded.post_ja,
                post_en = excluded.post_en, mail = excluded.mail, phone = excluded.phone,
                language = excluded.language"
        }
        // Who changes how a contact is reached has to show that it is reached that way.
        Noun::Contact => {
            "INSERT INTO contacts (id, organisation, key, valid_from, valid_until,
                kind, name_ja, name_en, person, channels, hours, deputies, language, openpgp, smime)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                kind = excluded.kind, name_ja = excluded.name_ja, name_en = excluded.name_en,
                person = excluded.person, channels = excluded.channels, hours = excluded.hours,
                deputies = excluded.deputies, language = excluded.language, openpgp = excluded.openpgp,
                smime = excluded.smime,
                last_verified_at = CASE WHEN contacts.channels = excluded.channels
                    AND contacts.person = excluded.person THEN contacts.last_verified_at END"
        }
        Noun::System => {
            "INSERT INTO systems (id, organisation, key, valid_from, valid_until,
                name_ja, name_en, manager, criticality, confidentiality, integrity, availability, rto_minutes,
                internet_facing, place)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS BIGINT), CAST($11 AS BIGINT),
                CAST($12 AS BIGINT), CAST(NULLIF($13, '') AS BIGINT), $14, $15)
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                name_ja = excluded.name_ja, name_en = excluded.name_en, manager = excluded.manager,
                criticality = excluded.criticality, confidentiality = excluded.confidentiality,
                integrity = excluded.integrity, availability = excluded.availability,
                rto_minutes = excluded.rto_minutes, internet_facing = excluded.internet_facing,
                place = excluded.place"
        }
        Noun::Server => {
            "INSERT INTO servers (id, organisation, key, valid_from, valid_until, kind, name, system)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                kind = excluded.kind, name = excluded.name, system = excluded.system"
        }
        Noun::Software => {
            "INSERT INTO software (id, organisation, key, valid_from, valid_until,
                system, name, vendor, version, cpe, purl, purpose, end_of_support)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                system = excluded.system, name = excluded.name, vendor = excluded.vendor,
                version = excluded.version, cpe = excluded.cpe, purl = excluded.purl,
                purpose = excluded.purpose, end_of_support = excluded.end_of_support"
        }
        Noun::Function => {
            "INSERT INTO functions (id, organisation, key, valid_from, valid_until,
                name_ja, name_en, priority, rto_minutes, systems)
             VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT), CAST(NULLIF($9, '') AS BIGINT), $10)
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                name_ja = excluded.name_ja, name_en = excluded.name_en, priority = excluded.priority,
                rto_minutes = excluded.rto_minutes, systems = excluded.systems"
        }
        Noun::ServerCount => {
            "INSERT INTO server_counts (id, organisation, key, valid_from, valid_until, kind, day, servers)
             VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT))
             ON CONFLICT (id) DO UPDATE SET valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                kind = excluded.kind, day = excluded.day, servers = excluded.servers"
        }
        Noun::Organisation | Noun::Network | Noun::Domain | Noun::MailDomain | Noun::Host => "",
    }
}

/// Adds the record, or puts its columns in the place of those that stood there.
pub(crate) async fn put(connection: &mut Connection, record: &Record) -> Result<(), Error> {
    let mut query = sqlx::query(upsert(record.noun))
        .bind(record.id())
        .bind(record.organisation.to_string())
        .bind(&record.key)
        .bind(record.validity.from.to_string())
        .bind(record.validity.until.to_string());
    for value in &record.values {
        query = query.bind(value);
    }
    query.execute(connection).await?;
    Ok(())
}

/// A page of what the scope reaches, in the order of organisation and key.
pub(crate) async fn list(
    connection: &mut Connection,
    noun: Noun,
    scope: &Scope,
    organisation: Option<Id<OrganisationId>>,
    valid_on: Option<Date>,
    after: Option<&After>,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    let mut query = Builder::new(select(noun));
    visible(&mut query, noun, scope);
    if let Some(organisation) = organisation {
        query.push(" AND t.organisation = ").push_bind(organisation.to_string());
    }
    within_days(&mut query, valid_on);
    if let Some((organisation, key)) = after {
        query.push(" AND (t.organisation > ").push_bind(organisation.to_string());
        query.push(" OR (t.organisation = ").push_bind(organisation.to_string());
        query.push(" AND t.key > ").push_bind(key.clone()).push("))");
    }
    query.push(" ORDER BY t.organisation, t.key LIMIT ").push_bind(i64::from(limit));
    read(connection, noun, query).await
}

/// How many valid ones each of some organisations has, as far as the scope reaches.
pub(crate) async fn counts(
    connection: &mut Connection,
    noun: Noun,
    scope: &Scope,
    valid_on: Date,
    among: &[Id<OrganisationId>],
) -> Result<BTreeMap<Id<OrganisationId>, u64>, Error> {
    // One text instead of a row for each: handing rows from the thread of SQLite to ours costs more than counting.
    let mut query = Builder::new("SELECT string_agg(organisation || ' ' || CAST(n AS TEXT), ',') FROM (");
    query.push(count(noun, is_whole(scope, noun.right())));
    visible(&mut query, noun, scope);
    within_days(&mut query, Some(valid_on));
    query.push(" AND t.organisation IN (");
    let mut list = query.separated(", ");
    for organisation in among {
        list.push_bind(organisation.to_string());
    }
    query.push(") GROUP BY t.organisation) AS counted");
    let all: Option<String> = query.build_query_scalar().fetch_one(connection).await?;
    let each = all.iter().flat_map(|all| all.split(','));
    each.map(|one| {
        let (organisation, count) = one.split_once(' ').unwrap_or_default();
        Ok((parse(organisation, "an organisation's id")?, parse(count, "a number of records")?))
    })
    .collect()
}

/// Those of `ids` that exist, whoever asks: for judging rows before they go in.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    noun: Noun,
    ids: &[String],
) -> Result<Vec<Record>, Error> {
    let mut found = Vec::new();
    for some in ids.chunks(IDS_MAX) {
        let mut query = Builder::new(select(noun));
        query.push(" AND t.id IN (");
        let mut list = query.separated(", ");
        for id in some {
            list.push_bind(id.clone());
        }
        query.push(")");
        found.extend(read(connection, noun, query).await?);
    }
    Ok(found)
}

/// One record, without the systems that the scope does not reach.
pub(crate) async fn visible_by_id(
    connection: &mut Connection,
    noun: Noun,
    scope: &Scope,
    id: &str,
) -> Result<Option<Record>, Error> {
    let mut query = Builder::new(select(noun));
    visible(&mut query, noun, scope);
    query.push(" AND t.id = ").push_bind(id.to_owned());
    let Some(mut record) = read(connection, noun, query).await?.pop() else { return Ok(None) };
    if noun == Noun::Function {
        crate::hide_systems(&mut record, &hidden_systems(connection, scope).await?);
    }
    Ok(Some(record))
}

async fn read(connection: &mut Connection, noun: Noun, mut query: Builder) -> Result<Vec<Record>, Error> {
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| record(noun, row)).collect()
}

pub(super) fn record(noun: Noun, row: &store::Row) -> Result<Record, Error> {
    let values = (0..noun.own_columns().len()).map(|place| row.try_get(place + 4));
    Ok(Record {
        noun,
        organisation: parse(row.try_get(0)?, "an organisation's id")?,
        key: row.try_get(1)?,
        validity: Validity { from: day(row.try_get(2)?)?, until: day(row.try_get(3)?)? },
        values: values.collect::<Result<_, _>>()?,
    })
}

fn within_days(query: &mut Builder, valid_on: Option<Date>) {
    if let Some(day) = valid_on {
        query.push(" AND t.valid_from <= ").push_bind(day.to_string());
        query.push(" AND t.valid_until >= ").push_bind(day.to_string());
    }
}

/// Whether the scope reaches all there is, of every organisation and every degree.
pub(crate) fn is_whole(scope: &Scope, right: Right) -> bool {
    scope.limit_at(right, Confidentiality::Three).is_none()
}

/// Leaves only what the scope reaches: by organisation, and by the degree of the system it is or belongs to.
pub(crate) fn visible(query: &mut Builder, noun: Noun, scope: &Scope) {
    let right = noun.right();
    let degree_column = match noun {
        Noun::System => "t.confidentiality",
        Noun::Server | Noun::Software => "COALESCE(s.confidentiality, 1)",
        _ => return within(query, scope, right, Confidentiality::One, "t.organisation", " AND "),
    };
    if is_whole(scope, right) {
        return;
    }
    query.push(" AND (1 = 0");
    for degree in Confidentiality::ALL {
        query.push(" OR (").push(degree_column).push(" = ").push_bind(i64::from(degree.number()));
        within(query, scope, right, degree, "t.organisation", " AND ");
        query.push(")");
    }
    query.push(")");
}

/// Adds `joint` and `column IN (…)` for what the right reaches; nothing for the centre.
pub(crate) fn within(
    query: &mut Builder,
    scope: &Scope,
    right: Right,
    degree: Confidentiality,
    column: &'static str,
    joint: &'static str,
) {
    let Some(organisations) = scope.limit_at(right, degree) else { return };
    query.push(joint);
    if organisations.is_empty() {
        query.push("1 = 0");
        return;
    }
    query.push(column).push(" IN (");
    let mut list = query.separated(", ");
    for organisation in organisations {
        list.push_bind(organisation.to_string());
    }
    query.push(")");
}

/// How confidential the system is that is named by its key or one of its names; open when there is none.
pub(crate) async fn degree_of_system(
    connection: &mut Connection,
    organisation: Id<OrganisationId>,
    named: &str,
) -> Result<Confidentiality, Error> {
    let degree: Option<String> = sqlx::query_scalar(
        "SELECT CAST(MAX(confidentiality) AS TEXT) FROM systems
         WHERE organisation = $1 AND $2 <> '' AND $2 IN (key, name_ja, name_en)",
    )
    .bind(organisation.to_string())
    .bind(named.to_owned())
    .fetch_one(connection)
    .await?;
    Ok(degree.map_or(Ok(Confidentiality::One), |degree| parse(&degree, "a degree of confidentiality"))?)
}

/// The systems that the scope does not reach although it may reach their organisation, by organisation and key.
pub(crate) async fn hidden_systems(
    connection: &mut Connection,
    scope: &Scope,
) -> Result<HashSet<(Id<OrganisationId>, String)>, Error> {
    let right = Noun::System.right();
    if scope.limit_at(right, Confidentiality::Three).is_none() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query(
        "SELECT organisation, key, CAST(confidentiality AS TEXT), name_ja, name_en FROM systems
         WHERE confidentiality > 1",
    )
    .fetch_all(connection)
    .await?;
    let mut hidden = HashSet::new();
    for row in &rows {
        let organisation = parse(row.try_get(0)?, "an organisation's id")?;
        let degree: Confidentiality = parse(row.try_get(2)?, "a degree of confidentiality")?;
        if !scope.covers_at(right, Some(organisation), degree) {
            // An asset may name its system by any of the three.
            for place in [1, 3, 4] {
                hidden.insert((organisation, row.try_get(place)?));
            }
        }
    }
    Ok(hidden)
}
