//! What a rule may cost, by name. A rule past one of these is refused by name; the rest loads.

/// The longest rule file.
pub const FILE_BYTES_MAX: usize = 4 << 20;

/// YAML nodes in one file, aliases counted as all they stand for.
pub const YAML_NODES_MAX: usize = 200_000;

/// YAML lists and maps inside each other.
pub const YAML_DEPTH_MAX: usize = 64;

/// Values of one rule after modifiers multiplied them (`windash`, `base64offset`).
pub const VALUES_MAX: usize = 20_000;

/// Words of one condition.
pub const CONDITION_WORDS_MAX: usize = 2_000;

/// Parentheses and `not`s inside each other in one condition.
pub const CONDITION_DEPTH_MAX: usize = 100;

/// Groups inside each other in one regular expression.
pub const REGEX_DEPTH_MAX: u32 = 100;

/// Memory of one compiled regular expression, and of its lazy automaton.
pub const REGEX_BYTES_MAX: usize = 4 << 20;

/// Rules that one correlation counts.
pub const CORRELATED_RULES_MAX: usize = 64;

/// The largest number a correlation counts up to.
pub const CORRELATION_COUNT_MAX: usize = 100_000;

/// The longest time span of a correlation: a quarter of a year.
pub const TIMESPAN_SECONDS_MAX: u64 = 92 * 86_400;

/// Values kept of one group for a percentile or median; past it they are a sample, and the answer says so.
pub const SAMPLE_MAX: usize = 10_000;

/// Events remembered of one group, the latest ones, to show.
pub const REFERENCES_MAX: usize = 8;

/// The longest value of a `group-by` field, in bytes; the rest of a longer one does not count.
pub const GROUP_VALUE_BYTES_MAX: usize = 512;

/// Forms of one value that `windash` makes.
pub const WINDASH_FORMS_MAX: usize = 125;
