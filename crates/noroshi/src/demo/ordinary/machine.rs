//! What machines do among themselves, day and night.

use crate::demo::clock::{HOUR, MINUTE, Moment};
use crate::demo::desk::Start;
use crate::demo::internet::address_of;
use crate::demo::member::Sensor;
use crate::demo::site::Site;
use crate::demo::write::eve;

const SYSTEM: &str = "NT AUTHORITY\\SYSTEM";
const SERVICES: &str = "C:\\Windows\\System32\\services.exe";
const SVCHOST: &str = "C:\\Windows\\System32\\svchost.exe";

/// Windows servers run what they always run.
pub(super) fn services(site: &mut Site<'_>, at: Moment) {
    const PROGRAMS: [(&str, &str); 6] = [
        ("C:\\Windows\\System32\\taskhostw.exe", "taskhostw.exe"),
        ("C:\\Windows\\System32\\wbem\\WmiPrvSE.exe", "C:\\Windows\\system32\\wbem\\wmiprvse.exe -Embedding"),
        ("C:\\Windows\\System32\\sppsvc.exe", "C:\\Windows\\system32\\sppsvc.exe"),
        ("C:\\Windows\\System32\\MpSigStub.exe", "C:\\Windows\\system32\\MpSigStub.exe /stub 1.1.24090"),
        ("C:\\Windows\\System32\\usoclient.exe", "C:\\Windows\\system32\\usoclient.exe StartScan"),
        ("C:\\Windows\\System32\\backgroundTaskHost.exe", "backgroundTaskHost.exe -ServerName:App"),
    ];
    let host = *site.dice.pick(&["FS01", "DC01", "AP01", "DB01", "WSUS01"]);
    let (image, command) = *site.dice.pick(&PROGRAMS);
    site.start(&Start {
        at,
        host,
        user: SYSTEM,
        image,
        command,
        parent: SVCHOST,
        parent_command: "C:\\Windows\\system32\\svchost.exe -k netsvcs -p",
        integrity: "System",
    });
    if site.dice.chance(0.4) {
        site.logon(at.plus(0.4), host, &format!("{host}$"), 3, site.place.controller());
    }
}

/// cron on the Linux servers.
pub(super) fn cron(site: &mut Site<'_>, at: Moment) {
    const JOBS: [(&str, &str); 5] = [
        ("root", "/usr/local/bin/backup-incremental --target /srv/backup"),
        ("root", "   cd / && run-parts --report /etc/cron.hourly"),
        ("www-data", "/usr/bin/php /var/www/app/artisan schedule:run"),
        ("postgres", "/usr/bin/vacuumdb --all --analyze-in-stages"),
        ("root", "test -x /usr/sbin/anacron || /usr/lib/apt/apt.systemd.daily"),
    ];
    let host = *site.dice.pick(&["web1", "db1", "sftp1", "mx1"]);
    let (user, job) = *site.dice.pick(&JOBS);
    let pid = Some(3_000 + site.dice.below(60_000));
    let cron = (host, "CRON");
    let number = if user == "root" { 0 } else { 33 };
    let text = format!("pam_unix(cron:session): session opened for user {user}(uid={number}) by (uid=0)");
    site.syslog(at, "linux/auth.log", cron, pid, &text);
    site.syslog(at.plus(0.02), "linux/auth.log", cron, pid, &format!("({user}) CMD ({job})"));
    let text = format!("pam_unix(cron:session): session closed for user {user}");
    site.syslog(at.plus(1.3), "linux/auth.log", cron, pid, &text);
}

/// Clients and servers talk, and the sensor sums it up.
pub(super) fn internal_traffic(site: &mut Site<'_>, at: Moment) {
    const TALK: [(u8, u16, &str); 5] =
        [(10, 88, "krb5"), (10, 389, "ldap"), (20, 445, "smb"), (20, 445, "smb"), (53, 123, "ntp")];
    let desk = site.dice.below(site.place.clients.len() as u64) as usize;
    let client = site.place.client(desk);
    let (last, port, service) = *site.dice.pick(&TALK);
    let flow = site.flow(client.address, site.place.server(last), port);
    let (sent, received) = (site.dice.size(1_800), site.dice.size(9_000));
    let seconds = 0.2 + site.dice.unit() * 90.0;
    site.connection(at.plus(seconds), &flow, service, (sent, received), seconds);
    // One field office was never registered: its addresses are nobody's until somebody says whose they are.
    if site.place.member.key == "kisho" && site.dice.chance(0.2) {
        let branch = std::net::Ipv4Addr::new(172, 20, 5, 10 + (desk % 40) as u8);
        let flow = site.flow(branch, site.place.server(20), 445);
        site.connection(at.plus(seconds + 1.0), &flow, "smb", (sent, received), seconds);
    }
}

