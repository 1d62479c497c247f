//! Suricata's EVE, as version 7 writes it.

use std::fmt::Write;

use super::{Flow, Json, Letter, Request};
use crate::demo::clock::{Day, Moment};

/// A rule of the sensor that matched.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Alert<'a> {
    pub(in crate::demo) number: u32,
    pub(in crate::demo) signature: &'a str,
    pub(in crate::demo) category: &'a str,
    /// 1 is the worst.
    pub(in crate::demo) severity: u8,
    pub(in crate::demo) blocked: bool,
}

/// A TLS session.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Tls<'a> {
    pub(in crate::demo) name: &'a str,
    /// Empty in TLS 1.3, where the certificate is encrypted.
    pub(in crate::demo) subject: &'a str,
    pub(in crate::demo) issuer: &'a str,
    pub(in crate::demo) serial: &'a str,
    pub(in crate::demo) version: &'a str,
    pub(in crate::demo) ja3: &'a str,
    pub(in crate::demo) ja3s: &'a str,
}

fn head(day: &Day, at: Moment, kind: &str, flow: &Flow) -> String {
    format!(
        "{{\"timestamp\":\"{}\",\"flow_id\":{},\"in_iface\":\"ens5\",\"event_type\":\"{kind}\",\"src_ip\":\"{}\",\
         \"src_port\":{},\"dest_ip\":\"{}\",\"dest_port\":{},\"proto\":\"{}\",\"pkt_src\":\"wire/pcap\"",
        day.suricata(at),
        flow.id,
        flow.source.0,
        flow.source.1,
        flow.target.0,
        flow.target.1,
        flow.protocol,
    )
}

fn http_object(request: &Request<'_>) -> String {
    let mut text = format!(
        "\"http\":{{\"hostname\":{},\"url\":{},\"http_user_agent\":{},\"http_content_type\":{}",
        Json(request.host),
        Json(&request.target()),
        Json(request.agent),
        Json(request.kind),
    );
    if !request.referer.is_empty() {
        let _ = write!(text, ",\"http_refer\":{}", Json(request.referer));
    }
    let _ = write!(
        text,
        ",\"http_method\":\"{}\",\"protocol\":\"HTTP/1.1\",\"status\":{},\"length\":{}}}",
        request.method, request.status, request.bytes
    );
    text
}

pub(in crate::demo) fn http(day: &Day, flow: &Flow, request: &Request<'_>) -> String {
    format!("{},\"tx_id\":0,{}}}", head(day, request.at, "http", flow), http_object(request))
}

pub(in crate::demo) fn alert(
    day: &Day,
    at: Moment,
    flow: &Flow,
    alert: &Alert<'_>,
    request: Option<&Request<'_>>,
) -> String {
    let mut text = head(day, at, "alert", flow);
    let _ = write!(
        text,
        ",\"alert\":{{\"action\":\"{}\",\"gid\":1,\"signature_id\":{},\"rev\":3,\"signature\":{},\"category\":{},\
         \"severity\":{}}}",
        if alert.blocked { "blocked" } else { "allowed" },
        alert.number,
        Json(alert.signature),
        Json(alert.category),
        alert.severity,
    );
    if let Some(request) = request {
        let _ = write!(text, ",{},\"app_proto\":\"http\"", http_object(request));
    }
    let _ = write!(
        text,
        ",\"flow\":{{\"pkts_toserver\":4,\"pkts_toclient\":3,\"bytes_toserver\":612,\"bytes_toclient\":442,\
         \"start\":\"{}\"}}}}",
        day.suricata(at.plus(-0.4))
    );
    text
}

pub(in crate::demo) fn tls(day: &Day, at: Moment, flow: &Flow, tls: &Tls<'_>) -> String {
    let mut text = head(day, at, "tls", flow);
    text += ",\"tls\":{";
    if !tls.subject.is_empty() {
        let _ = write!(
            text,
            "\"subject\":{},\"issuerdn\":{},\"serial\":{},",
            Json(tls.subject),
            Json(tls.issuer),
            Json(tls.serial)
        );
    }
    let _ = write!(
        text,
        "\"sni\":{},\"version\":{},\"ja3\":{{\"hash\":\"{}\"}},\"ja3s\":{{\"hash\":\"{}\"}}}}}}",
        Json(tls.name),
        Json(tls.version),
        tls.ja3,
        tls.ja3s
    );
    text
}

