//! The registry's pages: who may write what, what a file does, and the link that needs no sign-in.

use base::Role;

use super::world::{Answer, SMALL, World, organisation};

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(world: &World, cookie: &str, path: &str, kind: &str, body: &str) -> Answer {
    let origin = format!("http://{}", world.address);
    let headers = [("cookie", cookie), ("origin", origin.as_str()), ("content-type", kind)];
    world.ask("POST", path, &headers, body).await
}

/// The value of a hidden field.
fn hidden<'p>(page: &'p Answer, name: &str) -> &'p str {
    let start = format!("name=\"{name}\" value=\"");
    page.body.split(&start).nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn a_member_changes_its_contact_and_asks_for_what_matters() {
    let world = World::new(SMALL).await;
    let own = organisation("o0");
    let csirt = world.enter(Role::Csirt, Some(own)).await;
    let form = format!("/registry/of/{own}/contact");
    let page = world.ask("GET", &format!("{form}?key=csirt"), &[("cookie", &csirt)], "").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let version = hidden(&page, "version").to_owned();
    let fields = "key=csirt&kind=csirt&name_ja=%E7%AA%93%E5%8F%A3&name_en=Desk&channels=phone%3A03-5555-0100";
    let wrong =
        send(&world, &csirt, &form, FORM, &format!("{fields}%0Amail%3Anobody&version={version}")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("「nobody」はメールアドレスではありません。"), "{}", wrong.body);
    assert!(wrong.body.contains("phone:03-5555-0100"), "what was written is still there");
    let done = send(&world, &csirt, &form, FORM, &format!("{fields}&version={version}")).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, format!("/registry/of/{own}?tab=contact").as_str())
    );
    // Somebody who still has the old page open does not undo it.
    assert_eq!(send(&world, &csirt, &form, FORM, &format!("{fields}&version={version}")).await.status, 409);

    let domain = format!("/registry/of/{own}/domain");
    let asked =
        send(&world, &csirt, &domain, FORM, "value=new.o0.example&version=&reason=%E6%96%B0%E8%A8%AD").await;
    let change = asked.header("location").to_owned();
    assert!(asked.status == 303 && change.starts_with("/registry/changes/change_"), "{}", asked.body);
    assert_eq!(send(&world, &csirt, &change, FORM, "decision=approve").await.status, 403);
    let coordinator = world.enter(Role::Coordinator, None).await;
    assert_eq!(send(&world, &coordinator, &change, FORM, "decision=approve").await.status, 303);
    assert_eq!(send(&world, &coordinator, &change, FORM, "decision=refuse&answer=x").await.status, 409);
    let page = world.ask("GET", &change, &[("cookie", &csirt)], "").await;
    assert!(page.body.contains("<p class=\"aside\">承認</p>"), "{}", page.body);
    let elsewhere = format!("/registry/of/{}/contact", organisation("o2"));
    assert_eq!(send(&world, &csirt, &elsewhere, FORM, fields).await.status, 404);
}

#[tokio::test]
async fn a_file_is_tried_before_it_goes_in_and_never_served_back() {
    let world = World::new(SMALL).await;
    let coordinator = world.enter(Role::Coordinator, None).await;
    let upload = |name: &str, file: &str, what: &str| {
        format!(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{file}\r\n\
             --b\r\ncontent-disposition: form-data; name=\"do\"\r\n\r\n{what}\r\n--b--\r\n"
        )
    };
    let file =
        "record,organisation,key,name_ja,mail\nperson,o0,new,新任,n@o0.example\nperson,o0,odd,<b>,nobody\n";
    let kind = "multipart/form-data; boundary=b";
    let send = async |body: &str| send(&world, &coordinator, "/registry/import", kind, body).await;
    let tried = send(&upload("people.csv", file, "rehearse")).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert!(tried.body.contains("取り込むと、新規1件") && tried.body.contains("誤り1件"), "{}", tried.body);
    assert!(tried.body.contains("「nobody」はメールアドレスではありません。"), "{}", tried.body);
    let done = send(&upload("people.csv", file, "import")).await;
    assert!(done.body.contains("取り込みました。新規1件"), "{}", done.body);
    let again = send(&upload("people.csv", file, "rehearse")).await;
    assert!(again.body.contains("新規0件") && again.body.contains("変更なし1件"), "{}", again.body);
    assert_eq!(send(&upload("people.exe", file, "rehearse")).await.status, 400);
    assert_eq!(send(&upload("people.csv", "record,colour\n", "rehearse")).await.status, 422);
    let long = "x".repeat(crate::page::registry::file::UPLOAD_BYTES_MAX);
    assert_eq!(send(&upload("people.csv", &long, "rehearse")).await.status, 413);

    let out = world.get("/registry/export/person.csv").await;
    assert!(out.body.contains("person,o0,new,,,新任") && out.body.starts_with('\u{feff}'));
    assert!(out.header("content-disposition").starts_with("attachment"));
    assert_eq!(out.header("content-security-policy"), "default-src 'none'; sandbox");
}

#[tokio::test]
async fn a_contact_confirms_without_signing_in_and_only_by_the_button() {
    let world = World::new(SMALL).await;
    let coordinator = world.enter(Role::Coordinator, None).await;
    let contact = registry::id_of(registry::Noun::Contact, organisation("o0"), "csirt");
    let asked = send(&world, &coordinator, &format!("/registry/contacts/{contact}/ask"), FORM, "").await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let link = asked.body.split("/contacts/confirm?token=").nth(1).unwrap().split('<').next().unwrap();
    let path = format!("/contacts/confirm?token={link}");
    // Looking does not use it up: programs that look into mails follow links.
    for _ in 0..2 {
        let page = world.ask("GET", &path, &[("cookie", "")], "").await;
        assert!(page.status == 200 && page.body.contains("csirt@o0.example"), "{}", page.body);
    }
    let token = format!("token={link}");
    assert_eq!(send(&world, "", "/contacts/confirm", FORM, &token).await.status, 200);
    assert_eq!(send(&world, "", "/contacts/confirm", FORM, &token).await.status, 404);
    assert_eq!(world.ask("GET", &path, &[("cookie", "")], "").await.status, 404);
    let rows = world.get("/registry/contacts").await.body.matches("/ask\"").count();
    assert_eq!(rows, world.registry.organisations().len() - 1);
}

#[tokio::test]
async fn a_mail_that_came_back_is_noted_and_shown_with_the_contact() {
    let world = World::new(SMALL).await;
    let coordinator = world.enter(Role::Coordinator, None).await;
    let o0 = organisation("o0");
    let contact = registry::id_of(registry::Noun::Contact, o0, "csirt");
    let path = format!("/registry/contacts/{contact}/bounced");
    let stranger = world.enter(Role::Csirt, Some(organisation("o2"))).await;
    assert_eq!(send(&world, &stranger, &path, FORM, "").await.status, 404);
    for times in 1..=2 {
        let noted = send(&world, &coordinator, &path, FORM, "").await;
        let list = format!("/registry/of/{o0}?tab=contact");
        assert_eq!((noted.status, noted.header("location")), (303, list.as_str()), "{}", noted.body);
        let body = world.ask("GET", &list, &[("cookie", &coordinator)], "").await.body;
        assert!(body.contains(&format!("メール不達{times}回")), "{body}");
    }
}
