//! Who, from when to when: one bar for each line, in order.

use base::{Language, Timestamp};

use crate::chart::{Chart, fitted};
use crate::markup::{Markup, escaped, push};
use crate::when;
use crate::words::count;

const WIDTH: usize = 900;
const LABEL_WIDTH: usize = 230;
const COUNT_WIDTH: usize = 70;
const ROW_HEIGHT: usize = 28;
const HEAD_HEIGHT: usize = 26;
const TICKS: i64 = 8;
/// Japan is nine hours ahead of UTC.
const JAPAN_S: i64 = 32_400;
const LABEL_EM_MAX: f32 = 17.0;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who.
    pub label: String,
    /// Where a click leads.
    pub href: String,
    /// From when.
    pub start: Timestamp,
    /// To when; not before `start`.
    pub end: Timestamp,
    /// Single moments on the line.
    pub moments: Vec<Timestamp>,
    /// How many, at the end of the line.
    pub count: u64,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Timeline<'a> {
    /// The name of the picture.
    pub title: &'a str,
    /// Headings of the table: who, first, last, how many.
    pub headings: [&'a str; 4],
    /// The language of times.
    pub language: Language,
    /// The lines, in the order they are to stand.
    pub lines: Vec<Line>,
}

/// Draws the lines on one common axis, from the first start to the last end.
pub fn draw(timeline: &Timeline<'_>) -> Chart {
    Chart { picture: picture(timeline), table: table(timeline) }
}

/// Maps times to the width of the plot.
struct Axis {
    start_us: i64,
    span_us: i64,
}

impl Axis {
    fn of(lines: &[Line]) -> Self {
        let start_us = lines.iter().map(|line| line.start.as_microsecond()).min().unwrap_or(0);
        let end_us = lines.iter().map(|line| line.end.as_microsecond()).max().unwrap_or(0);
        // One moment alone still needs an axis to stand on.
        let (start_us, end_us) = if end_us - start_us < 1_000_000 {
            (start_us - 30_000_000, end_us + 30_000_000)
        } else {
            (start_us, end_us)
        };
        Self { start_us, span_us: (end_us - start_us).max(1) }
    }

    fn x(&self, time: Timestamp) -> f64 {
        let plot = (WIDTH - LABEL_WIDTH - COUNT_WIDTH - 16) as f64;
        let share = (time.as_microsecond() - self.start_us) as f64 / self.span_us as f64;
        LABEL_WIDTH as f64 + 8.0 + plot * share.clamp(0.0, 1.0)
    }

    /// Moments that a clock in Japan would strike, at most [`TICKS`] of them.
    fn ticks(&self) -> Vec<Timestamp> {
        const STEPS_S: [i64; 14] =
            [1, 5, 15, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 604_800];
        let span = self.span_us / 1_000_000;
        let step = STEPS_S.into_iter().find(|step| span / step < TICKS).unwrap_or(span / TICKS + 1);
        let first = (self.start_us / 1_000_000 + JAPAN_S).div_euclid(step) + 1;
        (first..=first + TICKS)
            .filter_map(|at| Timestamp::from_second(at * step - JAPAN_S).ok())
            .filter(|time| time.as_microsecond() <= self.start_us + self.span_us)
            .collect()
    }

    fn label(&self, language: Language, time: Timestamp) -> String {
        const DAY_US: i64 = 86_400_000_000;
        if self.span_us < DAY_US / 12 {
            when::clock(time)
        } else if self.span_us < 4 * DAY_US {
            when::short(language, time)
        } else {
            when::day(language, base::japan_day(time))
        }
    }
}

fn picture(timeline: &Timeline<'_>) -> Markup {
    let axis = Axis::of(&timeline.lines);
    let height = HEAD_HEIGHT + timeline.lines.len() * ROW_HEIGHT + 4;
    let mut svg = String::new();
    push(
        &mut svg,
        format_args!(
            "<svg class=\"timeline\" viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" aria-label=\"{}\"><g aria-hidden=\"true\">",
            escaped(timeline.title)
        ),
    );
    for time in axis.ticks() {
        let x = axis.x(time);
        push(
            &mut svg,
            format_args!(
                "<line class=\"rule\" x1=\"{x:.1}\" y1=\"{HEAD_HEIGHT}\" x2=\"{x:.1}\" y2=\"{height}\"/><text class=\"axis\" x=\"{x:.1}\" y=\"16\" text-anchor=\"middle\">{}</text>",
                axis.label(timeline.language, time)
            ),
        );
    }
    svg.push_str("</g>");
    for (index, line) in timeline.lines.iter().enumerate() {
        push_line(&mut svg, &axis, line, HEAD_HEIGHT + index * ROW_HEIGHT);
    }
    svg.push_str("</svg>");
    Markup::trusted(svg)
}

