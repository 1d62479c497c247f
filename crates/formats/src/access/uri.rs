//! The parts of a request's target or URL.

use crate::{Event, Format, Names};

/// The longest extension; a longer one is a name with a dot in it.
const EXTENSION_BYTES_MAX: usize = 10;

/// Adds the whole under `name`, then `cs-host`, `cs-uri-stem`, `cs-uri-query` and `c-uri-extension` as far as they
/// are there. The target of CONNECT is a host and a port.
pub(super) fn push(
    format: Format,
    name: &str,
    whole: &str,
    connect: bool,
    names: &mut Names,
    event: &mut Event,
) {
    event.push_text(names.id(format, name), whole);
    if connect {
        let (host, port) = crate::syslog::split_port(whole);
        event.push_text(names.id(format, "cs-host"), host);
        if !port.is_empty() {
            event.push_untyped(names.id(format, "cs-uri-port"), port);
        }
        return;
    }
    let after_scheme =
        whole.split_once("://").filter(|(scheme, _)| scheme.len() <= 8 && !scheme.contains('/'));
    let local = match after_scheme {
        Some((_, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, local) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            event.push_text(names.id(format, "cs-host"), crate::syslog::split_port(host).0);
            local
        }
        None => whole,
    };
    let (stem, query) = local.split_once('?').unwrap_or((local, ""));
    event.push_text(names.id(format, "cs-uri-stem"), stem);
    if !query.is_empty() {
        event.push_text(names.id(format, "cs-uri-query"), query);
    }
    if let Some(extension) = extension(stem) {
        event.push_text(names.id(format, "c-uri-extension"), extension);
    }
}

/// `exe` of `/a/b.exe`.
fn extension(stem: &str) -> Option<&str> {
    let file = stem.rsplit('/').next()?;
    let (_, extension) = file.rsplit_once('.')?;
    let plain = extension.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain && (1..=EXTENSION_BYTES_MAX).contains(&extension.len())).then_some(extension)
}
