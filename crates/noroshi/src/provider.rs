//! `[sign_in.provider]`: the provider of identities that the settings describe.

use std::path::PathBuf;
use std::sync::Arc;

use access::provider::{ClientSecret, Mapping, Provider, Settings};
use anyhow::{Context as _, anyhow};
use base::{Id, Organisation, Role};
use registry::Registry;

use crate::http::Client;

/// `[sign_in]`
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    /// Who says who people are, beside ourselves.
    pub provider: Option<Written>,
}

/// `[sign_in.provider]`, as it is written.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// What is shown on the button, 日本語.
    pub name_ja: String,
    /// The same, English.
    pub name_en: String,
    /// Its name for itself: an https:// address; `/.well-known/openid-configuration` is below it.
    pub issuer: String,
    /// Its name for us.
    pub client_id: String,
    /// A file with the secret it gave us, alone.
    pub client_secret_file: PathBuf,
    /// What is asked for beside `openid email profile`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The claim that holds groups.
    #[serde(default = "groups")]
    pub groups_claim: String,
    /// A file with the authorities that may vouch for it (PEM); those of this machine otherwise.
    pub ca_file: Option<PathBuf>,
    /// Whether somebody with a group that has a role gets an account at the first sign-in.
    #[serde(default = "yes")]
    pub create_accounts: bool,
    /// Whether everybody who comes from there has shown a second factor, whatever it says.
    #[serde(default)]
    pub second_factor: bool,
    /// What each group means.
    #[serde(default)]
    pub map: Vec<WrittenMapping>,
}

/// `[[sign_in.provider.map]]`
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenMapping {
    /// As the provider writes it.
    pub group: String,
    /// The role, by its word.
    pub role: String,
    /// The organisation's id or key; none for a role of the centre.
    pub organisation: Option<String>,
}

fn groups() -> String {
    "groups".into()
}

const fn yes() -> bool {
    true
}

impl Written {
    /// The files it names.
    pub fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.client_secret_file).chain(&mut self.ca_file)
    }

    /// The provider, if what is written fits the organisations there are. Nobody is asked yet.
    pub fn open(&self, registry: &Registry) -> anyhow::Result<Provider> {
        let settings = self.settings(registry)?;
        settings.check(registry).context("[sign_in.provider]")?;
        let client = Client::new(self.ca_file.as_deref()).context("[sign_in.provider] ca_file")?;
        Ok(Provider::new(settings, Arc::new(client)))
    }

    fn settings(&self, registry: &Registry) -> anyhow::Result<Settings> {
        let secret = std::fs::read_to_string(&self.client_secret_file).with_context(|| {
            format!(
                "[sign_in.provider] client_secret_file: cannot read {}",
                self.client_secret_file.display()
            )
        })?;
        let map = self.map.iter().map(|written| written.mapping(registry)).collect::<Result<_, _>>()?;
        Ok(Settings {
            name_ja: self.name_ja.clone(),
            name_en: self.name_en.clone(),
            issuer: self.issuer.clone(),
            client: self.client_id.clone(),
            secret: ClientSecret(secret.trim_end_matches(['\r', '\n']).to_owned()),
            scopes: self.scopes.clone(),
            groups_claim: self.groups_claim.clone(),
            create_accounts: self.create_accounts,
            second_factor: self.second_factor,
            map,
        })
    }
}

impl WrittenMapping {
    fn mapping(&self, registry: &Registry) -> anyhow::Result<Mapping> {
        let of = |what: &str| format!("[[sign_in.provider.map]] of group {:?}: {what}", self.group);
        let role: Role = self.role.parse().map_err(|wrong: String| anyhow!(of(&format!("role {wrong}"))))?;
        let organisation = self.organisation.as_deref().map(|text| {
            let known: Option<Id<Organisation>> = match registry.by_key(text) {
                Some(organisation) => Some(organisation.id),
                None => text.parse().ok().filter(|id| registry.organisation(*id).is_some()),
            };
            known.ok_or_else(|| anyhow!(of(&format!("no organisation has the id or key {text:?}"))))
        });
        Ok(Mapping { group: self.group.clone(), place: (role, organisation.transpose()?) })
    }
}
