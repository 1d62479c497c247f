//! Firewalls, proxies and other devices: CEF, LEEF, pairs, W3C columns.

use super::{Clue, Clues, Source};

/// What a record of a device says; the unknown source when it says nothing.
pub(super) fn source(clues: &Clues<'_>) -> Source {
    if clues.has(Clue::Vendor) {
        return vendor(clues);
    }
    let kind = clues.value(Clue::Type);
    if clues.has(Clue::AuditSequence) && clues.has(Clue::Type) {
        return Source::new("linux", &["auditd"], &[]);
    }
    if clues.has(Clue::SophosSystem) {
        return sophos(kind, clues.value(Clue::Subtype));
    }
    // FortiGate's event records leave the log's number out when an analyser relays them, others the device.
    if clues.has(Clue::Type)
        && clues.has(Clue::Subtype)
        && (clues.has(Clue::FortiLog) || clues.has(Clue::FortiDevice))
    {
        return fortinet(kind, clues.value(Clue::Subtype));
    }
    if clues.all(&[Clue::FortiOther, Clue::Type]) {
        // FortiMail, FortiWeb and their like.
        let source = fortinet(kind, clues.value(Clue::Subtype));
        return Source { product: "fortinet".to_owned(), ..source };
    }
    if clues.has(Clue::StormshieldFirewall) {
        let categories: &[&str] = match kind {
            "web" => &["proxy"],
            "filter" | "connection" | "alarm" | "" => &["firewall"],
            _ => &[],
        };
        return Source::new("stormshield", &[kind], categories);
    }
    if clues.has(Clue::PacketEndpoint) {
        return Source::new("linux", &["iptables", "syslog"], &["firewall"]);
    }
    // Nobody known: who asks for a URL is a proxy's client, who reaches a port a firewall's.
    if clues.all(&[Clue::SourceAddress, Clue::Url]) {
        return Source::new("", &[], &["proxy"]);
    }
    if clues.all(&[Clue::SourceAddress, Clue::DestinationPort]) {
        return Source::new("", &[], &["firewall"]);
    }
    Source::default()
}

/// FortiGate's `type` is the service SigmaHQ's rules ask for; `subtype` says what else it is.
fn fortinet(kind: &str, subtype: &str) -> Source {
    let categories: &[&str] = match (kind, subtype) {
        ("traffic", _) => &["firewall"],
        ("dns", _) => &["dns"],
        (_, "webfilter" | "http-transaction") => &["proxy"],
        (_, "dns") => &["dns"],
        (_, "virus") => &["antivirus"],
        (_, "waf") => &["webserver"],
        _ => &[],
    };
    Source::new("fortigate", &[kind, subtype], categories)
}

/// The old line says `sub`, the new one `log_type`.
fn sophos(kind: &str, subtype: &str) -> Source {
    let categories: &[&str] = match (kind, subtype) {
        (_, "packetfilter") | ("Firewall", _) => &["firewall"],
        (_, "http") | ("Content Filtering", _) => &["proxy"],
        ("Anti-Virus", _) => &["antivirus"],
        _ => &[],
    };
    Source::new("sophos", &[subtype], categories)
}

/// The vendor of a CEF or LEEF record as a product, with what its class or category tells.
fn vendor(clues: &Clues<'_>) -> Source {
    let vendor = clues.value(Clue::Vendor).to_ascii_lowercase();
    let product = clues.value(Clue::Product).to_ascii_lowercase();
    let class = clues.value(Clue::Class).to_ascii_lowercase();
    let category = clues.value(Clue::Category).to_ascii_lowercase();
    let is = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    if vendor == "fortinet" {
        // Newer releases say it in the name only: `traffic:forward close`.
        let name = clues.value(Clue::Name);
        let told = if category.is_empty() { name } else { &category };
        let told = told.split(' ').next().unwrap_or_default();
        let (kind, subtype) = told.split_once(':').unwrap_or((told, ""));
        return fortinet(kind, subtype);
    }
    if vendor.starts_with("palo alto") {
        let told = [class.as_str(), category.as_str()];
        let service = ["globalprotect", "traffic", "threat", "system", "config", "userid", "decryption"]
            .into_iter()
            .find(|service| {
                told.contains(service)
                    || product == *service
                    || clues.value(Clue::Name).eq_ignore_ascii_case(service)
            });
        let categories: &[&str] = match service {
            Some("traffic") => &["firewall"],
            Some("threat") if told.contains(&"url") => &["proxy"],
            Some("globalprotect") => &["appliance"],
            _ => &[],
        };
        return Source::new("paloalto", &[service.unwrap_or_default()], categories);
    }
    let categories: &[&str] =
        if is(&["proxy", "web security", "nssweblog", "web gateway", "secure web"], &product)
            || (vendor == "zscaler" && product.contains("web"))
            || (vendor == "forcepoint" && product == "security")
        {
            &["proxy"]
        } else if vendor.starts_with("incapsula")
            || vendor.starts_with("imperva")
            || is(&["waf", "asm"], &product)
        {
            &["webserver"]
        } else if is(
            &["firewall", "vpn-1", "ngfw", "fortigate", "xtm", "asa", "nssfwlog", "netscreen"],
            &product,
        ) || is(&["sonicwall", "watchguard"], &vendor)
        {
            // A firewall's log of its own doings has no port in it.
            if clues.has(Clue::DestinationPort) { &["firewall"] } else { &[] }
        } else if is(&["antimalware", "anti-malware", "virus", "malware"], &class)
            || is(
                &["antimalware", "anti-malware", "virus found"],
                &clues.value(Clue::Name).to_ascii_lowercase(),
            )
        {
            &["antivirus"]
        } else {
            &[]
        };
    let vendor = vendor.replace(' ', "");
    let service = product.replace(' ', "-");
    Source::new(&vendor, &[&service], categories)
}

/// What the columns of a W3C file tell of its writer.
pub(super) fn columns(clues: &Clues<'_>) -> Source {
    if clues.has(Clue::FirewallColumn) {
        Source::new("windows", &["pfirewall"], &["firewall"])
    } else if clues.has(Clue::IisColumn) {
        Source::new("iis", &["iis"], &["webserver"])
    } else if clues.has(Clue::EdgeColumn) {
        Source::new("aws", &["cloudfront"], &["webserver"])
    } else if clues.has(Clue::ProxyColumn) {
        Source::new("", &[], &["proxy"])
    } else if clues.has(Clue::PathColumn) {
        Source::new("", &[], &["webserver"])
    } else {
        Source::default()
    }
}
