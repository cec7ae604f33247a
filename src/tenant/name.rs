//! Tenant names.

use std::sync::Arc;

/// The name of a tenant, well formed and with aliases resolved. Only
/// [`super::Tenancy`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TenantName(Arc<str>);

impl TenantName {
    pub(super) fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The name's text, shared with it.
    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The name's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `tenancy.id_format`: what a tenant name may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum IdFormat {
    /// A letter or digit, then up to 127 letters, digits and `. _ : -`.
    #[default]
    Any,
    /// Lower-case letters and digits in groups joined by single hyphens.
    Slug,
    /// A UUID in lower case (RFC 9562 section 4).
    Uuid,
}

impl IdFormat {
    pub(crate) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Any => {
                text.len() <= 128
                    && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && text.bytes().all(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-')
                    })
            }
            Self::Slug => {
                text.len() <= 128
                    && text.split('-').all(|group| {
                        !group.is_empty()
                            && group.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                    })
            }
            Self::Uuid => {
                let lengths = text.split('-').map(str::len);
                lengths.eq([8, 4, 4, 4, 12])
                    && text.bytes().all(|b| matches!(b, b'-' | b'a'..=b'f') || b.is_ascii_digit())
            }
        }
    }

    /// The format in words, for messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Any => "a letter or digit, then up to 127 letters, digits or . _ : -",
            Self::Slug => "lower-case letters and digits, joined by single hyphens",
            Self::Uuid => "a UUID in lower case",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_accept_what_they_say() {
        let long = "a".repeat(128);
        for (format, good, bad) in [
            (
                IdFormat::Any,
                vec!["acme", "A1", "did:web:x.example:alice", "a_b.c-d", "9", &long],
                vec!["", "-a", ".a", "a b", "a,b", "a/b", "caf\u{e9}", "a%20", "*"],
            ),
            (
                IdFormat::Slug,
                vec!["acme", "acme-2", "9"],
                vec!["Acme", "acme-", "-acme", "a--b", "a_b", ""],
            ),
            (
                IdFormat::Uuid,
                vec!["0190f0a0-1b2c-7d3e-8f40-5a6b7c8d9e0f"],
                vec![
                    "0190F0A0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
                    "0190f0a01b2c7d3e8f405a6b7c8d9e0f",
                    "0190f0a0-1b2c-7d3e-8f40-5a6b7c8d9e0g",
                    "",
                ],
            ),
        ] {
            for text in good {
                assert!(format.accepts(text), "{format:?} {text}");
            }
            for text in bad {
                assert!(!format.accepts(text), "{format:?} {text}");
            }
        }
        assert!(!IdFormat::Any.accepts(&"a".repeat(129)));
    }
}
