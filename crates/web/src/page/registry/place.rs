//! What the registry has of one organisation, a tab for each kind of thing.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Id, Organisation, Right, japan_day};
use registry::contact::{self, Standing};
use registry::{Asset, Noun, Record, entry};

use super::{column_name, noun_name, organisation, shown};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::query::href;
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::words::count;

/// The tabs, in order. Networks stand for everything that has an address or a name in the network.
const TABS: [Noun; 8] = [
    Noun::Contact,
    Noun::Person,
    Noun::System,
    Noun::Server,
    Noun::Software,
    Noun::Network,
    Noun::Function,
    Noun::ServerCount,
];
const ASSETS: [Noun; 4] = [Noun::Network, Noun::Domain, Noun::MailDomain, Noun::Host];
/// Lines of one tab.
pub(crate) const ROWS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "registry/place.html")]
struct PlacePage {
    frame: Frame,
    tabs: Vec<Tab>,
    tab: String,
    headings: Vec<String>,
    rows: Vec<Row>,
    add: Vec<Link>,
    export_href: String,
    book_href: String,
    changes_href: String,
    edit_href: String,
    next_href: String,
}

struct Tab {
    link: Link,
    current: bool,
}

struct Row {
    href: String,
    cells: Vec<Foreign>,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = organisation(&visit, &id)?;
    let tabs: Vec<Noun> =
        TABS.into_iter().filter(|noun| visit.scope().covers(noun.right(), Some(id))).collect();
    let first = tabs.first().copied().ok_or_else(Failure::not_found)?;
    let asked = visit.query.get("tab").map(|word| word.parse::<Noun>());
    let noun = match asked {
        None => first,
        Some(Ok(noun)) if tabs.contains(&noun) => noun,
        Some(_) => return Err(Failure::not_found()),
    };
    let base = format!("/registry/of/{id}");
    let (mut headings, rows, next) = match noun {
        Noun::Network => assets(&app, &visit, id).await?,
        noun => records(&app, &visit, id, noun).await?,
    };
    headings.iter_mut().for_each(|heading| *heading = column_name(&visit, heading));
    let may_write = may_write(&visit, id);
    let added = if noun == Noun::Network { ASSETS.to_vec() } else { vec![noun] };
    let exported = noun.word();
    render(&PlacePage {
        frame: visit.frame("/registry", visit.organisation_name(id)),
        tabs: tabs
            .iter()
            .map(|one| Tab {
                link: Link { name: noun_name(&visit, *one), href: href(&base, &[("tab", one.word())]) },
                current: *one == noun,
            })
            .collect(),
        tab: noun_name(&visit, noun),
        headings,
        rows,
        add: added
            .into_iter()
            .filter(|_| may_write)
            .map(|noun| Link {
                name: visit.words.with("registry-add", &[("noun", noun_name(&visit, noun).into())]),
                href: format!("{base}/{}", noun.word()),
            })
            .collect(),
        export_href: href(&format!("/registry/export/{exported}.csv"), &[("organisation", &id.to_string())]),
        book_href: href("/registry/export/registry.xlsx", &[("organisation", &id.to_string())]),
        changes_href: href("/registry/changes", &[("organisation", &id.to_string())]),
        edit_href: if may_write { format!("{base}/organisation") } else { String::new() },
        next_href: next.map(|key| visit.query.href(&base, &[("after", &key)])).unwrap_or_default(),
    })
}

/// Whether the reader may change something there, or ask for it.
pub(crate) fn may_write(visit: &Visit, id: Id<Organisation>) -> bool {
    [Right::KeepRegistry, Right::ProposeRegistry].iter().any(|right| visit.scope().covers(*right, Some(id)))
}

type Table = (Vec<String>, Vec<Row>, Option<String>);

