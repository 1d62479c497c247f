//! What programs ask for, over a real socket: problems, pages, keys, tags, limits.

use base::{Language, Role};
use serde_json::{Value, json};

use super::world::{Answer, SMALL, Size, World, organisation};
use crate::words::Words;
use crate::{RequestLimit, api};

/// What a program of our own page sends with a change.
async fn post(world: &World, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let origin = format!("http://{}", world.address);
    let mut all = Vec::new();
    if !headers.iter().any(|(name, _)| *name == "origin") {
        all.push(("origin", origin.as_str()));
    }
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        all.push(("content-type", "application/json"));
    }
    all.extend(headers);
    world.ask("POST", path, &all, body).await
}

fn value(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body)
        .unwrap_or_else(|error| panic!("{}: {error}\n{}", answer.path, answer.body))
}

#[track_caller]
fn check_problem(answer: &Answer, status: u16, word: &str) {
    let problem = value(answer);
    assert_eq!((answer.status, problem["status"].as_u64()), (status, Some(status.into())), "{}", answer.path);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.path);
    assert_eq!(problem["type"], format!("/api#problem-{word}"), "{}", answer.path);
    for name in ["title", "detail", "instance"] {
        assert!(problem[name].as_str().is_some_and(|text| !text.is_empty()), "{}: {name}", answer.path);
    }
}

