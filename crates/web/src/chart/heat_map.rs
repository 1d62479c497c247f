//! Organisation × hour: who is hit, and when, at a glance.

use crate::chart::{Chart, fitted, width_em};
use crate::markup::{Markup, escaped, push};
use crate::words::{compact, count};

const LABEL_WIDTH_MIN: usize = 96;
const LABEL_WIDTH_MAX: usize = 216;
const LABEL_FONT_SIZE: f32 = 13.0;
const CELL_WIDTH: usize = 25;
const CELL_HEIGHT: usize = 24;
const HEAD_HEIGHT: usize = 22;
const TOTAL_WIDTH: usize = 48;

/// Shades of the map, besides empty.
pub const SHADES: u64 = 5;

/// One line of the map.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who.
    pub label: String,
    /// Where a click on the name leads.
    pub href: String,
    /// One number for each column.
    pub values: Vec<u64>,
    /// Where a click on a cell leads, one for each column; empty when nowhere.
    pub cell_hrefs: Vec<String>,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct HeatMap<'a> {
    /// The name of the picture, for those who cannot see it.
    pub title: &'a str,
    /// The heading of the names.
    pub row_heading: &'a str,
    /// The heading of the sums.
    pub total_heading: &'a str,
    /// The heading of each column, oldest first: `14`.
    pub columns: Vec<String>,
    /// The heading of each column in full, for the table: `14時`.
    pub columns_full: Vec<String>,
    /// The lines.
    pub rows: Vec<Row>,
}

/// The shade of a number: 0 for none, 1 to [`SHADES`] on a logarithmic scale up to `most`.
pub fn shade(value: u64, most: u64) -> u64 {
    if value == 0 || most == 0 {
        return 0;
    }
    let share = ((value as f64) + 1.0).ln() / ((most as f64) + 1.0).ln();
    ((share * SHADES as f64).ceil() as u64).clamp(1, SHADES)
}

/// The smallest and biggest number of each shade that occurs, for the legend.
pub fn legend(most: u64) -> Vec<(u64, u64, u64)> {
    let mut ranges: Vec<(u64, u64, u64)> = Vec::new();
    let mut value = 1;
    while value <= most {
        let now = shade(value, most);
        let mut end =
            ((most as f64 + 1.0).powf(now as f64 / SHADES as f64) - 1.0).floor().max(value as f64) as u64;
        end = end.min(most);
        while end > value && shade(end, most) > now {
            end -= 1;
        }
        while end < most && shade(end + 1, most) == now {
            end += 1;
        }
        ranges.push((now, value, end));
        value = end + 1;
    }
    ranges
}

/// Draws the map.
pub fn draw(map: &HeatMap<'_>) -> Chart {
    Chart { picture: picture(map), table: table(map) }
}

fn picture(map: &HeatMap<'_>) -> Markup {
    let most = map.rows.iter().flat_map(|row| &row.values).copied().max().unwrap_or(0);
    let label = label_width(&map.rows);
    let width = label + map.columns.len() * CELL_WIDTH + TOTAL_WIDTH;
    let height = HEAD_HEIGHT + map.rows.len() * CELL_HEIGHT + 2;
    let mut svg = String::new();
    push(
        &mut svg,
        format_args!(
            "<svg class=\"heat\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"{}\">",
            escaped(map.title)
        ),
    );
    for (index, column) in map.columns.iter().enumerate() {
        let x = label + index * CELL_WIDTH + CELL_WIDTH / 2;
        push(
            &mut svg,
            format_args!(
                "<text class=\"axis\" x=\"{x}\" y=\"15\" text-anchor=\"middle\">{}</text>",
                escaped(column)
            ),
        );
    }
    push(
        &mut svg,
        format_args!(
            "<text class=\"axis\" x=\"{}\" y=\"15\" text-anchor=\"end\">{}</text>",
            width - 4,
            escaped(map.total_heading)
        ),
    );
    for (index, row) in map.rows.iter().enumerate() {
        push_row(&mut svg, row, HEAD_HEIGHT + index * CELL_HEIGHT, (label, width), most);
    }
    svg.push_str("</svg>");
    Markup::trusted(svg)
}

/// As wide as the longest name needs, within reason; longer names are cut.
fn label_width(rows: &[Row]) -> usize {
    let longest = rows.iter().map(|row| width_em(&row.label)).fold(0.0, f32::max);
    (longest * LABEL_FONT_SIZE).ceil().clamp(LABEL_WIDTH_MIN as f32, LABEL_WIDTH_MAX as f32) as usize + 12
}

