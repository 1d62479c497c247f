//! Zeek's logs, tab-separated or JSON, from one table of columns.

use std::fmt::Write;

use super::Json;
use crate::demo::clock::{Day, Moment};

/// A kind of Zeek log: its path and its columns with their types.
#[derive(Debug)]
pub(in crate::demo) struct Log {
    pub(in crate::demo) path: &'static str,
    /// The file as one organisation stores it.
    pub(in crate::demo) file: &'static str,
    /// After `ts uid id.orig_h id.orig_p id.resp_h id.resp_p`.
    columns: &'static [(&'static str, &'static str)],
}

const ID: [(&str, &str); 6] = [
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
];

pub(in crate::demo) static CONN: Log = Log {
    path: "conn",
    file: "zeek/conn.log",
    columns: &[
        ("proto", "enum"),
        ("service", "string"),
        ("duration", "interval"),
        ("orig_bytes", "count"),
        ("resp_bytes", "count"),
        ("conn_state", "string"),
        ("local_orig", "bool"),
        ("local_resp", "bool"),
        ("missed_bytes", "count"),
        ("history", "string"),
        ("orig_pkts", "count"),
        ("orig_ip_bytes", "count"),
        ("resp_pkts", "count"),
        ("resp_ip_bytes", "count"),
        ("tunnel_parents", "set[string]"),
    ],
};

pub(in crate::demo) static DNS: Log = Log {
    path: "dns",
    file: "zeek/dns.log",
    columns: &[
        ("proto", "enum"),
        ("trans_id", "count"),
        ("rtt", "interval"),
        ("query", "string"),
        ("qclass", "count"),
        ("qclass_name", "string"),
        ("qtype", "count"),
        ("qtype_name", "string"),
        ("rcode", "count"),
        ("rcode_name", "string"),
        ("AA", "bool"),
        ("TC", "bool"),
        ("RD", "bool"),
        ("RA", "bool"),
        ("Z", "count"),
        ("answers", "vector[string]"),
        ("TTLs", "vector[interval]"),
        ("rejected", "bool"),
    ],
};

pub(in crate::demo) static HTTP: Log = Log {
    path: "http",
    file: "zeek/http.log",
    columns: &[
        ("trans_depth", "count"),
        ("method", "string"),
        ("host", "string"),
        ("uri", "string"),
        ("referrer", "string"),
        ("version", "string"),
        ("user_agent", "string"),
        ("origin", "string"),
        ("request_body_len", "count"),
        ("response_body_len", "count"),
        ("status_code", "count"),
        ("status_msg", "string"),
        ("tags", "set[enum]"),
        ("resp_fuids", "vector[string]"),
        ("resp_mime_types", "vector[string]"),
    ],
};

pub(in crate::demo) static SSL: Log = Log {
    path: "ssl",
    file: "zeek/ssl.log",
    columns: &[
        ("version", "string"),
        ("cipher", "string"),
        ("curve", "string"),
        ("server_name", "string"),
        ("resumed", "bool"),
        ("next_protocol", "string"),
        ("established", "bool"),
        ("ssl_history", "string"),
        ("ja3", "string"),
        ("ja3s", "string"),
        ("validation_status", "string"),
    ],
};

pub(in crate::demo) static SMTP: Log = Log {
    path: "smtp",
    file: "zeek/smtp.log",
    columns: &[
        ("trans_depth", "count"),
        ("helo", "string"),
        ("mailfrom", "string"),
        ("rcptto", "set[string]"),
        ("from", "string"),
        ("to", "set[string]"),
        ("msg_id", "string"),
        ("subject", "string"),
        ("last_reply", "string"),
        ("path", "vector[addr]"),
        ("tls", "bool"),
        ("fuids", "vector[string]"),
    ],
};

pub(in crate::demo) static FILES: Log = Log {
    path: "files",
    file: "zeek/files.log",
    columns: &[
        ("fuid", "string"),
        ("source", "string"),
        ("depth", "count"),
        ("analyzers", "set[string]"),
        ("mime_type", "string"),
        ("filename", "string"),
        ("duration", "interval"),
        ("local_orig", "bool"),
        ("is_orig", "bool"),
        ("seen_bytes", "count"),
        ("total_bytes", "count"),
        ("missing_bytes", "count"),
        ("timedout", "bool"),
        ("md5", "string"),
        ("sha1", "string"),
        ("sha256", "string"),
    ],
};

