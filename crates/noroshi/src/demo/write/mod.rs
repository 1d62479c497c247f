//! One record in, one line out, as the real tools print it.

pub(super) mod access;
pub(super) mod eve;
pub(super) mod firewall;
pub(super) mod syslog;
pub(super) mod w3c;
pub(super) mod windows;
pub(super) mod zeek;

use std::fmt::{self, Write};
use std::net::Ipv4Addr;

use super::clock::Moment;

/// One conversation, as sensors and firewalls see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) source: (Ipv4Addr, u16),
    pub(super) target: (Ipv4Addr, u16),
    /// `TCP` or `UDP`
    pub(super) protocol: &'static str,
    /// The sensor's number for it.
    pub(super) id: u64,
}

impl Flow {
    /// Seen from the other side: the answer.
    pub(super) fn back(self) -> Self {
        Self { source: self.target, target: self.source, ..self }
    }
}

/// One HTTP request, as every kind of log needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) at: Moment,
    pub(super) method: &'a str,
    pub(super) https: bool,
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    /// Without the question mark; may be empty.
    pub(super) query: &'a str,
    pub(super) status: u16,
    /// Bytes answered.
    pub(super) bytes: u64,
    pub(super) agent: &'a str,
    /// Empty when there is none.
    pub(super) referer: &'a str,
    /// `text/html`
    pub(super) kind: &'a str,
}

impl<'a> Request<'a> {
    /// An ordinary `GET` that was answered.
    pub(super) fn get(at: Moment, host: &'a str, path: &'a str, agent: &'a str) -> Self {
        Self {
            at,
            method: "GET",
            https: true,
            host,
            path,
            query: "",
            status: 200,
            bytes: 4_210,
            agent,
            referer: "",
            kind: "text/html",
        }
    }

    /// Path and query as one, as they are sent.
    pub(super) fn target(&self) -> String {
        let path = percent(self.path);
        if self.query.is_empty() { path } else { format!("{path}?{}", percent(self.query)) }
    }
}

/// A file that travelled with a mail or a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attachment<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) sha256: &'a str,
    pub(super) bytes: u64,
}

/// A mail, as the relay and the sensor see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter<'a> {
    pub(super) at: Moment,
    pub(super) from: &'a str,
    /// The name shown before the address; may be empty.
    pub(super) from_name: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    /// The host that handed it over.
    pub(super) relay: &'a str,
    pub(super) relay_address: Ipv4Addr,
    pub(super) bytes: u64,
    pub(super) attachment: Option<Attachment<'a>>,
}

/// A JSON string, quoted and escaped.
pub(super) struct Json<'a>(pub(super) &'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut rest = self.0;
        // Most values need no escape at all and are written in one piece.
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            let (plain, from_special) = rest.split_at(at);
            let (special, after) = from_special.split_at(1);
            f.write_str(plain)?;
            match special {
                "\n" => f.write_str("\\n")?,
                "\r" => f.write_str("\\r")?,
                "\t" => f.write_str("\\t")?,
                "\"" | "\\" => write!(f, "\\{special}")?,
                control => write!(f, "\\u{:04x}", control.bytes().next().unwrap_or_default())?,
            }
            rest = after;
        }
        f.write_str(rest)?;
        f.write_char('"')
    }
}

/// `%20` for everything that may not stand in a URL, as browsers send it and servers log it.
pub(super) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/=&?+(),:;@*'!$%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings_survive_backslashes_quotes_and_line_ends() {
        let text = "C:\\Temp\\\"a\"\r\n\u{1}あ";
        let back: String = serde_json::from_str(&Json(text).to_string()).unwrap();
        assert_eq!(back, text);
    }

    #[test]
    fn urls_are_logged_as_sent() {
        assert_eq!(percent("/wiki/情報 x"), "/wiki/%E6%83%85%E5%A0%B1%20x");
    }
}