async fn records(app: &Arc<App>, visit: &Visit, id: Id<Organisation>, noun: Noun) -> Result<Table, Failure> {
    let columns: &[&str] = match noun {
        Noun::Contact => &["name", "kind", "channels", "hours", "verified"],
        Noun::Person => &["name", "post", "mail", "phone"],
        Noun::System => {
            &["name", "key", "criticality", "confidentiality", "rto_minutes", "internet_facing", "place"]
        }
        Noun::Software => &["name", "version", "vendor", "system", "purpose", "end_of_support", "cpe"],
        Noun::Function => &["name", "priority", "rto_minutes", "systems"],
        Noun::ServerCount => &["day", "kind", "servers"],
        _ => &["name", "kind", "system", "valid_from"],
    };
    let (store, after) = (&app.state.store, visit.query.get("after"));
    let (today, limit) = (japan_day(visit.now), ROWS_MAX as u32 + 1);
    let mut found = entry::list(store, visit.scope(), noun, id, today, after, limit).await?;
    let more = found.len() > ROWS_MAX;
    found.truncate(ROWS_MAX);
    let mut rows = Vec::new();
    for record in &found {
        let mut cells = Vec::new();
        for column in columns {
            cells.push(Foreign(match *column {
                "verified" => standing(app, visit, record).await?,
                column => cell(visit, record, column),
            }));
        }
        let path = format!("/registry/of/{id}/{}", noun.word());
        rows.push(Row { href: href(&path, &[("key", &record.key)]), cells });
    }
    let next = found.last().filter(|_| more).map(|last| last.key.clone());
    Ok((columns.iter().map(|column| (*column).to_owned()).collect(), rows, next))
}

fn cell(visit: &Visit, record: &Record, column: &str) -> String {
    match column {
        "name" if record.noun == Noun::Server || record.noun == Noun::Software => {
            record.value("name").to_owned()
        }
        "name" => shown::name(visit, record.value("name_ja"), record.value("name_en")),
        "post" => shown::name(visit, record.value("post_ja"), record.value("post_en")),
        column => shown::value(visit, record.noun, column, &record.written(column)),
    }
}

async fn standing(app: &Arc<App>, visit: &Visit, record: &Record) -> Result<String, Failure> {
    let id = record.id().parse().map_err(|_| Failure::not_found())?;
    let known = contact::verification(&app.state.store, visit.scope(), id).await?;
    let mut text = standing_text(visit, &known);
    if known.bounces > 0 {
        text += &visit.words.with("registry-bounced-times", &[("n", count(known.bounces).into())]);
    }
    Ok(text)
}

/// Since when a contact is verified, or that it is not.
pub(super) fn standing_text(visit: &Visit, known: &contact::Verification) -> String {
    let day = known.last_verified_at.map(|at| crate::when::date(visit.language(), japan_day(at)));
    let key = match contact::standing(known, visit.now) {
        Standing::Verified => "registry-verified",
        Standing::Overdue => "registry-verified-long-ago",
        Standing::Never => "registry-verified-never",
    };
    visit.words.with(key, &[("day", day.unwrap_or_default().into())])
}

async fn assets(app: &Arc<App>, visit: &Visit, id: Id<Organisation>) -> Result<Table, Failure> {
    let found = entry::assets(&app.state.store, visit.scope(), &visit.registry, id).await?;
    let row = |asset: &Asset| {
        let noun = asset.kind.noun();
        let day =
            |day: jiff::civil::Date, always| if day == always { String::new() } else { day.to_string() };
        let from = day(asset.validity.from, registry::Validity::FIRST);
        let until = day(asset.validity.until, registry::Validity::LAST);
        let path = format!("/registry/of/{id}/{}", noun.word());
        let cells = [
            asset.value.clone(),
            noun_name(visit, noun),
            asset.system.clone(),
            shown::value(visit, noun, "criticality", asset.criticality.word()),
            shown::value(visit, noun, "valid_from", &from),
            shown::value(visit, noun, "valid_until", &until),
        ];
        Row {
            href: href(&path, &[("value", &asset.value), ("valid_from", &from)]),
            cells: cells.map(Foreign).into(),
        }
    };
    let skip: usize = visit.query.parsed("after")?.unwrap_or(0);
    let rows: Vec<Row> = found.iter().skip(skip).take(ROWS_MAX).map(row).collect();
    let next = skip.saturating_add(ROWS_MAX);
    let next = (next < found.len()).then(|| next.to_string());
    let columns = ["value", "record", "system", "criticality", "valid_from", "valid_until"];
    Ok((columns.map(str::to_owned).into(), rows, next))
}
