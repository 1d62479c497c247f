//! Year on year: two surveys may be compared only when they ask the same of the same roles and count it in the same way
//! (the note below table 2-3 of the report for fiscal 2012: 単純な比較はできない).

use std::collections::BTreeSet;

use crate::catalogue::{Catalogue, Item};
use crate::formula::Variant;

/// Whether figures of a role may be set side by side with those of the survey before. Explanations may change; what is
/// asked, and how it is counted, may not.
pub fn is_comparable(role: &str, before: (&Catalogue, Variant), after: (&Catalogue, Variant)) -> bool {
    before.1.formula() == after.1.formula() && asked(before.0, role) == asked(after.0, role)
}

/// As [`is_comparable`], for all roles together.
pub fn is_comparable_overall(before: (&Catalogue, Variant), after: (&Catalogue, Variant)) -> bool {
    let roles = |catalogue: &Catalogue| {
        catalogue.roles().into_iter().map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let all = roles(before.0);
    all == roles(after.0) && all.iter().all(|role| is_comparable(role, before, after))
}

fn asked<'c>(catalogue: &'c Catalogue, role: &'c str) -> BTreeSet<(&'c str, &'c str)> {
    catalogue.of_role(role).map(|item: &Item| (item.reference.as_str(), item.title.ja.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(rows: &str) -> Catalogue {
        Catalogue::read_csv(format!("ref,role,title_ja,title_en\n{rows}").as_bytes()).unwrap()
    }

    #[test]
    fn a_changed_item_set_or_formula_forbids_comparison() {
        let (before, after) =
            (catalogue("a,staff,甲,A\nb,ciso,乙,B\n"), catalogue("a,staff,甲,a\nb,ciso,丙,C\n"));
        let nisc = |catalogue| (catalogue, Variant::Nisc);
        assert!(is_comparable("staff", nisc(&before), nisc(&after)), "only the translation changed");
        assert!(!is_comparable("ciso", nisc(&before), nisc(&after)));
        assert!(!is_comparable("staff", nisc(&before), (&after, Variant::Economy)));
        assert!(
            is_comparable("staff", nisc(&before), (&after, Variant::Health)),
            "the same formula by another name"
        );
        assert!(!is_comparable_overall(nisc(&before), nisc(&after)));
        assert!(is_comparable_overall(nisc(&before), nisc(&before)));
    }
}
