//! Which language to answer in: what was asked for, then what was chosen before, then what the browser prefers.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use base::Language;

/// The cookie that remembers a choice.
pub(crate) const COOKIE_NAME: &str = "noroshi_lang";
/// Preferences of a browser that are looked at.
const PREFERENCES_MAX: usize = 16;

/// The language for a request; `asked` is the `lang` of its query.
pub(crate) fn choose(asked: Option<&str>, headers: &HeaderMap, default: Language) -> Language {
    asked
        .and_then(|text| text.parse().ok())
        .or_else(|| remembered(headers))
        .or_else(|| preferred(headers))
        .unwrap_or(default)
}

/// The `Set-Cookie` value that remembers a language for a year.
pub(crate) fn cookie(language: Language) -> String {
    format!("{COOKIE_NAME}={language}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly")
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let (_, value) = cookies
        .split(';')
        .filter_map(|one| one.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)?;
    value.parse().ok()
}

fn preferred(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Language)> = None;
    for preference in header.split(',').take(PREFERENCES_MAX) {
        let (tag, weight) = preference.split_once(";q=").unwrap_or((preference, "1"));
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        if let Ok(language) = primary.parse()
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: Option<&str>, cookie: &str, accept: &str, expected: Language) {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().unwrap());
        headers.insert(ACCEPT_LANGUAGE, accept.parse().unwrap());
        assert_eq!(choose(asked, &headers, Language::Ja), expected);
    }

    #[test]
    fn what_is_asked_for_wins_over_the_cookie_and_that_over_the_browser() {
        check(Some("en"), "noroshi_lang=ja", "ja", Language::En);
        check(None, "a=b; noroshi_lang=en", "ja", Language::En);
        check(None, "", "fr, en-GB;q=0.8, ja;q=0.7", Language::En);
        check(None, "", "en;q=0.5, ja-JP", Language::Ja);
        check(Some("xx"), "noroshi_lang=yy", "zz, *;q=0.1, en;q=0", Language::Ja);
    }
}
