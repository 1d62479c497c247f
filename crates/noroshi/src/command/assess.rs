//! `noroshi assess`: figures and grades of a file of responses, without a server.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, anyhow};
use inspect::assess::{
    Assessment, CodedColumn, Collector, Figures, Part, RESPONSES, ROSTER, Shown, header, read_coded,
    read_responses, read_roster,
};
use inspect::{Blank, Formula};
use lake::words::{Column, WordsFile};

use super::Exit;
use crate::args::{Assess, BlankPolicy, FiguresAs};
use crate::pipeline;

/// How a Parquet file begins.
const PARQUET: &[u8] = b"PAR1";
/// The longest header line.
const HEADER_BYTES_MAX: u64 = 64 << 10;
/// A file is not cut into parts smaller than this.
const PART_BYTES_MIN: u64 = 1 << 20;

/// Runs the command.
pub fn run(args: &Assess) -> anyhow::Result<Exit> {
    let blank = match args.blank {
        BlankPolicy::NotDone => Blank::NotDone,
        BlankPolicy::Exclude => Blank::Excluded,
    };
    let formula = Formula { blank, ..args.variant.formula() };
    let mut collected = Collector::new();
    if let Some(roster) = &args.roster {
        read_people(roster, &mut collected).with_context(|| roster.display().to_string())?;
    }
    let threads = args.threads.unwrap_or_else(pipeline::threads).max(1);
    let collected = responses(&args.responses, threads, collected)
        .and_then(|collected| Ok(collected.finish(args.roster.is_some())?))
        .with_context(|| args.responses.display().to_string())?;
    let assessment = Assessment::of(&collected, formula, args.roster.is_some());
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output {
        FiguresAs::Json => {
            serde_json::to_writer(&mut out, &assessment)?;
            writeln!(out)?;
        }
        FiguresAs::Csv => print_rows(&assessment, &args.variant.to_string(), &mut out)?,
        FiguresAs::Table => print_table(&assessment, &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn read_people(path: &Path, into: &mut Collector) -> anyhow::Result<()> {
    let mut input = BufReader::new(File::open(path)?);
    let part = header(&first_line(&mut input)?, ROSTER)?;
    read_roster(input, &part, 2, into)?;
    // A roster that is wrong is said to be so before anybody's answers are compared with it.
    if into.is_wrong() {
        std::mem::take(into).finish(false)?;
    }
    Ok(())
}

fn responses(path: &Path, threads: usize, mut into: Collector) -> anyhow::Result<Collector> {
    if path == Path::new("-") {
        let mut input = BufReader::new(io::stdin().lock());
        let part = header(&first_line(&mut input)?, RESPONSES)?;
        read_responses(input, &part, 2, &mut into)?;
        return Ok(into);
    }
    let mut start = Vec::new();
    File::open(path)?.take(PARQUET.len() as u64).read_to_end(&mut start)?;
    let parts = if start == PARQUET { parquet_parts(path, threads)? } else { csv_parts(path, threads)? };
    for (later, rows_before) in parts {
        into.absorb(&later, rows_before);
    }
    Ok(into)
}

/// What each part of a file holds, and how many rows stand before it.
type Parts = Vec<(Collector, u64)>;

fn parquet_parts(path: &Path, threads: usize) -> anyhow::Result<Parts> {
    let file = WordsFile::open(path, &RESPONSES)?;
    let groups = file.groups();
    let ranges: Vec<Range<usize>> =
        (0..threads).map(|part| groups * part / threads..groups * (part + 1) / threads).collect();
    let read = |range: Range<usize>| -> anyhow::Result<(Collector, u64)> {
        let mut collector = Collector::new();
        let mut take = |row: u64, columns: &[Column<'_>]| {
            let mut columns = columns.iter().map(coded);
            let columns = std::array::from_fn(|_| columns.next().unwrap_or_default());
            read_coded(&columns, row + 1, &mut collector)
        };
        file.read(range, &mut take)?;
        Ok((collector, 0))
    };
    side_by_side(ranges, &read)
}

fn coded<'c>(column: &Column<'c>) -> CodedColumn<'c> {
    CodedColumn { codes: column.codes, words: column.words.clone() }
}

fn csv_parts(path: &Path, threads: usize) -> anyhow::Result<Parts> {
    let mut input = BufReader::new(File::open(path)?);
    let line = first_line(&mut input)?;
    let part = header(&line, RESPONSES)?;
    let (start, end) = (line.len() as u64, input.get_ref().metadata()?.len());
    let threads = (threads as u64).min((end.saturating_sub(start) / PART_BYTES_MIN).max(1));
    let mut edges = vec![start];
    for number in 1..threads {
        let near = start + (end - start) / threads * number;
        edges.push(next_line(&mut input, near)?.clamp(start, end));
    }
    edges.push(end);
    let ranges = edges.windows(2).map(|edge| edge[0]..edge[1]).collect();
    let read = |range: Range<u64>| -> anyhow::Result<(Collector, u64)> { read_range(path, &part, range) };
    let mut rows_before = 2;
    let parts = side_by_side(ranges, &read)?.into_iter().map(|(collector, rows)| {
        rows_before += rows;
        (collector, rows_before - rows)
    });
    Ok(parts.collect())
}

fn read_range(path: &Path, part: &Part<5>, range: Range<u64>) -> anyhow::Result<(Collector, u64)> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut collector = Collector::new();
    let rows = read_responses(file.take(range.end - range.start), part, 0, &mut collector)?;
    Ok((collector, rows))
}

