//! The pages of findings: who raises, answers, verifies and closes, and who sees what.

use base::Role;

use super::world::{Answer, SMALL, World, organisation};
use super::{check_page, with_language};

async fn send(world: &World, cookie: &str, path: &str, body: &str) -> Answer {
    let origin = format!("http://{}", world.address);
    let kind = "application/x-www-form-urlencoded";
    let headers = [("cookie", cookie), ("origin", origin.as_str()), ("content-type", kind)];
    world.ask("POST", path, &headers, body).await
}

async fn see(world: &World, cookie: &str, path: &str) -> Answer {
    world.ask("GET", path, &[("cookie", cookie)], "").await
}

#[tokio::test]
async fn a_finding_goes_from_the_inspector_to_its_organisation_and_back() {
    let world = World::new(SMALL).await;
    let own = organisation("o0");
    let inspector = world.enter(Role::Inspector, None).await;
    let csirt = world.enter(Role::Csirt, Some(own)).await;
    let other = world.enter(Role::Csirt, Some(organisation("o2"))).await;
    let new = format!(
        "organisation={own}&source=scan&gravity=high&title_ja=%E5%8F%A4%E3%81%84TLS&title_en=Old+TLS&due=2026-07-10"
    );
    let raised = send(&world, &inspector, "/findings/new", &new).await;
    let finding = raised.header("location").to_owned();
    assert!(raised.status == 303 && finding.starts_with("/findings/finding_"), "{}", raised.body);

    let list = see(&world, &csirt, "/findings?timing=overdue&lang=en").await;
    assert!(list.body.contains("Old TLS") && list.body.contains("<strong>Overdue</strong>"), "{}", list.body);
    assert!(!see(&world, &other, "/findings").await.body.contains(&finding));
    assert_eq!(see(&world, &other, &finding).await.status, 404);
    assert_eq!(send(&world, &other, &finding, "do=answer&words=x").await.status, 404);
    assert_eq!(
        see(&world, &other, &format!("/findings?organisation={own}")).await.body.matches("finding_").count(),
        0
    );

    assert_eq!(send(&world, &csirt, &finding, "do=answer&words=").await.status, 400);
    let answered = "do=answer&words=TLS+1.3&evidence=%E7%AC%AC12%E5%8F%B7";
    assert_eq!(send(&world, &csirt, &finding, answered).await.status, 303);
    let own_answer = see(&world, &csirt, &with_language(&finding, "en")).await;
    assert!(own_answer.body.contains("Somebody else verifies it."), "{}", own_answer.body);
    assert_eq!(send(&world, &csirt, &finding, "do=verify").await.status, 403);
    assert_eq!(send(&world, &inspector, &finding, "do=close").await.status, 409);
    for act in ["do=verify", "do=close", "do=reopen&words=x&due=2026-08-01"] {
        let page = see(&world, &inspector, &finding).await;
        check_page(&page, "ja");
        let named = act.split('&').next().unwrap().replace("do=", "value=\"");
        assert!(page.body.contains(&named), "{act}: {}", page.body);
        assert_eq!(send(&world, &inspector, &finding, act).await.status, 303, "{act}");
    }
    let assigned = "do=assign&owner=%E4%BC%9A%E8%A8%88%E8%AA%B2&due=2026-08-31";
    assert_eq!(send(&world, &csirt, &finding, assigned).await.status, 303);
    let last = see(&world, &csirt, &finding).await;
    for text in ["再対応", "会計課", "2026-08-31", "第12号", "期限内"] {
        assert!(last.body.contains(text), "{text}");
    }
    for page in [see(&world, &inspector, "/findings/new").await, see(&world, &csirt, "/findings/new").await] {
        assert_eq!(page.status, 200);
        check_page(&page, "ja");
    }
}
