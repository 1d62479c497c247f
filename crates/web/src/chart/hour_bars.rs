//! How many, hour by hour.

use crate::chart::{Chart, axis_top};
use crate::markup::{Markup, escaped, push};
use crate::words::{compact, count};

const WIDTH: usize = 600;
const HEIGHT: usize = 170;
const LEFT: usize = 44;
const TOP: usize = 14;
const BOTTOM: usize = 24;
/// Room for the half of the last label that stands beyond its bar.
const RIGHT: usize = 16;
/// Columns a chart can show; the newest are kept.
pub const COLUMNS_MAX: usize = 96;

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Under the bar; empty when the axis has no room for it.
    pub label: String,
    /// In the table and on hover.
    pub label_full: String,
    /// How many.
    pub value: u64,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct HourBars<'a> {
    /// The name of the picture.
    pub title: &'a str,
    /// The heading of the hours.
    pub hour_heading: &'a str,
    /// The heading of the numbers.
    pub value_heading: &'a str,
    /// The bars, oldest first.
    pub bars: Vec<Bar>,
}

/// Draws the bars.
pub fn draw(chart: &HourBars<'_>) -> Chart {
    let skip = chart.bars.len().saturating_sub(COLUMNS_MAX);
    let bars: Vec<&Bar> = chart.bars.iter().skip(skip).collect();
    Chart { picture: picture(chart, &bars), table: table(chart, &bars) }
}

fn picture(chart: &HourBars<'_>, bars: &[&Bar]) -> Markup {
    let top = axis_top(bars.iter().map(|bar| bar.value).max().unwrap_or(0));
    let (plot_width, plot_height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let base = TOP + plot_height;
    let step = plot_width as f64 / bars.len().max(1) as f64;
    let mut svg = String::new();
    push(
        &mut svg,
        format_args!(
            "<svg class=\"bars\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escaped(chart.title)
        ),
    );
    for (share, value) in
        [(0, 0), (1, top / 2), (2, top)].into_iter().filter(|(share, _)| *share != 1 || top.is_multiple_of(2))
    {
        let y = base - plot_height * share / 2;
        push(
            &mut svg,
            format_args!(
                "<line class=\"rule\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/><text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                LEFT - 6,
                y + 4,
                compact(value)
            ),
        );
    }
    for (index, bar) in bars.iter().enumerate() {
        let x = LEFT as f64 + index as f64 * step;
        if bar.value > 0 {
            // A count of one must be seen beside a count of ten thousand.
            let height = (bar.value as f64 / top as f64 * plot_height as f64).max(2.0);
            push(
                &mut svg,
                format_args!(
                    "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{} {}</title></rect>",
                    x + 1.0,
                    base as f64 - height,
                    (step - 2.0).max(1.0),
                    escaped(&bar.label_full),
                    count(bar.value)
                ),
            );
        }
        if !bar.label.is_empty() {
            push(
                &mut svg,
                format_args!(
                    "<text class=\"axis\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                    x + step / 2.0,
                    HEIGHT - 8,
                    escaped(&bar.label)
                ),
            );
        }
    }
    svg.push_str("</svg>");
    Markup::trusted(svg)
}

fn table(chart: &HourBars<'_>, bars: &[&Bar]) -> Markup {
    let mut html = String::new();
    push(
        &mut html,
        format_args!(
            "<table class=\"numbers\"><caption>{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
            escaped(chart.title),
            escaped(chart.hour_heading),
            escaped(chart.value_heading)
        ),
    );
    for bar in bars {
        push(
            &mut html,
            format_args!(
                "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                escaped(&bar.label_full),
                count(bar.value)
            ),
        );
    }
    html.push_str("</tbody></table>");
    Markup::trusted(html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::lines;

    fn chart(values: &[u64]) -> HourBars<'static> {
        let bar = |(index, value): (usize, &u64)| Bar {
            label: index.to_string(),
            label_full: format!("{index}:00"),
            value: *value,
        };
        HourBars {
            title: "Events",
            hour_heading: "Hour",
            value_heading: "Events",
            bars: values.iter().enumerate().map(bar).collect(),
        }
    }

    #[test]
    fn one_beside_ten_thousand_is_still_a_bar() {
        insta::assert_snapshot!(lines(&draw(&chart(&[0, 1, 10_000])).picture), @r##"
        <svg class="bars" viewBox="0 0 600 170" role="img" aria-label="Events">
        <line class="rule" x1="44" y1="146" x2="600" y2="146"/>
        <text class="axis" x="38" y="150" text-anchor="end">0</text>
        <line class="rule" x1="44" y1="80" x2="600" y2="80"/>
        <text class="axis" x="38" y="84" text-anchor="end">5.0k</text>
        <line class="rule" x1="44" y1="14" x2="600" y2="14"/>
        <text class="axis" x="38" y="18" text-anchor="end">10k</text>
        <text class="axis" x="134.0" y="162" text-anchor="middle">0</text>
        <rect class="bar" x="225.0" y="144.0" width="178.0" height="2.0">
        <title>1:00 1</title>
        </rect>
        <text class="axis" x="314.0" y="162" text-anchor="middle">1</text>
        <rect class="bar" x="405.0" y="14.0" width="178.0" height="132.0">
        <title>2:00 10,000</title>
        </rect>
        <text class="axis" x="494.0" y="162" text-anchor="middle">2</text>
        </svg>
        "##);
    }

    #[test]
    fn the_table_has_the_same_numbers() {
        insta::assert_snapshot!(lines(&draw(&chart(&[0, 12_345])).table), @r##"
        <table class="numbers">
        <caption>Events</caption>
        <thead>
        <tr>
        <th scope="col">Hour</th>
        <th scope="col">Events</th>
        </tr>
        </thead>
        <tbody>
        <tr>
        <th scope="row">0:00</th>
        <td>0</td>
        </tr>
        <tr>
        <th scope="row">1:00</th>
        <td>12,345</td>
        </tr>
        </tbody>
        </table>
        "##);
    }

    #[test]
    fn nothing_at_all_and_too_much_are_drawn_too() {
        assert!(draw(&chart(&[])).picture.as_str().ends_with("</svg>"));
        let many = draw(&chart(&vec![1; COLUMNS_MAX + 50]));
        assert_eq!(many.picture.as_str().matches("class=\"bar\"").count(), COLUMNS_MAX);
    }
}
