//! Log-in, name, address and web daemons, and the kernel's packet filter. Each says whether it knew the message.

use super::{Fields, between, word_after};
use crate::{access, time};

/// `Failed password for invalid user bob from 10.0.0.1 port 22 ssh2`, `Accepted publickey for bob from …`,
/// `Invalid user bob from …`, `Disconnected from authenticating user root 10.0.0.1 port 59402 [preauth]`.
pub(super) fn sshd(message: &str, fields: &mut Fields<'_>) -> bool {
    let outcome = match message.split(' ').next().unwrap_or_default() {
        "Accepted" => "success",
        "Failed" | "Invalid" => "failure",
        _ if message.contains("authentication failure") => "failure",
        _ => "",
    };
    fields.push("event.outcome", outcome);
    if let Some(method) = message.strip_prefix("Accepted ").or_else(|| message.strip_prefix("Failed ")) {
        fields.push("ssh.method", method.split(' ').next().unwrap_or_default());
    }
    let user = word_after(message, " for invalid user ")
        .or_else(|| word_after(message, " for illegal user "))
        .or_else(|| word_after(message, "Invalid user "))
        .or_else(|| word_after(message, "authenticating user "))
        .or_else(|| word_after(message, "invalid user "))
        .or_else(|| word_after(message, " for user "))
        .or_else(|| word_after(message, " from user "))
        .or_else(|| word_after(message, " for ").filter(|_| !outcome.is_empty()));
    // `Invalid user  from 10.0.0.1` has no name.
    let user = user.filter(|user| *user != "from");
    fields.push("user.name", user.unwrap_or_default());
    if pam(message, fields) {
        return true;
    }
    let address = message.split([' ', ',']).find(|word| super::super::is_address(word));
    if let Some(address) = address {
        fields.push("source.ip", address);
        let port = message.split_once(address).and_then(|(_, after)| word_after(after, "port "));
        fields.push("source.port", port.unwrap_or_default().trim_end_matches(':'));
    }
    address.is_some() || user.is_some()
}

/// `bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls -la`, with a complaint before `TTY` on failure.
pub(super) fn sudo(message: &str, fields: &mut Fields<'_>) -> bool {
    let Some((user, rest)) = message.split_once(" : ") else { return false };
    if !rest.contains("COMMAND=") && !rest.contains("TTY=") {
        return false;
    }
    fields.push("user.name", user.trim());
    for part in rest.split(" ; ") {
        match part.split_once('=') {
            // The command is last and may hold anything.
            Some(("COMMAND", _)) => break,
            Some((key, value)) if key.bytes().all(|b| b.is_ascii_uppercase()) => fields.push(key, value),
            _ => fields.push("event.reason", part.trim()),
        }
    }
    if let Some((_, command)) = rest.split_once("COMMAND=") {
        fields.push("COMMAND", command);
    }
    true
}

/// `FAILED SU (to root) bob on pts/0`, `Successful su for root by bob`, `'su root' failed for bob on /dev/pts/8`.
pub(super) fn su(message: &str, fields: &mut Fields<'_>) -> bool {
    let failed = message.contains("FAILED") || message.contains(" failed ");
    let target = between(message, "(to ", ")")
        .or_else(|| word_after(message, "su for "))
        .or_else(|| between(message, "'su ", "'"));
    let user = word_after(message, " by ")
        .or_else(|| word_after(message, "failed for "))
        .or_else(|| word_after(message, ") "));
    let Some(target) = target else { return false };
    fields.push("user.target.name", target);
    fields.push("user.name", user.unwrap_or_default());
    fields.push("event.outcome", if failed { "failure" } else { "success" });
    true
}

/// `(root) CMD (run-parts /etc/cron.hourly)`.
pub(super) fn cron(message: &str, fields: &mut Fields<'_>) -> bool {
    let Some((user, rest)) = message.strip_prefix('(').and_then(|rest| rest.split_once(") ")) else {
        return false;
    };
    fields.push("user.name", user);
    let (action, command) = rest.split_once(" (").unwrap_or((rest, ""));
    fields.push("event.action", action);
    fields.push("process.command_line", command.strip_suffix(')').unwrap_or(command).trim());
    true
}

/// `pam_unix(sshd:auth): authentication failure; logname= uid=0 … rhost=10.0.0.1 user=root`, and
/// `pam_unix(cron:session): session opened for user root by (uid=0)`.
pub(super) fn pam(message: &str, fields: &mut Fields<'_>) -> bool {
    let Some((module, text)) =
        message.find("pam_").and_then(|at| message.get(at..)).and_then(|rest| rest.split_once("): "))
    else {
        return false;
    };
    let (said, pairs) = text.split_once("; ").unwrap_or((text, ""));
    fields.push("pam_module", module.split('(').next().unwrap_or_default());
    fields.push("pam_message", said);
    let user = word_after(pairs, " user=").or_else(|| word_after(said, "for user ")).unwrap_or_default();
    fields.push("pam_user", user.split('(').next().unwrap_or_default());
    fields.push("pam_rhost", word_after(pairs, "rhost=").unwrap_or_default());
    true
}

