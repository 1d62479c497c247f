//! `noroshi assess`, as somebody with a file of answers uses it.

use super::*;

const RESPONSES: &str = "organisation,person,role,item,answer
内務文化省,p1,職員,格付,実施
内務文化省,p1,職員,持出し,実施
内務文化省,p2,職員,格付,未実施
内務文化省,p2,職員,持出し,責務なし
財務計画省,p1,職員,格付,done
財務計画省,p1,責任者,規程,done
";

const ROSTER: &str = "organisation,person,role,excluded
内務文化省,p1,職員,
内務文化省,p2,職員,
内務文化省,p3,職員,
内務文化省,p4,職員,休職
財務計画省,p1,職員,
財務計画省,p1,責任者,
";

#[test]
fn responses_are_counted_and_graded_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "responses.csv", RESPONSES);
    let roster = write(folder.path(), "roster.csv", ROSTER);
    let output = noroshi(["assess", &file, "--roster", &roster, "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let rows = rows(&output);
    let naibu = &rows[0]["organisations"][0]["all_roles"];
    assert_eq!((naibu["targets"].as_u64(), naibu["submitted"].as_u64()), (Some(3), Some(2)));
    assert_eq!(naibu["coverage"]["grade"], "C");
    assert_eq!(
        (naibu["implementation"]["part"].as_u64(), naibu["implementation"]["whole"].as_u64()),
        (Some(2), Some(3))
    );
    let all = &rows[0]["government"][2];
    assert_eq!((all["role"].is_null(), all["implementation_mean"]["percent"].as_str()), (true, Some("83.3")));
    assert_eq!(all["implementation_pooled"]["percent"], "80.0");
}

#[test]
fn each_variant_is_named_beside_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "responses.csv", RESPONSES);
    let figure = |variant: &str| {
        let output = noroshi(["assess", &file, "--variant", variant, "--output", "csv"]);
        let text = stdout(&output);
        let found = text.lines().find(|line| line.starts_with("内務文化省,,implementation,"));
        found.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert_eq!(figure("nisc"), "内務文化省,,implementation,nisc,2,3,,66.7,C");
    assert_eq!(figure("foreign-affairs"), "内務文化省,,implementation,foreign_affairs,2,4,,50.0,D");
    assert_eq!(figure("education"), "内務文化省,,implementation,education,,,2,75.0,C");
    assert_eq!(figure("economy"), "内務文化省,,implementation,economy,1,2,,50.0,D");
    let output = noroshi(["assess", &file, "--variant", "best"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cabinet_office"), "{}", stderr(&output));
}

#[test]
fn a_wrong_row_ends_it_with_file_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let file =
        write(folder.path(), "responses.csv", RESPONSES.replace("p2,職員,格付,未実施", "p2,職員,格付,はい"));
    let output = noroshi(["assess", &file]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    let text = stderr(&output);
    assert!(text.contains("responses.csv") && text.contains("row 4: answer: \"はい\""), "{text}");
    let headless = write(folder.path(), "headless.csv", "a,b\n1,2\n");
    let output = noroshi(["assess", &headless]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there is no column organisation"), "{}", stderr(&output));
    assert_eq!(noroshi(["assess", "/nowhere.csv"]).status.code(), Some(2));
}

#[test]
fn a_large_file_gives_the_same_on_one_thread_and_on_many() {
    let folder = tempfile::tempdir().unwrap();
    let answers = ["done", "not_done", "no_duty", ""];
    let row = |number: usize| {
        let (person, item) = (number / 20, number % 20);
        let answer = answers[(person * 31 + item * 7 + person * item) % 4];
        format!("o{},p{person},staff,i{item},{answer}\n", person % 7)
    };
    let rows: String = (0..200_000).map(row).collect();
    assert!(rows.len() > 4 << 20, "{} bytes are read by one thread", rows.len());
    let file = write(folder.path(), "large.csv", format!("organisation,person,role,item,answer\n{rows}"));
    let json = |threads: &str| stdout(&noroshi(["assess", &file, "--threads", threads, "--output", "json"]));
    let one = json("1");
    assert!(one.contains("\"answers\":200000"), "{}", &one[..200.min(one.len())]);
    assert_eq!(one, json("4"));
    let broken = write(
        folder.path(),
        "broken.csv",
        format!("organisation,person,role,item,answer\n{rows}o1,p1,staff,i1,?\n"),
    );
    let output = noroshi(["assess", &broken, "--threads", "4"]);
    assert!(stderr(&output).contains("row 200002: answer"), "{}", stderr(&output));
}
