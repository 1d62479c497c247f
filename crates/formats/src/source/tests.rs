use super::*;

mod sigmahq;

/// The route of an event of the fields given, read as `format`.
fn route(format: Format, fields: &[(&str, &str)]) -> String {
    let (mut names, mut sources, mut event) = (Names::default(), Sources::default(), Event::default());
    event.format = format;
    for (path, value) in fields {
        let name =
            path.split('/').fold(crate::NameId::default(), |above, leaf| names.below(format, above, leaf));
        event.push_untyped(name, value);
    }
    let mut deriver = Deriver::default();
    let id = deriver.derive(&names, &mut sources, &event);
    assert_eq!(
        deriver.derive(&names, &mut sources, &event),
        id,
        "the second time costs a look-up and says the same"
    );
    sources.get(id).route()
}

#[track_caller]
fn check(format: Format, fields: &[(&str, &str)], expected: &str) {
    assert_eq!(route(format, fields), expected, "{fields:?}");
}

/// The route of a line, through its parser.
#[track_caller]
fn line(
    parse: fn(&str, &mut Names, &mut Event) -> Result<(), String>,
    format: Format,
    line: &str,
    expected: &str,
) {
    let (mut names, mut sources, mut event) = (Names::default(), Sources::default(), Event::default());
    event.format = format;
    parse(line, &mut names, &mut event).unwrap();
    let id = Deriver::default().derive(&names, &mut sources, &event);
    assert_eq!(sources.get(id).route(), expected, "{line}");
}

#[test]
fn windows_events_are_routed_by_channel_and_id() {
    const CHANNEL: &str = "Event/System/Channel";
    const ID: &str = "Event/System/EventID";
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    check(Format::Evtx, &[(CHANNEL, sysmon), (ID, "1")], "windows/sysmon/process_creation");
    check(Format::Evtx, &[(CHANNEL, sysmon), (ID, "13")], "windows/sysmon/registry_event+registry_set");
    let change = "Event/EventData/EventType";
    check(
        Format::Evtx,
        &[(CHANNEL, sysmon), (ID, "12"), (change, "DeleteValue")],
        "windows/sysmon/registry_event+registry_delete",
    );
    check(
        Format::Evtx,
        &[(CHANNEL, sysmon), (ID, "12"), (change, "CreateKey")],
        "windows/sysmon/registry_event+registry_add",
    );
    check(Format::Evtx, &[(CHANNEL, "Security"), (ID, "4688")], "windows/security/process_creation");
    check(Format::Evtx, &[(CHANNEL, "Security"), (ID, "4624")], "windows/security/-");
    check(
        Format::Evtx,
        &[(CHANNEL, "Microsoft-Windows-SMBClient/Security"), (ID, "31017")],
        "windows/smbclient-security/-",
    );
    check(Format::Evtx, &[(CHANNEL, "Some/Channel"), (ID, "1")], "windows/-/-");
    check(
        Format::WindowsJson,
        &[("winlog/channel", "Windows PowerShell"), ("winlog/event_id", "400")],
        "windows/powershell-classic/ps_classic_start",
    );
    check(Format::WindowsJson, &[("log_name", sysmon), ("event_id", "22")], "windows/sysmon/dns_query");
    check(
        Format::WindowsJson,
        &[("Channel", "Security"), ("EventID", "4657"), ("OperationType", "%%1905")],
        "windows/security/registry_event+registry_set",
    );
    check(
        Format::WindowsJson,
        &[("SourceName", "Microsoft-Windows-Sysmon"), ("EventID", "3")],
        "windows/sysmon/network_connection",
    );
    check(
        Format::WindowsXml,
        &[(CHANNEL, "Linux-Sysmon/Operational"), (ID, "11")],
        "linux/sysmon/file_event",
    );
    check(Format::Csv, &[("Channel", sysmon), ("EventID", "7")], "windows/sysmon/image_load");
}

#[test]
fn sensors_are_routed_by_stream() {
    check(Format::Eve, &[("event_type", "http")], "suricata/http/proxy+webserver");
    check(Format::Eve, &[("event_type", "alert")], "suricata/alert/-");
    check(Format::ZeekTsv, &[("_path", "dns")], "zeek/dns/dns");
    check(Format::ZeekJson, &[("_path", "smb_files")], "zeek/smb_files/-");
}

