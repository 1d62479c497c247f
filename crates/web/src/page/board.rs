//! The board: what the watch looks at all day.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::{Id, Organisation, Severity, Timestamp, japan};
use jiff::SignedDuration;
use watch::board::{Board, OrganisationRow, ShiftChange};

use crate::App;
use crate::chart::Chart;
use crate::chart::heat_map::{self, HeatMap};
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{CampaignRow, Fact, Link, ThreatRow};
use crate::query::{hour_text, href};
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::when;
use crate::words::{count, figure};

/// Threats on the board.
pub(crate) const THREATS_MAX: u32 = 16;
/// Lines of the heat map; those with the most threats stay.
pub(crate) const HEAT_ROWS_MAX: usize = 30;
/// Campaigns on the board.
const CAMPAIGNS_MAX: usize = 4;
/// Members of a campaign named on the board.
const MEMBERS_MAX: usize = 4;
/// Rules named that fired for the first time.
const NEW_RULES_MAX: usize = 6;
/// Names in one sentence.
const NAMES_MAX: usize = 12;
/// An organisation from which nothing has come for this long is named.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(3);

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    frame: Frame,
    as_of: String,
    tiles: Vec<Tile>,
    threats_title: String,
    threats: Vec<ThreatRow>,
    threats_more: String,
    legend: Vec<Legend>,
    heat: Chart,
    rows_left: String,
    shift_since: String,
    shift_threats: String,
    shift_campaigns: String,
    shift_decisions: String,
    newly_hit_label: String,
    newly_hit: Vec<Link>,
    new_rules: Vec<NewRule>,
    new_rules_left: String,
    campaigns: Vec<CampaignRow>,
    intake: Vec<Fact>,
    silent: Vec<Link>,
}

/// One big number.
struct Tile {
    class: &'static str,
    name: String,
    figure: String,
    href: String,
}

struct Legend {
    shade: u64,
    range: String,
}

struct NewRule {
    title: Foreign,
    count: String,
    href: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let board =
        watch::board::board(&app.state.store, &visit.registry, visit.scope(), visit.now, THREATS_MAX).await?;
    render(&page(&visit, &board))
}

fn page(visit: &Visit, board: &Board) -> BoardPage {
    let words = visit.words;
    let (heat, legend, rows_left) = heat(visit, board);
    let shift = &board.shift;
    BoardPage {
        frame: visit.frame("/board", words.get("board-title")),
        as_of: words.with("as-of", &[("time", when::formal(visit.language(), board.now).into())]),
        tiles: tiles(visit, board),
        threats_title: words.with("board-threats-title", &[("n", board.threats_total.into())]),
        threats: board.threats.iter().map(|threat| ThreatRow::new(visit, threat)).collect(),
        threats_more: words.with("board-threats-more", &[("n", board.threats_total.into())]),
        legend,
        heat,
        rows_left,
        shift_since: shift_since(visit, shift),
        shift_threats: words
            .with("shift-threats", &[("n", shift.threats.0.into()), ("before", shift.threats.1.into())]),
        shift_campaigns: words.with("shift-campaigns", &[("n", shift.campaigns.into())]),
        shift_decisions: words.with("shift-decisions", &[("n", shift.decisions.into())]),
        newly_hit_label: words.with("board-newly-hit", &[("n", shift.newly_hit.len().into())]),
        newly_hit: shift.newly_hit.iter().take(NAMES_MAX).map(|id| visit.organisation(*id)).collect(),
        new_rules: shift.new_rules.iter().take(NEW_RULES_MAX).map(|rule| new_rule(visit, rule)).collect(),
        new_rules_left: match shift.new_rules.len().saturating_sub(NEW_RULES_MAX) as u64 {
            0 => String::new(),
            left => words.with("and-more", &[("n", left.into())]),
        },
        campaigns: campaigns(visit, board),
        intake: intake(visit, board),
        silent: silent(visit, board),
    }
}

/// The gravest campaigns; of the same level, the one that moved last.
fn campaigns(visit: &Visit, board: &Board) -> Vec<CampaignRow> {
    let mut campaigns: Vec<_> = board.campaigns.iter().collect();
    campaigns.sort_by_key(|campaign| Reverse((campaign.level, campaign.last_at)));
    campaigns
        .into_iter()
        .take(CAMPAIGNS_MAX)
        .map(|one| CampaignRow::with_members(visit, one, MEMBERS_MAX))
        .collect()
}

/// The number and hours of the shift: 0:00, 8:00 and 16:00 begin one.
fn shift_since(visit: &Visit, shift: &ShiftChange) -> String {
    let key = match japan(shift.since).hour() {
        0..8 => "shift-night",
        8..16 => "shift-day",
        _ => "shift-evening",
    };
    visit.words.with(key, &[("since", when::short(visit.language(), shift.since).into())])
}

