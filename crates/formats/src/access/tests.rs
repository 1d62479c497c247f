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
fn web(line: &str, expected: &str) {
    assert_eq!(read(parse_web, line), expected);
}

#[track_caller]
fn squid(line: &str, expected: &str) {
    assert_eq!(read(parse_squid, line), expected);
}

#[test]
fn common_and_combined_lines_are_read() {
    web(
        "10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] \"GET /a/b.php?x=1&y=2 HTTP/1.0\" 200 2326",
        "2000-10-10T20:55:36Z · timestamp=10/Oct/2000:13:55:36 -0700 · c-ip=10.0.0.1 · cs-username=bob · cs-method=GET · cs-uri=/a/b.php?x=1&y=2 · cs-uri-stem=/a/b.php · cs-uri-query=x=1&y=2 · c-uri-extension=php · cs-version=HTTP/1.0 · sc-status=200 · sc-bytes=2326",
    );
    web(
        "10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"POST / HTTP/1.1\" 404 - \"-\" \"say \\\"hi\\\"\" \"10.9.9.9, 10.8.8.8\" rt=0.1",
        "2000-10-10T13:55:36Z · timestamp=10/Oct/2000:13:55:36 +0000 · c-ip=10.0.0.1 · cs-username= · cs-method=POST · cs-uri=/ · cs-uri-stem=/ · cs-version=HTTP/1.1 · sc-status=404 · sc-bytes= · cs-referer= · cs-user-agent=say \\\"hi\\\" · x-forwarded-for=10.9.9.9, 10.8.8.8 · extra=rt=0.1",
    );
}

#[test]
fn a_virtual_host_or_a_request_id_may_stand_among_the_first_words() {
    web(
        "www.example.jp:443 2001:db8::1 - - [10/Oct/2000:13:55:36 +0900] \"HEAD http://u@h.example:8080/x?y HTTP/1.1\" 200 1",
        "2000-10-10T04:55:36Z · timestamp=10/Oct/2000:13:55:36 +0900 · c-ip=2001:db8::1 · cs-host=www.example.jp · s-port=443 · cs-username= · cs-method=HEAD · c-uri=http://u@h.example:8080/x?y · cs-host=h.example · cs-uri-stem=/x · cs-uri-query=y · cs-version=HTTP/1.1 · sc-status=200 · sc-bytes=1",
    );
    web(
        "example.jp 10.0.0.1 - req101 - [10/Oct/2000:13:55:36 +0900] \"GET / HTTP/1.1\" 200 1",
        "2000-10-10T04:55:36Z · timestamp=10/Oct/2000:13:55:36 +0900 · c-ip=10.0.0.1 · cs-host=example.jp · cs-username= · cs-method=GET · cs-uri=/ · cs-uri-stem=/ · cs-version=HTTP/1.1 · sc-status=200 · sc-bytes=1",
    );
    web(
        "client.example - - [10/Oct/2000:13:55:36 +0900] \"\\x16\\x03\\x01\" 400 226",
        "2000-10-10T04:55:36Z · timestamp=10/Oct/2000:13:55:36 +0900 · c-ip=client.example · cs-username= · cs-uri=\\x16\\x03\\x01 · sc-status=400 · sc-bytes=226",
    );
    web(
        "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \"CONNECT h.example:443 HTTP/1.1\" 405 0",
        "2000-10-10T04:55:36Z · timestamp=10/Oct/2000:13:55:36 +0900 · c-ip=10.0.0.1 · cs-username= · cs-method=CONNECT · cs-uri=h.example:443 · cs-host=h.example · cs-uri-port=443 · cs-version=HTTP/1.1 · sc-status=405 · sc-bytes=0",
    );
}

#[test]
fn squid_lines_are_read() {
    squid(
        "1587042596.494   1717 10.0.0.39 TCP_TUNNEL/200 3512 CONNECT h.example:443 - HIER_DIRECT/192.0.2.1 -",
        "2020-04-16T13:09:56.494Z · timestamp=1587042596.494 · time-taken=1717 · c-ip=10.0.0.39 · action=TCP_TUNNEL · sc-status=200 · sc-bytes=3512 · cs-method=CONNECT · c-uri=h.example:443 · cs-host=h.example · cs-uri-port=443 · cs-username= · hierarchy=HIER_DIRECT · r-ip=192.0.2.1 · rs-content-type=",
    );
    squid(
        "1628084203.491     82 10.0.0.2 TCP_MISS/200 318399 GET http://dl.example.jp/c/a.cab?z bob HIER_DIRECT/up.example application/cab",
        "2021-08-04T13:36:43.491Z · timestamp=1628084203.491 · time-taken=82 · c-ip=10.0.0.2 · action=TCP_MISS · sc-status=200 · sc-bytes=318399 · cs-method=GET · c-uri=http://dl.example.jp/c/a.cab?z · cs-host=dl.example.jp · cs-uri-stem=/c/a.cab · cs-uri-query=z · c-uri-extension=cab · cs-username=bob · hierarchy=HIER_DIRECT · r-dns=up.example · rs-content-type=application/cab",
    );
}

#[test]
fn what_is_missing_is_named() {
    web("", "error: no time in brackets");
    web("10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] GET /", "error: no quoted request at column 43");
    squid("1587042596.494 1 10.0.0.1", "error: the line ends before the action");
    squid("yesterday 1 10.0.0.1 TCP_MISS/200 1 GET /", "error: \"yesterday\" at column 1 is no time");
}

#[test]
fn only_access_lines_look_like_access_lines() {
    assert!(looks_like("10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \"GET / HTTP/1.1\" 200 1"));
    assert!(!looks_like("[10/Oct/2000:13:55:36 +0900] something else"));
    assert!(!looks_like(
        "{\"message\":\"10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \\\"GET / HTTP/1.1\\\" 200 1"
    ));
    assert!(!looks_like(
        "2025-12-31T19:00:00+01:00 stdout F [10/Oct/2000:13:55:36 +0900] \"GET / HTTP/1.1\" 200 1"
    ));
    assert!(!looks_like("10.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 1"));
    assert!(looks_like_squid(
        "1587042596.494 1717 10.0.0.39 TCP_TUNNEL/200 3512 CONNECT h:443 - HIER_DIRECT/1 -"
    ));
    assert!(!looks_like_squid("1587042596.494 FW flows allow src=1 dst=2"));
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    for dense in ["[", "[x]", "\"", "\\\"", "[10/Oct/2000:13:55:36 +0900] ", "a "] {
        let line = dense.repeat((1 << 20) / dense.len()) + "]";
        let _ =
            (read(parse_web, &line), read(parse_squid, &line), looks_like(&line), looks_like_squid(&line));
    }
}

proptest::proptest! {
    #[test]
    fn no_line_can_hurt(line in "\\PC{0,80}", tail in "[\"\\\\ a/?:@é\\[\\]]{0,40}") {
        let access = format!("10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \"GET {tail}");
        let squid = format!("1587042596.494 1 10.0.0.1 A/200 1 GET {tail} x/{tail}");
        for line in [&line, &tail, &access, &squid] {
            let _ = (read(parse_web, line), read(parse_squid, line), looks_like(line), looks_like_squid(line));
        }
    }
}
