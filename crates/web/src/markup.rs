//! HTML that is already escaped, and the only ways to make some.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;

/// A piece of HTML that is safe to place in a page as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Takes HTML whose every foreign part has gone through [`push_escaped`].
    pub(crate) fn trusted(html: String) -> Self {
        Self(html)
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// Appends text with the five characters that mean something in HTML replaced.
pub(crate) fn push_escaped(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

/// Text as HTML, for charts and other places that build markup by hand.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 8);
    push_escaped(&mut html, text);
    html
}

/// Appends formatted markup; writing to a `String` cannot fail.
pub(crate) fn push(html: &mut String, arguments: fmt::Arguments<'_>) {
    let _ = html.write_fmt(arguments);
}

/// Percent-encodes a value for a query string or a path segment.
pub(crate) fn url_encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => url.push(char::from(byte)),
            other => push(&mut url, format_args!("%{other:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_can_become_a_tag_or_leave_an_attribute() {
        assert_eq!(escaped(r#"<a href="x" b='y'>&"#), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
    }

    #[test]
    fn a_query_value_survives_every_byte() {
        assert_eq!(url_encoded("a b&c=狼"), "a%20b%26c%3D%E7%8B%BC");
    }
}
