//! JSON: the audit logs of clouds and services, schemas (ECS, OCSF), web servers that log in JSON.

use super::{Clue, Clues, Source};

/// What the fields of a JSON record tell; the unknown source when they tell nothing.
pub(super) fn source(clues: &Clues<'_>) -> Source {
    [amazon, google, okta_and_kin, microsoft_365, azure, kubernetes, others, web, schema]
        .into_iter()
        .find_map(|told| told(clues))
        .unwrap_or_default()
}

fn amazon(clues: &Clues<'_>) -> Option<Source> {
    if clues.all(&[Clue::AwsSource, Clue::AwsRegion]) {
        Some(Source::new("aws", &["cloudtrail"], &[]))
    } else if clues.has(Clue::AwsFinding) {
        Some(Source::new("aws", &["guardduty"], &[]))
    } else if clues.has(Clue::AwsInterface) && clues.has(Clue::SourceAddress) {
        Some(Source::new("aws", &["vpcflow"], &["firewall"]))
    } else if clues.has(Clue::AwsWebAcl) {
        Some(Source::new("aws", &["waf"], &["webserver"]))
    } else {
        None
    }
}

/// Workspace reports its log-ins and its administration through the audit log as well as on its own.
fn google(clues: &Clues<'_>) -> Option<Source> {
    let service = clues.value(Clue::Service);
    if !clues.has(Clue::GoogleCall) && !clues.has(Clue::GoogleReport) {
        return None;
    }
    Some(match service {
        "login.googleapis.com" | "login" => Source::new("gcp", &["google_workspace.login", "gcp.audit"], &[]),
        "admin.googleapis.com" | "admin" => Source::new("gcp", &["google_workspace.admin", "gcp.audit"], &[]),
        _ if clues.has(Clue::GoogleReport) => Source::new("gcp", &["google_workspace"], &[]),
        _ => Source::new("gcp", &["gcp.audit"], &[]),
    })
}

fn okta_and_kin(clues: &Clues<'_>) -> Option<Source> {
    if clues.all(&[Clue::OktaActor, Clue::OktaContext]) {
        Some(Source::new("okta", &["okta"], &[]))
    } else if clues.has(Clue::OneLoginEvent) {
        Some(Source::new("onelogin", &["onelogin.events"], &[]))
    } else if clues.all(&[Clue::DuoStamp, Clue::DuoEvent]) {
        Some(Source::new("cisco", &["duo"], &[]))
    } else {
        None
    }
}

/// The unified audit log. Rules name its workloads in three services of their own.
fn microsoft_365(clues: &Clues<'_>) -> Option<Source> {
    if !clues.all(&[Clue::OfficeOperation, Clue::OfficeRecord]) {
        return None;
    }
    Some(match clues.value(Clue::Service) {
        "Exchange" => Source::new("m365", &["audit", "exchange"], &[]),
        "SecurityComplianceCenter" => {
            Source::new("m365", &["audit", "threat_management", "threat_detection"], &[])
        }
        "ThreatIntelligence" => Source::new("m365", &["audit", "threat_detection"], &[]),
        _ => Source::new("m365", &["audit"], &[]),
    })
}

/// Diagnostic settings write a `category`; Graph and Sentinel write other shapes of the same records.
fn azure(clues: &Clues<'_>) -> Option<Source> {
    if clues.has(Clue::RiskEvent) {
        // Alerts of Privileged Identity Management use the same field as Identity Protection.
        return Some(Source::new("azure", &["riskdetection", "pim"], &[]));
    }
    if clues.has(Clue::GraphActivity) {
        return Some(Source::new("azure", &["auditlogs"], &[]));
    }
    let table = clues.value(Clue::Type);
    let category = clues.value(Clue::Category);
    let operation = clues.has(Clue::AzureOperation);
    let service = match (table, category) {
        ("AuditLogs", _) => "auditlogs",
        ("SigninLogs" | "AADNonInteractiveUserSignInLogs", _) => "signinlogs",
        ("AzureActivity", _) => "activitylogs",
        (_, "AuditLogs") if operation => "auditlogs",
        (_, name) if operation && name.to_ascii_lowercase().ends_with("signinlogs") => "signinlogs",
        (_, "UserRiskEvents" | "RiskyUsers" | "ServicePrincipalRiskEvents") => "riskdetection",
        (_, name) if name.starts_with("AdvancedHunting-") => return Some(hunting(name)),
        _ if operation && clues.has(Clue::AzureActivity) => "activitylogs",
        (
            _,
            "Administrative" | "Security" | "ServiceHealth" | "Alert" | "Recommendation" | "Policy"
            | "Autoscale" | "ResourceHealth",
        ) if operation => "activitylogs",
        (_, name) if operation && !name.is_empty() && clues.has(Clue::AzureTenant) => "",
        _ if clues.has(Clue::GraphSignIn) => "signinlogs",
        _ => return None,
    };
    Some(Source::new("azure", &[service], &[]))
}

/// Defender's advanced hunting tables, streamed: what endpoints did, much as Sysmon tells it.
fn hunting(table: &str) -> Source {
    let categories: &[&str] = match table.trim_start_matches("AdvancedHunting-") {
        "DeviceProcessEvents" => &["process_creation"],
        "DeviceNetworkEvents" => &["network_connection"],
        "DeviceFileEvents" => &["file_event"],
        "DeviceImageLoadEvents" => &["image_load"],
        "DeviceRegistryEvents" => &["registry_event", "registry_set"],
        _ => &[],
    };
    Source::new("windows", &["defender"], categories)
}

fn kubernetes(clues: &Clues<'_>) -> Option<Source> {
    clues
        .all(&[Clue::KubernetesVerb, Clue::KubernetesAudit])
        .then(|| Source::new("kubernetes", &["audit"], &["application"]))
}

