use super::*;

fn read(parse: fn(&str, &mut Names, &mut Event) -> Result<(), String>, line: &str) -> String {
    let (mut names, mut event) = (Names::default(), Event::default());
    if let Err(reason) = parse(line, &mut names, &mut event) {
        return format!("error: {reason}");
    }
    let value = |field| event.value(field).text.to_owned();
    let fields: Vec<_> =
        event.fields().iter().map(|field| format!("{}={}", names.path(field.name), value(field))).collect();
    format!("{} · {}", event.time.map(|time| time.to_string()).unwrap_or_default(), fields.join(" · "))
}

#[track_caller]
fn old(line: &str, expected: &str) {
    assert_eq!(read(parse_3164, line), expected);
}

#[track_caller]
fn new(line: &str, expected: &str) {
    assert_eq!(read(parse_5424, line), expected);
}

/// The fields after the message of a program's line.
#[track_caller]
fn program(program: &str, message: &str, expected: &str) {
    let all = read(parse_3164, &format!("Oct 11 22:14:15 host {program}[1]: {message}"));
    let (_, fields) = all.split_once(&format!("message={message}")).unwrap();
    assert_eq!(fields.trim_start_matches(" · "), expected, "{message}");
}

#[test]
fn rfc_5424_is_read_with_its_structured_data() {
    new(
        "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"App\\\"l\\]ication\"][b@1] \u{feff}An event",
        "2003-10-11T22:14:15.003Z · facility=local4 · severity=notice · timestamp=2003-10-11T22:14:15.003Z · hostname=mymachine.example.com · appname=evntslog · msgid=ID47 · exampleSDID@32473.iut=3 · exampleSDID@32473.eventSource=App\"l]ication · message=An event",
    );
    new("<34>1 - - - - - -", " · facility=auth · severity=crit");
    new(
        "2023-05-23T14:24:09.190263+02:00 waf01 - - - - text",
        "2023-05-23T12:24:09.190263Z · timestamp=2023-05-23T14:24:09.190263+02:00 · hostname=waf01 · message=text",
    );
    new(
        "<134>1 2026-02-25T08:14:51Z fw CheckPoint 10024 - [action:\"Accept\"; src:\"10.0.0.1\"; dst:\"10.0.0.2\"]",
        "2026-02-25T08:14:51Z · facility=local0 · severity=info · timestamp=2026-02-25T08:14:51Z · hostname=fw · appname=CheckPoint · procid=10024 · action=Accept · src=10.0.0.1 · dst=10.0.0.2",
    );
    new("<34>1 yesterday h a p m -", "error: no RFC 5424 timestamp at column 7");
    new("<34>1 - h a", "error: the RFC 5424 header ends before procid, at column 12");
    new("<34>1 - h a p m [x y=\"1", "error: structured data does not end, from column 17");
}

#[test]
fn rfc_3164_and_its_relatives_are_read() {
    old(
        "<34>Oct 11 22:14:15 mymachine su: hello",
        " · facility=auth · severity=crit · timestamp=Oct 11 22:14:15 · hostname=mymachine · appname=su · message=hello",
    );
    old(
        "2019-10-08T11:29:05+02:00 hostfoo app[17265]: hello",
        "2019-10-08T09:29:05Z · timestamp=2019-10-08T11:29:05+02:00 · hostname=hostfoo · appname=app · procid=17265 · message=hello",
    );
    old(
        "Oct 11 22:14:15 app[1]: no host",
        " · timestamp=Oct 11 22:14:15 · appname=app · procid=1 · message=no host",
    );
    old("<13>app: no time", " · facility=user · severity=notice · appname=app · message=no time");
    old("<13>just text", " · facility=user · severity=notice · message=just text");
    old(
        "Sep 11 20:52:15 big.example notice apmd[14311]: hello",
        " · severity=notice · timestamp=Sep 11 20:52:15 · hostname=big.example · appname=apmd · procid=14311 · message=hello",
    );
    old("no header at all", "error: no priority, time or program name at column 1");
}

