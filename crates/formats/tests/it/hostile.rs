//! Input that means harm, or was harmed: never fatal, never silently gone, never more memory than a limit says.

use std::io::{self, Read, Write};

use formats::Format;
use formats::read::{Blocks, Options};
use proptest::prelude::*;

use crate::reader::{Log, read, read_with};

/// A stream made up as it is read, so that it can be longer than memory: a beginning, one byte so many times, an end.
struct Long {
    beginning: &'static [u8],
    byte: u8,
    count: u64,
    end: &'static [u8],
}

impl Read for Long {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if !self.beginning.is_empty() {
            return self.beginning.read(bytes);
        }
        let length = usize::min(bytes.len(), usize::try_from(self.count).unwrap());
        if length == 0 {
            return self.end.read(bytes);
        }
        bytes[..length].fill(self.byte);
        self.count -= length as u64;
        Ok(length)
    }
}

/// The most bytes this process has ever held.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[track_caller]
fn reasons(log: &Log) -> Vec<&str> {
    log.unread.iter().map(|unread| unread.reason.as_str()).collect()
}

#[test]
fn a_line_of_a_gibibyte_is_passed_over_in_bounded_memory_and_what_follows_is_read() {
    const GIB: u64 = 1 << 30;
    for (beginning, end) in [
        (b"Feb 12 14:10:21 host sshd[1]: ".as_slice(), b"\nFeb 12 14:10:22 host sshd[1]: after\n".as_slice()),
        (b"{\"a\":1}\n{\"a\":\"", b"\"}\n{\"a\":2}\n"),
        (b"[{\"a\":1},\n{\"a\":\"", b"\"},\n{\"a\":2}]"),
        (b"<Events><Event>", b"</Event><Event><System><EventID>1</EventID></System></Event></Events>"),
    ] {
        let stream = Long { beginning, byte: b'x', count: GIB, end };
        let log = read_with(stream, Options::default());
        assert_eq!(log.unread.len(), 1, "{:?}", reasons(&log));
        assert!(log.unread[0].bytes > GIB, "{:?}", log.unread[0]);
        assert!(!log.events.is_empty() && log.events.last().unwrap().place.offset > GIB, "{end:?}");
    }
    let peak = peak_memory_kib();
    assert!(peak < 200 << 10, "{peak} KiB");
}

#[test]
fn a_bomb_is_unpacked_piece_by_piece() {
    const LENGTH: u64 = 512 << 20;
    let mut stream = Long { beginning: b"", byte: b'x', count: LENGTH, end: b"\nafter\n" };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::copy(&mut stream, &mut encoder).unwrap();
    let log = read(encoder.finish().unwrap());
    assert_eq!((log.unread[0].bytes, log.events[0].place.offset), (LENGTH, LENGTH + 1));
    assert!(peak_memory_kib() < 200 << 10);
}

#[test]
fn nesting_without_end_is_no_harm() {
    let deep = "[{\"a\":".repeat(100_000);
    for text in [format!("{{\"a\":{deep}"), deep] {
        let log = read(&text);
        assert!(log.events.is_empty() && !log.unread.is_empty());
    }
    let log = read(format!("{{\"a\":{}1{},\"b\":1}}", "[".repeat(100_000), "]".repeat(100_000)));
    assert_eq!(log.events[0].get("b"), "1");
    let elements = "<Event>".to_owned() + &"<a>".repeat(100_000) + "</Event>";
    let log = read(&elements);
    assert_eq!(reasons(&log), ["elements are nested deeper than 64 at byte 199"]);
}

#[test]
fn many_broken_beginnings_cost_no_more_than_their_bytes() {
    // Every line could begin an element and none ends: quadratic for a reader that always starts over.
    let text = "[\n".to_owned() + &"{\"a\":\n".repeat(3_000_000);
    let log = read(&text);
    let unread: u64 = log.unread.iter().map(|unread| unread.bytes).sum();
    assert!(unread > text.len() as u64 - 10, "{unread} of {}", text.len());
}

