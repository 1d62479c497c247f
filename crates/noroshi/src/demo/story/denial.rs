//! Two public sites that many machines ask for too much.

use std::net::Ipv4Addr;

use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::write::Request;
use crate::demo::write::eve::Alert;
use crate::demo::write::firewall::fortigate_flood;

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "denial_of_service",
    name: ["公開ウェブサイトへのDDoS攻撃", "Denial of service against two public sites"],
    summary: [
        "昼過ぎ、気象海洋庁と防災復旧庁の公開ウェブサイトに、百を超える発信元から要求が殺到する。ファイアウォールが検知し、\
         ウェブサーバーは約30分間にわたり503を返し続ける。",
        "Early in the afternoon more than a hundred sources flood the public sites of the Meteorological and Marine Agency and the \
         Disaster Recovery Agency. The firewalls notice; the servers answer 503 for about half an hour.",
    ],
    starts: Moment::at(13, 5),
    organisations: &["kisho", "bosai"],
    rules: &[
        "fortigate_flood",
        "denial_of_service_alert",
        "suricata_medium_alert",
        "web_service_unavailable",
    ],
    observables: &[],
    verdict: Verdict::Threat,
    tell,
};

const MINUTES: f64 = 42.0;

fn tell(stage: &mut Stage<'_>) {
    for (key, late, requests) in [("kisho", 0.0, 2_200), ("bosai", 160.0, 1_500)] {
        let mut site = stage.site(key);
        let start = Moment::at(13, 5).plus(late);
        let host = site.place.web_name();
        let agent = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)";
        for _ in 0..requests {
            let share = site.dice.unit();
            let at = start.plus(share * MINUTES * 60.0);
            let from = bot(site.dice.below(160) as u8);
            // The server holds out for a while, then most requests fail until the flood ebbs.
            let down = (0.12..0.85).contains(&share) && site.dice.chance(0.8);
            let query = format!("{}={}", site.dice.hex(4), site.dice.hex(8));
            let (status, bytes) = if down { (503, 299) } else { (200, 14_210) };
            site.visit(
                from,
                &Request { query: &query, status, bytes, ..Request::get(at, &host, "/", agent) },
            );
        }
        for number in 0..45_u8 {
            let at = start.plus(40.0 + f64::from(number) * 50.0);
            // Firewall and sensor name the loudest few, as they do.
            let flow = site.flow(bot(number % 3 * 41), site.place.web(), 443);
            let device = format!("{}-FW01", site.place.netbios);
            let count = 400 + site.dice.below(9_000);
            let text = fortigate_flood(site.day, &device, at, &flow, "tcp_syn_flood", count);
            site.log(at, "firewall/fortigate.log", text);
            let alert = Alert {
                number: 2_019_102,
                signature: "ET DOS Possible HTTP GET Flood Inbound",
                category: "Attempted Denial of Service",
                severity: 2,
                blocked: false,
            };
            site.alert(at.plus(4.0), &flow, &alert, None);
        }
    }
}

fn bot(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 19, 200, 7 + number)
}
