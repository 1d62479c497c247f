//! Servers by kind.

use base::{Confidentiality, Id, Organisation as OrganisationId, Scope};
use jiff::civil::Date;
use sqlx::Row as _;
use store::{Builder, Connection, day, parse};

use super::record::{visible, within};
use crate::{Error, Noun, ServerKind};

/// Registered servers that stood on a day, by organisation and kind.
pub(crate) async fn registered(
    connection: &mut Connection,
    scope: &Scope,
    on: Date,
) -> Result<Vec<(Id<OrganisationId>, ServerKind, u64)>, Error> {
    let mut query = Builder::new(
        "SELECT t.organisation, t.kind, COUNT(*)
         FROM servers t LEFT JOIN systems s ON s.organisation = t.organisation AND s.key = t.system
         WHERE t.valid_from <= ",
    );
    query.push_bind(on.to_string()).push(" AND t.valid_until >= ").push_bind(on.to_string());
    visible(&mut query, Noun::Server, scope);
    query.push(" GROUP BY t.organisation, t.kind");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let count: i64 = row.try_get(2)?;
            Ok((
                parse(row.try_get(0)?, "an organisation's id")?,
                parse(row.try_get(1)?, "a kind of server")?,
                u64::try_from(count).unwrap_or(0),
            ))
        })
        .collect()
}

/// Figures for days from `first` to `last`, earliest first.
pub(crate) async fn reported(
    connection: &mut Connection,
    scope: &Scope,
    (first, last): (Date, Date),
) -> Result<Vec<(Id<OrganisationId>, ServerKind, Date, u64)>, Error> {
    let mut query =
        Builder::new("SELECT t.organisation, t.kind, t.day, t.servers FROM server_counts t WHERE t.day >= ");
    query.push_bind(first.to_string()).push(" AND t.day <= ").push_bind(last.to_string());
    within(&mut query, scope, Noun::ServerCount.right(), Confidentiality::One, "t.organisation", " AND ");
    query.push(" ORDER BY t.day, t.organisation, t.kind");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let servers: i64 = row.try_get(3)?;
            Ok((
                parse(row.try_get(0)?, "an organisation's id")?,
                parse(row.try_get(1)?, "a kind of server")?,
                day(row.try_get(2)?)?,
                u64::try_from(servers).unwrap_or(0),
            ))
        })
        .collect()
}
