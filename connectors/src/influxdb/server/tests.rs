//! What is asked of a server, and how its answers are understood.

use super::*;
use reqwest::header::{DATE, RETRY_AFTER};

fn database() -> Target {
    Target::Database("plant 1".to_owned())
}

fn bucket() -> Target {
    Target::Bucket { org: "a&b".to_owned(), bucket: "c".to_owned() }
}

#[test]
fn versions_are_told_from_what_servers_say() {
    for (text, expected) in [
        ("1.6.7~rc0", Some(Found::Version(1, 6))),
        ("v2.7.4", Some(Found::Version(2, 7))),
        ("3.0.1-beta", Some(Found::Version(3, 0))),
        ("1.8", Some(Found::Version(1, 8))),
        ("2", Some(Found::Version(2, 0))),
        ("dev", None),
        ("", None),
    ] {
        assert_eq!(version(text), expected, "{text}");
    }
}

#[test]
fn what_is_written_into_decides_on_the_endpoint() {
    for (target, found, expected) in [
        (database(), Found::Version(1, 6), Endpoint::First),
        (database(), Found::Version(2, 7), Endpoint::First),
        (database(), Found::Version(3, 0), Endpoint::Third),
        (database(), Found::Unknown, Endpoint::First),
        (bucket(), Found::Version(1, 8), Endpoint::Second),
        (bucket(), Found::Version(2, 7), Endpoint::Second),
        (bucket(), Found::Version(3, 0), Endpoint::Second),
        (bucket(), Found::Unknown, Endpoint::Second),
    ] {
        assert_eq!(endpoint(&target, found, "x").unwrap(), expected, "{target} {found:?}");
    }
    let error = endpoint(&bucket(), Found::Version(1, 6), "http://a").unwrap_err().to_string();
    assert!(error.contains("InfluxDB 1.6") && error.contains("`database: "), "{error}");
}

#[test]
fn every_request_says_its_unit() {
    let base = Url::parse("http://localhost:8086/influx/").unwrap();
    let of = |target, endpoint, precision| address(&base, &target, endpoint, precision).to_string();
    assert_eq!(
        of(database(), Endpoint::First, Precision::Microseconds),
        "http://localhost:8086/influx/write?db=plant+1&precision=u"
    );
    assert_eq!(
        of(bucket(), Endpoint::Second, Precision::Nanoseconds),
        "http://localhost:8086/influx/api/v2/write?org=a%26b&bucket=c&precision=ns"
    );
    assert_eq!(
        of(database(), Endpoint::Third, Precision::Seconds),
        "http://localhost:8086/influx/api/v3/write_lp?db=plant+1&precision=second&accept_partial=false&no_sync=false"
    );
}

#[test]
fn a_server_can_ask_for_some_time() {
    let headers = |pairs: &[(reqwest::header::HeaderName, &'static str)]| {
        let pairs = pairs.iter().map(|(name, it)| (name.clone(), HeaderValue::from_static(it)));
        retry_after(&pairs.collect())
    };
    assert_eq!(headers(&[]), None);
    assert_eq!(headers(&[(RETRY_AFTER, "7")]), Some(Duration::from_secs(7)));
    assert_eq!(headers(&[(RETRY_AFTER, "86400")]), Some(Duration::from_mins(10)));
    assert_eq!(headers(&[(RETRY_AFTER, "soon")]), None);
    let date = (DATE, "Wed, 21 Oct 2015 07:28:00 GMT");
    let after = (RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT");
    assert_eq!(headers(&[date.clone(), after.clone()]), Some(Duration::from_secs(30)));
    assert_eq!(headers(&[(DATE, after.1), (RETRY_AFTER, date.1)]), Some(Duration::ZERO));
}
