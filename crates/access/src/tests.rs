//! The desk over a real store: who may keep whose account, what lets somebody in, and when they are out again.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Actor, Id, Language, Organisation, Right, Role, Timestamp};
use jiff::SignedDuration;
use registry::Registry;
use store::Store;

use super::*;
use crate::account::{Filter, Newcomer, Place, State};
use crate::session::{Method, recognise};
use crate::sign_in::{Client, Outcome};

const TREE: &str = "organisations:
  - { key: naibu, name_ja: 内部省, name_en: Ministry A, kind: ministry }
  - { key: naibu-eda, name_ja: 内部省枝, name_en: Branch, kind: part, parent: naibu }
  - { key: zaimu, name_ja: 財部省, name_en: Ministry B, kind: ministry }
";
const PASSWORD: &str = "the quiet harbour at dawn";

pub(crate) struct Desk {
    pub(crate) access: Access,
    registry: Arc<Registry>,
    _database: testkit::Database,
}

pub(crate) fn now() -> Timestamp {
    "2026-07-15T00:00:00Z".parse().unwrap()
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn org(key: &str) -> Id<Organisation> {
    registry::Organisation::id_of(key)
}

#[allow(clippy::disallowed_methods, reason = "a test stands in for the command line")]
pub(crate) fn house() -> Actor {
    Actor::house("test")
}

pub(crate) fn client(address: &str) -> Client {
    Client { address: address.parse().unwrap(), user_agent: "Browser".into(), device: None }
}

fn newcomer(login: &str) -> Newcomer {
    Newcomer { login: login.into(), name: "佐藤花子".into(), language: Language::Ja }
}

pub(crate) async fn desk() -> Desk {
    let database = testkit::Database::new();
    let location = database.location().parse().unwrap();
    let store = Store::open_at(&location, store::Options::default()).await.unwrap();
    let yaml = registry::import::Notation::Yaml;
    registry::import::import(&store, &house(), TREE.as_bytes(), yaml, now()).await.unwrap();
    let registry = Arc::new(Registry::load(&store).await.unwrap());
    Desk { access: Access::new(store, Key::random().unwrap()).unwrap(), registry, _database: database }
}

impl Desk {
    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Somebody who was invited and has set [`PASSWORD`].
    pub(crate) async fn person(&self, login: &str, places: &[Place]) -> Id<base::Account> {
        let (id, link) =
            account::invite(&self.access, &self.registry, &house(), &newcomer(login), places, now())
                .await
                .unwrap();
        assert_eq!(invitation::accept(&self.access, link.text(), None, PASSWORD, now()).await.unwrap(), id);
        id
    }

    /// Somebody who has signed in with their password.
    pub(crate) async fn used(&self, login: &str, places: &[Place]) -> (Id<base::Account>, Arc<Recognised>) {
        let id = self.person(login, places).await;
        let opened = self.opened(login, now()).await;
        (id, self.who(opened.token.text(), now()).await.unwrap())
    }

    /// Sets up an authenticator app in the session somebody is in.
    async fn show_code(&self, who: &Recognised) {
        let enrolment = totp::enrol(&self.access, who, now()).await.unwrap();
        let code = totp::tests::code_of(&enrolment.secret, now());
        totp::confirm(&self.access, who, &code, now()).await.unwrap();
    }

    /// Somebody by a link of the house, which counts like more than one thing.
    pub(crate) async fn by_link(&self, id: Id<base::Account>) -> Arc<Recognised> {
        let token =
            session::open_by_house(&self.access, &house(), id, &client("192.0.2.9"), now()).await.unwrap();
        self.who(token.text(), now()).await.unwrap()
    }

    async fn actor(&self, id: Id<base::Account>) -> Actor {
        self.by_link(id).await.actor.clone()
    }

    pub(crate) async fn who(&self, token: &str, at: Timestamp) -> Option<Arc<Recognised>> {
        recognise(&self.access, &self.registry, token, at).await.unwrap()
    }

    async fn enter(
        &self,
        login: &str,
        password: &str,
        client: &Client,
        at: Timestamp,
    ) -> Result<Outcome, Error> {
        sign_in::with_password(&self.access, login, password, client, at).await
    }

    pub(crate) async fn opened(&self, login: &str, at: Timestamp) -> sign_in::Opened {
        match self.enter(login, PASSWORD, &client("192.0.2.1"), at).await.unwrap() {
            Outcome::Opened(opened) => opened,
            Outcome::Second(_) => panic!("a code was asked for"),
        }
    }
}

#[tokio::test]
async fn the_first_administrator_comes_by_a_link_that_ends_with_its_use() {
    let desk = desk().await;
    let access = &desk.access;
    let stale = invitation::first_administrator(access, &house(), now()).await.unwrap().unwrap();
    let link = invitation::first_administrator(access, &house(), now()).await.unwrap().unwrap();
    let ada = newcomer(" ADA@Centre.Example ");
    let accept = |link: &Secret, at| {
        let (link, ada) = (link.text().to_owned(), ada.clone());
        async move { invitation::accept(access, &link, Some(&ada), PASSWORD, at).await }
    };
    assert!(matches!(accept(&stale, now()).await, Err(Error::LinkGone)));
    assert!(matches!(accept(&link, after(72 * 3_600)).await, Err(Error::LinkGone)));
    assert!(matches!(invitation::look(access, link.text(), now()).await, Ok(invitation::Guest::First)));
    let weak = invitation::accept(access, link.text(), Some(&ada), "ada@centre.example", now()).await;
    assert!(matches!(weak, Err(Error::Weak(_))));

    let (one, other) = tokio::join!(accept(&link, now()), accept(&link, now()));
    assert!(one.is_ok() != other.is_ok(), "one of two at the same time comes in");
    assert!(invitation::first_administrator(access, &house(), now()).await.unwrap().is_none());
    let opened = desk.opened("ada@centre.example", now()).await;
    let who = desk.who(opened.token.text(), now()).await.unwrap();
    assert!(who.held_back && !who.actor.scope().has(Right::KeepAccounts), "a password alone opens no centre");
    desk.show_code(&who).await;
    let who = desk.who(opened.token.text(), now()).await.unwrap();
    assert!(!who.held_back && who.session.as_ref().unwrap().method == Method::Code);
    assert!(who.actor.scope().everywhere(Right::KeepAccounts) && !who.actor.scope().has(Right::ReadEvents));
}

#[tokio::test]
async fn a_password_alone_opens_what_an_organisation_gives_and_nothing_of_the_centre() {
    let desk = desk().await;
    let naibu = org("naibu");
    desk.person("both@centre.example", &[(Role::WatchOfficer, None), (Role::Csirt, Some(naibu))]).await;
    let token = desk.opened("both@centre.example", now()).await.token;
    let who = desk.who(token.text(), now()).await.unwrap();
    assert!(who.held_back && who.actor.scope().covers(Right::ReadWatch, Some(naibu)));
    assert!(!who.actor.scope().everywhere(Right::ReadWatch));
    desk.show_code(&who).await;
    let who = desk.who(token.text(), now()).await.unwrap();
    assert!(!who.held_back && who.actor.scope().everywhere(Right::ReadWatch));
}

#[tokio::test]
async fn a_token_made_after_a_password_alone_never_opens_the_centre() {
    let desk = desk().await;
    let (access, naibu) = (&desk.access, org("naibu"));
    let (id, weak) =
        desk.used("both@centre.example", &[(Role::WatchOfficer, None), (Role::Csirt, Some(naibu))]).await;
    let wanted = token::Wanted { name: "feed".into(), rights: vec![Right::ReadWatch], valid_days: 9 };
    let (_, text) = token::issue(access, &weak, &wanted, now()).await.unwrap();
    let (later_id, later) = desk.used("later@naibu.example", &[(Role::Csirt, Some(naibu))]).await;
    let (_, later_text) = token::issue(access, &later, &wanted, now()).await.unwrap();
    account::grant(access, &desk.registry, &house(), later_id, (Role::Coordinator, None), now())
        .await
        .unwrap();
    let scope = async |text: &str| {
        let who = token::recognise(access, &desk.registry, text, now()).await.unwrap().unwrap();
        (
            who.actor.scope().covers(Right::ReadWatch, Some(naibu)),
            who.actor.scope().everywhere(Right::ReadWatch),
        )
    };
    for text in [&text, &later_text] {
        assert_eq!(
            scope(text).await,
            (true, false),
            "the organisation's role counts and the centre's does not"
        );
    }
    desk.show_code(&weak).await;
    assert_eq!(scope(&text).await, (true, false), "what was made before stays as it was made");
    let strong = desk.by_link(id).await;
    let (_, text) = token::issue(access, &strong, &wanted, now()).await.unwrap();
    assert_eq!(scope(&text).await, (true, true));
}

#[tokio::test]
async fn a_password_alone_changes_nothing_beside_a_stronger_proof() {
    let desk = desk().await;
    let access = &desk.access;
    let (id, who) = desk.used("ada@centre.example", &[(Role::Administrator, None)]).await;
    // Begun before there was more to show, used by whoever knows the password.
    let thief = desk.who(desk.opened("ada@centre.example", now()).await.token.text(), now()).await.unwrap();
    desk.show_code(&who).await;
    assert!(!session::may_change_proofs(access, &thief).await.unwrap());
    let refused = |result: &Result<(), Error>| matches!(result, Err(Error::ShowMore));
    assert!(refused(&totp::remove(access, &thief, now()).await));
    assert!(refused(&totp::enrol(access, &thief, now()).await.map(drop)));
    assert!(refused(&totp::renew_recovery(access, &thief, now()).await.map(drop)));
    assert!(refused(&passkey::remove(access, &thief, "any", now()).await));
    assert!(totp::standing(access, id).await.unwrap().confirmed);

    let own = desk.by_link(id).await;
    assert!(session::may_change_proofs(access, &own).await.unwrap());
    totp::remove(access, &own, now()).await.unwrap();
    assert!(session::may_change_proofs(access, &thief).await.unwrap(), "there is nothing stronger left");
}

#[tokio::test]
async fn each_keeps_the_accounts_of_their_own_subtree_and_gives_no_more() {
    let desk = desk().await;
    let (access, registry) = (&desk.access, &desk.registry);
    let (naibu, eda, zaimu) = (org("naibu"), org("naibu-eda"), org("zaimu"));
    let admin = desk.person("admin@centre.example", &[(Role::Administrator, None)]).await;
    let ciso = desk.person("ciso@naibu.example", &[(Role::Ciso, Some(naibu))]).await;
    let staff = desk.person("staff@naibu.example", &[(Role::Staff, Some(eda))]).await;
    let stranger = desk.person("csirt@zaimu.example", &[(Role::Csirt, Some(zaimu))]).await;
    let both =
        desk.person("both@centre.example", &[(Role::WatchOfficer, None), (Role::Staff, Some(naibu))]).await;
    let actors = BTreeMap::from([
        ("admin", desk.actor(admin).await),
        ("ciso", desk.actor(ciso).await),
        ("staff", desk.actor(staff).await),
    ]);
    let nowhere = Id::from_digest([9; 16]);
    for (actor, account, role, place, expected) in [
        ("ciso", staff, Role::SystemManager, Some(eda), "done"),
        ("ciso", staff, Role::Ciso, Some(naibu), "done"),
        ("ciso", staff, Role::Sensor, Some(naibu), "done"),
        ("ciso", both, Role::Csirt, Some(naibu), "done"),
        ("ciso", staff, Role::Csirt, Some(zaimu), "no organisation"),
        ("ciso", staff, Role::Csirt, Some(nowhere), "no organisation"),
        ("ciso", staff, Role::WatchOfficer, None, "denied"),
        ("ciso", stranger, Role::Csirt, Some(naibu), "no account"),
        ("ciso", nowhere_account(), Role::Csirt, Some(naibu), "no account"),
        ("staff", staff, Role::Csirt, Some(eda), "no organisation"),
        ("admin", staff, Role::Coordinator, None, "done"),
        ("admin", staff, Role::Csirt, None, "wrong seat"),
        ("admin", staff, Role::Editor, Some(naibu), "wrong seat"),
        ("admin", staff, Role::Csirt, Some(nowhere), "no organisation"),
    ] {
        let granted = account::grant(access, registry, &actors[actor], account, (role, place), now()).await;
        assert_eq!(fate(&granted), expected, "{actor} gives {role} at {place:?} to {account}");
    }
    for (actor, account, expected) in [
        ("ciso", both, "denied"),
        ("ciso", stranger, "no account"),
        // They became a coordinator above.
        ("ciso", staff, "denied"),
        ("staff", ciso, "no account"),
        ("admin", stranger, "done"),
        ("admin", admin, "last administrator"),
    ] {
        let disabled = account::disable(access, &actors[actor], account, now()).await;
        assert_eq!(fate(&disabled), expected, "{actor} disables {account}");
    }
    let (admin_actor, ciso_actor) = (&actors["admin"], &actors["ciso"]);
    let revoked = account::revoke(access, admin_actor, admin, (Role::Administrator, None), now()).await;
    assert_eq!(fate(&revoked), "last administrator");
    assert_eq!(fate(&account::erase(access, admin_actor, admin, now()).await), "last administrator");
    assert_eq!(fate(&account::reset(access, admin_actor, admin, now()).await), "last administrator");
    let seen = account::list(access, ciso_actor.scope(), &Filter::default(), 9).await.unwrap();
    let logins: Vec<_> = seen.iter().map(|account| account.login.as_str()).collect();
    assert_eq!(logins, ["both@centre.example", "ciso@naibu.example", "staff@naibu.example"]);
    let filter = Filter { text: Some("%".into()), ..Filter::default() };
    assert_eq!(account::list(access, admin_actor.scope(), &filter, 9).await.unwrap(), []);
    assert_eq!(account::list(access, actors["staff"].scope(), &Filter::default(), 9).await.unwrap(), []);
    assert!(account::find(access, ciso_actor.scope(), stranger).await.is_err());
    let taken = newcomer("CSIRT@zaimu.example");
    let invited =
        account::invite(access, registry, ciso_actor, &taken, &[(Role::Staff, Some(eda))], now()).await;
    assert!(matches!(invited, Err(Error::LoginTaken(_))));
    let invited =
        account::invite(access, registry, ciso_actor, &newcomer("x@naibu.example"), &[], now()).await;
    assert!(matches!(invited, Err(Error::Denied(_))));
}

fn nowhere_account() -> Id<base::Account> {
    Id::from_digest([9; 16])
}

fn fate<T>(result: &Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(Error::NoSuchAccount(_)) => "no account",
        Err(Error::NoSuchOrganisation(_)) => "no organisation",
        Err(Error::Denied(_)) => "denied",
        Err(Error::WrongSeat(_)) => "wrong seat",
        Err(Error::LastAdministrator) => "last administrator",
        Err(Error::WrongState(_)) => "wrong state",
        Err(Error::LinkGone) => "link gone",
        Err(Error::Refused) => "refused",
        Err(Error::Wait(_)) => "wait",
        Err(Error::Busy) => "busy",
        Err(_) => "other",
    }
}

