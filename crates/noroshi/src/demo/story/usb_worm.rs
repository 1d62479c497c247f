//! A worm of 2012 that still finds its way: a memory stick, then the neighbours.

use base::ObservableKind::Hash;
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::Start;
use crate::demo::write::eve::Alert;

const WORM: &str = "story:usb_worm";
const RUNDLL: &str = "C:\\Windows\\System32\\rundll32.exe";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "usb_worm",
    name: ["USBメモリーを介したワーム感染", "A worm from a memory stick"],
    summary: [
        "農水食料省の端末に挿されたUSBメモリーからワームが動き出し、別のUSBメモリーへ自身を書き込むとともに、\
         管理共有を通じて庁内の端末14台へ広がる。",
        "A memory stick brings a worm to a desk of the Ministry of Agriculture, Fisheries and Food. It writes itself to \
         the next stick and spreads over administrative shares to fourteen more desks.",
    ],
    starts: Moment::at(9, 4),
    organisations: &["nosui"],
    rules: &[
        "autorun_on_other_drive",
        "rundll32_from_other_drive",
        "program_written_to_admin_share",
        "suricata_severe_alert",
    ],
    observables: &[(Hash, WORM)],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("nosui");
    let first = site.place.client(41);
    let user = site.account(&first.person.user);
    let at = Moment::at(9, 4);
    let command =
        "rundll32.exe E:\\RECYCLER\\S-5-3-42-2819952290-8240758988-879315005-3665\\jwgkvsq.vmx,ahaezedrn";
    let explorer = "C:\\Windows\\explorer.exe";
    site.start(&Start {
        at,
        host: &first.host,
        user: &user,
        image: RUNDLL,
        command,
        parent: explorer,
        parent_command: explorer,
        integrity: "Medium",
    });
    site.load(at.plus(0.4), &first.host, &user, RUNDLL, ("E:\\RECYCLER\\S-5-3-42\\jwgkvsq.vmx", WORM));
    site.file(at.plus(2.0), &first.host, &user, RUNDLL, "C:\\Windows\\System32\\kqxzt.dll");
    for (minutes, path) in
        [(6.0, "F:\\autorun.inf"), (6.1, "F:\\RECYCLER\\S-5-3-42\\jwgkvsq.vmx"), (95.0, "G:\\autorun.inf")]
    {
        site.file(at.plus(minutes * 60.0), &first.host, &user, RUNDLL, path);
    }

    for neighbour in 0..14 {
        let at = at.plus(900.0 + neighbour as f64 * 420.0 + site.dice.unit() * 200.0);
        let next = site.place.client(43 + neighbour * 5);
        for _ in 0..3 {
            site.logon_failure(at, &next.host, "administrator", first.address, "0xc000006a");
        }
        let flow = site.flow(first.address, next.address, 445);
        let alert = Alert {
            number: 2_009_201,
            signature: "ET WORM Conficker.b SMB Propagation Attempt",
            category: "A Network Trojan was detected",
            severity: 1,
            blocked: false,
        };
        site.alert(at.plus(2.0), &flow, &alert, None);
        site.connection(at.plus(5.0), &flow, "smb", (171_000, 4_200), 3.0);
        let user_name = first.person.user.as_str();
        site.share(at.plus(6.0), &next.host, user_name, first.address, ("ADMIN$", "System32\\kqxzt.dll"));
        site.start(&Start {
            at: at.plus(60.0),
            host: &next.host,
            user: "NT AUTHORITY\\SYSTEM",
            image: RUNDLL,
            command: "rundll32.exe kqxzt.dll,ahaezedrn",
            parent: "C:\\Windows\\System32\\taskeng.exe",
            parent_command: "taskeng.exe {C1} S-1-5-18:NT AUTHORITY\\System:Service:",
            integrity: "System",
        });
        let library = ("C:\\Windows\\System32\\kqxzt.dll", WORM);
        site.load(at.plus(60.4), &next.host, "NT AUTHORITY\\SYSTEM", RUNDLL, library);
    }
}
