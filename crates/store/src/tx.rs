//! One decision: the change, its audit line and its signal together.

use base::{Signal, Timestamp};
use sqlx::Transaction;

use crate::audit::{self, Head, Line, LineAbout};
use crate::{Connection, Database, Error, outbox};

/// The transaction that may write. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    inner: Transaction<'static, Database>,
}

impl Tx {
    pub(crate) fn begun(inner: Transaction<'static, Database>) -> Self {
        Self { inner }
    }

    /// What `sqlx` calls want as executor.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.inner
    }

    /// Adds a line to the audit trail and returns the new head of its chain.
    pub async fn audit(&mut self, line: &Line) -> Result<Head, Error> {
        audit::append(&mut self.inner, line).await
    }

    /// Adds a line with words about `subject` that can be forgotten later. The words stand beside the chain, so the
    /// line itself must not repeat them.
    pub async fn audit_about(&mut self, line: &Line, subject: &str, words: &str) -> Result<(), Error> {
        let (line, subject, words) = (line.clone(), subject.to_owned(), words.to_owned());
        self.audit_all(&[LineAbout { line, subject, words }]).await
    }

    /// Adds many such lines in their order.
    pub async fn audit_all(&mut self, lines: &[LineAbout]) -> Result<(), Error> {
        audit::append_about(&mut self.inner, lines).await
    }

    /// Removes every word the audit trail keeps about `subject`; the trail stays whole. Says how many lines had some.
    pub async fn forget(&mut self, subject: &str) -> Result<u64, Error> {
        audit::forget(&mut self.inner, subject).await
    }

    /// Says that something happened. Whoever answers will hear of it only if this transaction commits.
    pub async fn signal(&mut self, signal: &Signal, now: Timestamp) -> Result<(), Error> {
        outbox::append(self, signal, now).await
    }

    /// Marks a waiting signal as answered, together with the answer.
    pub async fn done(&mut self, seq: i64) -> Result<(), Error> {
        outbox::done(&mut self.inner, seq).await
    }

    /// Takes `count` numbers from a series that has no gaps and returns the first; a series begins at 1.
    pub async fn take_numbers(&mut self, series: &str, count: u32) -> Result<i64, Error> {
        let last: i64 = sqlx::query_scalar(
            "INSERT INTO counters (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value
             RETURNING value",
        )
        .bind(series)
        .bind(i64::from(count))
        .fetch_one(&mut *self.inner)
        .await?;
        Ok(last - i64::from(count) + 1)
    }

    /// Makes everything durable and visible at once.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.take_numbers("version", 1).await?;
        Ok(self.inner.commit().await?)
    }

    /// As [`Tx::commit`], for what no open page shows: the store's version stays, and nobody looks again.
    pub async fn commit_unnoticed(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}

/// The state at one moment. Everything asked through it agrees.
pub struct Read {
    inner: Transaction<'static, Database>,
}

impl Read {
    pub(crate) fn begun(inner: Transaction<'static, Database>) -> Self {
        Self { inner }
    }

    /// What `sqlx` calls want as executor.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.inner
    }
}
