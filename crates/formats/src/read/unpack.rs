//! Bytes as stored into bytes as meant: gzip, zstd, UTF-16 and byte order marks.

use std::io::{self, BufReader, Chain, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

use crate::limit::ZSTD_WINDOW_LOG_MAX;

/// Bytes asked of the stream at once when they must be transcoded.
const TRANSCODE_BYTES: usize = 64 << 10;

/// Bytes that tell how a stream is stored.
const MAGIC_BYTES: usize = 256;

/// A stream of UTF-8 (or whatever 8-bit text or binary it holds), decompressed.
pub(crate) struct Unpack<R: Read> {
    packed: Option<R>,
    plain: Option<Plain<R>>,
    utf16: Option<Decoder>,
    read: Arc<AtomicU64>,
}

type Source<R> = Counted<Chain<Cursor<Vec<u8>>, R>>;

enum Plain<R: Read> {
    AsIs(Source<R>),
    Gzip(Box<flate2::read::MultiGzDecoder<Source<R>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Source<R>>>>),
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::AsIs(source) => source.read(bytes),
            Self::Gzip(source) => source.read(bytes),
            Self::Zstd(source) => source.read(bytes),
        }
    }
}

struct Counted<R> {
    stream: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(bytes)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Read> Unpack<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { packed: Some(stream), plain: None, utf16: None, read: Arc::default() }
    }

    /// Bytes taken from the stream so far, compressed as they are.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Appends up to about `count` bytes. 0 is the end.
    pub(crate) fn fill(&mut self, bytes: &mut Vec<u8>, count: usize) -> io::Result<usize> {
        let before = bytes.len();
        if let Some(stream) = self.packed.take() {
            let plain = self.plain.insert(open(stream, &self.read)?);
            fill_to(plain, bytes, before + MAGIC_BYTES)?;
            self.utf16 = self.strip_marks(bytes, before);
            if let Some(decoder) = &mut self.utf16 {
                let wide = bytes.split_off(before);
                transcode(decoder, &wide, false, bytes);
            }
            if bytes.len() > before {
                return Ok(bytes.len() - before);
            }
        }
        let Some(plain) = &mut self.plain else { return Ok(0) };
        let Some(decoder) = &mut self.utf16 else { return read_some(plain, bytes, count) };
        let mut wide = Vec::new();
        while bytes.len() == before {
            wide.clear();
            let end = read_some(plain, &mut wide, TRANSCODE_BYTES)? == 0;
            transcode(decoder, &wide, end, bytes);
            if end {
                self.plain = None;
                break;
            }
        }
        Ok(bytes.len() - before)
    }

    /// Takes a byte order mark away and says what it meant. UTF-16 without a mark betrays itself by its zeros.
    fn strip_marks(&self, bytes: &mut Vec<u8>, from: usize) -> Option<Decoder> {
        let head = bytes.get(from..).unwrap_or_default();
        let (mark, decoder) = match head {
            [0xef, 0xbb, 0xbf, ..] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(UTF_16LE.new_decoder_without_bom_handling())),
            [0xfe, 0xff, ..] => (2, Some(UTF_16BE.new_decoder_without_bom_handling())),
            _ if every_other_is_zero(head, 1) => (0, Some(UTF_16LE.new_decoder_without_bom_handling())),
            _ if every_other_is_zero(head, 0) => (0, Some(UTF_16BE.new_decoder_without_bom_handling())),
            _ => (0, None),
        };
        bytes.drain(from..from + mark);
        decoder
    }
}

/// Whether most bytes at odd (1) or even (0) places are zero and none of the others: mostly ASCII as UTF-16.
fn every_other_is_zero(head: &[u8], zero_at: usize) -> bool {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    head.len() >= 16 && zeros(1 - zero_at) == 0 && zeros(zero_at) * 4 >= head.len()
}

fn open<R: Read>(mut stream: R, read: &Arc<AtomicU64>) -> io::Result<Plain<R>> {
    let mut magic = Vec::new();
    fill_to(&mut stream, &mut magic, 4)?;
    let kind = <[u8; 4]>::try_from(magic.as_slice()).unwrap_or_default();
    let source = Counted { stream: Cursor::new(magic).chain(stream), read: read.clone() };
    Ok(match kind {
        [0x1f, 0x8b, ..] => Plain::Gzip(Box::new(flate2::read::MultiGzDecoder::new(source))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let mut decoder = zstd::stream::read::Decoder::new(source)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Plain::Zstd(Box::new(decoder))
        }
        _ => Plain::AsIs(source),
    })
}

/// Reads until `bytes` is `length` long or the stream ends.
fn fill_to<R: Read>(stream: &mut R, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
    while bytes.len() < length {
        if read_some(stream, bytes, length - bytes.len())? == 0 {
            break;
        }
    }
    Ok(())
}

/// One successful read of at most `count` bytes, appended.
fn read_some<R: Read>(stream: &mut R, bytes: &mut Vec<u8>, count: usize) -> io::Result<usize> {
    let before = bytes.len();
    bytes.resize(before + count, 0);
    loop {
        let read = stream.read(bytes.get_mut(before..).unwrap_or_default());
        if matches!(&read, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
            continue;
        }
        bytes.truncate(before + *read.as_ref().unwrap_or(&0));
        return read;
    }
}

fn transcode(decoder: &mut Decoder, wide: &[u8], last: bool, bytes: &mut Vec<u8>) {
    let before = bytes.len();
    let room = decoder.max_utf8_buffer_length(wide.len()).unwrap_or(wide.len().saturating_mul(3) + 16);
    bytes.resize(before + room, 0);
    let (_, _, written, _) = decoder.decode_to_utf8(wide, bytes.get_mut(before..).unwrap_or_default(), last);
    bytes.truncate(before + written);
}
