//! The canonical path: one spelling, or none.
//!
//! Proxies, frameworks and file systems read `%2e%2e`, `//`, `;x` and `\` each
//! in their own way. A path on which they could disagree can't be matched with
//! rules, so it is refused rather than repaired (RFC 3986 sections 2 and 6).

/// What to do with a spelling that some applications treat as a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lenience {
    #[default]
    Refuse,
    /// An ordinary character, never a separator.
    Keep,
}

/// The `paths` section of the configuration.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PathRules {
    pub(crate) encoded_slashes: Lenience,
    pub(crate) empty_segments: Lenience,
    pub(crate) parameters: Lenience,
}

/// Why a path is refused; the text is the rule in the audit line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ambiguity {
    Missing,
    NotAbsolute,
    BadEscape,
    ControlByte,
    Backslash,
    Fragment,
    DotSegment,
    EncodedSlash,
    EmptySegment,
    Parameter,
    Host,
    /// Two routes claim it, depending on how an encoded character is read.
    Route,
}

impl Ambiguity {
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Missing => "path: missing",
            Self::NotAbsolute => "path: doesn't start with /",
            Self::BadEscape => "path: a % that is no escape",
            Self::ControlByte => "path: a control byte",
            Self::Backslash => "path: a backslash",
            Self::Fragment => "path: a #",
            Self::DotSegment => "path: a dot segment",
            Self::EncodedSlash => "paths.encoded_slashes",
            Self::EmptySegment => "paths.empty_segments",
            Self::Parameter => "paths.parameters",
            Self::Host => "host: not one host name",
            Self::Route => "path: an encoded character decides between routes",
        }
    }
}

/// A path in the one spelling that rules are compared with: unreserved
/// characters plain, everything else that isn't plain ASCII as `%XX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CanonicalPath {
    text: String,
    /// The same with reserved characters (`%3A`) decoded too, where that
    /// differs: how most frameworks read it.
    decoded: Option<String>,
}

impl CanonicalPath {
    /// From the raw path, without the query.
    pub(crate) fn parse(raw: &[u8], rules: PathRules) -> Result<Self, Ambiguity> {
        if raw.is_empty() {
            return Err(Ambiguity::Missing);
        }
        if !raw.starts_with(b"/") {
            return Err(Ambiguity::NotAbsolute);
        }
        let mut text = String::with_capacity(raw.len());
        let mut decoded = String::new();
        let mut differs = false;
        let mut bytes = raw.iter().copied();
        while let Some(byte) = bytes.next() {
            let (value, escaped) = match byte {
                b'%' => (escape(bytes.next(), bytes.next())?, true),
                _ => (byte, false),
            };
            match value {
                0..=0x1f | 0x7f => return Err(Ambiguity::ControlByte),
                b'\\' => return Err(Ambiguity::Backslash),
                b'#' if !escaped => return Err(Ambiguity::Fragment),
                // Encoded too: what decodes before it cuts parameters off reads
                // `/admin%3bx` as `/admin`.
                b';' if rules.parameters == Lenience::Refuse => {
                    return Err(Ambiguity::Parameter);
                }
                b'/' if escaped && rules.encoded_slashes == Lenience::Refuse => {
                    return Err(Ambiguity::EncodedSlash);
                }
                _ => {}
            }
            if is_unreserved(value) || (!escaped && is_plain(value)) {
                text.push(char::from(value));
                if differs {
                    decoded.push(char::from(value));
                }
            } else {
                if !differs && escaped && is_reserved(value) {
                    differs = true;
                    decoded.push_str(&text);
                }
                push_escape(&mut text, value);
                match (differs, escaped && is_reserved(value)) {
                    (true, true) => decoded.push(char::from(value)),
                    (true, false) => push_escape(&mut decoded, value),
                    (false, _) => {}
                }
            }
        }
        if has_dot_segment(&text) {
            return Err(Ambiguity::DotSegment);
        }
        if rules.empty_segments == Lenience::Refuse && text.contains("//") {
            return Err(Ambiguity::EmptySegment);
        }
        Ok(Self { text, decoded: differs.then_some(decoded) })
    }

    /// The canonical text.
    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The segments, without the one trailing slash that doesn't count.
    pub(crate) fn segments(&self) -> Vec<&str> {
        split(&self.text)
    }

    /// The segments as a reader that decodes reserved characters has them,
    /// where they differ.
    pub(crate) fn decoded_segments(&self) -> Option<Vec<&str>> {
        self.decoded.as_deref().map(split)
    }
}

fn split(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() { Vec::new() } else { path.split('/').collect() }
}

fn escape(high: Option<u8>, low: Option<u8>) -> Result<u8, Ambiguity> {
    super::escape::byte(high, low).ok_or(Ambiguity::BadEscape)
}

fn push_escape(text: &mut String, byte: u8) {
    text.push('%');
    super::escape::push_hex(text, byte);
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What may stand plain in a path besides unreserved characters.
fn is_plain(byte: u8) -> bool {
    is_reserved(byte) || byte == b'/'
}

/// The reserved characters that are data within a segment.
fn is_reserved(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b':' | b';' | b'=' | b'@'
    )
}

/// Whether some reader would see `.` or `..` as a segment: split at slashes,
/// encoded ones too, and cut at the first parameter.
fn has_dot_segment(text: &str) -> bool {
    text.split('/').flat_map(|segment| segment.split("%2F")).any(|segment| {
        let name = segment.split(';').next().unwrap_or(segment);
        let name = name.split("%3B").next().unwrap_or(name);
        name == "." || name == ".."
    })
}

#[cfg(test)]
mod tests {
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
        assert_eq!(parse("/[a]"), parse("/%5ba%5D"));
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
        let keep = PathRules { parameters: Lenience::Keep, ..PathRules::default() };
        let path = CanonicalPath::parse(b"/a%3bb", keep).unwrap();
        assert_eq!(path.decoded_segments().unwrap(), ["a;b"]);
    }

    #[test]
    fn a_very_long_path_takes_linear_time() {
        let raw = "/a".repeat(50_000);
        assert_eq!(parse(&raw).unwrap().len(), raw.len());
    }
}