/// `client @0x7f 10.0.0.1#52998 (id.example): query: id.example IN A + (10.0.0.53)`.
pub(super) fn named(message: &str, fields: &mut Fields<'_>) -> bool {
    let Some((_, rest)) = message.split_once("client ") else { return false };
    let mut words = rest.split(' ').filter(|word| !word.starts_with('@'));
    fields.source(words.next().unwrap_or_default().trim_end_matches(':'));
    if let Some((_, query)) = rest.split_once("query: ") {
        let mut words = query.split(' ');
        fields.push("query", words.next().unwrap_or_default());
        fields.push("record_type", words.nth(1).unwrap_or_default());
    } else if let Some(name) = between(rest, "(", ")") {
        fields.push("query", name);
        let denied = rest.contains("denied");
        fields.push("event.outcome", if denied { "failure" } else { "" });
    }
    true
}

/// `[901988:0] query: 10.0.0.1 name.example. PTR IN`, `[1:0] info: 10.0.0.1 name.example. A IN`.
pub(super) fn unbound(message: &str, fields: &mut Fields<'_>) -> bool {
    let Some((_, rest)) = message.split_once("query: ").or_else(|| message.split_once("info: ")) else {
        return false;
    };
    let mut words = rest.split(' ');
    let (Some(address), Some(query), Some(kind)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    if !super::super::is_address(address) {
        return false;
    }
    fields.push("source.ip", address);
    fields.push("query", query.trim_end_matches('.'));
    fields.push("record_type", kind);
    true
}

/// `query[A] name.example from 10.0.0.1`, `reply name.example is 10.0.0.2`.
pub(super) fn dnsmasq(message: &str, fields: &mut Fields<'_>) -> bool {
    if let Some((kind, rest)) = message.strip_prefix("query[").and_then(|rest| rest.split_once("] ")) {
        let (query, client) = rest.split_once(" from ").unwrap_or((rest, ""));
        fields.push("record_type", kind);
        fields.push("query", query);
        fields.source(client);
        return true;
    }
    let Some((query, answer)) = message.strip_prefix("reply ").and_then(|rest| rest.split_once(" is "))
    else {
        return false;
    };
    fields.push("query", query);
    fields.push("answer", answer);
    true
}

/// `DHCPACK on 10.0.0.5 to 00:01:02:03:04:05 (laptop) via eth0`.
pub(super) fn dhcpd(message: &str, fields: &mut Fields<'_>) -> bool {
    let action = message.split([' ', '(']).next().unwrap_or_default();
    if !action.starts_with("DHCP") {
        return false;
    }
    fields.push("event.action", action);
    let address = word_after(message, " on ").or_else(|| word_after(message, " for "));
    fields.push("client.ip", address.filter(|word| super::super::is_address(word)).unwrap_or_default());
    let hardware =
        message.split(' ').find(|word| word.len() == 17 && word.bytes().filter(|b| *b == b':').count() == 5);
    fields.push("client.mac", hardware.unwrap_or_default());
    fields.push("client.name", between(message, " (", ")").unwrap_or_default());
    true
}

/// `10.0.0.1:56000 [12/Dec/2020:12:12:12.123] front back/server 0/0/0/1/1 200 1234 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`.
pub(super) fn haproxy(message: &str, fields: &mut Fields<'_>) -> bool {
    let Some((client, rest)) = message.split_once(' ') else { return false };
    let (address, port) = super::super::split_port(client);
    if port.is_empty() || !super::super::is_address(address) {
        return false;
    }
    let Some((stamp, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
        return false;
    };
    fields.event.time = time::read(stamp).or(fields.event.time);
    fields.source(client);
    let mut words = rest.split(' ');
    fields.push("haproxy.frontend_name", words.next().unwrap_or_default());
    fields.push("haproxy.backend_name", words.next().unwrap_or_default());
    let Some((_, request)) = rest.split_once('"') else { return true };
    let mut status = words.skip(1);
    fields.push("sc-status", status.next().unwrap_or_default());
    fields.push("sc-bytes", status.next().unwrap_or_default());
    access::push_request(fields.format, request.trim_end_matches('"'), fields.names, fields.event);
    true
}

/// Whether a message is the packet filter's.
pub(in super::super) fn is_packet(message: &str) -> bool {
    message.contains("SRC=") && message.contains("DST=")
}

/// `[UFW BLOCK] IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.2 PROTO=TCP SPT=1 DPT=22 SYN`.
pub(super) fn packet(message: &str, fields: &mut Fields<'_>) -> bool {
    if !is_packet(message) {
        return false;
    }
    let mark = message.split("IN=").next().unwrap_or_default();
    let mark = mark.rsplit("] ").find(|part| !part.trim().is_empty()).unwrap_or(mark);
    fields.push("event.action", mark.trim_matches(['[', ']', ' ', ':']));
    let pairs = message.find("IN=").and_then(|at| message.get(at..)).unwrap_or(message);
    fields.pairs(pairs) > 0
}
