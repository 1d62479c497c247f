//! What went wrong, as a page in the reader's language.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::Fault;

/// An answer that is not the page asked for. It travels as an extension of the response; [`crate::visit::dress`] gives it
/// its page, because only there the language is known.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The status.
    pub status: StatusCode,
    /// What exactly was wrong with the request: a sentence's key and the value it names.
    pub detail: Option<(&'static str, String)>,
    /// The sentence, where the status has more than one.
    pub sentence: Option<&'static str>,
    /// What is wrong with which field; for programs.
    pub faults: Vec<Fault>,
}

impl Failure {
    /// A failure that its status says all about.
    pub(crate) fn new(status: StatusCode) -> Self {
        Self { status, detail: None, sentence: None, faults: Vec::new() }
    }

    /// It is not there, or not for this reader: the two are not told apart.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND)
    }

    /// The request names something that cannot be; `key` is the sentence that says so about `value`.
    pub(crate) fn invalid(key: &'static str, value: &str) -> Self {
        let detail = Some((key, crate::visible::neutral_short(value, 120)));
        Self { detail, ..Self::new(StatusCode::BAD_REQUEST) }
    }

    /// Some fields of the request are wrong.
    pub(crate) fn at(status: StatusCode, faults: Vec<Fault>) -> Self {
        Self { faults, ..Self::new(status) }
    }

    /// It does not come from one of our own pages.
    pub(crate) fn forged() -> Self {
        Self { sentence: Some("error-forged"), ..Self::new(StatusCode::FORBIDDEN) }
    }

    /// The key of the sentence.
    pub(crate) fn key(&self) -> &'static str {
        if let Some(sentence) = self.sentence {
            return sentence;
        }
        match self.status.as_u16() {
            400 | 413 | 414 | 415 | 422 => "error-400",
            401 => "error-401",
            403 => "error-403",
            404 => "error-404",
            405 => "error-405",
            409 => "error-409",
            421 => "error-421",
            429 => "error-429",
            503 => "error-503",
            _ => "error-500",
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<watch::Error> for Failure {
    fn from(error: watch::Error) -> Self {
        match error.kind() {
            watch::ErrorKind::NotFound => Self::not_found(),
            watch::ErrorKind::Denied => Self::new(StatusCode::FORBIDDEN),
            watch::ErrorKind::Invalid => Self::invalid("error-no-reason", ""),
            watch::ErrorKind::Unavailable => {
                tracing::error!(%error, "a page could not be made");
                Self::new(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}

impl From<access::Error> for Failure {
    fn from(error: access::Error) -> Self {
        let status = match error.kind() {
            access::ErrorKind::NotFound => StatusCode::NOT_FOUND,
            access::ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            access::ErrorKind::Denied => StatusCode::FORBIDDEN,
            access::ErrorKind::Conflict => StatusCode::CONFLICT,
            access::ErrorKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            access::ErrorKind::Unavailable => {
                tracing::error!(%error, "nobody can be recognised");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Self { detail: refusal(error), ..Self::new(status) }
    }
}

/// What exactly was wrong, where it helps to know.
fn refusal(error: access::Error) -> Option<(&'static str, String)> {
    use access::Error;
    use access::password::Weakness;
    let (key, value) = match error {
        Error::Weak(Weakness::Short) => ("error-password-short", String::new()),
        Error::Weak(Weakness::Long) => ("error-password-long", String::new()),
        Error::Weak(Weakness::Names) => ("error-password-names", String::new()),
        Error::Weak(Weakness::Common) => ("error-password-common", String::new()),
        Error::Passkey(_) => ("error-passkey", String::new()),
        Error::ShowMore => ("error-show-more", String::new()),
        Error::Refused => ("error-refused", String::new()),
        Error::Wait(seconds) => ("error-wait", seconds.to_string()),
        Error::Malformed(value, _) => ("error-malformed", value),
        Error::LoginTaken(login) => ("error-login-taken", login),
        Error::WrongSeat(_) => ("error-wrong-seat", String::new()),
        Error::LastAdministrator => ("error-last-administrator", String::new()),
        Error::WrongState(_) => ("error-wrong-state", String::new()),
        Error::TooMany(_) => ("error-too-many", String::new()),
        Error::LinkGone => ("error-link-gone", String::new()),
        _ => return None,
    };
    Some((key, crate::visible::neutral_short(&value, 120)))
}

impl From<watch::lake::LakeError> for Failure {
    fn from(error: watch::lake::LakeError) -> Self {
        watch::Error::from(error).into()
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        watch::Error::from(error).into()
    }
}

impl From<registry::Error> for Failure {
    fn from(error: registry::Error) -> Self {
        match error {
            registry::Error::NotFound => Self::not_found(),
            registry::Error::Denied(_) => Self::new(StatusCode::FORBIDDEN),
            registry::Error::Conflict | registry::Error::Decided => Self::new(StatusCode::CONFLICT),
            registry::Error::Wrong { .. } | registry::Error::Unreadable { .. } => {
                Self::invalid("error-value", &error.to_string())
            }
            registry::Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE),
            registry::Error::NoRandomness | registry::Error::Output(_) | registry::Error::Store(_) => {
                tracing::error!(%error, "the registry did not answer");
                Self::new(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}

impl From<inspect::Error> for Failure {
    fn from(error: inspect::Error) -> Self {
        use inspect::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Self::not_found(),
            ErrorKind::Denied => Self::new(StatusCode::FORBIDDEN),
            ErrorKind::Conflict => Self::new(StatusCode::CONFLICT),
            ErrorKind::Invalid => Self::invalid("error-value", &error.to_string()),
            ErrorKind::Unavailable => {
                tracing::error!(%error, "a survey did not answer");
                Self::new(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be written");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        tracing::error!(%error, "a question ended before its answer");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