#[test]
fn what_stands_before_the_cut_of_a_truncated_archive_is_read_and_the_cut_is_named() {
    let lines: String = (0..20_000).map(|n| format!("{{\"n\":{n},\"x\":\"{:x}\"}}\n", n * 7_919)).collect();
    for packed in [gzip(lines.as_bytes()), zstd(lines.as_bytes())] {
        assert_eq!(read(&packed).events.len(), 20_000);
        let log = read(&packed[..packed.len() / 2]);
        assert!(log.events.len() > 1_000, "{}", log.events.len());
        let error = log.error.unwrap();
        assert!(error.starts_with("cannot read on after byte "), "{error}");
        for (number, event) in log.events.iter().enumerate() {
            assert_eq!(event.get("n"), number.to_string());
        }
    }
}

#[test]
fn archives_of_nothing_in_many_parts_or_corrupt_are_what_they_are() {
    for packed in [gzip(b""), zstd(b""), gzip(b"\n\n"), Vec::new()] {
        let log = read(&packed);
        assert_eq!((log.events.len(), log.unread.len(), log.error), (0, 0, None));
    }
    let parts = [gzip(b"{\"a\":1}\n{\"a\""), gzip(b":2}\n")].concat();
    assert_eq!(read(&parts).events.len(), 2);
    let parts = [zstd(b"{\"a\":1}\n{\"a\""), zstd(b":2}\n")].concat();
    assert_eq!(read(&parts).events.len(), 2);
    let log = read(b"\x1f\x8bnot gzip at all");
    assert_eq!(log.error.as_deref().map(|error| error.contains("byte 0")), Some(true), "{:?}", log.error);
}

/// Fails after some bytes, as a disk does.
struct Failing(&'static [u8]);

impl Read for Failing {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.0.read(bytes)? {
            0 => Err(io::Error::other("the disk is broken")),
            length => Ok(length),
        }
    }
}

#[test]
fn a_read_error_comes_after_everything_before_it() {
    let log = read_with(Failing(b"{\"a\":1}\n{\"a\":2}\n{\"a\":"), Options::default());
    assert_eq!(log.events.len(), 2);
    assert_eq!(reasons(&log), ["the JSON is cut off at byte 5"]);
    assert_eq!(log.error.as_deref(), Some("cannot read on after byte 21: the disk is broken"));
}

#[test]
fn binary_bytes_and_zeros_are_unread_and_the_lines_between_are_read() {
    let zeros = "\0".repeat(5_000);
    let log = read(format!("Feb 12 14:10:21 h sshd[1]: a\n{zeros}\nFeb 12 14:10:22 h sshd[1]: b\n"));
    assert_eq!((log.events.len(), log.unread.len()), (2, 1));
    let log = read([b"\x7fELF\x02\x01\x01\0".as_slice(), &[0x80, 0x01, 0xff, 0x00].repeat(1_000)].concat());
    assert_eq!((log.events.len(), log.unread.len()), (0, 1));
}

#[test]
fn a_file_may_change_its_format_from_line_to_line() {
    let log = read(
        "Feb 12 14:10:21 host sshd[1]: Invalid user x from 192.0.2.1 port 5\n\
         {\"timestamp\":\"2024-01-01T00:00:00Z\",\"event_type\":\"dns\"}\n\
         CEF:0|a|b|1|2|n|3|src=192.0.2.9\n\
         192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n\
         only words\n\
         <13>1 2003-10-11T22:14:15.003Z host app - ID47 - x\n",
    );
    let formats: Vec<&str> = log.events.iter().map(|event| event.format.as_str()).collect();
    assert_eq!(formats, ["syslog-3164", "eve", "cef", "web-access", "text", "syslog-5424"]);
}