fn tiles(visit: &Visit, board: &Board) -> Vec<Tile> {
    let words = visit.words;
    let of_level = |level: Severity| -> u64 {
        board.organisations.iter().filter_map(|row| row.threats_by_level.get(level as usize)).sum()
    };
    let mut tiles: Vec<Tile> = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low]
        .into_iter()
        .map(|level| {
            let number = of_level(level);
            Tile {
                class: match (level, number) {
                    (Severity::Critical, 0) => "critical",
                    (Severity::Critical, _) => "critical some",
                    (Severity::High, _) => "high",
                    (Severity::Medium, _) => "medium",
                    _ => "low",
                },
                name: words.with("tile-level", &[("level", visit.level_name(level).into())]),
                figure: figure(visit.language(), number),
                href: href("/threats", &[("period", "24h"), ("verdict", "threat"), ("level", level.word())]),
            }
        })
        .collect();
    let plain = |key: &str, number: u64, href: &str| Tile {
        class: "",
        name: words.get(key),
        figure: figure(visit.language(), number),
        href: href.to_owned(),
    };
    let hit =
        board.organisations.iter().filter(|row| row.threats_by_level.iter().sum::<u64>() > 0).count() as u64;
    tiles.push(plain("tile-organisations", hit, "/organisations"));
    tiles.push(Tile { figure: campaigns_figure(board), ..plain("tile-campaigns", 0, "/campaigns") });
    tiles.push(plain("tile-events", board.intake.events, ""));
    tiles.push(plain("tile-detections", board.intake.detections, ""));
    tiles.push(plain("tile-unread", board.intake.unread, "/unread"));
    tiles
}

/// How many campaigns moved; the board reads no more than its limit.
fn campaigns_figure(board: &Board) -> String {
    let number = board.campaigns.len();
    let more = if number < watch::board::CAMPAIGNS_MAX as usize { "" } else { "+" };
    format!("{number}{more}")
}

fn heat(visit: &Visit, board: &Board) -> (Chart, Vec<Legend>, String) {
    let hours: Vec<Timestamp> = (0..24)
        .filter_map(|hour| board.period.start.checked_add(SignedDuration::from_hours(hour)).ok())
        .collect();
    let kept = hottest(&board.organisations);
    let left = board.organisations.len() - kept.len();
    let most = kept.iter().flat_map(|row| &row.threats_by_hour).copied().max().unwrap_or(0);
    let title = visit.words.get("board-heat-title");
    let (rows, sum) = (visit.words.get("column-organisation"), visit.words.get("column-sum"));
    let map = HeatMap {
        title: &title,
        row_heading: &rows,
        total_heading: &sum,
        columns: hours.iter().map(|hour| japan(*hour).hour().to_string()).collect(),
        columns_full: hours.iter().map(|hour| when::hour(visit.language(), *hour)).collect(),
        rows: kept.into_iter().map(|row| heat_row(visit, row, &hours)).collect(),
    };
    let legend = heat_map::legend(most)
        .into_iter()
        .map(|(shade, start, end)| Legend {
            shade,
            range: if start == end { count(start) } else { format!("{}–{}", count(start), count(end)) },
        })
        .collect();
    let rows_left = match left as u64 {
        0 => String::new(),
        left => visit.words.with("board-rows-left", &[("n", left.into())]),
    };
    (heat_map::draw(&map), legend, rows_left)
}

fn heat_row(visit: &Visit, row: &OrganisationRow, hours: &[Timestamp]) -> heat_map::Row {
    let organisation = visit.organisation(row.organisation);
    let id = row.organisation.to_string();
    let cell = |(hour, value): (&Timestamp, &u64)| match value {
        0 => String::new(),
        _ => href("/threats", &[("organisation", &id), ("hour", &hour_text(*hour))]),
    };
    heat_map::Row {
        label: organisation.name,
        href: organisation.href,
        cell_hrefs: hours.iter().zip(&row.threats_by_hour).map(cell).collect(),
        values: row.threats_by_hour.clone(),
    }
}

/// The organisations with the most threats, in their own order.
fn hottest(rows: &[OrganisationRow]) -> Vec<&OrganisationRow> {
    let mut by_threats: Vec<(u64, Id<Organisation>)> =
        rows.iter().map(|row| (row.threats_by_hour.iter().sum(), row.organisation)).collect();
    by_threats.sort_by_key(|(threats, _)| Reverse(*threats));
    let kept: BTreeSet<_> = by_threats.into_iter().take(HEAT_ROWS_MAX).map(|(_, id)| id).collect();
    rows.iter().filter(|row| kept.contains(&row.organisation)).collect()
}

fn new_rule(visit: &Visit, (id, title, threats): &(String, String, u64)) -> NewRule {
    NewRule {
        title: Foreign::from(title.as_str()),
        count: visit.words.with("count-threats", &[("n", (*threats).into())]),
        href: href("/threats", &[("rule", id)]),
    }
}

fn intake(visit: &Visit, board: &Board) -> Vec<Fact> {
    let intake = &board.intake;
    let rows = [
        ("intake-events", intake.events, ""),
        ("intake-detections", intake.detections, ""),
        ("intake-threats", board.threats_total, "/threats?verdict=threat"),
        ("intake-normal", intake.normal, "/threats?verdict=normal"),
        ("intake-unread", intake.unread, "/unread"),
        ("intake-late", intake.late, ""),
    ];
    let fact = |(key, number, href): (&str, u64, &str)| Fact {
        name: visit.words.get(key),
        value: Foreign(count(number)),
        href: href.to_owned(),
    };
    rows.map(fact).into()
}

/// Organisations that used to send and have fallen silent.
fn silent(visit: &Visit, board: &Board) -> Vec<Link> {
    let quiet = |row: &&OrganisationRow| {
        row.last_event_at.is_some_and(|last| board.now.duration_since(last) > SILENT_AFTER)
    };
    let rows = board.organisations.iter().filter(quiet);
    rows.take(NAMES_MAX).map(|row| visit.organisation(row.organisation)).collect()
}
