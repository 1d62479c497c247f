//! A rule's own test events, as SigmaHQ lays them out: `regression_tests_path` in the rule names an `info.yml`, which
//! names files of events and how often the rule must match in each.

use crate::yaml::{self, Node, Position, Refusal};

/// One file of events, and what the rule must make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What its author calls it.
    pub name: String,
    /// The file, relative to the folder that holds the rules' folders.
    pub path: String,
    /// How often the rule must match in it; 1 when its author does not say.
    pub match_count: u64,
}

/// Reads an `info.yml`.
///
/// # Errors
/// When it is no YAML, or names no tests.
pub fn cases(text: &str) -> Result<Vec<Case>, Refusal> {
    let (documents, broken) = yaml::documents(text.trim_start_matches('\u{feff}'));
    if let Some(refusal) = broken {
        return Err(refusal);
    }
    let tests = documents.first().and_then(|document| document.get("regression_tests_info"));
    let tests = tests
        .ok_or_else(|| Refusal::new(Position { line: 1, column: 1 }, "it has no regression_tests_info"))?;
    tests.elements().iter().map(case).collect()
}

fn case(node: &Node) -> Result<Case, Refusal> {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let path = text("path").ok_or_else(|| Refusal::new(node.position, "the test names no file"))?;
    let count = match text("match_count") {
        None => 1,
        Some(count) => {
            count.parse().map_err(|_| Refusal::new(node.position, "match_count is not a number"))?
        }
    };
    Ok(Case { name: text("name").unwrap_or_default().to_owned(), path: path.to_owned(), match_count: count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_names_its_file_and_how_often_the_rule_must_match() {
        let text = "id: x\nregression_tests_info:\n  - {name: hit, path: a/b.evtx, match_count: 2}\n  - path: c.json\n";
        let shown: Vec<_> =
            cases(text).unwrap().into_iter().map(|case| (case.name, case.path, case.match_count)).collect();
        assert_eq!(shown, [("hit".into(), "a/b.evtx".into(), 2), (String::new(), "c.json".into(), 1)]);
        assert!(cases("id: x").unwrap_err().reason.contains("no regression_tests_info"));
        assert!(cases("regression_tests_info: [{path: a, match_count: many}]").is_err());
        assert!(cases("[").is_err());
    }
}