#[tokio::test]
async fn a_session_ends_by_age_by_idleness_and_at_once_by_whoever_may_end_it() {
    let desk = desk().await;
    let access = &desk.access;
    let officer = desk.person("officer@centre.example", &[(Role::WatchOfficer, None)]).await;
    let csirt = desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await;
    let hours = |hours: i64| after(hours * 3_600);
    let opened = desk.opened("csirt@naibu.example", now()).await;
    let token = opened.token.text();
    for hour in (0..168).step_by(7) {
        assert!(desk.who(token, hours(hour)).await.is_some(), "after {hour} h");
        session::tidy(access, hours(hour)).await.unwrap();
    }
    assert!(desk.who(token, hours(168)).await.is_none());
    let idle = desk.opened("csirt@naibu.example", now()).await;
    assert!(desk.who(idle.token.text(), after(8 * 3_600 - 1)).await.is_some());
    let idle = desk.opened("csirt@naibu.example", now()).await;
    assert!(desk.who(idle.token.text(), hours(8)).await.is_none());
    let centre = desk.opened("officer@centre.example", now()).await;
    assert!(desk.who(centre.token.text(), hours(7)).await.is_some());
    assert!(desk.who(centre.token.text(), hours(12)).await.is_none());
    for forged in ["", "x", &token[1..], &"x".repeat(100_000)] {
        assert!(desk.who(forged, now()).await.is_none());
    }

    let (one, other) =
        (desk.opened("csirt@naibu.example", now()).await, desk.opened("csirt@naibu.example", now()).await);
    let who = desk.who(one.token.text(), now()).await.unwrap();
    assert_eq!(
        who.session.as_ref().map(|session| (session.id, session.method)),
        Some((one.session, Method::Password))
    );
    assert!(session::end(access, officer, other.session, now()).await.is_err(), "somebody else's");
    session::end(access, csirt, other.session, now()).await.unwrap();
    assert!(desk.who(other.token.text(), now()).await.is_none());
    assert!(desk.who(one.token.text(), now()).await.is_some());

    // What somebody holds counts from the next request on.
    assert!(who.actor.scope().covers(Right::ReadEvents, Some(org("naibu-eda"))));
    account::revoke(access, &house(), csirt, (Role::Csirt, Some(org("naibu"))), now()).await.unwrap();
    let scope = desk.who(one.token.text(), now()).await.unwrap().actor.scope().clone();
    assert!(!scope.has(Right::ReadEvents));
    account::disable(access, &house(), csirt, now()).await.unwrap();
    assert!(desk.who(one.token.text(), now()).await.is_none());
    assert_eq!(
        fate(&desk.enter("csirt@naibu.example", PASSWORD, &client("192.0.2.1"), now()).await),
        "refused"
    );
    account::enable(access, &house(), csirt, now()).await.unwrap();
    assert!(desk.who(one.token.text(), now()).await.is_none(), "enabling brings no session back");
    desk.opened("csirt@naibu.example", now()).await;
}

