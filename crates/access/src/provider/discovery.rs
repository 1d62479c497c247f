//! What a provider says about itself (OpenID Connect Discovery 1.0), and where people and we may be sent for it.

use std::net::IpAddr;

use serde_json::Value;
use url::{Host, Url};

use super::jwk::Algorithm;

/// Why a provider cannot be used, in words for whoever runs the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Not JSON, or not an object.
    #[error("it is no discovery document")]
    Unreadable,
    /// It speaks for somebody else (Discovery section 4.3).
    #[error("its issuer is not the one that was configured")]
    Issuer,
    /// This member is missing or is no address to which secrets may be sent.
    #[error("its {0} is missing or not an https:// address")]
    Address(&'static str),
    /// It does not hand out codes.
    #[error("it does not offer response_type code")]
    Code,
    /// It knows proof keys, but none that are hashed.
    #[error("it does not offer code_challenge_method S256")]
    ProofKey,
    /// It signs in ways that are not taken.
    #[error("it signs with none of RS256, PS256, ES256 and EdDSA")]
    Algorithm,
    /// It wants a client to show who it is in ways that are not known here.
    #[error("it offers neither client_secret_basic nor client_secret_post")]
    ClientSecret,
}

/// How we show the provider who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretIn {
    /// In the head of the request: what every provider must know (RFC 6749 section 2.3.1).
    Head,
    /// In its body.
    Body,
}

/// Where a provider does what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Where people sign in.
    pub authorization_endpoint: Url,
    /// Where a code becomes a token.
    pub token_endpoint: Url,
    /// Its keys.
    pub jwks_uri: Url,
    /// Where more about somebody is told; not every provider has one.
    pub userinfo_endpoint: Option<Url>,
    /// How we show who we are at the token endpoint.
    pub secret_in: SecretIn,
    /// Whether every answer names its issuer (RFC 9207).
    pub names_issuer: bool,
}

/// The address of a provider's discovery document (section 4.1).
pub fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Whether this can be an issuer: an address to which secrets may be sent, with nothing after its path.
pub fn is_issuer(issuer: &str) -> bool {
    secure(issuer).is_some_and(|url| url.query().is_none() && url.fragment().is_none())
}

/// Reads a discovery document of `issuer`.
pub fn read(bytes: &[u8], issuer: &str) -> Result<Discovery, Misfit> {
    let document: Value = serde_json::from_slice(bytes).map_err(|_| Misfit::Unreadable)?;
    if !document.is_object() {
        return Err(Misfit::Unreadable);
    }
    if document.get("issuer").and_then(Value::as_str) != Some(issuer) {
        return Err(Misfit::Issuer);
    }
    let address = |name: &'static str| {
        let text = document.get(name).and_then(Value::as_str);
        text.and_then(secure).ok_or(Misfit::Address(name))
    };
    let offers = |name: &str| {
        let listed = document.get(name)?.as_array()?;
        Some(listed.iter().filter_map(Value::as_str).collect::<Vec<_>>())
    };
    if !offers("response_types_supported").is_some_and(|types| types.contains(&"code")) {
        return Err(Misfit::Code);
    }
    // A provider that does not say whether it knows proof keys overlooks them (RFC 7636 section 5).
    if offers("code_challenge_methods_supported").is_some_and(|methods| !methods.contains(&"S256")) {
        return Err(Misfit::ProofKey);
    }
    let signs = offers("id_token_signing_alg_values_supported").unwrap_or_default();
    if !signs.iter().any(|name| Algorithm::of(name).is_some()) {
        return Err(Misfit::Algorithm);
    }
    let secret_in = match offers("token_endpoint_auth_methods_supported") {
        Some(ways) if ways.contains(&"client_secret_basic") => SecretIn::Head,
        Some(ways) if ways.contains(&"client_secret_post") => SecretIn::Body,
        Some(_) => return Err(Misfit::ClientSecret),
        None => SecretIn::Head,
    };
    let names_issuer = document.get("authorization_response_iss_parameter_supported");
    Ok(Discovery {
        authorization_endpoint: address("authorization_endpoint")?,
        token_endpoint: address("token_endpoint")?,
        jwks_uri: address("jwks_uri")?,
        userinfo_endpoint: match document.get("userinfo_endpoint") {
            Some(_) => Some(address("userinfo_endpoint")?),
            None => None,
        },
        secret_in,
        names_issuer: names_issuer.and_then(Value::as_bool).unwrap_or(false),
    })
}

