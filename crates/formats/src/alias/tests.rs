use super::*;

#[track_caller]
fn answers(format: Format, path: &str, expected: &[&str]) {
    let names = names(format, path);
    for name in expected {
        assert!(
            names.iter().any(|known| known == name),
            "{format} {path} does not answer to {name}: {names:?}"
        );
    }
}

#[track_caller]
fn says(format: Format, path: &str, expected: impl Into<Option<Role>>) {
    assert_eq!(role(format, path), expected.into(), "{format} {path}");
}

#[test]
fn windows_fields_answer_to_their_leaf_in_every_wrapping() {
    for path in ["Event.EventData.Image", "winlog.event_data.Image", "event_data.Image", "EventData.Image"] {
        answers(Format::WindowsJson, path, &["Image", "process.executable", "process.file.path"]);
    }
    answers(Format::Evtx, "Event.UserData.EventProcessingFailure.Query", &["Query"]);
    answers(Format::Evtx, "Event.System.Provider.#attributes.Name", &["Provider_Name", "event.provider"]);
    answers(Format::Evtx, "Event.System.EventID.#text", &["EventID", "Event.System.EventID"]);
    answers(Format::Evtx, "Event.System.Channel", &["Channel"]);
    answers(Format::WindowsJson, "winlog.channel", &["Channel"]);
    answers(Format::WindowsJson, "log_name", &["Channel"]);
    answers(Format::WindowsJson, "SourceName", &["Provider_Name"]);
    answers(Format::WindowsJson, "Hostname", &["Computer", "ComputerName"]);
    answers(Format::Evtx, "Event.EventData.Threat Name", &["ThreatName", "Threat_Name", "Signature"]);
    answers(Format::Evtx, "Event.EventData.Data", &["Data"]);
    answers(Format::Evtx, "Event.EventData.Anything", &["Anything"]);
}

#[test]
fn security_4688_answers_for_process_creation() {
    answers(Format::Evtx, "Event.EventData.NewProcessName", &["NewProcessName", "Image"]);
    answers(Format::Evtx, "Event.EventData.ParentProcessName", &["ParentImage"]);
    answers(Format::Evtx, "Event.EventData.SubjectUserName", &["User"]);
    answers(Format::Evtx, "Event.EventData.SubjectLogonId", &["LogonId"]);
    answers(Format::Evtx, "Event.EventData.MandatoryLabel", &["IntegrityLevel"]);
}

#[test]
fn web_rules_find_their_fields_in_every_log() {
    answers(Format::Squid, "c-uri", &["cs-uri", "url.original"]);
    answers(Format::WebAccess, "cs-uri", &["c-uri", "cs-uri-query", "cs-uri-stem"]);
    answers(Format::W3c, "cs(User-Agent)", &["cs-user-agent", "c-useragent", "user_agent.original"]);
    answers(Format::ZeekTsv, "uri", &["c-uri", "cs-uri-query"]);
    answers(Format::ZeekJson, "user_agent", &["c-useragent"]);
    answers(Format::Eve, "http.hostname", &["cs-host", "r-dns", "url.domain"]);
    answers(Format::Eve, "dns.rrname", &["query"]);
    answers(Format::ZeekTsv, "id.resp_p", &["dst_port", "destination.port", "dst_endpoint.port"]);
    answers(Format::KeyValue, "dstport", &["dst_port"]);
    answers(Format::Cef, "request", &["c-uri"]);
}

#[test]
fn cloud_fields_answer_without_their_envelope() {
    answers(
        Format::Json,
        "protoPayload.methodName",
        &["gcp.audit.method_name", "data.protoPayload.methodName"],
    );
    answers(Format::Json, "properties.riskEventType", &["riskEventType"]);
    answers(Format::Json, "properties.authenticationRequirement", &["AuthenticationRequirement"]);
    answers(Format::Json, "resultType", &["ResultType"]);
    answers(Format::Json, "sourceIPAddress", &["source.ip", "src_endpoint.ip"]);
    answers(Format::Json, "src_endpoint.ip", &["src_ip", "source.ip"]);
    answers(Format::Json, "process.command_line", &["CommandLine"]);
    answers(Format::Json, "properties.ProcessCommandLine", &["ProcessCommandLine", "CommandLine"]);
    answers(Format::Json, "cs(User-Agent)", &["cs-user-agent"]);
}

#[test]
fn a_field_does_not_answer_to_its_own_path_twice() {
    for (format, path) in
        [(Format::WindowsJson, "Image"), (Format::Eve, "src_ip"), (Format::Json, "source.ip")]
    {
        let names = names(format, path);
        assert!(!names.iter().any(|name| name == path || name.is_empty()), "{path}: {names:?}");
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{path}: {names:?}");
    }
}

#[test]
fn roles_come_from_the_table_first() {
    says(Format::Eve, "src_ip", Role::SourceAddress);
    says(Format::Eve, "timestamp", Role::Time);
    says(Format::ZeekTsv, "id.resp_h", Role::DestinationAddress);
    says(Format::ZeekTsv, "ts", Role::Time);
    says(Format::Evtx, "Event.System.TimeCreated.#attributes.SystemTime", Role::Time);
    says(Format::Evtx, "Event.System.Computer", Role::Host);
    says(Format::Evtx, "Event.EventData.Hashes", Role::Hash);
    says(Format::Evtx, "Event.EventData.IpAddress", Role::SourceAddress);
    says(Format::WindowsJson, "DestinationIp", Role::DestinationAddress);
    says(Format::KeyValue, "dstip", Role::DestinationAddress);
    says(Format::Syslog3164, "source.ip", Role::SourceAddress);
    says(Format::Syslog3164, "related.ip", Role::Address);
    says(Format::Squid, "c-uri", Role::Url);
}

#[test]
fn unknown_names_are_guessed_with_care() {
    says(Format::Json, "a.b.clientIp", Role::SourceAddress);
    says(Format::Json, "requester.sourceIPAddress", Role::SourceAddress);
    says(Format::Csv, "Destination IP", Role::DestinationAddress);
    says(Format::Csv, "Threat Ip", Role::Address);
    says(Format::Json, "x.remote_addr", Role::SourceAddress);
    says(Format::Csv, "Source Port", Role::SourcePort);
    says(Format::Json, "file.sha256", Role::Hash);
    says(Format::Json, "evidence.fileMd5", Role::Hash);
    says(Format::Json, "payload.target_url", Role::Url);
    says(Format::Json, "zone.domain", Role::Domain);
    says(Format::Json, "owner.email", Role::Mail);
    says(Format::Json, "details.userName", Role::User);
    says(Format::Csv, "Event Time", Role::Time);
    for path in [
        "user_agent",
        "ip_version",
        "mac_address",
        "email_id",
        "description",
        "host_count",
        "zip",
        "address",
        "",
        "x.timestamp",
    ] {
        says(Format::Json, path, None);
    }
}

#[test]
fn the_table_names_every_field_once_for_a_format() {
    let all: Vec<&Row> =
        [network::ROWS, web::ROWS, device::ROWS, cloud::ROWS].into_iter().flatten().collect();
    for (at, row) in all.iter().enumerate() {
        let twin = all.iter().skip(at + 1).find(|other| {
            other.path == row.path
                && other.formats & row.formats != 0
                && other.formats != ANY
                && row.formats != ANY
        });
        assert!(twin.is_none(), "{} stands twice", row.path);
    }
}
