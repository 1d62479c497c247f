//! Files whose header lines say what the columns are.

use formats::read::{Blocks, Options};

use crate::reader::{read, read_blocks};

/// Each event as `name=value` of all its fields, then each unread record as `unread line: reason`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let log = read(text);
    let events = log.events.iter().map(|event| {
        let fields: Vec<String> =
            event.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}", event.format, fields.join(" "))
    });
    let unread = log.unread.iter().map(|unread| format!("unread {}: {}", unread.place.line, unread.reason));
    let found: Vec<String> = events.chain(unread).collect();
    assert_eq!(found, expected);
}

#[test]
fn zeek_values_have_the_type_and_shape_the_header_says() {
    check(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
         #fields\tts\tquery\trejected\tanswers\tTTLs\taddl\n\
         #types\ttime\tstring\tbool\tvector[string]\tvector[interval]\tset[string]\n\
         1.5\ta\\x09b\tF\tx,y\t1.0,-\t(empty)\n\
         2.5\t-\tT\t-\t-\t-\n\
         short\trow\n\
         #close\t2024-01-01-00-00-00\n",
        &[
            "zeek-tsv _path=dns ts=1.5 query=a\tb rejected=false answers=x answers=y TTLs=1.0 addl=",
            "zeek-tsv _path=dns ts=2.5 rejected=true",
            "unread 10: the row has 2 columns where #fields names 6",
        ],
    );
}

#[test]
fn a_zeek_log_may_begin_anew_with_other_columns() {
    check(
        "#separator \\x09\n#path\ta\n#fields\tx\n#types\tstring\n1\n#separator |\n#path|b\n#fields|y|z\n#types|count|string\n2|3\n",
        &["zeek-tsv _path=a x=1", "zeek-tsv _path=b y=2 z=3"],
    );
}

#[test]
fn w3c_columns_may_change_on_the_way() {
    check(
        "#Software: Microsoft Internet Information Services 10.0\n#Fields: c-ip sc-status\n192.0.2.1 200\n\
         #Fields: c-ip cs-method sc-status\n192.0.2.2 GET 404\nx\n",
        &[
            "w3c c-ip=192.0.2.1 sc-status=200",
            "w3c c-ip=192.0.2.2 cs-method=GET sc-status=404",
            "unread 6: 1 values for 3 columns, cs-method is missing",
        ],
    );
}

#[test]
fn csv_records_may_span_lines_and_the_header_may_be_repeated() {
    check(
        "time,host,\"free text\"\n2024-01-01,a,\"two\nlines, \"\"quoted\"\"\"\ntime,host,\"free text\"\n2024-01-02,b,c\n2024-01-03\n",
        &[
            "csv time=2024-01-01 host=a free text=two\nlines, \"quoted\"",
            "csv time=2024-01-02 host=b free text=c",
            "unread 6: the record has 1 columns where the header names 3",
        ],
    );
}

#[test]
fn columns_may_be_divided_by_tabs_semicolons_and_bars() {
    for delimiter in ['\t', ';', '|'] {
        let text = "src;dst;port\n192.0.2.1;192.0.2.2;80\n".replace(';', &delimiter.to_string());
        check(&text, &["csv src=192.0.2.1 dst=192.0.2.2 port=80"]);
    }
}

#[test]
fn a_quote_that_never_ends_does_not_swallow_the_file() {
    let rows = "2,b,c\n".repeat(5_000);
    let log = read(format!("n,x,y\n1,\"a,c\n{rows}"));
    assert_eq!((log.events.len(), log.unread.len()), (5_000, 1));
    assert_eq!(log.unread[0].reason, "the quote at byte 2 is never closed");
}

#[test]
fn lines_of_words_are_no_table() {
    let log = read("Hello, world\nGoodbye, moon\nso, long\nand, thanks\n");
    assert!(log.events.iter().all(|event| event.format == "text"), "{:?}", log.events);
}

#[test]
fn zeeks_json_is_the_log_its_file_is_named_after_unless_it_says_otherwise() {
    let text = "{\"ts\":1.5,\"uid\":\"C1\"}\n{\"ts\":2.5,\"uid\":\"C2\",\"_path\":\"conn\"}\n";
    for (name, paths) in [("modbus.2024-01-01.log.gz", ["modbus", "conn"]), ("export.json", ["", "conn"])] {
        let log = read_blocks(Blocks::new(text.as_bytes(), Options::default()).named(name));
        let found: Vec<String> = log.events.iter().map(|event| event.get("_path")).collect();
        assert_eq!(found, paths);
    }
}
