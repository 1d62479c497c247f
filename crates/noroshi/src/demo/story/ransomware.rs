//! The evening before everything is encrypted.

use base::ObservableKind::Address;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::Start;
use crate::demo::site::Site;
use crate::demo::write::windows::Channel;

const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const PSEXEC: &str = "C:\\Windows\\PSEXESVC.exe";
const SYSTEM: &str = "NT AUTHORITY\\SYSTEM";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "ransomware",
    name: ["ランサムウェアの前兆", "The evening before ransomware"],
    summary: [
        "年金給付機構の端末で認証情報がメモリーから抜き取られ、管理者権限でファイルサーバーとドメインコントローラーへ横展開される。\
         ウイルス対策の停止、シャドウコピーの削除、ログの消去へと進み、暗号化は目前である。",
        "At the Pension Benefits Organisation credentials are taken from a desk's memory and used to move to the file server \
         and the domain controller. Protection is switched off, shadow copies are deleted, the log is cleared: encryption \
         is next.",
    ],
    starts: Moment::at(18, 22),
    organisations: &["nenkin"],
    rules: &[
        "lsass_memory_dump",
        "lsass_memory_access",
        "psexec_service_installed",
        "program_written_to_admin_share",
        "defender_switched_off",
        "defender_switched_off_by_command",
        "shadow_copies_deleted",
        "recovery_switched_off",
        "event_log_cleared",
    ],
    observables: &[(Address, "10.21.10.53")],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("nenkin");
    let desk = site.place.client(33);
    let user = site.account(&desk.person.user);
    let at = Moment::at(18, 22);
    let dump = "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 712 C:\\Windows\\Temp\\s.dmp full";
    let rundll = "C:\\Windows\\System32\\rundll32.exe";
    run(&mut site, at, &desk.host, &user, rundll, dump, CMD);
    site.access(at.plus(0.3), &desk.host, &user, (rundll, "C:\\Windows\\System32\\lsass.exe"), "0x1FFFFF");
    site.file(at.plus(1.0), &desk.host, &user, rundll, "C:\\Windows\\Temp\\s.dmp");

    for (host, address, start) in [
        ("FS01", site.place.server(20), Moment::at(18, 41)),
        ("AP01", site.place.server(40), Moment::at(18, 58)),
        ("DC01", site.place.controller(), Moment::at(19, 5)),
    ] {
        let flow = site.flow(desk.address, address, 445);
        site.connection(start.plus(9.0), &flow, "smb", (480_000, 12_000), 8.0);
        site.logon(start, host, "adm-unyo", 3, desk.address);
        site.share(start.plus(0.5), host, "adm-unyo", desk.address, ("ADMIN$", "PSEXESVC.exe"));
        site.service(start.plus(1.0), host, "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe");
        let own = vec![
            ("EventType", "CreatePipe".to_owned()),
            ("ProcessGuid", site.dice.guid()),
            ("ProcessId", "1460".to_owned()),
            ("PipeName", "\\PSEXESVC".to_owned()),
            ("Image", PSEXEC.to_owned()),
            ("User", SYSTEM.to_owned()),
        ];
        site.sysmon(start.plus(1.4), host, 17, own);
        run(&mut site, start.plus(2.0), host, SYSTEM, CMD, "cmd.exe", PSEXEC);
        run(
            &mut site,
            start.plus(40.0),
            host,
            SYSTEM,
            "C:\\Windows\\System32\\net.exe",
            "net group \"Domain Admins\" /domain",
            CMD,
        );
        run(
            &mut site,
            Moment::at(19, 20).plus(start.0 as f64 / 1e9),
            host,
            SYSTEM,
            POWERSHELL,
            "powershell.exe Set-MpPreference -DisableRealtimeMonitoring $true",
            CMD,
        );
        let product = vec![
            ("Product Name", "Microsoft Defender Antivirus".to_owned()),
            ("Product Version", "4.18.24090.11".to_owned()),
        ];
        site.windows(Moment::at(19, 21), host, (Channel::Defender, 5001), product);
        let wiped = Moment::at(19, 48).plus(start.0 as f64 / 1e9);
        let wipe = [
            ("C:\\Windows\\System32\\vssadmin.exe", "vssadmin.exe delete shadows /all /quiet"),
            ("C:\\Windows\\System32\\bcdedit.exe", "bcdedit.exe /set {default} recoveryenabled No"),
            ("C:\\Windows\\System32\\wevtutil.exe", "wevtutil.exe cl Security"),
        ];
        for (number, (image, command)) in wipe.into_iter().enumerate() {
            run(&mut site, wiped.plus(number as f64 * 11.0), host, SYSTEM, image, command, CMD);
        }
        let who = vec![
            ("SubjectUserSid", "S-1-5-18".to_owned()),
            ("SubjectUserName", "SYSTEM".to_owned()),
            ("SubjectDomainName", "NT AUTHORITY".to_owned()),
            ("SubjectLogonId", "0x3e7".to_owned()),
        ];
        site.security(wiped.plus(24.0), host, 1102, who);
    }
}

fn run(site: &mut Site<'_>, at: Moment, host: &str, user: &str, image: &str, command: &str, parent: &str) {
    site.start(&Start {
        at,
        host,
        user,
        image,
        command,
        parent,
        parent_command: parent,
        integrity: if user == SYSTEM { "System" } else { "High" },
    });
}
