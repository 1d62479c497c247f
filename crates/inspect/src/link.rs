//! Personal links (回答用リンク): how somebody answers who has no account. A secret for each person, kept as a digest, good
//! for that person's own forms and nothing else, until the survey closes.

use base::{Actor, Id, Language, Organisation, Right, Timestamp};
use serde_json::json;
use store::Store;

use crate::catalogue::Catalogue;
use crate::form::{Form, Sheet, subject};
use crate::survey::{State, Survey, line};
use crate::{Error, form, sql};

/// The most links that are made at once: those of one large organisation.
pub const LINKS_MAX: u32 = 100_000;
/// Random bytes of a secret: 256 bits cannot be guessed, so their digest needs no salt.
const TOKEN_BYTES: usize = 32;
/// Longest text that is taken for a secret and looked up.
const TOKEN_CHARS_MAX: usize = 2 * TOKEN_BYTES;

/// A link that was made for somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Made {
    /// Whose.
    pub person: String,
    /// In which language they are asked.
    pub language: Language,
    /// The secret of the link, told once and not kept.
    pub token: String,
}

/// Without the secret.
impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Made")
    }
}

/// What a link leads to.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The holder, who may answer these forms and do nothing else.
    pub holder: Actor,
    /// Of which survey.
    pub survey: Survey,
    /// What it asks.
    pub catalogue: Catalogue,
    /// The person's forms, one for each role.
    pub forms: Vec<(Sheet, Form)>,
}

/// Makes links for those of an organisation who are asked and have no account, or for the one who is named. Links made
/// before stop working. Needs [`Right::KeepInspection`] there; a closed survey has nothing to answer.
pub async fn make(
    store: &Store,
    actor: &Actor,
    survey: Id<base::Survey>,
    organisation: Id<Organisation>,
    person: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Made>, Error> {
    actor.scope().require(Right::KeepInspection, Some(organisation))?;
    let mut tx = store.write().await?;
    let found = crate::count::known(tx.connection(), actor.scope(), survey).await?;
    if found.state == State::Closed {
        return Err(Error::WrongState(found.state));
    }
    let Some(part) = sql::part(tx.connection(), survey, organisation).await? else { return Ok(Vec::new()) };
    let mut made = Vec::new();
    for one in sql::link::unaccounted(tx.connection(), part, person, LINKS_MAX).await? {
        made.push(Made { person: one.person, language: one.language, token: secret()? });
    }
    let kept: Vec<_> = made.iter().map(|one| (digest(&one.token), one.person.clone())).collect();
    sql::link::replace(tx.connection(), part, &kept).await?;
    let detail = json!({ "links": made.len() });
    tx.audit(&line(actor, "survey.link", survey, detail, now).of([organisation])).await?;
    tx.commit().await?;
    Ok(made)
}

/// What a link leads to. A link that was never made, replaced, or whose person is no longer asked is
/// [`Error::NoSuchLink`]; one whose survey has ended is not, so that its holder is told so and sees what counts.
pub async fn open(store: &Store, token: &str) -> Result<Opened, Error> {
    let mut read = store.read().await?;
    let sheets = sql::link::sheets(read.connection(), &digest(token)).await?;
    let Some(first) = sheets.first() else { return Err(Error::NoSuchLink) };
    let survey = sql::survey(read.connection(), first.survey).await?.ok_or(Error::NoSuchLink)?;
    let catalogue = Catalogue { items: sql::items(read.connection(), survey.id).await? };
    drop(read);
    #[allow(clippy::disallowed_methods, reason = "the link has just been looked up")]
    let holder = Actor::by_link(subject(first));
    let mut forms = Vec::new();
    for sheet in sheets {
        match form::form(store, &holder, &sheet).await {
            Ok(form) => forms.push((sheet, form)),
            // A role without items has no form.
            Err(Error::NotAsked { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Opened { holder, survey, catalogue, forms })
}

fn secret() -> Result<String, Error> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Only this is kept, so that whoever reads the database cannot answer for others.
fn digest(token: &str) -> String {
    // Longer text is none of ours; what is cut matches nothing.
    let text = token.get(..TOKEN_CHARS_MAX).filter(|_| token.len() == TOKEN_CHARS_MAX).unwrap_or_default();
    blake3::Hasher::new_derive_key("noroshi survey link v1")
        .update(text.as_bytes())
        .finalize()
        .to_hex()
        .to_string()
}
