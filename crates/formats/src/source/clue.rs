//! The few fields that tell where an event came from.

use crate::{Format, Role, alias};

/// A telling field. The first ones tell by their value, the others by being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Clue {
    Channel,
    EventId,
    Provider,
    /// What Sysmon did to the registry key, or Security 4657.
    EventType,
    /// EVE's `event_type`, Zeek's `_path`.
    Kind,
    Program,
    Facility,
    Vendor,
    Product,
    /// CEF's and LEEF's class of event, or its category.
    Class,
    Name,
    Type,
    Subtype,
    Category,
    /// The cloud service that speaks: `login.googleapis.com`, `Exchange`.
    Service,
    Dataset,
    OcsfClass,
    System,
    Logger,
    // From here on the value does not matter.
    SourceAddress,
    DestinationPort,
    Url,
    WebRequest,
    ProxyRequest,
    DnsQuery,
    AuditSequence,
    FortiLog,
    FortiDevice,
    FortiOther,
    StormshieldFirewall,
    SophosSystem,
    PacketEndpoint,
    ApacheError,
    NginxError,
    PamModule,
    IisColumn,
    ProxyColumn,
    EdgeColumn,
    PathColumn,
    FirewallColumn,
    AwsSource,
    AwsRegion,
    AwsFinding,
    AwsInterface,
    AwsWebAcl,
    AzureOperation,
    AzureTenant,
    AzureActivity,
    GraphActivity,
    GraphSignIn,
    RiskEvent,
    GoogleCall,
    GoogleReport,
    OktaActor,
    OktaContext,
    GithubActor,
    GithubOrg,
    OfficeOperation,
    OfficeRecord,
    KubernetesVerb,
    KubernetesAudit,
    OneLoginEvent,
    BitbucketAudit,
    DuoStamp,
    DuoEvent,
    CanaryType,
    CanaryNode,
    WebRemote,
    WebTarget,
    WebStatus,
    RpcFirewall,
    QualysScan,
}

/// How many clues tell by their value.
const VALUED: usize = Clue::SourceAddress as usize;

// One bit for each of the others.
const _: () = assert!((Clue::QualysScan as usize) - VALUED < u64::BITS as usize);

/// The clues of one event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clues<'a> {
    values: [&'a str; VALUED],
    present: u64,
}

impl<'a> Clues<'a> {
    /// Adds a clue; the first value stands.
    pub(super) fn add(&mut self, clue: Clue, text: &'a str) {
        match self.values.get_mut(clue as usize) {
            Some(value) if value.is_empty() => *value = text,
            Some(_) => {}
            None => self.present |= 1 << (clue as usize - VALUED),
        }
    }

    /// The value of a clue that has one; empty when it was not there.
    pub(super) fn value(&self, clue: Clue) -> &'a str {
        self.values.get(clue as usize).copied().unwrap_or_default()
    }

    /// Whether a clue was there.
    pub(super) fn has(&self, clue: Clue) -> bool {
        match self.values.get(clue as usize) {
            Some(value) => !value.is_empty(),
            None => self.present & (1 << (clue as usize - VALUED)) != 0,
        }
    }

    pub(super) fn all(&self, clues: &[Clue]) -> bool {
        clues.iter().all(|clue| self.has(*clue))
    }

    /// Everything a source can depend on, as bytes.
    pub(super) fn write_key(&self, format: Format, key: &mut Vec<u8>) {
        key.clear();
        key.push(format as u8);
        key.extend_from_slice(&self.present.to_le_bytes());
        for (at, value) in self.values.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
            key.push(at as u8);
            key.extend_from_slice(value.as_bytes());
            key.push(0);
        }
    }
}

