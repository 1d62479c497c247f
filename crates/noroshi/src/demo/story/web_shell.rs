//! A page that should not be there, and what the web server does because of it.

use std::net::Ipv4Addr;

use base::ObservableKind::Address;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::Start;
use crate::demo::place::AGENTS;
use crate::demo::write::Request;
use crate::demo::write::eve::Alert;

const ATTACKER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 88);
const WORKER: &str = "C:\\Windows\\System32\\inetsrv\\w3wp.exe";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "web_shell",
    name: ["ウェブシェルの設置", "A web shell"],
    summary: [
        "国土保全省の申請受付サイトにプログラムが送り込まれ、ブラウザーからの要求でサーバー上のコマンドが実行される。\
         攻撃者は内部の名前と経路を調べ、30分ほどで姿を消す。",
        "A program is uploaded to the application site of the Ministry of Land Conservation, and requests from a browser \
         become commands on the server. The attacker looks around for half an hour and leaves.",
    ],
    starts: Moment::at(4, 22),
    organisations: &["kokudo"],
    rules: &[
        "script_in_upload_folder",
        "command_in_query",
        "iis_worker_starts_shell",
        "whoami_run",
        "suricata_severe_alert",
    ],
    observables: &[(Address, "192.0.2.88")],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("kokudo");
    let host = site.place.web_name();
    let start = Moment::at(4, 22);
    site.visit(ATTACKER, &page(&host, start, "GET", "/shinsei/upload.aspx", "", 9_120));
    site.visit(ATTACKER, &page(&host, start.plus(35.0), "POST", "/shinsei/upload.aspx", "", 812));
    let shell = "/upload/2026/supp0rt.aspx";
    let pool = "c:\\windows\\system32\\inetsrv\\w3wp.exe -ap \"ShinseiPool\" -v \"v4.0\"";
    site.file(
        start.plus(35.4),
        "WEB01",
        "IIS APPPOOL\\ShinseiPool",
        WORKER,
        "D:\\inetpub\\shinsei\\upload\\2026\\supp0rt.aspx",
    );
    let commands = [
        "whoami",
        "hostname",
        "ipconfig /all",
        "net user /domain",
        "nltest /domain_trusts",
        "dir D:\\inetpub",
        "tasklist",
        "netstat -ano",
        "type D:\\inetpub\\shinsei\\web.config",
        "arp -a",
        "route print",
        "quser",
    ];
    for (number, command) in commands.into_iter().enumerate() {
        let at = start.plus(90.0 + number as f64 * 140.0 + site.dice.unit() * 40.0);
        let query = format!("cmd={}", command.replace(' ', "+"));
        let request = page(&host, at, "GET", shell, &query, 600 + command.len() as u64 * 31);
        site.visit(ATTACKER, &request);
        let flow = site.flow(ATTACKER, site.place.web(), 80);
        site.http(&flow, &request);
        if number % 4 == 0 {
            let alert = Alert {
                number: 2_034_508,
                signature: "ET WEB_SERVER ASPX WebShell Command Execution Attempt",
                category: "Successful Administrator Privilege Gain",
                severity: 1,
                blocked: false,
            };
            site.alert(at.plus(0.1), &flow, &alert, Some(&request));
        }
        let line = format!("\"cmd.exe\" /c {command}");
        let cmd = "C:\\Windows\\System32\\cmd.exe";
        let start = |at, image, command, parent, parent_command| Start {
            at,
            host: "WEB01",
            user: "IIS APPPOOL\\ShinseiPool",
            image,
            command,
            parent,
            parent_command,
            integrity: "High",
        };
        site.start(&start(at.plus(0.2), cmd, &line, WORKER, pool));
        if command == "whoami" {
            site.start(&start(at.plus(0.3), "C:\\Windows\\System32\\whoami.exe", "whoami", cmd, &line));
        }
    }
}

fn page<'a>(
    host: &'a str,
    at: Moment,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    bytes: u64,
) -> Request<'a> {
    Request { method, query, bytes, ..Request::get(at, host, path, AGENTS[1]) }
}
