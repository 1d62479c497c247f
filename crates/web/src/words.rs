//! Every sentence of every page, in both languages, from `locales/*.ftl`.

use std::sync::OnceLock;

use base::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const JA: &str = include_str!("../locales/ja.ftl");
const EN: &str = include_str!("../locales/en.ftl");

/// The sentences of one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    /// The sentences of `language`; read once.
    pub fn of(language: Language) -> &'static Self {
        static JAPANESE: OnceLock<Words> = OnceLock::new();
        static ENGLISH: OnceLock<Words> = OnceLock::new();
        match language {
            Language::Ja => JAPANESE.get_or_init(|| Words::read(language, JA)),
            Language::En => ENGLISH.get_or_init(|| Words::read(language, EN)),
        }
    }

    fn read(language: Language, text: &str) -> Self {
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(partial, errors)| {
            tracing::error!(%language, ?errors, "sentences could not be read");
            partial
        });
        // The tag chooses the plural rules; the two tags are known to be well formed.
        let id: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) if number.value.fract() == 0.0 => Some(grouped(number.value as i64)),
            _ => None,
        }));
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(%language, ?errors, "a sentence is there twice");
        }
        Self { language, bundle }
    }

    /// Which language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// A sentence without variables.
    pub fn get(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// A sentence with its variables filled in; numbers are grouped and choose the plural.
    pub fn with<'a>(&self, key: &str, values: &[(&'a str, FluentValue<'a>)]) -> String {
        let arguments: FluentArgs<'a> = values.iter().cloned().collect();
        self.format(key, Some(&arguments))
    }

    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = %self.language, "there is no such sentence");
            return key.to_owned();
        };
        let mut errors = Vec::new();
        let sentence = self.bundle.format_pattern(pattern, arguments, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, ?errors, "a sentence lacks a value");
        }
        sentence
    }

    /// Whether the sentence exists.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }
}

