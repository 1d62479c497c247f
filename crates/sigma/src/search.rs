//! Texts looked for anywhere in a value, many at once.
//!
//! A value is looked at in steps of four bytes. Of every text a stretch of seven bytes is known by its four grams, one
//! for each way in which the steps can meet it, so that one of them is always seen; a small table of bits says of
//! nearly every gram of a value that no text has it. What remains is compared. An automaton over the same texts reads
//! every byte and reports every common text; this reads a quarter and stops only at what is rare.

use foldhash::HashMap;

/// Bytes of a gram.
const GRAM: usize = 4;

/// The shortest text that holds a gram wherever the steps fall.
const STRETCH: usize = 2 * GRAM - 1;

/// What log values are full of, in small letters: a gram from here says little about a value.
const COMMON: &str = r"c:\windows\system32\ c:\windows\syswow64\ \windows\microsoft.net\framework64\ c:\program files\ 
c:\program files (x86)\ \microsoft\windows\ \appdata\local\temp\ \appdata\roaming\microsoft\ c:\users\ c:\programdata\ 
hklm\software\microsoft\windows nt\currentversion\ hkcu\software\ hku\s-1-5-21- hklm\system\currentcontrolset\services\ 
\control\ \wow6432node\ powershell.exe -noprofile -command .dll .exe .ps1 windowspowershell\v1.0 modules http://www. 
https:// .com/ .net/ new-object system.net. function param string object get- set- write- invoke- start-process 
[system. microsoft.powershell. version culture=neutral publickeytoken process parameter value name type path file user 
service application security information configuration default local host \device\harddiskvolume svchost explorer 
return true false null error output input command script content collection";

/// How much more a gram of [`COMMON`] is avoided than one that two texts share.
const COMMON_WEIGHT: u32 = 40;

/// Bits of the table for each gram in it, at least.
const BITS_PER_GRAM: usize = 48;

/// The bounds of a table, as powers of two: large enough to say something, small enough to stay near.
const BITS_MIN: u32 = 10;
const BITS_MAX: u32 = 17;

/// Finds which of its texts stand somewhere in a value.
#[derive(Debug, Default)]
pub(crate) struct Search {
    texts: Vec<Box<[u8]>>,
    /// Texts with a whole stretch, looked for in steps.
    long: Option<Grams>,
    /// Texts of a gram or a little more, looked for at every byte.
    middle: Option<Grams>,
    /// Shorter ones, one after the other.
    short: Vec<u32>,
}

/// Grams and the texts they stand in.
#[derive(Debug)]
struct Grams {
    /// One bit for each value of a hash's upper bits.
    bits: Vec<u64>,
    shift: u32,
    /// Where in `entries` those of a hash begin.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    gram: u32,
    text: u32,
    /// Where in the text the gram stands.
    offset: u32,
}

impl Search {
    /// A search for these texts; one that is empty is found everywhere.
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: Vec<Box<[u8]>> = texts.into_iter().map(|text| text.as_bytes().into()).collect();
        let commonness = commonness(&texts);
        let (mut long, mut middle, mut short) = (Vec::new(), Vec::new(), Vec::new());
        for (number, text) in texts.iter().enumerate() {
            let number = number as u32;
            let spread = |from: usize| text.windows(GRAM).enumerate().skip(from);
            let entry = |(offset, window): (usize, &[u8])| Entry {
                gram: gram(window),
                text: number,
                offset: offset as u32,
            };
            if text.len() >= STRETCH {
                let common = |from: &usize| -> u32 {
                    spread(*from).take(GRAM).map(|(_, window)| commonness[&gram(window)]).sum()
                };
                let from = (0..=text.len() - STRETCH).min_by_key(common).unwrap_or(0);
                long.extend(spread(from).take(GRAM).map(entry));
            } else if text.len() >= GRAM {
                middle.extend(spread(0).min_by_key(|(_, window)| commonness[&gram(window)]).map(entry));
            } else {
                short.push(number);
            }
        }
        Self { texts, long: Grams::new(long), middle: Grams::new(middle), short }
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Calls `found` with the number of every text that stands in the value, some more than once, until it returns
    /// `false`.
    pub(crate) fn find(&self, value: &str, found: &mut impl FnMut(usize) -> bool) {
        let value = value.as_bytes();
        for &number in &self.short {
            let text = &self.texts[number as usize];
            let stands = match **text {
                [] => true,
                [byte] => memchr::memchr(byte, value).is_some(),
                _ => memchr::memmem::find(value, text).is_some(),
            };
            if stands && !found(number as usize) {
                return;
            }
        }
        if let Some(grams) = &self.middle {
            for (at, window) in value.windows(GRAM).enumerate() {
                if grams.may_have(gram(window)) && !self.verify(grams, value, at, gram(window), found) {
                    return;
                }
            }
        }
        if let Some(grams) = &self.long {
            let (steps, _) = value.as_chunks::<GRAM>();
            for (step, bytes) in steps.iter().enumerate() {
                let gram = u32::from_le_bytes(*bytes);
                if grams.may_have(gram) && !self.verify(grams, value, step * GRAM, gram, found) {
                    return;
                }
            }
        }
    }

    /// Whether any of the texts stands in the value.
    pub(crate) fn finds_any(&self, value: &str) -> bool {
        let mut any = false;
        self.find(value, &mut |_| {
            any = true;
            false
        });
        any
    }

    #[inline(never)]
    fn verify(
        &self,
        grams: &Grams,
        value: &[u8],
        at: usize,
        gram: u32,
        found: &mut impl FnMut(usize) -> bool,
    ) -> bool {
        grams.entries(gram).iter().filter(|entry| entry.gram == gram).all(|entry| {
            let text = &self.texts[entry.text as usize];
            let stands = at
                .checked_sub(entry.offset as usize)
                .and_then(|start| value.get(start..start + text.len()))
                .is_some_and(|there| *there == **text);
            !stands || found(entry.text as usize)
        })
    }
}

impl Grams {
    fn new(mut entries: Vec<Entry>) -> Option<Self> {
        if entries.is_empty() {
            return None;
        }
        let size = (entries.len() * BITS_PER_GRAM).next_power_of_two().trailing_zeros();
        let bits_log = size.clamp(BITS_MIN, BITS_MAX);
        let shift = u32::BITS - bits_log;
        let mut bits = vec![0; 1 << (bits_log - 6)];
        for entry in &entries {
            let index = hash(entry.gram) >> shift;
            bits[index as usize >> 6] |= 1 << (index & 63);
        }
        let mut grams = Self { bits, shift, starts: vec![0; SLOTS + 1], entries: Vec::new() };
        entries.sort_by_key(|entry| slot(entry.gram));
        for entry in &entries {
            grams.starts[slot(entry.gram) + 1] += 1;
        }
        for slot in 0..SLOTS {
            grams.starts[slot + 1] += grams.starts[slot];
        }
        grams.entries = entries;
        Some(grams)
    }

    #[inline(always)]
    fn may_have(&self, gram: u32) -> bool {
        let index = hash(gram) >> self.shift;
        self.bits.get(index as usize >> 6).is_some_and(|word| word >> (index & 63) & 1 == 1)
    }

    fn entries(&self, gram: u32) -> &[Entry] {
        let slot = slot(gram);
        let (start, end) = (self.starts[slot] as usize, self.starts[slot + 1] as usize);
        self.entries.get(start..end).unwrap_or_default()
    }
}

/// Lists of entries in one table of grams.
const SLOTS: usize = 1 << 10;

fn slot(gram: u32) -> usize {
    (hash(gram) >> 12) as usize % SLOTS
}

/// Fibonacci hashing: the upper bits depend on every bit of the gram.
#[inline(always)]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

#[inline(always)]
fn gram(window: &[u8]) -> u32 {
    match window {
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

/// How common each gram of the texts is, among them and in logs.
fn commonness(texts: &[Box<[u8]>]) -> HashMap<u32, u32> {
    let mut common: HashMap<u32, u32> = HashMap::default();
    for text in texts {
        text.windows(GRAM).for_each(|window| *common.entry(gram(window)).or_default() += 1);
    }
    for window in COMMON.as_bytes().windows(GRAM) {
        if let Some(count) = common.get_mut(&gram(window)) {
            *count += COMMON_WEIGHT;
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(texts: &[&str], value: &str) -> Vec<usize> {
        let mut found = Vec::new();
        Search::new(texts.iter().copied()).find(value, &mut |number| {
            found.push(number);
            true
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn a_text_is_found_wherever_the_steps_fall() {
        for before in 0..9 {
            let value = format!("{}invoke-mimikatz{}", "x".repeat(before), "y".repeat(before % 3));
            assert_eq!(
                found(&["mimikatz", "invoke-mimikatz", "mimi", "ik", "z", "mimidog"], &value),
                [0, 1, 2, 3, 4]
            );
        }
    }

    #[test]
    fn nothing_is_looked_for_in_vain_and_the_empty_text_is_everywhere() {
        assert!(found(&[], "abc").is_empty());
        assert_eq!(found(&["", "abcdefg"], ""), [0]);
        assert_eq!(found(&["abcdefg"], "abcdefg"), [0]);
        assert!(found(&["abcdefg"], "abcdef").is_empty());
    }

    proptest! {
        #[test]
        fn a_search_finds_what_a_look_at_each_finds(
            texts in prop::collection::vec("[ab\\\\]{0,9}", 0..12),
            value in "[ab\\\\é]{0,60}",
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let expected: Vec<usize> =
                (0..texts.len()).filter(|&number| value.contains(texts[number])).collect();
            prop_assert_eq!(found(&texts, &value), expected);
        }
    }
}