#[test]
fn web_and_proxy_logs_are_told_apart() {
    line(
        crate::access::parse_squid,
        Format::Squid,
        "1587042596.494 17 10.0.0.39 TCP_MISS/200 3512 GET http://h/ - HIER_DIRECT/1 -",
        "squid/access/proxy",
    );
    line(
        crate::access::parse_web,
        Format::WebAccess,
        "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \"GET / HTTP/1.1\" 200 1",
        "-/-/webserver",
    );
    check(
        Format::W3c,
        &[("cs-method", "GET"), ("cs-uri-stem", "/"), ("sc-win32-status", "0")],
        "iis/iis/webserver",
    );
    line(
        crate::access::parse_web,
        Format::WebAccess,
        "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] \"GET http://h/ HTTP/1.1\" 200 1",
        "-/-/proxy+webserver",
    );
    check(Format::Json, &[("cs-method", "GET"), ("x-edge-location", "x")], "aws/cloudfront/webserver");
    check(Format::KeyValue, &[("srcip", "10.0.0.1"), ("dstport", "443"), ("url", "http://h/")], "-/-/proxy");
    check(Format::W3c, &[("cs-method", "GET"), ("cs-host", "h"), ("s-action", "TCP_HIT")], "-/-/proxy");
    check(Format::W3c, &[("action", "DROP"), ("src-ip", "10.0.0.1")], "windows/pfirewall/firewall");
}

#[test]
fn syslog_is_routed_by_program_and_by_what_it_carries() {
    let syslog =
        |text: &str, expected: &str| line(crate::syslog::parse_3164, Format::Syslog3164, text, expected);
    syslog(
        "Feb 12 14:10:21 h sshd[1]: Invalid user a from 10.0.0.1 port 2",
        "linux/sshd+auth+syslog/authentication",
    );
    syslog("Feb 12 14:10:21 h CRON[1]: (root) CMD (x)", "linux/cron+syslog/-");
    syslog(
        "Feb 12 14:10:21 h named[1]: client 10.0.0.1#53 (a.example): query: a.example IN A +",
        "linux/named+syslog/dns",
    );
    syslog("Feb 12 14:10:21 h named[1]: zone a.example/IN: loaded", "linux/named+syslog/-");
    syslog(
        "Feb 12 14:10:21 h nginx[1]: 10.0.0.1 - - [12/Feb/2021:14:10:21 +0000] \"GET / HTTP/1.1\" 200 1",
        "nginx/nginx/webserver",
    );
    syslog("<134>id=firewall sn=0006 fw=10.0.0.1 src=10.0.0.2 dstport=80 proto=tcp", "-/-/firewall");
    syslog("Feb 12 14:10:21 h unheard[1]: of", "linux/syslog/-");
    syslog("<189>29: Mar  1 18:46:11: %SYS-5-CONFIG_I: Configured", "cisco/aaa+syslog/-");
    syslog("Jun 07 2025 16:16:20 fw : %ASA-6-302013: Built", "cisco/asa+syslog/firewall");
    syslog("Feb 12 14:10:21 h rpd[1]: missing MD5 digest from 10.0.0.1:179", "juniper/bgp/-");
    syslog("Feb 12 14:10:21 h %%01BGP/3/BGP_AUTH_FAILED(l): x :179", "huawei/bgp/-");
    syslog(
        "<134>Feb 12 14:10:21 h CEF:0|Palo Alto Networks|PAN-OS|8|end|TRAFFIC|1|src=10.0.0.1 dst=10.0.0.2 dpt=80",
        "paloalto/traffic/firewall",
    );
    syslog(
        "Feb 12 14:10:21 h audispd: type=EXECVE msg=audit(1696431255.037:8272): a0=\"id\"",
        "linux/auditd/-",
    );
    syslog(
        "Feb 12 14:10:21 h kernel: [UFW BLOCK] IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.2 PROTO=TCP SPT=1 DPT=2",
        "linux/iptables+syslog/firewall",
    );
    syslog(
        "<189>date=2019-05-13 time=11:20:54 devname=f devid=x logid=\"0100032001\" type=\"event\" subtype=\"system\" cfgpath=a",
        "fortigate/event+system/-",
    );
}

#[test]
fn text_alone_tells_nothing() {
    line(crate::text::parse, Format::Text, "2015-10-18 18:01:47,978 INFO [main] up", "-/-/-");
    line(
        crate::text::parse,
        Format::Text,
        "[Fri Oct 08 17:08:41.203277 2021] [core:error] [pid 7005:tid 14] [client 10.0.0.1:1] AH00126: x",
        "apache/apache+error/-",
    );
    check(Format::Json, &[("message", "hello"), ("user", "bob")], "-/-/-");
    line(
        crate::text::parse,
        Format::Text,
        "1,2024/01/12 11:21:15,0162,TRAFFIC,end,2562,2024/01/12 11:21:15,10.0.0.1,10.0.0.2",
        "paloalto/traffic/firewall",
    );
    line(
        crate::text::parse,
        Format::Text,
        "client @0x7f 10.0.0.9#3076 (a.example): query: a.example IN A +",
        "-/-/dns",
    );
    check(Format::Json, &[("category", "books"), ("operationName", "read")], "-/-/-");
}

proptest::proptest! {
    #[test]
    fn no_values_can_hurt(values in proptest::collection::vec("\\PC{0,20}", 8)) {
        let paths = ["Channel", "EventID", "event_type", "category", "Type", "appname", "DeviceVendor", "event.dataset"];
        let fields: Vec<_> = paths.iter().zip(&values).map(|(path, value)| (*path, value.as_str())).collect();
        for format in Format::ALL {
            let _ = route(format, &fields);
        }
    }
}