/// A question and its answer, two lines. Suricata turns the addresses round for the answer.
pub(in crate::demo) fn dns(
    day: &Day,
    at: Moment,
    flow: &Flow,
    (number, name, kind): (u16, &str, &str),
    (code, data): (&str, &str),
) -> [String; 2] {
    let question = format!(
        "{},\"dns\":{{\"version\":2,\"type\":\"query\",\"id\":{number},\"rrname\":{},\"rrtype\":\"{kind}\",\
         \"tx_id\":0,\"opcode\":0}}}}",
        head(day, at, "dns", flow),
        Json(name),
    );
    let mut answer = format!(
        "{},\"dns\":{{\"version\":2,\"type\":\"answer\",\"id\":{number},\"flags\":\"8180\",\"qr\":true,\"rd\":true,\
         \"ra\":true,\"opcode\":0,\"rrname\":{},\"rrtype\":\"{kind}\",\"rcode\":\"{code}\"",
        head(day, at.plus(0.012), "dns", &flow.back()),
        Json(name),
    );
    if !data.is_empty() {
        let _ = write!(
            answer,
            ",\"answers\":[{{\"rrname\":{},\"rrtype\":\"{kind}\",\"ttl\":300,\"rdata\":{}}}],\"grouped\":{{\"{kind}\":[{}]}}",
            Json(name),
            Json(data),
            Json(data)
        );
    }
    answer += "}}";
    [question, answer]
}

pub(in crate::demo) fn flow(
    day: &Day,
    at: Moment,
    flow: &Flow,
    application: &str,
    (sent, received): (u64, u64),
    seconds: f64,
) -> String {
    let tcp = if flow.protocol == "TCP" {
        ",\"tcp\":{\"tcp_flags\":\"1b\",\"tcp_flags_ts\":\"1b\",\"tcp_flags_tc\":\"1b\",\"syn\":true,\"fin\":true,\
         \"psh\":true,\"ack\":true,\"state\":\"closed\"}"
    } else {
        ""
    };
    format!(
        "{},\"app_proto\":\"{application}\",\"flow\":{{\"pkts_toserver\":{},\"pkts_toclient\":{},\
         \"bytes_toserver\":{sent},\"bytes_toclient\":{received},\"start\":\"{}\",\"end\":\"{}\",\"age\":{},\
         \"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false}}{tcp}}}",
        head(day, at, "flow", flow),
        4 + sent / 1_200,
        3 + received / 1_400,
        day.suricata(at.plus(-seconds)),
        day.suricata(at),
        seconds as u64,
    )
}

/// The mail as the parser of MIME saw it; needs no decryption because relays still speak plain SMTP here.
pub(in crate::demo) fn smtp(day: &Day, flow: &Flow, letter: &Letter<'_>) -> String {
    let mut text = format!(
        "{},\"tx_id\":0,\"smtp\":{{\"helo\":{},\"mail_from\":{},\"rcpt_to\":[{}]}},\"email\":{{\"status\":\"PARSE_DONE\",\
         \"from\":{},\"to\":[{}],\"subject\":{}",
        head(day, letter.at, "smtp", flow),
        Json(letter.relay),
        Json(&format!("<{}>", letter.from)),
        Json(&format!("<{}>", letter.to)),
        Json(format!("{} <{}>", letter.from_name, letter.from).trim_start()),
        Json(letter.to),
        Json(letter.subject),
    );
    if let Some(attachment) = &letter.attachment {
        let _ = write!(text, ",\"attachment\":[{}]", Json(attachment.name));
    }
    text += "}}";
    text
}

/// The attachment, with its hash.
pub(in crate::demo) fn mailed_file(day: &Day, flow: &Flow, letter: &Letter<'_>) -> Option<String> {
    let attachment = letter.attachment.as_ref()?;
    Some(format!(
        "{},\"smtp\":{{\"helo\":{},\"mail_from\":{},\"rcpt_to\":[{}]}},\"app_proto\":\"smtp\",\"fileinfo\":{{\
         \"filename\":{},\"gaps\":false,\"state\":\"CLOSED\",\"sha256\":\"{}\",\"stored\":false,\"size\":{},\"tx_id\":0}}}}",
        head(day, letter.at.plus(0.02), "fileinfo", flow),
        Json(letter.relay),
        Json(&format!("<{}>", letter.from)),
        Json(&format!("<{}>", letter.to)),
        Json(attachment.name),
        attachment.sha256,
        attachment.bytes,
    ))
}

/// The sensor's own counters.
pub(in crate::demo) fn stats(day: &Day, at: Moment, uptime: u64, packets: u64) -> String {
    format!(
        "{{\"timestamp\":\"{}\",\"event_type\":\"stats\",\"stats\":{{\"uptime\":{uptime},\"capture\":{{\
         \"kernel_packets\":{packets},\"kernel_drops\":{},\"errors\":0}},\"decoder\":{{\"pkts\":{packets},\"bytes\":{},\
         \"invalid\":0,\"ipv4\":{packets},\"ipv6\":0,\"tcp\":{},\"udp\":{}}},\"detect\":{{\"alert\":{}}}}}}}",
        day.suricata(at),
        packets / 40_000,
        packets * 690,
        packets / 10 * 9,
        packets / 10,
        packets / 90_000,
    )
}
