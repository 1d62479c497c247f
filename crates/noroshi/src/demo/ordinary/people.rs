//! What people do at their desks.

use crate::demo::clock::Moment;
use crate::demo::desk::Start;
use crate::demo::internet::{CORRESPONDENTS, DESTINATIONS, address_of};
use crate::demo::place::Client;
use crate::demo::site::Site;
use crate::demo::write::{Attachment, Letter, Request, syslog};

const EXPLORER: &str = "C:\\Windows\\explorer.exe";
const EDGE: &str = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe";

/// Programs people start, with what they open and the folder they write to.
const PROGRAMS: [(&str, &str, &str); 8] = [
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE", "予算要求一覧.xlsx", "Documents"),
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE", "起案文書.docx", "Documents"),
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\POWERPNT.EXE", "説明資料.pptx", "Documents"),
    (
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE",
        "",
        "AppData\\Local\\Microsoft\\Outlook",
    ),
    ("C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\Acrobat.exe", "通知.pdf", "Downloads"),
    ("C:\\Windows\\System32\\notepad.exe", "メモ.txt", "Documents"),
    ("C:\\Program Files\\JustSystems\\ICHITARO.EXE", "議事録.jtd", "Documents"),
    ("C:\\Program Files\\7-Zip\\7zFM.exe", "資料一式.zip", "Downloads"),
];
const SUBJECTS: [&str; 8] = [
    "会議資料の送付について",
    "Re: 日程調整のお願い",
    "【周知】庁舎設備の点検",
    "調査票の提出依頼",
    "Fwd: 報道発表資料(案)",
    "議事録の確認をお願いします",
    "打合せの件",
    "メールマガジン 第482号",
];

fn somebody<'a>(site: &mut Site<'a>) -> &'a Client {
    let desk = site.dice.below(site.place.clients.len() as u64) as usize;
    site.place.client(desk)
}

/// Somebody looks at a site: a name, a page and what the page pulls in.
pub(super) fn browse(site: &mut Site<'_>, at: Moment) {
    let client = somebody(site);
    let destination = site.dice.pick_skewed(&DESTINATIONS);
    let server = address_of(destination.host);
    if site.dice.chance(0.6) {
        site.resolve(at, client.address, destination.host, "A", &server.to_string());
    }
    let requests = site.dice.between(1, 4);
    for number in 0..requests {
        let path = *site.dice.pick_skewed(destination.paths);
        let request = Request {
            https: !destination.plain,
            bytes: site.dice.size(9_000),
            kind: kind_of(path),
            ..Request::get(at.plus(0.05 + number as f64 * 0.4), destination.host, path, client.agent)
        };
        site.fetch(client, server, destination.category, &request);
        if number == 0 {
            site.fetch_on_the_wire(client, server, &request);
        }
    }
    if site.dice.chance(0.15) {
        let user = site.account(&client.person.user);
        site.lookup(at, &client.host, &user, EDGE, (destination.host, &server.to_string()));
    }
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "application/javascript",
        Some("css") => "text/css",
        Some("jpg") => "image/jpeg",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("json") => "application/json",
        Some("cab" | "bin" | "ts") => "application/octet-stream",
        _ => "text/html",
    }
}

/// Somebody starts a program and saves a file.
pub(super) fn work(site: &mut Site<'_>, at: Moment) {
    let client = somebody(site);
    let user = site.account(&client.person.user);
    let (image, document, folder) = *site.dice.pick_skewed(&PROGRAMS);
    let home = format!("C:\\Users\\{}", client.person.user);
    let command = if document.is_empty() {
        format!("\"{image}\"")
    } else {
        format!("\"{image}\" \"{home}\\{folder}\\{document}\"")
    };
    site.start(&Start {
        at,
        host: &client.host,
        user: &user,
        image,
        command: &command,
        parent: EXPLORER,
        parent_command: EXPLORER,
        integrity: "Medium",
    });
    if site.dice.chance(0.7) {
        let path = format!("{home}\\{folder}\\~${}{document}", site.dice.below(90));
        site.file(at.plus(2.0), &client.host, &user, image, &path);
    }
    if site.dice.chance(0.4) {
        let value = "HKU\\S-1-5-21\\Software\\Microsoft\\Office\\16.0\\Common\\Open Find\\Last";
        site.set_value(at.plus(2.5), &client.host, &user, image, (value, &home));
    }
    if site.dice.chance(0.3) {
        let server = address_of("office.kumo-office.example");
        site.connect(at.plus(3.0), (&client.host, client.address), &user, image, (server, 443));
    }
    if site.dice.chance(0.2) {
        let antivirus = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24090\\MsMpEng.exe";
        site.access(at.plus(0.2), &client.host, "NT AUTHORITY\\SYSTEM", (antivirus, image), "0x1410");
    }
    if site.dice.chance(0.3) {
        let library = "C:\\Windows\\System32\\taskschd.dll";
        site.load(at.plus(0.3), &client.host, &user, image, (library, "taskschd.dll"));
    }
}

