//! Windows events, in all the wrappings they come in.
//!
//! EVTX and its JSON and XML have `Event.System.…` and `Event.EventData.…`; Winlogbeat has `winlog.…` or, when old,
//! flat names in small letters; NXLog and others are flat. The leaf is the name a Sigma rule asks for.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Row;
use super::say::*;
use crate::{Format, Role};

/// Whether a format carries Windows events.
pub(super) fn speaks(format: Format) -> bool {
    matches!(format, Format::Evtx | Format::WindowsJson | Format::WindowsXml | Format::Json | Format::Csv)
}

/// What a Windows field says.
pub(super) fn role(path: &str) -> Option<Role> {
    let leaf = leaf(path)?;
    rows(&leaf).find_map(|row| row.role)
}

/// The names of a Windows field: its leaf, what SigmaHQ calls it, ECS, OCSF.
pub(super) fn names(path: &str) -> Vec<String> {
    let Some(leaf) = leaf(path) else { return Vec::new() };
    let mut names = vec![leaf.clone()];
    if leaf.contains(' ') {
        // Defender writes `Threat Name`; rules write `ThreatName` or `Threat_Name`.
        names.push(leaf.replace(' ', ""));
        names.push(leaf.replace(' ', "_"));
    }
    let known: Vec<&Row> = rows(&leaf).collect();
    names.extend(known.iter().flat_map(|row| row.sigma.split(' ')).map(str::to_owned));
    names.extend(known.iter().map(|row| row.ecs.to_owned()));
    names.extend(known.iter().map(|row| row.ocsf.to_owned()));
    names
}

fn rows(leaf: &str) -> impl Iterator<Item = &'static Row> {
    static INDEX: OnceLock<HashMap<&'static str, Vec<&'static Row>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for row in ROWS {
            index.entry(row.path).or_default().push(row);
        }
        index
    });
    index.get(leaf).map_or(&[][..], Vec::as_slice).iter().copied()
}

/// The field's own name, in Sigma's words for what stands in the header. `None` when nothing says that it is one.
fn leaf(path: &str) -> Option<String> {
    for prefix in
        ["Event.EventData.", "winlog.event_data.", "event_data.", "EventData.", "Event.ProcessingErrorData."]
    {
        if let Some(leaf) = path.strip_prefix(prefix) {
            return Some(leaf.strip_prefix("Data.").unwrap_or(leaf).to_owned());
        }
    }
    for prefix in ["Event.UserData.", "winlog.user_data.", "user_data.", "UserData."] {
        if let Some(inside) = path.strip_prefix(prefix) {
            return Some(inside.rsplit('.').next().unwrap_or(inside).to_owned());
        }
    }
    if let Some((_, header)) = HEADER.iter().find(|(known, _)| *known == path) {
        return Some((*header).to_owned());
    }
    if let Some(inside) = path.strip_prefix("Event.System.").or_else(|| path.strip_prefix("System.")) {
        return Some(inside.replace(".#attributes.", ".").replace('@', ""));
    }
    if let Some(inside) = path.strip_prefix("Event.RenderingInfo.") {
        return (inside == "Message").then(|| inside.to_owned());
    }
    // A flat record: the name is the leaf if we know it.
    (!path.contains('.') && rows(path).next().is_some()).then(|| path.to_owned())
}

