//! One Windows event in the three shapes that collectors forward.

use std::fmt::Write;

use super::Json;
use crate::demo::clock::{Day, Moment};
use crate::demo::member::Windows;

/// Which log it is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Channel {
    Sysmon,
    Security,
    System,
    PowerShell,
    Defender,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Self::Sysmon => "Microsoft-Windows-Sysmon/Operational",
            Self::Security => "Security",
            Self::System => "System",
            Self::PowerShell => "Microsoft-Windows-PowerShell/Operational",
            Self::Defender => "Microsoft-Windows-Windows Defender/Operational",
        }
    }

    fn provider(self) -> (&'static str, &'static str) {
        match self {
            Self::Sysmon => ("Microsoft-Windows-Sysmon", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"),
            Self::Security => {
                ("Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-A5BA-3E3B0328C30D}")
            }
            Self::System => ("Service Control Manager", "{555908D1-A6D7-4695-8E1E-26931D2012F4}"),
            Self::PowerShell => ("Microsoft-Windows-PowerShell", "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}"),
            Self::Defender => {
                ("Microsoft-Windows-Windows Defender", "{11CD958A-C507-4EF3-B3F2-5FD9DFBD2C78}")
            }
        }
    }
}

/// One event.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Event {
    pub(in crate::demo) at: Moment,
    pub(in crate::demo) channel: Channel,
    pub(in crate::demo) id: u16,
    /// The full name of the computer.
    pub(in crate::demo) computer: String,
    pub(in crate::demo) record: u64,
    pub(in crate::demo) data: Vec<(&'static str, String)>,
}

impl Event {
    fn failed(&self) -> bool {
        self.channel == Channel::Security && matches!(self.id, 4625 | 4771)
    }

    /// The log's clearing is reported by the log service itself.
    fn provider(&self) -> (&'static str, &'static str) {
        match (self.channel, self.id) {
            (Channel::Security, 1102) | (Channel::System, 104) => {
                ("Microsoft-Windows-Eventlog", "{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}")
            }
            _ => self.channel.provider(),
        }
    }

    fn is_user_data(&self) -> bool {
        self.provider().0 == "Microsoft-Windows-Eventlog"
    }

    /// One line in the given shape.
    pub(in crate::demo) fn line(&self, day: &Day, shape: Windows) -> String {
        match shape {
            Windows::Nxlog => self.nxlog(day),
            Windows::Winlogbeat => self.winlogbeat(day),
            Windows::Xml => self.xml(day),
        }
    }

    fn nxlog(&self, day: &Day) -> String {
        let (provider, guid) = self.provider();
        let (kind, keywords) = match self.channel {
            Channel::Security if self.failed() => ("AUDIT_FAILURE", -9_218_868_437_227_405_312_i64),
            Channel::Security => ("AUDIT_SUCCESS", -9_214_364_837_600_034_816),
            _ => ("INFO", i64::MIN),
        };
        // nxlog has one flat name space: where Sysmon says `EventType`, nxlog's own moves to this (misspelt) name.
        let taken = self.data.iter().any(|(name, _)| *name == "EventType");
        let kind_name = if taken { "EventTypeOrignal" } else { "EventType" };
        let mut line = format!(
            "{{\"EventTime\":\"{}\",\"Hostname\":{},\"Keywords\":{keywords},\"{kind_name}\":\"{kind}\",\"SeverityValue\":2,\
             \"Severity\":\"INFO\",\"EventID\":{},\"SourceName\":{},\"ProviderGuid\":\"{guid}\",\"Version\":5,\"Task\":{},\
             \"OpcodeValue\":0,\"RecordNumber\":{},\"ExecutionProcessID\":3520,\"ThreadID\":4156,\"Channel\":{}",
            day.rfc3339(self.at),
            Json(&self.computer),
            self.id,
            Json(provider),
            self.id,
            self.record,
            Json(self.channel.name()),
        );
        for (name, value) in &self.data {
            let _ = write!(line, ",\"{name}\":{}", Json(value));
        }
        line += ",\"SourceModuleName\":\"eventlog\",\"SourceModuleType\":\"im_msvistalog\"}";
        line
    }

    fn winlogbeat(&self, day: &Day) -> String {
        let (provider, guid) = self.provider();
        let mut line = format!(
            "{{\"@timestamp\":\"{}\",\"ecs\":{{\"version\":\"8.11.0\"}},\"agent\":{{\"type\":\"winlogbeat\",\
             \"version\":\"8.15.3\"}},\"event\":{{\"kind\":\"event\",\"code\":\"{}\",\"provider\":{}}},\
             \"host\":{{\"name\":{}}},\"log\":{{\"level\":\"information\"}},\"winlog\":{{\"api\":\"wineventlog\",\
             \"channel\":{},\"computer_name\":{},\"event_id\":\"{}\",\"provider_guid\":\"{guid}\",\"provider_name\":{},\
             \"record_id\":{},\"keywords\":[{}],\"process\":{{\"pid\":3520,\"thread\":{{\"id\":4156}}}},\"{}\":{{",
            day.zulu_millis(self.at),
            self.id,
            Json(provider),
            Json(self.computer.split('.').next().unwrap_or_default()),
            Json(self.channel.name()),
            Json(&self.computer),
            self.id,
            Json(provider),
            self.record,
            match self.channel {
                Channel::Security if self.failed() => "\"Audit Failure\"",
                Channel::Security => "\"Audit Success\"",
                _ => "",
            },
            if self.is_user_data() { "user_data" } else { "event_data" },
        );
        for (at, (name, value)) in self.data.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let _ = write!(line, "{comma}\"{name}\":{}", Json(value));
        }
        line += "}}}";
        line
    }

    fn xml(&self, day: &Day) -> String {
        let (provider, guid) = self.provider();
        let mut line = format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}' \
             Guid='{guid}'/><EventID>{}</EventID><Version>5</Version><Level>4</Level><Task>{}</Task><Opcode>0</Opcode>\
             <Keywords>{}</Keywords><TimeCreated SystemTime='{}'/><EventRecordID>{}</EventRecordID><Correlation/>\
             <Execution ProcessID='3520' ThreadID='4156'/><Channel>{}</Channel><Computer>{}</Computer><Security \
             UserID='S-1-5-18'/></System>",
            self.id,
            self.id,
            match self.channel {
                Channel::Security if self.failed() => "0x8010000000000000",
                Channel::Security => "0x8020000000000000",
                _ => "0x8000000000000000",
            },
            day.zulu(self.at),
            self.record,
            self.channel.name(),
            self.computer,
        );
        if self.is_user_data() {
            line += "<UserData><LogFileCleared \
                     xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>";
            for (name, value) in &self.data {
                let _ = write!(line, "<{name}>{}</{name}>", escape(value));
            }
            line += "</LogFileCleared></UserData></Event>";
        } else {
            line += "<EventData>";
            for (name, value) in &self.data {
                let _ = write!(line, "<Data Name='{name}'>{}</Data>", escape(value));
            }
            line += "</EventData></Event>";
        }
        line
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;")
}
