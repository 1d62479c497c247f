//! The many shapes of Windows events.

use crate::reader::{Seen, read};

#[track_caller]
fn one(text: &str) -> Seen {
    let mut log = read(text);
    assert_eq!((log.events.len(), &log.unread), (1, &Vec::new()), "{text}");
    log.events.remove(0)
}

/// The format, the time, and some values.
#[track_caller]
fn check(text: &str, format: &str, time: &str, values: &[(&str, &str)]) {
    let event = one(text);
    assert_eq!(event.format, format);
    assert_eq!(event.time.as_deref(), Some(time));
    for (name, value) in values {
        assert_eq!(event.get(name), *value, "{name} in {:?}", event.fields);
    }
}

#[test]
fn json_as_evtx_tools_dump_it() {
    check(
        r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":16384},"#text":7045},
             "TimeCreated":{"#attributes":{"SystemTime":"2020-09-15T19:28:17.594374Z"}},"Channel":"System","Computer":"C"},
             "EventData":{"ServiceName":"s","UtcTime":"2001-01-01 00:00:00.000"}}}"##,
        "windows-json",
        "2020-09-15T19:28:17.594374Z",
        &[
            ("Event.System.EventID", "7045"),
            ("Event.System.EventID.#attributes.Qualifiers", "16384"),
            ("Event.System.Provider.#attributes.Name", "P"),
            ("Event.EventData.ServiceName", "s"),
        ],
    );
}

#[test]
fn json_of_winlogbeat_old_and_new() {
    check(
        r#"{"@timestamp":"2022-01-01T00:00:01Z","winlog":{"channel":"Security","event_id":4688,"event_data":{"NewProcessName":"x.exe"}},"message":"A new process"}"#,
        "windows-json",
        "2022-01-01T00:00:01Z",
        &[("winlog.event_data.NewProcessName", "x.exe")],
    );
    check(
        r#"{"@timestamp":"2018-01-01T00:00:01Z","log_name":"Microsoft-Windows-Sysmon/Operational","event_id":1,"event_data":{"Image":"x.exe"}}"#,
        "windows-json",
        "2018-01-01T00:00:01Z",
        &[("event_data.Image", "x.exe")],
    );
}

#[test]
fn flat_json_of_nxlog_and_otrf() {
    check(
        r#"{"EventTime":"2020-06-09 18:50:55","UtcTime":"2020-06-09 22:50:54.123","EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","@timestamp":"2020-06-09T22:51:10Z"}"#,
        "windows-json",
        "2020-06-09T22:50:54.123Z",
        &[("EventID", "1")],
    );
    check(
        r#"{"TimeCreated":"2020-10-22T02:21:34.280Z","EventID":1102,"Channel":"Security","SourceName":"Microsoft-Windows-Eventlog"}"#,
        "windows-json",
        "2020-10-22T02:21:34.28Z",
        &[],
    );
}

const XML: &str = r#"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>
  <System>
    <Provider Name='Microsoft-Windows-Sysmon' Guid='{1}'/>
    <EventID Qualifiers=''>1</EventID>
    <TimeCreated SystemTime='2024-05-01T10:00:00.1234567Z'/>
    <Channel>Microsoft-Windows-Sysmon/Operational</Channel>
  </System>
  <EventData>
    <Data Name='CommandLine'>cmd &lt;a&gt; &amp; &quot;b&quot; &#x41;</Data>
    <Data>first</Data>
    <Data>second</Data>
    <Data Name='Empty'/>
  </EventData>
  <UserData><CbsPackage xmlns='x'><PackageId><![CDATA[KB<1>]]></PackageId></CbsPackage></UserData>
</Event>"#;

#[test]
fn xml_has_the_names_of_evtx() {
    check(
        XML,
        "windows-xml",
        "2024-05-01T10:00:00.1234567Z",
        &[
            ("Event.System.Provider.#attributes.Name", "Microsoft-Windows-Sysmon"),
            ("Event.System.EventID", "1"),
            ("Event.EventData.CommandLine", "cmd <a> & \"b\" A"),
            ("Event.EventData.Data", "first,second"),
            ("Event.EventData.Empty", ""),
            ("Event.UserData.CbsPackage.PackageId", "KB<1>"),
        ],
    );
}

#[test]
fn xml_events_stand_alone_or_in_a_row_and_a_broken_one_harms_no_other() {
    let whole = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- exported -->\n<Events>\n{XML}{XML}\n</Events>\n"
    );
    assert_eq!(read(&whole).events.len(), 2);
    let broken = format!("<Events>{XML}<Event><System>{XML}garbage{XML}<Event>");
    let log = read(&broken);
    let reasons: Vec<&str> = log.unread.iter().map(|unread| unread.reason.as_str()).collect();
    assert_eq!(log.events.len(), 3);
    assert_eq!(
        reasons,
        ["the <Event> has no end", "this stands outside every <Event>", "the <Event> is cut off"]
    );
    let mismatched = "<Event><System></Event>";
    assert_eq!(read(mismatched).unread.len(), 1);
}

#[test]
fn a_record_inside_a_record_is_read_too() {
    let eve = r#"{"timestamp":"2024-01-01T00:00:00Z","event_type":"alert","src_ip":"192.0.2.7"}"#;
    let event = one(&format!("<134>Jan  1 00:00:00 sensor suricata[1]: {eve}"));
    assert_eq!(
        (event.format.as_str(), event.get("src_ip"), event.get("hostname")),
        ("eve", "192.0.2.7".into(), "sensor".into())
    );
    let event = one(&format!("<14>1 2024-05-01T10:00:00Z h sysmon - - - {}", XML.replace('\n', "")));
    assert_eq!((event.format.as_str(), event.get("Event.System.EventID")), ("windows-xml", "1".into()));
    let event = one(
        r#"{"@timestamp":"2024-01-01T00:00:00Z","host":{"name":"h"},"message":"<34>Oct 11 22:14:15 h sshd[1]: Invalid user x from 192.0.2.1 port 5"}"#,
    );
    assert_eq!((event.format.as_str(), event.time.as_deref()), ("syslog-3164", Some("2024-01-01T00:00:00Z")));
    assert_eq!(event.get("appname"), "sshd");
}

#[test]
fn an_evtx_file_gives_every_record_with_its_number_and_goes_on_where_it_stopped() {
    let Some(folder) = testkit::shared_data("evtx-parser-edge-samples") else { return };
    let bytes = std::fs::read(folder.join("samples/security.evtx")).unwrap();
    let log = read(&bytes);
    assert_eq!((log.events.len(), log.unread.len()), (2_261, 0));
    let numbers: Vec<u64> = log.events.iter().map(|event| event.place.line).collect();
    assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]));
    for event in &log.events {
        let number = event.get("Event.System.EventRecordID");
        assert_eq!(number, event.place.line.to_string());
        let place = usize::try_from(event.place.offset).unwrap();
        assert_eq!(&bytes[place..place + 4], b"\x2a\x2a\0\0");
    }
    let from = log.events[1_000].place.offset;
    let options = formats::read::Options { start_offset: from, ..Default::default() };
    let rest = crate::reader::read_with(bytes.as_slice(), options);
    assert_eq!(rest.events.first().map(|event| event.place), Some(log.events[1_000].place));
    assert_eq!(rest.events.len(), log.events.len() - 1_000);
}