/// Somebody opens files on the file server.
pub(super) fn open_share(site: &mut Site<'_>, at: Moment) {
    const FILES: [&str; 5] = [
        "総務課\\文書管理\\起案.docx",
        "共通\\座席表.xlsx",
        "会計\\支出一覧.xlsx",
        "広報\\原稿.docx",
        "共通\\様式集.zip",
    ];
    let client = somebody(site);
    site.ticket(at, &client.person.user, "FS01$", client.address);
    for number in 0..site.dice.between(1, 3) {
        let path = *site.dice.pick(&FILES);
        site.share(
            at.plus(0.4 + number as f64),
            "FS01",
            &client.person.user,
            client.address,
            ("kyoyu", path),
        );
    }
}

/// Somebody sits down and signs in.
pub(super) fn sign_in(site: &mut Site<'_>, at: Moment) {
    let client = somebody(site);
    let user = site.account(&client.person.user);
    site.ticket(at, &client.person.user, "krbtgt", client.address);
    site.ticket(at.plus(0.1), &client.person.user, &format!("{}$", client.host), client.address);
    site.logon(
        at.plus(0.3),
        &client.host,
        &client.person.user,
        2,
        "127.0.0.1".parse().unwrap_or(client.address),
    );
    site.logon(at.plus(0.5), "DC01", &client.person.user, 3, client.address);
    site.start(&Start {
        at: at.plus(1.0),
        host: &client.host,
        user: &user,
        image: EXPLORER,
        command: "C:\\Windows\\Explorer.EXE",
        parent: "C:\\Windows\\System32\\userinit.exe",
        parent_command: "C:\\Windows\\system32\\userinit.exe",
        integrity: "Medium",
    });
}

/// Somebody mistypes a password, sometimes until the account is locked.
pub(super) fn mistype_password(site: &mut Site<'_>, at: Moment) {
    let client = somebody(site);
    let locked = site.dice.chance(0.06);
    let times = if locked { 5 } else { site.dice.between(1, 2) };
    for number in 0..times {
        site.logon_failure(
            at.plus(number as f64 * 6.0),
            "DC01",
            &client.person.user,
            client.address,
            "0xc000006a",
        );
    }
    if locked {
        site.locked_out(at.plus(31.0), &client.person.user, &client.host);
    }
}

/// Somebody works from home: the gateway's lines in RFC 5424.
pub(super) fn work_remotely(site: &mut Site<'_>, at: Moment) {
    let client = somebody(site);
    let from = site.dice.visitor();
    let (user, pid) = (client.person.user.clone(), 700 + site.dice.below(90));
    let host = format!("vpn01.{}", site.place.domain);
    let data = format!("[session@32473 user=\"{user}\" src=\"{from}\" method=\"certificate+password\"]");
    let inside = client.address;
    let text = format!("user {user} authenticated from {from}, assigned {inside}");
    let line = syslog::rfc5424(site.day, at, 86, &host, ("sslvpnd", pid, "AUTH"), &data, &text);
    site.log(at, "vpn/gateway.log", line);
    let later = at.plus(600.0 + site.dice.unit() * 14_000.0);
    let text = format!("user {user} disconnected, session closed by client");
    let line = syslog::rfc5424(site.day, later, 86, &host, ("sslvpnd", pid, "CLOSE"), &data, &text);
    site.log(later, "vpn/gateway.log", line);
}

/// A mail comes in, sometimes with a document.
pub(super) fn receive(site: &mut Site<'_>, at: Moment) {
    const DOCUMENTS: [(&str, &str); 4] = [
        ("siryo.pdf", "application/pdf"),
        ("chosahyo.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("annai.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("shashin.jpg", "image/jpeg"),
    ];
    let client = somebody(site);
    let sender = *site.dice.pick_skewed(&CORRESPONDENTS);
    let number = site.dice.below(400);
    let (name, kind) = *site.dice.pick(&DOCUMENTS);
    let sha256 = site.dice.hex(64);
    let bytes = site.dice.size(90_000);
    let attachment = site.dice.chance(0.25).then_some(Attachment { name, kind, sha256: &sha256, bytes });
    let (from, to) =
        (format!("tanto{number}@{sender}"), format!("{}@{}", client.person.user, site.place.domain));
    let relay = format!("mx.{sender}");
    site.receive(&Letter {
        at,
        from: &from,
        from_name: "",
        to: &to,
        subject: SUBJECTS[number as usize % SUBJECTS.len()],
        relay: &relay,
        relay_address: address_of(&relay),
        bytes: bytes + 3_000,
        attachment,
    });
}

/// A mail goes out.
pub(super) fn send(site: &mut Site<'_>, at: Moment) {
    let client = somebody(site);
    let recipient = *site.dice.pick_skewed(&CORRESPONDENTS);
    let (from, to) = (
        format!("{}@{}", client.person.user, site.place.domain),
        format!("tanto{}@{recipient}", site.dice.below(400)),
    );
    let (relay, bytes) = (format!("mx.{recipient}"), site.dice.size(30_000));
    site.send(&Letter {
        at,
        from: &from,
        from_name: &client.person.name,
        to: &to,
        subject: SUBJECTS[0],
        relay: &relay,
        relay_address: address_of(&relay),
        bytes,
        attachment: None,
    });
}
