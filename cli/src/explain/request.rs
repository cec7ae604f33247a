//! The request that is explained.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use tenant_guard::Headers;

use super::ExplainArgs;

/// A request's headers, in order; pseudo-headers first.
#[derive(Default)]
pub(super) struct Request(Vec<(Vec<u8>, Vec<u8>)>);

impl Request {
    /// From arguments, with the headers of files.
    ///
    /// # Errors
    /// Where a file can't be read, or something is no header or URL. What was
    /// given isn't repeated: it may be a credential.
    pub(super) fn read(args: &ExplainArgs, input: &mut dyn Read) -> anyhow::Result<Self> {
        let mut headers = Self::default();
        for header in &args.headers {
            match header.strip_prefix('@') {
                None => headers.add(header.as_bytes()).context("-H")?,
                Some("-") => {
                    let mut lines = Vec::new();
                    input.read_to_end(&mut lines).context("standard input")?;
                    headers.add_lines(&lines).context("standard input")?;
                }
                Some(file) => {
                    let lines = fs::read(Path::new(file)).with_context(|| file.to_owned())?;
                    headers.add_lines(&lines).with_context(|| file.to_owned())?;
                }
            }
        }
        let (scheme, authority, path) = split_url(&args.url)?;
        // A proxy sees one host: clients send Host in place of the URL's.
        let named = headers.0.iter().position(|(name, _)| name == b"host");
        let authority = match (named, authority) {
            (Some(host), _) => headers.0.remove(host).1,
            (None, Some(authority)) => authority.as_bytes().to_vec(),
            (None, None) => b"localhost".to_vec(),
        };
        let mut request = Self(vec![
            (b":method".to_vec(), args.method.as_bytes().to_vec()),
            (b":scheme".to_vec(), scheme.as_bytes().to_vec()),
            (b":authority".to_vec(), authority),
            (b":path".to_vec(), path.as_bytes().to_vec()),
        ]);
        request.0.append(&mut headers.0);
        Ok(request)
    }

    /// The headers.
    pub(super) fn headers(&self) -> Headers<'_> {
        Headers::new(self.0.iter().map(|(name, value)| (&name[..], &value[..])).collect())
    }

    /// Header lines as a request has them; empty lines are passed over.
    fn add_lines(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let lines = lines.split(|&byte| byte == b'\n').enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let number = index.saturating_add(1);
            self.add(line.strip_suffix(b"\r").unwrap_or(line))
                .with_context(|| format!("line {number}"))?;
        }
        Ok(())
    }

    fn add(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let mut halves = line.splitn(2, |&byte| byte == b':');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next());
        let Some(value) = value else {
            bail!("a header must be NAME: VALUE, or @FILE for a file of such lines");
        };
        // RFC 9110 section 5.1.
        let is_token =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        if name.is_empty() || !name.iter().all(is_token) {
            bail!("a header's name must be a token (letters, digits, -)");
        }
        if value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
            bail!("a header's value must be one line");
        }
        self.0.push((name.to_ascii_lowercase(), value.trim_ascii().to_vec()));
        Ok(())
    }
}

/// Scheme, authority (where there is one) and path with query, verbatim.
fn split_url(url: &str) -> anyhow::Result<(&str, Option<&str>, &str)> {
    if url.starts_with('/') {
        return Ok(("http", None, url));
    }
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        _ => bail!("the URL must begin with https://, http:// or /"),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // A client makes `/` of no path; before a query it doesn't stand by itself.
    Ok((scheme, Some(authority), if path.is_empty() { "/" } else { path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_never_changed() {
        for (url, scheme, authority, path) in [
            ("/a//b/../c%2F?x=%41", "http", None, "/a//b/../c%2F?x=%41"),
            ("https://API.example.com:8443/a?b", "https", Some("API.example.com:8443"), "/a?b"),
            ("http://h", "http", Some("h"), "/"),
            ("http://h?x", "http", Some("h"), "?x"),
        ] {
            assert_eq!(split_url(url).unwrap(), (scheme, authority, path), "{url}");
        }
        assert!(split_url("api.example.com/x").is_err());
        assert!(split_url("ftp://h/x").is_err());
    }

    #[test]
    fn headers_keep_order_and_repetition_and_lose_what_envoy_takes() {
        let mut request = Request::default();
        request.add_lines(b"X-A:  one \r\n\r\nx-b: two: three\nX-a:four\nempty:\n").unwrap();
        let told: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(n, v)| (String::from_utf8_lossy(n).into(), String::from_utf8_lossy(v).into()))
            .collect();
        let pairs = [("x-a", "one"), ("x-b", "two: three"), ("x-a", "four"), ("empty", "")];
        assert_eq!(told, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_header_is_an_error_that_does_not_repeat_it() {
        for bad in ["secret", ": secret", "a b: secret", "a: secret\0", ":path: secret"] {
            let error = Request::default().add(bad.as_bytes()).unwrap_err();
            assert!(!format!("{error:#}").contains("secret"), "{bad}");
        }
    }
}
