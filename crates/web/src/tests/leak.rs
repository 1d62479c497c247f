//! Whatever others do, a member sees the same.
//!
//! Two worlds are the same in what a reader may know and differ in everything else: how many threats the others have,
//! what they are called, what was read of theirs, what nobody owns, who else signs in. Every answer to every question
//! the reader can ask must then be the same, byte for byte: pages, counts, charts, searches, exports, errors, headers.
//! What a reader may know of others (that a campaign they are in hit so many) is the same in both.

use std::collections::{BTreeMap, BTreeSet};

use base::{Role, Seat};

use super::world::{Answer, Others, SMALL, Size, World, organisation};

/// Pages one reader asks for, at most: a guard against a crawl that never ends.
const PAGES_MAX: usize = 3_000;

/// Everything a reader comes to by following links from the beginning, and by guessing.
async fn crawl(world: &World, cookie: &str) -> BTreeMap<String, Answer> {
    let mut waiting: Vec<String> = ["/", "/?lang=en"].map(String::from).into();
    // What no link leads to, but anybody can type.
    let (_, table) = crate::routes();
    waiting.extend(table.iter().filter(|route| !route.path.contains('{')).map(|route| route.path.to_owned()));
    for key in ["o0", "o1", "o2", "o3"] {
        let id = organisation(key);
        waiting.push(format!("/organisations/{id}"));
        for noun in registry::Noun::ALL {
            let word = noun.word();
            waiting.push(format!("/registry/of/{id}?tab={word}"));
            waiting.push(format!("/registry/of/{id}/{word}?key=csirt"));
            waiting.push(format!("/registry/export/{word}.csv?organisation={id}"));
            waiting.push(format!("/registry/export/{word}.csv"));
        }
        for book in ["/registry/export/registry.xlsx", "/api/v1/registry/export/registry.xlsx"] {
            waiting.extend([book.to_owned(), format!("{book}?organisation={id}")]);
        }
        for (name, _) in names(world) {
            let survey = format!("/inspect/surveys/{name}");
            for rest in ["", "/map", "/map?role=ciso", "/items/S-1", "/items/C-1", "/roster", "/answers"] {
                waiting.push(survey.clone() + rest);
            }
            waiting.push(format!("{survey}/of/{id}"));
            waiting.push(format!("{survey}/of/{id}?role=ciso"));
            waiting.push(format!("{survey}/of/{id}/unanswered"));
        }
        waiting.push(format!("/api/v1/organisations/{id}"));
        waiting.push(format!("/api/v1/registry/export/contact.csv?organisation={id}"));
        for noun in registry::Noun::ALL {
            waiting.push(format!("/api/v1/registry/organisations/{id}/{noun}"));
            waiting.push(format!("/api/v1/registry/organisations/{id}/{noun}/entry?key=csirt"));
        }
        for list in [
            "/api/v1/threats?limit=2&",
            "/api/v1/campaigns?",
            "/api/v1/events?q=GET&limit=1&",
            "/api/v1/event-counts?q=GET&",
            "/api/v1/registry/changes?",
            "/api/v1/audit?limit=2&",
            "/api/v1/audit/export/audit.ndjson?",
            "/audit?",
            "/audit/export/audit.csv?",
            "/registry/changes?",
            "/findings?",
            "/findings?timing=overdue&",
            "/threats?period=all&verdict=all&",
            "/search?period=all&q=GET&count=1&",
            "/unread?",
            "/campaigns?",
        ] {
            waiting.push(format!("{list}organisation={id}"));
        }
    }
    for text in ["198.51.100", "rule-1", "secret", "o2-", "o0-2026", "第2"] {
        waiting.push(format!("/threats?period=all&verdict=all&text={text}"));
        waiting.push(format!("/search?period=all&count=1&q={text}"));
        waiting.push(format!("/audit?text={text}"));
        waiting.push(format!("/audit?actor={text}"));
    }
    for guess in
        ["/threats/threat_0", "/campaigns/x", "/events/event_1?at=1", "/demo", "/healthz", "/nothing"]
    {
        waiting.push(guess.to_owned());
    }
    waiting.retain(|path| path != "/live");
    // The way to the provider of identities is made of what is drawn each time; it has tests of its own.
    let is_ours = |path: &str| !path.starts_with("/account/provider?");
    let mut answers = BTreeMap::new();
    let mut asked: BTreeSet<String> = waiting.iter().cloned().collect();
    while let Some(path) = waiting.pop() {
        assert!(answers.len() < PAGES_MAX, "the crawl does not end: {path}");
        let asked_for = with_ids(world, &path);
        let answer = world.ask("GET", &asked_for, &[("cookie", cookie), ("accept", "text/html")], "").await;
        let answer = with_names(world, answer);
        for link in links(&answer.body).into_iter().chain(named(&answer)) {
            if link.starts_with('/')
                && !link.starts_with("/static/")
                && is_ours(&link)
                && asked.insert(link.clone())
            {
                waiting.push(link);
            }
        }
        let place = answer.header("location").to_owned();
        if place.starts_with('/') && asked.insert(place.clone()) {
            waiting.push(place);
        }
        answers.insert(path, answer);
    }
    answers
}