#[tokio::test]
async fn the_tree_counts_as_it_is_now() {
    let desk = desk().await;
    let csirt = desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await;
    let token =
        session::open_by_house(&desk.access, &house(), csirt, &client("192.0.2.1"), now()).await.unwrap();
    let covers = |who: Option<Arc<Recognised>>| {
        who.unwrap().actor.scope().covers(Right::ReadEvents, Some(org("naibu-eda")))
    };
    assert!(covers(desk.who(token.text(), now()).await));
    let organisations = desk.registry.organisations().iter().cloned();
    let moved = organisations.map(|one| registry::Organisation { parent: None, ..one }).collect();
    let moved = Arc::new(Registry::of(moved, Vec::new()));
    assert!(!covers(recognise(&desk.access, &moved, token.text(), now()).await.unwrap()));
    let gone = Arc::new(Registry::default());
    let who = recognise(&desk.access, &gone, token.text(), now()).await.unwrap().unwrap();
    assert!(!who.actor.scope().has(Right::ReadEvents));
    let officer = desk.actor(csirt).await;
    let refused = session::open_by_house(&desk.access, &officer, csirt, &client("192.0.2.1"), now()).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "only the house needs no proof");
}

#[tokio::test]
async fn a_code_follows_the_password_and_is_used_once() {
    let desk = desk().await;
    let access = &desk.access;
    let id = desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await;
    let who = desk.who(desk.opened("csirt@naibu.example", now()).await.token.text(), now()).await.unwrap();
    assert_eq!(fate(&totp::enrol(access, &who, after(901)).await), "refused", "signed in too long ago");
    let enrolment = totp::enrol(access, &who, now()).await.unwrap();
    assert_eq!(totp::waiting(access, &who).await.unwrap().unwrap().secret, enrolment.secret);
    // Not asked for before it was confirmed.
    desk.opened("csirt@naibu.example", now()).await;
    assert_eq!(fate(&totp::confirm(access, &who, "000000", now()).await), "refused");
    let code = |at: Timestamp| totp::tests::code_of(&enrolment.secret, at);
    let recovery = totp::confirm(access, &who, &code(now()), now()).await.unwrap();
    assert_eq!(recovery.len(), totp::RECOVERY_CODES);
    assert!(totp::enrol(access, &who, now()).await.is_err(), "a confirmed one is not replaced unnoticed");

    let here = client("192.0.2.1");
    let step = async |at| match desk.enter("csirt@naibu.example", PASSWORD, &here, at).await.unwrap() {
        Outcome::Second(step) => step,
        Outcome::Opened(_) => panic!("no code was asked for"),
    };
    for (at, typed, expected) in [
        (10, code(now()), "refused"),          // used already
        (60, code(after(60 - 60)), "refused"), // two steps old
        (60, code(after(60 - 30)), "done"),    // one step old
        (60, code(after(60 - 30)), "refused"), // and used
        (60, code(after(60 + 30)), "done"),    // one step ahead
        (60, code(after(60)), "refused"),      // earlier than one that was used
        (180, format!(" {} ", code(after(180))), "done"),
        (300, recovery[0].to_uppercase().replace('-', " "), "done"),
        (300, recovery[0].clone(), "refused"),
        (300, recovery[1].clone(), "done"),
        (300, String::new(), "refused"),
    ] {
        let at = after(at);
        let opened = sign_in::with_code(access, step(at).await.text(), &typed, &here, at).await;
        assert_eq!(fate(&opened), expected, "{typed:?} at {at}");
        // Every failure here would slow down the next.
        access.throttle.succeeded(throttle::Whom::Second(second_mark(access, id)));
    }
    assert_eq!(totp::standing(access, id).await.unwrap().recovery_left, 8);

    let late = after(600);
    let slow = step(late).await;
    let opened = sign_in::with_code(access, slow.text(), &code(after(900)), &here, after(900)).await;
    assert_eq!(fate(&opened), "link gone");
    let guessed = step(after(901)).await;
    for _ in 0..sign_in::TRIES_MAX {
        let refused = sign_in::with_code(access, guessed.text(), "1", &here, after(901)).await;
        assert_eq!(fate(&refused), "refused");
    }
    let opened = sign_in::with_code(access, guessed.text(), &code(after(901)), &here, after(901)).await;
    assert_eq!(fate(&opened), "link gone", "five tries for one password");

    // The database alone opens nothing.
    let copy = Access::new(access.store.clone(), Key::random().unwrap()).unwrap();
    let step = step(after(2_000)).await;
    let refused = sign_in::with_code(&copy, step.text(), &code(after(2_000)), &here, after(2_000)).await;
    assert!(matches!(refused, Err(Error::Secret(_))));
    assert_eq!(fate(&totp::remove(access, &who, after(2_000)).await), "refused", "not fresh any more");
    sign_in::refresh(access, &who, PASSWORD, &here, after(2_000)).await.unwrap();
}

