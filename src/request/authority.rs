//! The host that a request names.

/// The host in lower case, without port and final dot; `None` where it isn't
/// one host name or address (RFC 3986 section 3.2.2), user information
/// included.
pub(crate) fn canonical_host(raw: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(raw).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: core::net::Ipv6Addr = address.parse().ok()?;
        return is_port(port).then(|| format!("[{address}]"));
    }
    let name = match text.split_once(':') {
        Some((name, port)) => is_digits(port).then_some(name)?,
        None => text,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    is_name(name).then(|| name.to_ascii_lowercase())
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(is_digits)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Labels of letters, digits, hyphens and underscores (which occur in
/// practice); none is empty.
pub(crate) fn is_name(name: &str) -> bool {
    let mut in_label = false;
    for byte in name.bytes() {
        in_label = match byte {
            b'.' if in_label => false,
            b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
            _ => return false,
        };
    }
    in_label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_spelling() {
        for raw in
            ["Example.COM", "example.com.", "example.com:443", "EXAMPLE.com.:8080", "example.com:"]
        {
            assert_eq!(canonical_host(raw.as_bytes()).as_deref(), Some("example.com"), "{raw}");
        }
        assert_eq!(canonical_host(b"[::0:1]:80").as_deref(), Some("[::1]"));
        assert_eq!(
            canonical_host(b"xn--bcher-kva.example").as_deref(),
            Some("xn--bcher-kva.example")
        );
    }

    #[test]
    fn what_is_no_single_host_is_refused() {
        for raw in [
            "",
            ".",
            "a..b",
            "user@a",
            "a/b?x=",
            "a:b",
            "a:80:90",
            "a b",
            "b\u{fc}cher",
            "[::1",
            "[x]",
            "[::1]x",
            ".a",
            "a\0",
            "a%2eb",
        ] {
            assert_eq!(canonical_host(raw.as_bytes()), None, "{raw}");
        }
    }
}
