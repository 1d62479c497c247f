//! Who, from when to when: one bar for each line, in order.

use base::{Language, Timestamp};

use crate::chart::{Chart, label};
use crate::markup::{Markup, escaped, push};
use crate::when;
use crate::words::count;

const WIDTH: usize = 860;
const LABEL_WIDTH: usize = 190;
const COUNT_WIDTH: usize = 70;
const ROW_HEIGHT: usize = 28;
const HEAD_HEIGHT: usize = 26;
const TICKS: i64 = 8;
/// Japan is nine hours ahead of UTC.
const JAPAN_S: i64 = 32_400;
const LABEL_EM_MAX: f32 = 14.0;

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
    push(
        svg,
        format_args!(
            "<line class=\"rule\" x1=\"0\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/><a href=\"{}\" aria-label=\"{}\"><rect class=\"hit\" x=\"0\" y=\"{y}\" width=\"{}\" height=\"{ROW_HEIGHT}\"/><text class=\"name\" x=\"4\" y=\"{}\">{}</text></a><g aria-hidden=\"true\"><rect class=\"span\" x=\"{:.1}\" y=\"{}\" width=\"{:.1}\" height=\"8\"/>",
            escaped(&line.href),
            escaped(&line.label),
            LABEL_WIDTH - 4,
            middle + 5,
            label(&line.label, LABEL_EM_MAX),
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
                when::element(timeline.language, line.start),
                when::element(timeline.language, line.end),
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
        let lines = vec![line("2026-07-15T00:00:00Z", "2026-07-15T06:00:00Z")];
        insta::assert_snapshot!(draw(&timeline(lines)).picture, @"");
    }

    #[test]
    fn the_table_says_the_same() {
        let lines = vec![line("2026-07-15T00:00:00Z", "2026-07-15T06:00:00Z")];
        insta::assert_snapshot!(draw(&timeline(lines)).table, @"");
    }

    #[test]
    fn one_moment_alone_has_an_axis_and_nothing_has_none() {
        let one = draw(&timeline(vec![line("2026-07-15T00:00:00Z", "2026-07-15T00:00:00Z")])).picture;
        assert!(!one.as_str().contains("NaN"), "{one}");
        assert!(draw(&timeline(Vec::new())).picture.as_str().ends_with("</svg>"));
    }
}
