use super::*;

/// The fields of a line as `name=value`, joined by ` · `, with the time before them.
fn read(line: &str) -> String {
    let (mut names, mut event) = (Names::default(), Event::default());
    if let Err(reason) = parse(line, &mut names, &mut event) {
        return format!("error: {reason}");
    }
    let fields: Vec<_> = event
        .fields()
        .iter()
        .map(|field| format!("{}={}", names.path(field.name), event.value(field).text))
        .collect();
    match event.time {
        Some(time) => format!("{time} · {}", fields.join(" · ")),
        None => fields.join(" · "),
    }
}

#[track_caller]
fn check(line: &str, expected: &str) {
    assert_eq!(read(line), expected);
}

#[test]
fn pairs_are_bare_or_quoted() {
    check("a=1 b=\"two words\" c='it's' d=", "a=1 · b=two words · c=it's · d=");
    check(
        r#"path="C:\Windows\new" msg="say \"hi\"" esc="C:\\x""#,
        r#"path=C:\Windows\new · msg=say "hi" · esc=C:\x"#,
    );
    check(r#"share="\\server\c$""#, r"share=\\server\c$");
    check("Timestamp=\"t\",NodeId=\"n\",Result=\"Success\"", "Timestamp=t · NodeId=n · Result=Success");
    check("url=http://x/?a=1&b=2 n=3", "url=http://x/?a=1&b=2 · n=3");
    check("msg=User timeout expired, bye action=drop", "msg=User timeout expired, bye · action=drop");
    check("RES=0x00 SYN URGP=0", "RES=0x00 · URGP=0");
    check("a=b, c=d; e=f", "a=b · c=d · e=f");
    check("no pairs here", "error: no key=value pair in the line");
    check("", "error: no key=value pair in the line");
    check("a=\"never closed", "a=never closed");
    check("a='never closed", "a='never");
    check("x=\"\"2020-01-09\"\"", "x=2020-01-09");
}

#[test]
fn a_firewall_says_its_time_in_three_fields() {
    check(
        "date=2019-05-13 time=11:45:03 tz=\"+0200\" srcip=10.1.1.1",
        "2019-05-13T09:45:03Z · date=2019-05-13 · time=11:45:03 · tz=+0200 · srcip=10.1.1.1",
    );
    check(
        "1673277220.253011885 FW_MX_01 flows allow src=10.2.3.4 dst=10.6.7.8",
        "2023-01-09T15:13:40.253011885Z · message=1673277220.253011885 FW_MX_01 flows allow · src=10.2.3.4 · dst=10.6.7.8",
    );
}

#[test]
fn audit_records_are_decoded() {
    check(
        "type=EXECVE msg=audit(1696431255.037:8272): argc=2 a0=\"cat\" a1=2F6574632F6D7920736861646F77",
        "2023-10-04T14:54:15.037Z · type=EXECVE · timestamp=1696431255.037 · sequence=8272 · argc=2 · a0=cat · a1=/etc/my shadow",
    );
    check(
        "type=PROCTITLE msg=audit(1696431255.037:8272): proctitle=636174002F6574632F736861646F77",
        "2023-10-04T14:54:15.037Z · type=PROCTITLE · timestamp=1696431255.037 · sequence=8272 · proctitle=cat /etc/shadow",
    );
    check(
        "type=SYSCALL msg=audit(1696431255.037:8272): syscall=59 a0=55AA exe=\"/bin/cat\"\u{1d}SYSCALL=execve UID=\"root\"",
        "2023-10-04T14:54:15.037Z · type=SYSCALL · timestamp=1696431255.037 · sequence=8272 · syscall=59 · a0=55AA · exe=/bin/cat · SYSCALL=execve · UID=root",
    );
    check(
        "type=USER_AUTH msg=audit(1696431255.037:8): pid=1 msg='op=PAM:auth acct=\"root\" addr=10.2.3.4 res=failed'",
        "2023-10-04T14:54:15.037Z · type=USER_AUTH · timestamp=1696431255.037 · sequence=8 · pid=1 · msg=op=PAM:auth acct=\"root\" addr=10.2.3.4 res=failed · op=PAM:auth · acct=root · addr=10.2.3.4 · res=failed",
    );
}

#[test]
fn only_lines_of_pairs_look_like_pairs() {
    assert!(looks_like("time=\"2022-02-14T13:47:54+02:00\" level=error msg=\"no\""));
    assert!(looks_like("type=PATH msg=audit(1696431255.037:8272): item=0"));
    assert!(!looks_like("a=1 b=2"));
    assert!(!looks_like(
        "Feb 12 14:10:21 host sshd[1]: pam_unix(sshd:auth): failure; logname= uid=0 euid=0 tty=ssh"
    ));
    assert!(!looks_like("GET /x?a=1&b=2&c=3 HTTP/1.1"));
    assert!(looks_like("[SSH Session] id=1 type=x user=y"));
    assert!(!looks_like("{\"a\":1}"));
    assert!(!looks_like("{\"a\":\"b=1 c=2 d=3\"}"));
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    for dense in ["a='x ", "a=\"x ", "a=b, ", "a ", "=", "'", "type=x msg=audit(1:1): a='b "] {
        let line = dense.repeat((1 << 20) / dense.len());
        let _ = (read(&line), looks_like(&line));
    }
}

proptest::proptest! {
    #[test]
    fn no_line_can_hurt(line in "\\PC{0,80}", pairs in "[a-c=\"'\\\\ ,;\u{1d}(\\[é]{0,60}") {
        for line in [&line, &pairs] {
            let _ = (read(line), looks_like(line), read(&format!("type={line} msg=audit({line}): {line}")));
        }
    }
}
