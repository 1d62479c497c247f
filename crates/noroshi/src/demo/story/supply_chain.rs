//! The update that everybody trusts.

use std::net::Ipv4Addr;

use base::ObservableKind::{Address, Domain, Hash};
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::Start;
use crate::demo::write::Request;

const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 210);
const HOME_NAME: &str = "telemetry.maruyama-cdn.example";
const LIBRARY: &str = "story:supply_chain";
const SYSTEM: &str = "NT AUTHORITY\\SYSTEM";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "supply_chain",
    name: ["ソフトウェア更新の悪用(サプライチェーン攻撃)", "A trusted update goes bad"],
    summary: [
        "会計ソフトの正規の更新機能が、未明の更新から余分なライブラリーを置くようになる。税務徴収庁、発明審査庁、\
         通信基盤省の端末で同じライブラリーが動き出し、開発元に似た名前のサーバーへ接続する。",
        "Before dawn the genuine updater of an accounting package begins to leave one library too many. The same library \
         starts at the Tax Collection Agency, the Invention Examination Agency and the Ministry of Communications \
         Infrastructure, and talks to a server whose name resembles the vendor's.",
    ],
    starts: Moment::at(3, 32),
    organisations: &["zeimu", "hatsumei", "tsushin"],
    rules: &["rundll32_from_program_data"],
    observables: &[(Address, "192.0.2.210"), (Domain, HOME_NAME), (Hash, LIBRARY)],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let updates =
        [("zeimu", Moment::at(3, 32)), ("hatsumei", Moment::at(3, 47)), ("tsushin", Moment::at(4, 5))];
    for (key, start) in updates {
        for desk in 0..3 {
            let mut site = stage.site(key);
            let client = site.place.client(20 + desk * 9);
            let at = start.plus(desk as f64 * 260.0);
            let updater = "C:\\Program Files\\Maruyama\\Kaikei\\MaruyamaUpdater.exe";
            site.browse(at, client, "update.maruyama-soft.example", "/updater/core-4.2.2.cab", "Computers");
            let library = "C:\\ProgramData\\Maruyama\\libkaikei.dll";
            site.file(at.plus(9.0), &client.host, SYSTEM, updater, library);
            let rundll = "C:\\Windows\\System32\\rundll32.exe";
            site.start(&Start {
                at: at.plus(14.0),
                host: &client.host,
                user: SYSTEM,
                image: rundll,
                command: "rundll32.exe C:\\ProgramData\\Maruyama\\libkaikei.dll,Init",
                parent: updater,
                parent_command: updater,
                integrity: "System",
            });
            site.load(at.plus(14.2), &client.host, SYSTEM, rundll, (library, LIBRARY));
            for round in 0..6 {
                let at = at.plus(75.0 + f64::from(round) * 3_600.0);
                site.resolve(at, client.address, HOME_NAME, "A", &HOME.to_string());
                site.connect(at.plus(0.1), (&client.host, client.address), SYSTEM, rundll, (HOME, 443));
                let request = Request {
                    method: "POST",
                    bytes: 190,
                    ..Request::get(at.plus(0.2), HOME_NAME, "/v1/t", client.agent)
                };
                site.fetch(client, HOME, "Computers", &request);
                site.fetch_on_the_wire(client, HOME, &request);
            }
        }
    }
}