/// The header's fields in every wrapping, and Sigma's word.
#[rustfmt::skip]
const HEADER: &[(&str, &str)] = &[
    ("Event.System.Channel", "Channel"), ("System.Channel", "Channel"), ("winlog.channel", "Channel"), ("log_name", "Channel"),
    ("Event.System.EventID", "EventID"), ("System.EventID", "EventID"), ("winlog.event_id", "EventID"), ("event_id", "EventID"),
    ("event.code", "EventID"), ("EventId", "EventID"), ("EventIdentifier", "EventID"),
    ("Event.System.Provider.#attributes.Name", "Provider_Name"), ("Event.System.Provider.@Name", "Provider_Name"),
    ("Event.System.Provider.Name", "Provider_Name"), ("Event.System.Provider_attributes.Name", "Provider_Name"),
    ("Event.System.Provider.#attributes.EventSourceName", "EventSourceName"),
    ("System.Provider.#attributes.Name", "Provider_Name"), ("System.Provider.Name", "Provider_Name"),
    ("winlog.provider_name", "Provider_Name"), ("source_name", "Provider_Name"), ("SourceName", "Provider_Name"),
    ("ProviderName", "Provider_Name"), ("event.provider", "Provider_Name"),
    ("Event.System.Provider.#attributes.Guid", "Provider_Guid"), ("winlog.provider_guid", "Provider_Guid"), ("ProviderGuid", "Provider_Guid"),
    ("Event.System.Computer", "Computer"), ("System.Computer", "Computer"), ("winlog.computer_name", "Computer"),
    ("computer_name", "Computer"), ("Hostname", "Computer"), ("MachineName", "Computer"),
    ("Event.System.TimeCreated.#attributes.SystemTime", "SystemTime"), ("Event.System.TimeCreated.@SystemTime", "SystemTime"),
    ("Event.System.TimeCreated.SystemTime", "SystemTime"), ("Event.System.TimeCreated", "SystemTime"),
    ("System.TimeCreated.SystemTime", "SystemTime"), ("System.TimeCreated.#attributes.SystemTime", "SystemTime"),
    ("Event.System.Level", "Level"), ("winlog.level", "Level"),
    ("Event.System.Keywords", "Keywords"), ("winlog.keywords", "Keywords"),
    ("Event.System.Task", "Task"), ("winlog.task", "Task"),
    ("Event.System.Opcode", "Opcode"), ("winlog.opcode", "Opcode"),
    ("Event.System.EventRecordID", "EventRecordID"), ("winlog.record_id", "EventRecordID"),
    ("record_number", "EventRecordID"), ("RecordNumber", "EventRecordID"), ("RecordId", "EventRecordID"),
    ("Event.System.Security.#attributes.UserID", "UserID"), ("Event.System.Security.@UserID", "UserID"), ("winlog.user.identifier", "UserID"),
    ("Event.System.Execution.#attributes.ProcessID", "ExecutionProcessID"), ("winlog.process.pid", "ExecutionProcessID"),
];

const fn row(
    path: &'static str,
    sigma: &'static str,
    ecs: &'static str,
    ocsf: &'static str,
    role: Option<Role>,
) -> Row {
    super::row(super::ANY, path, sigma, ecs, ocsf, role)
}

