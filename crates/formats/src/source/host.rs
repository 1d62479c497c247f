//! What comes by syslog from hosts, and plain text.

use super::{Clue, Clues, Source};

/// By the program that speaks. A program nobody knows is one on some Unix machine: product `linux`, service `syslog`.
pub(super) fn syslog(clues: &Clues<'_>) -> Source {
    let program = clues.value(Clue::Program);
    if let Some(source) = network_device(program) {
        return source;
    }
    let name = program.split(['(', '/']).find(|part| !part.is_empty()).unwrap_or_default();
    let auth = clues.has(Clue::PamModule) || matches!(clues.value(Clue::Facility), "auth" | "authpriv");
    let auth = if auth { "auth" } else { "" };
    match name {
        "" if auth.is_empty() && !clues.has(Clue::Facility) => Source::default(),
        "sshd" | "sshd-session" | "sshd-auth" => {
            Source::new("linux", &["sshd", "auth", "syslog"], &["authentication"])
        }
        "sudo" => Source::new("linux", &["sudo", "auth", "syslog"], &["authentication"]),
        "su" | "login" | "pkexec" | "polkitd" | "systemd-logind" | "useradd" | "userdel" | "usermod"
        | "groupadd" | "passwd" | "chpasswd" | "gdm-password" => {
            Source::new("linux", &["auth", "syslog"], &["authentication"])
        }
        "CRON" | "cron" | "crond" | "CROND" | "crontab" | "anacron" => {
            Source::new("linux", &["cron", "syslog", auth], &[])
        }
        "auditd" | "audispd" | "audisp-syslog" => Source::new("linux", &["auditd", "syslog"], &[]),
        "clamd" | "clamscan" | "freshclam" | "clamav" | "clamonacc" => {
            Source::new("linux", &["clamav", "syslog"], &["antivirus"])
        }
        "vsftpd" => Source::new("linux", &["vsftpd", "syslog"], &[]),
        "guacd" | "guacamole" => Source::new("linux", &["guacamole", "syslog"], &[]),
        "named" | "unbound" | "dnsmasq" => {
            let categories: &[&str] = if clues.has(Clue::DnsQuery) { &["dns"] } else { &[] };
            Source::new("linux", &[name, "syslog"], categories)
        }
        "httpd" | "apache" | "apache2" => web("apache", clues),
        "nginx" => web("nginx", clues),
        "haproxy" => web("haproxy", clues),
        "squid" | "squid-1" => Source::new("squid", &["access"], &["proxy"]),
        "RT_FLOW" => Source::new("juniper", &["rt_flow", "syslog"], &["firewall"]),
        "CheckPoint" => Source::new("checkpoint", &["syslog"], &["firewall"]),
        "filterlog" => Source::new("pfsense", &["filterlog"], &["firewall"]),
        "ModSecurity" | "mod_security" => Source::new("modsecurity", &[], &["webserver"]),
        _ if name.starts_with("com.apple.") => Source::new("macos", &["syslog"], &[]),
        _ => Source::new("linux", &["syslog", auth], &[]),
    }
}

fn web(product: &str, clues: &Clues<'_>) -> Source {
    let categories: &[&str] = if clues.has(Clue::WebRequest) { &["webserver"] } else { &[] };
    Source::new(product, &[product], categories)
}

/// Cisco's `FACILITY-SEVERITY-MNEMONIC`, Huawei's `01MODULE/SEVERITY/NAME`, Juniper's routing daemon.
fn network_device(program: &str) -> Option<Source> {
    if program == "rpd" {
        return Some(Source::new("juniper", &["bgp"], &[]));
    }
    if let Some(module) = program.strip_prefix("01").filter(|module| module.contains('/')) {
        let service = module.split('/').next().unwrap_or_default().to_ascii_lowercase();
        return Some(Source::new("huawei", &[&service], &[]));
    }
    let mut parts = program.split('-');
    let facility = parts.next().filter(|facility| {
        facility.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })?;
    let severity = parts.any(|part| matches!(part.as_bytes(), [b'0'..=b'7']));
    if !severity {
        return None;
    }
    Some(match facility {
        "ASA" | "FTD" | "PIX" | "FWSM" => Source::new("cisco", &["asa", "syslog"], &["firewall"]),
        // Commands are logged by accounting, by the parser and by what changes the configuration.
        "AAA" | "AAAA" | "PARSER" | "SEC_LOGIN" | "HA_EM" | "SYS" => {
            Source::new("cisco", &["aaa", "syslog"], &[])
        }
        "BGP" | "TCP" | "IP" => Source::new("cisco", &["bgp", "syslog"], &[]),
        "LDP" | "TDP" | "TAGCON" => Source::new("cisco", &["ldp", "syslog"], &[]),
        _ => Source::new("cisco", &["syslog"], &[]),
    })
}

/// Text says nothing of where it came from, unless it is a web server's error log or holds a record of another kind.
pub(super) fn text(clues: &Clues<'_>) -> Source {
    if clues.has(Clue::ApacheError) {
        Source::new("apache", &["apache", "error"], &[])
    } else if clues.has(Clue::NginxError) {
        Source::new("nginx", &["nginx", "error"], &[])
    } else if clues.has(Clue::WebRequest) {
        Source::new("", &[], &["webserver"])
    } else if clues.has(Clue::DnsQuery) {
        Source::new("", &[], &["dns"])
    } else {
        Source::default()
    }
}
