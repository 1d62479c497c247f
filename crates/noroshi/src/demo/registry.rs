//! The world's organisations for the registry's import (`docs/operators/registry.md`).

use std::fmt::Write;

use super::member::{Kind, Member};
use super::place::Place;

/// All of them, as one YAML file.
pub(super) fn yaml(places: &[Place]) -> String {
    let mut text = String::from("organisations:\n");
    for place in places {
        // Writing to a string cannot fail.
        let _ = organisation(&mut text, place);
    }
    text
}

fn organisation(text: &mut String, place: &Place) -> std::fmt::Result {
    let Member { key, name_ja, name_en, kind, parent, .. } = place.member;
    writeln!(
        text,
        "  - key: {key}\n    name_ja: {name_ja}\n    name_en: \"{name_en}\"\n    kind: {}",
        word(*kind)
    )?;
    if let Some(parent) = parent {
        writeln!(text, "    parent: {parent}")?;
    }
    let (number, domain) = (place.number, &place.domain);
    writeln!(text, "    order: {}\n    networks:", u16::from(number) * 10)?;
    let mut owned = |value: String, criticality: &str, system: &str, class: &str| {
        write!(text, "      - {{ value: \"{value}\", criticality: {criticality}, system: \"{system}\"")?;
        if !class.is_empty() {
            write!(text, ", device_class: {class}")?;
        }
        writeln!(text, " }}")
    };
    owned(format!("10.{number}.0.0/16"), "medium", "庁内ネットワーク", "")?;
    owned(format!("10.{number}.1.0/24"), "high", "業務サーバー", "server")?;
    owned(format!("{}/32", place.controller()), "high", "認証基盤", "server")?;
    owned(format!("198.18.{number}.0/24"), "medium", "公開セグメント", "")?;
    owned(format!("{}/32", place.web()), "high", "公開ウェブサイト", "server")?;
    owned(format!("{}/32", place.mail()), "high", "メール中継", "server")?;
    owned(format!("{}/32", place.egress()), "medium", "プロキシ", "proxy")?;
    owned(format!("2001:db8:{number:x}::/48"), "medium", "公開セグメント", "")?;
    writeln!(text, "    domains:\n      - {domain}\n    mail_domains:\n      - {domain}\n    hosts:")?;
    for (host, system) in [
        ("DC01", "認証基盤"),
        ("FS01", "ファイルサーバー"),
        ("EX01", "メール"),
        ("WEB01", "公開ウェブサイト"),
    ] {
        let name = place.full(host).to_lowercase();
        writeln!(
            text,
            "      - {{ value: {name}, criticality: high, system: \"{system}\", device_class: server }}"
        )?;
    }
    Ok(())
}

const COLUMNS: [&str; 36] = [
    "record",
    "organisation",
    "key",
    "name_ja",
    "name_en",
    "kind",
    "valid_from",
    "valid_until",
    "post_ja",
    "post_en",
    "mail",
    "phone",
    "language",
    "person",
    "channels",
    "hours",
    "deputies",
    "manager",
    "criticality",
    "confidentiality",
    "integrity",
    "availability",
    "rto_minutes",
    "internet_facing",
    "place",
    "name",
    "system",
    "vendor",
    "version",
    "cpe",
    "purl",
    "purpose",
    "end_of_support",
    "priority",
    "systems",
    "day",
];

/// Invented family names; the numbers of their readings agree.
const FAMILIES: [(&str, &str); 12] = [
    ("青井", "Aoi"),
    ("江田", "Eda"),
    ("加納", "Kano"),
    ("北見", "Kitami"),
    ("久世", "Kuze"),
    ("佐和", "Sawa"),
    ("瀬川", "Segawa"),
    ("高遠", "Takato"),
    ("名和", "Nawa"),
    ("能登", "Noto"),
    ("羽生", "Hanyu"),
    ("美作", "Mimasaka"),
];

/// People, contacts, systems and what belongs to them, as one table.
pub(super) fn csv(places: &[Place]) -> String {
    let mut text = format!("{},servers\n", COLUMNS.join(","));
    for place in places {
        belongings(&mut text, place);
        consolidation(&mut text, place);
    }
    text
}

/// How the servers of an invented government became fewer: web and mail servers left of each thousand there once were.
const CONSOLIDATION: [(&str, [u32; 2]); 6] = [
    ("2022-03-31", [1000, 1000]),
    ("2023-03-31", [905, 840]),
    ("2024-03-31", [790, 665]),
    ("2025-03-31", [702, 540]),
    ("2026-03-31", [664, 491]),
    ("2026-06-30", [651, 478]),
];

/// What an organisation reported of its servers, year by year.
fn consolidation(text: &mut String, place: &Place) {
    let number = u32::from(place.number);
    let once = [18 + number * 7 % 41, 30 + number * 11 % 67];
    for (day, left) in CONSOLIDATION {
        for ((kind, once), left) in ["web", "mail"].into_iter().zip(once).zip(left) {
            let servers = (once * left).div_ceil(1000).to_string();
            let cells = [("kind", kind), ("day", day), ("servers", servers.as_str())];
            row(text, "server_count", place.member.key, &cells);
        }
    }
}

