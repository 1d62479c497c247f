//! Every route × every role × own and other organisation's object: the golden file `rights.txt` beside this one.
//!
//! The list of routes is the router's own, so no route can be missing; a route with an id must say here what its ids are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, fs};

use axum::http::Method;
use base::{Id, Organisation, Role, Seat};

use super::world::{SMALL, World, organisation};
use crate::route::Needs;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/rights.txt");
/// The organisation of those who are no one's at the centre, and another.
const OWN: &str = "o0";
const OTHER: &str = "o2";

/// The address of the route for an object of an organisation, and the body of a change.
async fn address(world: &World, path: &str, key: &str) -> (String, String) {
    if let Some(address) = survey_address(world, path, key) {
        return address;
    }
    if let Some(address) = program_address(world, path, key).await {
        return address;
    }
    let id = organisation(key);
    let listed = |list: &str, beginning: &'static str| {
        let list = format!("{list}organisation={id}");
        async move { world.first_link(&list, beginning).await }
    };
    let prefix = path.split("{id}").next().unwrap_or_default();
    let object = match prefix {
        "/threats/" => listed("/threats?period=all&", "/threats/threat_").await,
        // Everybody here is in the one campaign.
        "/campaigns/" => world.first_link("/campaigns", "/campaigns/campaign_").await,
        "/organisations/" => format!("/organisations/{id}"),
        "/events/" => listed("/search?q=GET&period=all&", "/events/event_").await,
        // Somebody new each time: most changes of an account can be made once.
        "/accounts/" => format!("/accounts/{}", world.admit_staff(id).await),
        // Nobody's: one's own are tried where accounts are.
        "/account/sessions/" => "/account/sessions/session_00000000000000000000000000000000".to_owned(),
        "/account/tokens/" => "/account/tokens/token_00000000000000000000000000000000".to_owned(),
        "/invitation/{link}" => return ("/invitation/x".to_owned(), "password=x".to_owned()),
        "/registry/of/" => format!("/registry/of/{id}"),
        "/registry/contacts/" => {
            format!("/registry/contacts/{}", registry::id_of(registry::Noun::Contact, id, "csirt"))
        }
        "/findings/" => world.first_link(&format!("/findings?organisation={id}"), "/findings/finding_").await,
        "/registry/changes/" => {
            world
                .first_link(&format!("/registry/changes?organisation={id}"), "/registry/changes/change_")
                .await
        }
        "/registry/export/{name}" => {
            return (format!("/registry/export/contact.csv?organisation={id}"), String::new());
        }
        "/audit/export/{name}" => return ("/audit/export/audit.csv".to_owned(), String::new()),
        "/static/{name}" => return (crate::asset::addresses().style.clone(), String::new()),
        "/demo/as/{role}" => return ("/demo/as/staff".to_owned(), String::new()),
        _ if path.contains('{') => panic!("{path}: say here which objects it has"),
        _ => return (path.to_owned(), body(path, id)),
    };
    let rest = path.split_once("{id}").map_or("", |(_, rest)| rest).replace("{noun}", "person");
    let (object, query) =
        object.split_once('?').map_or((object.as_str(), ""), |(object, query)| (object, query));
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    (format!("{object}{rest}{query}"), body(path, id))
}

/// The same for surveys. Those that would change what the next one sees are asked of a survey where they cannot.
fn survey_address(world: &World, path: &str, key: &str) -> Option<(String, String)> {
    let places = ["/inspect/", "/api/v1/surveys/", "/api/v1/account/forms/"];
    if !places.iter().any(|place| path.starts_with(place)) {
        return None;
    }
    if !path.contains('{') {
        return None;
    }
    let survey = match path {
        "/inspect/surveys/{id}/open" => world.surveys.closed,
        "/inspect/surveys/{id}/close" => world.surveys.drafted,
        _ => world.surveys.open,
    };
    let body = match path {
        "/api/v1/account/forms/{id}" => r#"{"role":"staff","version":1,"answers":{},"submit":false}"#,
        _ if path.ends_with("/links") => "person=nobody",
        _ => "",
    };
    let address = path
        .replace("{id}", &survey.to_string())
        .replace("{organisation}", &organisation(key).to_string())
        .replace("{item}", "S-1");
    Some((address, body.to_owned()))
}

