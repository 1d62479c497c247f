//! Which provider there is, and what its groups mean here.

use std::collections::BTreeSet;

use base::{Language, Seat};
use registry::Registry;

use super::discovery::is_issuer;
use crate::account::{GRANTS_MAX, Held, Place, Source};

/// Groups that may have a meaning.
pub const MAPPINGS_MAX: usize = 1_000;
/// Bytes of the secret that the provider gave us.
pub const SECRET_BYTES_MAX: usize = 1_024;
/// What is asked for in any case: to be told who somebody is, with address and name.
const SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// A provider of identities, as an operator describes it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// 日本語
    pub name_ja: String,
    /// English
    pub name_en: String,
    /// Its own name for itself, an address.
    pub issuer: String,
    /// Its name for us.
    pub client: String,
    /// What shows it that we are we.
    pub secret: ClientSecret,
    /// What is asked for beside address and name.
    pub scopes: Vec<String>,
    /// The claim that holds groups.
    pub groups_claim: String,
    /// Whether somebody with a group of meaning gets an account at their first sign-in.
    pub create_accounts: bool,
    /// Whether everybody who comes from there has shown more than one thing, whatever it says.
    pub second_factor: bool,
    /// What each group means.
    pub map: Vec<Mapping>,
}

/// The secret of a client. Not shown by `Debug`.
#[derive(Clone)]
pub struct ClientSecret(pub String);

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret")
    }
}

/// A group, and the role that whoever is in it has here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// As the provider writes it.
    pub group: String,
    /// The role, and where.
    pub place: Place,
}

/// What is wrong with the settings; says which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The issuer is no address to which secrets may be sent.
    #[error("issuer {0:?} is not an https:// address without query (http:// only on this machine)")]
    Issuer(String),
    /// Something that must be said is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A scope is not one word (RFC 6749 section 3.3).
    #[error("scopes: {0:?} is not one word")]
    Scope(String),
    /// The secret is empty or too long.
    #[error("client_secret_file must hold between 1 and {SECRET_BYTES_MAX} bytes")]
    Secret,
    /// More groups than may have a meaning.
    #[error("there are more than {MAPPINGS_MAX} [[sign_in.provider.map]]")]
    TooMany,
    /// The role belongs elsewhere, or to a machine.
    #[error("[[sign_in.provider.map]] of group {group:?}: the role {role} {reason}")]
    Seat {
        /// Of which group.
        group: String,
        /// Which role.
        role: base::Role,
        /// What is wrong.
        reason: &'static str,
    },
    /// The organisation is not in the registry.
    #[error("[[sign_in.provider.map]] of group {0:?}: there is no such organisation")]
    Organisation(String),
    /// The same is said twice.
    #[error("[[sign_in.provider.map]] of group {0:?} with this role and organisation is there twice")]
    Twice(String),
}

impl Settings {
    /// What is shown on the button.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.name_ja,
            Language::En => &self.name_en,
        }
    }

    /// What is asked for, as the provider reads it.
    pub fn scope(&self) -> String {
        let mut scopes = SCOPES.to_vec();
        let more = self.scopes.iter().map(String::as_str).filter(|scope| !SCOPES.contains(scope));
        scopes.extend(more);
        scopes.join(" ")
    }

    /// Whether these settings can be used with the organisations there are.
    pub fn check(&self, registry: &Registry) -> Result<(), Unfit> {
        if !is_issuer(&self.issuer) {
            return Err(Unfit::Issuer(self.issuer.clone()));
        }
        let said = [
            ("name_ja", &self.name_ja),
            ("name_en", &self.name_en),
            ("client_id", &self.client),
            ("groups_claim", &self.groups_claim),
        ];
        if let Some((name, _)) = said.into_iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(Unfit::Empty(name));
        }
        if self.secret.0.is_empty() || self.secret.0.len() > SECRET_BYTES_MAX {
            return Err(Unfit::Secret);
        }
        let is_word =
            |scope: &&String| scope.bytes().all(|byte| byte.is_ascii_graphic()) && !scope.is_empty();
        if let Some(scope) = self.scopes.iter().find(|scope| !is_word(scope)) {
            return Err(Unfit::Scope(scope.clone()));
        }
        check_map(&self.map, registry)
    }

    /// The places that these groups give, each once; at organisations that are still there.
    pub fn places(&self, groups: &[String], registry: &Registry) -> Vec<Place> {
        let places: BTreeSet<Place> = self
            .map
            .iter()
            .filter(|mapping| groups.contains(&mapping.group))
            .map(|mapping| mapping.place)
            .filter(|(_, organisation)| organisation.is_none_or(|id| registry.organisation(id).is_some()))
            .collect();
        places.into_iter().collect()
    }
}

fn check_map(map: &[Mapping], registry: &Registry) -> Result<(), Unfit> {
    if map.len() > MAPPINGS_MAX {
        return Err(Unfit::TooMany);
    }
    let mut seen = BTreeSet::new();
    for Mapping { group, place: (role, organisation) } in map {
        let seat = |reason| Err(Unfit::Seat { group: group.clone(), role: *role, reason });
        if group.is_empty() {
            return Err(Unfit::Empty("[[sign_in.provider.map]] group"));
        }
        match (role.seat(), organisation) {
            (Seat::Machine, _) => return seat("is for machines"),
            (Seat::Centre, Some(_)) => return seat("belongs to the centre and takes no organisation"),
            (Seat::Organisation, None) => return seat("needs an organisation"),
            (Seat::Organisation, Some(id)) if registry.organisation(*id).is_none() => {
                return Err(Unfit::Organisation(group.clone()));
            }
            _ => {}
        }
        if !seen.insert((group, role, organisation)) {
            return Err(Unfit::Twice(group.clone()));
        }
    }
    Ok(())
}

