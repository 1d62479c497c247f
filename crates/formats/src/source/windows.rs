//! Windows events: the channel is the service, channel and event id together give the categories.
//!
//! The channels are SigmaHQ's mapping; the categories are Sysmon's ids, PowerShell's, and SigmaHQ's windows-audit
//! mapping of the Security channel.

use super::{Clue, Clues, Source};

/// The source of an event with a Windows header.
pub(super) fn source(clues: &Clues<'_>) -> Source {
    let channel = clues.value(Clue::Channel).to_ascii_lowercase();
    let event_id: u32 = clues.value(Clue::EventId).trim().parse().unwrap_or(0);
    let change = clues.value(Clue::EventType);
    if channel == "linux-sysmon/operational" || clues.value(Clue::Provider) == "Linux-Sysmon" {
        return Source::new("linux", &["sysmon"], sysmon(event_id, change));
    }
    if channel == "rpcfw" || clues.has(Clue::RpcFirewall) {
        return Source::new("rpc_firewall", &["rpcfw"], &["application"]);
    }
    let service = service(&channel, clues.value(Clue::Provider));
    let categories: &[&str] = match service {
        "sysmon" => sysmon(event_id, change),
        "security" => security(event_id, change),
        "powershell" => match event_id {
            4103 => &["ps_module"],
            4104 => &["ps_script"],
            _ => &[],
        },
        "powershell-classic" => match event_id {
            400 => &["ps_classic_start"],
            600 => &["ps_classic_provider_start"],
            800 => &["ps_classic_script"],
            _ => &[],
        },
        // What Defender found; its changes of settings are no finds.
        "windefend" => match event_id {
            1006..=1009 | 1015 | 1116..=1119 => &["antivirus"],
            _ => &[],
        },
        // Tracing of the file system: exports of it rarely reach a log, but some agents write them.
        "kernel-file" => match event_id {
            12 | 30 => &["file_access"],
            19 | 27 => &["file_rename"],
            26 => &["file_delete"],
            _ => &[],
        },
        _ => &[],
    };
    Source::new("windows", &[service], categories)
}

/// Sigma's service of a channel; for a record without one, of its provider.
fn service(channel: &str, provider: &str) -> &'static str {
    let found = CHANNELS.iter().find(|(known, _)| *known == channel).map(|(_, service)| *service);
    if channel.is_empty() {
        return match provider {
            "Microsoft-Windows-Sysmon" => "sysmon",
            "Microsoft-Windows-Security-Auditing" => "security",
            "Microsoft-Windows-PowerShell" => "powershell",
            "PowerShell" => "powershell-classic",
            "Service Control Manager" => "system",
            _ => "",
        };
    }
    found.unwrap_or("")
}

/// The categories of a Sysmon event. Event 12 is told apart by what was done to the key.
fn sysmon(event_id: u32, change: &str) -> &'static [&'static str] {
    match event_id {
        1 => &["process_creation"],
        2 => &["file_change"],
        3 => &["network_connection"],
        4 | 16 => &["sysmon_status"],
        5 => &["process_termination"],
        6 => &["driver_load"],
        7 => &["image_load"],
        8 => &["create_remote_thread"],
        9 => &["raw_access_thread"],
        10 => &["process_access"],
        11 => &["file_event"],
        12 if change.starts_with("Create") => &["registry_event", "registry_add"],
        12 if change.starts_with("Delete") => &["registry_event", "registry_delete"],
        12 => &["registry_event", "registry_add", "registry_delete"],
        13 => &["registry_event", "registry_set"],
        14 => &["registry_event", "registry_rename"],
        15 => &["create_stream_hash"],
        17 | 18 => &["pipe_created"],
        19..=21 => &["wmi_event"],
        22 => &["dns_query"],
        23 | 26 => &["file_delete"],
        24 => &["clipboard_capture"],
        25 => &["process_tampering"],
        27 => &["file_block_executable"],
        28 => &["file_block_shredding"],
        29 => &["file_executable_detected"],
        255 => &["sysmon_error"],
        _ => &[],
    }
}

/// The categories of an audit event: 4688 and 4657 stand in for Sysmon where there is none.
fn security(event_id: u32, change: &str) -> &'static [&'static str] {
    match (event_id, change) {
        (4688, _) => &["process_creation"],
        (4689, _) => &["process_termination"],
        (4657, "%%1904" | "New registry value created") => &["registry_event", "registry_add"],
        (4657, "%%1905" | "Existing registry value modified") => &["registry_event", "registry_set"],
        (4657, "%%1906" | "Registry value deleted") => &["registry_event", "registry_delete"],
        (4657, _) => &["registry_event"],
        _ => &[],
    }
}

