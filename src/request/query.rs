//! The query string: parameters by name, and the query without some of them.

use std::borrow::Cow;

use memchr::memchr;

use super::escape::decode_form;
use super::headers::Found;

/// A raw query, without the `?`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'r>(&'r [u8]);

impl<'r> Query<'r> {
    pub(crate) fn new(raw: &'r [u8]) -> Self {
        Self(raw)
    }

    /// The value of a parameter that may be there once. `name[]` and `name[x]`
    /// count as `name`, and so does a name after `;`, which some frameworks
    /// read as a separator.
    pub(crate) fn find(self, name: &str) -> Found<Cow<'r, [u8]>> {
        Found::among(self.pieces().flat_map(parameters).filter_map(|parameter| {
            let (candidate, value) = split_pair(parameter);
            names(candidate, name).then(|| decode_form(value))
        }))
    }

    /// The query without the parameters that `drop` names; `None` where it
    /// holds none of them.
    pub(crate) fn without(self, drop: &[&str]) -> Option<Vec<u8>> {
        let dropped = |piece: &'r [u8]| {
            parameters(piece).any(|parameter| {
                let (candidate, _) = split_pair(parameter);
                drop.iter().any(|name| names(candidate, name))
            })
        };
        if drop.is_empty() || !self.pieces().any(dropped) {
            return None;
        }
        let kept: Vec<&[u8]> = self.pieces().filter(|piece| !dropped(piece)).collect();
        Some(kept.join(&b'&'))
    }

    fn pieces(self) -> impl Iterator<Item = &'r [u8]> {
        split(self.0, b'&')
    }
}

/// The parameters that readers may find in one piece between `&`: the whole
/// piece, and what stands after each `;` in it.
fn parameters(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::once(piece).chain(split(piece, b';').skip(1))
}

fn split_pair(parameter: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = parameter.splitn(2, |&byte| byte == b'=');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

/// What stands between separators. A parameter may be a token, which is long.
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        let end = memchr(separator, text);
        rest = end.and_then(|end| text.get(end.saturating_add(1)..));
        text.get(..end.unwrap_or(text.len()))
    })
}

fn names(candidate: &[u8], name: &str) -> bool {
    match decode_form(candidate).strip_prefix(name.as_bytes()) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"["),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(query: &str, name: &str) -> Found<Vec<u8>> {
        Query::new(query.as_bytes()).find(name).map(Cow::into_owned)
    }

    #[test]
    fn a_parameter_is_found_by_its_decoded_name() {
        assert_eq!(find("a=1&t=acme", "t"), Found::Once(b"acme".to_vec()));
        assert_eq!(find("%74=ac%6de", "t"), Found::Once(b"acme".to_vec()));
        assert_eq!(find("tt=1&T=2", "t"), Found::Absent);
        assert_eq!(find("t", "t"), Found::Once(Vec::new()));
        assert_eq!(find("", "t"), Found::Absent);
    }

    #[test]
    fn array_spellings_count_as_the_name() {
        assert_eq!(find("t[]=a", "t"), Found::Once(b"a".to_vec()));
        assert_eq!(find("t%5B0%5D=a", "t"), Found::Once(b"a".to_vec()));
        assert_eq!(find("t=a&t[]=b", "t"), Found::Repeated);
    }

    #[test]
    fn a_name_after_a_semicolon_counts_too() {
        assert_eq!(find("x=1;t=globex", "t"), Found::Once(b"globex".to_vec()));
        assert_eq!(find("t=acme;t=globex", "t"), Found::Repeated);
        assert_eq!(find("t=acme;x", "t"), Found::Once(b"acme;x".to_vec()));
    }

    #[test]
    fn what_needs_no_decoding_is_not_copied() {
        let borrowed = |query| matches!(Query::new(query).find("t"), Found::Once(Cow::Borrowed(_)));
        assert!(borrowed(b"t=a.b-c_d"));
        assert!(!borrowed(b"t=a%2eb"));
    }

    #[test]
    fn named_parameters_are_removed_and_the_rest_stays_as_it_was() {
        let without = |query: &str| {
            Query::new(query.as_bytes())
                .without(&["key", "token"])
                .map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(without("a=%41&b"), None);
        assert_eq!(without("key=1&a=%41&&b"), Some("a=%41&&b".into()));
        assert_eq!(without("a=1&%6bey=x&token[]=y&c"), Some("a=1&c".into()));
        assert_eq!(without("key=1"), Some(String::new()));
        assert_eq!(without("a=1;key=2"), Some(String::new()));
    }
}
