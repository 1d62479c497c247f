//! Firewalls: FortiGate's key=value and an invented vendor's CEF.

use super::Flow;
use crate::demo::clock::{Day, Moment};

/// One session that was let through or not.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Session<'a> {
    pub(in crate::demo) at: Moment,
    pub(in crate::demo) flow: Flow,
    /// `HTTPS`
    pub(in crate::demo) service: &'a str,
    pub(in crate::demo) allowed: bool,
    /// From the internet to us.
    pub(in crate::demo) inbound: bool,
    pub(in crate::demo) sent: u64,
    pub(in crate::demo) received: u64,
    pub(in crate::demo) seconds: u64,
}

impl Session<'_> {
    fn interfaces(&self) -> [(&'static str, &'static str); 2] {
        if self.inbound { [("wan1", "wan"), ("dmz", "dmz")] } else { [("port2", "lan"), ("wan1", "wan")] }
    }
}

fn number_of(protocol: &str) -> u8 {
    if protocol == "UDP" { 17 } else { 6 }
}

/// FortiGate's traffic log.
pub(in crate::demo) fn fortigate(day: &Day, device: &str, session: &Session<'_>) -> String {
    let Session { at, flow, service, sent, received, seconds, .. } = *session;
    let [(source_if, source_role), (target_if, target_role)] = session.interfaces();
    let action = if session.allowed { "close" } else { "deny" };
    let level = if session.allowed { "notice" } else { "warning" };
    format!(
        "{} devname=\"{device}\" devid=\"FG10E1TB23000001\" eventtime={}000 tz=\"+0900\" logid=\"0000000013\" \
         type=\"traffic\" subtype=\"forward\" level=\"{level}\" vd=\"root\" srcip={} srcport={} srcintf=\"{source_if}\" \
         srcintfrole=\"{source_role}\" dstip={} dstport={} dstintf=\"{target_if}\" dstintfrole=\"{target_role}\" \
         srccountry=\"Reserved\" dstcountry=\"Reserved\" sessionid={} proto={} action=\"{action}\" policyid={} \
         policytype=\"policy\" service=\"{service}\" trandisp=\"noop\" duration={seconds} sentbyte={sent} \
         rcvdbyte={received} sentpkt={} rcvdpkt={} appcat=\"unscanned\"",
        day.fortigate(at),
        day.epoch(at),
        flow.source.0,
        flow.source.1,
        flow.target.0,
        flow.target.1,
        flow.id % 90_000_000,
        number_of(flow.protocol),
        if session.allowed { 12 } else { 0 },
        1 + sent / 900,
        received / 1_300,
    )
}

/// FortiGate's DoS policy speaking up.
pub(in crate::demo) fn fortigate_flood(
    day: &Day,
    device: &str,
    at: Moment,
    flow: &Flow,
    attack: &str,
    count: u64,
) -> String {
    format!(
        "{} devname=\"{device}\" devid=\"FG10E1TB23000001\" eventtime={}000 tz=\"+0900\" logid=\"0720018432\" \
         type=\"utm\" subtype=\"anomaly\" eventtype=\"anomaly\" level=\"alert\" vd=\"root\" severity=\"critical\" \
         srcip={} srccountry=\"Reserved\" dstip={} dstcountry=\"Reserved\" srcintf=\"wan1\" srcintfrole=\"wan\" \
         sessionid=0 action=\"clear_session\" proto=6 service=\"HTTPS\" policyid=1 policytype=\"DoS-policy\" \
         count={count} attack=\"{attack}\" srcport={} dstport={} attackid=100663396 \
         ref=\"http://www.fortinet.com/ids/VID100663396\" msg=\"anomaly: {attack}, {} > threshold 2000, repeats \
         {count} times since last log\" crscore=50 craction=4096 crlevel=\"critical\"",
        day.fortigate(at),
        day.epoch(at),
        flow.source.0,
        flow.target.0,
        flow.source.1,
        flow.target.1,
        2_000 + count,
    )
}

/// CEF, as an invented vendor's gateway writes it.
pub(in crate::demo) fn cef(day: &Day, device: &str, session: &Session<'_>) -> String {
    let Session { at, flow, service, sent, received, .. } = *session;
    let (id, name, severity, act) = if session.allowed {
        ("100", "Connection closed", 2, "accept")
    } else {
        ("101", "Connection denied", 4, "deny")
    };
    format!(
        "CEF:0|Kanmon|Gateway|9.2|{id}|{name}|{severity}|rt={} dvchost={device} src={} spt={} dst={} dpt={} proto={} \
         app={service} act={act} out={sent} in={received} deviceDirection={} externalId={}",
        day.epoch(at).div_euclid(1_000),
        flow.source.0,
        flow.source.1,
        flow.target.0,
        flow.target.1,
        flow.protocol,
        if session.inbound { 0 } else { 1 },
        flow.id % 90_000_000,
    )
}