/// Channels in small letters, for their spelling wavers (`SmbClient`, `SMBClient`).
#[rustfmt::skip]
const CHANNELS: &[(&str, &str)] = &[
    ("security", "security"),
    ("system", "system"),
    ("application", "application"),
    ("microsoft-windows-sysmon/operational", "sysmon"),
    ("microsoft-windows-powershell/operational", "powershell"),
    ("powershellcore/operational", "powershell"),
    ("windows powershell", "powershell-classic"),
    ("microsoft-windows-wmi-activity/operational", "wmi"),
    ("microsoft-windows-windows defender/operational", "windefend"),
    ("microsoft-windows-taskscheduler/operational", "taskscheduler"),
    ("dns server", "dns-server"),
    ("microsoft-windows-dns-server/audit", "dns-server-audit"),
    ("microsoft-windows-dnsserver/audit", "dns-server-audit"),
    ("microsoft-windows-dns-server/analytical", "dns-server-analytic"),
    ("microsoft-windows-dnsserver/analytical", "dns-server-analytic"),
    ("microsoft-windows-dns client events/operational", "dns-client"),
    ("microsoft-windows-dns-client/operational", "dns-client"),
    ("microsoft-windows-bits-client/operational", "bits-client"),
    ("microsoft-windows-applocker/msi and script", "applocker"),
    ("microsoft-windows-applocker/exe and dll", "applocker"),
    ("microsoft-windows-applocker/packaged app-deployment", "applocker"),
    ("microsoft-windows-applocker/packaged app-execution", "applocker"),
    ("microsoft-windows-appxdeployment-server/operational", "appxdeployment-server"),
    ("microsoft-windows-appxdeploymentserver/operational", "appxdeployment-server"),
    ("microsoft-windows-appxpackaging/operational", "appxpackaging-om"),
    ("microsoft-windows-appxpackagingom/operational", "appxpackaging-om"),
    ("microsoft-windows-appmodel-runtime/admin", "appmodel-runtime"),
    ("microsoft-windows-codeintegrity/operational", "codeintegrity-operational"),
    ("microsoft-windows-windows firewall with advanced security/firewall", "firewall-as"),
    ("microsoft-windows-terminalservices-localsessionmanager/operational", "terminalservices-localsessionmanager"),
    ("microsoft-windows-terminalservices-remoteconnectionmanager/operational", "terminalservices-remoteconnectionmanager"),
    ("microsoft-windows-smbclient/security", "smbclient-security"),
    ("microsoft-windows-smbclient/connectivity", "smbclient-connectivity"),
    ("microsoft-windows-smbserver/connectivity", "smbserver-connectivity"),
    ("microsoft-windows-smbserver/security", "smbserver-security"),
    ("microsoft-windows-ldap-client/debug", "ldap"),
    ("microsoft-windows-ntlm/operational", "ntlm"),
    ("microsoft-windows-dhcp-server/operational", "dhcp"),
    ("msexchange management", "msexchange-management"),
    ("microsoft-windows-printservice/admin", "printservice-admin"),
    ("microsoft-windows-printservice/operational", "printservice-operational"),
    ("microsoft-windows-security-mitigations/kernel mode", "security-mitigations"),
    ("microsoft-windows-security-mitigations/kernelmode", "security-mitigations"),
    ("microsoft-windows-security-mitigations/user mode", "security-mitigations"),
    ("microsoft-windows-security-mitigations/usermode", "security-mitigations"),
    ("microsoft-windows-shell-core/operational", "shell-core"),
    ("openssh/operational", "openssh"),
    ("microsoft-windows-vhdmp/operational", "vhdmp"),
    ("microsoft-windows-vhdmp-operational", "vhdmp"),
    ("microsoft-windows-lsa/operational", "lsa-server"),
    ("microsoft-windows-diagnosis-scripted/operational", "diagnosis-scripted"),
    ("microsoft-windows-driverframeworks-usermode/operational", "driver-framework"),
    ("microsoft-iis-configuration/operational", "iis-configuration"),
    ("microsoft-windows-iis-configuration/operational", "iis-configuration"),
    ("microsoft-windows-capi2/operational", "capi2"),
    ("microsoft-windows-certificateservicesclient-lifecycle-system/operational", "certificateservicesclient-lifecycle-system"),
    ("microsoft-windows-hyper-v-worker-admin", "hyper-v-worker"),
    ("microsoft-windows-hyper-v-worker-operational", "hyper-v-worker"),
    ("microsoft-windows-hyper-v-worker/admin", "hyper-v-worker"),
    ("microsoft-windows-sense/operational", "sense"),
    ("microsoft-windows-kernel-shimengine/operational", "kernel-shimengine"),
    ("microsoft-windows-kernel-shimengine/diagnostic", "kernel-shimengine"),
    ("microsoft-windows-kernel-eventtracing/admin", "kernel-event-tracing"),
    ("microsoft-windows-kernel-eventtracing", "kernel-event-tracing"),
    ("microsoft-windows-kernel-file/analytic", "kernel-file"),
    ("microsoft-servicebus-client", "microsoft-servicebus-client"),
    ("microsoft-servicebus-client/admin", "microsoft-servicebus-client"),
    ("microsoft-servicebus-client/operational", "microsoft-servicebus-client"),
    ("microsoft-windows-bitlocker/bitlocker management", "bitlocker"),
    ("microsoft-windows-winrm/operational", "winrm"),
    ("microsoft-windows-grouppolicy/operational", "grouppolicy"),
    ("directory service", "directory-service"),
];
