//! A place in a list, handed out and taken back.
//!
//! A cursor names the last line its reader saw, never a number of lines, so that what comes in above does not move what
//! comes below. It carries a mark over the list, its filter and the account: one that was made up, or belongs
//! elsewhere, is no cursor.

use access::Access;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Characters of a cursor: a place of at most some hundred bytes, and the mark.
pub(crate) const CHARACTERS_MAX: usize = 2_048;

/// A cursor for a place in a list.
pub(crate) fn seal(access: &Access, list: &str, place: &str) -> String {
    let mark = access.mark(&text(list, place));
    format!("{}.{mark}", BASE64_URL_SAFE_NO_PAD.encode(place))
}

/// The place a cursor names in this list; `None` when we never made it for it.
pub(crate) fn open(access: &Access, list: &str, cursor: &str) -> Option<String> {
    let (place, mark) = cursor.split_once('.')?;
    let place = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(place).ok()?).ok()?;
    access.is_marked(&text(list, &place), mark).then_some(place)
}

fn text(list: &str, place: &str) -> String {
    format!("cursor {}:{list} {place}", list.len())
}
