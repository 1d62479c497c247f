//! The centre and the 21 ministries and agencies of a government that does not exist.
//!
//! Names are invented. Addresses come only from the ranges kept for documentation, benchmarks and private use, domains
//! only from `.example` and `.test`, so that no log line ever names somebody real.

/// What an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// センター
    Centre,
    /// 府省
    Ministry,
    /// 外局
    Agency,
    /// 独立行政法人
    Incorporated,
}

/// What watches the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sensor {
    /// Suricata, EVE.
    Suricata,
    /// Zeek, tab-separated.
    ZeekTsv,
    /// Zeek, JSON with `_path`.
    ZeekJson,
}

/// What lets people out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// squid's native log.
    Squid,
    /// A proxy appliance that writes W3C extended.
    W3c,
}

/// What stands at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Firewall {
    /// FortiGate, key=value.
    Fortigate,
    /// An invented vendor that writes CEF.
    Cef,
}

/// What serves the public site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Web {
    /// Apache, combined.
    Apache,
    /// IIS, W3C extended.
    Iis,
}

/// How Windows events are forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Windows {
    /// nxlog, flat JSON.
    Nxlog,
    /// winlogbeat, nested JSON.
    Winlogbeat,
    /// One `<Event>` a line, as the event collector stores them.
    Xml,
}

/// What an organisation runs; it decides which files its lines go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Systems {
    pub(super) sensor: Sensor,
    pub(super) proxy: Proxy,
    pub(super) firewall: Firewall,
    pub(super) web: Web,
    pub(super) windows: Windows,
}

/// One member organisation (or the centre).
#[derive(Debug)]
pub(crate) struct Member {
    /// Its key everywhere: registry, folders, URLs, domain.
    pub(crate) key: &'static str,
    /// Its name in Japanese.
    pub(crate) name_ja: &'static str,
    /// Its name in English.
    pub(crate) name_en: &'static str,
    /// What it is.
    pub(crate) kind: Kind,
    /// The key of the one it belongs to.
    pub(crate) parent: Option<&'static str>,
    /// How big it is; the average is 1.
    pub(super) size: f64,
    pub(super) systems: Systems,
}

/// Written as a table, one row an organisation: sensor, proxy, firewall, web, Windows.
macro_rules! member {
    ($key:literal $kind:ident $parent:expr, $ja:literal $en:literal, $size:literal,
     $sensor:ident $proxy:ident $firewall:ident $web:ident $windows:ident) => {
        Member {
            key: $key,
            name_ja: $ja,
            name_en: $en,
            kind: Kind::$kind,
            parent: $parent,
            size: $size,
            systems: Systems {
                sensor: Sensor::$sensor,
                proxy: Proxy::$proxy,
                firewall: Firewall::$firewall,
                web: Web::$web,
                windows: Windows::$windows,
            },
        }
    };
}

/// The key of the centre.
pub(super) const CENTRE: &str = "centre";

#[rustfmt::skip]
pub(super) static MEMBERS: [Member; 22] = [
    member!("centre" Centre None, "政府情報防護センター" "Government Information Protection Centre", 0.4,
        Suricata Squid Fortigate Apache Nxlog),
    member!("naibu" Ministry Some(CENTRE), "内務文化省" "Ministry of Home and Cultural Affairs", 1.6,
        Suricata Squid Fortigate Apache Nxlog),
    member!("zaisei" Ministry Some(CENTRE), "財政計画省" "Ministry of Fiscal Planning", 1.5,
        ZeekTsv W3c Cef Apache Winlogbeat),
    member!("gaiji" Ministry Some(CENTRE), "外事協力省" "Ministry of External Cooperation", 1.4,
        Suricata Squid Fortigate Apache Nxlog),
    member!("tsusho" Ministry Some(CENTRE), "通商振興省" "Ministry of Trade Promotion", 1.5,
        Suricata Squid Fortigate Iis Nxlog),
    member!("kokudo" Ministry Some(CENTRE), "国土保全省" "Ministry of Land Conservation", 1.8,
        Suricata W3c Cef Iis Winlogbeat),
    member!("nosui" Ministry Some(CENTRE), "農水食料省" "Ministry of Agriculture, Fisheries and Food", 1.3,
        Suricata Squid Fortigate Apache Nxlog),
    member!("iryo" Ministry Some(CENTRE), "医療福祉省" "Ministry of Health Care and Welfare", 1.8,
        ZeekTsv Squid Fortigate Iis Winlogbeat),
    member!("gakujutsu" Ministry Some(CENTRE), "学術科学省" "Ministry of Learning and Science", 1.1,
        ZeekJson W3c Cef Apache Nxlog),
    member!("homu" Ministry Some(CENTRE), "法制司法省" "Ministry of Legislation and Justice", 1.0,
        Suricata W3c Fortigate Apache Xml),
    member!("kankyo" Ministry Some(CENTRE), "環境資源省" "Ministry of Environmental Resources", 0.8,
        Suricata W3c Fortigate Apache Nxlog),
    member!("anzen" Ministry Some(CENTRE), "国民安全省" "Ministry of Public Safety", 1.2,
        ZeekTsv Squid Cef Apache Winlogbeat),
    member!("tsushin" Ministry Some(CENTRE), "通信基盤省" "Ministry of Communications Infrastructure", 1.0,
        ZeekTsv Squid Fortigate Iis Xml),
    member!("koeki" Agency Some("anzen"), "公益監督庁" "Public Interest Supervisory Agency", 0.5,
        Suricata Squid Fortigate Apache Nxlog),
    member!("tokei" Agency Some("naibu"), "統計情報庁" "Statistics and Information Agency", 0.6,
        ZeekTsv Squid Fortigate Apache Winlogbeat),
    member!("kisho" Agency Some("kokudo"), "気象海洋庁" "Meteorological and Marine Agency", 1.1,
        Suricata Squid Fortigate Apache Nxlog),
    member!("zeimu" Agency Some("zaisei"), "税務徴収庁" "Tax Collection Agency", 1.2,
        Suricata W3c Cef Iis Nxlog),
    member!("hatsumei" Agency Some("tsusho"), "発明審査庁" "Invention Examination Agency", 0.6,
        ZeekJson Squid Cef Apache Winlogbeat),
    member!("bosai" Agency Some("kokudo"), "防災復旧庁" "Disaster Recovery Agency", 0.6,
        Suricata Squid Fortigate Iis Nxlog),
    member!("kenkyu" Incorporated Some("gakujutsu"), "先端技術研究機構" "Advanced Technology Research Organisation", 0.8,
        ZeekJson Squid Fortigate Apache Winlogbeat),
    member!("nenkin" Incorporated Some("iryo"), "年金給付機構" "Pension Benefits Organisation", 0.9,
        Suricata Squid Fortigate Apache Winlogbeat),
    member!("kobunsho" Incorporated Some("naibu"), "古文書館機構" "Organisation of Historical Archives", 0.3,
        Suricata Squid Fortigate Apache Nxlog),
];
