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

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Centre => "centre",
        Kind::Ministry => "ministry",
        Kind::Agency => "agency",
        Kind::Incorporated => "incorporated",
    }
}
