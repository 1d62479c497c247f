//! The registry over a real database: files there and back, who sees what, and how changes wait.

use std::fmt::Write as _;

use base::{Actor, FiscalYear, Id, Organisation as OrganisationId, Role, Timestamp};
use jiff::SignedDuration;
use jiff::civil::date;
use store::{Options, Store};

use crate::change::{Current, Decision, Proposal, Proposed, State};
use crate::contact::Standing;
use crate::import::{Fate, Notation, Plan, Tally, import, rehearse};
use crate::{
    BusinessFunction, Contact, Error, Kept, Noun, Organisation, Registry, ServerKind, change, contact, entry,
    export, server_count,
};

const WORLD: &str = "\
record,organisation,key,name_ja,name_en,kind,value,valid_from,valid_until,person,channels,deputies,manager,criticality,confidentiality,rto_minutes,systems,system,name,version,cpe,day,servers
organisation,naibu,,内務文化省,Ministry of Home Culture,ministry,,,,,,,,,,,,,,,,,
organisation,zaimu,,財務計画省,Ministry of Planning,ministry,,,,,,,,,,,,,,,,,
network,naibu,,,,,192.0.2.0/26,,,,,,,high,,,,portal,,,,,
network,naibu,,,,,192.0.2.64/26,,,,,,,high,,,,secret,,,,,
contact,naibu,csirt,内務CSIRT,Naibu CSIRT,csirt,,,,eda,\"phone:+81 3 5555 0100; mail:csirt@naibu.go.example\",noto,,,,,,,,,,,
contact,zaimu,csirt,財務CSIRT,Zaimu CSIRT,csirt,,,,,mail:csirt@zaimu.go.example,,,,,,,,,,,,
person,naibu,eda,江田,Eda,,,,,,,,,,,,,,,,,,
person,naibu,noto,能登,Noto,,,,,,,,,,,,,,,,,,
system,naibu,portal,総合窓口,Portal,,,,,,,,eda,high,2,120,,,,,,,
system,naibu,secret,機密系,Closed system,,,,,,,,eda,high,3,,,,,,,,
server,naibu,,,,web,,2020-04-01,,,,,,,,,,portal,WWW1,,,,
server,naibu,,,,web,,2020-04-01,,,,,,,,,,secret,www2,,,,
software,naibu,,,,,,,,,,,,,,,,portal,=httpd,2.4,cpe:2.3:a:vendor:httpd:2.4:*:*:*:*:*:*:*,,
function,naibu,permits,許認可,Permits,,,,,,,,,,,240,portal secret,,,,,,
server_count,naibu,,,,web,,,,,,,,,,,,,,,,2013-03-31,1000
";

struct World {
    _database: testkit::Database,
    store: Store,
}

