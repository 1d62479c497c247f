//! Charts drawn by the server: values in, SVG out, with the same data as a table.
//!
//! Everything readable without colour: numbers stand in cells, bars have lengths, marks have shapes. Styling is by
//! class only, because the content security policy allows no inline style.

pub mod heat_map;
pub mod hour_bars;
pub mod sparkline;
pub mod timeline;

use crate::markup::Markup;

/// A picture and the same data as a table.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The `<svg>`.
    pub picture: Markup,
    /// The `<table>`.
    pub table: Markup,
}

/// About how wide a text is in units of its font size: CJK characters are 1 wide, others a little over half.
fn width_em(text: &str) -> f32 {
    text.chars().map(|character| if u32::from(character) >= 0x1100 { 1.0 } else { 0.57 }).sum()
}

/// A text cut to fit, with an ellipsis when it was.
fn fitted(text: &str, width_em_max: f32) -> String {
    if width_em(text) <= width_em_max {
        return text.to_owned();
    }
    let mut fitted = String::new();
    let mut width = 1.0;
    for character in text.chars() {
        width += width_em(character.encode_utf8(&mut [0; 4]));
        if width > width_em_max {
            break;
        }
        fitted.push(character);
    }
    fitted.truncate(fitted.trim_end().len());
    fitted.push('…');
    fitted
}

/// A round number at or above `most`, for the top of an axis.
fn axis_top(most: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let top = step.saturating_mul(factor);
            if top >= most {
                return top;
            }
        }
        step = step.saturating_mul(10);
    }
}

/// One element on a line, for snapshots that people can read.
#[cfg(test)]
fn lines(markup: &Markup) -> String {
    markup.as_str().replace("><", ">\n<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cut_by_how_wide_they_are() {
        assert_eq!(fitted("内務文化省", 5.0), "内務文化省");
        assert_eq!(fitted("内務文化省本庁", 5.0), "内務文化…");
        assert_eq!(fitted("Ministry of Culture", 6.0), "Ministry…");
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([0, 1, 3, 5, 6, 11, 730].map(axis_top), [1, 1, 5, 5, 10, 20, 1_000]);
        assert_eq!(axis_top(u64::MAX), u64::MAX);
    }
}
