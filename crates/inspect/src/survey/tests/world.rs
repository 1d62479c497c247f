//! Two organisations and a small catalogue.

use base::{Id, Organisation, Timestamp};
use store::{Options, Store};
use testkit::house_itself;

use crate::Tally;
use crate::answer::{Answer, Packed};
use crate::catalogue::{Catalogue, Words};
use crate::count::counts;
use crate::form::Sheet;
use crate::roster::{Fates, import};
use crate::survey::{Kind, Terms, create, open};

/// The last moment at which an answer counts.
pub(crate) const CLOSED: &str = "2026-12-25T15:00:00Z";

const ITEMS: &str = "ref,role,title_ja,title_en\nC-1,ciso,題,title\nS-1,staff,題,title\nS-2,staff,題,title\n\
    S-3,staff,題,title\n";

pub(crate) struct World {
    pub store: Store,
    pub catalogue: Catalogue,
    pub survey: Id<base::Survey>,
    /// `o0` and `o1`.
    pub organisations: [Id<Organisation>; 2],
    database: testkit::Database,
}

/// While answers are taken.
pub(crate) fn during() -> Timestamp {
    "2026-12-10T03:00:00Z".parse().unwrap()
}

pub(crate) fn packed(answers: &[Answer]) -> Packed {
    Packed::of(answers)
}

pub(crate) fn terms() -> Terms {
    Terms {
        kind: Kind::SelfInspection,
        title: Words { ja: "令和8年度自己点検".into(), en: "Self-inspection 2026".into() },
        edition: "generic 2026".into(),
        variant: crate::Variant::Nisc,
        reference_day: jiff::civil::date(2026, 12, 1),
        opens_at: "2026-12-01T00:00:00Z".parse().unwrap(),
        closes_at: CLOSED.parse().unwrap(),
    }
}

impl World {
    /// A survey that nobody can answer yet.
    pub(crate) async fn drafted() -> Self {
        Self::asking(Catalogue::read_csv(ITEMS.as_bytes()).unwrap()).await
    }

    pub(crate) async fn asking(catalogue: Catalogue) -> Self {
        let database = testkit::Database::new();
        let store = Store::open_at(&database.location().parse().unwrap(), Options::default()).await.unwrap();
        let organisations = [1, 2].map(|number| Id::from_digest([number; 16]));
        let mut tx = store.write().await.unwrap();
        for (number, id) in organisations.iter().enumerate() {
            sqlx::query(
                "INSERT INTO organisations (id, key, name_ja, name_en, kind, parent, display_order)
                 VALUES ($1, $2, '省', 'Ministry', 'ministry', NULL, 0)",
            )
            .bind(id.to_string())
            .bind(format!("o{number}"))
            .execute(tx.connection())
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let survey = create(&store, &house_itself(), &terms(), &catalogue, during()).await.unwrap();
        Self { store, catalogue, survey, organisations, database }
    }

    /// A survey that is open, asking `person role…, person role…` at the first organisation, the second, …
    pub(crate) async fn open(rosters: &[&str]) -> Self {
        let world = Self::drafted().await;
        for (organisation, people) in rosters.iter().enumerate() {
            world.enrol(organisation, people).await;
        }
        open(&world.store, &house_itself(), world.survey, during()).await.unwrap();
        world
    }

    pub(crate) async fn enrol(&self, organisation: usize, people: &str) {
        let mut csv = "organisation,person,role,excluded\n".to_owned();
        for person in people.split(", ") {
            let (person, roles) = person.split_once(' ').unwrap();
            csv.push_str(&format!("o{organisation},{person},{roles},\n"));
        }
        assert_eq!(self.import(&csv).await.new, people.split(", ").count() as u64);
    }

    pub(crate) async fn import(&self, csv: &str) -> Fates {
        let house = house_itself();
        import(&self.store, &house, self.survey, csv.as_bytes(), &mut |_| {}, during()).await.unwrap()
    }

    pub(crate) fn sheet(&self, organisation: usize, person: &str, role: &str) -> Sheet {
        Sheet {
            survey: self.survey,
            organisation: self.organisations[organisation],
            person: person.to_owned(),
            role: role.to_owned(),
        }
    }

    pub(crate) async fn tally(&self, organisation: usize, role: &str) -> Tally {
        let all = counts(&self.store, house_itself().scope(), self.survey).await.unwrap();
        let mut found = all
            .into_iter()
            .filter(|one| one.organisation == self.organisations[organisation] && one.role == role);
        found.next().unwrap().tally
    }

    /// Where the database is.
    pub(crate) fn location(&self) -> &str {
        self.database.location()
    }

    /// What the database takes on disk, where it is a file; its log is folded into it first.
    pub(crate) async fn bytes(&self) -> Option<u64> {
        self.store.close().await;
        let path = self.database.is_file().then(|| self.database.location().to_owned())?;
        Some(std::fs::metadata(path).unwrap().len())
    }
}