fn push_line(svg: &mut String, axis: &Axis, line: &Line, y: usize) {
    let (middle, start, end) = (y + ROW_HEIGHT / 2, axis.x(line.start), axis.x(line.end));
    // Who may be named here need not have a page that the reader may open.
    let (opening, closing) = match line.href.as_str() {
        "" => ("<g>".to_owned(), "</g>"),
        href => (format!("<a href=\"{}\">", escaped(href)), "</a>"),
    };
    push(
        svg,
        format_args!(
            "<line class=\"rule\" x1=\"0\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/>{opening}<title>{}</title><rect class=\"hit\" x=\"0\" y=\"{y}\" width=\"{}\" height=\"{ROW_HEIGHT}\"/><text class=\"name\" x=\"4\" y=\"{}\">{}</text>{closing}<g aria-hidden=\"true\"><rect class=\"span\" x=\"{:.1}\" y=\"{}\" width=\"{:.1}\" height=\"8\"/>",
            escaped(&line.label),
            LABEL_WIDTH - 4,
            middle + 5,
            escaped(&fitted(&line.label, LABEL_EM_MAX)),
            start - 2.0,
            middle - 4,
            (end - start + 4.0).max(4.0)
        ),
    );
    for moment in &line.moments {
        push(
            svg,
            format_args!(
                "<line class=\"moment\" x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{}\"/>",
                middle - 8,
                middle + 8,
                x = axis.x(*moment)
            ),
        );
    }
    push(
        svg,
        format_args!(
            "<text class=\"sum\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text></g>",
            WIDTH - 4,
            middle + 5,
            count(line.count)
        ),
    );
}

fn table(timeline: &Timeline<'_>) -> Markup {
    let mut html = String::new();
    push(
        &mut html,
        format_args!("<table class=\"numbers\"><caption>{}</caption><thead><tr>", escaped(timeline.title)),
    );
    for heading in timeline.headings {
        push(&mut html, format_args!("<th scope=\"col\">{}</th>", escaped(heading)));
    }
    html.push_str("</tr></thead><tbody>");
    for line in &timeline.lines {
        push(
            &mut html,
            format_args!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&line.label),
                when::element(timeline.language, line.start, line.end),
                when::element(timeline.language, line.end, line.end),
                count(line.count)
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

    fn line(start: &str, end: &str) -> Line {
        Line {
            label: "国土資源省".into(),
            href: "/organisations/x".into(),
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
            moments: vec![start.parse().unwrap()],
            count: 3,
        }
    }

    fn timeline(lines: Vec<Line>) -> Timeline<'static> {
        Timeline {
            title: "誰が、いつ",
            headings: ["組織", "最初", "最後", "件数"],
            language: Language::Ja,
            lines,
        }
    }

    #[test]
    fn lines_share_one_axis() {
        let rows = vec![line("2026-07-15T00:00:00Z", "2026-07-15T06:00:00Z")];
        insta::assert_snapshot!(lines(&draw(&timeline(rows)).picture), @r##"
        <svg class="timeline" viewBox="0 0 900 58" role="group" aria-label="誰が、いつ">
        <g aria-hidden="true">
        <line class="rule" x1="335.3" y1="26" x2="335.3" y2="58"/>
        <text class="axis" x="335.3" y="16" text-anchor="middle">7月15日 10:00</text>
        <line class="rule" x1="432.7" y1="26" x2="432.7" y2="58"/>
        <text class="axis" x="432.7" y="16" text-anchor="middle">7月15日 11:00</text>
        <line class="rule" x1="530.0" y1="26" x2="530.0" y2="58"/>
        <text class="axis" x="530.0" y="16" text-anchor="middle">7月15日 12:00</text>
        <line class="rule" x1="627.3" y1="26" x2="627.3" y2="58"/>
        <text class="axis" x="627.3" y="16" text-anchor="middle">7月15日 13:00</text>
        <line class="rule" x1="724.7" y1="26" x2="724.7" y2="58"/>
        <text class="axis" x="724.7" y="16" text-anchor="middle">7月15日 14:00</text>
        <line class="rule" x1="822.0" y1="26" x2="822.0" y2="58"/>
        <text class="axis" x="822.0" y="16" text-anchor="middle">7月15日 15:00</text>
        </g>
        <line class="rule" x1="0" y1="26" x2="900" y2="26"/>
        <a href="/organisations/x">
        <title>国土資源省</title>
        <rect class="hit" x="0" y="26" width="226" height="28"/>
        <text class="name" x="4" y="45">国土資源省</text>
        </a>
        <g aria-hidden="true">
        <rect class="span" x="236.0" y="36" width="588.0" height="8"/>
        <line class="moment" x1="238.0" y1="32" x2="238.0" y2="48"/>
        <text class="sum" x="896" y="45" text-anchor="end">3</text>
        </g>
        </svg>
        "##);
    }

    #[test]
    fn the_table_says_the_same() {
        let rows = vec![line("2026-07-15T00:00:00Z", "2026-07-15T06:00:00Z")];
        insta::assert_snapshot!(lines(&draw(&timeline(rows)).table), @r##"
        <table class="numbers">
        <caption>誰が、いつ</caption>
        <thead>
        <tr>
        <th scope="col">組織</th>
        <th scope="col">最初</th>
        <th scope="col">最後</th>
        <th scope="col">件数</th>
        </tr>
        </thead>
        <tbody>
        <tr>
        <th scope="row">国土資源省</th>
        <td>
        <time datetime="2026-07-15T00:00:00Z" title="2026年7月15日（水）9時00分00秒">7月15日 09:00</time>
        </td>
        <td>
        <time datetime="2026-07-15T06:00:00Z" title="2026年7月15日（水）15時00分00秒">7月15日 15:00</time>
        </td>
        <td>3</td>
        </tr>
        </tbody>
        </table>
        "##);
    }

    #[test]
    fn one_moment_alone_has_an_axis_and_nothing_has_none() {
        let one = draw(&timeline(vec![line("2026-07-15T00:00:00Z", "2026-07-15T00:00:00Z")])).picture;
        assert!(!one.as_str().contains("NaN"), "{one}");
        assert!(draw(&timeline(Vec::new())).picture.as_str().ends_with("</svg>"));
    }
}