#[test]
fn cisco_writes_its_own_headers() {
    old(
        "<189>29: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: Configured from console",
        " · facility=local7 · severity=notice · timestamp=Mar  1 18:46:11.123 · appname=SYS-5-CONFIG_I · message=%SYS-5-CONFIG_I: Configured from console · event.severity=5 · event.code=CONFIG_I",
    );
    old(
        "<185>SWITCH: 2025 Mar  4 19:51:39 UTC: %PLATFORM-1-PFM_ALERT: FAN_BAD: fan1",
        "2025-03-04T19:51:39Z · facility=local7 · severity=alert · timestamp=2025 Mar  4 19:51:39 UTC · hostname=SWITCH · appname=PLATFORM-1-PFM_ALERT · message=%PLATFORM-1-PFM_ALERT: FAN_BAD: fan1 · event.severity=1 · event.code=PFM_ALERT",
    );
    old(
        "Jun 07 2025 16:16:20 fw01 : %ASA-6-302013: Built inbound TCP connection 1 from outside:192.0.2.9/51000 (192.0.2.9/51000) to inside:10.0.0.8/443",
        "2025-06-07T16:16:20Z · timestamp=Jun 07 2025 16:16:20 · hostname=fw01 · appname=ASA-6-302013 · message=%ASA-6-302013: Built inbound TCP connection 1 from outside:192.0.2.9/51000 (192.0.2.9/51000) to inside:10.0.0.8/443 · event.severity=6 · event.code=302013 · source.ip=192.0.2.9 · source.port=51000 · destination.ip=10.0.0.8 · destination.port=443",
    );
}

#[test]
fn known_programs_give_fields() {
    program(
        "sshd",
        "Failed password for invalid user bob from 192.0.2.9 port 4711 ssh2",
        "event.outcome=failure · ssh.method=password · user.name=bob · source.ip=192.0.2.9 · source.port=4711",
    );
    program(
        "sshd",
        "Accepted publickey for root from 2001:db8::9 port 4711 ssh2: RSA SHA256:x",
        "event.outcome=success · ssh.method=publickey · user.name=root · source.ip=2001:db8::9 · source.port=4711",
    );
    program(
        "sshd",
        "Invalid user  from 192.0.2.9 port 4711",
        "event.outcome=failure · source.ip=192.0.2.9 · source.port=4711",
    );
    program(
        "sudo",
        "bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/sh -c a=1 ; id",
        "user.name=bob · TTY=pts/0 · PWD=/home/bob · USER=root · COMMAND=/bin/sh -c a=1 ; id",
    );
    program(
        "CRON",
        "(root) CMD (   cd / && run-parts /etc)",
        "user.name=root · event.action=CMD · process.command_line=cd / && run-parts /etc",
    );
    program(
        "login",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh ruser= rhost=192.0.2.9  user=root",
        "pam_module=pam_unix · pam_message=authentication failure · pam_user=root · pam_rhost=192.0.2.9",
    );
    program(
        "postfix/smtp",
        "4A1B2C3D: to=<a@example.jp>, relay=mx.example.jp[192.0.2.25]:25, dsn=2.0.0, status=sent (ok)",
        "postfix.component=smtp · queueid=4A1B2C3D · to=a@example.jp · destination.ip=192.0.2.25 · destination.domain=mx.example.jp · relay=mx.example.jp[192.0.2.25]:25 · dsn=2.0.0 · status=sent",
    );
    program(
        "postfix/smtpd",
        "connect from unknown[192.0.2.9]",
        "postfix.component=smtpd · source.ip=192.0.2.9",
    );
    program(
        "named",
        "client @0x7f 192.0.2.9#4711 (a.example): query: a.example IN TXT + (10.0.0.53)",
        "source.ip=192.0.2.9 · source.port=4711 · query=a.example · record_type=TXT",
    );
    program(
        "dnsmasq",
        "query[AAAA] a.example from 192.0.2.9",
        "record_type=AAAA · query=a.example · source.ip=192.0.2.9",
    );
    program(
        "dhcpd",
        "DHCPACK on 10.0.0.5 to 00:01:02:03:04:05 (laptop) via eth0",
        "event.action=DHCPACK · client.ip=10.0.0.5 · client.mac=00:01:02:03:04:05 · client.name=laptop",
    );
    program(
        "kernel",
        "[12.5] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.9 DST=10.0.0.1 PROTO=TCP SPT=4711 DPT=22 SYN",
        "event.action=UFW BLOCK · IN=eth0 · OUT= · SRC=192.0.2.9 · DST=10.0.0.1 · PROTO=TCP · SPT=4711 · DPT=22",
    );
    program(
        "haproxy",
        "192.0.2.9:56000 [12/Dec/2020:12:12:12.123] front back/srv 0/0/0/1/1 200 1234 - - ---- 1/1/0/0/0 0/0 \"GET /x HTTP/1.1\"",
        "source.ip=192.0.2.9 · source.port=56000 · haproxy.frontend_name=front · haproxy.backend_name=back/srv · sc-status=200 · sc-bytes=1234 · cs-method=GET · cs-uri=/x · cs-uri-stem=/x · cs-version=HTTP/1.1",
    );
    program(
        "logger",
        "1,2024/01/12 11:21:15,0162,THREAT,url,2562,2024/01/12 11:21:15,192.0.2.9,192.0.2.80,,,allow web,,,ssl,vsys1,in,out,e1,e2,log,x,2000,1,4711,443,0,0,0x0,tcp,alert,\"h.example/a,b\",(9999),business,informational,client-to-server",
        "observer.vendor=Palo Alto Networks · observer.serial_number=0162 · panos.type=THREAT · panos.subtype=url · source.ip=192.0.2.9 · destination.ip=192.0.2.80 · rule.name=allow web · network.application=ssl · panos.virtual_sys=vsys1 · observer.ingress.zone=in · observer.egress.zone=out · observer.ingress.interface.name=e1 · observer.egress.interface.name=e2 · panos.session_id=2000 · source.port=4711 · destination.port=443 · source.nat.port=0 · destination.nat.port=0 · network.transport=tcp · event.action=alert · panos.threat.name=(9999) · panos.category=business · log.level=informational · network.direction=client-to-server · url.original=h.example/a,b",
    );
    program("unheard-of", "hello from 192.0.2.9", "related.ip=192.0.2.9");
}