fn second_mark(access: &Access, id: Id<base::Account>) -> [u8; 16] {
    let hash = access.key.mark("noroshi access throttle second v1", &id.to_string());
    hash.as_bytes()[..16].try_into().unwrap()
}

#[tokio::test]
async fn guessing_is_slowed_down_and_locks_nobody_out() {
    let desk = desk().await;
    desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await;
    let (attacker, office) = (client("203.0.113.66"), client("192.0.2.1"));
    let device = desk.opened("csirt@naibu.example", now()).await.device;
    let mut fates: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for _ in 0..12 {
        for login in ["csirt@naibu.example", "nobody@naibu.example", "no login"] {
            let fate = fate(&desk.enter(login, "wrong password", &attacker, now()).await);
            *fates.entry((login, fate)).or_default() += 1;
        }
    }
    // Known, unknown and impossible logins get the same answers.
    assert_eq!(fates.values().copied().collect::<Vec<_>>(), [6, 6, 6, 6, 6, 6], "{fates:?}");
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &attacker, now()).await), "wait");
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &office, now()).await), "done");

    // From the attacker's own network the known device comes in; a stranger's or forged mark helps nobody.
    let known = Client { device: Some(device.clone()), ..attacker.clone() };
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &known, now()).await), "done");
    let forged = Client { device: Some(format!("x{device}")), ..attacker.clone() };
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &forged, now()).await), "wait");
    for _ in 0..9 {
        let _ = desk.enter("csirt@naibu.example", "wrong password", &known, now()).await;
    }
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &known, now()).await), "wait");
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &office, now()).await), "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_attempts_at_once_cost_a_bounded_number_of_hashes() {
    let desk = Arc::new(desk().await);
    let began = std::time::Instant::now();
    let attempts: Vec<_> = (0..10_000_u32)
        .map(|number| {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                let from = client(&format!("198.51.{}.{}", 100 + number % 4, number % 200));
                let login = format!("user{number}@naibu.example");
                fate(&desk.enter(&login, "wrong password", &from, now()).await)
            })
        })
        .collect();
    let mut fates: BTreeMap<&str, u32> = BTreeMap::new();
    for attempt in attempts {
        *fates.entry(attempt.await.unwrap()).or_default() += 1;
    }
    let (refused, busy) =
        (fates.get("refused").copied().unwrap_or(0), fates.get("busy").copied().unwrap_or(0));
    assert!(refused > 0 && busy > 0 && refused < 5_000, "{fates:?}");
    println!("10,000 attempts: {fates:?} in {:?}", began.elapsed());
}

