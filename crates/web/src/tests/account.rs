//! People on their way in, at their own account, and at those they keep.

use base::Role;

use super::world::{Answer, NOW, SMALL, World, organisation};
use super::{check_page, with_language};

const PASSWORD: &str = "the quiet harbour at dawn";

/// A browser: what it sends along.
struct Browser<'w> {
    world: &'w World,
    cookies: Vec<String>,
}

impl<'w> Browser<'w> {
    fn new(world: &'w World, cookie: &str) -> Self {
        Self { world, cookies: vec![cookie.to_owned()] }
    }

    async fn get(&self, path: &str) -> Answer {
        let cookie = self.cookies.join("; ");
        self.world.ask("GET", path, &[("cookie", &cookie), ("accept", "text/html")], "").await
    }

    async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| crate::markup::url_encoded(text);
        let body: Vec<_> =
            pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let (cookie, origin) = (self.cookies.join("; "), format!("http://{}", self.world.address));
        let headers = [
            ("cookie", cookie.as_str()),
            ("origin", origin.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = self.world.ask("POST", path, &headers, &body.join("&")).await;
        for cookie in answer.cookies() {
            let pair = cookie.split(';').next().unwrap();
            let name = format!("{}=", pair.split('=').next().unwrap());
            self.cookies.retain(|kept| !kept.starts_with(&name));
            self.cookies.push(pair.to_owned());
        }
        answer
    }
}

#[track_caller]
fn led_to(answer: &Answer, place: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, place), "{}: {}", answer.path, answer.body);
}

#[track_caller]
fn shown(answer: &Answer, status: u16, texts: &[&str]) {
    assert_eq!(answer.status, status, "{}: {}", answer.path, answer.body);
    check_page(answer, "ja");
    for text in texts {
        assert!(answer.body.contains(text), "{} does not say {text}: {}", answer.path, answer.body);
    }
}

/// What stands between two texts on a page.
fn between<'a>(page: &'a Answer, before: &str, after: &str) -> &'a str {
    let rest = page.body.split(before).nth(1).unwrap_or_else(|| panic!("no {before}: {}", page.body));
    rest.split(after).next().unwrap()
}

async fn world() -> World {
    World::new(SMALL).await
}

#[tokio::test]
async fn somebody_is_invited_comes_in_signs_out_and_in_again() {
    let world = world().await;
    let admin = world.enter(Role::Administrator, None).await;
    let mut admin = Browser::new(&world, &admin);
    let o0 = organisation("o0").to_string();
    let invited = [
        ("login", "Hanako@O0.example"),
        ("name", "佐藤<b>花子"),
        ("language", "ja"),
        ("role", "csirt"),
        ("organisation", o0.as_str()),
    ];
    let page = admin.post("/accounts", &invited).await;
    shown(&page, 200, &["佐藤&#60;b&#62;花子", "/invitation/"]);
    let link = format!("/invitation/{}", between(&page, "/invitation/", "<"));
    shown(&admin.post("/accounts", &invited).await, 409, &["hanako@o0.example」は既に使われています"]);

    let mut hanako = Browser::new(&world, "");
    shown(&hanako.get(&link).await, 200, &["佐藤&#60;b&#62;花子さんのアカウント"]);
    shown(&hanako.post(&link, &[("password", "short")]).await, 400, &["12文字以上"]);
    shown(&hanako.post(&link, &[("password", "hanako@o0.example")]).await, 400, &["知られている語"]);
    led_to(&hanako.post(&link, &[("password", PASSWORD)]).await, "/account");
    shown(&hanako.get(&link).await, 404, &["このリンクは使えません"]);
    shown(&hanako.get("/account").await, 200, &["佐藤&lt;b&gt;花子", "この端末", "127.0.0.1"]);
    assert_eq!(hanako.get("/accounts").await.status, 403);

    led_to(&hanako.post("/sign-out", &[]).await, "/sign-in");
    led_to(&hanako.get("/threats?level=high").await, "/sign-in?next=%2Fthreats%3Flevel%3Dhigh");
    shown(&hanako.get("/sign-in?next=%2Fthreats").await, 200, &["value=\"/threats\""]);
    let wrong = [("login", "hanako@o0.example"), ("password", "wrong"), ("next", "/threats")];
    let right = [("login", "HANAKO@o0.example"), ("password", PASSWORD), ("next", "/threats")];
    let away = [("login", "hanako@o0.example"), ("password", PASSWORD), ("next", "//evil.example")];
    shown(&hanako.post("/sign-in", &wrong).await, 400, &["正しくありません", "value=\"/threats\""]);
    led_to(&hanako.post("/sign-in", &right).await, "/threats");
    led_to(&hanako.get("/sign-in").await, "/");
    hanako.post("/sign-out", &[]).await;
    led_to(&hanako.post("/sign-in", &away).await, "/");
    let mut guesser = Browser::new(&world, "");
    for _ in 0..6 {
        guesser.post("/sign-in", &wrong).await;
    }
    shown(&guesser.post("/sign-in", &right).await, 429, &["秒後にもう一度お試しください"]);
    // The device that signed in before is not slowed down by it.
    hanako.post("/sign-out", &[]).await;
    led_to(&hanako.post("/sign-in", &right).await, "/threats");
}