fn belongings(text: &mut String, place: &Place) {
    let Member { key, name_ja, name_en, .. } = place.member;
    let (number, domain) = (usize::from(place.number), place.domain.as_str());
    let phone = |last: usize| format!("03-5555-{:02}{last:02}", number % 100);
    let posts = [
        ("ciso", "最高情報セキュリティ責任者", "Chief information security officer"),
        ("csirt-head", "CSIRT責任者", "Head of the CSIRT"),
        ("system-head", "情報システムセキュリティ責任者", "Information system security officer"),
    ];
    for (place_of, (person, post_ja, post_en)) in posts.into_iter().enumerate() {
        let (ja, en) = FAMILIES[(number * 3 + place_of * 5) % FAMILIES.len()];
        let mail = format!("{}@{domain}", en.to_lowercase());
        let cells = [
            ("key", person),
            ("name_ja", ja),
            ("name_en", en),
            ("post_ja", post_ja),
            ("post_en", post_en),
            ("mail", &mail),
            ("phone", &phone(place_of + 1)),
        ];
        row(text, "person", key, &cells);
    }
    let contact =
        |text: &mut String, own: [&str; 4], person: &str, deputies: &str, hours: &str, channels: &str| {
            let [kind, contact, ja, en] = own;
            let cells = [
                ("key", contact),
                ("kind", kind),
                ("name_ja", &format!("{name_ja} {ja}")),
                ("name_en", &format!("{name_en}, {en}")),
                ("person", person),
                ("deputies", deputies),
                ("hours", hours),
                ("channels", channels),
            ];
            row(text, "contact", key, &cells);
        };
    let csirt = format!("mail:csirt@{domain}; phone:{}; fax:{}", phone(10), phone(11));
    contact(
        text,
        ["csirt", "csirt", "CSIRT", "CSIRT"],
        "",
        "csirt-head system-head",
        "平日9時30分から18時15分まで",
        &csirt,
    );
    let office = format!("mail:ciso@{domain}; phone:{}", phone(1));
    contact(
        text,
        ["ciso_office", "ciso", "CISO室", "CISO office"],
        "ciso",
        "csirt-head",
        "平日9時30分から18時15分まで",
        &office,
    );
    let night = format!("phone:{}; mail:duty@{domain}", phone(24));
    contact(text, ["around_the_clock", "night", "当直", "duty desk"], "", "", "24時間", &night);

    // Shape of a system: key, names, criticality, confidentiality, minutes to recover, on the internet, where.
    let systems = [
        ["portal", "公開ウェブサイト", "Public website", "high", "1", "240", "yes", "cloud"],
        ["mail", "メール", "Mail", "high", "2", "480", "yes", "both"],
        ["directory", "認証基盤", "Directory", "high", "2", "120", "no", "own"],
        ["files", "ファイルサーバー", "File servers", "medium", "2", "1440", "no", "own"],
        ["closed", "機密文書管理システム", "Classified document system", "high", "3", "720", "no", "own"],
    ];
    for [system, ja, en, criticality, confidentiality, rto, facing, stands] in systems {
        let cells = [
            ("key", system),
            ("name_ja", ja),
            ("name_en", en),
            ("manager", "system-head"),
            ("criticality", criticality),
            ("confidentiality", confidentiality),
            ("rto_minutes", rto),
            ("internet_facing", facing),
            ("place", stands),
        ];
        row(text, "system", key, &cells);
    }
    let servers = [
        ("web", "WEB01", "portal"),
        ("mail", "EX01", "mail"),
        ("directory", "DC01", "directory"),
        ("file", "FS01", "files"),
    ];
    for (kind, host, system) in servers {
        let name = place.full(host).to_lowercase();
        row(
            text,
            "server",
            key,
            &[("kind", kind), ("name", &name), ("system", system), ("valid_from", "2021-04-01")],
        );
    }
    // Products of makers that do not exist; some are no longer repaired.
    let ends = ["2026-06-30", "2027-10-12", "2029-03-31"];
    let software = [
        ("portal", "Kitsune HTTP Server", "kitsune", "http_server", "4.2", "installed", ends[number % 3]),
        ("mail", "Hayate Mail", "hayate", "mail", "11.0", "installed", ends[(number + 1) % 3]),
        ("portal", "Mado PDF Viewer", "mado", "pdf_viewer", "9.1", "recommended", ends[(number + 2) % 3]),
    ];
    for (system, product, vendor, name, version, purpose, end) in software {
        let cells = [
            ("system", system),
            ("name", product),
            ("vendor", vendor),
            ("version", version),
            ("cpe", &format!("cpe:2.3:a:{vendor}:{name}:{version}:*:*:*:*:*:*:*")),
            ("purpose", purpose),
            ("end_of_support", end),
        ];
        row(text, "software", key, &cells);
    }
    let functions = [
        ("permits", "許認可事務", "Permits", "1", "480", "mail files"),
        ("publicity", "広報", "Publicity", "3", "1440", "portal"),
        ("policy", "政策立案", "Policy", "2", "960", "mail files closed"),
    ];
    for (function, ja, en, priority, rto, systems) in functions {
        let cells = [
            ("key", function),
            ("name_ja", ja),
            ("name_en", en),
            ("priority", priority),
            ("rto_minutes", rto),
            ("systems", systems),
        ];
        row(text, "function", key, &cells);
    }
}

/// Nothing in this world holds a quotation mark.
fn row(text: &mut String, record: &str, organisation: &str, cells: &[(&str, &str)]) {
    let value = |column: &str| match column {
        "record" => record,
        "organisation" => organisation,
        _ => cells.iter().find(|(name, _)| *name == column).map_or("", |(_, value)| value),
    };
    for column in COLUMNS {
        // Writing to a string cannot fail.
        let _ = write!(text, "\"{}\",", value(column));
    }
    let _ = writeln!(text, "{}", value("servers"));
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Centre => "centre",
        Kind::Ministry => "ministry",
        Kind::Agency => "agency",
        Kind::Incorporated => "incorporated",
    }
}
