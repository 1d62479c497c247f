//! Every page over a real store, asked for over a real socket.

mod account;
mod api;
mod audit;
mod finding;
mod inspect;
mod leak;
mod load;
mod registry;
mod rights;
mod survey;
mod world;

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use watch::threat::Ruling;

use self::world::{Answer, NOW, SMALL, Size, World, organisation};

/// The limit of a page, whatever is on it.
const PAGE_BYTES_MAX: usize = 300_000;

fn with_language(path: &str, lang: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}lang={lang}")
}

/// What must be true of every page.
#[track_caller]
fn check_page(page: &Answer, lang: &str) {
    let (path, body) = (&page.path, &page.body);
    assert!(body.contains(&format!("<html lang=\"{lang}\">")), "{path} is in another language");
    assert_eq!(body.matches("<h1").count(), 1, "{path}");
    assert!(body.len() < PAGE_BYTES_MAX, "{path} has {} bytes", body.len());
    for inline in [" style=", " onclick=", " onload=", "<style", "javascript:"] {
        assert!(!body.contains(inline), "{path} has {inline}");
    }
    assert_eq!(body.matches("<script").count(), 1, "{path}: one script, our own");
    let odd = body
        .chars()
        .find(|c| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c) || *c == '\u{200b}');
    assert_eq!(odd, None, "{path} lets something invisible through");
    assert!(
        page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"),
        "{path}"
    );
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
}

#[tokio::test]
async fn every_page_is_there_in_both_languages() {
    let world = World::new(SMALL).await;
    for path in world.pages().await {
        for lang in ["ja", "en"] {
            let page = world.get(&with_language(&path, lang)).await;
            assert_eq!(page.status, 200, "{}", page.path);
            check_page(&page, lang);
            assert!(!page.body.contains("-title<"), "{path} shows the key of a sentence");
        }
    }
}

#[tokio::test]
async fn the_nastiest_logs_of_400_organisations_make_harmless_pages_of_a_decent_size() {
    let world = World::new(Size { organisations: 400, threats: 24, nasty: true, ..SMALL }).await;
    for path in world.pages().await {
        let page = world.get(&with_language(&path, "en")).await;
        assert_eq!(page.status, 200, "{}", page.path);
        check_page(&page, "en");
    }
}

#[tokio::test]
async fn a_page_that_follows_the_data_gets_its_inner_part_only() {
    let world = World::new(SMALL).await;
    let part = world.ask("GET", "/board", &[("noroshi-part", "main")], "").await;
    assert!(part.body.trim_start().starts_with("<main"), "{}", &part.body[..200]);
    assert!(!part.body.contains("<html") && part.body.contains("id=\"board\""));
}

#[tokio::test]
async fn whatever_goes_wrong_has_a_page_in_the_readers_language() {
    let world = World::new(SMALL).await;
    let none = "00000000000000000000000000000000";
    for (path, status) in [
        ("/nothing-here".to_owned(), 404),
        (format!("/threats/threat_{none}"), 404),
        ("/threats/not-an-id".to_owned(), 404),
        (format!("/campaigns/campaign_{none}"), 404),
        (format!("/organisations/org_{none}"), 404),
        (format!("/events/event_{none}?at=1784093525000000"), 404),
        (format!("/events/event_{none}"), 400),
        ("/threats?level=worst".to_owned(), 400),
        ("/threats?organisation=o1".to_owned(), 400),
        ("/threats?after=here".to_owned(), 400),
        ("/search?q=x&from=yesterday".to_owned(), 400),
        ("/static/nothing.css".to_owned(), 404),
    ] {
        for lang in ["ja", "en"] {
            let page = world.get(&with_language(&path, lang)).await;
            assert_eq!(page.status, status, "{path}");
            check_page(&page, lang);
        }
    }
    let page = world.ask("DELETE", "/board", &[("origin", &format!("http://{}", world.address))], "").await;
    assert_eq!(page.status, 405);
    let page = world.ask("GET", "/board", &[("host", "evil.example")], "").await;
    assert_eq!((page.status, page.body.contains("localhost")), (421, true));
    assert!(!page.body.contains("第0情報文化振興省"));
}