#[tokio::test]
async fn an_erased_person_is_gone_and_the_audit_trail_stays_whole() {
    let desk = desk().await;
    let access = &desk.access;
    let id = desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await;
    let token = desk.opened("csirt@naibu.example", now()).await.token;
    let trail = |lines: Vec<(i64, store::Line)>| lines.into_iter().map(|(_, line)| line.detail.to_string());
    let before: String = trail(access.store.audit_lines(None, 99).await.unwrap()).collect();
    assert!(before.contains("佐藤花子 <csirt@naibu.example>") && before.contains("192.0.2.1"), "{before}");
    account::erase(access, &house(), id, now()).await.unwrap();
    assert!(desk.who(token.text(), now()).await.is_none());
    let after: String = trail(access.store.audit_lines(None, 99).await.unwrap()).collect();
    assert!(
        !after.contains("佐藤") && !after.contains("naibu.example") && !after.contains("192.0.2.1"),
        "{after}"
    );
    let whole = store::verify_audit(&access.store).await.unwrap();
    assert!(matches!(whole, store::Verification::Whole { .. }), "{whole:?}");
    assert_eq!(account::find(access, house().scope(), id).await.unwrap().state, State::Erased);
    assert_eq!(fate(&account::enable(access, &house(), id, now()).await), "wrong state");
    // The login may be given again, to somebody new.
    assert_ne!(desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await, id);
}