/// `1,234,567`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1,234,567` of a count.
pub fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `812`, `9.9k`, `12k`, `3M`: for a small cell; the table beside it has the exact number.
pub fn compact(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..10_000 => format!("{}.{}k", number / 1_000, number / 100 % 10),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// As an official says it: `9,999`, `341万`, `3.41M`. For a big figure; the exact number stands elsewhere.
pub fn figure(language: Language, number: u64) -> String {
    match (language, number) {
        (_, 0..100_000) => count(number),
        (Language::Ja, 100_000..1_000_000) => format!("{}.{}万", number / 10_000, number / 1_000 % 10),
        (Language::Ja, 1_000_000..100_000_000) => format!("{}万", count(number / 10_000)),
        (Language::Ja, _) => format!("{}.{}億", count(number / 100_000_000), number / 10_000_000 % 10),
        (Language::En, 100_000..1_000_000) => format!("{}k", number / 1_000),
        (Language::En, _) => format!("{}.{:02}M", count(number / 1_000_000), number / 10_000 % 100),
    }
}

/// `812 B`, `1.2 MB`.
pub fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{}.{} kB", number / 1_000, number / 100 % 10),
        1_000_000..1_000_000_000 => format!("{}.{} MB", number / 1_000_000, number / 100_000 % 10),
        _ => format!("{}.{} GB", number / 1_000_000_000, number / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Key → names of its variables, read from the text itself.
    fn entries(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut entries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in text.lines() {
            if let Some((name, _)) = line.split_once(" =")
                && line.starts_with(|first: char| first.is_ascii_lowercase())
            {
                key = name.to_owned();
                assert!(!entries.contains_key(&key), "{key} is there twice");
                entries.insert(key.clone(), BTreeSet::new());
            }
            let variables = line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
            });
            entries.entry(key.clone()).or_default().extend(variables);
        }
        entries.remove("");
        entries
    }

    fn files_under(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files_under(&path, found) } else { found.push(path) }
        }
    }

    /// Every quoted word with a hyphen in templates and code that could be a key, with whether it is certainly one.
    fn keys_used() -> BTreeMap<String, bool> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        files_under(&root.join("templates"), &mut files);
        files_under(&root.join("src"), &mut files);
        let mut keys = BTreeMap::new();
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            let quoted: Vec<&str> = text.split('"').collect();
            for pair in quoted.windows(2) {
                let [before, key] = pair else { continue };
                let looks_so = key.contains('-') && !key.ends_with('-') && key.bytes().all(is_of_a_key);
                if looks_so {
                    let asked =
                        ["t(", ".get(", ".with("].iter().any(|call| before.trim_end().ends_with(call));
                    *keys.entry((*key).to_owned()).or_default() |= asked && !before.ends_with("query.get(");
                }
            }
        }
        keys
    }

    fn is_of_a_key(byte: u8) -> bool {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
    }

    #[test]
    fn both_languages_have_the_same_sentences_with_the_same_variables() {
        let (ja, en) = (entries(JA), entries(EN));
        let keys: BTreeSet<_> = ja.keys().chain(en.keys()).collect();
        for key in keys {
            assert_eq!(ja.get(key), en.get(key), "{key} differs between the languages");
        }
    }

    #[test]
    fn both_languages_are_read_without_errors() {
        for text in [JA, EN] {
            let errors = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| errors).err();
            assert_eq!(errors, None);
        }
    }

    #[test]
    fn every_sentence_a_page_asks_for_exists_and_none_is_left_over() {
        let (used, there) = (keys_used(), entries(JA).into_keys().collect::<BTreeSet<_>>());
        let asked: BTreeSet<_> =
            used.iter().filter(|(_, asked)| **asked).map(|(key, _)| key.clone()).collect();
        assert!(asked.len() > 100, "the search for keys found only {}", asked.len());
        let missing: Vec<_> = asked.difference(&there).collect();
        assert!(missing.is_empty(), "missing: {missing:?}");
        let left_over: Vec<_> =
            there.iter().filter(|key| !used.contains_key(*key) && !made_of_a_word(key)).collect();
        assert!(left_over.is_empty(), "nobody asks for {left_over:?}");
    }

    /// Keys completed by a word of the data: `level-high`.
    fn made_of_a_word(key: &str) -> bool {
        [
            "level-",
            "criticality-",
            "org-kind-",
            "asset-",
            "verdict-",
            "angle-",
            "kind-",
            "period-",
            "reason-",
            "registry-",
            "inspect-",
            "error-",
            "role-",
            "right-",
            "method-",
            "account-state-",
            "audit-detail-",
            "audit-does-",
            "audit-group-",
            "audit-noun-",
            "audit-says-",
            "audit-value-",
            "finding-act-",
            "finding-gravity-",
            "finding-source-",
            "finding-state-",
            "finding-timing-",
            "api-field-",
            "api-operation-",
            "api-problem-",
            "api-field-",
            "api-operation-",
            "api-problem-",
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
    }

    #[test]
    fn numbers_are_grouped_and_choose_the_plural() {
        let en = Words::of(Language::En);
        assert_eq!(en.with("count-threats", &[("n", 1.into())]), "1 threat");
        assert_eq!(en.with("count-threats", &[("n", 12_345.into())]), "12,345 threats");
        assert_eq!(Words::of(Language::Ja).with("count-threats", &[("n", 12_345.into())]), "脅威12,345件");
    }

    #[test]
    fn counts_fit_where_they_are_shown() {
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(
            [0, 999, 1_000, 9_999, 10_000, 1_234_567].map(compact).join(" "),
            "0 999 1.0k 9.9k 10k 1M"
        );
        let figures =
            |language| [99_999, 123_456, 3_412_345, 250_000_000].map(|n| figure(language, n)).join(" ");
        assert_eq!(figures(Language::Ja), "99,999 12.3万 341万 2.5億");
        assert_eq!(figures(Language::En), "99,999 123k 3.41M 250.00M");
        assert_eq!([999, 1_240_000].map(bytes).join(" "), "999 B 1.2 MB");
    }
}
