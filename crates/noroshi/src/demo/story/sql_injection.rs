//! 2012: a hole in the news page, then another front page.

use std::net::Ipv4Addr;

use base::ObservableKind::Address;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::place::AGENTS;
use crate::demo::write::eve::Alert;
use crate::demo::write::{Request, syslog};

const ATTACKER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 44);

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "sql_injection",
    name: ["SQLインジェクションによるウェブサイトの改ざん", "SQL injection and a defaced front page"],
    summary: [
        "未明、内務文化省の公開ウェブサイトのお知らせ画面がSQLインジェクションで破られ、管理者の資格情報を奪われる。\
         画像用フォルダーに置かれたプログラムからトップページが書き換えられ、約50分後に復旧する。",
        "Before dawn the news page of the Ministry of Home and Cultural Affairs is broken by SQL injection and an \
         administrator's credentials are taken. A script placed in the image folder rewrites the front page; it is \
         restored about fifty minutes later.",
    ],
    starts: Moment::at(2, 14),
    organisations: &["naibu"],
    rules: &[
        "sql_injection_in_uri",
        "attack_tool_user_agent",
        "suricata_severe_alert",
        "script_in_upload_folder",
        "command_in_query",
        "web_server_runs_shell",
        "web_server_changes_page",
    ],
    observables: &[(Address, "192.0.2.44")],
    verdict: Verdict::Threat,
    tell,
};

const PAYLOADS: [&str; 8] = [
    "id=412'",
    "id=412 AND 1=1",
    "id=412' UNION ALL SELECT NULL,NULL,NULL-- -",
    "id=412' UNION ALL SELECT NULL,CONCAT(0x7176,version(),0x7162),NULL-- -",
    "id=412' AND (SELECT 5512 FROM(SELECT COUNT(*),CONCAT(0x71,FLOOR(RAND(0)*2))x FROM information_schema.tables GROUP BY x)a)-- -",
    "id=412' AND SLEEP(5)-- -",
    "id=-1' UNION SELECT login,password,3 FROM admin_users-- -",
    "id=412' ORDER BY 4-- -",
];

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("naibu");
    let host = site.place.web_name();
    let tool = "sqlmap/1.8.11#stable (https://sqlmap.org)";
    let mut at = Moment::at(2, 14);
    for number in 0..140_usize {
        let query = PAYLOADS[number % PAYLOADS.len()];
        let status = if number % 3 == 0 { 500 } else { 200 };
        let request =
            Request { query, status, bytes: 4_100, ..Request::get(at, &host, "/news/detail.php", tool) };
        site.visit(ATTACKER, &request);
        if number % 8 == 3 {
            let flow = site.flow(ATTACKER, site.place.web(), 80);
            let alert = Alert {
                number: 2_006_446,
                signature: "ET WEB_SERVER Possible SQL Injection Attempt UNION SELECT",
                category: "Web Application Attack",
                severity: 1,
                blocked: false,
            };
            site.alert(at, &flow, &alert, Some(&request));
        }
        at = at.plus(2.0 + site.dice.unit() * 9.0);
    }

    // By hand now: the administrator's page, and a program among the banners.
    site.visit(ATTACKER, &page(&host, Moment::at(2, 38), "GET", "/admin/login.php", "", 200));
    site.visit(ATTACKER, &page(&host, Moment::at(2, 38).plus(21.0), "POST", "/admin/login.php", "", 302));
    site.visit(ATTACKER, &page(&host, Moment::at(2, 40), "POST", "/admin/banner_upload.php", "", 200));
    for (minute, command) in
        [(41, "id"), (42, "cat+/etc/passwd"), (47, "whoami"), (50, "ls+-la+/var/www/html")]
    {
        let at = Moment::at(2, minute);
        let query = format!("cmd={command}");
        site.visit(ATTACKER, &page(&host, at, "GET", "/img/banner/b01.php", &query, 200));
        let (event, plain) = (40_000 + minute as u64, command.replace('+', " "));
        let shell = ("/usr/bin/dash", "web-exec");
        for text in syslog::audit_run(site.day, at.plus(0.1), event, 33, shell, &["sh", "-c", &plain]) {
            site.log(at.plus(0.1), "linux/audit.log", text);
        }
    }
    let defaced = Moment::at(2, 51);
    for (number, path) in ["/var/www/html/index.html", "/var/www/html/img/header.png"].into_iter().enumerate()
    {
        let at = defaced.plus(number as f64);
        let write = ("/usr/sbin/php-fpm8.2", path, "web-root");
        for text in syslog::audit_write(site.day, at, 40_100 + number as u64, write) {
            site.log(at, "linux/audit.log", text);
        }
    }
    site.visit(ATTACKER, &Request { bytes: 1_337, ..page(&host, defaced.plus(9.0), "GET", "/", "", 200) });

    // The operators restore the page.
    let restored = Moment::at(3, 40);
    let (from, pid) = (site.place.server(200), Some(7_741));
    let text =
        format!("Accepted publickey for ops from {from} port 51022 ssh2: ED25519 SHA256:Zr0bB3c0QkH4n1T9");
    site.syslog(restored, "linux/auth.log", ("web1", "sshd"), pid, &text);
    let text = "     ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/rsync -a /srv/master/ /var/www/html/";
    site.syslog(restored.plus(65.0), "linux/auth.log", ("web1", "sudo"), None, text);
}

fn page<'a>(
    host: &'a str,
    at: Moment,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    status: u16,
) -> Request<'a> {
    Request { method, query, status, ..Request::get(at, host, path, AGENTS[2]) }
}