/// Virus definitions and system updates arrive.
pub(super) fn update(site: &mut Site<'_>, at: Moment) {
    let desk = site.dice.below(site.place.clients.len() as u64) as usize;
    let client = site.place.client(desk);
    let (host, path) = *site.dice.pick(&[
        ("update.madosoft.example", "/v6/windows/catalog.cab"),
        ("definitions.mamori-antivirus.example", "/definitions/delta.bin"),
    ]);
    site.browse(at, client, host, path, "Computers");
}

/// Domain controllers and file servers copy to each other.
pub(super) fn replicate(site: &mut Site<'_>, at: Moment) {
    let flow = site.flow(site.place.server(20), site.place.server(30), 445);
    let bytes = (40_000_000 + site.dice.size(80_000_000), 1_200_000);
    site.connection(at.plus(240.0), &flow, "smb", bytes, 240.0);
    site.ticket(at, "DC02$", "DC01$", site.place.server(11));
    let user = "svc-backup";
    site.logon(at.plus(0.2), "FS01", user, 3, site.place.server(30));
    site.start(&Start {
        at: at.plus(1.0),
        host: "FS01",
        user: &site.account(user),
        image: "C:\\Windows\\System32\\Robocopy.exe",
        command: "robocopy D:\\kyoyu \\\\BK01\\kyoyu /MIR /R:1 /LOG:D:\\log\\copy.log",
        parent: "C:\\Windows\\System32\\taskeng.exe",
        parent_command: "taskeng.exe {A1} S-1-5-18:NT AUTHORITY\\System:Service:",
        integrity: "High",
    });
}

/// Administrators at work on Linux and Windows.
pub(super) fn maintain(site: &mut Site<'_>, at: Moment) {
    let from = site.place.server(200);
    let pid = Some(3_000 + site.dice.below(60_000));
    let (port, key) =
        (site.dice.port(), site.dice.letters(b"ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789", 43));
    let sshd = ("web1", "sshd");
    let text = format!("Accepted publickey for ops from {from} port {port} ssh2: ED25519 SHA256:{key}");
    site.syslog(at, "linux/auth.log", sshd, pid, &text);
    let text = "pam_unix(sshd:session): session opened for user ops(uid=1001) by (uid=0)";
    site.syslog(at.plus(0.1), "linux/auth.log", sshd, pid, text);
    let text = "     ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/systemctl reload apache2";
    site.syslog(at.plus(20.0), "linux/auth.log", ("web1", "sudo"), None, text);
    let text = "pam_unix(sshd:session): session closed for user ops";
    site.syslog(at.plus(140.0), "linux/auth.log", sshd, pid, text);
    let user = site.account("adm-unyo");
    site.start(&Start {
        at: at.plus(30.0),
        host: "AP01",
        user: &user,
        image: "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
        command: "powershell.exe -NoProfile -File C:\\Unyo\\inventory.ps1",
        parent: "C:\\Windows\\System32\\taskeng.exe",
        parent_command: "taskeng.exe {B7} S-1-5-18:NT AUTHORITY\\System:Service:",
        integrity: "High",
    });
}

/// The accounting package that half the government uses looks for updates, as it does every day.
pub(super) fn vendor_update(site: &mut Site<'_>, at: Moment) {
    let desk = site.dice.below(site.place.clients.len() as u64) as usize;
    let client = site.place.client(desk);
    let image = "C:\\Program Files\\Maruyama\\Kaikei\\MaruyamaUpdater.exe";
    site.start(&Start {
        at,
        host: &client.host,
        user: SYSTEM,
        image,
        command: "\"C:\\Program Files\\Maruyama\\Kaikei\\MaruyamaUpdater.exe\" /check",
        parent: SERVICES,
        parent_command: SERVICES,
        integrity: "System",
    });
    let server = address_of("update.maruyama-soft.example");
    site.connect(at.plus(0.5), (&client.host, client.address), SYSTEM, image, (server, 443));
    site.browse(at.plus(0.4), client, "update.maruyama-soft.example", "/updater/manifest.json", "Computers");
}

/// The sensor counts itself.
pub(super) fn counters(site: &mut Site<'_>, at: Moment) {
    if site.sensor() != Sensor::Suricata {
        return;
    }
    let uptime = 900_000 + (at.0 / 1_000_000) as u64;
    let packets = 40_000_000 + (at.0 / (HOUR / 60)) as u64 * 9_000 + (at.0 % MINUTE) as u64 / 9_000;
    let text = eve::stats(site.day, at, uptime, packets);
    site.log(at, "suricata/eve.json", text);
}
