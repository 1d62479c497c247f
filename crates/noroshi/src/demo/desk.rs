//! What happens on Windows machines, as Sysmon and the security log tell it.

use std::net::Ipv4Addr;

use super::clock::Moment;
use super::member::Windows;
use super::site::Site;
use super::write::windows::{Channel, Event};

/// A program that was started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'a> {
    pub(super) at: Moment,
    /// The short name of the computer.
    pub(super) host: &'a str,
    /// `NAIBU\sato.ken`
    pub(super) user: &'a str,
    pub(super) image: &'a str,
    pub(super) command: &'a str,
    pub(super) parent: &'a str,
    pub(super) parent_command: &'a str,
    /// `Medium`, `High`, `System`
    pub(super) integrity: &'a str,
}

/// Hashes as Sysmon lists them, made from `seed`.
pub(super) fn hashes(seed: &str) -> String {
    format!(
        "SHA1={},MD5={},SHA256={},IMPHASH={}",
        digest("sha1", seed, 40).to_uppercase(),
        digest("md5", seed, 32).to_uppercase(),
        digest("sha256", seed, 64).to_uppercase(),
        digest("imphash", seed, 32).to_uppercase()
    )
}

/// The SHA-256 that [`hashes`] gives to `seed`, in small letters.
pub(super) fn sha256(seed: &str) -> String {
    digest("sha256", seed, 64)
}

/// So many hexadecimal digits that stand for a digest of the file `seed`.
pub(super) fn digest(kind: &str, seed: &str, digits: usize) -> String {
    let mut hex = blake3::hash(format!("{kind} of {seed}").as_bytes()).to_hex().to_string();
    hex.truncate(digits);
    hex
}

fn file_name(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}