async fn token(world: &World, rights: &[&str]) -> String {
    let body = json!({ "name": "program", "rights": rights, "days": 30 }).to_string();
    let made = post(world, "/api/v1/account/tokens", &[], &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("Bearer {}", value(&made)["secret"].as_str().unwrap())
}

async fn first_threat(world: &World) -> String {
    let list = world.get("/api/v1/threats").await;
    value(&list)["items"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_operation_field_and_problem_has_its_words_in_both_languages() {
    for language in [Language::Ja, Language::En] {
        let words = Words::of(language);
        for operation in api::operations() {
            let key = format!("api-operation-{}", operation.name.replace('_', "-"));
            assert!(words.has(&key), "{key}");
        }
        for name in api::field_names() {
            let key = format!("api-field-{}", name.replace('_', "-"));
            assert!(words.has(&key), "{key} = ");
        }
        for word in api::problem_words() {
            assert!(
                words.has(&format!("api-problem-{word}")) && words.has(&format!("api-problem-{word}-title"))
            );
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_problem_document_in_the_readers_language() {
    let world = World::new(SMALL).await;
    let none = "0".repeat(32);
    for (path, status, word) in [
        ("/api/v1/nothing".to_owned(), 404, "not-found"),
        ("/api/v1/threats/x".to_owned(), 404, "not-found"),
        (format!("/api/v1/threats/threat_{none}"), 404, "not-found"),
        ("/api/v1/threats/%ff".to_owned(), 400, "invalid"),
        ("/api/v1/threats?level=worst".to_owned(), 400, "invalid"),
        ("/api/v1/threats?limit=0".to_owned(), 400, "invalid"),
        ("/api/v1/threats?limit=1&limit=2".to_owned(), 400, "invalid"),
        ("/api/v1/threats?nobody=1".to_owned(), 400, "invalid"),
        ("/api/v1/threats?text=%ff".to_owned(), 400, "invalid"),
        ("/api/v1/threats?text=%00".to_owned(), 400, "invalid"),
        ("/api/v1/threats?cursor=eA.0".to_owned(), 400, "invalid"),
        ("/api/v1/accounts".to_owned(), 403, "forbidden"),
    ] {
        let answer = world.get(&path).await;
        check_problem(&answer, status, word);
        assert_eq!(answer.header("content-language"), "ja");
        let english = world.ask("GET", &path, &[("accept-language", "en")], "").await;
        assert_eq!(english.header("content-language"), "en");
        assert_ne!(value(&english)["title"], value(&answer)["title"]);
    }
    let nobody = world.ask("GET", "/api/v1/board", &[("cookie", ""), ("accept", "text/html")], "").await;
    check_problem(&nobody, 401, "unauthenticated");
    assert_eq!(nobody.header("www-authenticate"), "Bearer realm=\"noroshi\"");
    let forged = world.ask("GET", "/api/v1/board", &[("authorization", "Bearer noroshi_x")], "").await;
    check_problem(&forged, 401, "unauthenticated");
    let origin = format!("http://{}", world.address);
    let other = world.ask("DELETE", "/api/v1/board", &[("origin", &origin)], "").await;
    check_problem(&other, 405, "method");
    assert!(other.header("allow").contains("GET"), "{:?}", other.headers);
    check_problem(
        &world.ask("GET", "/api/v1/board", &[("host", "evil.example")], "").await,
        421,
        "misdirected",
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_taken_says_which_field_is_wrong() {
    let world = World::new(SMALL).await;
    let path = format!("/api/v1/threats/{}/decision", first_threat(&world).await);
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for (body, at) in [
        ("", ""),
        ("{", ""),
        (deep.as_str(), ""),
        ("[]", ""),
        (r#"{"verdict":"threat"}"#, "/reason"),
        (r#"{"verdict":"maybe","reason":"x"}"#, "/verdict"),
        (r#"{"verdict":"threat","reason":" "}"#, "/reason"),
        (r#"{"verdict":"threat","reason":"x","more":1}"#, "/more"),
    ] {
        let answer = post(&world, &path, &[], body).await;
        check_problem(&answer, 400, "invalid");
        assert_eq!(value(&answer)["errors"][0]["field"], at, "{body}");
    }
    let right = r#"{"verdict":"threat","reason":"x"}"#;
    check_problem(&post(&world, &path, &[("content-type", "text/plain")], right).await, 415, "media-type");
    let long = format!(r#"{{"verdict":"threat","reason":"{}"}}"#, "x".repeat(200_000));
    check_problem(&post(&world, &path, &[], &long).await, 413, "too-large");
    check_problem(&post(&world, &path, &[("origin", "http://evil.example")], right).await, 403, "forged");
    let no_origin = world.ask("POST", &path, &[("content-type", "application/json")], right).await;
    check_problem(&no_origin, 403, "forged");
}

#[tokio::test]
async fn a_program_decides_with_its_token_and_no_further_than_that() {
    let world = World::new(SMALL).await;
    let bearer = token(&world, &["read_watch", "decide"]).await;
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("/api/v1/threats/{}/decision", first_threat(&world).await);
    let decided = world.ask("POST", &path, &headers, r#"{"verdict":"normal","reason":"訓練"}"#).await;
    assert_eq!((decided.status, &value(&decided)["verdict"]), (200, &json!("normal")), "{}", decided.body);
    assert_eq!(value(&decided)["decision"]["reason"], "訓練");
    check_problem(&world.ask("GET", "/api/v1/events", &headers, "").await, 403, "forbidden");
    check_problem(&world.ask("GET", "/api/v1/account/tokens", &headers, "").await, 403, "forbidden");
    let own = world.ask("GET", "/api/v1/account", &headers, "").await;
    assert_eq!(value(&own)["rights"], json!(["read_watch", "decide"]));
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended_whatever_comes_in_above() {
    let world = World::new(Size { threats: 5, ..SMALL }).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let list = value(answer);
        let items = list["items"].as_array().unwrap();
        items.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    for list in ["/api/v1/threats", "/api/v1/organisations", "/api/v1/events", "/api/v1/registry/changes"] {
        let whole = ids(&world
            .get(&format!("{list}?limit=200").replace("events?limit=200", "events?limit=100"))
            .await);
        let mut found = Vec::new();
        let mut next = format!("{list}?limit=3");
        while !next.is_empty() {
            let page = world.get(&next).await;
            assert_eq!(page.status, 200, "{next}: {}", page.body);
            found.extend(ids(&page));
            let link = page.header("link").strip_prefix('<').and_then(|link| link.split('>').next());
            next = link.unwrap_or_default().to_owned();
            assert_eq!(next.is_empty(), value(&page)["next"].is_null());
        }
        assert_eq!(found, whole, "{list}");
        assert!(whole.len() > 3, "{list}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_one_list_one_filter_and_one_account() {
    let world = World::new(SMALL).await;
    let page = value(&world.get("/api/v1/threats?limit=1").await);
    let cursor = page["next"].as_str().unwrap();
    assert_eq!(world.get(&format!("/api/v1/threats?limit=5&cursor={cursor}")).await.status, 200);
    let (place, mark) = cursor.split_once('.').unwrap();
    let turned = if mark.starts_with('0') { "1" } else { "0" };
    for forged in [
        format!("/api/v1/campaigns?cursor={cursor}"),
        format!("/api/v1/threats?level=high&cursor={cursor}"),
        format!("/api/v1/threats?cursor={place}.{turned}{}", &mark[1..]),
        format!("/api/v1/threats?cursor={place}x.{mark}"),
        format!("/api/v1/threats?cursor={place}"),
    ] {
        check_problem(&world.get(&forged).await, 400, "invalid");
    }
    let other = world.enter(Role::WatchOfficer, None).await;
    let theirs = format!("/api/v1/threats?cursor={cursor}");
    check_problem(&world.ask("GET", &theirs, &[("cookie", &other)], "").await, 400, "invalid");
}

#[tokio::test]
async fn a_change_with_a_key_is_made_once_and_answered_the_same() {
    let world = World::new(SMALL).await;
    let body = json!({ "name": "once", "rights": ["read_watch"], "days": 1 }).to_string();
    let key = [("idempotency-key", "\"first\"")];
    let first = post(&world, "/api/v1/account/tokens", &key, &body).await;
    let again = post(&world, "/api/v1/account/tokens", &key, &body).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    let tokens = value(&world.get("/api/v1/account/tokens").await);
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), 1);
    // Nobody who reads the database finds the secret there.
    let secret = value(&first)["secret"].as_str().unwrap().to_owned();
    let stored = everything_stored(&world).await;
    assert!(stored.contains("once") && !stored.contains(&secret));

    let other = body.replace("once", "twice");
    check_problem(&post(&world, "/api/v1/account/tokens", &key, &other).await, 422, "key-reused");
    let wrong = [("idempotency-key", "a\"b")];
    check_problem(&post(&world, "/api/v1/account/tokens", &wrong, &body).await, 400, "invalid");
    let fresh = post(&world, "/api/v1/account/tokens", &[("idempotency-key", "second")], &body).await;
    assert_ne!(fresh.body, first.body);
}

#[tokio::test]
async fn a_program_is_never_told_what_its_person_was_answered() {
    let world = World::new(SMALL).await;
    let bearer = token(&world, &["read_watch"]).await;
    let body = json!({ "name": "once", "rights": ["read_watch"], "days": 1 }).to_string();
    let key = ("idempotency-key", "k");
    let first = post(&world, "/api/v1/account/tokens", &[key], &body).await;
    assert_eq!(first.status, 201);
    let headers = [key, ("authorization", bearer.as_str()), ("content-type", "application/json")];
    let replayed = world.ask("POST", "/api/v1/account/tokens", &headers, &body).await;
    check_problem(&replayed, 403, "forbidden");
    for operation in api::operations().iter().filter(|operation| operation.by_person) {
        let path = operation.path.replace("{id}", &format!("{}_{}", kind_of(operation.path), "0".repeat(32)));
        let answer = world.ask(operation.method.as_str(), &path, &headers[1..], "{}").await;
        check_problem(&answer, 403, "forbidden");
    }
}

/// What the id in the path of an operation about accounts is an id of.
fn kind_of(path: &str) -> &'static str {
    match path {
        path if path.contains("/sessions/") => "session",
        path if path.contains("/tokens/") => "token",
        _ => "account",
    }
}

/// Every row of every table, as text.
async fn everything_stored(world: &World) -> String {
    let mut read = world.store.read().await.unwrap();
    let (_, tables) = store::copy::contents(&mut read, world.store.engine()).await.unwrap();
    let mut text = Vec::new();
    for table in &tables {
        store::copy::write(&mut read, table, &mut text).await.unwrap();
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn one_key_sent_many_times_at_once_is_one_change() {
    let world = World::new(SMALL).await;
    let body = json!({ "name": "once", "rights": ["read_watch"], "days": 1 }).to_string();
    let asks = (0..8).map(|_| post(&world, "/api/v1/account/tokens", &[("idempotency-key", "k")], &body));
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)), "somebody was told otherwise");
    assert!(answers.iter().any(|answer| answer.status == 201));
    let tokens = value(&world.get("/api/v1/account/tokens").await);
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_that_failed_here_is_not_made_again_with_its_key() {
    let world = World::new(SMALL).await;
    let rename = async |from: &str, to: &str| {
        let mut tx = world.store.write().await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
        sqlx::query(sql).execute(tx.connection()).await.unwrap();
        tx.commit().await.unwrap();
    };
    let body = json!({ "name": "once", "rights": ["read_watch"], "days": 1 }).to_string();
    let key = [("idempotency-key", "k")];
    rename("tokens", "tokens_away").await;
    check_problem(&post(&world, "/api/v1/account/tokens", &key, &body).await, 503, "unavailable");
    rename("tokens_away", "tokens").await;
    // Nobody here can know that nothing was done: whoever asks looks first, and takes another key.
    check_problem(&post(&world, "/api/v1/account/tokens", &key, &body).await, 409, "conflict");
    assert_eq!(value(&world.get("/api/v1/account/tokens").await)["tokens"], json!([]));
    let fresh = post(&world, "/api/v1/account/tokens", &[("idempotency-key", "l")], &body).await;
    assert_eq!(fresh.status, 201);
}

#[tokio::test]
async fn who_has_an_answer_already_is_told_so() {
    let world = World::new(SMALL).await;
    for path in [
        "/api/v1/board",
        "/api/v1/threats",
        "/api/v1/account",
        "/api/v1/registry/export/system.csv",
        "/api/openapi.json",
    ] {
        let first = world.get(path).await;
        let tag = first.header("etag");
        assert!(first.status == 200 && tag.len() == 34, "{path}: {}", first.status);
        let again = world.ask("GET", path, &[("if-none-match", tag)], "").await;
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag), "{path}");
        assert_eq!(world.ask("GET", path, &[("if-none-match", "\"x\"")], "").await.status, 200);
    }
}

#[tokio::test]
async fn an_entry_is_changed_only_as_it_was_seen() {
    let world = World::new(SMALL).await;
    let place = format!("/api/v1/registry/organisations/{}/person", organisation("o0"));
    let entry = format!("{place}/entry?key=head");
    let seen = world.get(&entry).await;
    let mut values = value(&seen)["values"].clone();
    values["phone"] = json!("03-5555-0100");
    let body = json!({ "values": values }).to_string();
    check_problem(&post(&world, &place, &[], &body).await, 409, "conflict");
    check_problem(&post(&world, &place, &[("if-match", "\"x\"")], &body).await, 412, "precondition");
    let tag = seen.header("etag");
    let changed = post(&world, &place, &[("if-match", tag), ("idempotency-key", "k")], &body).await;
    assert_eq!(value(&changed), json!({ "outcome": "changed", "change": null }));
    let unseen = post(&world, &place, &[("idempotency-key", "k")], &body).await;
    check_problem(&unseen, 422, "key-reused");
    check_problem(&post(&world, &place, &[("if-match", tag)], &body).await, 412, "precondition");
    let wrong = json!({ "values": { "name_ja": "x", "name_en": "x", "mail": "nobody" } }).to_string();
    let refused = post(&world, &place, &[], &wrong).await;
    check_problem(&refused, 422, "refused");
    assert_eq!(value(&refused)["errors"][0]["field"], "/values/mail");
}

#[tokio::test]
async fn a_member_asks_and_the_centre_decides() {
    let world = World::new(SMALL).await;
    let member = world.enter(Role::Csirt, Some(organisation("o0"))).await;
    let place = format!("/api/v1/registry/organisations/{}/domain", organisation("o0"));
    let body = json!({ "values": { "value": "new.o0.example" }, "reason": "新設" }).to_string();
    let asked = post(&world, &place, &[("cookie", &member)], &body).await;
    assert_eq!((asked.status, &value(&asked)["outcome"]), (202, &json!("waiting")), "{}", asked.body);
    let change = asked.header("location").to_owned();
    let decision = format!("{change}/decision");
    let approve = r#"{"decision":"approve"}"#;
    check_problem(&post(&world, &decision, &[("cookie", &member)], approve).await, 403, "forbidden");
    assert_eq!(value(&post(&world, &decision, &[], approve).await)["state"], "approved");
    check_problem(&post(&world, &decision, &[], approve).await, 409, "conflict");
}

#[tokio::test]
async fn a_file_is_rehearsed_before_it_is_imported() {
    let world = World::new(SMALL).await;
    let file = "record,organisation,key,name_ja,name_en\nperson,o0,new,新任,New\nperson,nobody,x,誰,Who\n";
    let csv = [("content-type", "text/csv; charset=utf-8")];
    for (query, dry_run) in [("", true), ("?dry_run=true", true), ("?dry_run=false", false)] {
        let answer = value(&post(&world, &format!("/api/v1/registry/import{query}"), &csv, file).await);
        assert_eq!(answer["dry_run"], dry_run);
        assert_eq!((&answer["tally"]["new"], &answer["tally"]["wrong"]), (&json!(1), &json!(1)), "{answer}");
        assert_eq!((&answer["rows"][0]["fate"], &answer["rows"][0]["line"]), (&json!("wrong"), &json!(3)));
    }
    let unreadable = post(&world, "/api/v1/registry/import", &csv, "no,such\ncolumns,here\n").await;
    check_problem(&unreadable, 422, "refused");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_ask_again() {
    let request_limit = RequestLimit { requests: 3, window_s: 60 };
    let world = World::new(Size { request_limit, ..SMALL }).await;
    for left in [2, 1, 0] {
        let answer = world.get("/api/v1/account").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=3;w=60");
        assert!(answer.header("ratelimit").starts_with(&format!("\"default\";r={left};t=")));
    }
    let refused = world.get("/api/v1/account").await;
    check_problem(&refused, 429, "too-many");
    assert_eq!(refused.header("retry-after"), "20");
    let other = world.enter(Role::WatchOfficer, None).await;
    assert_eq!(world.ask("GET", "/api/v1/account", &[("cookie", &other)], "").await.status, 200);
    assert_eq!(world.get("/account").await.status, 200, "pages are not counted");
}

#[tokio::test]
async fn the_document_names_every_route_and_nothing_else() {
    let world = World::new(SMALL).await;
    let document = value(&world.get("/api/openapi.json").await);
    let (_, table) = crate::routes();
    let mut routes: Vec<String> = table
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| format!("{} {}", route.method.as_str().to_lowercase(), route.path))
        .collect();
    let mut named: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        named.extend(methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    routes.sort();
    named.sort();
    assert_eq!(routes, named);
    assert!(routes.len() > 40 && !document.to_string().contains("api-"), "a sentence is missing");
    for lang in ["ja", "en"] {
        super::check_page(&world.get(&format!("/api?lang={lang}")).await, lang);
    }
}