/// What the surveys are called in both worlds: their ids were drawn, and pages of different ones must not be mixed up.
fn names(world: &World) -> [(&'static str, String); 3] {
    let surveys = &world.surveys;
    [("survey_0new", surveys.drafted), ("survey_0open", surveys.open), ("survey_0old", surveys.closed)]
        .map(|(name, id)| (name, id.to_string()))
}

fn with_ids(world: &World, path: &str) -> String {
    names(world).iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

fn with_names(world: &World, mut answer: Answer) -> Answer {
    for (name, id) in names(world) {
        answer.body = answer.body.replace(&id, name);
        answer.path = answer.path.replace(&id, name);
        answer.headers.values_mut().for_each(|value| *value = value.replace(&id, name));
    }
    answer
}

/// Without the ids that were drawn for accounts, sessions and tokens, and the marks of cursors, which are made with a
/// key that was drawn: those differ from world to world by chance.
fn without_chance(text: &str) -> String {
    let mut kept = String::new();
    let text = without_marks(&without_marks(text, "."), "mark=");
    let mut rest = text.as_str();
    while let Some(place) =
        ["account_", "session_", "survey_", "token_"].iter().filter_map(|kind| rest.find(kind)).min()
    {
        let (before, from) = rest.split_at(place);
        let (kind, id) = from.split_at(from.find('_').unwrap_or(0) + 1);
        kept.push_str(before);
        kept.push_str(kind);
        rest = id.trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
    }
    kept + rest
}

/// A mark is 64 digits: of a cursor after its place and a dot, of a link to the provider after its name.
fn without_marks(text: &str, before: &str) -> String {
    let is_mark =
        |rest: &str| rest.get(..64).is_some_and(|mark| mark.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let parts = text.split(before).enumerate();
    let kept = parts.map(|(number, part)| if number > 0 && is_mark(part) { &part[64..] } else { part });
    kept.collect::<Vec<_>>().join(before)
}

/// What an answer for programs leads to: the next page of a list, and everything that it names.
fn named(answer: &Answer) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    found.extend(
        answer.header("link").strip_prefix('<').and_then(|link| link.split('>').next()).map(str::to_owned),
    );
    if !answer.path.starts_with("/api/v1/") {
        return found;
    }
    for (kind, place) in [("threat_", "threats"), ("campaign_", "campaigns"), ("org_", "organisations")] {
        let beginning = format!("\"{kind}");
        let after = answer.body.split(&beginning).skip(1).filter_map(|rest| rest.get(..32));
        found.extend(after.map(|id| format!("/api/v1/{place}/{kind}{id}")));
    }
    let changes = answer.body.split("\"change_").skip(1).filter_map(|rest| rest.get(..32));
    found.extend(changes.map(|id| format!("/api/v1/registry/changes/change_{id}")));
    let events: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    for event in events["items"].as_array().into_iter().flatten() {
        if let (Some(id), Some(time)) = (event["id"].as_str(), event["time"].as_str())
            && id.starts_with("event_")
        {
            found.extend(["", "/raw"].map(|rest| format!("/api/v1/events/{id}{rest}?time={time}")));
        }
    }
    found
}

fn links(body: &str) -> Vec<String> {
    let after = body.split("href=\"").skip(1);
    after
        .filter_map(|rest| rest.split('"').next())
        .map(|link| {
            link.replace("&amp;", "&").replace("&#38;", "&").split('#').next().unwrap_or_default().to_owned()
        })
        .collect()
}

async fn check(role: Role) {
    let size = |others| Size { others, ..SMALL };
    let quiet = World::new(size(Others::Quiet)).await;
    let busy = World::new(size(Others::Busy)).await;
    let place = (role.seat() != Seat::Centre).then(|| organisation("o0"));
    // Others sign in too.
    busy.enter(Role::Ciso, Some(organisation("o2"))).await;
    busy.enter(Role::Planner, None).await;
    let in_quiet = crawl(&quiet, &quiet.enter(role, place).await).await;
    let in_busy = crawl(&busy, &busy.enter(role, place).await).await;
    let paths = |answers: &BTreeMap<String, Answer>| {
        answers.keys().map(|path| without_chance(path)).collect::<BTreeSet<_>>()
    };
    assert_eq!(paths(&in_quiet), paths(&in_busy), "{role} is led elsewhere");
    let in_busy: BTreeMap<String, Answer> =
        in_busy.into_iter().map(|(path, answer)| (without_chance(&path), answer)).collect();
    for (path, one) in &in_quiet {
        let other = &in_busy[&without_chance(path)];
        let seen = |answer: &Answer| (answer.status, without_chance(&answer.body));
        assert_eq!(seen(one), seen(other), "{role} learns from {path}");
        let headers = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("date");
            // How often the reader has asked, in whatever order this crawl asks.
            headers.remove("ratelimit");
            // A tag is of the bytes, and those have ids drawn by chance, or say when a workbook was made; without any
            // it must be the same.
            let is_book = answer.path.contains(".xlsx");
            if is_book || without_chance(&answer.body) != answer.body {
                headers.remove("etag");
                headers.remove("content-length");
            }
            headers.entry("link".into()).and_modify(|link| *link = without_chance(link));
            headers
        };
        assert_eq!(headers(one), headers(other), "{role} learns from the head of {path}");
    }
    let read = in_quiet.values().filter(|answer| answer.status == 200).count();
    // Others have nothing but the pages that everybody has.
    let watches = role.rights().contains(&base::Right::ReadWatch);
    assert!(read >= if watches { 50 } else { 1 }, "{role} read {read} pages only");
}

#[tokio::test]
async fn a_csirt_learns_nothing_from_what_others_do() {
    check(Role::Csirt).await;
}

#[tokio::test]
async fn a_ciso_learns_nothing_from_what_others_do() {
    check(Role::Ciso).await;
}

#[tokio::test]
async fn a_system_manager_learns_nothing_from_what_others_do() {
    check(Role::SystemManager).await;
}

#[tokio::test]
async fn those_with_few_rights_learn_nothing_from_what_others_do() {
    check(Role::Staff).await;
    check(Role::Sensor).await;
}

#[tokio::test]
async fn somebody_elses_object_and_none_are_the_same_answer() {
    let world = World::new(SMALL).await;
    let cookie = world.enter(Role::Csirt, Some(organisation("o0"))).await;
    let other = organisation("o2");
    let threat =
        world.first_link(&format!("/threats?period=all&organisation={other}"), "/threats/threat_").await;
    let event =
        world.first_link(&format!("/search?q=GET&period=all&organisation={other}"), "/events/event_").await;
    let none = "0".repeat(32);
    let (id, query) = event.split_once('?').unwrap();
    for (theirs, nobodys) in [
        (threat.clone(), format!("/threats/threat_{none}")),
        (format!("/organisations/{other}"), format!("/organisations/org_{none}")),
        (format!("/registry/of/{other}"), format!("/registry/of/org_{none}")),
        (format!("{id}?{query}"), format!("/events/event_{none}?{query}")),
        (format!("{id}/raw?{query}"), format!("/events/event_{none}/raw?{query}")),
    ] {
        let ask = async |path: &str| {
            world.ask("GET", path, &[("cookie", &cookie), ("accept", "text/html")], "").await
        };
        let (theirs, nobodys) = (ask(&theirs).await, ask(&nobodys).await);
        assert_eq!((theirs.status, nobodys.status), (404, 404), "{}", theirs.path);
        let told = |answer: &Answer| answer.body.replace(answer.path.split(['?']).next().unwrap(), "");
        let path_of =
            |answer: &Answer| answer.path.rsplit_once('_').map(|(_, id)| id[..32].to_owned()).unwrap();
        assert_eq!(
            told(&theirs).replace(&path_of(&theirs), &none),
            told(&nobodys),
            "the answers tell {} from nothing",
            theirs.path
        );
    }
}