impl Site<'_> {
    fn event(
        &mut self,
        at: Moment,
        host: &str,
        (channel, id): (Channel, u16),
        data: Vec<(&'static str, String)>,
    ) {
        let shape = self.place.member.systems.windows;
        let record = (at.0 / 1_000 + 1_000_000_000) as u64;
        let computer = self.place.full(host);
        let text = Event { at, channel, id, computer, record, data }.line(self.day, shape);
        let file = match (shape, channel) {
            (Windows::Nxlog, Channel::Sysmon) => "windows/sysmon.ndjson",
            (Windows::Nxlog, _) => "windows/security.ndjson",
            (Windows::Winlogbeat, _) => "windows/winlogbeat.ndjson",
            (Windows::Xml, _) => "windows/forwarded.xml",
        };
        self.log(at, file, text);
    }

    /// An event of Sysmon: the fields every one begins with, then its own.
    pub(super) fn sysmon(&mut self, at: Moment, host: &str, id: u16, own: Vec<(&'static str, String)>) {
        let mut data = vec![("RuleName", "-".to_owned()), ("UtcTime", self.day.sysmon(at).to_string())];
        data.extend(own);
        self.event(at, host, (Channel::Sysmon, id), data);
    }

    /// An event of the security log.
    pub(super) fn security(&mut self, at: Moment, host: &str, id: u16, data: Vec<(&'static str, String)>) {
        self.event(at, host, (Channel::Security, id), data);
    }

    /// An event of another log.
    pub(super) fn windows(
        &mut self,
        at: Moment,
        host: &str,
        log: (Channel, u16),
        data: Vec<(&'static str, String)>,
    ) {
        self.event(at, host, log, data);
    }

    /// `NAIBU\name`
    pub(super) fn account(&self, user: &str) -> String {
        format!("{}\\{user}", self.place.netbios)
    }

    fn sid(&self, user: &str) -> String {
        let number = 1_100 + user.bytes().fold(0_u64, |sum, byte| sum * 31 % 50_000 + u64::from(byte));
        format!("S-1-5-21-4020993649-1037605{:03}-417876593-{number}", self.place.number)
    }

    /// A program starts (Sysmon 1).
    pub(super) fn start(&mut self, start: &Start<'_>) {
        let name = file_name(start.image);
        let [process, parent, logon] = [self.dice.guid(), self.dice.guid(), self.dice.guid()];
        let [pid, parent_pid] = [self.dice.between(500, 15_000), self.dice.between(500, 9_000)];
        let own = vec![
            ("ProcessGuid", process),
            ("ProcessId", pid.to_string()),
            ("Image", start.image.to_owned()),
            ("FileVersion", "10.0.22621.1 (WinBuild.160101.0800)".to_owned()),
            ("Description", name.trim_end_matches(".exe").to_owned()),
            ("Product", "-".to_owned()),
            ("Company", "-".to_owned()),
            ("OriginalFileName", name.to_owned()),
            ("CommandLine", start.command.to_owned()),
            ("CurrentDirectory", "C:\\Windows\\system32\\".to_owned()),
            ("User", start.user.to_owned()),
            ("LogonGuid", logon),
            ("LogonId", format!("0x{}", self.dice.hex(6))),
            ("TerminalSessionId", "1".to_owned()),
            ("IntegrityLevel", start.integrity.to_owned()),
            // Patch levels differ: the same tool is another file at another organisation.
            ("Hashes", hashes(&format!("{}:{name}", self.place.netbios))),
            ("ParentProcessGuid", parent),
            ("ParentProcessId", parent_pid.to_string()),
            ("ParentImage", start.parent.to_owned()),
            ("ParentCommandLine", start.parent_command.to_owned()),
            ("ParentUser", start.user.to_owned()),
        ];
        self.sysmon(start.at, start.host, 1, own);
    }

    /// A program makes a file (Sysmon 11).
    pub(super) fn file(&mut self, at: Moment, host: &str, user: &str, image: &str, path: &str) {
        let own = vec![
            ("ProcessGuid", self.dice.guid()),
            ("ProcessId", self.dice.between(500, 15_000).to_string()),
            ("Image", image.to_owned()),
            ("TargetFilename", path.to_owned()),
            ("CreationUtcTime", self.day.sysmon(at).to_string()),
            ("User", user.to_owned()),
        ];
        self.sysmon(at, host, 11, own);
    }

    /// A program connects (Sysmon 3).
    pub(super) fn connect(
        &mut self,
        at: Moment,
        (host, address): (&str, Ipv4Addr),
        user: &str,
        image: &str,
        (target, port): (Ipv4Addr, u16),
    ) {
        let own = vec![
            ("ProcessGuid", self.dice.guid()),
            ("ProcessId", self.dice.between(500, 15_000).to_string()),
            ("Image", image.to_owned()),
            ("User", user.to_owned()),
            ("Protocol", "tcp".to_owned()),
            ("Initiated", "true".to_owned()),
            ("SourceIsIpv6", "false".to_owned()),
            ("SourceIp", address.to_string()),
            ("SourceHostname", self.place.full(host)),
            ("SourcePort", self.dice.port().to_string()),
            ("SourcePortName", "-".to_owned()),
            ("DestinationIsIpv6", "false".to_owned()),
            ("DestinationIp", target.to_string()),
            ("DestinationHostname", "-".to_owned()),
            ("DestinationPort", port.to_string()),
            ("DestinationPortName", "-".to_owned()),
        ];
        self.sysmon(at, host, 3, own);
    }

    /// A program asks for a name (Sysmon 22).
    pub(super) fn lookup(
        &mut self,
        at: Moment,
        host: &str,
        user: &str,
        image: &str,
        (name, answer): (&str, &str),
    ) {
        let own = vec![
            ("ProcessGuid", self.dice.guid()),
            ("ProcessId", self.dice.between(500, 15_000).to_string()),
            ("QueryName", name.to_owned()),
            ("QueryStatus", "0".to_owned()),
            ("QueryResults", format!("::ffff:{answer};")),
            ("Image", image.to_owned()),
            ("User", user.to_owned()),
        ];
        self.sysmon(at, host, 22, own);
    }

    /// A program sets a registry value (Sysmon 13).
    pub(super) fn set_value(
        &mut self,
        at: Moment,
        host: &str,
        user: &str,
        image: &str,
        (key, value): (&str, &str),
    ) {
        let own = vec![
            ("EventType", "SetValue".to_owned()),
            ("ProcessGuid", self.dice.guid()),
            ("ProcessId", self.dice.between(500, 15_000).to_string()),
            ("Image", image.to_owned()),
            ("TargetObject", key.to_owned()),
            ("Details", value.to_owned()),
            ("User", user.to_owned()),
        ];
        self.sysmon(at, host, 13, own);
    }

    /// A library is loaded (Sysmon 7). `seed` gives it its hash.
    pub(super) fn load(
        &mut self,
        at: Moment,
        host: &str,
        user: &str,
        image: &str,
        (library, seed): (&str, &str),
    ) {
        let signed = seed == file_name(library);
        let seed = if signed { format!("{}:{seed}", self.place.netbios) } else { seed.to_owned() };
        let own = vec![
            ("ProcessGuid", self.dice.guid()),
            ("ProcessId", self.dice.between(500, 15_000).to_string()),
            ("Image", image.to_owned()),
            ("ImageLoaded", library.to_owned()),
            ("Hashes", hashes(&seed)),
            ("Signed", signed.to_string()),
            ("Signature", "-".to_owned()),
            ("SignatureStatus", if signed { "Valid" } else { "Unavailable" }.to_owned()),
            ("User", user.to_owned()),
        ];
        self.sysmon(at, host, 7, own);
    }

    /// A program opens another's memory (Sysmon 10).
    pub(super) fn access(
        &mut self,
        at: Moment,
        host: &str,
        user: &str,
        (image, target): (&str, &str),
        rights: &str,
    ) {
        let own = vec![
            ("SourceProcessGUID", self.dice.guid()),
            ("SourceProcessId", self.dice.between(500, 15_000).to_string()),
            ("SourceThreadId", self.dice.between(500, 15_000).to_string()),
            ("SourceImage", image.to_owned()),
            ("TargetProcessGUID", self.dice.guid()),
            ("TargetProcessId", self.dice.between(500, 999).to_string()),
            ("TargetImage", target.to_owned()),
            ("GrantedAccess", rights.to_owned()),
            (
                "CallTrace",
                "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+32ede"
                    .to_owned(),
            ),
            ("SourceUser", user.to_owned()),
            ("TargetUser", "NT AUTHORITY\\SYSTEM".to_owned()),
        ];
        self.sysmon(at, host, 10, own);
    }

    /// Somebody signs in (4624). `kind` 2 is at the desk, 3 over the network, 10 by remote desktop.
    pub(super) fn logon(&mut self, at: Moment, host: &str, user: &str, kind: u8, from: Ipv4Addr) {
        let (process, package) = if kind == 3 { ("Kerberos", "Kerberos") } else { ("User32 ", "Negotiate") };
        let data = vec![
            ("SubjectUserSid", "S-1-0-0".to_owned()),
            ("SubjectUserName", "-".to_owned()),
            ("SubjectDomainName", "-".to_owned()),
            ("SubjectLogonId", "0x0".to_owned()),
            ("TargetUserSid", self.sid(user)),
            ("TargetUserName", user.to_owned()),
            ("TargetDomainName", self.place.netbios.clone()),
            ("TargetLogonId", format!("0x{}", self.dice.hex(7))),
            ("LogonType", kind.to_string()),
            ("LogonProcessName", process.to_owned()),
            ("AuthenticationPackageName", package.to_owned()),
            ("WorkstationName", "-".to_owned()),
            ("LogonGuid", self.dice.guid()),
            ("TransmittedServices", "-".to_owned()),
            ("LmPackageName", "-".to_owned()),
            ("KeyLength", "0".to_owned()),
            ("ProcessId", "0x0".to_owned()),
            ("ProcessName", "-".to_owned()),
            ("IpAddress", from.to_string()),
            ("IpPort", self.dice.port().to_string()),
            ("ImpersonationLevel", "%%1833".to_owned()),
            ("ElevatedToken", "%%1843".to_owned()),
        ];
        self.security(at, host, 4624, data);
    }

    /// Somebody fails to sign in (4625). `why` 0xc000006a is a wrong password, 0xc0000064 an unknown account.
    pub(super) fn logon_failure(&mut self, at: Moment, host: &str, user: &str, from: Ipv4Addr, why: &str) {
        let data = vec![
            ("SubjectUserSid", "S-1-0-0".to_owned()),
            ("SubjectUserName", "-".to_owned()),
            ("SubjectDomainName", "-".to_owned()),
            ("SubjectLogonId", "0x0".to_owned()),
            ("TargetUserSid", "S-1-0-0".to_owned()),
            ("TargetUserName", user.to_owned()),
            ("TargetDomainName", self.place.netbios.clone()),
            ("Status", "0xc000006d".to_owned()),
            ("FailureReason", "%%2313".to_owned()),
            ("SubStatus", why.to_owned()),
            ("LogonType", "3".to_owned()),
            ("LogonProcessName", "NtLmSsp ".to_owned()),
            ("AuthenticationPackageName", "NTLM".to_owned()),
            ("WorkstationName", "-".to_owned()),
            ("TransmittedServices", "-".to_owned()),
            ("LmPackageName", "-".to_owned()),
            ("KeyLength", "0".to_owned()),
            ("ProcessId", "0x0".to_owned()),
            ("ProcessName", "-".to_owned()),
            ("IpAddress", from.to_string()),
            ("IpPort", self.dice.port().to_string()),
        ];
        self.security(at, host, 4625, data);
    }

    /// An account is locked out (4740), as the domain controller tells it.
    pub(super) fn locked_out(&mut self, at: Moment, user: &str, caller: &str) {
        let data = vec![
            ("TargetUserName", user.to_owned()),
            ("TargetDomainName", caller.to_owned()),
            ("TargetSid", self.sid(user)),
            ("SubjectUserSid", "S-1-5-18".to_owned()),
            ("SubjectUserName", "DC01$".to_owned()),
            ("SubjectDomainName", self.place.netbios.clone()),
            ("SubjectLogonId", "0x3e7".to_owned()),
        ];
        self.security(at, "DC01", 4740, data);
    }

    /// A Kerberos ticket is asked for: 4768 for a first one, 4769 for a service's.
    pub(super) fn ticket(&mut self, at: Moment, user: &str, service: &str, from: Ipv4Addr) {
        let first = service == "krbtgt";
        let data = vec![
            (
                "TargetUserName",
                if first {
                    user.to_owned()
                } else {
                    format!("{user}@AD.{}", self.place.domain.to_uppercase())
                },
            ),
            ("TargetDomainName", format!("AD.{}", self.place.domain.to_uppercase())),
            ("ServiceName", service.to_owned()),
            ("ServiceSid", self.sid(service)),
            ("TicketOptions", if first { "0x40810010" } else { "0x40810000" }.to_owned()),
            ("TicketEncryptionType", "0x12".to_owned()),
            ("IpAddress", format!("::ffff:{from}")),
            ("IpPort", self.dice.port().to_string()),
            ("Status", "0x0".to_owned()),
        ];
        self.security(at, "DC01", if first { 4768 } else { 4769 }, data);
    }

    /// Somebody opens a file on a share (5145).
    pub(super) fn share(
        &mut self,
        at: Moment,
        host: &str,
        user: &str,
        from: Ipv4Addr,
        (share, path): (&str, &str),
    ) {
        let writes = share.ends_with('$');
        let data = vec![
            ("SubjectUserSid", self.sid(user)),
            ("SubjectUserName", user.to_owned()),
            ("SubjectDomainName", self.place.netbios.clone()),
            ("SubjectLogonId", format!("0x{}", self.dice.hex(7))),
            ("ObjectType", "File".to_owned()),
            ("IpAddress", from.to_string()),
            ("IpPort", self.dice.port().to_string()),
            ("ShareName", format!("\\\\*\\{share}")),
            ("ShareLocalPath", format!("\\??\\D:\\{share}")),
            ("RelativeTargetName", path.to_owned()),
            ("AccessMask", if writes { "0x2" } else { "0x120089" }.to_owned()),
            ("AccessList", "%%1538 %%1541 %%4416".to_owned()),
        ];
        self.security(at, host, 5145, data);
    }

    /// A service is installed (7045).
    pub(super) fn service(&mut self, at: Moment, host: &str, name: &str, path: &str) {
        let data = vec![
            ("ServiceName", name.to_owned()),
            ("ImagePath", path.to_owned()),
            ("ServiceType", "user mode service".to_owned()),
            ("StartType", "demand start".to_owned()),
            ("AccountName", "LocalSystem".to_owned()),
        ];
        self.windows(at, host, (Channel::System, 7045), data);
    }
}