#[tokio::test]
async fn a_lost_password_is_replaced_by_a_link_and_a_known_one_by_its_owner() {
    let desk = desk().await;
    let access = &desk.access;
    let id = desk.person("csirt@naibu.example", &[(Role::Csirt, Some(org("naibu")))]).await;
    let (one, other) =
        (desk.opened("csirt@naibu.example", now()).await, desk.opened("csirt@naibu.example", now()).await);
    let who = desk.who(one.token.text(), now()).await.unwrap();
    let here = client("192.0.2.1");
    let new = "a slow boat to the island";
    assert_eq!(fate(&password::change(access, &who, "wrong password", new, &here, now()).await), "refused");
    password::change(access, &who, PASSWORD, new, &here, now()).await.unwrap();
    assert!(desk.who(one.token.text(), now()).await.is_some());
    assert!(desk.who(other.token.text(), now()).await.is_none(), "a new password ends the other sessions");
    assert_eq!(fate(&desk.enter("csirt@naibu.example", PASSWORD, &here, now()).await), "refused");

    let link = account::reset(access, &house(), id, now()).await.unwrap();
    assert!(desk.who(one.token.text(), now()).await.is_none());
    assert_eq!(fate(&desk.enter("csirt@naibu.example", new, &here, now()).await), "refused");
    let renewed = invitation::renew(access, &house(), id, now()).await.unwrap();
    let accepted = invitation::accept(access, link.text(), None, PASSWORD, now()).await;
    assert_eq!(fate(&accepted), "link gone", "a new link ends the old one");
    invitation::accept(access, renewed.text(), None, PASSWORD, now()).await.unwrap();
    desk.opened("csirt@naibu.example", now()).await;
}