fn others(clues: &Clues<'_>) -> Option<Source> {
    if clues.has(Clue::BitbucketAudit) {
        Some(Source::new("bitbucket", &["audit"], &[]))
    } else if clues.all(&[Clue::GithubActor, Clue::GithubOrg]) {
        Some(Source::new("github", &["audit"], &[]))
    } else if clues.all(&[Clue::CanaryType, Clue::CanaryNode]) {
        Some(Source::new("opencanary", &[], &["application"]))
    } else if clues.has(Clue::QualysScan) {
        Some(Source::new("qualys", &[], &[]))
    } else {
        None
    }
}

fn web(clues: &Clues<'_>) -> Option<Source> {
    if clues.has(Clue::WebStatus) || clues.all(&[Clue::WebRemote, Clue::WebTarget]) {
        Some(Source::new("", &[], &["webserver"]))
    } else if clues.value(Clue::Logger).starts_with("http.log.access") {
        Some(Source::new("caddy", &[], &["webserver"]))
    } else if clues.has(Clue::PathColumn) || clues.has(Clue::ProxyColumn) {
        Some(super::device::columns(clues))
    } else {
        None
    }
}

/// OCSF's class or the data set a shipper names.
fn schema(clues: &Clues<'_>) -> Option<Source> {
    if clues.has(Clue::OcsfClass) {
        return Some(ocsf(clues));
    }
    let name = clues.value(Clue::Dataset);
    if let Some((_, category)) = CROWDSTRIKE.iter().find(|(known, _)| *known == name) {
        let system = clues.value(Clue::System);
        let product = [("Win", "windows"), ("Lin", "linux"), ("Mac", "macos")];
        let product = product.iter().find(|(short, _)| *short == system).map_or("", |(_, product)| product);
        return Some(Source::new(product, &["crowdstrike"], &[category]));
    }
    DATASETS
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, product, service, category)| Source::new(product, &[service], &[category]))
}

fn ocsf(clues: &Clues<'_>) -> Source {
    let system = clues.value(Clue::System).to_ascii_lowercase();
    let product =
        ["windows", "linux", "macos"].into_iter().find(|known| system.contains(known)).unwrap_or_default();
    let category = match clues.value(Clue::OcsfClass) {
        "1001" => "file_event",
        "1005" => "image_load",
        "1007" => "process_creation",
        "201001" | "201002" => "registry_event",
        "3002" => "authentication",
        "4001" => "firewall",
        "4002" => "proxy",
        "4003" => "dns",
        _ => "",
    };
    Source::new(product, &[], &[category])
}

/// CrowdStrike's telemetry that tells what Sysmon tells.
const CROWDSTRIKE: [(&str, &str); 4] = [
    ("ProcessRollup2", "process_creation"),
    ("SyntheticProcessRollup2", "process_creation"),
    ("NetworkConnectIP4", "network_connection"),
    ("DnsRequest", "dns_query"),
];

/// Data sets of Elastic's modules and integrations, and Zscaler's feeds: product, service, category.
#[rustfmt::skip]
const DATASETS: &[(&str, &str, &str, &str)] = &[
    ("apache.access", "apache", "apache", "webserver"), ("apache.error", "apache", "apache", ""),
    ("nginx.access", "nginx", "nginx", "webserver"), ("nginx.error", "nginx", "nginx", ""),
    ("iis.access", "iis", "iis", "webserver"), ("traefik.access", "traefik", "", "webserver"),
    ("squid.log", "squid", "access", "proxy"), ("zscaler.zia", "zscaler", "", "proxy"),
    ("zscalernss-web", "zscaler", "web", "proxy"), ("zscalernss-fw", "zscaler", "firewall", "firewall"),
    ("zscalernss-dns", "zscaler", "dns", "dns"),
    ("aws.cloudtrail", "aws", "cloudtrail", ""), ("aws.vpcflow", "aws", "vpcflow", "firewall"),
    ("azure.activitylogs", "azure", "activitylogs", ""), ("azure.auditlogs", "azure", "auditlogs", ""),
    ("azure.signinlogs", "azure", "signinlogs", ""), ("azure.identity_protection", "azure", "riskdetection", ""),
    ("gcp.audit", "gcp", "gcp.audit", ""), ("google_workspace.admin", "gcp", "google_workspace.admin", ""),
    ("google_workspace.login", "gcp", "google_workspace.login", ""),
    ("okta.system", "okta", "okta", ""), ("github.audit", "github", "audit", ""), ("o365.audit", "m365", "audit", ""),
    ("cisco.asa", "cisco", "asa", "firewall"), ("cisco_asa.log", "cisco", "asa", "firewall"),
    ("cisco.ftd", "cisco", "asa", "firewall"), ("cisco_duo.auth", "cisco", "duo", ""),
    ("fortinet.firewall", "fortigate", "traffic", "firewall"), ("fortinet_fortigate.log", "fortigate", "traffic", "firewall"),
    ("panw.panos", "paloalto", "traffic", "firewall"), ("iptables.log", "linux", "iptables", "firewall"),
    ("system.auth", "linux", "auth", "authentication"), ("system.syslog", "linux", "syslog", ""),
    ("auditd.log", "linux", "auditd", ""), ("auditd", "linux", "auditd", ""),
    ("zeek.dns", "zeek", "dns", "dns"), ("zeek.http", "zeek", "http", "proxy"), ("zeek.connection", "zeek", "conn", "firewall"),
    ("suricata.eve", "suricata", "eve", ""), ("netflow.log", "", "netflow", ""),
    ("kubernetes.audit_logs", "kubernetes", "audit", "application"),
];
