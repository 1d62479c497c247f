//! Signals wait here until they are answered; none is lost, and one may be heard twice.

use std::time::Duration;

use base::{Signal, Timestamp};
use sqlx::Row as _;

use crate::{Connection, Error, Store, Tx, instant, micros};

/// How long whoever took a signal may work on it before somebody else may take it.
pub const LEASE: Duration = Duration::from_secs(300);

/// A signal that somebody has taken and must answer. `Tx::done` in the answer's own transaction makes it exactly one
/// answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Its place in the order of what happened.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub signal: Signal,
}

pub(crate) async fn append(tx: &mut Tx, signal: &Signal, now: Timestamp) -> Result<(), Error> {
    let seq = tx.take_numbers("outbox", 1).await?;
    let body = serde_json::to_string(signal)
        .map_err(|_| Error::Damaged { value: format!("{signal:?}"), expected: "a signal" })?;
    sqlx::query("INSERT INTO outbox (seq, at, signal) VALUES ($1, $2, $3)")
        .bind(seq)
        .bind(micros(now))
        .bind(body)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub(crate) async fn done(connection: &mut Connection, seq: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM outbox WHERE seq = $1").bind(seq).execute(connection).await?;
    Ok(())
}

impl Store {
    /// Takes up to `limit` waiting signals, oldest first, for [`LEASE`]: nobody else gets them meanwhile.
    pub async fn take(&self, limit: u32, now: Timestamp) -> Result<Vec<Waiting>, Error> {
        let now_us = micros(now);
        let until = now_us.saturating_add(i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX));
        // Most often there is nothing; then nobody needs to wait for the writer.
        let idle = sqlx::query_scalar::<_, i64>(
            "SELECT COUNT(*) FROM outbox WHERE taken_until IS NULL OR taken_until <= $1",
        )
        .bind(now_us)
        .fetch_one(self.read().await?.connection())
        .await?
            == 0;
        if idle {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let rows = sqlx::query(
            "UPDATE outbox SET taken_until = $1 WHERE seq IN (
                SELECT seq FROM outbox WHERE taken_until IS NULL OR taken_until <= $2 ORDER BY seq LIMIT $3)
             RETURNING seq, at, signal",
        )
        .bind(until)
        .bind(now_us)
        .bind(i64::from(limit))
        .fetch_all(tx.connection())
        .await?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            let body: String = row.try_get(2)?;
            let signal = serde_json::from_str(&body)
                .map_err(|_| Error::Damaged { value: body, expected: "a signal" })?;
            taken.push(Waiting { seq: row.try_get(0)?, at: instant(row.try_get(1)?)?, signal });
        }
        taken.sort_by_key(|waiting| waiting.seq);
        tx.commit().await?;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use base::{Id, Threat};

    use super::*;
    use crate::tests::store;

    fn raised(number: u8) -> Signal {
        Signal::ThreatRaised { threat: Id::<Threat>::from_digest([number; 16]), organisation: None }
    }

    #[tokio::test]
    async fn a_signal_waits_until_it_is_answered_and_is_taken_again_after_the_lease() {
        let (_database, store) = store().await;
        let now: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.signal(&raised(1), now).await.unwrap();
        tx.signal(&raised(2), now).await.unwrap();
        tx.commit().await.unwrap();
        let mut lost = store.write().await.unwrap();
        lost.signal(&raised(3), now).await.unwrap();
        drop(lost);

        let first = store.take(1, now).await.unwrap();
        assert_eq!(first.iter().map(|waiting| &waiting.signal).collect::<Vec<_>>(), [&raised(1)]);
        let second = store.take(9, now).await.unwrap();
        assert_eq!(second.iter().map(|waiting| &waiting.signal).collect::<Vec<_>>(), [&raised(2)]);
        assert_eq!(store.take(9, now).await.unwrap(), []);

        let mut tx = store.write().await.unwrap();
        tx.done(second[0].seq).await.unwrap();
        tx.commit().await.unwrap();
        // The first taker died; after the lease its signal is heard again, the answered one is not.
        assert_eq!(store.take(9, now + LEASE).await.unwrap(), first);
    }
}
