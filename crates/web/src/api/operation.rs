//! One operation: everything that the router, the document and the tests know of it stands in one value.

use std::future::Future;
use std::pin::Pin;

use axum::http::Method;

use super::asked::Asked;
use super::reply::Reply;
use super::schema::{Schema, Shape};
use crate::error::Failure;
use crate::route::Needs;

/// What an operation does.
pub(crate) type Handler = fn(Asked) -> Doing;
/// An operation under way.
pub(crate) type Doing = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send>>;

/// Bytes of a body that is JSON.
pub(crate) const JSON_BYTES_MAX: usize = 128 * 1024;

/// One operation.
pub(crate) struct Operation {
    /// Its name in the document, and the key of its sentences.
    pub name: &'static str,
    /// GET or POST.
    pub method: Method,
    /// With `{id}` where an id stands.
    pub path: &'static str,
    /// What somebody must be to be answered at all.
    pub needs: Needs,
    /// Whether only a person in a session may ask; a token never.
    pub by_person: bool,
    /// What stands in the path, in its order.
    pub in_path: Vec<Parameter>,
    /// What may stand in the query.
    pub in_query: Vec<Parameter>,
    /// What is sent.
    pub body: Body,
    /// Whether it looks at `If-Match`.
    pub if_match: bool,
    /// What comes back.
    pub gives: Gives,
    /// The statuses of success.
    pub succeeds: Vec<u16>,
    /// What it does.
    pub handler: Handler,
}

/// What stands in a path or a query.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it looks like.
    pub schema: Schema,
    /// Whether it must be there.
    pub needed: bool,
}

/// What is sent.
pub(crate) enum Body {
    /// Nothing.
    Nothing,
    /// JSON of this schema.
    Json(Schema),
    /// A file of one of these media types.
    File {
        /// Which.
        kinds: &'static [&'static str],
        /// How large it may be.
        bytes_max: usize,
    },
}

/// What comes back.
pub(crate) enum Gives {
    /// Nothing but that it was done.
    Nothing,
    /// JSON of this schema.
    Json(Schema),
    /// A file of one of these media types.
    File(&'static [&'static str]),
}

impl Operation {
    /// A question.
    pub(crate) fn get(name: &'static str, path: &'static str, needs: Needs, handler: Handler) -> Self {
        Self {
            name,
            method: Method::GET,
            path,
            needs,
            by_person: false,
            in_path: Vec::new(),
            in_query: Vec::new(),
            body: Body::Nothing,
            if_match: false,
            gives: Gives::Nothing,
            succeeds: vec![200],
            handler,
        }
    }

    /// A change. It gives nothing until it is said what.
    pub(crate) fn post(name: &'static str, path: &'static str, needs: Needs, handler: Handler) -> Self {
        Self { method: Method::POST, succeeds: vec![204], ..Self::get(name, path, needs, handler) }
    }

    /// Something that stands in the path.
    pub(crate) fn at<T: Shape>(mut self, name: &'static str) -> Self {
        self.in_path.push(Parameter { name, schema: T::schema(), needed: true });
        self
    }

    /// Something that may stand in the query.
    pub(crate) fn may_have(mut self, name: &'static str, schema: Schema) -> Self {
        self.in_query.push(Parameter { name, schema, needed: false });
        self
    }

    /// Something that must stand in the query.
    pub(crate) fn must_have(mut self, name: &'static str, schema: Schema) -> Self {
        self.in_query.push(Parameter { name, schema, needed: true });
        self
    }

    /// A list that goes on: at most `limit_max` at a time.
    pub(crate) fn in_pages(self, limit_max: u32) -> Self {
        self.may_have("limit", Schema::Number { min: 1, max: i64::from(limit_max) })
            .may_have("cursor", Schema::text(super::cursor::CHARACTERS_MAX))
    }

    /// What is sent as JSON.
    pub(crate) fn takes<T: Shape>(mut self) -> Self {
        self.body = Body::Json(T::schema());
        self
    }

    /// What is sent as a file.
    pub(crate) fn takes_file(mut self, kinds: &'static [&'static str], bytes_max: usize) -> Self {
        self.body = Body::File { kinds, bytes_max };
        self
    }

    /// What comes back as JSON.
    pub(crate) fn gives<T: Shape>(mut self) -> Self {
        self.gives = Gives::Json(T::schema());
        self.succeeds = vec![200];
        self
    }

    /// What comes back as a file.
    pub(crate) fn gives_file(mut self, kinds: &'static [&'static str]) -> Self {
        self.gives = Gives::File(kinds);
        self
    }

    /// The statuses of success, where they are not the ordinary one.
    pub(crate) fn succeeding(mut self, statuses: &[u16]) -> Self {
        self.succeeds = statuses.to_vec();
        self
    }

    /// Only for a person in a session.
    pub(crate) fn by_person(mut self) -> Self {
        self.by_person = true;
        self
    }

    /// It is done only while what the asker saw still stands there.
    pub(crate) fn looks_at_if_match(mut self) -> Self {
        self.if_match = true;
        self
    }

    /// Every status it may answer with, smallest first.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        let mut statuses = self.succeeds.clone();
        // Whatever is asked: a wrong query or header, the wrong host, too many requests, a fault inside.
        statuses.extend([400, 421, 429, 500, 503]);
        if self.needs != Needs::Nothing {
            statuses.extend([401, 403]);
        }
        if self.method == Method::GET {
            statuses.push(304);
        } else {
            // A change of what is no longer so, one that the registry or a rule refuses, a key used for something else.
            statuses.extend([403, 409, 413, 422]);
        }
        if !matches!(self.body, Body::Nothing) {
            statuses.push(415);
        }
        if !self.in_path.is_empty() || self.method == Method::POST {
            statuses.push(404);
        }
        if self.if_match {
            statuses.push(412);
        }
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    /// Whether it changes something, and therefore takes a key.
    pub(crate) fn is_change(&self) -> bool {
        self.method == Method::POST
    }

    /// How large a body may be.
    pub(crate) fn body_bytes_max(&self) -> usize {
        match self.body {
            Body::File { bytes_max, .. } => bytes_max,
            _ => JSON_BYTES_MAX,
        }
    }
}