fn push_row(svg: &mut String, row: &Row, y: usize, (label, width): (usize, usize), most: u64) {
    let (middle, total) = (y + 16, row.values.iter().sum::<u64>());
    push(svg, format_args!("<line class=\"rule\" x1=\"0\" y1=\"{y}\" x2=\"{width}\" y2=\"{y}\"/>"));
    push(
        svg,
        format_args!(
            "<a href=\"{}\"><title>{}</title><rect class=\"hit\" x=\"0\" y=\"{y}\" width=\"{}\" height=\"{CELL_HEIGHT}\"/>\
             <text class=\"name\" x=\"4\" y=\"{middle}\">{}</text></a>",
            escaped(&row.href),
            escaped(&row.label),
            label - 4,
            escaped(&fitted(&row.label, (label - 12) as f32 / LABEL_FONT_SIZE)),
        ),
    );
    svg.push_str("<g aria-hidden=\"true\">");
    for (index, value) in row.values.iter().enumerate().filter(|(_, value)| **value > 0) {
        let (x, shade) = (label + index * CELL_WIDTH, shade(*value, most));
        let cell = format!(
            "<rect class=\"h{shade}\" x=\"{}\" y=\"{}\"/><text class=\"n{shade}\" x=\"{}\" y=\"{middle}\">{}</text>",
            x + 1,
            y + 1,
            x + CELL_WIDTH / 2,
            compact(*value)
        );
        match row.cell_hrefs.get(index).filter(|href| !href.is_empty()) {
            Some(href) => push(svg, format_args!("<a href=\"{}\" tabindex=\"-1\">{cell}</a>", escaped(href))),
            None => svg.push_str(&cell),
        }
    }
    push(
        svg,
        format_args!(
            "<text class=\"sum\" x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text></g>",
            width - 4,
            count(total)
        ),
    );
}

fn table(map: &HeatMap<'_>) -> Markup {
    let mut html = String::new();
    push(
        &mut html,
        format_args!(
            "<table class=\"numbers\"><caption>{}</caption><thead><tr><th scope=\"col\">{}</th>",
            escaped(map.title),
            escaped(map.row_heading)
        ),
    );
    for column in &map.columns_full {
        push(&mut html, format_args!("<th scope=\"col\">{}</th>", escaped(column)));
    }
    push(
        &mut html,
        format_args!("<th scope=\"col\">{}</th></tr></thead><tbody>", escaped(map.total_heading)),
    );
    for row in &map.rows {
        push(&mut html, format_args!("<tr><th scope=\"row\">{}</th>", escaped(&row.label)));
        for value in &row.values {
            push(&mut html, format_args!("<td>{}</td>", count(*value)));
        }
        push(&mut html, format_args!("<td>{}</td></tr>", count(row.values.iter().sum())));
    }
    html.push_str("</tbody></table>");
    Markup::trusted(html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::lines;

    fn map() -> HeatMap<'static> {
        HeatMap {
            title: "Threats by <organisation> and hour",
            row_heading: "Organisation",
            total_heading: "Sum",
            columns: vec!["8".into(), "9".into()],
            columns_full: vec!["08:00".into(), "09:00".into()],
            rows: vec![Row {
                label: "A & B".into(),
                href: "/organisations/x".into(),
                values: vec![0, 1_204],
                cell_hrefs: vec![String::new(), "/threats?a=1&b=2".into()],
            }],
        }
    }

    #[test]
    fn a_map_has_numbers_in_its_cells_and_leaves_empty_ones_out() {
        insta::assert_snapshot!(lines(&draw(&map()).picture), @r##"
        <svg class="heat" viewBox="0 0 206 48" width="206" height="48" role="group" aria-label="Threats by &lt;organisation&gt; and hour">
        <text class="axis" x="120" y="15" text-anchor="middle">8</text>
        <text class="axis" x="145" y="15" text-anchor="middle">9</text>
        <text class="axis" x="202" y="15" text-anchor="end">Sum</text>
        <line class="rule" x1="0" y1="22" x2="206" y2="22"/>
        <a href="/organisations/x">
        <title>A &amp; B</title>
        <rect class="hit" x="0" y="22" width="104" height="24"/>
        <text class="name" x="4" y="38">A &amp; B</text>
        </a>
        <g aria-hidden="true">
        <a href="/threats?a=1&amp;b=2" tabindex="-1">
        <rect class="h5" x="134" y="23"/>
        <text class="n5" x="145" y="38">1.2k</text>
        </a>
        <text class="sum" x="202" y="38" text-anchor="end">1,204</text>
        </g>
        </svg>
        "##);
    }

    #[test]
    fn the_table_has_every_number_exactly() {
        insta::assert_snapshot!(lines(&draw(&map()).table), @r##"
        <table class="numbers">
        <caption>Threats by &lt;organisation&gt; and hour</caption>
        <thead>
        <tr>
        <th scope="col">Organisation</th>
        <th scope="col">08:00</th>
        <th scope="col">09:00</th>
        <th scope="col">Sum</th>
        </tr>
        </thead>
        <tbody>
        <tr>
        <th scope="row">A &amp; B</th>
        <td>0</td>
        <td>1,204</td>
        <td>1,204</td>
        </tr>
        </tbody>
        </table>
        "##);
    }

    #[test]
    fn shades_go_from_the_smallest_to_the_biggest_number() {
        assert_eq!([0, 1, 2, 9, 99].map(|value| shade(value, 99)), [0, 1, 2, 3, 5]);
        assert_eq!(shade(1, 1), SHADES);
        assert_eq!(shade(u64::MAX, u64::MAX), SHADES);
    }

    #[test]
    fn the_legend_names_every_shade_once_without_gaps() {
        for most in [0, 1, 2, 3, 7, 50, 1_000, 123_456] {
            let ranges = legend(most);
            let mut next = 1;
            for (now, start, end) in &ranges {
                assert_eq!(*start, next, "gap before {start} of {most}");
                assert_eq!((shade(*start, most), shade(*end, most)), (*now, *now), "{most}");
                next = end + 1;
            }
            assert_eq!(next, most + 1, "{most}");
            assert!(ranges.len() as u64 <= SHADES);
        }
    }
}
