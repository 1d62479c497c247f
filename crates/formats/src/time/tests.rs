use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    let time = read(text).unwrap_or_else(|| panic!("{text:?} is not read"));
    assert_eq!(time.to_string(), expected, "{text:?}");
}

#[track_caller]
fn refuse(text: &str) {
    assert_eq!(read(text), None, "{text:?}");
}

#[test]
fn internet_times_are_read_with_any_fraction_and_zone() {
    check("2026-11-23T04:05:06Z", "2026-11-23T04:05:06Z");
    check("2026-11-23T04:05:06.789Z", "2026-11-23T04:05:06.789Z");
    check("2026-11-23 04:05:06,789", "2026-11-23T04:05:06.789Z");
    check("2026-11-23T04:05:06.123456789+09:00", "2026-11-22T19:05:06.123456789Z");
    check("2026-11-23T04:05:06.1234567Z", "2026-11-23T04:05:06.1234567Z");
    check("2024-12-21T04:36:23.893561-0900", "2024-12-21T13:36:23.893561Z");
    check("2023-04-23 22:07:05.311 -05:00", "2023-04-24T03:07:05.311Z");
    check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z");
    check("2021-10-04T10:30:00+02:00[Europe/Paris]", "2021-10-04T08:30:00Z");
    check("2016-09-28 04:30:30", "2016-09-28T04:30:30Z");
    check("20240823T142211Z", "2024-08-23T14:22:11Z");
    check("2015-12-01 17:10:04 UTC", "2015-12-01T17:10:04Z");
}

#[test]
fn epochs_are_told_apart_by_their_size() {
    check("1700000000", "2023-11-14T22:13:20Z");
    check("1700000000.123456", "2023-11-14T22:13:20.123456Z");
    check("1587042596.494", "2020-04-16T13:09:56.494Z");
    check("1700000000123", "2023-11-14T22:13:20.123Z");
    check("1700000000123456", "2023-11-14T22:13:20.123456Z");
    check("1700000000123456789", "2023-11-14T22:13:20.123456789Z");
    check("133444736000000000", "2023-11-14T22:13:20Z");
    check("20231114221320", "2023-11-14T22:13:20Z");
    check("/Date(1700000000123)/", "2023-11-14T22:13:20.123Z");
    check("\\/Date(1700000000123+0900)\\/", "2023-11-14T22:13:20.123Z");
    refuse("0");
    refuse("1");
    refuse("20231114");
    refuse("99999999999999999999");
    refuse("1.2.3");
}

#[test]
fn web_and_device_times_are_read() {
    check("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36Z");
    check("[10/Oct/2000:13:55:36 -0700]", "2000-10-10T20:55:36Z");
    check("27/Jul/2023 16:06:44", "2023-07-27T16:06:44Z");
    check("19-Oct-2022 05:34:02.425", "2022-10-19T05:34:02.425Z");
    check("Dec 01 2022 13:35:20 GMT", "2022-12-01T13:35:20Z");
    check("Dec 1, 2022 1:35:20 PM", "2022-12-01T13:35:20Z");
    check("Jan 17 2019 03:38:06 GMT+00:00", "2019-01-17T03:38:06Z");
    check("Mar 01 2021 20:35:54.125 JST", "2021-03-01T11:35:54.125Z");
    check("2023 Jan 11 18:43:54 CET", "2023-01-11T17:43:54Z");
    check("2025 Mar  4 19:51:39 UTC", "2025-03-04T19:51:39Z");
    check("Thu Feb 29 11:47:27.072780 2024", "2024-02-29T11:47:27.07278Z");
    check("Mon Oct 11 09:01:35 CEST 2021", "2021-10-11T07:01:35Z");
    check("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z");
    check("9/28/2010 6:30:29 PM", "2010-09-28T18:30:29Z");
    check("9/28/2010 12:00:00 AM", "2010-09-28T00:00:00Z");
    check("28/9/2010 18:30:29", "2010-09-28T18:30:29Z");
    check("25.12.2024 10:00:00", "2024-12-25T10:00:00Z");
    check("17/06/09 20:10:40", "2017-06-09T20:10:40Z");
    check("01/25/22 16:08:02.393003", "2022-01-25T16:08:02.393003Z");
    check("07/11/2022-10:29:01.860293", "2022-07-11T10:29:01.860293Z");
    check("2025/05/01 14:14:02", "2025-05-01T14:14:02Z");
    check("2005-06-03-15.42.50.675872", "2005-06-03T15:42:50.675872Z");
    check("2022/02/07 - 10:49:33", "2022-02-07T10:49:33Z");
    check("08/02/2023, 7:32:47 PM", "2023-08-02T19:32:47Z");
    check("20171223-22:15:29:606", "2017-12-23T22:15:29.606Z");
}

#[test]
fn what_is_no_time_or_absurd_is_refused() {
    for text in [
        "",
        "-",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2026-11-23T24:00:01Z",
        "0001-01-01T00:00:00Z",
        "1601-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-11-23T04:05:06+99:00",
        "2026-11-23T04:05:06 and more",
        "192.168.0.1",
        "13/13/2020 10:00:00",
        "May",
        "Sat",
        "4.9.0.1234",
    ] {
        refuse(text);
    }
}

#[test]
fn a_time_without_a_year_is_the_latest_not_after_the_reference() {
    let reference: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let before = |text| read_before(text, reference).map(|time| time.to_string());
    assert_eq!(before("Mar  1 13:00:00").as_deref(), Some("2026-03-01T13:00:00Z"));
    assert_eq!(before("Mar  3 13:00:00").as_deref(), Some("2025-03-03T13:00:00Z"));
    assert_eq!(before("Dec 31 23:59:59").as_deref(), Some("2025-12-31T23:59:59Z"));
    assert_eq!(before("Feb 29 00:00:00").as_deref(), Some("2024-02-29T00:00:00Z"));
    assert_eq!(before("2020-01-01T00:00:00Z").as_deref(), Some("2020-01-01T00:00:00Z"));
    assert_eq!(read("Oct 11 22:14:15"), None);
    let new_year: Timestamp = "2026-12-31T23:30:00Z".parse().unwrap();
    assert_eq!(read_before("Jan  1 08:00:00", new_year).unwrap().to_string(), "2027-01-01T08:00:00Z");
}

#[test]
fn a_line_begins_with_a_time_only_when_something_else_follows() {
    let length = |text| leading(text).map(|(_, length)| length);
    assert_eq!(length("Oct 11 22:14:15 host su: hello"), Some(15));
    assert_eq!(length("Oct 11 22:14:15 2019host"), Some(15));
    assert_eq!(length("1587042596.494   1717 192.168.0.1"), Some(14));
    assert_eq!(length("2015-10-18 18:01:47,978 INFO [main]"), Some(23));
    assert_eq!(length("03-17 16:13:38.811  1702 D x"), Some(18));
    assert_eq!(length("Marvin 12 12:12:12"), None);
    assert_eq!(length("10.0.0.1 - - [x]"), None);
}

proptest::proptest! {
    #[test]
    fn no_text_can_hurt(text in "\\PC{0,60}", digits in "[0-9A-Za-z:/., +\\-]{0,40}") {
        for text in [&text, &digits] {
            let _ = read(text);
            let _ = leading(text);
            let _ = read_before(text, Timestamp::MAX);
            let _ = read_before(text, Timestamp::MIN);
        }
    }
}
