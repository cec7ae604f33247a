//! Where a document lives: an absolute `https` or `http` URI.

use core::fmt;
use std::net::Ipv6Addr;

/// An absolute URI, in the parts that a request has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Uri {
    scheme: Scheme,
    /// Host and port, in lower case.
    authority: String,
    /// Path and query; at least `/`.
    target: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

/// Whether a text is a host, and after it a port or nothing (RFC 3986 section
/// 3.2).
fn is_authority(text: &str) -> bool {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let (is_host, rest) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (name, rest) = text.split_at_checked(end).unwrap_or_default();
            (!name.is_empty() && name.bytes().all(is_named), rest)
        }
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse().is_ok_and(|port: u16| port > 0)
    };
    is_host && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
}

impl Uri {
    /// Parses a URI; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const WHAT: &str =
            "must be an absolute URI with host and path, as https://idp.example.com/jwks";
        if text.len() > 2_048 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WHAT);
        }
        let (scheme, rest) = text.split_once("://").ok_or(WHAT)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err("must begin with https:// (or http:// in development)"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).ok_or(WHAT)?;
        if target.contains('#') {
            return Err("must have no fragment (#)");
        }
        if authority.contains('@') {
            return Err("must have no user or password in it");
        }
        if !is_authority(authority) {
            return Err(WHAT);
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
            target: format!("{slash}{target}"),
        })
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    pub(crate) fn scheme(&self) -> &'static str {
        match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Whether both are of one origin (RFC 6454 section 4): scheme, host and
    /// port.
    pub(crate) fn is_same_origin(&self, other: &Self) -> bool {
        let port = |uri: &Self| {
            let default = if uri.is_secure() { ":443" } else { ":80" };
            uri.authority.strip_suffix(default).unwrap_or(&uri.authority).to_owned()
        };
        self.scheme == other.scheme && port(self) == port(other)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_the_parts_that_a_request_has() {
        for (text, shown, authority, target) in [
            ("https://idp.example/jwks", "https://idp.example/jwks", "idp.example", "/jwks"),
            ("HTTPS://IdP.Example:8443", "https://idp.example:8443/", "idp.example:8443", "/"),
            ("http://[::1]:80/a?b=c/d", "http://[::1]:80/a?b=c/d", "[::1]:80", "/a?b=c/d"),
            ("https://a?b", "https://a/?b", "a", "/?b"),
        ] {
            let uri = Uri::parse(text).unwrap();
            assert_eq!(uri.to_string(), shown);
            assert_eq!((uri.authority(), uri.target()), (authority, target));
        }
    }

    #[test]
    fn what_is_no_place_to_fetch_from_is_refused() {
        for text in [
            "",
            "idp.example/jwks",
            "/jwks",
            "ftp://a/b",
            "https://",
            "https:///x",
            "https://:443/x",
            "https://user@a/x",
            "https://a/x#y",
            "https://a b/x",
            "https://a/x y",
            "https://a/\r\nx: y",
            "https://caf\u{e9}/",
            "https://a:zq/",
            "https://a:/",
            "https://a:0/",
            "https://a:65536/",
            "https://a:+80/",
            "https://a:80:80/",
            "https://[::1/",
            "https://[a]/",
            "https://::1/",
            "https://[::1]80/",
        ] {
            assert!(Uri::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same =
            |a: &str, b: &str| Uri::parse(a).unwrap().is_same_origin(&Uri::parse(b).unwrap());
        assert!(same("https://a/x", "https://A:443/y?z"));
        assert!(same("http://a:80/", "http://a/"));
        for other in ["http://a/x", "https://b/x", "https://a:8443/x", "https://a.b/x"] {
            assert!(!same("https://a/x", other), "{other}");
        }
    }
}
