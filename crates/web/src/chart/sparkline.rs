//! A day in the size of a word.

use crate::markup::{Markup, escaped, push};

const STEP: usize = 5;
const HEIGHT: usize = 22;

/// Draws one thin bar for each value; `title` says in words what it shows.
pub fn draw(title: &str, values: &[u64]) -> Markup {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let width = values.len() * STEP;
    let mut svg = String::new();
    push(
        &mut svg,
        format_args!(
            "<svg class=\"spark\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\"><line class=\"rule\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{width}\" y2=\"{HEIGHT}\"/>",
            escaped(title)
        ),
    );
    // One path for all bars: a page has hundreds of these.
    svg.push_str("<path class=\"bar\" d=\"");
    for (index, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
        let height = (*value as f64 / most as f64 * (HEIGHT - 2) as f64).max(2.0).round();
        push(&mut svg, format_args!("M{} {HEIGHT}v-{height}h{}v{height}z", index * STEP, STEP - 1));
    }
    svg.push_str("\"/></svg>");
    Markup::trusted(svg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::lines;

    #[test]
    fn a_sparkline_says_in_words_what_it_shows() {
        insta::assert_snapshot!(lines(&draw("3 threats", &[0, 1, 2])), @r##"
        <svg class="spark" viewBox="0 0 15 22" width="15" height="22" role="img" aria-label="3 threats">
        <line class="rule" x1="0" y1="22" x2="15" y2="22"/>
        <path class="bar" d="M5 22v-10h4v10zM10 22v-20h4v20z"/>
        </svg>
        "##);
    }
}
