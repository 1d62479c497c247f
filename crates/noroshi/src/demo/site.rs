//! What happens at an organisation, written to whichever logs that organisation keeps.
//!
//! Stories and ordinary life speak in deeds ("this desk fetched that page"); here each deed becomes the lines that the
//! organisation's own proxy, firewall, sensor and servers would write about it.

use std::net::Ipv4Addr;

use super::Line;
use super::clock::{Day, Moment};
use super::desk::digest;
use super::dice::Dice;
use super::internet::address_of;
use super::member::{Firewall, Proxy, Sensor, Web};
use super::place::{Client, Place};
use super::write::eve::{self, Alert, Tls};
use super::write::firewall::{self, Session};
use super::write::{Flow, Letter, Request, access, syslog, w3c, zeek};

/// The fingerprints of ordinary browsers' TLS hellos.
const BROWSER_JA3: [&str; 3] = [
    "cd08e31494f9531f560d64c695473da9",
    "579ccef312d18482fc42e2b822ca2430",
    "b5001237acdf006056b409cc433726b0",
];
const SERVER_JA3S: [&str; 2] = ["f4febc55ea12b31ae17cfb7e614afda8", "eb1d94daa7e0344597e756a1fb6e7054"];

/// An organisation at work, with somewhere to write.
pub(super) struct Site<'a> {
    pub(super) day: &'a Day,
    pub(super) place: &'a Place,
    pub(super) dice: &'a mut Dice,
    pub(super) lines: &'a mut Vec<(Moment, Line)>,
}

