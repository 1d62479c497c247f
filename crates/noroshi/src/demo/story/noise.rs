//! What looks like an attack and is none: the centre's own scanner, an administrator at night.

use std::net::Ipv4Addr;

use base::ObservableKind::Address;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::write::Request;

/// The centre's scanner; `content/allow` knows it.
const SCANNER_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 200);

pub(in crate::demo) static SCANNER: Plot = Plot {
    key: "centre_scanner",
    name: ["センターによる脆弱性検査(正常)", "The centre's own scanner (normal)"],
    summary: [
        "政府情報防護センターが、承認された検査として公監庁、学科省、古文書館の公開ウェブサーバーを調べる。\
         規則は反応するが、検査元が許可リストにあるため正常と判定される。",
        "The centre inspects the public servers of three organisations, as approved. Rules speak up, and the judge calls \
         it normal because the scanner's address is on the allow-list.",
    ],
    starts: Moment::at(22, 0),
    organisations: &["koeki", "gakujutsu", "kobunsho"],
    rules: &["sql_injection_in_uri", "attack_tool_user_agent"],
    observables: &[(Address, "198.18.1.200")],
    verdict: Verdict::Normal,
    tell: scan,
};

fn scan(stage: &mut Stage<'_>) {
    const QUERIES: [&str; 5] = [
        "id=1' UNION SELECT NULL,NULL-- -",
        "q=<script>alert(1)</script>",
        "file=../../../../etc/passwd",
        "id=1' AND SLEEP(0)-- -",
        "page=//shindan.centre.go.example/probe",
    ];
    for (key, late) in [("koeki", 0.0), ("gakujutsu", 480.0), ("kobunsho", 960.0)] {
        let mut site = stage.site(key);
        let host = site.place.web_name();
        for number in 0..60_usize {
            let at = Moment::at(22, 0).plus(late + number as f64 * 7.0 + site.dice.unit());
            let agent = "Mozilla/5.0 (compatible; Nikto/2.5.0; shindan@centre.go.example)";
            let path = ["/", "/search", "/news/index.html", "/shinsei/index.html"][number % 4];
            let status = if number % 3 == 0 { 200 } else { 403 };
            let query = QUERIES[number % QUERIES.len()];
            site.visit(SCANNER_ADDRESS, &Request { query, status, ..Request::get(at, &host, path, agent) });
        }
    }
}

pub(in crate::demo) static ADMINISTRATOR: Plot = Plot {
    key: "night_administrator",
    name: ["夜間の運用作業(正常)", "An administrator at night (normal)"],
    summary: [
        "財政計画省の運用担当者が、保守時間帯に既知の管理端末からPsExecで更新を配布する。\
         攻撃でも使われる道具だが、許可された作業である。",
        "An operator of the Ministry of Fiscal Planning distributes an update with PsExec from the known management host \
         within the maintenance window: an attacker's tool, and permitted work.",
    ],
    starts: Moment::at(1, 12),
    organisations: &["zaisei"],
    rules: &["psexec_service_installed", "program_written_to_admin_share"],
    observables: &[],
    verdict: Verdict::Normal,
    tell: administrate,
};

fn administrate(stage: &mut Stage<'_>) {
    let mut site = stage.site("zaisei");
    let from = site.place.server(200);
    for (number, host) in ["AP01", "FS01", "DB01"].into_iter().enumerate() {
        let at = Moment::at(1, 12).plus(number as f64 * 95.0);
        site.logon(at, host, "adm-unyo", 3, from);
        site.share(at.plus(0.4), host, "adm-unyo", from, ("ADMIN$", "PSEXESVC.exe"));
        site.service(at.plus(0.8), host, "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe");
    }
}