/// What must change so that somebody holds these places because of the provider, and what people gave them stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Places to give.
    pub give: Vec<Place>,
    /// Places to take.
    pub take: Vec<Place>,
}

/// Compares what somebody holds with what the provider says.
pub fn changes(held: &[Held], wanted: &[Place]) -> Changes {
    let by_people = held.iter().filter(|one| one.source == Source::Person).count();
    let wanted = wanted.iter().take(GRANTS_MAX.saturating_sub(by_people));
    let wanted: BTreeSet<Place> = wanted.copied().collect();
    let places: BTreeSet<Place> = held.iter().map(|one| (one.role, one.organisation)).collect();
    let from_provider = held.iter().filter(|one| one.source == Source::Provider);
    let from_provider: BTreeSet<Place> = from_provider.map(|one| (one.role, one.organisation)).collect();
    Changes {
        give: wanted.difference(&places).copied().collect(),
        take: from_provider.difference(&wanted).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use base::{Id, Organisation, Role};

    use super::*;
    use crate::provider::tests::{now, settings};

    fn org(key: &str) -> Id<Organisation> {
        registry::Organisation::id_of(key)
    }

    fn mapping(group: &str, role: Role, organisation: Option<Id<Organisation>>) -> Mapping {
        Mapping { group: group.into(), place: (role, organisation) }
    }

    #[tokio::test]
    async fn settings_that_cannot_be_meant_are_refused_by_name() {
        let desk = crate::tests::desk().await;
        let registry = desk.registry();
        assert_eq!(settings().check(registry), Ok(()));
        let check = |change: fn(&mut Settings), expected: &str| {
            let mut settings = settings();
            change(&mut settings);
            let refused = settings.check(registry).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        };
        check(|settings| settings.issuer = "http://id.example".into(), "issuer");
        check(|settings| settings.client = " ".into(), "client_id");
        check(|settings| settings.name_en = String::new(), "name_en");
        check(|settings| settings.groups_claim = String::new(), "groups_claim");
        check(|settings| settings.secret.0 = String::new(), "client_secret_file");
        check(|settings| settings.scopes = vec!["a b".into()], "scopes");
        check(|settings| settings.map.push(mapping("x", Role::Csirt, None)), "needs an organisation");
        check(|settings| settings.map.push(mapping("x", Role::Editor, Some(org("naibu")))), "centre");
        check(|settings| settings.map.push(mapping("x", Role::Sensor, Some(org("naibu")))), "machines");
        check(|settings| settings.map.push(mapping("x", Role::Csirt, Some(org("nowhere")))), "organisation");
        check(|settings| settings.map.push(settings.map[0].clone()), "twice");
        check(|settings| settings.map = vec![settings.map[0].clone(); MAPPINGS_MAX + 1], "more than");
    }

    #[tokio::test]
    async fn groups_become_places_each_once_and_only_where_organisations_are() {
        let desk = crate::tests::desk().await;
        let mut settings = settings();
        let (naibu, gone) = (org("naibu"), org("gone"));
        settings.map = vec![
            mapping("csirt", Role::Csirt, Some(naibu)),
            mapping("csirt-too", Role::Csirt, Some(naibu)),
            mapping("csirt", Role::WatchOfficer, None),
            mapping("csirt", Role::Csirt, Some(gone)),
        ];
        let places = |groups: &[&str]| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            settings.places(&groups, desk.registry())
        };
        assert_eq!(places(&["csirt", "csirt-too"]), [(Role::WatchOfficer, None), (Role::Csirt, Some(naibu))]);
        assert_eq!(places(&["csirt-too"]), [(Role::Csirt, Some(naibu))]);
        assert_eq!(places(&["CSIRT", "", "csirt "]), []);
        assert_eq!(settings.scope(), "openid email profile groups");
    }

    #[test]
    fn what_people_gave_stays_and_what_the_provider_gave_is_replaced() {
        let held = |role, source| Held { role, organisation: None, source, given_at: now() };
        let holds = [
            held(Role::Administrator, Source::Person),
            held(Role::Editor, Source::Provider),
            held(Role::Planner, Source::Provider),
        ];
        let wanted = [(Role::Administrator, None), (Role::Planner, None), (Role::Inspector, None)];
        let expected = Changes { give: vec![(Role::Inspector, None)], take: vec![(Role::Editor, None)] };
        assert_eq!(changes(&holds, &wanted), expected);
        assert_eq!(changes(&holds[..1], &wanted[..1]), Changes::default());
        let nothing = changes(&holds, &[]);
        assert_eq!((nothing.give.len(), nothing.take.len()), (0, 2));
        let full = vec![holds[0].clone(); GRANTS_MAX];
        assert_eq!(changes(&full, &wanted).give, []);
    }
}
