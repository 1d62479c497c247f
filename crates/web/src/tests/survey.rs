//! Surveys for the small government: one being prepared, one open, one that has ended.

use base::{Id, Timestamp};
use inspect::catalogue::{Catalogue, Words};
use inspect::survey::{Kind, Terms, close, create, open};
use inspect::{Variant, roster, upload};
use registry::Registry;
use store::Store;
use testkit::house_itself;

use super::world::{Others, Size};

/// What each asks: two items of the CISO, three of the staff.
pub(super) const ITEMS: &str = "ref,role,clause_ja,clause_en,priority,nist,title_ja,title_en,explanation_ja,explanation_en\n\
    C-1,ciso,体制,Organisation,yes,PM-1,方針を定めた。,The policy is set.,,\n\
    C-2,ciso,体制,Organisation,,PM-2,責任者を任命した。,Those responsible are appointed.,,\n\
    S-1,staff,情報の取扱い,Information,yes,MP-3,格付を明示した。,I marked the classification.,<b>,<b>\n\
    S-2,staff,情報の取扱い,Information,,MP-5,許可を得て持ち出した。,I had permission.,,\n\
    S-3,staff,教育,Training,,AT-2,教育を受けた。,I took part in the training.,,\n";

/// The surveys there are.
#[derive(Clone, Copy)]
pub(crate) struct Surveys {
    /// Nobody can answer yet.
    pub(crate) drafted: Id<base::Survey>,
    /// Being answered.
    pub(crate) open: Id<base::Survey>,
    /// Of the year before.
    pub(crate) closed: Id<base::Survey>,
}

/// What is decided about the survey of a year, which is answered in July.
fn terms(year: i16, edition: &str) -> Terms {
    Terms {
        kind: Kind::SelfInspection,
        title: Words { ja: format!("{year}年度自己点検"), en: format!("Self-inspection {year}") },
        edition: edition.into(),
        variant: Variant::Nisc,
        reference_day: jiff::civil::date(year, 7, 1),
        opens_at: format!("{year}-06-30T15:00:00Z").parse().unwrap(),
        closes_at: format!("{year}-07-31T14:59:59Z").parse().unwrap(),
    }
}

/// Everybody is asked: eight of the staff and a CISO of each organisation, and more where others are busy.
pub(crate) async fn fill(store: &Store, registry: &Registry, size: Size, now: Timestamp) -> Surveys {
    let house = &house_itself();
    let (year, catalogue) = (2026, Catalogue::read_csv(ITEMS.as_bytes()).unwrap());
    let fewer =
        Catalogue { items: catalogue.items.iter().filter(|item| item.reference != "S-3").cloned().collect() };
    let before = now - jiff::SignedDuration::from_hours(24 * 365);
    let closed = create(store, house, &terms(year - 1, "2025"), &fewer, before).await.unwrap();
    answer(store, registry, closed, size, ["S-1", "S-2"].as_slice(), before).await;
    close(store, house, closed, now).await.unwrap();
    let started = create(store, house, &terms(year, "2026"), &catalogue, now).await.unwrap();
    answer(store, registry, started, size, ["S-1", "S-2", "S-3"].as_slice(), now).await;
    // Surveys are listed by when they were made; no two at the same time, or chance decides.
    let earlier = now - jiff::SignedDuration::from_hours(1);
    let drafted = create(store, house, &terms(year + 1, "2027"), &catalogue, earlier).await.unwrap();
    Surveys { drafted, open: started, closed }
}

async fn answer(
    store: &Store,
    registry: &Registry,
    survey: Id<base::Survey>,
    size: Size,
    items: &[&str],
    now: Timestamp,
) {
    let house = &house_itself();
    let mut people = "organisation,person,role,excluded,section\n".to_owned();
    let mut answers = "organisation,person,role,item,answer\n".to_owned();
    for (place, one) in registry.organisations().iter().enumerate() {
        let (key, busy) = (&one.key, place > 0 && size.others == Others::Busy);
        let section = if size.nasty { "<script>alert(1)</script>" } else { "総務部/会計課" };
        people += &format!("{key},head,ciso,,{section}\n");
        for item in ["C-1", "C-2"] {
            answers += &format!("{key},head,ciso,{item},done\n");
        }
        for number in 0..if busy { 19 } else { 8 } {
            let section = if number < 6 { section } else { "調査部" };
            people += &format!("{key},p{number},staff,,{section}\n");
            // The first has not answered yet; of the busy others more do less.
            for (place, item) in items.iter().enumerate().filter(|_| number > 0) {
                let word = match (place, number) {
                    (0, _) => "done",
                    (1, 1) => "no_duty",
                    (_, number) if number > if busy { 4 } else { 6 } => "not_done",
                    _ => "done",
                };
                answers += &format!("{key},p{number},staff,{item},{word}\n");
            }
        }
    }
    let fates = roster::import(store, house, survey, people.as_bytes(), &mut |_| {}, now).await.unwrap();
    assert_eq!(fates.wrong, 0);
    open(store, house, survey, now).await.unwrap();
    upload::upload(store, house, survey, answers.as_bytes(), now).await.unwrap();
}
