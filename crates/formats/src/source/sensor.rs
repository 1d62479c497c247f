//! Network sensors.
//!
//! Their HTTP records are routed to proxy and web server rules alike, as SigmaHQ's own mapping onto Zeek does: a
//! sensor sees requests in both directions. Flow records are routed to firewall rules, which ask for ports; rules that
//! ask what the firewall did about it find no such field here.

use super::Source;

/// By EVE's `event_type`.
pub(super) fn suricata(kind: &str) -> Source {
    let categories: &[&str] = match kind {
        "http" => &["proxy", "webserver"],
        "dns" => &["dns"],
        "flow" => &["firewall"],
        _ => &[],
    };
    let services: &[&str] = if kind == "netflow" { &["netflow"] } else { &[kind] };
    Source::new("suricata", services, categories)
}

/// By Zeek's log stream.
pub(super) fn zeek(path: &str) -> Source {
    let categories: &[&str] = match path {
        "http" => &["proxy", "webserver"],
        "dns" => &["dns"],
        "conn" => &["firewall"],
        _ => &[],
    };
    Source::new("zeek", &[path], categories)
}
