//! Headers that belong to the message's framing, to one connection or to the
//! proxy, and to nobody else.

use super::fold::fold;

/// Setting or removing one would break a message or forge what the proxy says
/// (RFC 9110 sections 6.5.1, 7.6.1 and 10.1, RFC 9113 section 8.2.2).
const NAMES: [&str; 14] = [
    "host",
    "connection",
    "content-length",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "forwarded",
];

/// Whether a name is one of them, in any spelling.
pub(crate) fn is_framing(name: &[u8]) -> bool {
    let folded = fold(name);
    NAMES.iter().any(|known| folded == known.as_bytes())
}
