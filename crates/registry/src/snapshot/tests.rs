use super::*;
use crate::asset::Validity;
use crate::organisation::OrganisationKind;

fn organisation(key: &str, parent: Option<&str>, display_order: i64) -> Organisation {
    Organisation {
        id: Organisation::id_of(key),
        key: key.into(),
        name_ja: format!("{key}省"),
        name_en: format!("Ministry of {key}"),
        kind: OrganisationKind::Ministry,
        parent: parent.map(Organisation::id_of),
        display_order,
    }
}

fn asset(kind: AssetKind, value: &str, owner: &str, days: &str) -> Asset {
    let (from, until) = days.split_once("..").unwrap();
    Asset {
        kind,
        value: value.into(),
        organisation: Organisation::id_of(owner),
        validity: Validity {
            from: from.parse().unwrap_or(Validity::FIRST),
            until: until.parse().unwrap_or(Validity::LAST),
        },
        criticality: if value.contains("high") { Criticality::High } else { Criticality::Low },
        system: String::new(),
        device_class: String::new(),
    }
}

/// Three ministries; `eda` is a part of `naibu`.
fn world() -> Registry {
    let organisations = vec![
        organisation("eda", Some("naibu"), 1),
        organisation("zaimu", None, 2),
        organisation("naibu", None, 1),
    ];
    use AssetKind::{Domain, Host, MailDomain, Network};
    Registry::of(
        organisations,
        vec![
            asset(Network, "192.0.2.0/24", "naibu", ".."),
            asset(Network, "192.0.2.128/25", "eda", "2026-04-01.."),
            asset(Network, "192.0.2.200/32", "zaimu", "2026-04-10..2026-04-20"),
            asset(Network, "198.51.100.0/24", "zaimu", "..2026-03-31"),
            asset(Network, "198.51.100.0/24", "naibu", "2026-04-01.."),
            asset(Network, "10.0.0.0/8", "naibu", ".."),
            asset(Network, "10.0.0.0/8", "zaimu", ".."),
            asset(Network, "10.1.0.0/16", "zaimu", ".."),
            asset(Network, "2001:db8::/32", "naibu", ".."),
            asset(Network, "2001:db8:5::/48", "eda", ".."),
            asset(Domain, "go.example", "naibu", ".."),
            asset(Domain, "zaimu.go.example", "zaimu", "2026-04-01.."),
            asset(MailDomain, "mail.zaimu.go.example", "eda", ".."),
            asset(Host, "dc-high", "naibu", ".."),
            asset(Host, "dc-high", "zaimu", "..2026-03-31"),
        ],
    )
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const APRIL: &str = "2026-04-05T00:00:00Z";

#[track_caller]
fn check(answer: Ownership<'_>, owner: &str, why: Why) {
    assert_eq!(answer.why, why, "{answer:?}");
    assert_eq!(answer.organisation, (!owner.is_empty()).then(|| Organisation::id_of(owner)), "{answer:?}");
}

#[test]
fn the_most_specific_registration_valid_then_owns_an_address() {
    let world = world();
    let owner = |address: &str, time: &str| world.owner_of_address(address.parse().unwrap(), at(time));
    check(owner("192.0.2.1", APRIL), "naibu", Why::MostSpecific);
    check(owner("192.0.2.129", APRIL), "eda", Why::MostSpecific);
    check(owner("192.0.2.200", APRIL), "eda", Why::MostSpecific);
    check(owner("192.0.2.200", "2026-04-15T00:00:00Z"), "zaimu", Why::MostSpecific);
    check(owner("203.0.113.1", APRIL), "", Why::Nobody);
    check(owner("2001:db8:5::1", APRIL), "eda", Why::MostSpecific);
    check(owner("2001:db8:6::1", APRIL), "naibu", Why::MostSpecific);
    check(owner("::ffff:192.0.2.1", APRIL), "naibu", Why::MostSpecific);
}

#[test]
fn an_address_changes_hands_at_midnight_in_japan() {
    let world = world();
    let owner = |time: &str| world.owner_of_address("198.51.100.9".parse().unwrap(), at(time));
    check(owner("2026-03-31T14:59:59Z"), "zaimu", Why::MostSpecific);
    check(owner("2026-03-31T15:00:00Z"), "naibu", Why::MostSpecific);
    let before = world.owner_of_address("192.0.2.129".parse().unwrap(), at("2026-03-31T00:00:00Z"));
    check(before, "naibu", Why::MostSpecific);
}

#[test]
fn a_private_address_belongs_to_whoever_it_was_seen_at() {
    let world = world();
    let address: IpAddr = "10.9.0.1".parse().unwrap();
    let seen = |key: &str| world.owner_of_address_seen_at(address, at(APRIL), Organisation::id_of(key));
    check(world.owner_of_address(address, at(APRIL)), "", Why::SharedPrivate);
    check(seen("naibu"), "naibu", Why::MostSpecific);
    check(seen("zaimu"), "zaimu", Why::MostSpecific);
    // A part uses the block of what it is a part of.
    check(seen("eda"), "naibu", Why::MostSpecific);
    check(seen("stranger"), "", Why::Nobody);
    // The narrower block of a stranger says nothing about this network.
    let narrow = "10.1.0.1".parse().unwrap();
    check(
        world.owner_of_address_seen_at(narrow, at(APRIL), Organisation::id_of("naibu")),
        "naibu",
        Why::MostSpecific,
    );
}

#[test]
fn a_domain_belongs_to_the_longest_registered_suffix_of_whole_labels() {
    let world = world();
    let owner = |domain: &str, time: &str| world.owner_of_domain(domain, at(time));
    check(owner("www.zaimu.go.example", APRIL), "zaimu", Why::MostSpecific);
    check(owner("ZAIMU.go.example.", APRIL), "zaimu", Why::MostSpecific);
    check(owner("notzaimu.go.example", APRIL), "naibu", Why::MostSpecific);
    check(owner("zaimu.go.example", "2026-03-01T00:00:00Z"), "naibu", Why::MostSpecific);
    check(owner("evilgo.example", APRIL), "", Why::Nobody);
    check(owner("", APRIL), "", Why::Nobody);
}

#[test]
fn a_mail_address_belongs_to_its_mail_domain_before_its_domain() {
    let world = world();
    let owner = |mail: &str| world.owner_of_mail(mail, at(APRIL));
    check(owner("a@mail.zaimu.go.example"), "eda", Why::MostSpecific);
    check(owner("a@zaimu.go.example"), "zaimu", Why::MostSpecific);
    check(owner("\"odd@name\"@zaimu.go.example"), "zaimu", Why::MostSpecific);
    check(owner("a@elsewhere.test"), "", Why::Nobody);
}

#[test]
fn a_url_belongs_to_the_owner_of_its_host() {
    let world = world();
    let owner = |url: &str| {
        let observable = Observable { kind: ObservableKind::Url, value: url.into() };
        world.owner_of(&observable, at(APRIL), Organisation::id_of("naibu")).organisation
    };
    let zaimu = Some(Organisation::id_of("zaimu"));
    assert_eq!(owner("https://www.zaimu.go.example:8443/a?b=@c"), zaimu);
    assert_eq!(owner("http://u:p@zaimu.go.example/"), zaimu);
    assert_eq!(owner("http://[2001:db8:5::1]/"), Some(Organisation::id_of("eda")));
    assert_eq!(owner("http://192.0.2.1"), Some(Organisation::id_of("naibu")));
    assert_eq!(owner("http://elsewhere.test/zaimu.go.example"), None);
}

#[test]
fn a_registration_of_another_time_is_named_as_the_reason() {
    let registry = Registry::of(
        vec![organisation("naibu", None, 1)],
        vec![asset(AssetKind::Network, "192.0.2.0/24", "naibu", "2026-05-01..")],
    );
    let answer = registry.owner_of_address("192.0.2.1".parse().unwrap(), at(APRIL));
    check(answer, "", Why::NotValidThen);
    let facts: Vec<String> =
        answer.facts().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        facts,
        ["why=not_valid_then", "network=192.0.2.0/24", "valid_from=2026-05-01", "valid_until=9999-12-31"]
    );
}

