//! The request as it came: headers as bytes, and the one reading of its
//! method, path, host and query that every rule is compared with.

pub(crate) mod authority;
pub(crate) mod cookie;
pub(crate) mod escape;
pub(crate) mod fold;
pub(crate) mod framing;
mod headers;
pub(crate) mod path;
pub(crate) mod query;

pub(crate) use headers::Found;
pub use headers::Headers;

use path::{Ambiguity, CanonicalPath, PathRules};
use query::Query;

/// What the rules look at: canonical path and host, method and query.
#[derive(Debug, Clone)]
pub(crate) struct Target<'r> {
    pub(crate) method: &'r str,
    pub(crate) path: CanonicalPath,
    pub(crate) host: String,
    pub(crate) query: Query<'r>,
}

impl<'r> Target<'r> {
    /// Reads the request's target; what could be read in two ways is refused.
    pub(crate) fn read(headers: &Headers<'r>, rules: PathRules) -> Result<Self, Ambiguity> {
        let Found::Once(method) = headers.find(b":method") else {
            return Err(Ambiguity::Missing);
        };
        let method = core::str::from_utf8(method).map_err(|_| Ambiguity::ControlByte)?;
        let Found::Once(raw) = headers.find(b":path") else {
            return Err(Ambiguity::Missing);
        };
        if raw.contains(&b'#') {
            return Err(Ambiguity::Fragment);
        }
        let (path, query) = split_query(raw);
        Ok(Self {
            method,
            path: CanonicalPath::parse(path, rules)?,
            host: host(headers)?,
            query: Query::new(query.unwrap_or_default()),
        })
    }
}

impl Target<'_> {
    /// Whether it is a CORS preflight (Fetch standard, section 3.2.2).
    pub(crate) fn is_preflight(&self, headers: &Headers<'_>) -> bool {
        // Proxies join repeated headers with commas: what is there twice isn't
        // a browser's.
        let one = |name: &[u8]| {
            let found = headers.find(name);
            matches!(found, Found::Once(value) if !value.is_empty() && !value.contains(&b','))
        };
        self.method == "OPTIONS" && one(b"origin") && one(b"access-control-request-method")
    }
}

/// The path and, behind the first `?`, the query.
pub(crate) fn split_query(raw: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut halves = raw.splitn(2, |&byte| byte == b'?');
    (halves.next().unwrap_or_default(), halves.next())
}

/// `:authority` and `host` name one host, where both are there.
fn host(headers: &Headers<'_>) -> Result<String, Ambiguity> {
    let mut names = headers.values(b":authority").chain(headers.values(b"host"));
    let first = names.next().ok_or(Ambiguity::Host)?;
    let host = authority::canonical_host(first).ok_or(Ambiguity::Host)?;
    for other in names {
        if authority::canonical_host(other).as_ref() != Some(&host) {
            return Err(Ambiguity::Host);
        }
    }
    Ok(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Target<'static>, Ambiguity> {
        let pairs = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        Target::read(&Headers::new(pairs), PathRules::default())
    }

    #[test]
    fn a_request_without_path_method_or_host_is_ambiguous() {
        let (method, path, host) =
            ((":method", "GET"), (":path", "/"), (":authority", "a.example"));
        assert!(read(&[method, path, host]).is_ok());
        assert_eq!(read(&[method, host]).err(), Some(Ambiguity::Missing));
        assert_eq!(read(&[path, host]).err(), Some(Ambiguity::Missing));
        assert_eq!(read(&[method, path]).err(), Some(Ambiguity::Host));
    }

    #[test]
    fn two_hosts_are_ambiguous_unless_they_are_one() {
        let base = [(":method", "GET"), (":path", "/"), (":authority", "a.example")];
        let with = |host| read(&[base[0], base[1], base[2], ("host", host)]);
        assert!(with("A.example:80").is_ok());
        assert_eq!(with("b.example").err(), Some(Ambiguity::Host));
    }

    #[test]
    fn a_fragment_is_refused_wherever_it_stands() {
        for path in ["/a#b", "/a?x#y", "/a#?x"] {
            let target = read(&[(":method", "GET"), (":path", path), (":authority", "h")]);
            assert_eq!(target.err(), Some(Ambiguity::Fragment), "{path}");
        }
    }

    #[test]
    fn a_preflight_names_one_origin_and_one_method() {
        let preflight = |origin: &str, method: &str| {
            let pairs = [
                (":method", "OPTIONS"),
                (":path", "/"),
                (":authority", "h"),
                ("origin", origin),
                ("access-control-request-method", method),
            ];
            let pairs = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
            let headers = Headers::new(pairs);
            Target::read(&headers, PathRules::default()).unwrap().is_preflight(&headers)
        };
        assert!(preflight("https://a.example", "PUT"));
        assert!(preflight("null", "PUT"));
        for (origin, method) in
            [("", "PUT"), ("null", ""), ("null", "PUT,GET"), ("https://a.example,null", "PUT")]
        {
            assert!(!preflight(origin, method), "{origin} {method}");
        }
    }

    #[test]
    fn the_query_is_no_part_of_the_path() {
        let target =
            read(&[(":method", "GET"), (":path", "/a?b=/../c//"), (":authority", "h")]).unwrap();
        assert_eq!(target.path.as_str(), "/a");
    }
}
