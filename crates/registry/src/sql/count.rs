//! Servers by kind.

use base::{Confidentiality, Scope};
use sqlx::Row as _;
use store::{Builder, Connection, day, parse};

use super::record::{is_whole, visible, within};
use crate::asset::Validity;
use crate::server_count::{Registered, Reported};
use crate::{Error, Noun};

/// Registered servers, by organisation, kind, and the days on which they stood.
pub(crate) async fn registered(connection: &mut Connection, scope: &Scope) -> Result<Vec<Registered>, Error> {
    // As in `record::count`: where nothing is hidden, the index answers.
    let mut query = Builder::new(if is_whole(scope, Noun::Server.right()) {
        "SELECT t.organisation, t.kind, t.valid_from, t.valid_until, COUNT(*) FROM servers t WHERE 1 = 1"
    } else {
        "SELECT t.organisation, t.kind, t.valid_from, t.valid_until, COUNT(*)
         FROM servers t LEFT JOIN systems s ON s.organisation = t.organisation AND s.key = t.system
         WHERE 1 = 1"
    });
    visible(&mut query, Noun::Server, scope);
    query.push(" GROUP BY t.organisation, t.kind, t.valid_from, t.valid_until");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let servers: i64 = row.try_get(4)?;
            Ok(Registered {
                organisation: parse(row.try_get(0)?, "an organisation's id")?,
                kind: parse(row.try_get(1)?, "a kind of server")?,
                validity: Validity { from: day(row.try_get(2)?)?, until: day(row.try_get(3)?)? },
                servers: u64::try_from(servers).unwrap_or(0),
            })
        })
        .collect()
}

/// Figures that were reported, earliest day first.
pub(crate) async fn reported(connection: &mut Connection, scope: &Scope) -> Result<Vec<Reported>, Error> {
    let mut query =
        Builder::new("SELECT t.organisation, t.kind, t.day, t.servers FROM server_counts t WHERE 1 = 1");
    within(&mut query, scope, Noun::ServerCount.right(), Confidentiality::One, "t.organisation", " AND ");
    query.push(" ORDER BY t.day, t.organisation, t.kind");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let servers: i64 = row.try_get(3)?;
            Ok(Reported {
                organisation: parse(row.try_get(0)?, "an organisation's id")?,
                kind: parse(row.try_get(1)?, "a kind of server")?,
                day: day(row.try_get(2)?)?,
                servers: u64::try_from(servers).unwrap_or(0),
            })
        })
        .collect()
}