pub(in crate::demo) static NOTICE: Log = Log {
    path: "notice",
    file: "zeek/notice.log",
    columns: &[
        ("note", "enum"),
        ("msg", "string"),
        ("sub", "string"),
        ("src", "addr"),
        ("dst", "addr"),
        ("p", "port"),
        ("actions", "set[enum]"),
        ("suppress_for", "interval"),
    ],
};

/// Every log written here.
pub(in crate::demo) static LOGS: [&Log; 7] = [&CONN, &DNS, &HTTP, &SSL, &SMTP, &FILES, &NOTICE];

impl Log {
    /// The header of the tab-separated form: one line each.
    pub(in crate::demo) fn header(&self, day: &Day) -> Vec<String> {
        let columns = || ID.iter().chain(self.columns);
        let names: Vec<_> = columns().map(|(name, _)| *name).collect();
        let types: Vec<_> = columns().map(|(_, kind)| *kind).collect();
        vec![
            "#separator \\x09".to_owned(),
            "#set_separator\t,".to_owned(),
            "#empty_field\t(empty)".to_owned(),
            "#unset_field\t-".to_owned(),
            format!("#path\t{}", self.path),
            format!("#open\t{}-00-00-00", day.date()),
            format!("#fields\t{}", names.join("\t")),
            format!("#types\t{}", types.join("\t")),
        ]
    }

    /// One record. `values` stand in the order of the columns; `-` is unset.
    pub(in crate::demo) fn tsv(&self, day: &Day, at: Moment, id: &[&str; 5], values: &[&str]) -> String {
        debug_assert_eq!(values.len(), self.columns.len(), "{}", self.path);
        let mut line = day.seconds(at).to_string();
        for value in id.iter().chain(values) {
            line.push('\t');
            // Zeek writes a tab inside a value as \x09.
            line += &value.replace('\t', "\\x09");
        }
        line
    }

    /// The same as JSON, as the streaming package writes it.
    pub(in crate::demo) fn json(&self, day: &Day, at: Moment, id: &[&str; 5], values: &[&str]) -> String {
        debug_assert_eq!(values.len(), self.columns.len(), "{}", self.path);
        let mut line = format!(
            "{{\"_path\":\"{}\",\"_write_ts\":\"{}\",\"ts\":\"{}\"",
            self.path,
            day.zulu(at.plus(0.2)),
            day.zulu(at)
        );
        let columns = ID.iter().skip(1).chain(self.columns);
        for ((name, kind), value) in columns.zip(id.iter().chain(values)) {
            if *value == "-" {
                continue;
            }
            let _ = write!(line, ",\"{name}\":");
            push_typed(&mut line, kind, value);
        }
        line.push('}');
        line
    }
}

fn push_typed(line: &mut String, kind: &str, value: &str) {
    if let Some((_, of)) = kind.split_once('[') {
        let of = of.trim_end_matches(']');
        line.push('[');
        if value != "(empty)" {
            for (at, item) in value.split(',').enumerate() {
                if at > 0 {
                    line.push(',');
                }
                push_typed(line, of, item);
            }
        }
        line.push(']');
        return;
    }
    match kind {
        "bool" => *line += if value == "T" { "true" } else { "false" },
        "count" | "port" | "interval" => *line += value,
        _ => {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", Json(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let day = Day::new(Date::constant(2026, 11, 23));
        let id = ["Cabc", "10.1.0.1", "50000", "10.1.1.53", "53"];
        let values = [
            "udp",
            "7",
            "0.001",
            "a.example",
            "1",
            "C_INTERNET",
            "1",
            "A",
            "0",
            "NOERROR",
            "F",
            "F",
            "T",
            "T",
            "0",
            "198.19.0.1,198.19.0.2",
            "300.0,300.0",
            "F",
        ];
        let tsv = DNS.tsv(&day, Moment::at(9, 0), &id, &values);
        assert!(tsv.starts_with("1795392000.000000\tCabc\t10.1.0.1\t50000\t"), "{tsv}");
        assert_eq!(tsv.split('\t').count(), DNS.header(&day)[6].split('\t').count() - 1);
        let json: serde_json::Value =
            serde_json::from_str(&DNS.json(&day, Moment::at(9, 0), &id, &values)).unwrap();
        assert_eq!(json["answers"][1], "198.19.0.2");
        assert_eq!(json["id.orig_p"], 50_000);
        assert_eq!(json["RD"], true);
        assert_eq!(json["ts"], "2026-11-23T00:00:00.000000Z");
    }
}
