//! Every statement of the registry.

pub(crate) mod change;
pub(crate) mod contact;
pub(crate) mod count;
pub(crate) mod record;

use base::{Id, Organisation as OrganisationId};
use sqlx::Row as _;
use store::{Builder, Connection, day, parse};

use crate::asset::{Asset, Validity};
use crate::organisation::Organisation;
use crate::unowned::After;
use crate::{Error, Unowned};

pub(crate) async fn organisations(connection: &mut Connection) -> Result<Vec<Organisation>, Error> {
    let rows =
        sqlx::query("SELECT id, key, name_ja, name_en, kind, parent, display_order FROM organisations")
            .fetch_all(connection)
            .await?;
    rows.iter()
        .map(|row| {
            let parent: Option<String> = row.try_get(5)?;
            Ok(Organisation {
                id: parse(row.try_get(0)?, "an organisation's id")?,
                key: row.try_get(1)?,
                name_ja: row.try_get(2)?,
                name_en: row.try_get(3)?,
                kind: parse(row.try_get(4)?, "a kind of organisation")?,
                parent: parent.map(|id| parse(&id, "an organisation's id")).transpose()?,
                display_order: row.try_get(6)?,
            })
        })
        .collect()
}

pub(crate) async fn assets(connection: &mut Connection) -> Result<Vec<Asset>, Error> {
    let rows = sqlx::query(
        "SELECT kind, value, organisation, valid_from, valid_until, criticality, system, device_class
         FROM assets ORDER BY kind, value, valid_from, organisation",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Asset {
                kind: parse(row.try_get(0)?, "a kind of asset")?,
                value: row.try_get(1)?,
                organisation: parse(row.try_get(2)?, "an organisation's id")?,
                validity: Validity { from: day(row.try_get(3)?)?, until: day(row.try_get(4)?)? },
                criticality: parse(row.try_get(5)?, "a criticality")?,
                system: row.try_get(6)?,
                device_class: row.try_get(7)?,
            })
        })
        .collect()
}

pub(crate) async fn upsert_organisation(
    connection: &mut Connection,
    one: &Organisation,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO organisations (id, key, name_ja, name_en, kind, parent, display_order)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET name_ja = excluded.name_ja, name_en = excluded.name_en,
            kind = excluded.kind, parent = excluded.parent, display_order = excluded.display_order",
    )
    .bind(one.id.to_string())
    .bind(&one.key)
    .bind(&one.name_ja)
    .bind(&one.name_en)
    .bind(one.kind.word())
    .bind(one.parent.map(|parent| parent.to_string()))
    .bind(one.display_order)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn upsert_asset(connection: &mut Connection, asset: &Asset) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO assets
            (kind, value, organisation, valid_from, valid_until, criticality, system, device_class)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (kind, value, organisation, valid_from) DO UPDATE SET valid_until = excluded.valid_until,
            criticality = excluded.criticality, system = excluded.system, device_class = excluded.device_class",
    )
    .bind(asset.kind.word())
    .bind(&asset.value)
    .bind(asset.organisation.to_string())
    .bind(asset.validity.from.to_string())
    .bind(asset.validity.until.to_string())
    .bind(asset.criticality.word())
    .bind(&asset.system)
    .bind(&asset.device_class)
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds to a queue entry, or makes one while there are fewer than `entries_max`.
pub(crate) async fn upsert_unowned(
    connection: &mut Connection,
    entry: &Unowned,
    entries_max: i64,
) -> Result<(), Error> {
    let added = sqlx::query(
        "UPDATE unowned SET seen = seen + $4,
            first_at = CASE WHEN $5 < first_at THEN $5 ELSE first_at END,
            last_at = CASE WHEN $6 > last_at THEN $6 ELSE last_at END
         WHERE kind = $1 AND value = $2 AND organisation = $3",
    )
    .bind(entry.observable.kind.word())
    .bind(store::clean(&entry.observable.value).as_ref())
    .bind(entry.seen_at.to_string())
    .bind(i64::try_from(entry.seen).unwrap_or(i64::MAX))
    .bind(store::micros(entry.first_at))
    .bind(store::micros(entry.last_at))
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO unowned (kind, value, organisation, seen, first_at, last_at)
         SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT COUNT(*) FROM unowned) < $7",
    )
    .bind(entry.observable.kind.word())
    .bind(store::clean(&entry.observable.value).as_ref())
    .bind(entry.seen_at.to_string())
    .bind(i64::try_from(entry.seen).unwrap_or(i64::MAX))
    .bind(store::micros(entry.first_at))
    .bind(store::micros(entry.last_at))
    .bind(entries_max)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn unowned(
    connection: &mut Connection,
    after: Option<&After>,
    limit: u32,
) -> Result<Vec<Unowned>, Error> {
    let mut query =
        Builder::new("SELECT kind, value, organisation, seen, first_at, last_at FROM unowned WHERE 1 = 1");
    if let Some(after) = after {
        let last_at = store::micros(after.last_at);
        query.push(" AND last_at <= ").push_bind(last_at);
        query.push(" AND (last_at < ").push_bind(last_at);
        query.push(" OR (kind, value, organisation) > (").push_bind(after.observable.kind.word().to_owned());
        query.push(", ").push_bind(store::clean(&after.observable.value).into_owned());
        query.push(", ").push_bind(after.seen_at.to_string()).push("))");
    }
    query.push(" ORDER BY last_at DESC, kind, value, organisation LIMIT ").push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let kind = parse(row.try_get(0)?, "a kind of observable")?;
            let seen: i64 = row.try_get(3)?;
            Ok(Unowned {
                observable: base::Observable { kind, value: row.try_get(1)? },
                seen_at: parse(row.try_get(2)?, "an organisation's id")?,
                seen: u64::try_from(seen).unwrap_or(0),
                first_at: store::instant(row.try_get(4)?)?,
                last_at: store::instant(row.try_get(5)?)?,
            })
        })
        .collect()
}

pub(crate) async fn count_unowned(connection: &mut Connection) -> Result<u64, Error> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM unowned").fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(crate) async fn delete_unowned(
    connection: &mut Connection,
    observable: &base::Observable,
    seen_at: Id<OrganisationId>,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM unowned WHERE kind = $1 AND value = $2 AND organisation = $3")
        .bind(observable.kind.word())
        .bind(&observable.value)
        .bind(seen_at.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
