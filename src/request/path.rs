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
        // Most paths are plain from end to end, and copied as a whole.
        let simple = |byte: &u8| *byte != b';' && (is_unreserved(*byte) || is_plain(*byte));
        let plain = raw.iter().position(|byte| !simple(byte)).unwrap_or(raw.len());
        let (plain, rest) = raw.split_at_checked(plain).unwrap_or((&[], raw));
        text.push_str(core::str::from_utf8(plain).unwrap_or_default());
        let mut bytes = rest.iter().copied();
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
        if rules.empty_segments == Lenience::Refuse && has_pair(&text, *b"//") {
            return Err(Ambiguity::EmptySegment);
        }
        Ok(Self { text, decoded: differs.then_some(decoded) })
    }

    /// The canonical text.
    #[cfg(not(target_arch = "wasm32"))]
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

/// The reserved characters that may stand plain within a segment: those whose
/// two spellings stay apart in a canonical path.
fn is_reserved(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b':'
            | b';'
            | b'='
            | b'@'
            | b'['
            | b']'
    )
}

fn has_pair(text: &str, pair: [u8; 2]) -> bool {
    text.as_bytes().windows(2).any(|bytes| *bytes == pair)
}

/// Whether some reader would see `.` or `..` as a segment: split at slashes,
/// encoded ones too, and cut at the first parameter.
fn has_dot_segment(text: &str) -> bool {
    // Each begins behind a slash: few paths have any that begins with a dot.
    (has_pair(text, *b"/.") || has_pair(text, *b"F.")) && has_dots(text)
}

fn has_dots(text: &str) -> bool {
    text.split('/').flat_map(|segment| segment.split("%2F")).any(|segment| {
        let name = segment.split(';').next().unwrap_or(segment);
        let name = name.split("%3B").next().unwrap_or(name);
        name == "." || name == ".."
    })
}

#[cfg(test)]
mod tests;
