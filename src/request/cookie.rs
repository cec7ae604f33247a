//! Cookies by name, and a Cookie header without some of them (RFC 6265
//! section 4.2). HTTP/2 may split them over several headers.

use super::headers::{Found, Headers};

/// The value of a cookie that may be there once.
pub(crate) fn find<'r>(headers: &Headers<'r>, name: &str) -> Found<&'r [u8]> {
    Found::among(
        cookies(headers).filter(|cookie| cookie.name == name.as_bytes()).map(|cookie| cookie.value),
    )
}

/// All cookies but those that `drop` names, as one header value; `None` where
/// it holds none of them.
pub(crate) fn without(headers: &Headers<'_>, drop: &[&str]) -> Option<Vec<u8>> {
    let dropped = |name: &[u8]| drop.iter().any(|candidate| candidate.as_bytes() == name);
    if !cookies(headers).any(|cookie| dropped(cookie.name)) {
        return None;
    }
    let kept: Vec<&[u8]> = cookies(headers)
        .filter(|cookie| !dropped(cookie.name))
        .map(|cookie| cookie.whole)
        .collect();
    Some(kept.join(&b"; "[..]))
}

struct Cookie<'r> {
    whole: &'r [u8],
    name: &'r [u8],
    value: &'r [u8],
}

fn cookies<'r>(headers: &Headers<'r>) -> impl Iterator<Item = Cookie<'r>> {
    headers
        .values(b"cookie")
        .flat_map(|value| value.split(|&byte| byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
        .map(|whole| {
            let mut halves = whole.splitn(2, |&byte| byte == b'=');
            let name = halves.next().unwrap_or_default().trim_ascii();
            let value = halves.next().unwrap_or_default().trim_ascii();
            Cookie { whole, name, value: unquote(value) }
        })
}

fn unquote(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers<'r>(values: &[&'r str]) -> Headers<'r> {
        Headers::new(values.iter().map(|v| (&b"cookie"[..], v.as_bytes())).collect())
    }

    #[test]
    fn a_cookie_is_found_in_any_of_the_headers() {
        let split = headers(&["a=1; b=2", "session=\"x.y.z\""]);
        assert_eq!(find(&split, "session"), Found::Once(&b"x.y.z"[..]));
        assert_eq!(find(&split, "Session"), Found::Absent);
        let twice = headers(&["s=1; s=2"]);
        assert_eq!(find(&twice, "s"), Found::Repeated);
        let apart = headers(&["s=1", "s=1"]);
        assert_eq!(find(&apart, "s"), Found::Repeated);
    }

    #[test]
    fn the_other_cookies_stay() {
        let all = headers(&["a=1; session=x;b=2", "c=3"]);
        assert_eq!(without(&all, &["session"]).unwrap(), b"a=1; b=2; c=3");
        assert_eq!(without(&all, &["other"]), None);
        assert_eq!(without(&headers(&["session=x"]), &["session"]).unwrap(), b"");
    }
}