/// The same for programs: `/api/v1` and then mostly the path of the page.
async fn program_address(world: &World, path: &str, key: &str) -> Option<(String, String)> {
    let id = organisation(key);
    let rest = path.strip_prefix("/api/v1")?;
    let shown = |page: &'static str, beginning: &'static str, sign: char| async move {
        let link = world.first_link(&format!("{page}{sign}organisation={id}"), beginning).await;
        link.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
    };
    let none = "0".repeat(32);
    let object = match rest.split('{').next().unwrap_or_default() {
        "/threats/" => shown("/threats?period=all", "/threats/threat_", '&').await,
        "/campaigns/" => shown("/campaigns", "/campaigns/campaign_", '?').await,
        "/events/" => shown("/search?q=GET&period=all", "/events/event_", '&').await,
        "/accounts/" => world.admit_staff(id).await.to_string(),
        "/account/sessions/" => format!("session_{none}"),
        "/account/tokens/" => format!("token_{none}"),
        "/registry/contacts/" => registry::id_of(registry::Noun::Contact, id, "csirt"),
        "/registry/changes/" => shown("/registry/changes", "/registry/changes/change_", '?').await,
        "/organisations/" | "/registry/organisations/" => id.to_string(),
        _ => String::new(),
    };
    let file = if rest.starts_with("/audit/") { "audit.ndjson" } else { "contact.csv" };
    let path = path.replace("{id}", &object).replace("{noun}", "person").replace("{name}", file);
    let query = match rest {
        "/events/{id}" | "/events/{id}/raw" => {
            let number = u64::from(key == OTHER) * 2;
            let at = super::world::first_event_at(number);
            format!("?time={at}")
        }
        "/registry/organisations/{id}/{noun}/entry" => "?key=head".to_owned(),
        "/registry/export/{name}" => format!("?organisation={id}"),
        _ => String::new(),
    };
    let body = match rest {
        "/threats/{id}/decision" => r#"{"verdict":"normal","reason":"x"}"#.to_owned(),
        "/campaigns/{id}/sharing" => r#"{"tlp":"TLP:AMBER","reason":"x"}"#.to_owned(),
        // Nothing is asked for that would change what the next one sees.
        "/registry/organisations/{id}/{noun}" => r#"{"values":{"name_ja":""}}"#.to_owned(),
        "/registry/changes/{id}/decision" => r#"{"decision":"refuse","answer":""}"#.to_owned(),
        "/accounts/{id}/roles" | "/accounts/{id}/roles/take" => {
            format!(r#"{{"role":"staff","organisation":"{id}"}}"#)
        }
        _ => "{}".to_owned(),
    };
    Some((path + &query, body))
}

/// What a change is sent with; nothing where a form that says nothing is refused anyway.
fn body(path: &str, organisation: Id<Organisation>) -> String {
    let fixed = match path {
        "/accounts/{id}/roles" | "/accounts/{id}/roles/take" => {
            return format!("role=staff&organisation={organisation}");
        }
        "/findings/new" => {
            return format!(
                "organisation={organisation}&source=audit&gravity=observation&title_ja=&title_en=&due=2026-12-31"
            );
        }
        "/findings/{id}" => "do=answer&words=",
        "/threats/{id}/decision" => "verdict=normal&reason=x",
        "/campaigns/{id}/sharing" => "tlp=TLP%3AAMBER&reason=x",
        // Whoever may write is told what is missing, and nothing changes for whoever asks next.
        "/registry/of/{id}/{noun}" => "name_ja=",
        "/registry/changes/{id}" => "decision=refuse&answer=",
        "/contacts/confirm" => "token=x",
        _ => "",
    };
    fixed.to_owned()
}

#[tokio::test]
async fn every_route_answers_every_role_as_the_golden_file_says() {
    let world = World::new(SMALL).await;
    let mut cookies = BTreeMap::new();
    for role in Role::ALL {
        let place = (role.seat() != Seat::Centre).then(|| organisation(OWN));
        cookies.insert(role, world.enter(role, place).await);
    }
    let origin = format!("http://{}", world.address);
    let mut actual = String::from(
        "# method path (needs): nobody, then each role for an object of its own / of another organisation\n",
    );
    let (_, table) = crate::routes();
    for route in table {
        if matches!(route.path, "/live" | "/sign-out" | "/api/v1/account/sessions/end-others") {
            // The first never ends, the others end what is asked with; each has a test of its own.
            continue;
        }
        let needs = match route.needs {
            Needs::Nothing => "nothing".to_owned(),
            Needs::SignIn => "sign-in".to_owned(),
            Needs::Right(right) => right.to_string(),
        };
        let _ = writeln!(actual, "{} {} ({needs})", route.method, route.path);
        let (own, other) = (address(&world, route.path, OWN).await, address(&world, route.path, OTHER).await);
        let ask = async |known: &(String, String), key: &str, cookie: &str| {
            let anew = ["/accounts/", "/api/v1/accounts/"].iter().any(|path| route.path.starts_with(path));
            let (path, body) = if anew { address(&world, route.path, key).await } else { known.clone() };
            let headers = [
                ("cookie", cookie),
                ("origin", origin.as_str()),
                ("accept", "text/html"),
                (
                    "content-type",
                    match route.path {
                        "/api/v1/registry/import" => "text/csv",
                        path if path.starts_with("/api/") => "application/json",
                        _ => "application/x-www-form-urlencoded",
                    },
                ),
            ];
            let body = if route.method == Method::GET { "" } else { &body };
            world.ask(route.method.as_str(), &path, &headers, body).await.status
        };
        let _ = writeln!(
            actual,
            "  {:<16} {} / {}",
            "nobody",
            ask(&own, OWN, "").await,
            ask(&other, OTHER, "").await
        );
        for (role, cookie) in &cookies {
            let (own, other) = (ask(&own, OWN, cookie).await, ask(&other, OTHER, cookie).await);
            let _ = writeln!(actual, "  {:<16} {own} / {other}", role.word());
        }
    }
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(GOLDEN, &actual).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == actual, "rights.txt differs; run with UPDATE_GOLDEN=1 and read the diff\n{actual}");
}
