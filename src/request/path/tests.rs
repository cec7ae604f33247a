//! Spellings of one path, and of none.

use super::*;

fn parse(raw: &str) -> Result<String, Ambiguity> {
    CanonicalPath::parse(raw.as_bytes(), PathRules::default()).map(|path| path.text)
}

fn lenient(raw: &str) -> Result<String, Ambiguity> {
    let keep = Lenience::Keep;
    let rules = PathRules { encoded_slashes: keep, empty_segments: keep, parameters: keep };
    CanonicalPath::parse(raw.as_bytes(), rules).map(|path| path.text)
}

#[test]
fn unreserved_characters_have_one_spelling() {
    assert_eq!(parse("/%61%2D%5f%7E/b").as_deref(), Ok("/a-_~/b"));
    assert_eq!(parse("/a%3a%20b").as_deref(), Ok("/a%3A%20b"));
    assert_eq!(parse("/\u{e9}"), parse("/%c3%a9"));
}

#[test]
fn a_percent_sign_is_never_decoded_twice() {
    assert_eq!(parse("/%252e%252e/a").as_deref(), Ok("/%252e%252e/a"));
    assert_eq!(parse("/%2541").as_deref(), Ok("/%2541"));
}

#[test]
fn dot_segments_are_refused_in_every_spelling() {
    for raw in
        ["/a/../b", "/a/./b", "/..", "/.", "/a/..", "/%2e%2e/a", "/%2E./a", "/.%2e", "/a/%2E/"]
    {
        assert_eq!(parse(raw), Err(Ambiguity::DotSegment), "{raw}");
    }
    for raw in ["/..;/admin", "/.;x/a", "/a%2f..%2fb", "/a/..%2fb", "/..%3b/a", "/a/..%3Bx"] {
        assert_eq!(lenient(raw), Err(Ambiguity::DotSegment), "{raw}");
    }
    assert_eq!(parse("/a/...").as_deref(), Ok("/a/..."));
    assert_eq!(parse("/.well-known/x").as_deref(), Ok("/.well-known/x"));
}

#[test]
fn what_readers_disagree_on_is_refused() {
    for (raw, why) in [
        ("", Ambiguity::Missing),
        ("*", Ambiguity::NotAbsolute),
        ("a/b", Ambiguity::NotAbsolute),
        ("http://h/p", Ambiguity::NotAbsolute),
        ("/%", Ambiguity::BadEscape),
        ("/%zz", Ambiguity::BadEscape),
        ("/%4", Ambiguity::BadEscape),
        ("/%00", Ambiguity::ControlByte),
        ("/a\tb", Ambiguity::ControlByte),
        ("/%7f", Ambiguity::ControlByte),
        ("/%0d%0a", Ambiguity::ControlByte),
        ("/a\\b", Ambiguity::Backslash),
        ("/a%5Cb", Ambiguity::Backslash),
        ("/a#b", Ambiguity::Fragment),
        ("/a%2Fb", Ambiguity::EncodedSlash),
        ("/a//b", Ambiguity::EmptySegment),
        ("//a", Ambiguity::EmptySegment),
        ("/a;v=1", Ambiguity::Parameter),
        ("/a%3bv=1", Ambiguity::Parameter),
        ("/%3B/a", Ambiguity::Parameter),
        ("/..;/admin", Ambiguity::Parameter),
    ] {
        assert_eq!(parse(raw), Err(why), "{raw}");
    }
}

#[test]
fn kept_spellings_are_ordinary_characters() {
    let keep = Lenience::Keep;
    let rules = PathRules { encoded_slashes: keep, empty_segments: keep, parameters: keep };
    let path = CanonicalPath::parse(b"/a%2fb//c;v=1", rules).unwrap();
    assert_eq!(path.segments(), ["a%2Fb", "", "c;v=1"]);
}

#[test]
fn one_trailing_slash_does_not_count() {
    let path = |raw: &str| CanonicalPath::parse(raw.as_bytes(), PathRules::default()).unwrap();
    assert_eq!(path("/a/b/").segments(), ["a", "b"]);
    assert_eq!(path("/a/b").segments(), ["a", "b"]);
    assert!(path("/").segments().is_empty());
}

#[test]
fn the_decoded_reading_is_kept_where_it_differs() {
    let path = CanonicalPath::parse(b"/a%3Ab%20c%2a", PathRules::default()).unwrap();
    assert_eq!(path.as_str(), "/a%3Ab%20c%2A");
    assert_eq!(path.decoded_segments().unwrap(), ["a:b%20c*"]);
    let path = CanonicalPath::parse(b"/a:b%20", PathRules::default()).unwrap();
    assert_eq!(path.decoded_segments(), None);
}

#[test]
fn one_of_the_readings_of_an_encoded_character_is_the_plain_one() {
    let keep = PathRules { parameters: Lenience::Keep, ..PathRules::default() };
    for byte in (0x21..0x7f).filter(|byte| !b"%/\\#?".contains(byte)) {
        let plain = CanonicalPath::parse(&[b'/', byte], keep);
        let escaped = CanonicalPath::parse(format!("/%{byte:02x}").as_bytes(), keep);
        if let (Ok(plain), Ok(escaped)) = (plain, escaped) {
            let decoded = escaped.decoded_segments();
            let readings = [escaped.segments(), decoded.unwrap_or_default()];
            assert!(readings.contains(&plain.segments()), "{}", char::from(byte));
        }
    }
}

#[test]
fn a_very_long_path_takes_linear_time() {
    let raw = "/a".repeat(50_000);
    assert_eq!(parse(&raw).unwrap().len(), raw.len());
}