#[test]
fn criticality_is_that_of_the_host_the_network_or_the_domain() {
    let world = world();
    let of = |text: &str, key: &str| {
        world.criticality_of(text, at(APRIL), Organisation::id_of(key)).map(|(criticality, _)| criticality)
    };
    assert_eq!(of("DC-HIGH", "naibu"), Some(Criticality::High));
    assert_eq!(of("dc-high", "eda"), Some(Criticality::High));
    assert_eq!(of("dc-high", "zaimu"), None, "given up in March");
    assert_eq!(of("192.0.2.1", "naibu"), Some(Criticality::Low));
    assert_eq!(of("www.go.example", "zaimu"), Some(Criticality::Low));
    assert_eq!(of("203.0.113.1", "naibu"), None);
}

#[test]
fn the_tree_is_walked_in_order_up_and_down() {
    let world = world();
    let keys: Vec<&str> = world.organisations().iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["naibu", "eda", "zaimu"]);
    let [naibu, eda, zaimu] = ["naibu", "eda", "zaimu"].map(Organisation::id_of);
    assert_eq!(world.children(naibu).map(|one| one.id).collect::<Vec<_>>(), [eda]);
    assert_eq!(world.ancestors(eda).map(|one| one.id).collect::<Vec<_>>(), [naibu]);
    assert_eq!(world.subtree(naibu), BTreeSet::from([naibu, eda]));
    assert!(world.subtree(eda).contains(&eda) && !world.subtree(eda).contains(&naibu));
    assert!(!world.subtree(naibu).contains(&zaimu));
}