/// The rows, by leaf: Sigma, ECS (as Winlogbeat writes it), OCSF, role.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    // The header.
    row("SystemTime", "", "@timestamp", "time", TIME),
    row("EventTime", "", "@timestamp", "time", TIME),
    row("TimeCreated", "", "@timestamp", "time", TIME),
    row("UtcTime", "", "@timestamp", "time", TIME),
    row("Channel", "", "winlog.channel", "metadata.log_name", NIL),
    row("EventID", "", "event.code", "metadata.event_code", NIL),
    row("Provider_Name", "Provider SourceName", "event.provider", "metadata.log_provider", NIL),
    row("EventSourceName", "", "", "", NIL),
    row("Computer", "ComputerName", "host.name", "device.hostname", HOST),
    row("ComputerName", "Computer", "host.name", "device.hostname", HOST),
    row("Level", "", "log.level", "severity", NIL),
    row("Keywords", "", "winlog.keywords", "", NIL),
    row("Message", "message", "message", "message", NIL),
    row("message", "Message", "", "", NIL),
    // Processes. The names of Security 4688 are SigmaHQ's windows-audit mapping.
    row("Image", "", "process.executable", "process.file.path", NIL),
    row("CommandLine", "", "process.command_line", "process.cmd_line", NIL),
    row("CurrentDirectory", "", "process.working_directory", "process.working_directory", NIL),
    row("OriginalFileName", "", "process.pe.original_file_name", "process.file.internal_name", NIL),
    row("IntegrityLevel", "", "winlog.event_data.IntegrityLevel", "process.integrity", NIL),
    row("MandatoryLabel", "IntegrityLevel", "", "process.integrity", NIL),
    row("ParentImage", "", "process.parent.executable", "process.parent_process.file.path", NIL),
    row("ParentCommandLine", "", "process.parent.command_line", "process.parent_process.cmd_line", NIL),
    row("ParentUser", "", "process.parent.user.name", "process.parent_process.user.name", USER),
    row("ProcessId", "", "process.pid", "process.pid", NIL),
    row("NewProcessName", "Image", "process.executable", "process.file.path", NIL),
    row("ParentProcessName", "ParentImage", "process.parent.executable", "process.parent_process.file.path", NIL),
    row("ProcessCommandLine", "CommandLine", "process.command_line", "process.cmd_line", NIL),
    // Of 4657 and others; 4688 has no field of this name.
    row("ProcessName", "Image", "process.executable", "actor.process.file.path", NIL),
    row("SubjectLogonId", "LogonId", "winlog.logon.id", "actor.session.uid", NIL),
    row("Hashes", "md5 sha1 sha256 Imphash", "process.hash.sha256", "process.file.hashes.value", HASH),
    row("Hash", "", "file.hash.sha256", "file.hashes.value", HASH),
    row("Imphash", "", "process.pe.imphash", "", HASH),
    row("md5", "", "file.hash.md5", "file.hashes.value", HASH),
    row("sha1", "", "file.hash.sha1", "file.hashes.value", HASH),
    row("sha256", "", "file.hash.sha256", "file.hashes.value", HASH),
    row("FileHash", "", "file.hash.sha256", "file.hashes.value", HASH),
    // Files, registry, modules, pipes.
    row("TargetFilename", "", "file.path", "file.path", NIL),
    row("ImageLoaded", "", "dll.path", "module.file.path", NIL),
    row("Signature", "", "file.code_signature.subject_name", "", NIL),
    row("PipeName", "", "file.name", "", NIL),
    row("TargetObject", "", "registry.path", "reg_key.path", NIL),
    row("Details", "", "registry.data.strings", "reg_value.data", NIL),
    // Of 4657: the key, its new value, and what was done to it.
    row("ObjectName", "TargetObject", "winlog.event_data.ObjectName", "reg_key.path", NIL),
    row("NewValue", "Details", "", "reg_value.data", NIL),
    row("ScriptBlockText", "", "powershell.file.script_block_text", "script.script_content.value", NIL),
    row("Payload", "", "", "", NIL),
    // Networks.
    row("SourceIp", "src_ip", "source.ip", "src_endpoint.ip", SRC),
    row("SourcePort", "src_port", "source.port", "src_endpoint.port", SPT),
    row("SourceHostname", "", "source.domain", "src_endpoint.hostname", HOST),
    row("DestinationIp", "dst_ip", "destination.ip", "dst_endpoint.ip", DST),
    row("DestinationPort", "dst_port", "destination.port", "dst_endpoint.port", DPT),
    row("DestinationHostname", "", "destination.domain", "dst_endpoint.hostname", DOM),
    row("QueryName", "query", "dns.question.name", "query.hostname", DOM),
    row("QNAME", "query QueryName", "dns.question.name", "query.hostname", DOM),
    row("QueryResults", "answer", "dns.answers.data", "answers.rdata", NIL),
    // The filtering platform's 5152 to 5158.
    row("SourceAddress", "SourceIp src_ip", "source.ip", "src_endpoint.ip", SRC),
    row("DestAddress", "DestinationIp dst_ip", "destination.ip", "dst_endpoint.ip", DST),
    row("DestPort", "DestinationPort dst_port", "destination.port", "dst_endpoint.port", DPT),
    row("Application", "", "process.executable", "", NIL),
    // Log-ins.
    row("IpAddress", "src_ip Source_Network_Address", "source.ip", "src_endpoint.ip", SRC),
    row("IpPort", "src_port", "source.port", "src_endpoint.port", SPT),
    row("Source_Network_Address", "IpAddress", "source.ip", "src_endpoint.ip", SRC),
    row("ClientAddress", "", "source.ip", "src_endpoint.ip", SRC),
    row("ClientIP", "", "source.ip", "src_endpoint.ip", SRC),
    row("Address", "", "source.ip", "src_endpoint.ip", ADR),
    row("RemoteAddress", "", "destination.ip", "dst_endpoint.ip", ADR),
    row("ServerAddress", "", "destination.ip", "dst_endpoint.ip", DST),
    row("Workstation", "WorkstationName", "source.domain", "src_endpoint.hostname", HOST),
    row("WorkstationName", "Workstation", "source.domain", "src_endpoint.hostname", HOST),
    row("User", "", "user.name", "actor.user.name", USER),
    row("SubjectUserName", "User SubjectAccountName", "user.name", "actor.user.name", USER),
    row("TargetUserName", "", "user.target.name", "user.name", USER),
    row("AccountName", "", "user.name", "user.name", USER),
    row("SamAccountName", "", "", "user.name", USER),
    row("LogonType", "", "winlog.logon.type", "logon_type_id", NIL),
    // Downloads and Defender.
    row("RemoteName", "", "url.original", "", URL),
    row("url", "", "url.original", "", URL),
    row("Threat Name", "Signature", "rule.name", "malware.name", NIL),
    row("ThreatName", "Signature", "rule.name", "malware.name", NIL),
    row("Path", "Filename", "file.path", "file.path", NIL),
    row("Process Name", "Image", "process.executable", "", NIL),
    row("Detection User", "User", "user.name", "actor.user.name", USER),
];
