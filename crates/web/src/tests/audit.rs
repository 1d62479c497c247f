//! The audit trail: read by people and programs, narrowed, taken away, and never somebody else's.

use base::{Confidentiality, Id, Role};
use serde_json::{Value, json};
use store::{Head, Line, Mark, MarkKind};

use super::world::{Answer, NOW, SMALL, World, organisation};
use super::{check_page, with_language};

fn line(action: &str, actor: &str, object: &str, detail: Value) -> Line {
    Line {
        at: NOW.parse().unwrap(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        object: object.to_owned(),
        detail,
        concerns: Vec::new(),
        degree: Confidentiality::One,
    }
}

async fn write(world: &World, lines: impl IntoIterator<Item = Line>) {
    let mut tx = world.store.write().await.unwrap();
    for line in lines {
        tx.audit(&line).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn ask(world: &World, cookie: &str, path: &str) -> Answer {
    world.ask("GET", path, &[("cookie", cookie), ("accept", "text/html")], "").await
}

fn items(answer: &Answer) -> Vec<Value> {
    let value: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
    value["items"].as_array().unwrap().clone()
}

/// The actions there is a sentence for, as the form offers them.
fn offered(page: &Answer) -> Vec<String> {
    let select = page.body.split("<select id=\"action\"").nth(1).unwrap().split("</select>").next().unwrap();
    let values = select.split("value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    values.filter(|value| value.contains('.')).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_action_is_a_sentence_and_an_unknown_one_stands_as_it_is() {
    let world = World::new(SMALL).await;
    let administrator = world.enter(Role::Administrator, None).await;
    let actions = offered(&ask(&world, &administrator, "/audit").await);
    assert!(actions.len() > 25, "{actions:?}");
    let (one, other) = (Id::<base::Account>::from_digest([1; 16]), Id::<base::Account>::from_digest([2; 16]));
    for (from, to) in [(one, other), (one, one)] {
        let lines = actions
            .iter()
            .map(|action| line(action, &from.to_string(), &to.to_string(), json!({ "before": "x" })));
        write(&world, lines).await;
    }
    write(
        &world,
        [line("tide.<b>turn", "<i>moon", "sea_1", json!({ "<u>": "<s>", "deep": [1, "\u{202e}"] }))],
    )
    .await;
    for lang in ["ja", "en"] {
        let mut path = with_language("/audit", lang);
        let mut sentences = 0;
        loop {
            let page = ask(&world, &administrator, &path).await;
            assert_eq!(page.status, 200, "{path}");
            check_page(&page, lang);
            assert!(!page.body.contains("audit-says") && !page.body.contains("audit-does"), "{}", page.body);
            sentences += page.body.matches("<tr><td").count();
            let next = page.body.split("rel=\"next\" href=\"").nth(1);
            match next.and_then(|rest| rest.split('"').next()) {
                Some(next) => path = next.replace("&#38;", "&").replace("&amp;", "&"),
                None => break,
            }
        }
        assert!(sentences > 2 * actions.len(), "{sentences}");
        let page = ask(&world, &administrator, &with_language("/audit?object=sea_1", lang)).await;
        for shown in ["tide.&lt;b&gt;turn", "&lt;i&gt;moon", "&#60;u&#62;", "&lt;s&gt;", "[U+202E]"] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn a_decision_is_told_with_its_links_what_it_was_and_what_it_became() {
    let world = World::new(SMALL).await;
    let threat = world.first_link("/threats?period=all", "/threats/threat_").await;
    let origin = format!("http://{}", world.address);
    let form = [("origin", origin.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let sent =
        world.ask("POST", &format!("{threat}/decision"), &form, "verdict=normal&reason=%E8%A8%93").await;
    assert_eq!(sent.status, 303);
    let administrator = world.enter(Role::Administrator, None).await;
    let page = ask(&world, &administrator, "/audit?action=threat.decide").await;
    assert!(page.body.contains(&format!("<a href=\"{threat}\">")), "{}", page.body);
    assert!(page.body.contains("を判定しました") && page.body.contains("<a href=\"/accounts/account_"));
    let judged = page.body.split("<dt>判定</dt>").nth(1).unwrap().split("</dd>").next().unwrap();
    assert_eq!(judged, "<dd><del>脅威</del> → 正常");
    assert!(page.body.contains("<dt>理由</dt><dd>訓"));
    let page = ask(&world, &administrator, "/audit?action=campaign").await;
    assert!(page.body.contains("該当する記録はありません"));
}

#[tokio::test]
async fn a_reader_goes_on_where_the_page_ended_while_others_write() {
    let world = World::new(SMALL).await;
    let administrator = world.enter(Role::Administrator, None).await;
    let numbered = |range: std::ops::Range<u32>| {
        range.map(|number| line("tide.turn", "moon", &format!("sea_{number}"), json!({})))
    };
    write(&world, numbered(0..60)).await;
    let mut path = "/audit?action=tide".to_owned();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = ask(&world, &administrator, &path).await;
        let rows = page.body.split("<th scope=\"row\">").skip(1);
        seen.extend(rows.map(|row| row.split("sea_").nth(1).unwrap().split(' ').next().unwrap().to_owned()));
        write(&world, numbered(100..107)).await;
        let next = page.body.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        path = next.unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&");
    }
    let expected: Vec<String> = (0..60).rev().map(|number| number.to_string()).collect();
    assert_eq!((seen, path.as_str()), (expected, ""));
    let first = ask(&world, &administrator, "/api/v1/audit?action=tide&object=sea_100&limit=1").await;
    assert_eq!(items(&first).len(), 1);
    let link = first.header("link").to_owned();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    write(&world, numbered(100..101)).await;
    let second = ask(&world, &administrator, next).await;
    assert_eq!((items(&second).len(), second.header("link")), (1, ""));
    assert_ne!(items(&first)[0]["number"], items(&second)[0]["number"]);
}

#[tokio::test]
async fn what_was_erased_is_said_to_be_and_nobody_is_named_any_more() {
    let world = World::new(SMALL).await;
    let administrator = world.enter(Role::Administrator, None).await;
    let mut tx = world.store.write().await.unwrap();
    let about = line("account.invite", "command line", "account_x", json!({}));
    tx.audit_about(&about, "account_x", "山田太郎 <yamada@example.jp>").await.unwrap();
    tx.commit().await.unwrap();
    let path = "/audit?object=account_x";
    assert!(ask(&world, &administrator, path).await.body.contains("山田太郎 &lt;yamada@example.jp&gt;"));
    let mut tx = world.store.write().await.unwrap();
    tx.forget("account_x").await.unwrap();
    tx.commit().await.unwrap();
    let page = ask(&world, &administrator, path).await;
    assert!(page.body.contains("個人情報は消去されました") && !page.body.contains("山田"), "{}", page.body);
    let listed = items(&ask(&world, &administrator, "/api/v1/audit?object=account_x").await);
    assert_eq!(
        (&listed[0]["personal_erased"], &listed[0]["detail"]["personal"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn taking_the_trail_away_computes_nothing_and_is_written_down() {
    let world = World::new(SMALL).await;
    let administrator = world.enter(Role::Administrator, None).await;
    write(&world, [line("tide.turn", "=cmd|calc", "sea_1", json!({ "a": "b" }))]).await;
    let csv = ask(&world, &administrator, "/audit/export/audit.csv?action=tide").await;
    assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert!(csv.header("content-disposition").starts_with("attachment; filename=\"audit-2026"));
    assert_eq!(csv.header("content-security-policy"), "default-src 'none'; sandbox");
    let rows: Vec<&str> = csv.body.trim_end().split("\r\n").collect();
    assert_eq!(rows.len(), 2, "{}", csv.body);
    assert!(
        rows[1].contains(",'=cmd|calc,") && rows[1].ends_with("\"{\"\"a\"\":\"\"b\"\"}\""),
        "{}",
        rows[1]
    );
    let ndjson = ask(&world, &administrator, "/audit/export/audit.ndjson?action=audit.export").await;
    let taken: Vec<Value> = ndjson.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((taken.len(), &taken[0]["detail"]["lines"]), (1, &json!(1)));
    assert_eq!(taken[0]["detail"]["action"], "tide");
    assert_eq!(ask(&world, &administrator, "/audit/export/audit.pdf").await.status, 404);
}

#[tokio::test]
async fn only_the_centre_sees_the_end_of_the_chain() {
    let world = World::new(SMALL).await;
    let administrator = world.enter(Role::Administrator, None).await;
    let ciso = world.enter(Role::Ciso, Some(organisation("o0"))).await;
    let head = store::audit_head(&world.store).await.unwrap().unwrap();
    let grouped = |head: &Head| super::super::page::audit::head::grouped(&head.hash);
    for path in ["/audit", "/audit/head"] {
        let page = ask(&world, &administrator, path).await;
        assert!(page.body.contains(&grouped(&head)), "{path}");
        check_page(&page, "ja");
    }
    let told: Value =
        serde_json::from_str(&ask(&world, &administrator, "/api/v1/audit/head").await.body).unwrap();
    assert_eq!((&told["number"], &told["hash"]), (&json!(head.seq), &json!(head.hash)));
    assert_eq!((&told["verified"], &told["anchored"]), (&Value::Null, &Value::Null));
    for path in ["/audit/head", "/api/v1/audit/head"] {
        assert_eq!(ask(&world, &ciso, path).await.status, 403, "{path}");
    }
    let page = ask(&world, &ciso, "/audit").await;
    assert!(page.status == 200 && !page.body.contains("記録の末尾"), "{}", page.body);
    let own = items(&ask(&world, &ciso, "/api/v1/audit?limit=200").await);
    let whose = json!([organisation("o0")]);
    assert!(
        !own.is_empty() && own.iter().all(|one| one["organisations"] == whose && one["number"].is_null())
    );

    for (sound, sentence) in [(true, "まで異常なし"), (false, "記録の改変が見つかりました")]
    {
        let mark = Mark { at: NOW.parse().unwrap(), head: head.clone(), sound };
        store::mark_audit(&world.store, MarkKind::Verified, &mark).await.unwrap();
        store::mark_audit(&world.store, MarkKind::Anchored, &mark).await.unwrap();
        let page = ask(&world, &administrator, "/audit").await;
        assert_eq!((page.body.contains(sentence), page.body.contains("role=\"alert\"")), (true, !sound));
    }
}
