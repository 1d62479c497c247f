//! The little CBOR that authenticators write (CTAP2 canonical form: definite lengths, no floats to read).

/// How deep maps and lists may nest; CTAP2 allows four levels.
const DEPTH_MAX: usize = 4;

/// Reads one item after the other.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// How many pairs the map here has.
    pub(crate) fn map(&mut self) -> Option<u64> {
        self.head_of(5)
    }

    /// The text here.
    pub(crate) fn text(&mut self) -> Option<&'b str> {
        let length = self.head_of(3)?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// The bytes here.
    pub(crate) fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.head_of(2)?;
        self.take(length)
    }

    /// The integer here, positive or negative.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let (major, value) = self.head()?;
        let value = i64::try_from(value).ok()?;
        match major {
            0 => Some(value),
            1 => Some(-1 - value),
            _ => None,
        }
    }

    /// Goes past whatever is here.
    pub(crate) fn skip(&mut self) -> Option<()> {
        self.skip_within(DEPTH_MAX)
    }

    fn skip_within(&mut self, depth: usize) -> Option<()> {
        let (major, value) = self.head()?;
        let items = match major {
            0 | 1 | 7 => return Some(()),
            2 | 3 => return self.take(value).map(|_| ()),
            4 => value,
            5 => value.checked_mul(2)?,
            _ => return None,
        };
        let deeper = depth.checked_sub(1)?;
        // Every item is at least one byte, so a length that lies ends with the bytes.
        (0..items).try_for_each(|_| self.skip_within(deeper))
    }

    fn head_of(&mut self, wanted: u8) -> Option<u64> {
        let (major, value) = self.head()?;
        (major == wanted).then_some(value)
    }

    fn head(&mut self) -> Option<(u8, u64)> {
        let first = *self.take(1)?.first()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let value = match short {
            0..=23 => u64::from(short),
            24..=27 => {
                let bytes = self.take(1 << (short - 24))?;
                bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
            }
            _ => return None,
        };
        Some((major, value))
    }

    fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(usize::try_from(length).ok()?)?;
        self.bytes = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_about_its_length_or_nests_too_deep_is_refused() {
        // RFC 8949 appendix A.
        assert_eq!(
            Reader::new(&[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]).integer(),
            Some(1_000_000_000_000)
        );
        assert_eq!(Reader::new(&[0x39, 0x03, 0xe7]).integer(), Some(-1000));
        assert_eq!(Reader::new(&[0x62, 0xc3, 0xbc]).text(), Some("ü"));
        assert_eq!(Reader::new(&[0x62, 0xc3]).text(), None);
        assert_eq!(Reader::new(&[0x61, 0xff]).text(), None);
        assert_eq!(Reader::new(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).skip(), None);
        assert_eq!(Reader::new(&[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).skip(), None);
        assert_eq!(Reader::new(&[0x81; 100_000]).skip(), None);
        assert_eq!(Reader::new(&[0xa1, 0x61, 0x61, 0x82, 0x01, 0x02]).skip(), Some(()));
        assert_eq!(Reader::new(&[0x5f, 0x41, 0, 0xff]).skip(), None, "indefinite");
    }
}