/// Reads every part on a thread of its own.
fn side_by_side<R: Send>(
    ranges: Vec<R>,
    read: &(dyn Fn(R) -> anyhow::Result<(Collector, u64)> + Sync),
) -> anyhow::Result<Parts> {
    thread::scope(|scope| {
        let running: Vec<_> = ranges.into_iter().map(|range| scope.spawn(move || read(range))).collect();
        let ended = running.into_iter().map(|one| one.join().map_err(|_| anyhow!("a reader gave up"))?);
        ended.collect()
    })
}

fn first_line(input: &mut impl io::BufRead) -> anyhow::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.by_ref().take(HEADER_BYTES_MAX).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Where the first line begins that does so after `place`.
fn next_line(input: &mut BufReader<File>, place: u64) -> anyhow::Result<u64> {
    input.seek(SeekFrom::Start(place))?;
    let mut line = Vec::new();
    Ok(place + input.read_until(b'\n', &mut line)? as u64)
}

/// One row for each figure.
fn print_rows(assessment: &Assessment, variant: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record([
        "organisation",
        "role",
        "measure",
        "variant",
        "part",
        "whole",
        "mean_of",
        "percent",
        "grade",
    ])?;
    let mut row = |organisation: &str, role: &str, measure: &str, shown: &Shown| {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let numbers = [shown.part, shown.whole, shown.mean_of].map(number);
        let grade = shown.grade.map_or("–", inspect::Grade::letter);
        // A name that a spreadsheet would compute is no formula.
        let (organisation, role) = (harmless(organisation), harmless(role));
        let [part, whole, mean_of] = &numbers;
        rows.write_record([
            &organisation,
            &role,
            measure,
            variant,
            part,
            whole,
            mean_of,
            &shown.percent,
            grade,
        ])
    };
    for one in &assessment.organisations {
        let by_role = one.roles.iter().map(|role| (role.role.as_str(), &role.figures));
        for (role, figures) in by_role.chain([("", &one.all_roles)]) {
            row(&one.organisation, role, "coverage", &figures.coverage)?;
            row(&one.organisation, role, "implementation", &figures.implementation)?;
            for reach in &figures.reach {
                row(&one.organisation, role, &format!("reach_{}", reach.mark), &reach.share)?;
            }
        }
    }
    for all in &assessment.government {
        let role = all.role.as_deref().unwrap_or_default();
        row("", role, "coverage_mean", &all.coverage_mean)?;
        row("", role, "coverage_pooled", &all.coverage_pooled)?;
        row("", role, "implementation_mean", &all.implementation_mean)?;
        row("", role, "implementation_pooled", &all.implementation_pooled)?;
    }
    Ok(rows.flush()?)
}

fn harmless(name: &str) -> String {
    match name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{name}"),
        false => name.to_owned(),
    }
}

fn print_table(assessment: &Assessment, out: &mut impl Write) -> anyhow::Result<()> {
    let width =
        assessment.organisations.iter().map(|one| one.organisation.chars().count()).max().unwrap_or(0);
    let width = width.clamp(12, 40);
    writeln!(
        out,
        "{:width$} {:20} {:>10} {:>10}  {:>9}   {:>12} {:>12}  {:>14}   reach 100/95/90",
        "organisation", "role", "asked", "known", "coverage", "done", "of", "implementation"
    )?;
    for one in &assessment.organisations {
        let by_role = one.roles.iter().map(|role| (role.role.as_str(), &role.figures));
        for (role, figures) in by_role.chain([("*", &one.all_roles)]) {
            writeln!(out, "{:width$} {role:20} {}", one.organisation, line(figures))?;
        }
    }
    writeln!(out, "\nall organisations: mean of organisations (of how many), pooled beside it")?;
    for all in &assessment.government {
        let [known, done] = [
            (&all.coverage_mean, &all.coverage_pooled),
            (&all.implementation_mean, &all.implementation_pooled),
        ]
        .map(|(mean, pooled)| {
            format!("{:>5} ({}) {:>5}", mean.percent, mean.mean_of.unwrap_or(0), pooled.percent)
        });
        writeln!(out, "{:20} coverage {known}   implementation {done}", all.role.as_deref().unwrap_or("*"))?;
    }
    writeln!(
        out,
        "\n{} answers, {} repeated; formula: {}",
        assessment.answers,
        assessment.repeated,
        formula(assessment)
    )?;
    Ok(())
}

fn line(figures: &Figures) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let grade = |shown: &Shown| shown.grade.map_or("–", inspect::Grade::letter);
    let reach: Vec<&str> = figures.reach.iter().map(|reach| reach.share.percent.as_str()).collect();
    let (known, done) = (&figures.coverage, &figures.implementation);
    format!(
        "{:>10} {:>10}  {:>7} {}   {:>12} {:>12}  {:>12} {}   {}",
        number(figures.targets),
        figures.submitted,
        known.percent,
        grade(known),
        number(done.part),
        number(done.whole),
        done.percent,
        grade(done),
        reach.join("/"),
    )
}

fn formula(assessment: &Assessment) -> String {
    serde_json::to_string(&assessment.formula).unwrap_or_default()
}
