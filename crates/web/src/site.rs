//! The name under which the pages are reached.

use axum::http::Uri;

/// The name under which people reach the pages, and what stands between.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// `https://noroshi.go.example`; `None` is this machine only, under the names of its loopback address.
    origin: Option<String>,
    /// Whether a proxy of ours stands before us and says in `X-Forwarded-For` who asks.
    pub behind_proxy: bool,
}

impl Site {
    /// This machine only.
    pub fn loopback() -> Self {
        Self::default()
    }

    /// A public name: scheme and host, and the port if it is not the scheme's own. HTTPS only: what people show to
    /// sign in must not travel in the clear.
    pub fn public(origin: &str, behind_proxy: bool) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("{origin:?} is not an origin: {why}"));
        let Ok(uri) = origin.parse::<Uri>() else { return wrong("it is no URL") };
        if uri.scheme_str() != Some("https") {
            return wrong("it does not begin with https://");
        }
        if uri.path() != "/" || uri.query().is_some() || origin.contains('@') || uri.host().is_none() {
            return wrong("it is more than scheme, host and port");
        }
        let origin = origin.trim_end_matches('/').to_ascii_lowercase();
        Ok(Self { origin: Some(origin), behind_proxy })
    }

    /// The origin, when there is a public one.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The origin under which somebody reached us who asked for `host`.
    pub(crate) fn origin_for(&self, host: &str) -> String {
        match &self.origin {
            Some(origin) => origin.clone(),
            None => format!("http://{}", host.to_ascii_lowercase()),
        }
    }

    /// Whether browsers come over TLS.
    pub fn is_https(&self) -> bool {
        self.origin.is_some()
    }

    /// Whether a request was meant for us. A name from elsewhere that resolves to this machine (DNS rebinding) is
    /// somebody else's page asking.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        match &self.origin {
            Some(origin) => origin.strip_prefix("https://").is_some_and(|own| own.eq_ignore_ascii_case(host)),
            None => is_loopback(host),
        }
    }

    /// Whether a page of this origin is one of ours, asking under the name `host`.
    pub(crate) fn is_own(&self, origin: &str, host: &str) -> bool {
        match &self.origin {
            Some(own) => own.eq_ignore_ascii_case(origin),
            None => {
                origin.strip_prefix("http://").is_some_and(|authority| authority.eq_ignore_ascii_case(host))
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_public_name_only_this_machine_is_answered() {
        let site = Site::loopback();
        for host in ["127.0.0.1:8420", "localhost", "LOCALHOST:1", "[::1]:8420", "127.8.8.8"] {
            assert!(site.is_host(host), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example", "192.0.2.1:8420", "[::1", "localhost:x"] {
            assert!(!site.is_host(host), "{host}");
        }
    }

    #[test]
    fn a_public_name_is_one_origin_over_tls() {
        let site = Site::public("https://Noroshi.go.example/", false).unwrap();
        assert!(site.is_host("noroshi.go.example") && !site.is_host("127.0.0.1:8420"));
        assert!(site.is_own("https://noroshi.go.example", "noroshi.go.example"));
        assert!(!site.is_own("http://noroshi.go.example", "noroshi.go.example"));
        for wrong in
            ["http://a.example", "a.example", "https://a.example/x", "https://u@a.example", "https://"]
        {
            assert!(Site::public(wrong, false).is_err(), "{wrong}");
        }
    }
}
