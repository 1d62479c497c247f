//! W3C extended: IIS, and a proxy appliance.

use std::net::Ipv4Addr;

use super::{Request, percent};
use crate::demo::clock::{Day, Moment};

const IIS_FIELDS: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
                          cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";
const PROXY_FIELDS: &str = "#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id \
                            sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) \
                            cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension \
                            cs(User-Agent) s-ip sc-bytes cs-bytes";

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// IIS writes a space as `+`.
fn plus(text: &str) -> String {
    or_dash(text).replace(' ', "+")
}

/// What IIS writes when a day's file begins.
pub(in crate::demo) fn iis_header(day: &Day) -> Vec<String> {
    vec![
        "#Software: Microsoft Internet Information Services 10.0".to_owned(),
        "#Version: 1.0".to_owned(),
        format!("#Date: {}", day.w3c(Moment::at(0, 0))),
        IIS_FIELDS.to_owned(),
    ]
}

/// One request as IIS logs it.
pub(in crate::demo) fn iis(
    day: &Day,
    server: Ipv4Addr,
    (from, user): (Ipv4Addr, &str),
    request: &Request<'_>,
    taken_millis: u64,
) -> String {
    format!(
        "{} {server} {} {} {} {} {} {from} {} {} {} 0 0 {taken_millis}",
        day.w3c(request.at),
        request.method,
        percent(request.path),
        or_dash(&percent(request.query)),
        if request.https { 443 } else { 80 },
        or_dash(user),
        plus(request.agent),
        plus(request.referer),
        request.status,
    )
}

/// What the proxy appliance writes when a day's file begins.
pub(in crate::demo) fn proxy_header(day: &Day) -> Vec<String> {
    vec![
        "#Software: SGOS 7.3.12.1".to_owned(),
        "#Version: 1.0".to_owned(),
        format!("#Date: {}", day.w3c(Moment::at(0, 0))),
        PROXY_FIELDS.to_owned(),
    ]
}

/// One request as the proxy appliance logs it. It looks into TLS, so it knows paths and agents.
pub(in crate::demo) fn proxy(
    day: &Day,
    (client, user): (Ipv4Addr, &str),
    category: &str,
    request: &Request<'_>,
    taken_millis: u64,
) -> String {
    let (scheme, port) = if request.https { ("https", 443) } else { ("http", 80) };
    let extension = request.path.rsplit_once('/').and_then(|(_, name)| name.rsplit_once('.')).map(|(_, e)| e);
    let query =
        if request.query.is_empty() { "-".to_owned() } else { format!("?{}", percent(request.query)) };
    format!(
        "{} {taken_millis} {client} {} - - OBSERVED \"{category}\" {} {} TCP_NC_MISS {} {} {scheme} {} {port} {} {query} \
         {} \"{}\" {} {} {}",
        day.w3c(request.at),
        or_dash(user),
        or_dash(request.referer),
        request.status,
        request.method,
        or_dash(request.kind),
        request.host,
        percent(request.path),
        extension.unwrap_or("-"),
        or_dash(request.agent),
        Ipv4Addr::new(10, 255, 0, 8),
        request.bytes,
        300 + request.path.len() + request.query.len(),
    )
}
