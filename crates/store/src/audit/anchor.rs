//! Heads of the chain that are kept elsewhere, and what is remembered of looking at the chain.

use std::fmt;
use std::str::FromStr;

use base::Timestamp;
use sqlx::Row as _;

use super::Head;
use crate::{Connection, Error, Store, instant, micros, parse};

const HASH_DIGITS: usize = 64;

/// A head of the chain as it was at a time; one line of a file, `12 6d5f… 2026-04-01T00:00:00Z`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The head.
    pub head: Head,
    /// When it was written down.
    pub at: Timestamp,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.head.seq, self.head.hash, self.at)
    }
}

impl FromStr for Anchor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let expected = "a line with a number, a hash and a time";
        let damaged = || Error::Damaged { value: text.chars().take(64).collect(), expected };
        let (head, at) = text.trim().rsplit_once(' ').ok_or_else(damaged)?;
        let (seq, hash) = head.split_once(' ').ok_or_else(damaged)?;
        Ok(Self { head: format!("{seq}:{hash}").parse()?, at: parse(at, expected)? })
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// Reads `12:6d5f…`; the hash may be in groups, as a printed one is.
impl FromStr for Head {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let expected = "a number, a colon and a hash of 64 hexadecimal digits";
        let damaged = || Error::Damaged { value: text.chars().take(96).collect(), expected };
        let (seq, hash) = text.trim().split_once(':').ok_or_else(damaged)?;
        let hash: String =
            hash.chars().filter(|one| !one.is_whitespace()).map(|one| one.to_ascii_lowercase()).collect();
        let is_hash = hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
        let seq: i64 = parse(seq, expected)?;
        if is_hash && seq > 0 { Ok(Self { seq, hash }) } else { Err(damaged()) }
    }
}

/// What was done with the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// It was read from the first line to the last.
    Verified,
    /// Its head was kept elsewhere.
    Anchored,
}

impl MarkKind {
    /// The word used in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Anchored => "anchored",
        }
    }
}

/// When something was last done with the chain, and how it then ended. A convenience for readers: who can change the
/// database can change this too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// How the chain ended; number 0 for one without a line.
    pub head: Head,
    /// Whether all was as it was written.
    pub sound: bool,
}

/// Remembers that something was done with the chain; the trail itself does not grow by it.
pub async fn mark_audit(store: &Store, kind: MarkKind, mark: &Mark) -> Result<(), Error> {
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO audit_marks (kind, at, seq, hash, sound) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (kind) DO UPDATE
         SET at = excluded.at, seq = excluded.seq, hash = excluded.hash, sound = excluded.sound",
    )
    .bind(kind.word())
    .bind(micros(mark.at))
    .bind(mark.head.seq)
    .bind(&mark.head.hash)
    .bind(i64::from(mark.sound))
    .execute(tx.connection())
    .await?;
    tx.commit().await
}

/// When the chain was last verified, and when its head was last kept elsewhere.
pub async fn audit_marks(store: &Store) -> Result<[Option<Mark>; 2], Error> {
    let mut read = store.read().await?;
    let verified = mark(read.connection(), MarkKind::Verified).await?;
    Ok([verified, mark(read.connection(), MarkKind::Anchored).await?])
}

async fn mark(connection: &mut Connection, kind: MarkKind) -> Result<Option<Mark>, Error> {
    let row = sqlx::query("SELECT at, seq, hash, sound FROM audit_marks WHERE kind = $1")
        .bind(kind.word())
        .fetch_optional(connection)
        .await?;
    let read = |row: crate::Row| -> Result<Mark, Error> {
        let head = Head { seq: row.try_get(1)?, hash: row.try_get(2)? };
        Ok(Mark { at: instant(row.try_get(0)?)?, head, sound: row.try_get::<i64, _>(3)? != 0 })
    };
    row.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::store;

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let hash = "0123456789abcdef".repeat(4);
        let head = Head { seq: 12, hash: hash.clone() };
        let grouped = "0123 4567 89AB CDEF ".repeat(4);
        for text in [head.to_string(), format!(" 12:{grouped}\n")] {
            assert_eq!(text.parse::<Head>().unwrap(), head, "{text}");
        }
        let anchor = Anchor { head, at: "2026-04-01T00:00:00.5Z".parse().unwrap() };
        assert_eq!(anchor.to_string(), format!("12 {hash} 2026-04-01T00:00:00.5Z"));
        assert_eq!(anchor.to_string().parse::<Anchor>().unwrap(), anchor);
        for wrong in
            ["", "12", "12:", "0:0", &format!("-1:{hash}"), &format!("12:{hash}0"), &format!("x:{hash}")]
        {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
        for wrong in ["", "12 x", &format!("12 {hash}"), &format!("12 {hash} yesterday")] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_last_look_at_the_chain_is_remembered() {
        let (_database, store) = store().await;
        assert_eq!(audit_marks(&store).await.unwrap(), [None, None]);
        let mark = |second, sound| Mark {
            at: Timestamp::from_second(second).unwrap(),
            head: Head { seq: second, hash: "0".repeat(HASH_DIGITS) },
            sound,
        };
        for (kind, one) in [
            (MarkKind::Verified, mark(1, true)),
            (MarkKind::Anchored, mark(2, true)),
            (MarkKind::Verified, mark(3, false)),
        ] {
            mark_audit(&store, kind, &one).await.unwrap();
        }
        assert_eq!(audit_marks(&store).await.unwrap(), [Some(mark(3, false)), Some(mark(2, true))]);
    }
}