#[tokio::test]
async fn an_analyst_decides_with_a_reason_and_sees_it() {
    let world = World::new(SMALL).await;
    let threat = world.first_link("/threats?period=all", "/threats/threat_").await;
    let origin = format!("http://{}", world.address);
    let form = [("origin", origin.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let action = format!("{threat}/decision");
    let sent = world.ask("POST", &action, &form, "verdict=normal&reason=%E8%A8%93%E7%B7%B4%3Cb%3E").await;
    assert_eq!((sent.status, sent.header("location")), (303, threat.as_str()));
    let page = world.get(&threat).await;
    assert!(
        page.body.contains("訓練&lt;b&gt;") && page.body.contains("分析官が「正常」と判定しました"),
        "{}",
        page.body
    );

    for (body, status) in
        [("verdict=normal&reason=+", 400), ("verdict=maybe&reason=x", 400), ("reason=x", 422)]
    {
        let refused = world.ask("POST", &action, &form, body).await;
        assert_eq!(refused.status, status, "{body}");
        check_page(&refused, "ja");
    }
    let elsewhere = [("origin", "http://evil.example"), form[1]];
    assert_eq!(world.ask("POST", &action, &elsewhere, "verdict=threat&reason=x").await.status, 403);
    let long = format!("verdict=threat&reason={}", "x".repeat(crate::FORM_BYTES_MAX));
    assert_eq!(world.ask("POST", &action, &form, &long).await.status, 413);
}

#[tokio::test]
async fn a_choice_of_language_is_remembered_and_the_browser_is_heard() {
    let world = World::new(SMALL).await;
    let chosen = world.get("/board?lang=en").await;
    assert!(
        chosen.header("set-cookie").starts_with("noroshi_lang=en; Path=/; Max-Age=31536000; SameSite=Lax")
    );
    check_page(&world.ask("GET", "/board", &[("cookie", "noroshi_lang=en")], "").await, "en");
    check_page(&world.ask("GET", "/board", &[("accept-language", "en-GB,ja;q=0.5")], "").await, "en");
    check_page(&world.get("/board?lang=fr").await, "ja");
    let page = world.get("/threats?level=high&lang=ja").await;
    assert!(page.body.contains("href=\"/threats?level=high&#38;lang=en\""), "the switch keeps the filter");
}

#[tokio::test]
async fn lists_go_on_where_the_page_ends() {
    let world = World::new(Size { threats: 20, ..SMALL }).await;
    let next = world.first_link("/threats?period=all", "/threats?period=all&#38;after=").await;
    let (first, second) = (world.get("/threats?period=all").await, world.get(&next).await);
    let rows = |page: &Answer| page.body.matches("<tr data-key=").count();
    assert_eq!((rows(&first), rows(&second)), (50, 30));
    let next = world.first_link("/search?q=GET&period=all", "/search?q=GET&#38;period=all&#38;after=").await;
    assert!(world.get(&next).await.body.contains("class=\"record\""));
}

#[tokio::test]
async fn filters_narrow_what_is_listed() {
    let world = World::new(SMALL).await;
    let rows = async |query: &str| {
        world.get(&format!("/threats?period=all{query}")).await.body.matches("<tr data-key=").count()
    };
    let all = rows("").await;
    assert_eq!(all, 12);
    assert_eq!(rows(&format!("&organisation={}", organisation("o2"))).await, 3);
    assert_eq!(rows("&level=critical").await, 8);
    assert_eq!(rows("&verdict=normal").await, 0);
    assert_eq!(rows("&rule=rule-1").await, 4);
    assert_eq!(rows("&text=198.51.100.2").await, 4);
    assert_eq!(rows("&hour=2026-07-15T14").await + rows("&hour=2026-07-15T13").await, 8);
}

#[tokio::test]
async fn a_search_shows_what_it_found_and_what_it_cost() {
    let world = World::new(SMALL).await;
    let page = world.get("/search?q=get+domain:SHARED.bad.example&period=all&count=1&lang=en").await;
    assert!(page.body.contains("0 events found"), "words keep their case on this shelf");
    let page = world.get("/search?q=GET+domain:SHARED.bad.example&period=all&count=1&lang=en").await;
    assert!(page.body.contains("12 events found"), "{}", page.body);
    assert!(
        page.body.contains("Read 2 of 9 files, 120 rows, 4.0 kB.")
            && page.body.contains("1 stored file is damaged")
    );
    assert!(page.body.contains("<mark>GET</mark>") && page.body.contains("<mark>shared.bad.example</mark>"));
    let page = world.get("/search?q=ip:192.0.2.1&lang=en").await;
    assert!(page.body.contains("There is no kind “ip”"));
}

#[tokio::test]
async fn the_original_bytes_can_be_kept_but_not_run() {
    let world = World::new(SMALL).await;
    let event = world.first_link("/search?q=GET&period=all", "/events/event_").await;
    let raw = world.get(&event.replace("?", "/raw?")).await;
    assert_eq!(raw.body, "GET /shell.php?cmd=GET shared.bad.example ");
    assert_eq!(raw.header("content-type"), "application/octet-stream");
    assert!(raw.header("content-disposition").starts_with("attachment"));
    assert_eq!(raw.header("content-security-policy"), "default-src 'none'; sandbox");
}

#[tokio::test]
async fn those_who_listen_hear_of_a_change_within_seconds() {
    let world = World::new(SMALL).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let officer = world.enter(base::Role::WatchOfficer, None).await;
    let request = format!("GET /live HTTP/1.1\r\nhost: {}\r\ncookie: {officer}\r\n\r\n", world.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut heard = async |wanted: &str| {
        let until = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains(wanted) {
                    return true;
                }
            }
            false
        };
        tokio::time::timeout(Duration::from_secs(10), until).await.unwrap_or(false)
    };
    assert!(heard("text/event-stream").await && heard("event: changed").await);
    let threat = world.first_link("/threats?period=all", "/threats/threat_").await;
    let id = threat.rsplit('/').next().unwrap().parse().unwrap();
    let now = NOW.parse().unwrap();
    let verdict = watch::judge::Verdict::Normal;
    let decision = Ruling { verdict, reason: "x".into(), at: now };
    let mut tx = world.store.write().await.unwrap();
    watch::threat::decide(&mut tx, &testkit::officer(), id, &decision, &watch::Policy::default())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(heard("event: changed").await);
}

#[tokio::test]
async fn the_program_says_that_it_is_well() {
    let world = World::new(SMALL).await;
    assert_eq!(world.get("/healthz").await.body, "ok\n");
    let root = world.get("/").await;
    assert_eq!((root.status, root.header("location")), (303, "/board"));
    let style = world.get(&crate::asset::addresses().style).await;
    assert_eq!(style.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(world.registry.organisations().len(), 4);
}
