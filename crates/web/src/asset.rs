//! The style sheet, the script and the icon, inside the program.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// Answers for `/static/{name}`. Addresses carry a digest of the content, so a browser may keep them for a year.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some(file) = Static::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data.into_owned()).into_response()
}

/// The addresses of the files every page needs.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// The style sheet.
    pub style: String,
    /// The script.
    pub script: String,
    /// The icon.
    pub icon: String,
}

/// The addresses, worked out once.
pub(crate) fn addresses() -> &'static Addresses {
    static ADDRESSES: OnceLock<Addresses> = OnceLock::new();
    ADDRESSES.get_or_init(|| Addresses {
        style: address("noroshi.css"),
        script: address("noroshi.js"),
        icon: address("noroshi.svg"),
    })
}

fn address(name: &str) -> String {
    let digest: String = Static::get(name)
        .map(|file| file.metadata.sha256_hash().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
        .unwrap_or_default();
    format!("/static/{name}?v={digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_stays_small_and_asks_nobody_else() {
        let script = String::from_utf8(Static::get("noroshi.js").unwrap().data.into_owned()).unwrap();
        assert!(script.len() < 10_000, "{} bytes", script.len());
        let style = String::from_utf8(Static::get("noroshi.css").unwrap().data.into_owned()).unwrap();
        for text in [script, style] {
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("@import"));
        }
    }

    #[test]
    fn an_address_changes_with_its_content() {
        assert!(addresses().style.starts_with("/static/noroshi.css?v=") && addresses().style.len() == 34);
    }
}