/// The clue a field is, by its format, path and role.
pub(super) fn of(format: Format, path: &str, role: Option<Role>) -> Option<Clue> {
    let table = match format {
        Format::Evtx | Format::WindowsJson | Format::WindowsXml => return windows(format, path),
        Format::Eve => EVE,
        Format::ZeekTsv | Format::ZeekJson => ZEEK,
        Format::Syslog5424 | Format::Syslog3164 => SYSLOG,
        Format::Cef => CEF,
        Format::Leef => LEEF,
        Format::KeyValue => PAIRS,
        Format::WebAccess | Format::Squid => WEB,
        Format::W3c => W3C,
        Format::Text => TEXT,
        Format::Json | Format::Csv => JSON,
    };
    let among = |table: Table| table.iter().find(|(known, _)| *known == path).map(|(_, clue)| *clue);
    let told = among(table).or_else(|| match format {
        // Some ship W3C's columns as JSON; text of unknown programs holds what known ones send by syslog.
        Format::Json | Format::Csv => windows(format, path).or_else(|| among(W3C)),
        Format::Text => among(SYSLOG),
        _ => None,
    });
    if matches!(format, Format::Syslog5424 | Format::Syslog3164 | Format::Text | Format::WebAccess) {
        // Addresses found in running text make no firewall of a log-in.
        return told;
    }
    told.or(match role {
        Some(Role::Url) => Some(Clue::Url),
        Some(Role::SourceAddress) => Some(Clue::SourceAddress),
        Some(Role::DestinationPort) => Some(Clue::DestinationPort),
        _ => None,
    })
}

/// The header of a Windows event in any wrapping, by the names the alias table gives it.
fn windows(format: Format, path: &str) -> Option<Clue> {
    let is = |name: &str| path == name || alias::names(format, path).iter().any(|alias| alias == name);
    // Plain JSON has event codes of its own; only a channel makes it a Windows event.
    let header = [("Channel", Clue::Channel), ("EventID", Clue::EventId), ("Provider_Name", Clue::Provider)];
    let found = header.into_iter().find(|(name, _)| is(name)).map(|(_, clue)| clue);
    found.or_else(|| match path.rsplit('.').next()? {
        // Winlogbeat and NXLog have an `event.type` or `EventTypeOriginal` of their own; this is Sysmon's.
        "EventType" | "OperationType" => Some(Clue::EventType),
        "InterfaceUuid" => Some(Clue::RpcFirewall),
        _ => None,
    })
}

type Table = &'static [(&'static str, Clue)];

const EVE: Table = &[("event_type", Clue::Kind)];
const ZEEK: Table = &[("_path", Clue::Kind)];
const TEXT: Table = &[("apache.error.module", Clue::ApacheError), ("nginx.error.process", Clue::NginxError)];
const WEB: Table = &[("cs-method", Clue::WebRequest), ("c-uri", Clue::ProxyRequest)];

const SYSLOG: Table = &[
    ("appname", Clue::Program),
    ("facility", Clue::Facility),
    ("cs-method", Clue::WebRequest),
    ("query", Clue::DnsQuery),
    ("pam_module", Clue::PamModule),
    ("observer.vendor", Clue::Vendor),
    ("panos.type", Clue::Class),
    ("panos.subtype", Clue::Category),
];

const CEF: Table = &[
    ("DeviceVendor", Clue::Vendor),
    ("DeviceProduct", Clue::Product),
    ("DeviceEventClassID", Clue::Class),
    ("Name", Clue::Name),
    ("cat", Clue::Category),
];

const LEEF: Table = &[
    ("Vendor", Clue::Vendor),
    ("Product", Clue::Product),
    ("EventID", Clue::Class),
    ("cat", Clue::Category),
];

const PAIRS: Table = &[
    ("type", Clue::Type),
    ("logtype", Clue::Type),
    ("log_type", Clue::Type),
    ("subtype", Clue::Subtype),
    ("log_component", Clue::SophosSystem),
    ("log_subtype", Clue::Subtype),
    ("sub", Clue::Subtype),
    ("sequence", Clue::AuditSequence),
    ("logid", Clue::FortiLog),
    ("devid", Clue::FortiDevice),
    ("devname", Clue::FortiDevice),
    ("vd", Clue::FortiDevice),
    ("log_id", Clue::FortiOther),
    ("startime", Clue::StormshieldFirewall),
    ("sys", Clue::SophosSystem),
    ("SRC", Clue::PacketEndpoint),
];

/// Columns that only one kind of writer has.
const W3C: Table = &[
    ("s-sitename", Clue::IisColumn),
    ("sc-win32-status", Clue::IisColumn),
    ("sc-substatus", Clue::IisColumn),
    ("x-edge-location", Clue::EdgeColumn),
    ("c-uri", Clue::ProxyColumn),
    ("s-action", Clue::ProxyColumn),
    ("cs-categories", Clue::ProxyColumn),
    ("r-ip", Clue::ProxyColumn),
    ("r-host", Clue::ProxyColumn),
    ("s-supplier-name", Clue::ProxyColumn),
    ("sc-filter-result", Clue::ProxyColumn),
    ("cs-uri-stem", Clue::PathColumn),
    ("cs-method", Clue::PathColumn),
    ("src-ip", Clue::FirewallColumn),
];