#[test]
fn a_message_in_another_format_is_read_as_that() {
    program(
        "fw",
        "CEF:0|a|b|1|2|n|3|src=192.0.2.9",
        "CefVersion=0 · DeviceVendor=a · DeviceProduct=b · DeviceVersion=1 · DeviceEventClassID=2 · Name=n · Severity=3 · src=192.0.2.9",
    );
    program(
        "audisp",
        "type=USER_END msg=audit(1696431255.037:8): pid=1",
        "type=USER_END · timestamp=1696431255.037 · sequence=8 · pid=1",
    );
}

#[test]
fn only_syslog_looks_like_syslog() {
    for line in [
        "<34>Oct 11 22:14:15 mymachine su: hello",
        "Feb 12 14:10:21 sd-126005 sshd[16378]: Invalid user pascal",
        "2019-10-08T11:29:05+02:00 hostfoo unbound[17265]: x",
        "Jun 07 2025 16:16:20: %ASA-6-716039: Group",
        "%FTD-2-106006: Deny inbound UDP from 10.0.0.1/901 to 10.0.0.2/111",
        "2023-07-06T08:11:40+02:00 fw.example 1,2023/07/06 08:11:40,0164,THREAT,vulnerability,2561,x",
    ] {
        assert!(looks_like(line), "{line}");
    }
    assert!(looks_like_5424("<165>1 2003-10-11T22:14:15.003Z host app - ID47 - x"));
    assert!(looks_like_5424("2023-05-23T14:24:09.190263+02:00 waf01 - - - - x"));
    assert!(!looks_like_5424("2023-05-23T14:24:09.190263+02:00 waf01 app[1]: - - x"));
    for line in [
        "2015-10-18 18:01:47,978 INFO [main] org.apache: Created",
        "17/06/09 20:10:40 INFO executor.Backend: Registered",
        "<165>1 2003-10-11T22:14:15.003Z host app - ID47 - x",
        "{\"a\": 1}",
        "<Event xmlns='x'>",
        "hello: world",
        "",
    ] {
        assert!(!looks_like(line), "{line}");
    }
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    for dense in ["1.", ":", "a.", "[", "<", "a=", "client ", " from ", "1:", "%", "]", "a:\"b\"; "] {
        let noise = dense.repeat((256 << 10) / dense.len());
        for head in [
            "Oct 11 22:14:15 h a: ",
            "<1>1 - h a p m [",
            "Oct 11 22:14:15 h postfix/x: ",
            "x CEF:0|a|b|c|d|e|1|",
        ] {
            let line = format!("{head}{noise}");
            let _ = (read(parse_3164, &line), read(parse_5424, &line), looks_like(&line));
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_line_can_hurt(line in "\\PC{0,80}", dense in "[<1>\\[\\]a:%=\"\\\\ é.,#()-]{0,60}") {
        for line in [&line, &dense, &format!("<1>1 - h a p m [{dense}"), &format!("Oct 11 22:14:15 {dense}")] {
            let _ = (read(parse_3164, line), read(parse_5424, line), looks_like(line), looks_like_5424(line));
        }
        for name in ["sshd", "sudo", "su", "cron", "postfix/x", "named", "unbound", "dnsmasq", "dhcpd", "haproxy", "kernel"] {
            let _ = read(parse_3164, &format!("Oct 11 22:14:15 h {name}: {dense}"));
            let _ = read(parse_3164, &format!("Oct 11 22:14:15 h {name}: (to client {line}"));
        }
    }
}
