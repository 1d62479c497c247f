//! One desk that asks for orders every five minutes, all day and all night.

use std::net::Ipv4Addr;

use base::ObservableKind::{Address, Domain};
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::{DAY, Moment};
use crate::demo::write::Request;
use crate::demo::write::eve::{Alert, Tls};

const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);
const HOME_NAME: &str = "cdn-metrics.example";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "beacon",
    name: ["一定間隔の外部通信(ビーコン)", "A beacon at a fixed interval"],
    summary: [
        "通商振興省の端末1台が、職員のいない深夜も含めて5分おきに同じ外部サーバーへ暗号通信を行う。\
         通信の指紋と証明書は、攻撃用ツールの初期設定のままである。",
        "One desk of the Ministry of Trade Promotion talks TLS to the same server every five minutes, also at night \
         when nobody is there. The fingerprint and the certificate are an attack tool's factory settings.",
    ],
    starts: Moment::at(0, 7),
    organisations: &["tsusho"],
    rules: &["tls_attack_tool_certificate", "tls_malware_fingerprint", "suricata_severe_alert"],
    observables: &[(Address, "192.0.2.77"), (Domain, HOME_NAME)],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("tsusho");
    let client = site.place.client(27);
    let mut at = Moment::at(0, 7);
    let mut beats = 0_u64;
    while at.0 < DAY {
        if beats.is_multiple_of(6) {
            site.resolve(at.plus(-0.1), client.address, HOME_NAME, "A", &HOME.to_string());
        }
        let bytes = 3_900 + site.dice.below(200);
        let request = Request { bytes, ..Request::get(at, HOME_NAME, "/", client.agent) };
        site.fetch(client, HOME, "Uncategorized", &request);
        let flow = site.flow(client.address, HOME, 443);
        let name = "C=Earth, ST=Cyberspace, L=Somewhere, O=cobaltstrike, OU=AdvancedPenTesting, CN=Major Cobalt Strike";
        let tls = Tls {
            name: HOME_NAME,
            subject: name,
            issuer: name,
            serial: "08:BB:00:EE",
            version: "TLS 1.2",
            ja3: "6734f37431670b3ab4292b8f60f29984",
            ja3s: "623de93db17d313345d7ea481e7443cf",
        };
        site.tls(at, &flow, &tls);
        if beats % 24 == 12 {
            let alert = Alert {
                number: 2_028_765,
                signature: "ET JA3 Hash - [Abuse.ch] Possible Trickbot",
                category: "A Network Trojan was detected",
                severity: 1,
                blocked: false,
            };
            site.alert(at.plus(0.2), &flow, &alert, None);
        }
        beats += 1;
        at = at.plus(297.0 + site.dice.unit() * 6.0);
    }
}
