//! Text that a spreadsheet would take for a formula, and the sign that keeps it from computing (OWASP, "CSV
//! Injection").

/// What a spreadsheet takes for the beginning of a formula, also in full width.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
const SIGN: char = '\'';

/// A cell as it may stand in a file for spreadsheets: an apostrophe before what would be computed, and before what
/// [`bare`] would otherwise take one from.
pub fn guarded(value: &str) -> String {
    if needs_sign(value) { format!("{SIGN}{value}") } else { value.to_owned() }
}

/// The value of a cell: takes the apostrophe off again.
pub(crate) fn bare(cell: &str) -> &str {
    cell.strip_prefix(SIGN).filter(|rest| needs_sign(rest)).unwrap_or(cell)
}

fn needs_sign(value: &str) -> bool {
    value.trim_start_matches(SIGN).starts_with(FORMULA_STARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_kept_from_computing_and_comes_back_as_it_was() {
        for formula in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''=1"] {
            let cell = guarded(formula);
            assert!(cell.starts_with('\'') && cell != formula, "{formula:?}");
            assert_eq!(bare(&cell), formula);
        }
        for plain in ["", "'", "'quoted'", "1-2", "naibu", "内務"] {
            assert_eq!(guarded(plain), plain);
            assert_eq!(bare(plain), plain);
        }
    }
}