const JSON: Table = &[
    // AWS.
    ("eventSource", Clue::AwsSource),
    ("awsRegion", Clue::AwsRegion),
    ("service.detectorId", Clue::AwsFinding),
    ("Service.DetectorId", Clue::AwsFinding),
    ("interface_id", Clue::AwsInterface),
    ("webaclId", Clue::AwsWebAcl),
    // Azure.
    ("category", Clue::Category),
    ("Category", Clue::Category),
    ("category.value", Clue::Category),
    ("operationName", Clue::AzureOperation),
    ("OperationName", Clue::AzureOperation),
    ("operationName.value", Clue::AzureOperation),
    ("OperationNameValue", Clue::AzureOperation),
    ("tenantId", Clue::AzureTenant),
    ("TenantId", Clue::AzureTenant),
    ("resourceId", Clue::AzureTenant),
    ("resourceProviderName.value", Clue::AzureActivity),
    ("ResourceProviderValue", Clue::AzureActivity),
    ("submissionTimestamp", Clue::AzureActivity),
    ("activityDateTime", Clue::GraphActivity),
    ("appDisplayName", Clue::GraphSignIn),
    ("conditionalAccessStatus", Clue::GraphSignIn),
    ("riskEventType", Clue::RiskEvent),
    ("properties.riskEventType", Clue::RiskEvent),
    ("Type", Clue::Type),
    // Google.
    ("protoPayload.serviceName", Clue::Service),
    ("data.protoPayload.serviceName", Clue::Service),
    ("id.applicationName", Clue::Service),
    ("Workload", Clue::Service),
    ("protoPayload.methodName", Clue::GoogleCall),
    ("data.protoPayload.methodName", Clue::GoogleCall),
    ("id.uniqueQualifier", Clue::GoogleReport),
    // Okta, GitHub, Microsoft 365, Kubernetes, OneLogin, Bitbucket, Duo, OpenCanary.
    ("actor.alternateId", Clue::OktaActor),
    ("legacyEventType", Clue::OktaContext),
    ("displayMessage", Clue::OktaContext),
    ("authenticationContext.externalSessionId", Clue::OktaContext),
    ("actor", Clue::GithubActor),
    ("org", Clue::GithubOrg),
    ("_document_id", Clue::GithubOrg),
    ("operation_type", Clue::GithubOrg),
    ("Operation", Clue::OfficeOperation),
    ("RecordType", Clue::OfficeRecord),
    ("verb", Clue::KubernetesVerb),
    ("auditID", Clue::KubernetesAudit),
    ("objectRef.resource", Clue::KubernetesAudit),
    ("event_type_id", Clue::OneLoginEvent),
    ("auditType.action", Clue::BitbucketAudit),
    ("isotimestamp", Clue::DuoStamp),
    ("eventtype", Clue::DuoEvent),
    ("event_type", Clue::DuoEvent),
    ("logtype", Clue::CanaryType),
    ("node_id", Clue::CanaryNode),
    ("host.scan.vuln", Clue::QualysScan),
    // Shippers, schemas, web servers.
    ("event.dataset", Clue::Dataset),
    ("data_stream.dataset", Clue::Dataset),
    ("fileset.name", Clue::Dataset),
    ("event.module", Clue::Dataset),
    ("class_uid", Clue::OcsfClass),
    ("device.os.type", Clue::System),
    ("device.os.name", Clue::System),
    ("host.os.type", Clue::System),
    ("sourcetype", Clue::Dataset),
    ("logger", Clue::Logger),
    ("remote_addr", Clue::WebRemote),
    ("request.remote_ip", Clue::WebRemote),
    ("request.client_ip", Clue::WebRemote),
    ("request_uri", Clue::WebTarget),
    ("request.uri", Clue::WebTarget),
    ("http_user_agent", Clue::WebTarget),
    ("DownstreamStatus", Clue::WebStatus),
    ("EdgeResponseStatus", Clue::WebStatus),
    ("httpRequest.remoteIp", Clue::WebRemote),
    ("httpRequest.requestUrl", Clue::WebTarget),
    ("event_simpleName", Clue::Dataset),
    ("event_platform", Clue::System),
];
