//! Asking the provider of identities over HTTP: bounded in time and bytes, led nowhere else.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::provider::fetch::{ANSWER_BYTES_MAX, ANSWER_WAIT_MAX, Answer, Call, Fetch, Trouble};
use anyhow::{Context as _, bail};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// Where systems keep the authorities they trust: Debian and Alpine, Red Hat, others.
const AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// Redirects that are followed. What is sent holds secrets.
const REDIRECTS_MAX: u32 = 0;

/// A client over one set of authorities.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    /// For a provider on this machine: what is not encrypted goes through nobody's hands.
    direct: Agent,
}

impl Client {
    /// A client that believes the authorities in `file`, or those of this machine.
    pub fn new(file: Option<&Path>) -> anyhow::Result<Self> {
        let file = file.map(Path::to_owned).or_else(machines_own);
        let authorities = match &file {
            Some(file) => authorities(file)?,
            // Nothing is believed; a provider on this machine needs no TLS.
            None => Vec::new(),
        };
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&authorities))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = |is_direct: bool| -> Agent {
            let config = Agent::config_builder()
                .timeout_global(Some(ANSWER_WAIT_MAX))
                .max_redirects(REDIRECTS_MAX)
                .max_redirects_will_error(false)
                .http_status_as_error(false)
                .user_agent("noroshi")
                .tls_config(tls.clone());
            if is_direct { config.proxy(None).build().into() } else { config.build().into() }
        };
        Ok(Self { agent: agent(false), direct: agent(true) })
    }
}

fn machines_own() -> Option<PathBuf> {
    AUTHORITIES.iter().map(PathBuf::from).find(|path| path.is_file())
}

fn authorities(file: &Path) -> anyhow::Result<Vec<Certificate<'static>>> {
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) =
            item.with_context(|| format!("{} is not a file of certificates", file.display()))?
        {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        bail!("{} holds no certificate", file.display());
    }
    Ok(found)
}

impl Fetch for Client {
    fn fetch(&self, call: &Call) -> Result<Answer, Trouble> {
        let authorization = call.authorization.as_deref();
        let agent = if call.url.starts_with("http://") { &self.direct } else { &self.agent };
        let answered = match &call.form {
            Some(form) => {
                let mut request = agent.post(&call.url).header("accept", "application/json");
                if let Some(authorization) = authorization {
                    request = request.header("authorization", authorization);
                }
                request.content_type("application/x-www-form-urlencoded").send(form)
            }
            None => {
                let mut request = agent.get(&call.url).header("accept", "application/json");
                if let Some(authorization) = authorization {
                    request = request.header("authorization", authorization);
                }
                request.call()
            }
        };
        let answered = answered.map_err(trouble)?;
        let status = answered.status().as_u16();
        Ok(Answer { status, body: read(answered.into_body())? })
    }
}

fn read(body: Body) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let one_more = ANSWER_BYTES_MAX as u64 + 1;
    let read = body.into_reader().take(one_more).read_to_end(&mut bytes);
    read.map_err(|error| trouble(ureq::Error::from(error)))?;
    if bytes.len() > ANSWER_BYTES_MAX { Err(Trouble::TooLarge) } else { Ok(bytes) }
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::TimedOut,
        error => Trouble::Unreachable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// Answers one request with these bytes; gives its address, and afterwards the head and the body it was sent.
    fn server(answer: Vec<u8>) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut asked = String::new();
            while !asked.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut asked).unwrap() > 0);
            }
            let length = asked.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            // Who has read enough may hang up.
            let _ = reader.get_mut().write_all(&answer);
            asked + std::str::from_utf8(&body).unwrap()
        });
        (format!("http://{address}/token"), served)
    }

    fn told(head: &str, body: &[u8]) -> Vec<u8> {
        let mut answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        answer.extend_from_slice(body);
        answer
    }

    fn ask(url: String, form: Option<&str>) -> Result<Answer, Trouble> {
        let authorization = Some("Basic eDp5".to_owned());
        let call = Call { url, authorization, form: form.map(str::to_owned) };
        Client::new(None).unwrap().fetch(&call)
    }

    #[test]
    fn a_form_is_sent_with_its_secret_and_any_status_is_an_answer() {
        let (url, served) = server(told("400 Bad Request", b"{}"));
        let answer = ask(url, Some("a=b&c=%2F")).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (400, &b"{}"[..]));
        let asked = served.join().unwrap();
        assert!(
            asked.starts_with("POST /token HTTP/1.1\r\n") && asked.ends_with("\r\n\r\na=b&c=%2F"),
            "{asked}"
        );
        assert!(asked.contains("authorization: Basic eDp5\r\n"), "{asked}");
        assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"), "{asked}");
    }

    #[test]
    fn a_redirect_is_an_answer_and_is_not_followed() {
        let (url, served) = server(told("302 Found\r\nLocation: http://127.0.0.1:9/secret", b""));
        assert_eq!(ask(url, None).unwrap().status, 302);
        served.join().unwrap();
    }

    #[test]
    fn an_answer_without_end_is_cut_off() {
        for size in [ANSWER_BYTES_MAX, ANSWER_BYTES_MAX + 1] {
            let (url, served) = server(told("200 OK", &vec![b' '; size]));
            let answer = ask(url, None).map(|answer| answer.body.len());
            let expected = if size == ANSWER_BYTES_MAX { Ok(size) } else { Err(Trouble::TooLarge) };
            assert_eq!(answer, expected);
            served.join().unwrap();
        }
    }

    #[test]
    fn nobody_there_and_nonsense_are_no_answer() {
        let (url, served) = server(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec());
        assert!(matches!(ask(url, None), Err(Trouble::Unreachable(_))));
        served.join().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(ask(format!("http://{free}/"), None), Err(Trouble::Unreachable(_))));
        assert!(matches!(ask("nonsense".into(), None), Err(Trouble::Unreachable(_))));
    }

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for text in ["", "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n"] {
            fs::write(&file, text).unwrap();
            let refused = format!("{:#}", Client::new(Some(&file)).unwrap_err());
            assert!(refused.contains("ca.pem"), "{refused}");
        }
        assert!(Client::new(Some(&folder.path().join("none"))).is_err());
    }
}
