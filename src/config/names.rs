//! Header names: which the document may use, and for what.

use super::node::Node;
use super::shape::{Form, HowMany};
use crate::credential::{Location, Source};
use crate::request::fold::fold;
use crate::request::framing::is_framing;

/// RFC 9110 section 5.6.2: what header names and methods are made of.
pub(super) fn is_token(text: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    text.bytes().all(in_token)
}

/// A header name, in lower case (RFC 9110 section 5.6.2).
pub(super) fn header(node: Node<'_, '_>) -> Option<String> {
    let text = node.some(Form::HeaderName)?;
    if text.starts_with(':') {
        return node.error("is a pseudo-header, which the proxy needs as it is");
    }
    if !is_token(text) {
        return node.error("is no header name");
    }
    if !text.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return node.error("is a header name without a letter or digit");
    }
    Some(text.to_ascii_lowercase())
}

/// A header that the guard may set or remove for its own purposes.
pub(super) fn own_header(node: Node<'_, '_>) -> Option<String> {
    let name = header(node)?;
    let folded = fold(name.as_bytes());
    if is_framing(name.as_bytes()) {
        return node.error("is a host, framing or connection header; use a name of your own");
    }
    if folded.starts_with(b"x-forwarded-") || folded.starts_with(b"x-envoy-") {
        return node.error("is a header of the proxy itself; use a name of your own");
    }
    Some(name)
}

/// A header that tells the application something: none that has a meaning of
/// its own.
pub(super) fn identity_header(node: Node<'_, '_>) -> Option<String> {
    let name = own_header(node)?;
    let folded = fold(name.as_bytes());
    let taken = ["content-type", "cookie", "x-request-id"].iter().copied().chain(ALWAYS_STRIPPED);
    if taken.into_iter().any(|known| folded == known.as_bytes()) {
        return node.error("has a meaning of its own; use a name of your own");
    }
    Some(name)
}

/// Headers by which a client could ask for another path or method than the
/// one that was checked.
pub(super) const ALWAYS_STRIPPED: [&str; 5] = [
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// An entry of `from`: exactly one of header, cookie and query.
pub(super) fn source(node: Node<'_, '_>) -> Option<Source> {
    let object = node.object("source")?;
    let header = object.field("header", |node| match own_header(node)?.as_str() {
        "cookie" => node.error("is read by name: {cookie: NAME}"),
        name => Some(Location::Header(name.to_owned())),
    });
    let cookie =
        object.field("cookie", |node| node.some_text()).map(|n| Location::Cookie(n.into()));
    let query = object.field("query", |node| node.some_text()).map(|n| Location::Query(n.into()));
    let scheme = object.field("scheme", |node| match node.some(Form::Scheme)? {
        scheme if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            Some(scheme.to_owned())
        }
        _ => node.error("is no authentication scheme: letters, digits and -"),
    });
    let places = object.count_for(HowMany::ExactlyOne, &["header", "cookie", "query"]);
    let scheme_elsewhere = object.has("scheme") && !object.has("header");
    object.close();
    if places != 1 {
        return node.error("must name exactly one of header, cookie and query");
    }
    if scheme_elsewhere {
        return node.error("scheme goes with header only");
    }
    let location = header.or(cookie).or(query)?;
    Some(Source { location, scheme })
}

/// All entries of `from`, each once.
pub(super) fn sources(node: Node<'_, '_>) -> Option<Vec<Source>> {
    let sources = node.some_list(source)?;
    for (index, source) in sources.iter().enumerate() {
        let same = |other: &&Source| {
            other.location == source.location
                && other.scheme.as_ref().map(|s| s.to_ascii_lowercase())
                    == source.scheme.as_ref().map(|s| s.to_ascii_lowercase())
        };
        if sources.iter().skip(index.saturating_add(1)).any(|other| same(&other)) {
            return node.error("names one place twice");
        }
    }
    Some(sources)
}