/// An address to which secrets may be sent: over TLS, or to this very machine.
fn secure(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = match url.host()? {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
    };
    let right = url.scheme() == "https" || (url.scheme() == "http" && here);
    (right && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example/tenant";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/authorize?tenant=1",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://keys.example/jwks",
            "userinfo_endpoint": "https://id.example/me",
            "response_types_supported": ["code", "code id_token"],
            "id_token_signing_alg_values_supported": ["HS256", "RS256"],
            "code_challenge_methods_supported": ["plain", "S256"],
        })
    }

    #[track_caller]
    fn check(name: &str, value: Value, expected: Misfit) {
        let mut document = document();
        match value {
            Value::Null => document.as_object_mut().unwrap().remove(name),
            value => document.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        assert_eq!(read(document.to_string().as_bytes(), ISSUER), Err(expected), "{name}");
    }

    #[test]
    fn a_provider_that_fits_is_read() {
        let discovery = read(document().to_string().as_bytes(), ISSUER).unwrap();
        assert_eq!(discovery.authorization_endpoint.as_str(), "https://id.example/authorize?tenant=1");
        assert_eq!((discovery.secret_in, discovery.names_issuer), (SecretIn::Head, false));
        let mut other = document();
        other["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "client_secret_post"]);
        other["authorization_response_iss_parameter_supported"] = json!(true);
        other.as_object_mut().unwrap().remove("userinfo_endpoint");
        let discovery = read(other.to_string().as_bytes(), ISSUER).unwrap();
        assert_eq!((discovery.secret_in, discovery.names_issuer), (SecretIn::Body, true));
        assert_eq!(discovery.userinfo_endpoint, None);
    }

    #[test]
    fn a_provider_that_does_not_fit_is_told_why() {
        check("issuer", json!("https://id.example/tenant/"), Misfit::Issuer);
        check("issuer", Value::Null, Misfit::Issuer);
        check("token_endpoint", Value::Null, Misfit::Address("token_endpoint"));
        check("token_endpoint", json!("http://id.example/token"), Misfit::Address("token_endpoint"));
        check("token_endpoint", json!("https://u:p@id.example/"), Misfit::Address("token_endpoint"));
        check("jwks_uri", json!("file:///etc/passwd"), Misfit::Address("jwks_uri"));
        check("userinfo_endpoint", json!("/me"), Misfit::Address("userinfo_endpoint"));
        check("response_types_supported", json!(["id_token"]), Misfit::Code);
        check("response_types_supported", Value::Null, Misfit::Code);
        check("code_challenge_methods_supported", json!(["plain"]), Misfit::ProofKey);
        check("id_token_signing_alg_values_supported", json!(["HS256", "none"]), Misfit::Algorithm);
        check("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]), Misfit::ClientSecret);
        for bytes in [&b"<html>"[..], b"[]", b"", b"\xff\xfe"] {
            assert_eq!(read(bytes, ISSUER), Err(Misfit::Unreadable));
        }
    }

    #[test]
    fn an_issuer_is_reached_over_tls_or_on_this_machine() {
        for right in ["https://id.example", "http://127.0.0.1:9000", "http://[::1]:1/x", "http://localhost:1"]
        {
            assert!(is_issuer(right), "{right}");
        }
        for wrong in [
            "http://id.example",
            "id.example",
            "https://id.example?x",
            "http://127.0.0.1.example",
            "ftp://localhost",
        ] {
            assert!(!is_issuer(wrong), "{wrong}");
        }
        assert_eq!(address("https://id.example/a/"), "https://id.example/a/.well-known/openid-configuration");
    }
}
