//! The audit trail for people: who did what, newest first.

pub(crate) mod file;
pub(crate) mod head;
pub(crate) mod line;
pub(crate) mod record;

use std::collections::BTreeSet;
use std::sync::Arc;

use access::account;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::{Id, Organisation, Period, Right, Timestamp};
use store::{AuditFilter, AuditPage};

use self::head::HeadPanel;
use self::line::{Names, Shown, action_key};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Choice, Select};
use crate::visit::{Visit, render};

/// Lines on one page.
const LINES_MAX: u32 = 50;
/// Accounts that one word in the field for who did it may mean.
const ACTORS_MAX: u32 = 200;

/// What is known to be done, by the capability that does it. The trail may hold more.
const ACTIONS: [(&str, &[&str]); 5] = [
    ("watch", &["threat.decide", "campaign.share"]),
    (
        "registry",
        &[
            "registry.ask",
            "registry.decide",
            "registry.withdraw",
            "registry.change",
            "registry.import",
            "contact.ask",
            "contact.bounce",
            "contact.confirm",
        ],
    ),
    (
        "access",
        &[
            "account.invite",
            "account.create",
            "account.accept",
            "account.grant",
            "account.revoke",
            "account.disable",
            "account.enable",
            "account.reset",
            "account.link",
            "account.erase",
            "account.password",
            "account.totp",
            "account.recovery_codes",
            "account.recovery_code",
            "account.passkey",
            "account.identity",
            "token.issue",
            "token.end",
            "session.open",
            "session.end",
            "session.refuse",
            "device.new",
        ],
    ),
    (
        "inspect",
        &[
            "survey.create",
            "survey.open",
            "survey.close",
            "survey.roster",
            "survey.link",
            "survey.submit",
            "survey.withdraw",
            "survey.upload",
            "finding.raise",
            "finding.assign",
            "finding.answer",
            "finding.verify",
            "finding.close",
            "finding.reopen",
        ],
    ),
    ("audit", &["audit.export"]),
];

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage {
    frame: Frame,
    head: Option<HeadPanel>,
    text: String,
    actor: String,
    object: String,
    from: String,
    to: String,
    selects: Vec<Select>,
    groups: Vec<Group>,
    rows: Vec<Shown>,
    csv_href: String,
    ndjson_href: String,
    first_href: String,
    next_href: String,
}

/// The actions of one capability.
struct Group {
    name: String,
    choices: Vec<Choice>,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let filter = filter(&app, &visit, Asked::of(&visit)?).await?;
    let after = visit.query.parsed("after")?;
    let page = store::audit_page(&app.state.store, visit.scope(), &filter, LINES_MAX, after).await?;
    let names = Names::load(&app, &visit, &page.entries).await?;
    let head = match visit.scope().everywhere(Right::ReadAudit) {
        true => Some(HeadPanel::load(&app, &visit).await?),
        false => None,
    };
    render(&list(&visit, &names, &page, head))
}

/// What a reader narrows the trail by.
pub(crate) struct Asked<'a> {
    pub period: Option<Period>,
    pub actor: Option<&'a str>,
    pub action: Option<&'a str>,
    pub object: Option<&'a str>,
    pub organisation: Option<Id<Organisation>>,
    pub text: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// What the address of a page says.
    fn of(visit: &'a Visit) -> Result<Self, Failure> {
        let query = &visit.query;
        Ok(Self {
            period: query.period(visit.now, "all")?,
            actor: query.get("actor"),
            action: query.get("action"),
            object: query.get("object"),
            organisation: query.parsed("organisation")?,
            text: query.get("text"),
        })
    }
}

/// The filter; who did it is asked for by name, by login or as the trail writes it.
pub(crate) async fn filter(app: &App, visit: &Visit, asked: Asked<'_>) -> Result<AuditFilter, Failure> {
    let actors = match asked.actor {
        None => None,
        Some(text) => {
            let named = account::Filter { text: Some(text.to_owned()), ..account::Filter::default() };
            let known = account::list(&app.state.access, visit.scope(), &named, ACTORS_MAX).await?;
            let labels: BTreeSet<String> = known.iter().map(|account| account.id.to_string()).collect();
            Some(labels.into_iter().chain([text.to_owned()]).collect())
        }
    };
    Ok(AuditFilter {
        period: asked.period,
        actors,
        action: asked.action.map(str::to_owned),
        object: asked.object.map(str::to_owned),
        organisation: asked.organisation,
        text: asked.text.map(str::to_owned),
    })
}

fn list(visit: &Visit, names: &Names, page: &AuditPage, head: Option<HeadPanel>) -> ListPage {
    let query = &visit.query;
    let text = |name: &str| query.text(name).to_owned();
    let export = |ending: &str| query.href(&format!("/audit/export/audit.{ending}"), &[("after", "")]);
    ListPage {
        frame: visit.frame("/audit", visit.words.get("audit-title")),
        head,
        text: text("text"),
        actor: text("actor"),
        object: text("object"),
        from: text("from"),
        to: text("to"),
        selects: vec![Select::period(visit, "all"), Select::organisation_with(visit, Right::ReadAudit)],
        groups: ACTIONS.iter().map(|(capability, actions)| group(visit, capability, actions)).collect(),
        rows: page.entries.iter().map(|entry| Shown::new(visit, names, entry)).collect(),
        csv_href: export("csv"),
        ndjson_href: export("ndjson"),
        first_href: match query.get("after") {
            None => String::new(),
            Some(_) => query.href("/audit", &[("after", "")]),
        },
        next_href: match page.next {
            None => String::new(),
            Some(after) => query.href("/audit", &[("after", &after.to_string())]),
        },
    }
}

/// All that is done to a noun, and each thing that is done to it.
fn group(visit: &Visit, capability: &str, actions: &[&str]) -> Group {
    let asked = visit.query.text("action");
    let choice =
        |value: &str, label: String| Choice { value: value.to_owned(), label, chosen: value == asked };
    let mut choices: Vec<Choice> = Vec::new();
    let mut noun = "";
    for action in actions {
        let of = action.split('.').next().unwrap_or_default();
        if of != noun {
            noun = of;
            choices.push(choice(of, visit.words.get(&format!("audit-noun-{of}"))));
        }
        choices.push(choice(action, visit.words.get(&format!("audit-does-{}", action_key(action)))));
    }
    Group { name: visit.words.get(&format!("audit-group-{capability}")), choices }
}

/// A moment as a file is named by it.
fn stamp(time: Timestamp) -> String {
    base::japan(time).strftime("%Y%m%d-%H%M").to_string()
}