#[tokio::test]
async fn a_token_may_less_than_its_owner_and_ends_with_them() {
    let desk = desk().await;
    let (access, registry) = (&desk.access, &desk.registry);
    let naibu = org("naibu");
    let id = desk.person("csirt@naibu.example", &[(Role::Csirt, Some(naibu))]).await;
    let who = desk.who(desk.opened("csirt@naibu.example", now()).await.token.text(), now()).await.unwrap();
    let wanted = |rights: &[Right], valid_days| token::Wanted {
        name: "feed".into(),
        rights: rights.to_vec(),
        valid_days,
    };
    for (rights, days, at, expected) in [
        (&[Right::ReadWatch][..], 90, 0, "done"),
        (&[Right::ReadWatch], 91, 0, "other"),
        (&[Right::ReadWatch], 0, 0, "other"),
        (&[], 1, 0, "other"),
        (&[Right::ReadWatch, Right::Decide], 1, 0, "denied"),
        (&[Right::KeepAccounts], 1, 0, "denied"),
        (&[Right::ReadWatch], 1, 901, "refused"), // signed in too long ago
    ] {
        let issued = token::issue(access, &who, &wanted(rights, days), after(at)).await;
        assert_eq!(fate(&issued), expected, "{rights:?} for {days} days after {at} s");
    }
    let (made, text) = token::issue(access, &who, &wanted(&[Right::ReadWatch], 1), now()).await.unwrap();
    let recognise = async |text: &str, at| token::recognise(access, registry, text, at).await.unwrap();
    let by_token = recognise(&text, now()).await.unwrap();
    assert!(
        by_token.actor.scope().covers(Right::ReadWatch, Some(naibu))
            && !by_token.actor.scope().has(Right::ReadEvents)
    );
    assert!(
        !by_token.is_fresh(now())
            && token::issue(access, &by_token, &wanted(&[Right::ReadWatch], 1), now()).await.is_err()
    );
    // A token is no session, and a session no token.
    assert!(
        desk.who(&text, now()).await.is_none() && desk.who(&text["noroshi_".len()..], now()).await.is_none()
    );
    assert!(recognise(&text["noroshi_".len()..], now()).await.is_none());
    assert!(recognise(&text, after(86_400)).await.is_none());
    session::tidy(access, now()).await.unwrap();
    let tokens = token::list(access, id, now()).await.unwrap();
    assert_eq!(tokens.iter().find(|one| one.id == made.id).unwrap().used_at, Some(now()));
    assert!(token::end(access, nowhere_account(), made.id, now()).await.is_err());
    token::end(access, id, made.id, now()).await.unwrap();
    assert!(recognise(&text, now()).await.is_none());

    let ciso_id = desk.person("ciso@naibu.example", &[(Role::Ciso, Some(naibu))]).await;
    let ciso = desk.actor(ciso_id).await;
    assert_eq!(
        fate(&token::add_sensor(access, registry, &ciso, "sensor", org("zaimu"), now()).await),
        "no organisation"
    );
    let sensor = token::add_sensor(access, registry, &ciso, "tap 1", naibu, now()).await.unwrap();
    assert!(
        token::issue_for_machine(access, &ciso, id, 30, now()).await.is_err(),
        "people ask for themselves"
    );
    let (_, text) = token::issue_for_machine(access, &ciso, sensor, 30, now()).await.unwrap();
    let scope = recognise(&text, now()).await.unwrap().actor.scope().clone();
    assert!(
        scope.covers(Right::Deliver, Some(naibu))
            && Right::ALL.iter().filter(|&&right| scope.has(right)).count() == 1
    );
    account::disable(access, &ciso, sensor, now()).await.unwrap();
    assert!(recognise(&text, now()).await.is_none());
}