impl Site<'_> {
    /// Writes one line to one of the organisation's files.
    pub(super) fn log(&mut self, at: Moment, file: &'static str, text: String) {
        let line = Line { at: self.day.instant(at), organisation: self.place.member.key, file, text };
        self.lines.push((at, line));
    }

    pub(super) fn sensor(&self) -> Sensor {
        self.place.member.systems.sensor
    }

    /// A new conversation.
    pub(super) fn flow(&mut self, source: Ipv4Addr, target: Ipv4Addr, port: u16) -> Flow {
        Flow {
            source: (source, self.dice.port()),
            target: (target, port),
            protocol: if port == 53 || port == 123 { "UDP" } else { "TCP" },
            id: self.dice.below(1 << 51),
        }
    }

    /// A line of the organisation's syslog.
    pub(super) fn syslog(
        &mut self,
        at: Moment,
        file: &'static str,
        (host, program): (&str, &str),
        pid: Option<u64>,
        message: &str,
    ) {
        let text = syslog::line(self.day, at, host, program, pid, message);
        self.log(at, file, text);
    }

    /// A record of Zeek's, in the form this organisation keeps.
    pub(super) fn zeek(
        &mut self,
        at: Moment,
        log: &'static zeek::Log,
        flow: &Flow,
        uid: &str,
        values: &[&str],
    ) {
        let [source, source_port] = [flow.source.0.to_string(), flow.source.1.to_string()];
        let [target, target_port] = [flow.target.0.to_string(), flow.target.1.to_string()];
        let id = [uid, &source, &source_port, &target, &target_port];
        let text = match self.sensor() {
            Sensor::ZeekJson => log.json(self.day, at, &id, values),
            _ => log.tsv(self.day, at, &id, values),
        };
        self.log(at, log.file, text);
    }

    /// A desk asks for a name. The answer is an address for `A`, nothing for an empty `answer`.
    pub(super) fn resolve(&mut self, at: Moment, client: Ipv4Addr, name: &str, kind: &str, answer: &str) {
        let flow = self.flow(client, self.place.resolver(), 53);
        let number = self.dice.below(65_536) as u16;
        let code = if answer.is_empty() { "NXDOMAIN" } else { "NOERROR" };
        if self.sensor() == Sensor::Suricata && self.place.number.is_multiple_of(2) {
            let text = syslog::named(client, flow.source.1, name, kind, self.place.resolver());
            return self.syslog(at, "dns/named.log", ("ns1", "named"), Some(812), &text);
        }
        if self.sensor() == Sensor::Suricata {
            let [question, reply] = eve::dns(self.day, at, &flow, (number, name, kind), (code, answer));
            self.log(at, "suricata/eve.json", question);
            return self.log(at.plus(0.012), "suricata/eve.json", reply);
        }
        let (uid, id) = (self.dice.zeek_id('C'), number.to_string());
        let answers = if answer.is_empty() { "-" } else { answer };
        let ttl = if answer.is_empty() { "-" } else { "300.000000" };
        let (rcode, qtype) =
            (if answer.is_empty() { "3" } else { "0" }, if kind == "TXT" { "16" } else { "1" });
        let values = [
            "udp",
            &id,
            "0.011742",
            name,
            "1",
            "C_INTERNET",
            qtype,
            kind,
            rcode,
            code,
            "F",
            "F",
            "T",
            "T",
            "0",
            answers,
            ttl,
            "F",
        ];
        self.zeek(at, &zeek::DNS, &flow, &uid, &values);
    }

    /// A desk fetches something through the proxy: the proxy's line, and what the sensor sees.
    pub(super) fn fetch(&mut self, client: &Client, server: Ipv4Addr, category: &str, request: &Request<'_>) {
        let taken = 20 + self.dice.below(900);
        let who = (client.address, client.person.user.as_str());
        let proxied = match self.place.member.systems.proxy {
            Proxy::Squid => {
                let text = access::squid(self.day, who, server, request, taken);
                ("squid/access.log", text)
            }
            Proxy::W3c => ("proxy/access.w3c", w3c::proxy(self.day, who, category, request, taken)),
        };
        self.log(request.at, proxied.0, proxied.1);
    }

    /// What sensor and firewall see of a fetch: client to server inside, the proxy's own address outside.
    pub(super) fn fetch_on_the_wire(&mut self, client: &Client, server: Ipv4Addr, request: &Request<'_>) {
        let port = if request.https { 443 } else { 80 };
        let flow = self.flow(client.address, server, port);
        if request.https {
            let subject = format!("CN={}", request.host);
            let (ja3, ja3s) = (*self.dice.pick(&BROWSER_JA3), *self.dice.pick(&SERVER_JA3S));
            let tls = Tls {
                name: request.host,
                subject: &subject,
                issuer: "C=JP, O=Ninsho Kyoku, CN=Ninsho Kyoku Sub CA2",
                serial: "04:76:18:57:A9:BD:79:CE:47:47:38:49:CC:78:1E:C0",
                version: "TLS 1.2",
                ja3,
                ja3s,
            };
            self.tls(request.at, &flow, &tls);
        } else {
            self.http(&flow, request);
        }
        let outside = Flow { source: (self.place.egress(), flow.source.1), ..flow };
        let seconds = 1 + self.dice.below(60);
        self.firewall(&Session {
            at: request.at.plus(seconds as f64),
            flow: outside,
            service: if request.https { "HTTPS" } else { "HTTP" },
            allowed: true,
            inbound: false,
            sent: 700 + request.path.len() as u64,
            received: request.bytes,
            seconds,
        });
    }

    /// A TLS session, as the sensor sees it.
    pub(super) fn tls(&mut self, at: Moment, flow: &Flow, tls: &Tls<'_>) {
        if self.sensor() == Sensor::Suricata {
            let text = eve::tls(self.day, at, flow, tls);
            return self.log(at, "suricata/eve.json", text);
        }
        let uid = self.dice.zeek_id('C');
        let version = if tls.version == "TLS 1.2" { "TLSv12" } else { "TLSv13" };
        let cipher = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        let values = [version, cipher, "x25519", tls.name, "F", "h2", "T", "CsiI", tls.ja3, tls.ja3s, "ok"];
        self.zeek(at, &zeek::SSL, flow, &uid, &values);
        self.connection(at.plus(1.5), flow, "ssl", (2_140, 8_900), 1.4);
    }

    /// A plain HTTP request, as the sensor sees it.
    pub(super) fn http(&mut self, flow: &Flow, request: &Request<'_>) {
        if self.sensor() == Sensor::Suricata {
            let text = eve::http(self.day, flow, request);
            return self.log(request.at, "suricata/eve.json", text);
        }
        let (uid, fuid) = (self.dice.zeek_id('C'), self.dice.zeek_id('F'));
        let (target, status, bytes) =
            (request.target(), request.status.to_string(), request.bytes.to_string());
        let referer = if request.referer.is_empty() { "-" } else { request.referer };
        let values = [
            "1",
            request.method,
            request.host,
            &target,
            referer,
            "1.1",
            request.agent,
            "-",
            "0",
            &bytes,
            &status,
            if request.status == 200 { "OK" } else { "-" },
            "(empty)",
            &fuid,
            request.kind,
        ];
        self.zeek(request.at, &zeek::HTTP, flow, &uid, &values);
    }

    /// A conversation that ended, as the sensor sums it up.
    pub(super) fn connection(
        &mut self,
        at: Moment,
        flow: &Flow,
        service: &str,
        bytes: (u64, u64),
        seconds: f64,
    ) {
        if self.sensor() == Sensor::Suricata {
            let application = if service == "ssl" { "tls" } else { service };
            let text = eve::flow(self.day, at, flow, application, bytes, seconds);
            return self.log(at, "suricata/eve.json", text);
        }
        let uid = self.dice.zeek_id('C');
        let [sent, received] = [bytes.0.to_string(), bytes.1.to_string()];
        let [sent_packets, received_packets] =
            [(4 + bytes.0 / 1_200).to_string(), (3 + bytes.1 / 1_400).to_string()];
        let (duration, protocol) = (format!("{seconds:.6}"), flow.protocol.to_lowercase());
        let local = if flow.source.0.octets()[0] == 10 { "T" } else { "F" };
        let values = [
            &protocol,
            service,
            &duration,
            &sent,
            &received,
            "SF",
            local,
            "F",
            "0",
            "ShADadFf",
            &sent_packets,
            &sent,
            &received_packets,
            &received,
            "-",
        ];
        self.zeek(at.plus(-seconds), &zeek::CONN, flow, &uid, &values);
    }

    /// A session at the edge.
    pub(super) fn firewall(&mut self, session: &Session<'_>) {
        let device = format!("{}-FW01", self.place.netbios);
        match self.place.member.systems.firewall {
            Firewall::Fortigate => {
                let text = firewall::fortigate(self.day, &device, session);
                self.log(session.at, "firewall/fortigate.log", text);
            }
            Firewall::Cef => {
                let text = firewall::cef(self.day, &device, session);
                self.log(session.at, "firewall/cef.log", text);
            }
        }
    }

    /// A rule of the sensor matched. Zeek says so in its notices.
    pub(super) fn alert(
        &mut self,
        at: Moment,
        flow: &Flow,
        alert: &Alert<'_>,
        request: Option<&Request<'_>>,
    ) {
        if self.sensor() == Sensor::Suricata {
            let text = eve::alert(self.day, at, flow, alert, request);
            return self.log(at, "suricata/eve.json", text);
        }
        let uid = self.dice.zeek_id('C');
        let [source, target, port] =
            [flow.source.0.to_string(), flow.target.0.to_string(), flow.target.1.to_string()];
        let values = [
            "Signatures::Sensitive_Signature",
            alert.signature,
            alert.category,
            &source,
            &target,
            &port,
            "Notice::ACTION_LOG",
            "3600.000000",
        ];
        self.zeek(at, &zeek::NOTICE, flow, &uid, &values);
    }

    /// Somebody on the internet asks the public web server.
    pub(super) fn visit(&mut self, from: Ipv4Addr, request: &Request<'_>) {
        let text = match self.place.member.systems.web {
            Web::Apache => ("www/access_log", access::combined(self.day, from, request)),
            Web::Iis => {
                let taken = 8 + self.dice.below(400);
                let server = self.place.web();
                ("iis/u_ex.log", w3c::iis(self.day, server, (from, ""), request, taken))
            }
        };
        self.log(request.at, text.0, text.1);
    }

    /// A mail comes in: the relay's lines, the sensor's view, the attachment's hash.
    pub(super) fn receive(&mut self, letter: &Letter<'_>) {
        let flow = self.flow(letter.relay_address, self.place.mail(), 25);
        self.mail_on_the_wire(&flow, letter);
        let queue = self.dice.hex(10).to_uppercase();
        let lines = syslog::incoming(letter, &queue, self.place.server(26));
        self.postfix(letter.at, lines);
    }

    /// A mail goes out.
    pub(super) fn send(&mut self, letter: &Letter<'_>) {
        let queue = self.dice.hex(10).to_uppercase();
        let lines = syslog::outgoing(letter, &queue, self.place.server(26));
        self.postfix(letter.at, lines);
    }

    fn postfix(&mut self, at: Moment, lines: Vec<(f64, &'static str, String)>) {
        let pid = 20_000 + self.dice.below(9_000);
        for (after, program, message) in lines {
            self.syslog(at.plus(after), "mail/maillog", ("mx1", program), Some(pid), &message);
        }
    }

    fn mail_on_the_wire(&mut self, flow: &Flow, letter: &Letter<'_>) {
        if self.sensor() == Sensor::Suricata {
            let text = eve::smtp(self.day, flow, letter);
            self.log(letter.at, "suricata/eve.json", text);
            if let Some(text) = eve::mailed_file(self.day, flow, letter) {
                self.log(letter.at.plus(0.02), "suricata/eve.json", text);
            }
            return;
        }
        let (uid, fuid) = (self.dice.zeek_id('C'), self.dice.zeek_id('F'));
        let from = format!("{} <{}>", letter.from_name, letter.from);
        let message = format!("<{}@{}>", uid.to_lowercase(), letter.relay);
        let path = format!("{},{}", self.place.mail(), letter.relay_address);
        let values = [
            "1",
            letter.relay,
            letter.from,
            letter.to,
            from.trim_start(),
            letter.to,
            &message,
            letter.subject,
            "250 2.0.0 Ok: queued",
            &path,
            "F",
            &fuid,
        ];
        self.zeek(letter.at, &zeek::SMTP, flow, &uid, &values);
        let Some(attachment) = letter.attachment else { return };
        let bytes = attachment.bytes.to_string();
        let (md5, sha1) = (digest("md5", attachment.sha256, 32), digest("sha1", attachment.sha256, 40));
        let values = [
            fuid.as_str(),
            "SMTP",
            "3",
            "MD5,SHA1,SHA256",
            attachment.kind,
            attachment.name,
            "0.020000",
            "F",
            "T",
            &bytes,
            &bytes,
            "0",
            "F",
            &md5,
            &sha1,
            attachment.sha256,
        ];
        self.zeek(letter.at.plus(0.02), &zeek::FILES, flow, &uid, &values);
    }

    /// A desk looks at a page of a harmless site, all of it: name, proxy, wire.
    pub(super) fn browse(&mut self, at: Moment, client: &Client, host: &str, path: &str, category: &str) {
        let server = address_of(host);
        self.resolve(at, client.address, host, "A", &server.to_string());
        let request =
            Request { bytes: self.dice.size(6_000), ..Request::get(at.plus(0.05), host, path, client.agent) };
        self.fetch(client, server, category, &request);
        self.fetch_on_the_wire(client, server, &request);
    }
}