#[tokio::test]
async fn the_first_administrator_says_who_they_are() {
    let world = World::without_accounts(SMALL).await;
    let (house, now) = (testkit::house_itself(), NOW.parse().unwrap());
    let link = access::invitation::first_administrator(&world.access, &house, now).await.unwrap().unwrap();
    let link = format!("/invitation/{}", link.text());
    let mut first = Browser::new(&world, "");
    shown(&first.get(&link).await, 200, &["最初のシステム管理者", "name=\"login\""]);
    let wrong = [("login", "no login"), ("name", "管理"), ("password", PASSWORD)];
    shown(&first.post(&link, &wrong).await, 400, &["「no login」は指定できません", "value=\"管理\""]);
    let right = [("login", "admin@centre.example"), ("name", "管理"), ("password", PASSWORD)];
    led_to(&first.post(&link, &right).await, "/account");
    // A password alone opens nothing of the centre, and the page says what does.
    shown(&first.get("/accounts").await, 403, &[]);
    shown(&first.get("/account").await, 200, &["admin@centre.example", "パスワードだけのサインインでは"]);
}

#[tokio::test]
async fn each_keeps_their_own_codes_tokens_and_sessions() {
    let world = world().await;
    let cookie = world.enter(Role::Csirt, Some(organisation("o0"))).await;
    let mut own = Browser::new(&world, &cookie);
    for lang in ["ja", "en"] {
        check_page(&own.get(&with_language("/account", lang)).await, lang);
    }
    shown(&own.post("/account/codes", &[]).await, 200, &["<svg", "鍵"]);
    shown(
        &own.post("/account/codes/confirm", &[("code", "000000")]).await,
        400,
        &["<svg", "コードが正しくない"],
    );

    let made = own.post("/account/tokens", &[("name", "feed"), ("days", "7"), ("right", "read_watch")]).await;
    shown(&made, 200, &["noroshi_"]);
    let text = format!("Bearer noroshi_{}", between(&made, "noroshi_", "<"));
    let bearer =
        async |path: &str| world.ask("GET", path, &[("authorization", &text), ("cookie", "x=y")], "").await;
    assert_eq!(bearer("/threats").await.status, 200);
    assert_eq!(bearer("/search").await.status, 403, "the token was not made for that");
    assert_eq!(bearer("/account").await.status, 403, "a program does not look after its owner");
    shown(
        &own.post("/account/tokens", &[("name", "x"), ("days", "91"), ("right", "read_watch")]).await,
        400,
        &[],
    );
    shown(&own.post("/account/tokens", &[("name", "x"), ("days", "1"), ("right", "decide")]).await, 403, &[]);
    let page = own.get("/account").await;
    let end = format!("/account/tokens/{}", between(&page, "/account/tokens/", "\""));
    led_to(&own.post(&end, &[]).await, "/account");
    assert_eq!(bearer("/threats").await.status, 401);

    led_to(&own.post("/account/language", &[("language", "en")]).await, "/account?lang=en");
    led_to(&own.post("/account/sessions/end-others", &[]).await, "/account");
    let page = own.get("/account?lang=ja").await;
    let end = format!("/account/sessions/session_{}", between(&page, "/account/sessions/session_", "\""));
    led_to(&own.post(&end, &[]).await, "/account");
    led_to(&own.get("/account").await, "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn who_keeps_accounts_gives_and_takes_roles_and_lets_go() {
    let world = world().await;
    world.enter(Role::Staff, Some(organisation("o0"))).await;
    world.enter(Role::Staff, Some(organisation("o2"))).await;
    let cookie = world.enter(Role::Ciso, Some(organisation("o0"))).await;
    let mut ciso = Browser::new(&world, &cookie);
    let (o0, o2) = (organisation("o0").to_string(), organisation("o2").to_string());
    let page = ciso.get("/accounts?text=staff").await;
    shown(&page, 200, &[&format!("staff.{o0}@example.com")]);
    assert!(!page.body.contains(&o2), "another organisation's account or name");
    let account = format!("/accounts/account_{}", between(&page, "href=\"/accounts/account_", "\""));
    for lang in ["ja", "en"] {
        check_page(&ciso.get(&with_language(&account, lang)).await, lang);
    }
    let roles = format!("{account}/roles");
    led_to(&ciso.post(&roles, &[("role", "system_manager"), ("organisation", &o0)]).await, &account);
    shown(&ciso.post(&roles, &[("role", "system_manager"), ("organisation", &o2)]).await, 404, &[]);
    shown(&ciso.post(&roles, &[("role", "administrator"), ("organisation", "")]).await, 403, &[]);
    shown(&ciso.post(&roles, &[("role", "king"), ("organisation", &o0)]).await, 400, &[]);
    led_to(&ciso.post(&format!("{roles}/take"), &[("role", "staff"), ("organisation", &o0)]).await, &account);
    for (action, place) in [("sessions/end", account.as_str()), ("disable", &account), ("enable", &account)] {
        led_to(&ciso.post(&format!("{account}/{action}"), &[]).await, place);
    }
    shown(&ciso.post(&format!("{account}/link"), &[]).await, 200, &["/invitation/"]);
    led_to(&ciso.post(&format!("{account}/erase"), &[]).await, "/accounts");
    shown(&ciso.get(&account).await, 404, &[]);
    let whole = store::verify_audit(&world.store).await.unwrap();
    assert!(matches!(whole, store::Verification::Whole { .. }), "{whole:?}");
}

#[tokio::test]
async fn the_way_to_the_provider_leads_out_once_and_back_into_the_same_browser() {
    let world = world().await;
    let mut hanako = Browser::new(&world, "");
    shown(
        &hanako.get("/sign-in?next=%2Fthreats").await,
        200,
        &["職員認証基盤でサインイン", "href=\"/sign-in/provider?next=%2Fthreats\""],
    );
    let out = hanako.get("/sign-in/provider?next=%2Fthreats").await;
    let place = out.header("location").to_owned();
    assert!(
        out.status == 303 && place.starts_with("https://id.example/authorize?response_type=code&"),
        "{place}"
    );
    let back = format!("redirect_uri=http%3A%2F%2F127.0.0.1%3A{}%2F", world.address.port());
    assert!(place.contains(&back), "{place}");
    let cookie = out.cookies().find(|cookie| cookie.starts_with("noroshi-errand=")).unwrap();
    assert!(cookie.ends_with("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let state = place.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    hanako.cookies.push(cookie.split(';').next().unwrap().to_owned());

    // From another browser, with another errand's state, and with none at all.
    let elsewhere = Browser::new(&world, "");
    for (browser, query) in [
        (&elsewhere, format!("state={state}&code=x")),
        (&hanako, "state=x&code=x".to_owned()),
        (&hanako, String::new()),
    ] {
        let refused = browser.get(&format!("/sign-in/provider/return?{query}")).await;
        shown(&refused, 400, &["このブラウザで始めたものではないか", "職員認証基盤でサインイン"]);
    }
    // The provider does not answer; and the errand is used up whatever came of it.
    let path = format!("/sign-in/provider/return?state={state}&code=x");
    let late = hanako.get(&path).await;
    shown(&late, 504, &["認証基盤から時間内に応答がありません"]);
    assert!(late.cookies().any(|cookie| cookie.starts_with("noroshi-errand=; Max-Age=0; ")));
    shown(&hanako.get(&path).await, 400, &["既に済んでいます"]);
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_a_page_in_both_languages() {
    let world = world().await;
    for (lang, sentence) in
        [("ja", "サインインが認められませんでした（access_denied）"), ("en", "(access_denied)")]
    {
        let mut browser = Browser::new(&world, "");
        let out = browser.get("/sign-in/provider").await;
        let place = out.header("location").to_owned();
        let state = place.split("&state=").nth(1).unwrap().split('&').next().unwrap();
        let cookie = out.cookies().find(|cookie| cookie.starts_with("noroshi-errand=")).unwrap();
        browser.cookies.push(cookie.split(';').next().unwrap().to_owned());
        let path =
            format!("/sign-in/provider/return?state={state}&error=access_denied&error_description=%3Cb%3E");
        let page = browser.get(&with_language(&path, lang)).await;
        assert_eq!(page.status, 400);
        check_page(&page, lang);
        assert!(page.body.contains(sentence) && !page.body.contains("&#60;b"), "{}", page.body);
    }
}

#[tokio::test]
async fn only_our_own_page_leads_somebody_signed_in_to_the_provider() {
    let world = world().await;
    let cookie = world.enter(Role::Csirt, Some(organisation("o0"))).await;
    let other = world.enter(Role::Staff, Some(organisation("o0"))).await;
    let (own, other) = (Browser::new(&world, &cookie), Browser::new(&world, &other));
    let page = own.get("/account?lang=ja").await;
    shown(&page, 200, &["職員認証基盤と連携する"]);
    let path = format!("/account/provider{}", between(&page, "href=\"/account/provider", "\""))
        .replace("&#38;", "&");
    let out = own.get(&path).await;
    assert!(out.status == 303 && out.header("location").starts_with("https://id.example/"), "{}", out.body);
    // The mark is of one session and one purpose.
    assert_eq!(other.get(&path).await.status, 403);
    assert_eq!(own.get(&path.replace("for=link", "for=confirm")).await.status, 403);
    assert_eq!(own.get("/account/provider?for=link").await.status, 403);
    assert_eq!(own.get("/account/provider?for=sign-in").await.status, 400);
    led_to(&own.get("/sign-in/provider?next=%2Fthreats").await, "/threats");
}