fn now() -> Timestamp {
    "2026-04-01T00:00:00Z".parse().unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn org(key: &str) -> Id<OrganisationId> {
    Organisation::id_of(key)
}

fn coordinator() -> Actor {
    testkit::actor(Role::Coordinator, [])
}

fn csirt(key: &str) -> Actor {
    testkit::actor(Role::Csirt, [org(key)])
}

fn manager(key: &str) -> Actor {
    testkit::actor(Role::SystemManager, [org(key)])
}

async fn empty() -> World {
    let database = testkit::Database::new();
    let store = Store::open_at(&database.location().parse().unwrap(), Options::default()).await.unwrap();
    World { _database: database, store }
}

async fn world() -> World {
    let world = empty().await;
    let plan = import(&world.store, &coordinator(), WORLD.as_bytes(), Notation::Csv, now()).await.unwrap();
    assert_eq!(
        plan.tally(),
        Tally { new: 15, ..Tally::default() },
        "{:#?}",
        plan.wrong().collect::<Vec<_>>()
    );
    world
}

impl World {
    async fn csv_of(&self, noun: Noun, actor: &Actor) -> String {
        let mut file = Vec::new();
        export::csv(&self.store, actor.scope(), noun, None, &mut file).await.unwrap();
        String::from_utf8(file).unwrap()
    }

    async fn import(&self, actor: &Actor, file: &str) -> Plan {
        import(&self.store, actor, file.as_bytes(), Notation::Csv, now()).await.unwrap()
    }

    async fn look(&self, actor: &Actor, noun: Noun, cells: &[(&'static str, &str)]) -> Option<Current> {
        change::look(&self.store, actor.scope(), noun, cells).await.unwrap()
    }

    /// Sends what stands there, with `edits`.
    async fn edit(
        &self,
        actor: &Actor,
        noun: Noun,
        named: &[(&'static str, &str)],
        edits: &[(&'static str, &str)],
    ) -> Result<Proposed, Error> {
        let current = self.look(actor, noun, named).await;
        let version = current.as_ref().map(Current::version).unwrap_or_default();
        let mut cells: Vec<(&'static str, &str)> = named.to_vec();
        for (column, value) in current.iter().flat_map(|current| &current.cells) {
            if !cells.iter().any(|(name, _)| name == column) {
                cells.push((column, value));
            }
        }
        for edit in edits {
            cells.retain(|(column, _)| *column != edit.0);
            cells.push(*edit);
        }
        let proposal = Proposal { noun, cells, version: &version, reason: "定期点検" };
        change::propose(&self.store, actor, &proposal, now()).await
    }
}

#[tokio::test]
async fn what_is_exported_is_taken_back_unchanged_and_computes_nothing() {
    let world = world().await;
    let phones = "person,naibu,kiso,=1+1,@Kiso,\n";
    let odd = format!("record,organisation,key,name_ja,name_en,phone\n{phones}");
    assert_eq!(world.import(&coordinator(), &odd).await.tally().new, 1);
    let mut whole = 0;
    for noun in Noun::ALL {
        let file = world.csv_of(noun, &coordinator()).await;
        for line in file.lines() {
            let starts = line.split(',').filter_map(|cell| cell.trim_matches('"').chars().next());
            assert!(starts.clone().all(|first| !"=+-@\t\r".contains(first)), "{line}");
        }
        let tally = world.import(&coordinator(), &file).await.tally();
        assert_eq!(tally, Tally { same: tally.same, ..Tally::default() }, "{noun}:\n{file}");
        whole += tally.same;
    }
    assert_eq!(whole, 16);
    assert!(world.csv_of(Noun::Person, &coordinator()).await.contains("'=1+1,'@Kiso"));

    let book = export::xlsx(&world.store, coordinator().scope(), None).await.unwrap();
    let plan = import(&world.store, &coordinator(), &book, Notation::Xlsx, now()).await.unwrap();
    assert_eq!(
        plan.tally(),
        Tally { same: whole, ..Tally::default() },
        "{:#?}",
        plan.wrong().collect::<Vec<_>>()
    );
    // Into another, empty registry the workbook carries everything.
    let other = empty().await;
    let plan = import(&other.store, &coordinator(), &book, Notation::Xlsx, now()).await.unwrap();
    assert_eq!(plan.tally(), Tally { new: whole, ..Tally::default() });
}

#[tokio::test]
async fn a_rehearsal_says_what_an_import_does_and_changes_nothing() {
    let world = world().await;
    let file = "record,organisation,key,name_ja,name_en,person,kind,channels,valid_until,name,system\n\
        contact,naibu,csirt,内務,Naibu,nobody,csirt,mail:a@naibu.go.example,,,\n\
        contact,naibu,night,夜間,Night,,around_the_clock,phone:110,,,\n\
        contact,zaimu,csirt,財務CSIRT,Zaimu CSIRT,,csirt,mail:csirt@zaimu.go.example,2026-04-01,,\n\
        server,naibu,,,,,mail,,,mx1,nothing\n\
        server,naibu,mx1,,,,mail,,,mx1,\n\
        server,naibu,mx1,,,,mail,,,MX1,\n\
        person,nobody,a,a,,,,,,,\n";
    let store = &world.store;
    let said = rehearse(store, &coordinator(), file.as_bytes(), Notation::Csv, now()).await.unwrap();
    let again = rehearse(store, &coordinator(), file.as_bytes(), Notation::Csv, now()).await.unwrap();
    assert_eq!(said.rows, again.rows);
    let done = world.import(&coordinator(), file).await;
    assert_eq!(said.rows, done.rows);
    assert_eq!(done.tally(), Tally { new: 2, retired: 1, wrong: 4, ..Tally::default() });
    let wrong: Vec<String> = done
        .wrong()
        .map(|row| match &row.fate {
            Fate::Wrong { column, reason } => format!("{}: {column}: {reason}", row.line),
            _ => String::new(),
        })
        .collect();
    assert_eq!(
        wrong,
        [
            "2: person: no person has the key \"nobody\"",
            "5: system: no system has the key \"nothing\"",
            "7: key: line 6 already describes mx1",
            "8: organisation: no organisation has the key \"nobody\"",
        ]
    );
}

#[tokio::test]
async fn only_who_keeps_the_registry_imports() {
    let world = world().await;
    for actor in [csirt("naibu"), testkit::actor(Role::WatchOfficer, [])] {
        let refused = import(&world.store, &actor, WORLD.as_bytes(), Notation::Csv, now()).await;
        assert!(matches!(refused, Err(Error::Denied(_))));
    }
    // The administrator keeps it up to degree 2 and cannot touch, take over or lower what is above.
    let administrator = testkit::actor(Role::Administrator, []);
    let file = "record,organisation,key,name_ja,name_en,confidentiality\n\
        system,naibu,secret,機密系,Closed system,2\nsystem,naibu,other,別,Other,3\nsystem,naibu,third,別,Third,2\n";
    let plan = world.import(&administrator, file).await;
    assert_eq!(plan.tally(), Tally { new: 1, wrong: 2, ..Tally::default() });
}

#[tokio::test]
async fn a_confidential_system_is_nowhere_for_whom_it_is_not_meant() {
    let world = world().await;
    let (store, today) = (&world.store, date(2026, 4, 1));
    let registry = Registry::load(store).await.unwrap();
    let naibu = org("naibu");
    for (actor, reaches) in [(csirt("naibu"), true), (manager("naibu"), false), (coordinator(), true)] {
        let scope = actor.scope();
        let mut told = String::new();
        for noun in Noun::RECORDS {
            for record in entry::list(store, scope, noun, naibu, today, None, entry::LIST_MAX).await.unwrap()
            {
                writeln!(told, "{record:?}").unwrap();
            }
            told += &world.csv_of(noun, &actor).await;
        }
        for asset in entry::assets(store, scope, &registry, naibu).await.unwrap() {
            writeln!(told, "{asset:?}").unwrap();
        }
        told += &world.csv_of(Noun::Network, &actor).await;
        assert_eq!(told.contains("secret") || told.contains("www2"), reaches, "{told}");
        assert!(told.contains("portal") && told.contains("192.0.2.64/26"));
        let servers = entry::counts(store, scope, Noun::Server, today, &[naibu]).await.unwrap();
        assert_eq!(servers.get(&naibu), Some(&if reaches { 2 } else { 1 }));
        let year = server_count::year(store, scope, FiscalYear(2025), today).await.unwrap();
        assert_eq!(year.total(ServerKind::Web), (if reaches { 2 } else { 1 }, 1));
        let id = crate::id_of(Noun::System, naibu, "secret");
        assert_eq!(entry::find(store, scope, Noun::System, &id).await.is_ok(), reaches);
    }
    // Who may not know of a system cannot take its key, name it, or lose it from a function by editing that.
    let manager = manager("naibu");
    let named = [("organisation", "naibu"), ("key", "secret")];
    let taken = [("name_ja", "別"), ("name_en", "Other")];
    let refused = world.edit(&manager, Noun::System, &named, &taken).await;
    assert!(matches!(refused, Err(Error::Wrong { column: "key", .. })), "{refused:?}");
    let server = [("organisation", "naibu"), ("kind", "web"), ("name", "www9")];
    for key in ["secret", "nothing"] {
        let refused = world.edit(&manager, Noun::Server, &server, &[("system", key)]).await;
        assert!(matches!(refused, Err(Error::Wrong { column: "system", .. })), "{refused:?}");
    }
    let function = [("organisation", "naibu"), ("key", "permits")];
    let done = world.edit(&manager, Noun::Function, &function, &[("priority", "1")]).await.unwrap();
    assert_eq!(done, Proposed::Done(Fate::Changed { columns: vec!["priority"] }));
    let id = crate::id_of(Noun::Function, naibu, "permits");
    let record = entry::find(store, coordinator().scope(), Noun::Function, &id).await.unwrap();
    assert_eq!(BusinessFunction::of(&record).unwrap().systems, ["portal", "secret"]);
}

#[tokio::test]
async fn another_organisation_sees_nothing_and_changes_nothing() {
    let world = world().await;
    let stranger = csirt("zaimu");
    for noun in Noun::ALL {
        let told = world.csv_of(noun, &stranger).await;
        assert!(!told.contains("naibu"), "{told}");
    }
    let named = [("organisation", "naibu"), ("key", "csirt")];
    assert_eq!(world.look(&stranger, Noun::Contact, &named).await, None);
    for organisation in ["naibu", "nowhere"] {
        let named = [("organisation", organisation), ("key", "x"), ("name_ja", "x")];
        let refused = world.edit(&stranger, Noun::Person, &named, &[]).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    // Who owns a prefix is not learned by asking for it: that waits for the centre like any other.
    let named = [("organisation", "zaimu"), ("value", "192.0.2.0/26")];
    let asked = world.edit(&stranger, Noun::Network, &named, &[]).await.unwrap();
    let Proposed::Waiting(id) = asked else { panic!("{asked:?}") };
    assert!(change::find(&world.store, csirt("naibu").scope(), id).await.is_err());
    let refused = change::decide(&world.store, &coordinator(), id, Decision::Approve, "", now()).await;
    assert!(matches!(refused, Err(Error::Wrong { column: "value", .. })), "{refused:?}");
}

#[tokio::test]
async fn a_contact_changes_at_once_and_what_matters_waits_for_the_centre() {
    let world = world().await;
    let (store, csirt, centre) = (&world.store, csirt("naibu"), coordinator());
    let contact = [("organisation", "naibu"), ("key", "csirt")];
    let done = world.edit(&csirt, Noun::Contact, &contact, &[("hours", "24時間")]).await.unwrap();
    assert_eq!(done, Proposed::Done(Fate::Changed { columns: vec!["hours"] }));
    assert_eq!(world.edit(&csirt, Noun::Contact, &contact, &[]).await.unwrap(), Proposed::Nothing);

    let system = [("organisation", "naibu"), ("key", "portal")];
    let done = world.edit(&csirt, Noun::System, &system, &[("rto_minutes", "60")]).await.unwrap();
    assert!(matches!(done, Proposed::Done(_)));
    let mut waiting = Vec::new();
    for criticality in ["low", "medium"] {
        let asked = world.edit(&csirt, Noun::System, &system, &[("criticality", criticality)]).await.unwrap();
        let Proposed::Waiting(id) = asked else { panic!("{asked:?}") };
        waiting.push(id);
    }
    let domain = [("organisation", "naibu"), ("value", "naibu.go.example")];
    let asked = world.edit(&csirt, Noun::Domain, &domain, &[]).await.unwrap();
    let Proposed::Waiting(domain) = asked else { panic!("{asked:?}") };
    let listed = async |state, limit| -> Vec<Id<base::Change>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = change::list(store, csirt.scope(), None, state, after, limit).await.unwrap();
            all.extend(page.0.iter().map(|one| one.id));
            after = match page.1 {
                Some(next) => Some(next.to_string().parse().unwrap()),
                None => return all,
            };
        }
    };
    let at_once = listed(Some(State::Waiting), 9).await;
    assert_eq!(at_once.len(), 3);
    assert_eq!(listed(Some(State::Waiting), 1).await, at_once);
    assert_eq!(change::count_waiting(store, centre.scope()).await.unwrap(), 3);
    assert_eq!(change::count_waiting(store, self::csirt("zaimu").scope()).await.unwrap(), 0);

    let refused = change::decide(store, &csirt, domain, Decision::Approve, "", now()).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
    change::decide(store, &centre, domain, Decision::Approve, "", now()).await.unwrap();
    let decided_last = listed(None, 1).await;
    assert_eq!((decided_last.len(), decided_last.last()), (3, Some(&domain)));
    let registry = Registry::load(store).await.unwrap();
    assert_eq!(registry.owner_of_domain("www.naibu.go.example", now()).organisation, Some(org("naibu")));
    let again = change::decide(store, &centre, domain, Decision::Refuse, "no", now()).await;
    assert!(matches!(again, Err(Error::Decided)));

    // The first of two is approved; the second was written by somebody who saw what stood there before.
    change::decide(store, &centre, waiting[0], Decision::Approve, "", now()).await.unwrap();
    let (second, current) = change::find(store, csirt.scope(), waiting[1]).await.unwrap();
    assert!(second.conflicts_with(current.as_ref()));
    let conflict = change::decide(store, &centre, waiting[1], Decision::Approve, "", now()).await;
    assert!(matches!(conflict, Err(Error::Conflict)));
    let silent = change::decide(store, &centre, waiting[1], Decision::Refuse, " ", now()).await;
    assert!(matches!(silent, Err(Error::Wrong { column: "answer", .. })));
    change::decide(store, &centre, waiting[1], Decision::Refuse, "重複", now()).await.unwrap();
    let stale = Proposal { noun: Noun::Contact, cells: contact.to_vec(), version: "", reason: "" };
    assert!(matches!(change::propose(store, &csirt, &stale, now()).await, Err(Error::Conflict)));

    let actions: Vec<String> =
        store.audit_lines(None, 99).await.unwrap().into_iter().map(|(_, line)| line.action).collect();
    let count = |action: &str| actions.iter().filter(|one| *one == action).count();
    assert_eq!((count("registry.ask"), count("registry.decide"), count("registry.change")), (3, 3, 4));
}

#[tokio::test]
async fn a_contact_is_asked_after_half_a_year_and_confirms_with_a_link_that_works_once() {
    let world = world().await;
    let (store, centre) = (&world.store, coordinator());
    let contact_id = |key: &str| crate::id_of(Noun::Contact, org(key), "csirt").parse().unwrap();
    let (naibu, zaimu) = (contact_id("naibu"), contact_id("zaimu"));
    assert_eq!(contact::check(store, now()).await.unwrap(), 2);
    assert_eq!(contact::check(store, now() + days(13)).await.unwrap(), 0);
    assert_eq!(contact::check(store, now() + days(15)).await.unwrap(), 2);

    let asked = contact::ask(store, &centre, naibu, now()).await.unwrap();
    assert!(matches!(contact::ask(store, &csirt("zaimu"), naibu, now()).await, Err(Error::NotFound)));
    let inspector = testkit::actor(Role::Inspector, []);
    assert!(matches!(contact::ask(store, &inspector, naibu, now()).await, Err(Error::Denied(_))));
    let newer = contact::ask(store, &centre, naibu, now()).await.unwrap();
    for wrong in [asked.token.as_str(), "", "0"] {
        assert!(matches!(contact::confirm(store, wrong, now()).await, Err(Error::NotFound)), "{wrong}");
    }
    assert!(contact::confirm(store, &newer.token, now() + days(31)).await.is_err());
    let confirmed = contact::confirm(store, &newer.token, now()).await.unwrap();
    assert_eq!(Contact::of(&confirmed).unwrap().name_en, "Naibu CSIRT");
    assert!(contact::confirm(store, &newer.token, now()).await.is_err());

    let standing = async |id, at| {
        contact::standing(&contact::verification(store, centre.scope(), id).await.unwrap(), at)
    };
    assert_eq!(standing(naibu, now() + days(180)).await, Standing::Verified);
    assert_eq!(standing(naibu, now() + days(181)).await, Standing::Overdue);
    assert_eq!(standing(zaimu, now()).await, Standing::Never);
    let overdue = async |actor: &Actor, at| contact::overdue(store, actor.scope(), at, 9).await.unwrap().1;
    assert_eq!(overdue(&centre, now()).await, 1);
    assert_eq!(overdue(&centre, now() + days(181)).await, 2);
    assert_eq!(overdue(&csirt("naibu"), now()).await, 0);
    let (mut keys, mut after) = (Vec::new(), None::<contact::After>);
    loop {
        let at = now() + days(181);
        let page = contact::overdue_page(store, centre.scope(), at, after.as_ref(), 1).await.unwrap();
        keys.extend(page.0.iter().map(|(record, _)| record.organisation));
        match page.1 {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(keys, [org("zaimu"), org("naibu")], "who was never confirmed comes first");

    // The centre changes a channel: nobody has shown that it works. The organisation does: it has said so.
    let named = [("organisation", "naibu"), ("key", "csirt")];
    let edit = [("channels", "mail:new@naibu.go.example")];
    world.edit(&centre, Noun::Contact, &named, &edit).await.unwrap();
    assert_eq!(standing(naibu, now()).await, Standing::Never);
    let edit = [("channels", "mail:newer@naibu.go.example")];
    world.edit(&csirt("naibu"), Noun::Contact, &named, &edit).await.unwrap();
    assert_eq!(standing(naibu, now()).await, Standing::Verified);

    let mut tx = store.write().await.unwrap();
    contact::bounced(&mut tx, naibu).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(contact::verification(store, centre.scope(), naibu).await.unwrap().bounces, 1);
}

#[tokio::test]
async fn a_reported_count_stands_for_its_year_and_servers_are_counted_otherwise() {
    let world = world().await;
    let (today, centre) = (date(2026, 4, 1), coordinator());
    let years = server_count::years(&world.store, centre.scope(), FiscalYear(2012), today).await.unwrap();
    let web: Vec<(i16, u64, usize)> = years
        .iter()
        .map(|year| (year.year.0, year.total(ServerKind::Web).0, year.total(ServerKind::Web).1))
        .collect();
    assert_eq!(web.first(), Some(&(2012, 1000, 1)));
    // Nobody has said anything of 2013: that is not the same as none.
    assert_eq!(web.get(1), Some(&(2013, 0, 0)));
    assert_eq!(web.last(), Some(&(2026, 2, 1)));
    assert_eq!(years.last().unwrap().day, today);
}

#[tokio::test]
async fn a_hundred_thousand_rows_go_in_and_the_wrong_ones_are_listed() {
    const ROWS: u64 = 100_000;
    let world = world().await;
    let mut file = String::from("record,organisation,key,name_ja,mail\n");
    for number in 0..ROWS {
        let mail = if number % 100 == 7 { "nobody" } else { "p@naibu.go.example" };
        writeln!(file, "person,naibu,p{number},担当{number},{mail}").unwrap();
    }
    let plan = world.import(&coordinator(), &file).await;
    assert_eq!(plan.tally(), Tally { new: ROWS - ROWS / 100, wrong: ROWS / 100, ..Tally::default() });
    let first = plan.wrong().next().unwrap();
    assert_eq!(first.line, 9);
    assert!(matches!(first.fate, Fate::Wrong { column: "mail", .. }));
    let counts =
        entry::counts(&world.store, coordinator().scope(), Noun::Person, date(2026, 4, 1), &[org("naibu")])
            .await
            .unwrap();
    assert_eq!(counts.get(&org("naibu")), Some(&(2 + ROWS - ROWS / 100)));
}
