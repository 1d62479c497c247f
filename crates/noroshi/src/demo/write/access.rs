//! Apache's combined log and squid's own.

use std::net::Ipv4Addr;

use super::Request;
use crate::demo::clock::Day;

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// Apache, combined.
pub(in crate::demo) fn combined(day: &Day, from: Ipv4Addr, request: &Request<'_>) -> String {
    format!(
        "{from} - - [{}] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\"",
        day.apache(request.at),
        request.method,
        request.target(),
        request.status,
        request.bytes,
        or_dash(request.referer),
        or_dash(request.agent),
    )
}

/// squid, native.
pub(in crate::demo) fn squid(
    day: &Day,
    (client, user): (Ipv4Addr, &str),
    server: Ipv4Addr,
    request: &Request<'_>,
    elapsed_millis: u64,
) -> String {
    let (result, method, url, kind) = if request.https {
        ("TCP_TUNNEL", "CONNECT", format!("{}:443", request.host), "-")
    } else {
        let url = format!("http://{}{}", request.host, request.target());
        ("TCP_MISS", request.method, url, or_dash(request.kind))
    };
    // A tunnel that was set up is a 200 whatever the server said inside it.
    let status = if request.https && request.status < 500 { 200 } else { request.status };
    format!(
        "{} {elapsed_millis:6} {client} {result}/{status} {} {method} {url} {} HIER_DIRECT/{server} {kind}",
        day.seconds_millis(request.at),
        request.bytes,
        or_dash(user),
    )
}