#[tokio::test]
async fn a_key_is_taken_once_and_its_answer_is_given_again() {
    use crate::once::{self, Begun, Kept};
    let desk = desk().await;
    let id = desk.person("once@example.com", &[(Role::Csirt, Some(org("naibu")))]).await;
    let later = |hours: i64| after(hours * 3_600);
    let begin =
        async |key: &str, print: &str, at| once::begin(&desk.access, id, key, print, at).await.unwrap();
    assert_eq!(begin("k", "a", now()).await, Begun::First);
    assert_eq!(begin("k", "a", now()).await, Begun::UnderWay);
    let kept = Kept { status: 201, head: "{}".into(), body: "狼煙".into() };
    once::finish(&desk.access, id, "k", &kept).await.unwrap();
    assert_eq!(begin("k", "a", later(23)).await, Begun::Kept(kept));
    assert_eq!(begin("k", "b", later(23)).await, Begun::Other);
    assert_eq!(begin("k", "b", later(24)).await, Begun::First, "a day later the key is free");
    assert_eq!(begin("k", "b", later(47)).await, Begun::UnderWay, "nobody has said how it ended");
    assert_eq!(begin("k", "c", later(47)).await, Begun::Other);
    assert_eq!(begin("k", "c", later(48)).await, Begun::First);
}