#[test]
fn a_stray_line_in_a_structured_file_is_unread_with_its_place() {
    let log = read("{\"a\":1}\nwarning: disk full\n{\"a\":2}\n{\"a\":\n");
    assert_eq!(log.events.len(), 2);
    assert_eq!(reasons(&log), ["a JSON object was expected at byte 0", "the JSON is cut off at byte 5"]);
    assert_eq!((log.unread[0].place.line, log.unread[0].place.offset), (2, 8));
    assert_eq!(log.unread[0].beginning, b"warning: disk full");
}

#[test]
fn utf_16_shift_jis_and_marks_are_read() {
    let text = "{\"a\":\"狼煙\"}\r\n{\"a\":\"x\"}\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    for bytes in [
        text.as_bytes().to_vec(),
        marked(b"\xef\xbb\xbf", text.as_bytes()),
        marked(b"\xff\xfe", &little),
        marked(b"\xfe\xff", &big),
        little.clone(),
        sjis.to_vec(),
        gzip(&marked(b"\xff\xfe", &little)),
    ] {
        let log = read(&bytes);
        let values: Vec<String> = log.events.iter().map(|event| event.get("a")).collect();
        assert_eq!(values, ["狼煙", "x"], "{bytes:x?}");
    }
    // The record keeps the bytes it was written with.
    assert_eq!(read(&sjis).events[0].raw, &sjis[..sjis.len() - 13]);
}

#[test]
fn reading_goes_on_where_it_stopped_with_what_the_header_said() {
    let text = "#separator \\x09\n#fields\tts\thost\n#types\ttime\taddr\n1.5\t192.0.2.1\n2.5\t192.0.2.2\n3.5\t192.0.2.3\n";
    let whole = read(text);
    assert_eq!(whole.events.len(), 3);
    for (done, event) in whole.events.iter().enumerate() {
        let rest =
            read_with(text.as_bytes(), Options { start_offset: event.place.offset, ..Options::default() });
        assert_eq!(rest.events, whole.events[done..]);
    }
    let end = Blocks::new(text.as_bytes(), Options::default()).last().unwrap().unwrap().end_offset;
    assert_eq!(end, text.len() as u64);
    assert!(
        read_with(text.as_bytes(), Options { start_offset: end, ..Options::default() }).events.is_empty()
    );
}

#[test]
fn a_given_format_is_believed() {
    let log = read_with("time,a b\n1,2\n".as_bytes(), Options { format: Some(Format::Csv), start_offset: 0 });
    assert_eq!(log.events[0].get("a b"), "2");
    let log = read_with("words\n".as_bytes(), Options { format: Some(Format::Json), start_offset: 0 });
    assert_eq!(reasons(&log), ["a JSON object was expected at byte 0"]);
}

/// Every byte is in a record, in something unread, or is what stands between them.
fn unaccounted(bytes: &[u8], options: Options) -> Option<String> {
    let mut offset = 0;
    for block in Blocks::new(bytes, options) {
        let Ok(block) = block else { return None };
        let start = block.end_offset - block.bytes.len() as u64;
        let spans = block.records.iter().map(|(place, range)| (place.offset, range.len() as u64));
        let unread = block.unread.iter().map(|unread| (unread.place.offset, unread.bytes));
        let mut spans: Vec<(u64, u64)> = spans.chain(unread).collect();
        spans.sort_unstable();
        for (place, length) in spans {
            if place < offset {
                return Some(format!("byte {place} belongs to two records"));
            }
            let between = bytes.get(offset as usize..place as usize).unwrap_or_default();
            if !is_between(between) {
                return Some(format!("{between:?} at byte {offset} belongs to nobody"));
            }
            offset = place + length;
        }
        for (place, range) in &block.records {
            if block.bytes[range.clone()] != bytes[place.offset as usize..place.offset as usize + range.len()]
            {
                return Some(format!("the record at {} is not what stands there", place.offset));
            }
        }
        assert!(start <= block.end_offset);
    }
    let rest = bytes.get(offset as usize..).unwrap_or_default();
    (!is_between(rest)).then(|| format!("{rest:?} at the end belongs to nobody"))
}

