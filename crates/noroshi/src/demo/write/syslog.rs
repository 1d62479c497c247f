//! Lines of syslog: rsyslog's own file format (BSD header with an RFC 3339 time), RFC 5424, and auditd beside it.

use std::fmt::Display;
use std::net::Ipv4Addr;

use super::Letter;
use crate::demo::clock::{Day, Moment};

/// `2026-11-23T09:00:00.123456+09:00 host program[pid]: message`, as rsyslog stores it today.
pub(in crate::demo) fn line(
    day: &Day,
    at: Moment,
    host: &str,
    program: &str,
    pid: Option<u64>,
    message: impl Display,
) -> String {
    match pid {
        Some(pid) => format!("{} {host} {program}[{pid}]: {message}", day.rfc3339(at)),
        None => format!("{} {host} {program}: {message}", day.rfc3339(at)),
    }
}

/// RFC 5424, as the VPN gateway sends it.
pub(in crate::demo) fn rfc5424(
    day: &Day,
    at: Moment,
    priority: u8,
    host: &str,
    (program, pid, id): (&str, u64, &str),
    data: &str,
    message: &str,
) -> String {
    format!("<{priority}>1 {} {host} {program} {pid} {id} {data} {message}", day.rfc3339(at))
}

/// What Postfix writes about one mail that comes in and is handed to the mailbox server, with the seconds after it
/// came and the program that writes.
pub(in crate::demo) fn incoming(
    letter: &Letter<'_>,
    queue: &str,
    inside: Ipv4Addr,
) -> Vec<(f64, &'static str, String)> {
    let from = format!("{}[{}]", letter.relay, letter.relay_address);
    let mut lines = vec![
        (0.0, "postfix/smtpd", format!("connect from {from}")),
        (0.2, "postfix/smtpd", format!("{queue}: client={from}")),
    ];
    if let Some(attachment) = &letter.attachment {
        // header_checks with WARN on Content-Disposition: what the relay says about attachments.
        lines.push((
            0.3,
            "postfix/cleanup",
            format!(
                "{queue}: warning: header Content-Disposition: attachment; filename=\"{}\" from {from}; from=<{}> \
                 to=<{}> proto=ESMTP helo=<{}>",
                attachment.name, letter.from, letter.to, letter.relay
            ),
        ));
    }
    lines.extend([
        (0.3, "postfix/cleanup", format!("{queue}: message-id=<{}.{}@{}>", queue.to_lowercase(), letter.bytes, letter.relay)),
        (0.4, "postfix/qmgr", format!("{queue}: from=<{}>, size={}, nrcpt=1 (queue active)", letter.from, letter.bytes)),
        (0.5, "postfix/smtpd", format!("disconnect from {from} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")),
        (
            1.1,
            "postfix/lmtp",
            format!(
                "{queue}: to=<{}>, relay={inside}[{inside}]:24, delay=0.92, delays=0.4/0.01/0.06/0.45, dsn=2.0.0, \
                 status=sent (250 2.0.0 <{}> Saved)",
                letter.to, letter.to
            ),
        ),
        (1.1, "postfix/qmgr", format!("{queue}: removed")),
    ]);
    lines
}

/// The same for a mail that goes out.
pub(in crate::demo) fn outgoing(
    letter: &Letter<'_>,
    queue: &str,
    inside: Ipv4Addr,
) -> Vec<(f64, &'static str, String)> {
    vec![
        (
            0.0,
            "postfix/smtpd",
            format!("{queue}: client=mbx01[{inside}], sasl_method=LOGIN, sasl_username={}", letter.from),
        ),
        (
            0.1,
            "postfix/cleanup",
            format!("{queue}: message-id=<{}.{}@mbx01>", queue.to_lowercase(), letter.bytes),
        ),
        (
            0.1,
            "postfix/qmgr",
            format!("{queue}: from=<{}>, size={}, nrcpt=1 (queue active)", letter.from, letter.bytes),
        ),
        (
            1.6,
            "postfix/smtp",
            format!(
                "{queue}: to=<{}>, relay={}[{}]:25, delay=1.5, delays=0.1/0/0.6/0.8, dsn=2.0.0, status=sent \
                 (250 2.0.0 Ok: queued as {queue}9)",
                letter.to, letter.relay, letter.relay_address
            ),
        ),
        (1.6, "postfix/qmgr", format!("{queue}: removed")),
    ]
}

/// One question to BIND, with `querylog` on.
pub(in crate::demo) fn named(
    client: Ipv4Addr,
    port: u16,
    name: &str,
    kind: &str,
    server: Ipv4Addr,
) -> String {
    format!("client @0x7f65100ee4d8 {client}#{port} ({name}): query: {name} IN {kind} +E(0)K ({server})")
}

/// auditd: a file in a watched folder was written, two records of one event.
pub(in crate::demo) fn audit_write(
    day: &Day,
    at: Moment,
    event: u64,
    (program, path, key): (&str, &str, &str),
) -> [String; 2] {
    let stamp = format!("msg=audit({}:{event})", day.seconds_millis(at));
    let name = program.rsplit('/').next().unwrap_or(program);
    [
        format!(
            "type=SYSCALL {stamp}: arch=c000003e syscall=257 success=yes exit=11 a0=ffffff9c a1=7f1f3c00 a2=241 a3=1b6 \
             items=2 ppid=811 pid=2417 auid=4294967295 uid=33 gid=33 euid=33 suid=33 fsuid=33 egid=33 sgid=33 fsgid=33 \
             tty=(none) ses=4294967295 comm=\"{name}\" exe=\"{program}\" subj=unconfined key=\"{key}\""
        ),
        format!(
            "type=PATH {stamp}: item=1 name=\"{path}\" inode=786513 dev=fd:01 mode=0100644 ouid=33 ogid=33 rdev=00:00 \
             nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0"
        ),
    ]
}

/// auditd: a program was run.
pub(in crate::demo) fn audit_run(
    day: &Day,
    at: Moment,
    event: u64,
    user: u16,
    (program, key): (&str, &str),
    arguments: &[&str],
) -> [String; 2] {
    let stamp = format!("msg=audit({}:{event})", day.seconds_millis(at));
    let name = program.rsplit('/').next().unwrap_or(program);
    let list: Vec<_> = arguments.iter().enumerate().map(|(at, text)| format!("a{at}=\"{text}\"")).collect();
    [
        format!(
            "type=SYSCALL {stamp}: arch=c000003e syscall=59 success=yes exit=0 a0=55d8 a1=55d8 a2=7ffc a3=8 items=2 \
             ppid=2417 pid=2980 auid=4294967295 uid={user} gid={user} euid={user} suid={user} fsuid={user} \
             egid={user} sgid={user} fsgid={user} tty=(none) ses=4294967295 comm=\"{name}\" exe=\"{program}\" \
             subj=unconfined key=\"{key}\""
        ),
        format!("type=EXECVE {stamp}: argc={} {}", arguments.len(), list.join(" ")),
    ]
}
