//! What comes from the internet: citizens, and the noise that every public address hears.

use std::net::Ipv4Addr;

use crate::demo::clock::Moment;
use crate::demo::place::AGENTS;
use crate::demo::site::Site;
use crate::demo::write::eve::Alert;
use crate::demo::write::firewall::Session;
use crate::demo::write::{Flow, Request};

const PAGES: [&str; 16] = [
    "/",
    "/css/style.css",
    "/js/main.js",
    "/img/header.png",
    "/news/index.html",
    "/news/2026/kohyo-0412.html",
    "/shinsei/index.html",
    "/shinsei/yoshiki-3.pdf",
    "/policy/plan/keikaku.html",
    "/toukei/nenpo.xlsx",
    "/kisya/kaiken.html",
    "/soshiki/annai.html",
    "/en/index.html",
    "/bosyu/saiyo.html",
    "/rss/news.rdf",
    "/favicon.ico",
];
/// What the noise asks for, over and over, everywhere.
const PROBES: [&str; 8] = [
    "/wp-login.php",
    "/.env",
    "/phpmyadmin/index.php",
    "/xmlrpc.php",
    "/.git/config",
    "/HNAP1/",
    "/actuator/health",
    "/vendor/phpunit/phpunit/phpunit.xml",
];
const SCAN_ALERTS: [(u32, &str, &str, u16); 5] = [
    (2_402_000, "ET DROP Dshield Block Listed Source group 1", "Misc Attack", 8_443),
    (2_001_219, "ET SCAN Potential SSH Scan", "Attempted Information Leak", 22),
    (2_010_935, "ET SCAN Suspicious inbound to MSSQL port 1433", "Potentially Bad Traffic", 1_433),
    (
        2_023_753,
        "ET SCAN MS Terminal Server Traffic on Non-standard Port",
        "Attempted Information Leak",
        3_390,
    ),
    (2_403_300, "ET CINS Active Threat Intelligence Poor Reputation IP group 1", "Misc Attack", 443),
];

/// The scanners of the world: always somebody of 203.0.113.64/26.
fn scanner(site: &mut Site<'_>) -> Ipv4Addr {
    Ipv4Addr::new(203, 0, 113, site.dice.between(64, 120) as u8)
}

/// Somebody reads a few pages of the public site.
pub(super) fn visit(site: &mut Site<'_>, at: Moment) {
    let from = site.dice.visitor();
    let agent = *site.dice.pick(&AGENTS);
    let host = site.place.web_name();
    let referer = format!("https://{host}/");
    let mut when = at;
    for number in 0..site.dice.between(2, 6) {
        let path = if number == 0 && site.dice.chance(0.5) { "/" } else { *site.dice.pick_skewed(&PAGES) };
        let status = match site.dice.below(100) {
            0 => 404,
            1..12 if number > 0 => 304,
            _ => 200,
        };
        let request = Request {
            status,
            bytes: if status == 304 { 0 } else { site.dice.size(7_000) },
            referer: if number == 0 { "" } else { &referer },
            ..Request::get(when, &host, path, agent)
        };
        site.visit(from, &request);
        if number == 0 && site.dice.chance(0.25) {
            let flow = site.flow(from, site.place.web(), 80);
            site.http(&flow, &request);
        }
        when = when.plus(0.3 + site.dice.unit() * 9.0);
    }
}

/// The firewall refuses somebody.
pub(super) fn refused(site: &mut Site<'_>, at: Moment) {
    const DOORS: [(u16, &str); 7] = [
        (23, "TELNET"),
        (445, "SMB"),
        (3_389, "RDP"),
        (22, "SSH"),
        (5_900, "VNC"),
        (8_080, "HTTP-ALT"),
        (6_379, "REDIS"),
    ];
    let from = if site.dice.chance(0.7) { scanner(site) } else { site.dice.visitor() };
    let (port, service) = *site.dice.pick_skewed(&DOORS);
    let target = site.place.public(site.dice.between(2, 250) as u8);
    let flow = Flow { protocol: "TCP", ..site.flow(from, target, port) };
    site.firewall(&Session {
        at,
        flow,
        service,
        allowed: false,
        inbound: true,
        sent: 60,
        received: 0,
        seconds: 0,
    });
}

/// Somebody asks the web server for what other people's servers have.
pub(super) fn probe(site: &mut Site<'_>, at: Moment) {
    let from = scanner(site);
    let host = site.place.web().to_string();
    let path = *site.dice.pick(&PROBES);
    let request =
        Request { status: 404, bytes: 196, ..Request::get(at, &host, path, "Mozilla/5.0 zgrab/0.x") };
    site.visit(from, &request);
}

/// The sensor remarks on the noise.
pub(super) fn scan_alert(site: &mut Site<'_>, at: Moment) {
    let from = scanner(site);
    let (number, signature, category, port) = *site.dice.pick(&SCAN_ALERTS);
    let flow = site.flow(from, site.place.web(), port);
    site.alert(at, &flow, &Alert { number, signature, category, severity: 3, blocked: true }, None);
}

/// Somebody guesses accounts of the file exchange server.
pub(super) fn guess_ssh(site: &mut Site<'_>, at: Moment) {
    let from = scanner(site);
    let user = *site.dice.pick(&["admin", "test", "oracle", "ubuntu", "git"]);
    let (port, pid) = (site.dice.port(), 2_000 + site.dice.below(30_000));
    let sshd = ("sftp1", "sshd");
    site.syslog(
        at,
        "linux/auth.log",
        sshd,
        Some(pid),
        &format!("Invalid user {user} from {from} port {port}"),
    );
    let text = format!("Failed password for invalid user {user} from {from} port {port} ssh2");
    site.syslog(at.plus(2.1), "linux/auth.log", sshd, Some(pid), &text);
    let text = format!("Connection closed by invalid user {user} {from} port {port} [preauth]");
    site.syslog(at.plus(2.3), "linux/auth.log", sshd, Some(pid), &text);
}

/// Somebody guesses passwords at the mail relay.
pub(super) fn guess_mail(site: &mut Site<'_>, at: Moment) {
    let from = scanner(site);
    let pid = Some(20_000 + site.dice.below(9_000));
    let smtpd = ("mx1", "postfix/smtpd");
    site.syslog(at, "mail/maillog", smtpd, pid, &format!("connect from unknown[{from}]"));
    let text = format!("warning: unknown[{from}]: SASL LOGIN authentication failed: authentication failure");
    site.syslog(at.plus(1.0), "mail/maillog", smtpd, pid, &text);
    let text = format!("disconnect from unknown[{from}] ehlo=1 auth=0/1 quit=1 commands=2/3");
    site.syslog(at.plus(1.2), "mail/maillog", smtpd, pid, &text);
}
