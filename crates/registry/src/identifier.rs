//! Names of products: CPE 2.3 and package URLs, checked strictly and kept as written.

use crate::read::shown;
use crate::reason::{Reason, What};

/// The longest name kept.
const BYTES_MAX: usize = 500;
/// `part` to `other` (NISTIR 7695 section 6.2).
const CPE_COMPONENTS: usize = 11;

/// A CPE 2.3 name in its formatted string binding (NISTIR 7695), or nothing.
pub(crate) fn cpe(written: &str) -> Result<String, Reason> {
    if written.is_empty() {
        return Ok(String::new());
    }
    let refused = || Reason::NotA { written: shown(written), what: What::Cpe };
    let rest = written.strip_prefix("cpe:2.3:").filter(|_| written.len() <= BYTES_MAX).ok_or_else(refused)?;
    let components = split_unescaped(rest);
    let part = components.first().copied().unwrap_or_default();
    let right = components.len() == CPE_COMPONENTS
        && ["a", "o", "h", "*", "-"].contains(&part)
        && components.iter().all(|component| is_cpe_component(component));
    if right { Ok(written.to_owned()) } else { Err(refused()) }
}

/// Cuts at colons that no backslash stands before.
fn split_unescaped(text: &str) -> Vec<&str> {
    let (mut components, mut start, mut escaped) = (Vec::new(), 0, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b':' => {
                components.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    components.push(&text[start..]);
    components
}

/// `*`, `-`, or letters, digits, `-`, `.`, `_` and escaped punctuation, with `*` and `?` at the ends only.
fn is_cpe_component(component: &str) -> bool {
    if component == "*" || component == "-" {
        return true;
    }
    let core = component.strip_prefix('*').unwrap_or_else(|| component.trim_start_matches('?'));
    let core = match core.strip_suffix('*') {
        // An escaped asterisk belongs to the value.
        Some(before) if !before.ends_with('\\') => before,
        _ if core.ends_with("\\?") => core,
        _ => core.trim_end_matches('?'),
    };
    let (mut escaped, mut length) = (false, 0);
    for byte in core.bytes() {
        match byte {
            _ if escaped => {
                if !byte.is_ascii_punctuation() {
                    return false;
                }
                escaped = false;
            }
            b'\\' => escaped = true,
            b'-' | b'.' | b'_' => {}
            _ if byte.is_ascii_alphanumeric() => {}
            _ => return false,
        }
        length += 1;
    }
    length > 0 && !escaped
}

/// A package URL (`pkg:type/namespace/name@version?qualifiers#subpath`), or nothing.
pub(crate) fn purl(written: &str) -> Result<String, Reason> {
    if written.is_empty() {
        return Ok(String::new());
    }
    let right = written.len() <= BYTES_MAX && is_purl(written);
    if right {
        Ok(written.to_owned())
    } else {
        Err(Reason::NotA { written: shown(written), what: What::Purl })
    }
}

fn is_purl(written: &str) -> bool {
    let Some(rest) = written.strip_prefix("pkg:") else { return false };
    let (rest, subpath) = rest.split_once('#').map_or((rest, None), |(rest, path)| (rest, Some(path)));
    let (rest, qualifiers) = rest.split_once('?').map_or((rest, None), |(rest, list)| (rest, Some(list)));
    let Some((kind, path)) = rest.split_once('/') else { return false };
    let (path, version) = path.rsplit_once('@').map_or((path, None), |(path, version)| (path, Some(version)));
    let kind_is_right = kind.starts_with(|first: char| first.is_ascii_lowercase())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    kind_is_right
        && path.split('/').all(is_encoded)
        && version.is_none_or(is_encoded)
        && subpath
            .is_none_or(|path| path.split('/').all(|part| is_encoded(part) && part != "." && part != ".."))
        && qualifiers.is_none_or(|list| list.split('&').all(is_qualifier))
}

fn is_qualifier(pair: &str) -> bool {
    let Some((name, value)) = pair.split_once('=') else { return false };
    let name_is_right = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte));
    // A value may hold the slashes of a URL.
    name_is_right && value.split('/').all(|part| part.is_empty() || is_encoded(part)) && !value.is_empty()
}

/// Not empty; letters, digits, `.-_~:+` and percent signs with two hexadecimal digits.
fn is_encoded(part: &str) -> bool {
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let right = match byte {
            b'%' => {
                bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())
            }
            _ => byte.is_ascii_alphanumeric() || b".-_~:+".contains(&byte),
        };
        if !right {
            return false;
        }
    }
    !part.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpe_has_eleven_components_of_legal_characters() {
        for right in [
            "",
            "cpe:2.3:a:vendor:product:1.2.3:*:*:*:*:*:*:*",
            "cpe:2.3:o:microsoft:windows_server_2022:-:*:*:*:*:*:x64:*",
            r"cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
            r"cpe:2.3:a:foo\\bar:big\$money_2010:*:*:*:*:special:ipod_touch:80gb:*",
            "cpe:2.3:a:x:y:8.*:*:*:*:*:*:*:*",
            r"cpe:2.3:a:x:notepad\+\+:1:*:*:*:*:*:*:*",
        ] {
            assert!(cpe(right).is_ok(), "{right}");
        }
        for wrong in [
            "cpe:/a:vendor:product",
            "cpe:2.3:a:vendor:product",
            "cpe:2.3:x:vendor:product:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:vendor:pro duct:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:vendor:pro*duct:1:*:*:*:*:*:*:*",
            "cpe:2.3:a::product:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:製品:product:1:*:*:*:*:*:*:*",
            r"cpe:2.3:a:vendor:product:1:*:*:*:*:*:*:\",
        ] {
            assert!(cpe(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_package_url_has_a_type_and_a_name() {
        for right in [
            "",
            "pkg:cargo/tokio@1.54.0",
            "pkg:npm/%40angular/core@12.3.1",
            "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
            "pkg:generic/openssl@1.1.10g?download_url=https://openssl.example/source/openssl.tar.gz",
        ] {
            assert!(purl(right).is_ok(), "{right}");
        }
        for wrong in [
            "cargo/tokio",
            "pkg:cargo",
            "pkg:Cargo/tokio",
            "pkg:cargo/",
            "pkg:cargo/a b",
            "pkg:npm/%4",
            "pkg:a/b?c",
        ] {
            assert!(purl(wrong).is_err(), "{wrong}");
        }
    }
}
