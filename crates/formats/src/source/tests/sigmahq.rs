//! Every log source that SigmaHQ's rules name: an event that comes from it, or why none can.

use std::collections::BTreeSet;

use super::{Format, Source, route};

/// One log source of the rules.
struct Wanted {
    product: &'static str,
    service: &'static str,
    category: &'static str,
    answer: Answer,
}

enum Answer {
    /// An event of these fields comes from it.
    From(Format, &'static [(&'static str, &'static str)]),
    /// A Windows channel and event id.
    Windows(&'static str, &'static str),
    /// A Sysmon event.
    Sysmon(&'static str),
    /// No event can say so, for this reason.
    Never(&'static str),
}

use Answer::{From, Never, Sysmon, Windows};

const fn wanted(
    product: &'static str,
    service: &'static str,
    category: &'static str,
    answer: Answer,
) -> Wanted {
    Wanted { product, service, category, answer }
}

const APPLICATION: &str = "an application's own text log does not say what wrote it";

#[rustfmt::skip]
const SOURCES: &[Wanted] = &[
    wanted("aws", "cloudtrail", "", From(Format::Json, &[("eventSource", "iam.amazonaws.com"), ("awsRegion", "x")])),
    wanted("azure", "activitylogs", "", From(Format::Json, &[("operationName", "a/b/write"), ("category", "Administrative")])),
    wanted("azure", "auditlogs", "", From(Format::Json, &[("operationName", "Add user"), ("category", "AuditLogs")])),
    wanted("azure", "pim", "", From(Format::Json, &[("riskEventType", "noMfaOnRoleActivationAlertIncident")])),
    wanted("azure", "riskdetection", "", From(Format::Json, &[("properties/riskEventType", "unfamiliarFeatures")])),
    wanted("azure", "signinlogs", "", From(Format::Json, &[("operationName", "Sign-in activity"), ("category", "NonInteractiveUserSignInLogs")])),
    wanted("bitbucket", "audit", "", From(Format::Json, &[("auditType/action", "User added")])),
    wanted("cisco", "aaa", "", From(Format::Syslog3164, &[("appname", "PARSER-5-CFGLOG_LOGGEDCMD")])),
    wanted("cisco", "bgp", "", From(Format::Syslog3164, &[("appname", "TCP-6-BADAUTH")])),
    wanted("cisco", "duo", "", From(Format::Json, &[("isotimestamp", "2026-01-01T00:00:00Z"), ("event_type", "authentication")])),
    wanted("cisco", "ldp", "", From(Format::Syslog3164, &[("appname", "LDP-5-NBRCHG")])),
    wanted("cisco", "syslog", "", From(Format::Syslog3164, &[("appname", "WEBUI-6-INSTALL_OPERATION_INFO")])),
    wanted("django", "", "application", Never(APPLICATION)),
    wanted("dns", "", "", Never("one deprecated rule has `dns` for a product; it is a category")),
    wanted("fortigate", "event", "", From(Format::KeyValue, &[("logid", "0100"), ("type", "event"), ("subtype", "system")])),
    wanted("fortios", "sslvpnd", "", Never("file events of an appliance that nothing exports")),
    wanted("gcp", "gcp.audit", "", From(Format::Json, &[("protoPayload/methodName", "x"), ("protoPayload/serviceName", "compute.googleapis.com")])),
    wanted("gcp", "google_workspace.admin", "", From(Format::Json, &[("protoPayload/methodName", "x"), ("protoPayload/serviceName", "admin.googleapis.com")])),
    wanted("gcp", "google_workspace.login", "", From(Format::Json, &[("id/uniqueQualifier", "1"), ("id/applicationName", "login")])),
    wanted("github", "audit", "", From(Format::Json, &[("action", "repo.create"), ("actor", "a"), ("org", "o")])),
    wanted("huawei", "bgp", "", From(Format::Syslog3164, &[("appname", "01BGP/3/BGP_AUTH_FAILED")])),
    wanted("juniper", "bgp", "", From(Format::Syslog3164, &[("appname", "rpd")])),
    wanted("jvm", "", "application", Never(APPLICATION)),
    wanted("kubernetes", "audit", "application", From(Format::Json, &[("verb", "create"), ("objectRef/resource", "pods")])),
    wanted("kubernetes", "audit", "", From(Format::Json, &[("verb", "create"), ("auditID", "x")])),
    wanted("linux", "auditd", "", From(Format::KeyValue, &[("type", "EXECVE"), ("sequence", "1")])),
    wanted("linux", "auth", "", From(Format::Syslog3164, &[("appname", "pkexec")])),
    wanted("linux", "clamav", "", From(Format::Syslog3164, &[("appname", "clamd")])),
    wanted("linux", "cron", "", From(Format::Syslog3164, &[("appname", "CRON")])),
    wanted("linux", "guacamole", "", From(Format::Syslog3164, &[("appname", "guacd")])),
    wanted("linux", "sshd", "", From(Format::Syslog3164, &[("appname", "sshd")])),
    wanted("linux", "sudo", "", From(Format::Syslog3164, &[("appname", "sudo")])),
    wanted("linux", "syslog", "", From(Format::Syslog5424, &[("appname", "anything")])),
    wanted("linux", "vsftpd", "", From(Format::Syslog3164, &[("appname", "vsftpd")])),
    wanted("linux", "", "file_event", From(Format::WindowsXml, &[("Event/System/Channel", "Linux-Sysmon/Operational"), ("Event/System/EventID", "11")])),
    wanted("linux", "", "network_connection", From(Format::WindowsXml, &[("Event/System/Channel", "Linux-Sysmon/Operational"), ("Event/System/EventID", "3")])),
    wanted("linux", "", "process_creation", From(Format::WindowsXml, &[("Event/System/Channel", "Linux-Sysmon/Operational"), ("Event/System/EventID", "1")])),
    wanted("linux", "", "", From(Format::Syslog3164, &[("appname", "anything")])),
    wanted("m365", "audit", "", From(Format::Json, &[("Operation", "x"), ("RecordType", "1"), ("Workload", "OneDrive")])),
    wanted("m365", "exchange", "", From(Format::Json, &[("Operation", "x"), ("RecordType", "1"), ("Workload", "Exchange")])),
    wanted("m365", "threat_detection", "", From(Format::Json, &[("Operation", "x"), ("RecordType", "1"), ("Workload", "SecurityComplianceCenter")])),
    wanted("m365", "threat_management", "", From(Format::Json, &[("Operation", "x"), ("RecordType", "1"), ("Workload", "SecurityComplianceCenter")])),
    wanted("macos", "", "file_event", From(Format::Json, &[("class_uid", "1001"), ("device/os/name", "macOS")])),
    wanted("macos", "", "process_creation", From(Format::Json, &[("class_uid", "1007"), ("device/os/name", "macOS")])),
    wanted("modsecurity", "", "", From(Format::Syslog3164, &[("appname", "ModSecurity")])),
    wanted("nodejs", "", "application", Never(APPLICATION)),
    wanted("okta", "okta", "", From(Format::Json, &[("actor/alternateId", "a@b"), ("displayMessage", "x")])),
    wanted("onelogin", "onelogin.events", "", From(Format::Json, &[("event_type_id", "13")])),
    wanted("opencanary", "", "application", From(Format::Json, &[("logtype", "4002"), ("node_id", "x")])),
    wanted("paloalto", "globalprotect", "appliance", From(Format::Cef, &[("DeviceVendor", "Palo Alto Networks"), ("DeviceEventClassID", "GLOBALPROTECT")])),
    wanted("paloalto", "globalprotect", "file_event", Never("file events of an appliance that nothing exports")),
    wanted("python", "", "application", Never(APPLICATION)),
    wanted("qualys", "", "", From(Format::Json, &[("host.scan.vuln", "10693")])),
    wanted("rpc_firewall", "", "application", From(Format::Evtx, &[("Event/System/Channel", "RPCFW"), ("Event/System/EventID", "3")])),
    wanted("ruby_on_rails", "", "application", Never(APPLICATION)),
    wanted("spring", "", "application", Never(APPLICATION)),
    wanted("spring", "", "", Never(APPLICATION)),
    wanted("sql", "", "application", Never(APPLICATION)),
    wanted("velocity", "", "application", Never(APPLICATION)),
    wanted("", "apache", "", From(Format::Text, &[("apache.error.module", "core")])),
    wanted("", "netflow", "", From(Format::Eve, &[("event_type", "netflow")])),
    wanted("", "nginx", "", From(Format::Text, &[("nginx.error.process", "1#1")])),
    wanted("", "", "antivirus", Windows("Microsoft-Windows-Windows Defender/Operational", "1116")),
    wanted("", "", "authentication", From(Format::Syslog3164, &[("appname", "sshd")])),
    wanted("", "", "database", Never("a database's query log is text of no common form")),
    wanted("", "", "dns", From(Format::ZeekTsv, &[("_path", "dns")])),
    wanted("", "", "firewall", From(Format::KeyValue, &[("srcip", "10.0.0.1"), ("dstport", "80")])),
    wanted("", "", "proxy", From(Format::Squid, &[("c-uri", "http://h/")])),
    wanted("", "", "webserver", From(Format::WebAccess, &[("cs-method", "GET")])),
    wanted("windows", "application", "", Windows("Application", "1000")),
    wanted("windows", "applocker", "", Windows("Microsoft-Windows-AppLocker/EXE and DLL", "8004")),
    wanted("windows", "appmodel-runtime", "", Windows("Microsoft-Windows-AppModel-Runtime/Admin", "201")),
    wanted("windows", "appxdeployment-server", "", Windows("Microsoft-Windows-AppXDeploymentServer/Operational", "400")),
    wanted("windows", "appxpackaging-om", "", Windows("Microsoft-Windows-AppxPackaging/Operational", "157")),
    wanted("windows", "bits-client", "", Windows("Microsoft-Windows-Bits-Client/Operational", "3")),
    wanted("windows", "capi2", "", Windows("Microsoft-Windows-CAPI2/Operational", "70")),
    wanted("windows", "certificateservicesclient-lifecycle-system", "", Windows("Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational", "1007")),
    wanted("windows", "codeintegrity-operational", "", Windows("Microsoft-Windows-CodeIntegrity/Operational", "3033")),
    wanted("windows", "diagnosis-scripted", "", Windows("Microsoft-Windows-Diagnosis-Scripted/Operational", "101")),
    wanted("windows", "dns-client", "", Windows("Microsoft-Windows-DNS-Client/Operational", "3008")),
    wanted("windows", "dns-server", "", Windows("DNS Server", "150")),
    wanted("windows", "dns-server-analytic", "", Windows("Microsoft-Windows-DNS-Server/Analytical", "257")),
    wanted("windows", "driver-framework", "", Windows("Microsoft-Windows-DriverFrameworks-UserMode/Operational", "2003")),
    wanted("windows", "firewall-as", "", Windows("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall", "2004")),
    wanted("windows", "iis-configuration", "", Windows("Microsoft-IIS-Configuration/Operational", "29")),
    wanted("windows", "ldap", "", Windows("Microsoft-Windows-LDAP-Client/Debug", "30")),
    wanted("windows", "lsa-server", "", Windows("Microsoft-Windows-LSA/Operational", "300")),
    wanted("windows", "microsoft-servicebus-client", "", Windows("Microsoft-ServiceBus-Client", "40301")),
    wanted("windows", "msexchange-management", "", Windows("MSExchange Management", "6")),
    wanted("windows", "ntlm", "", Windows("Microsoft-Windows-NTLM/Operational", "8001")),
    wanted("windows", "openssh", "", Windows("OpenSSH/Operational", "4")),
    wanted("windows", "powershell", "", Windows("Microsoft-Windows-PowerShell/Operational", "4104")),
    wanted("windows", "powershell-classic", "", Windows("Windows PowerShell", "400")),
    wanted("windows", "printservice-admin", "", Windows("Microsoft-Windows-PrintService/Admin", "808")),
    wanted("windows", "printservice-operational", "", Windows("Microsoft-Windows-PrintService/Operational", "316")),
    wanted("windows", "security", "", Windows("Security", "4624")),
    wanted("windows", "security-mitigations", "", Windows("Microsoft-Windows-Security-Mitigations/KernelMode", "11")),
    wanted("windows", "shell-core", "", Windows("Microsoft-Windows-Shell-Core/Operational", "28115")),
    wanted("windows", "smbclient-connectivity", "", Windows("Microsoft-Windows-SMBClient/Connectivity", "30803")),
    wanted("windows", "smbclient-security", "", Windows("Microsoft-Windows-SmbClient/Security", "31017")),
    wanted("windows", "smbserver-connectivity", "", Windows("Microsoft-Windows-SMBServer/Connectivity", "1020")),
    wanted("windows", "sysmon", "", Sysmon("16")),
    wanted("windows", "system", "", Windows("System", "7045")),
    wanted("windows", "taskscheduler", "", Windows("Microsoft-Windows-TaskScheduler/Operational", "129")),
    wanted("windows", "terminalservices-localsessionmanager", "", Windows("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", "21")),
    wanted("windows", "windefend", "", Windows("Microsoft-Windows-Windows Defender/Operational", "5001")),
    wanted("windows", "wmi", "", Windows("Microsoft-Windows-WMI-Activity/Operational", "5861")),
    wanted("windows", "", "create_remote_thread", Sysmon("8")),
    wanted("windows", "", "create_stream_hash", Sysmon("15")),
    wanted("windows", "", "dns_query", Sysmon("22")),
    wanted("windows", "", "driver_load", Sysmon("6")),
    wanted("windows", "", "file_access", Windows("Microsoft-Windows-Kernel-File/Analytic", "12")),
    wanted("windows", "", "file_change", Sysmon("2")),
    wanted("windows", "", "file_delete", Sysmon("23")),
    wanted("windows", "", "file_event", Sysmon("11")),
    wanted("windows", "", "file_executable_detected", Sysmon("29")),
    wanted("windows", "", "file_rename", Windows("Microsoft-Windows-Kernel-File/Analytic", "27")),
    wanted("windows", "", "image_load", Sysmon("7")),
    wanted("windows", "", "network_connection", Sysmon("3")),
    wanted("windows", "", "pipe_created", Sysmon("17")),
    wanted("windows", "", "process_access", Sysmon("10")),
    wanted("windows", "", "process_creation", Windows("Security", "4688")),
    wanted("windows", "", "process_tampering", Sysmon("25")),
    wanted("windows", "", "ps_classic_provider_start", Windows("Windows PowerShell", "600")),
    wanted("windows", "", "ps_classic_start", Windows("Windows PowerShell", "400")),
    wanted("windows", "", "ps_module", Windows("Microsoft-Windows-PowerShell/Operational", "4103")),
    wanted("windows", "", "ps_script", Windows("PowerShellCore/Operational", "4104")),
    wanted("windows", "", "raw_access_thread", Sysmon("9")),
    wanted("windows", "", "registry_add", Sysmon("12")),
    wanted("windows", "", "registry_delete", Sysmon("12")),
    wanted("windows", "", "registry_event", Sysmon("14")),
    wanted("windows", "", "registry_set", Sysmon("13")),
    wanted("windows", "", "sysmon_error", Sysmon("255")),
    wanted("windows", "", "sysmon_status", Sysmon("4")),
    wanted("windows", "", "wmi_event", Sysmon("20")),
    wanted("windows", "", "", Windows("Anything", "1")),
    wanted("zeek", "dce_rpc", "", From(Format::ZeekJson, &[("_path", "dce_rpc")])),
    wanted("zeek", "dns", "", From(Format::ZeekTsv, &[("_path", "dns")])),
    wanted("zeek", "http", "", From(Format::ZeekTsv, &[("_path", "http")])),
    wanted("zeek", "kerberos", "", From(Format::ZeekTsv, &[("_path", "kerberos")])),
    wanted("zeek", "rdp", "", From(Format::ZeekTsv, &[("_path", "rdp")])),
    wanted("zeek", "smb_files", "", From(Format::ZeekTsv, &[("_path", "smb_files")])),
    wanted("zeek", "x509", "", From(Format::ZeekTsv, &[("_path", "x509")])),
];

/// Whether a rule for the log source sees an event of the route.
fn covers(route: &str, wanted: &Wanted) -> bool {
    // A service may hold no slash, so the route falls apart cleanly.
    let parts: Vec<&str> = route.splitn(3, '/').collect();
    let [product, services, categories] = parts[..] else { return false };
    let among = |words: &str, word: &str| word.is_empty() || words.split('+').any(|known| known == word);
    (wanted.product.is_empty() || wanted.product == product)
        && among(services, wanted.service)
        && among(categories, wanted.category)
}

#[test]
fn an_event_can_come_from_every_log_source_that_rules_name_or_the_reason_is_known() {
    const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
    let windows =
        |channel, id| route(Format::Evtx, &[("Event/System/Channel", channel), ("Event/System/EventID", id)]);
    for wanted in SOURCES {
        let route = match wanted.answer {
            From(format, fields) => route(format, fields),
            Windows(channel, id) => windows(channel, id),
            Sysmon(id) => windows(SYSMON, id),
            Never(reason) => {
                println!(
                    "cannot be derived: {}/{}/{}: {reason}",
                    wanted.product, wanted.service, wanted.category
                );
                continue;
            }
        };
        assert!(
            covers(&route, wanted),
            "{}/{}/{} is not {route}",
            wanted.product,
            wanted.service,
            wanted.category
        );
    }
    let never = SOURCES.iter().filter(|wanted| matches!(wanted.answer, Never(_))).count();
    println!("{} log sources, {never} of them cannot be derived", SOURCES.len());
    assert!(never <= 13);
}

#[test]
fn the_list_of_log_sources_is_the_one_of_the_shared_rules() {
    let Some(folder) = testkit::shared_data("sigma-rules") else { return };
    let known: BTreeSet<_> = SOURCES
        .iter()
        .map(|wanted| (wanted.product.to_owned(), wanted.service.to_owned(), wanted.category.to_owned()))
        .collect();
    let mut rules = 0;
    for path in
        testkit::files_below(&folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "yml"))
    {
        let Some(source) = logsource(&std::fs::read_to_string(&path).unwrap()) else { continue };
        rules += 1;
        assert!(known.contains(&source), "{source:?} of {} is not in the list", path.display());
    }
    assert!(rules > 3_000, "only {rules} rules under {}", folder.display());
}

/// The three words of a rule's `logsource`, by lines: the shared rules are all written in block style.
fn logsource(rule: &str) -> Option<(String, String, String)> {
    let mut source = Source::default();
    let (mut service, mut category) = (String::new(), String::new());
    let block = rule.lines().skip_while(|line| line.trim_end() != "logsource:").skip(1);
    let mut lines = 0;
    for line in block.take_while(|line| line.starts_with(' ') || line.starts_with('#')) {
        lines += 1;
        let (key, value) = line.trim().split_once(':')?;
        let value = value.split('#').next()?.trim().trim_matches(['\'', '"']).to_owned();
        match key {
            "product" => source.product = value,
            "service" => service = value,
            "category" => category = value,
            _ => {}
        }
    }
    (lines > 0).then_some((source.product, service, category))
}
