use proptest::prelude::*;

use super::*;

fn fields(text: &str) -> Result<Vec<(String, Kind, String)>, String> {
    let mut names = Names::default();
    let mut event = Event::default();
    Json::default().read(text, Format::Json, &mut names, &mut event)?;
    Ok(event
        .fields()
        .iter()
        .map(|field| {
            let value = event.value(field);
            (names.path(field.name).to_owned(), value.kind, value.text.to_owned())
        })
        .collect())
}

#[track_caller]
fn check(text: &str, expected: &[(&str, Kind, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(n, k, t)| (n.to_string(), *k, t.to_string())).collect();
    assert_eq!(fields(text), Ok(expected), "{text}");
}

#[track_caller]
fn refuse(text: &str, reason: &str) {
    assert_eq!(fields(text), Err(reason.to_owned()), "{text}");
}

#[test]
fn nested_objects_become_dotted_names_and_lists_repeat_their_name() {
    check(
        r#" {"a": {"b": 1, "c": {"d": true}}, "e": [1, "x", {"f": null}, [2]], "g": "" } "#,
        &[
            ("a.b", Kind::Number, "1"),
            ("a.c.d", Kind::Boolean, "true"),
            ("e", Kind::Number, "1"),
            ("e", Kind::Text, "x"),
            ("e.f", Kind::Null, ""),
            ("e", Kind::Number, "2"),
            ("g", Kind::Text, ""),
        ],
    );
    check(r#"{"a": {}, "b": []}"#, &[("a", Kind::Null, ""), ("b", Kind::Null, "")]);
    check("{}", &[]);
}

#[test]
fn numbers_keep_the_digits_they_were_written_with() {
    for number in ["0", "-1", "1.0", "1521911720.865716", "1e-7", "340282366920938463463374607431768211456"] {
        check(&format!(r#"{{"n":{number}}}"#), &[("n", Kind::Number, number)]);
    }
    refuse(r#"{"n":1.}"#, "a JSON value was expected at byte 5");
    refuse(r#"{"n":--1}"#, "a JSON value was expected at byte 5");
    refuse(r#"{"n":0x1f}"#, "a JSON value was expected at byte 5");
}

#[test]
fn escapes_are_undone_and_unknown_ones_kept() {
    check(
        r#"{"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\udd25"}"#,
        &[("a\n", Kind::Text, "\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f525}")],
    );
    check(r#"{"a":"C:\Users\x\ud83d!\uzzzz"}"#, &[("a", Kind::Text, "C:\\Users\\x\u{fffd}!\\uzzzz")]);
}

#[test]
fn the_text_of_an_element_with_attributes_is_the_elements_own_value() {
    check(
        r##"{"EventID":{"#attributes":{"Qualifiers":0},"#text":7045}}"##,
        &[("EventID.#attributes.Qualifiers", Kind::Number, "0"), ("EventID", Kind::Number, "7045")],
    );
}

#[test]
fn what_is_wrong_names_its_byte() {
    refuse("", "the JSON is cut off at byte 0");
    refuse("[1]", "a JSON object was expected at byte 0");
    refuse(r#"{"a":1"#, "the JSON is cut off at byte 6");
    refuse(r#"{"a":"x"#, "the JSON is cut off at byte 7");
    refuse(r#"{"a" 1}"#, "a colon was expected at byte 5");
    refuse(r#"{"a":1 "b":2}"#, "a comma or } was expected at byte 7");
    refuse(r#"{"a":[1 2]}"#, "a comma or ] was expected at byte 8");
    refuse(r#"{a:1}"#, "a name in double quotes was expected at byte 1");
    refuse(r#"{"a":1} x"#, "something follows the JSON object at byte 8");
    refuse(r#"{"a":1,}"#, "a name in double quotes was expected at byte 7");
}

#[test]
fn what_is_nested_too_deep_is_left_out_and_the_rest_is_read() {
    let deep = format!(r#"{{"a":1,"deep":{}{},"b":2}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let mut names = Names::default();
    let mut event = Event::default();
    Json::default().read(&deep, Format::Json, &mut names, &mut event).unwrap();
    assert_eq!(event.get(names.id(Format::Json, "b")).unwrap().text, "2");
    assert_eq!(event.dropped(), 1);
}

#[test]
fn the_end_of_an_object_is_found_over_pieces_of_any_size() {
    let text = br#"{"a":"}\"{","b":[{"c":1},"]"],"d":{}} tail"#;
    for step in 1..text.len() {
        let mut scan = Scan::default();
        let found = (0..).find_map(|count| {
            let seen = text.get(..usize::min(text.len(), count * step))?;
            match scan.run(seen) {
                Outcome::More => None,
                other => Some(other),
            }
        });
        assert_eq!(found, Some(Outcome::Complete(text.len() - 5)), "in steps of {step}");
    }
}

#[test]
fn brackets_that_do_not_fit_and_line_ends_in_strings_are_broken() {
    let broken = |text: &[u8]| matches!(Scan::default().run(text), Outcome::Broken(..));
    assert!(broken(br#"{"a":1]"#));
    assert!(broken(b"{\"a\":\"\n\"}"));
    assert!(!broken(br#"{"a":1"#));
}

/// The fields of a tree that somebody else's parser made.
fn expected(value: &serde_json::Value, path: &str, fields: &mut Vec<(String, Kind, String)>) {
    use serde_json::Value;
    let mut push = |kind, text: &str| fields.push((path.to_owned(), kind, text.to_owned()));
    match value {
        Value::Null => push(Kind::Null, ""),
        Value::Bool(truth) => push(Kind::Boolean, if *truth { "true" } else { "false" }),
        Value::Number(number) => push(Kind::Number, &number.to_string()),
        Value::String(text) => push(Kind::Text, text),
        Value::Array(list) if list.is_empty() => push(Kind::Null, ""),
        Value::Array(list) => list.iter().for_each(|value| expected(value, path, fields)),
        Value::Object(members) if members.is_empty() => push(Kind::Null, ""),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            expected(value, &below, fields);
        }),
    }
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f32>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let name = "[a-z\"\\\\\u{e9}\n]{1,8}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn an_object_is_read_as_serde_json_reads_it(value in value(), pretty: bool) {
        let object = serde_json::json!({ "v": value });
        let text = if pretty { format!("{object:#}") } else { object.to_string() };
        let mut fields_of_tree = Vec::new();
        expected(&object, "", &mut fields_of_tree);
        prop_assert_eq!(fields(&text), Ok(fields_of_tree));
        let length = text.len();
        prop_assert_eq!(Scan::default().run(text.as_bytes()), Outcome::Complete(length));
    }

    #[test]
    fn whatever_serde_json_accepts_is_accepted_and_nothing_panics(text in r#"[\{\}\[\]",:0-9eE.+\-a-z\\ ]{0,40}"#) {
        let read = fields(&text);
        let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
        prop_assert!(read.is_ok() || object.is_err(), "{}: {:?}", text, read);
    }
}
