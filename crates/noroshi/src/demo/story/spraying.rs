//! One password for everybody, before the day begins.

use std::net::Ipv4Addr;

use base::ObservableKind::Address;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::write::{Request, syslog};

const ATTACKER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 140);
const SECOND: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 141);

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "password_spraying",
    name: ["パスワードスプレー攻撃", "Password spraying"],
    summary: [
        "早朝、医療福祉省のウェブメールに対し、少数のパスワードが多数の職員アカウントで順に試される。4アカウントがロックされ、\
         1アカウントが破られて、そのままVPN接続に使われる。",
        "Early in the morning a few passwords are tried on many accounts at the web mail of the Ministry of Health Care \
         and Welfare. Four accounts are locked, one is taken, and it is used at the VPN gateway at once.",
    ],
    starts: Moment::at(6, 42),
    organisations: &["iryo"],
    rules: &[
        "webmail_logon_by_script",
        "logon_failure_from_public_address",
        "logon_from_public_address",
        "account_locked_out",
    ],
    observables: &[(Address, "192.0.2.140"), (Address, "192.0.2.141")],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("iryo");
    let host = format!("webmail.{}", site.place.domain);
    let script = "python-requests/2.32.3";
    let attempt = |at| Request {
        method: "POST",
        status: 302,
        bytes: 0,
        ..Request::get(at, &host, "/owa/auth.owa", script)
    };
    let mut at = Moment::at(6, 42);
    for round in 0..2 {
        for desk in 0..72_usize {
            let user = site.place.client(desk * 3).person.user.clone();
            let why = if desk % 9 == 4 { "0xc0000064" } else { "0xc000006a" };
            site.visit(ATTACKER, &attempt(at));
            site.logon_failure(at.plus(0.2), "EX01", &user, ATTACKER, why);
            if round == 1 && desk % 19 == 2 {
                site.locked_out(at.plus(0.5), &user, "EX01");
            }
            at = at.plus(20.0 + site.dice.unit() * 15.0);
        }
    }
    let victim = site.place.client(51);
    let user = victim.person.user.as_str();
    let inside = Moment::at(8, 6);
    site.visit(ATTACKER, &attempt(inside));
    site.logon(inside.plus(0.2), "EX01", user, 3, ATTACKER);
    site.visit(
        ATTACKER,
        &Request { bytes: 61_204, ..Request::get(inside.plus(4.0), &host, "/owa/", script) },
    );

    let later = inside.plus(290.0);
    let gateway = format!("vpn01.{}", site.place.domain);
    let data = format!("[session@32473 user=\"{user}\" src=\"{SECOND}\" method=\"password\"]");
    let text = format!("user {user} authenticated from {SECOND}, assigned {}", victim.address);
    let line = syslog::rfc5424(site.day, later, 86, &gateway, ("sslvpnd", 733, "AUTH"), &data, &text);
    site.log(later, "vpn/gateway.log", line);
    site.logon(later.plus(30.0), "FS01", user, 3, victim.address);
    for number in 0..40 {
        let file = format!("総務課\\調達\\{:03}.pdf", number * 7);
        site.share(later.plus(40.0 + f64::from(number)), "FS01", user, victim.address, ("kyoyu", &file));
    }
}
