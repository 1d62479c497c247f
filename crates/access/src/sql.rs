//! Every statement about accounts, proofs and sessions.

mod account;
mod answer;
mod proof;
mod session;

use base::{Id, Timestamp};
use sqlx::Row as _;
use store::instant;

pub(crate) use self::account::*;
pub(crate) use self::answer::*;
pub(crate) use self::proof::*;
pub(crate) use self::session::*;
use crate::Error;

type AccountId = Id<base::Account>;

fn text(row: &store::Row, place: usize) -> Result<String, Error> {
    Ok(row.try_get(place)?)
}

fn time(row: &store::Row, place: usize) -> Result<Timestamp, Error> {
    Ok(instant(row.try_get(place)?)?)
}

fn time_or_none(row: &store::Row, place: usize) -> Result<Option<Timestamp>, Error> {
    let micros: Option<i64> = row.try_get(place)?;
    Ok(micros.map(instant).transpose()?)
}
