//! The pages of self-inspection: who sees which figures, what a form does, and how a survey is run.

use base::Role;

use super::survey::ITEMS;
use super::world::{Answer, NOW, SMALL, World, organisation};

const FORM: &str = "application/x-www-form-urlencoded";
const FILE: &str = "multipart/form-data; boundary=b";

async fn get(world: &World, cookie: &str, path: &str) -> Answer {
    world.ask("GET", path, &[("cookie", cookie)], "").await
}

async fn send(world: &World, cookie: &str, path: &str, kind: &str, body: &str) -> Answer {
    let origin = format!("http://{}", world.address);
    let headers = [("cookie", cookie), ("origin", origin.as_str()), ("content-type", kind)];
    world.ask("POST", path, &headers, body).await
}

/// A form with a file and some fields.
fn with_file(file: &str, fields: &[(&str, &str)]) -> String {
    let mut body =
        format!("--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{file}\r\n");
    for (name, value) in fields {
        body += &format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body + "--b--\r\n"
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    page.body.split(&start).nth(1).expect(name).split('"').next().unwrap().to_owned()
}

/// Somebody of the staff who is on the roster with their account: the cookie.
async fn respondent(world: &World) -> String {
    let own = organisation("o0");
    let cookie = world.enter(Role::Staff, Some(own)).await;
    let account: serde_json::Value =
        serde_json::from_str(&get(world, &cookie, "/api/v1/account").await.body).unwrap();
    let row = format!(
        "organisation,person,role,excluded,account\no0,me,staff,,{}\n",
        account["id"].as_str().unwrap()
    );
    let (house, now) = (testkit::house_itself(), NOW.parse().unwrap());
    let survey = world.surveys.open;
    inspect::roster::import(&world.store, &house, survey, row.as_bytes(), &mut |_| {}, now).await.unwrap();
    cookie
}

#[tokio::test]
async fn figures_carry_their_counts_and_both_ways_of_adding() {
    let world = World::new(SMALL).await;
    let survey = world.surveys.open;
    let inspector = world.enter(Role::Inspector, None).await;
    let list = get(&world, &inspector, "/inspect?lang=en").await;
    assert!(list.body.contains("In preparation") && list.body.contains("32 / 36"), "{}", list.body);
    let page = get(&world, &inspector, &format!("/inspect/surveys/{survey}?lang=en")).await;
    // Of nine of each of four organisations eight have answered; 20 of their 22 duties were done.
    for expected in [
        "88.9 <small>8/9</small>",
        "90.9 <small>20/22</small>",
        "88.9 <small>32/36</small>",
        "not comparable",
    ] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    assert!(page.body.contains("Coverage is the share of those asked"));
    let map = get(&world, &inspector, &format!("/inspect/surveys/{survey}/map?role=ciso&lang=en")).await;
    assert!(map.body.contains("<td class=\"ga\">A 100.0</td>"), "{}", map.body);
    let item = get(&world, &inspector, &format!("/inspect/surveys/{survey}/items/S-2?lang=en")).await;
    assert!(item.body.contains("83.3 <small>5/6</small>"), "{}", item.body);
    let nothing = get(&world, &inspector, &format!("/inspect/surveys/{survey}/items/S-9")).await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn few_peoples_answers_are_withheld_from_who_may_not_see_their_forms() {
    let world = World::new(SMALL).await;
    let survey = world.surveys.open;
    let path = format!("/inspect/surveys/{survey}/map?role=ciso&lang=en");
    let planner = world.enter(Role::Planner, None).await;
    let body = get(&world, &planner, &path).await.body;
    let cells = body.split("<tbody>").nth(1).unwrap();
    assert!(!cells.contains("100.0") && cells.contains("<td class=\"gwithheld\">x</td>"), "{body}");
    assert!(body.contains("fewer than five people answered"));
    let ciso = world.enter(Role::Ciso, Some(organisation("o0"))).await;
    let own = get(&world, &ciso, &path).await.body;
    assert!(own.contains("A 100.0") && !own.contains("gwithheld"), "{own}");
    assert_eq!(own.matches("<th scope=\"row\"><a").count(), 1, "of others there is not even a line");
    // A unit of two has eight colleagues beside it, and is not shown to who only reads.
    let section = world.enter(Role::SectionManager, Some(organisation("o0"))).await;
    let place = format!("/inspect/surveys/{survey}/of/{}?role=staff&lang=en", organisation("o0"));
    let units = get(&world, &section, &place).await.body;
    let line = units.split("調査部</th>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(!line.contains('%') && !line.contains("0.0") && line.contains(">x</td>"), "{line}");
    let elsewhere = format!("/inspect/surveys/{survey}/of/{}", organisation("o2"));
    assert_eq!(get(&world, &section, &elsewhere).await.status, 404);
}

#[tokio::test]
async fn names_of_those_who_have_not_answered_stay_in_their_organisation() {
    let world = World::new(SMALL).await;
    let path =
        format!("/inspect/surveys/{}/of/{}/unanswered?lang=en", world.surveys.open, organisation("o0"));
    for (role, place, sees) in [
        (Role::Ciso, Some("o0"), true),
        (Role::SectionManager, Some("o0"), true),
        (Role::Inspector, None, true),
        (Role::Planner, None, false),
    ] {
        let cookie = world.enter(role, place.map(organisation)).await;
        let page = get(&world, &cookie, &path).await;
        assert_eq!(page.body.contains("<th scope=\"row\">p0</th>"), sees, "{role}: {}", page.body);
        assert!(page.body.contains("<dd>1 people</dd>"), "everybody sees how many");
    }
}

#[tokio::test]
async fn a_form_names_what_is_missing_and_thanks_for_what_was_sent() {
    let world = World::new(SMALL).await;
    let cookie = respondent(&world).await;
    let list = get(&world, &cookie, "/inspect/answer?lang=en").await;
    assert!(list.body.contains("Not answered"), "{}", list.body);
    let own = format!("/inspect/answer/{}", world.surveys.open);
    let page = get(&world, &cookie, &own).await;
    assert!(
        page.body.contains("<h2>情報の取扱い</h2>") && page.body.contains("&#60;b&#62;"),
        "{}",
        page.body
    );
    let part = "role=staff&version=1&item-0=done&item-2=no_duty";
    let missing = send(&world, &cookie, &own, FORM, &format!("{part}&do=submit")).await;
    assert_eq!(missing.status, 422);
    assert!(
        missing.body.contains("未記入の項目が1件あります") && missing.body.contains("href=\"#item-1-done\"")
    );
    assert!(missing.body.contains("value=\"no_duty\" checked"), "what was chosen is still there");
    let kept = get(&world, &cookie, &own).await;
    assert!(kept.body.contains("value=\"no_duty\" checked"), "and is kept");

    let whole = format!("{part}&item-1=not_done&do=submit");
    let done = send(&world, &cookie, &own, FORM, &whole).await;
    let thanks = done.header("location").to_owned();
    assert!(done.status == 303 && thanks.ends_with("done=sent"), "{} {thanks}", done.status);
    let page = get(&world, &cookie, &thanks).await;
    assert!(page.body.contains("回答を受け付けました") && page.body.contains("第1版"), "{}", page.body);
    assert!(page.body.contains("実施した 1件、実施していない 1件、責務なし 1件"));
    // The same once more is the same; another from the page that is no longer the newest is kept, and not counted.
    assert_eq!(send(&world, &cookie, &own, FORM, &whole).await.status, 303);
    let stale = send(&world, &cookie, &own, FORM, &whole.replace("not_done", "done")).await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("より新しい回答") && hidden(&stale, "version") == "2", "{}", stale.body);
    let newer = send(
        &world,
        &cookie,
        &own,
        FORM,
        "role=staff&version=2&item-0=done&item-1=done&item-2=done&do=submit",
    )
    .await;
    assert_eq!(newer.status, 303);
    let page = get(&world, &cookie, &own).await;
    assert!(page.body.contains("第2版"), "{}", page.body);
    let back = send(&world, &cookie, &own, FORM, "role=staff&version=3&do=withdraw").await;
    assert!(back.header("location").contains("done=withdrawn"), "{}", back.status);
    assert!(get(&world, &cookie, back.header("location")).await.body.contains("取り下げました"));

    let other = get(&world, &cookie, &format!("{own}?role=ciso")).await;
    assert_eq!(other.status, 404, "a role that is not theirs has no form");
    let stranger = world.enter(Role::Staff, Some(organisation("o2"))).await;
    assert_eq!(get(&world, &stranger, &own).await.status, 404);
}

#[tokio::test]
async fn a_personal_link_opens_one_persons_form_to_whoever_holds_it() {
    let world = World::new(SMALL).await;
    let (survey, own) = (world.surveys.open, organisation("o0"));
    let csirt = world.enter(Role::Csirt, Some(own)).await;
    let path = format!("/inspect/surveys/{survey}/of/{own}/links");
    let made = send(&world, &csirt, &path, FORM, "person=p0").await;
    assert!(made.header("content-disposition").starts_with("attachment"), "{}", made.body);
    let link = made.body.lines().nth(1).unwrap().rsplit(',').next().unwrap();
    let link = link.strip_prefix(&format!("http://{}", world.address)).unwrap().to_owned();
    let page = get(&world, "", &link).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("same-origin", "no-store"));
    assert!(page.body.contains("第0情報文化振興省 p0"), "{}", page.body);
    let token = hidden(&page, "token");
    let body = format!("token={token}&role=staff&version=1&item-0=done&item-1=done&item-2=done&do=submit");
    let sent = send(&world, "", "/inspect/link", FORM, &body).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(get(&world, "", sent.header("location")).await.body.contains("回答を受け付けました"));
    let wrong = send(&world, "", "/inspect/link", FORM, &body.replace(&token[..8], "00000000")).await;
    assert_eq!(wrong.status, 404);
    let stranger = world.enter(Role::Csirt, Some(organisation("o2"))).await;
    assert_eq!(send(&world, &stranger, &path, FORM, "person=p0").await.status, 404);
    let reader = world.enter(Role::Planner, None).await;
    assert_eq!(send(&world, &reader, &path, FORM, "person=p0").await.status, 403);
}

#[tokio::test]
async fn a_survey_is_made_from_a_file_that_was_looked_at() {
    let world = World::new(SMALL).await;
    let inspector = world.enter(Role::Inspector, None).await;
    let terms = [
        ("kind", "self_inspection"),
        ("variant", "nisc"),
        ("title_ja", "重点点検"),
        ("title_en", "Another"),
        ("edition", "e1"),
        ("reference_day", "2026-07-01"),
        ("opens_at", "2026-07-01T09:00"),
        ("closes_at", "2026-07-31T18:00"),
    ];
    let fields = |what: &'static str| [&terms[..], &[("do", what)]].concat();
    let new = "/inspect/new";
    let looked = send(&world, &inspector, new, FILE, &with_file(ITEMS, &fields("preview"))).await;
    assert_eq!(looked.status, 200, "{}", looked.body);
    assert!(
        looked.body.contains("2の役割、5項目") && looked.body.contains("教育を受けた。"),
        "{}",
        looked.body
    );
    // The file travels along; nothing has to be chosen again.
    let mut again = fields("create");
    again.push(("catalogue", ITEMS));
    let body = with_file("", &again).replace("filename=\"a.csv\"", "filename=\"\"");
    let made = send(&world, &inspector, new, FILE, &body).await;
    let survey = made.header("location").to_owned();
    assert!(made.status == 303 && survey.starts_with("/inspect/surveys/survey_"), "{}", made.body);
    let wrong = send(&world, &inspector, new, FILE, &with_file("ref,role\n", &fields("preview"))).await;
    assert!(wrong.status == 422 && wrong.body.contains("title_ja の列がありません"), "{}", wrong.body);
    let early = [&terms[..7], &[("closes_at", "2026-07-01T09:00"), ("do", "create")]].concat();
    let early = send(&world, &inspector, new, FILE, &with_file(ITEMS, &early)).await;
    assert!(early.status == 422 && early.body.contains("受付開始より後"), "{}", early.body);
    let csirt = world.enter(Role::Csirt, Some(organisation("o0"))).await;
    assert_eq!(send(&world, &csirt, new, FILE, &with_file(ITEMS, &fields("create"))).await.status, 403);

    let roster = format!("{survey}/roster");
    let people = "organisation,person,role,excluded\no0,1,staff,\no0,2,pilot,\n";
    let tried = send(&world, &inspector, &roster, FILE, &with_file(people, &[("do", "rehearse")])).await;
    assert!(tried.body.contains("試行結果：新規1人") && tried.body.contains("誤り1行"), "{}", tried.body);
    let done = send(&world, &inspector, &roster, FILE, &with_file(people, &[("do", "import")])).await;
    assert!(done.body.contains("取り込みました：新規1人"), "{}", done.body);
    assert_eq!(send(&world, &inspector, &format!("{survey}/open"), FORM, "").await.status, 303);
    assert_eq!(send(&world, &inspector, &format!("{survey}/open"), FORM, "").await.status, 409);
    let answers = "organisation,person,role,item,answer\no0,1,staff,S-1,done\no0,1,staff,S-2,done\no0,1,staff,S-3,maybe\n";
    let upload = format!("{survey}/answers");
    let refused = send(&world, &inspector, &upload, FILE, &with_file(answers, &[])).await;
    assert!(refused.status == 422 && refused.body.contains("4行目、answer"), "{}", refused.body);
    let taken = with_file(&answers.replace("maybe", "done"), &[]);
    let taken = send(&world, &inspector, &upload, FILE, &taken).await;
    assert!(taken.body.contains("新たな回答1件"), "{}", taken.body);
    assert_eq!(send(&world, &inspector, &format!("{survey}/close"), FORM, "").await.status, 303);
    assert!(get(&world, &inspector, &survey).await.body.contains("A"), "it has figures");
}

/// How long pages over 500 organisations take, with 40 items of one role: `cargo test -p web measured -- --ignored
/// --nocapture`.
#[tokio::test]
#[ignore = "measures; takes minutes"]
async fn measured_with_five_hundred_organisations_and_forty_items() {
    use inspect::catalogue::{Catalogue, Words};
    use inspect::survey::{Kind, Terms, create, open};

    let world = World::new(super::world::Size { organisations: 500, ..SMALL }).await;
    let (store, house, now) = (&world.store, &testkit::house_itself(), NOW.parse().unwrap());
    let mut text = "ref,role,title_ja,title_en\n".to_owned();
    (0..40).for_each(|item| text += &format!("S-{item},staff,題,title\n"));
    text += "C-1,ciso,題,title\n";
    let terms = Terms {
        kind: Kind::Questionnaire,
        title: Words { ja: "計測".into(), en: "Measured".into() },
        edition: "1".into(),
        variant: inspect::Variant::Nisc,
        reference_day: jiff::civil::date(2026, 7, 1),
        opens_at: "2026-07-01T00:00:00Z".parse().unwrap(),
        closes_at: "2026-07-31T00:00:00Z".parse().unwrap(),
    };
    let catalogue = Catalogue::read_csv(text.as_bytes()).unwrap();
    let survey = create(store, house, &terms, &catalogue, now).await.unwrap();
    let mut people = "organisation,person,role,excluded\n".to_owned();
    let mut answers = "organisation,person,role,item,answer\n".to_owned();
    for (place, one) in world.registry.organisations().iter().enumerate() {
        people += &format!("{},head,ciso,\n", one.key);
        answers += &format!("{},head,ciso,C-1,done\n", one.key);
        for number in 0..20 {
            people += &format!("{},{number},staff,\n", one.key);
            for item in 0..40 {
                let word = if (place * 7 + number * 3 + item * 5) % 11 == 0 { "not_done" } else { "done" };
                answers += &format!("{},{number},staff,S-{item},{word}\n", one.key);
            }
        }
    }
    inspect::roster::import(store, house, survey, people.as_bytes(), &mut |_| {}, now).await.unwrap();
    open(store, house, survey, now).await.unwrap();
    inspect::upload::upload(store, house, survey, answers.as_bytes(), now).await.unwrap();
    for role in [Role::Inspector, Role::Planner] {
        let cookie = world.enter(role, None).await;
        for rest in ["/map", "/map?order=weakest&skip=90", "", "/items/S-3"] {
            let path = format!("/inspect/surveys/{survey}{rest}");
            let mut took: Vec<_> = Vec::new();
            for _ in 0..20 {
                let began = std::time::Instant::now();
                let page = get(&world, &cookie, &path).await;
                took.push(began.elapsed());
                assert!(page.status == 200 && page.body.len() < 300_000, "{path}: {}", page.body.len());
            }
            took.sort();
            println!("{role} {rest:30} median {:?}, slowest {:?}", took[10], took[19]);
        }
    }
}
