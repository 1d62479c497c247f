//! `noroshi audit`: the end of the audit chain, printed or kept elsewhere.

use std::io::Write as _;

use anyhow::{anyhow, bail};
use base::Language;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use store::{Anchor, Head};

use super::{Exit, print_json, say};
use crate::args::AuditCommand;
use crate::centre::Centre;
use crate::config::Config;
use crate::{anchor, clock};

/// Characters of an address, as RFC 5321 bounds one.
const ADDRESS_BYTES_MAX: usize = 254;
/// Characters of a line of base64 (RFC 2045 section 6.8).
const BASE64_LINE_CHARACTERS: usize = 76;

/// Runs the command.
pub fn run(command: &AuditCommand) -> anyhow::Result<Exit> {
    match command {
        AuditCommand::Head { data, mail, language, json } => {
            let (centre, config) = (Centre::open_existing(data)?, Config::load(data.config.as_deref())?);
            let head = centre.runtime.block_on(store::audit_head(&centre.store))?;
            let head = head.ok_or_else(|| anyhow!("the audit trail has no line yet"))?;
            let anchor = Anchor { head, at: clock::now() };
            match mail {
                Some(to) => print(&message(&anchor, to, &config, language.unwrap_or(config.board.language))?),
                None if *json => print_json(&as_json(&anchor)),
                None => print(&format!("{anchor}\n")),
            }?;
        }
        AuditCommand::Anchor { data, to, json } => {
            let centre = Centre::open_existing(data)?;
            let anchor = centre.runtime.block_on(anchor::append(&centre.store, to, clock::now()))?;
            if *json {
                print_json(&as_json(&anchor))?;
            } else {
                say(&format!("{} holds {}", to.display(), anchor));
            }
        }
    }
    Ok(Exit::Done)
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn as_json(anchor: &Anchor) -> serde_json::Value {
    serde_json::json!({ "seq": anchor.head.seq, "hash": anchor.head.hash, "at": anchor.at })
}

/// A hash as people compare it, in groups of four.
fn grouped(head: &Head) -> String {
    let mut text = String::new();
    for (place, digit) in head.hash.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A mail that tells the head (RFC 5322), for a program like `sendmail -t`.
fn message(anchor: &Anchor, to: &str, config: &Config, language: Language) -> anyhow::Result<String> {
    let is_address = to.len() <= ADDRESS_BYTES_MAX
        && to.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && to.bytes().all(|byte| byte.is_ascii_graphic() && !b",;<>()".contains(&byte));
    if !is_address {
        bail!("{to:?} is not one mail address");
    }
    let site = config.serve.origin.as_deref().unwrap_or("http://localhost");
    let host = site.split("://").last().and_then(|rest| rest.split([':', '/']).next()).unwrap_or("localhost");
    let (subject, text) = words(anchor, site, language);
    let date = jiff::fmt::rfc2822::to_string(&base::japan(anchor.at))?;
    let id = anchor.head.hash.get(..32).unwrap_or_default();
    let body: Vec<String> = BASE64_STANDARD
        .encode(text)
        .as_bytes()
        .chunks(BASE64_LINE_CHARACTERS)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    Ok([
        &format!("From: noroshi@{host}"),
        &format!("To: {to}"),
        &format!("Subject: =?UTF-8?B?{}?=", BASE64_STANDARD.encode(subject)),
        &format!("Date: {date}"),
        &format!("Message-ID: <{id}.{}@{host}>", anchor.at.as_microsecond()),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        &body.join("\r\n"),
        "",
    ]
    .join("\r\n"))
}

fn words(anchor: &Anchor, site: &str, language: Language) -> (String, String) {
    let (seq, hash, at) = (anchor.head.seq, grouped(&anchor.head), anchor.at);
    let compare = format!("noroshi verify-audit --against '{}'", anchor.head);
    match language {
        Language::Ja => (
            format!("監査記録の末尾 {seq}"),
            format!(
                "{site} の監査記録は、{at} の時点で次の行まで記録されています。\n\n番号　　 {seq}\nハッシュ {hash}\n\n\
                 このメールを保管してください。後日、次の命令で、この行までの記録が書き換えられていないことを確かめられます。\n\n{compare}\n"
            ),
        ),
        Language::En => (
            format!("Audit trail, line {seq}"),
            format!(
                "At {at} the audit trail of {site} ended with this line.\n\nNumber {seq}\nHash   {hash}\n\nKeep this \
                 message. Later, this command says whether anything up to that line was rewritten:\n\n{compare}\n"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_says_the_head_in_either_language() {
        let hash = "0123456789abcdef".repeat(4);
        let anchor = Anchor {
            head: Head { seq: 12, hash: hash.clone() },
            at: "2026-04-01T00:00:00Z".parse().unwrap(),
        };
        let config = Config::default();
        for (language, word) in [(Language::Ja, "監査記録"), (Language::En, "audit trail")] {
            let mail = message(&anchor, "auditor@example.jp", &config, language).unwrap();
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 998), "{head}");
            assert!(head.contains("\r\nTo: auditor@example.jp\r\n"), "{head}");
            assert!(head.contains("\r\nDate: Wed, 1 Apr 2026 09:00:00 +0900\r\n"), "{head}");
            assert!(body.split("\r\n").all(|line| line.len() <= BASE64_LINE_CHARACTERS));
            let text = BASE64_STANDARD.decode(body.replace("\r\n", "")).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains(word) && text.contains("0123 4567 89ab cdef"), "{text}");
            assert!(text.contains(&format!("12:{hash}")), "{text}");
        }
        for wrong in ["", "auditor", "a@b\r\nBcc: c@d", "a@b,c@d", "監査@example.jp", "@b", "a@"] {
            assert!(message(&anchor, wrong, &config, Language::En).is_err(), "{wrong:?}");
        }
    }
}
