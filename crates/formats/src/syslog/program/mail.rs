//! Mail servers: Postfix and its like.

use super::{Fields, word_after};

/// `4A1B2C: from=<a@example.org>, size=1, nrcpt=1 (queue active)`, `connect from host[10.0.0.1]`,
/// `NOQUEUE: reject: RCPT from unknown[10.0.0.1]: 554 …; from=<a> to=<b> proto=ESMTP helo=<c>`,
/// `Login: user=<bob>, method=PLAIN, rip=10.0.0.1, lip=10.0.0.2`.
pub(super) fn read(part: &str, message: &str, fields: &mut Fields<'_>) -> bool {
    fields.push("postfix.component", part);
    if let Some((queue, _)) = message.split_once(": ")
        && (6..=20).contains(&queue.len())
        && queue.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        fields.push("queueid", queue);
    }
    if message.contains("reject: ") {
        fields.push("event.action", "reject");
    }
    let client = word_after(message, "connect from ")
        .or_else(|| word_after(message, "lost connection after ").and_then(|_| word_after(message, " from ")))
        .or_else(|| word_after(message, " from ").filter(|_| message.contains("reject: ")))
        .or_else(|| word_after(message, "warning: ").filter(|word| word.contains('[')))
        .or_else(|| word_after(message, "client="));
    let client = client.and_then(bracketed);
    if let Some((host, address)) = client {
        fields.push("source.ip", address);
        fields.push("source.domain", if host == "unknown" { "" } else { host });
    }
    let mut found = client.is_some();
    for pair in message.split([' ', ',', ';']).filter_map(|word| word.split_once('=')) {
        let (key, value) = pair;
        let value = value.trim_matches(['<', '>']);
        let name = match key {
            "from" | "to" | "orig_to" | "message-id" | "helo" | "status" | "dsn" | "size" | "nrcpt"
            | "proto" => key,
            "sasl_username" | "user" => "user.name",
            "rip" => "source.ip",
            "lip" => "destination.ip",
            "relay" => {
                if let Some((host, address)) = bracketed(value) {
                    fields.push("destination.ip", address);
                    fields.push("destination.domain", host);
                }
                "relay"
            }
            _ => continue,
        };
        found = true;
        fields.push(name, value);
    }
    found
}

/// `host[10.0.0.1]:25`: host and address.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = text.split_once('[')?;
    let (address, _) = rest.split_once(']')?;
    super::super::is_address(address).then_some((host, address))
}
