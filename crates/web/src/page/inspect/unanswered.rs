//! Who of an organisation has not answered: names for its own people, numbers for everybody else.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use inspect::count::{Unanswered, counts, unanswered};
use inspect::progress::sees_names;

use super::{crumb, foreign, found, href, place, role_name};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::words::count;

/// People of one page.
const ROWS_MAX: u32 = 200;

#[derive(Template)]
#[template(path = "inspect/unanswered.html")]
struct UnansweredPage {
    frame: Frame,
    crumb: Link,
    place: Link,
    names: bool,
    counts: Vec<(String, String)>,
    rows: Vec<Row>,
    next_href: String,
}

struct Row {
    person: Foreign,
    role: String,
    section: Foreign,
    begun: bool,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((id, organisation)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let organisation = place(&visit, &organisation)?;
    let (survey, _) = found(&app, &visit, &id).await?;
    let (store, scope) = (&app.state.store, visit.scope());
    let counted = counts(store, scope, survey.id).await?;
    let of_it = counted.iter().filter(|one| one.organisation == organisation);
    let missing = of_it.map(|one| {
        let missing = one.tally.targets.unwrap_or(0).saturating_sub(one.tally.submitted);
        (role_name(&visit, &one.role), count(missing))
    });
    let names = sees_names(scope, organisation);
    let found = match names {
        true => {
            let after = visit.query.text("after");
            unanswered(store, scope, survey.id, organisation, after, ROWS_MAX).await?
        }
        false => Vec::new(),
    };
    let people = found.chunk_by(|one, other| one.person == other.person).count();
    let last = found.last().filter(|_| people >= ROWS_MAX as usize);
    let path = format!("{}/of/{organisation}", href(survey.id));
    render(&UnansweredPage {
        frame: visit.frame("/inspect", visit.words.get("inspect-unanswered-title")),
        crumb: crumb(&visit, &survey),
        place: Link { name: visit.organisation_name(organisation), href: path.clone() },
        names,
        counts: missing.collect(),
        next_href: last
            .map(|last| visit.query.href(&format!("{path}/unanswered"), &[("after", &last.person)]))
            .unwrap_or_default(),
        rows: found.iter().map(|one| row(&visit, one)).collect(),
    })
}

fn row(visit: &Visit, one: &Unanswered) -> Row {
    Row {
        person: foreign(&one.person),
        role: role_name(visit, &one.role),
        section: foreign(&one.section),
        begun: one.begun,
    }
}
