use crate::reader::read;

/// Each event as `format:value of the field`, then each unread record as `unread:reason`.
#[track_caller]
fn check(bytes: &str, field: &str, expected: &[&str]) {
    let log = read(bytes);
    let events = log.events.iter().map(|event| format!("{}:{}", event.format, event.get(field)));
    let unread = log.unread.iter().map(|unread| format!("unread:{}", unread.reason));
    let found: Vec<String> = events.chain(unread).collect();
    assert_eq!(found, expected, "{bytes}");
    assert_eq!(log.error, None);
}

#[test]
fn one_object_per_line_is_read_line_by_line() {
    check(
        "{\"timestamp\":\"2024-01-01T00:00:00Z\",\"event_type\":\"dns\",\"n\":1}\r\n\n{\"event_type\":\"tls\",\"timestamp\":\"x\",\"n\":2}",
        "n",
        &["eve:1", "eve:2"],
    );
}

#[test]
fn a_printed_list_and_objects_over_many_lines_are_read() {
    check(
        "[\n  {\n    \"a\": {\"b\": 1}\n  },\n  {\n    \"a\": {\"b\": 2}\n  }\n]\n",
        "a.b",
        &["json:1", "json:2"],
    );
    check("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", "a", &["json:1", "json:2"]);
    check("[{\"a\":1},{\"a\":2}]", "a", &["json:1", "json:2"]);
    check("[]", "a", &[]);
    check("{\"a\":1},\n{\"a\":2}", "a", &["json:1", "json:2"]);
    check("{\"a\":1}{\"a\":2}\n{\"a\":3}\n", "a", &["json:1", "json:2", "json:3"]);
}

#[test]
fn the_records_of_a_wrapper_are_read_one_by_one() {
    check(r#"{"Records":[{"a":1},{"a":2}]}"#, "a", &["json:1", "json:2"]);
    check("{\"Records\":[{\"a\":1}]}\n{\"Records\":[{\"a\":2}]}\n", "a", &["json:1", "json:2"]);
    check(r#"{"@odata.context":"x","value":[{"a":1}],"@odata.nextLink":"]}"}"#, "a", &["json:1"]);
    check(r#"{"user":"x","value":[{"a":1}]}"#, "value.a", &["json:1"]);
}

#[test]
fn reading_goes_on_after_a_broken_element() {
    check(
        "[\n{\"a\":1},\n{\"a\":\"x,\n{\"a\":2},\n{\"a\":[3},\n{\"a\":4}\n]",
        "a",
        &[
            "json:1",
            "json:2",
            "json:4",
            "unread:a line ends inside a JSON string at byte 8",
            "unread:a JSON bracket is closed that was not opened at byte 7",
        ],
    );
    check(
        r#"[{"a":1},{"a":[2}},{"a":3}]"#,
        "a",
        &["json:1", "json:3", "unread:a JSON bracket is closed that was not opened at byte 7"],
    );
}