/// Blank lines, comment and header lines, and what holds JSON lists and XML together.
fn is_between(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.split('\n').all(|line| {
        let line = line.trim();
        line.starts_with('#')
            || line.contains("time,src,dst")
            || line.contains("\"Records\"")
            || line.contains("],\"next\"")
            || line.starts_with("<?xml")
            || line.starts_with("<Events>")
            || line.starts_with("</Events>")
            || line.chars().all(|character| character.is_whitespace() || "[],{}\u{1e}".contains(character))
    })
}

/// Bytes that look like logs of some kind until they do not.
fn almost_a_log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"{\"a\":1}".to_vec()),
        Just(b"{\n \"a\": [1, {\"b\": \"x\\\"\"}]\n}".to_vec()),
        Just(b"[\n".to_vec()),
        Just(b"]".to_vec()),
        Just(b",\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"{\"a\":\"\n".to_vec()),
        Just(b"}".to_vec()),
        Just(b"{\"Records\":[{\"a\":1}".to_vec()),
        Just(b"],\"next\":\"x".to_vec()),
        Just(b"\"}".to_vec()),
        Just(b"#separator \\x09\n#fields\ta\tb\n".to_vec()),
        Just(b"1\t2\n".to_vec()),
        Just(b"#Fields: date c-ip\n2024-01-01 192.0.2.1\n".to_vec()),
        Just(b"time,src,dst\n1,2,3\n\"a\nb\",2,3\n".to_vec()),
        Just(b"<Event><System><EventID>1</EventID></System></Event>".to_vec()),
        Just(b"<Events>\n<Event>".to_vec()),
        Just(b"Feb 12 14:10:21 host sshd[1]: Invalid user x from 192.0.2.1 port 5\n".to_vec()),
        Just("狼煙\n".as_bytes().to_vec()),
        Just(b"\0\0\0".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_can_hurt_and_every_byte_is_accounted_for(bytes in almost_a_log(), given in 0..2 * Format::ALL.len()) {
        // Compressed, transcoded and EVTX streams have other bytes than the ones given here.
        let stored_otherwise = [b"\xff\xfe".as_slice(), b"\xfe\xff", b"\xef\xbb\xbf", b"\x1f\x8b", b"ElfFile"];
        let format = Format::ALL.get(given).copied().filter(|format| *format != Format::Evtx);
        let options = Options { format, start_offset: 0 };
        read_with(bytes.as_slice(), options.clone());
        if !stored_otherwise.iter().any(|magic| bytes.starts_with(magic)) && !bytes.contains(&0) && format.is_none() {
            prop_assert_eq!(unaccounted(&bytes, options), None);
        }
    }

    #[test]
    fn what_is_read_does_not_depend_on_how_the_bytes_arrive(bytes in almost_a_log(), step in 1..50_usize) {
        struct Steps<'a>(&'a [u8], usize);
        impl Read for Steps<'_> {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                let length = usize::min(bytes.len(), self.1);
                self.0.read(&mut bytes[..length])
            }
        }
        let at_once = read(&bytes);
        let in_steps = read_with(Steps(&bytes, step), Options::default());
        prop_assert_eq!(at_once.events, in_steps.events);
        prop_assert_eq!(at_once.unread, in_steps.unread);
    }

    #[test]
    fn no_evtx_can_hurt(damage in prop::collection::vec((0..70_000_usize, any::<u8>()), 0..40), length in 0..70_000_usize) {
        let mut bytes = vec![0; 4096 + (64 << 10)];
        bytes[..8].copy_from_slice(b"ElfFile\0");
        bytes[4096..4104].copy_from_slice(b"ElfChnk\0");
        bytes[4096 + 512..4096 + 516].copy_from_slice(b"\x2a\x2a\0\0");
        for (at, byte) in damage {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(length);
        read(&bytes);
    }
}
