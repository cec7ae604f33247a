//! Percent-encoding (RFC 3986 section 2.1).

use std::borrow::Cow;

use memchr::memchr2;

/// The byte that two hexadecimal digits name.
pub(crate) fn byte(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let value = digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?;
    u8::try_from(value).ok()
}

/// Appends a byte as two upper-case hexadecimal digits.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 0x0f] {
        let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
        text.push(digit.to_ascii_uppercase());
    }
}

/// Decodes a form value (`application/x-www-form-urlencoded`) once: `+` is a
/// space; a `%` that starts no escape stands for itself.
pub(crate) fn decode_form(raw: &[u8]) -> Cow<'_, [u8]> {
    // Tokens have neither, and are long.
    if memchr2(b'%', b'+', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        decoded.push(match first {
            b'+' => b' ',
            b'%' => match byte(after.first().copied(), after.get(1).copied()) {
                Some(value) => {
                    rest = after.get(2..).unwrap_or_default();
                    value
                }
                None => b'%',
            },
            other => other,
        });
    }
    decoded.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_value_is_decoded_once() {
        assert_eq!(decode_form(b"a+b%2Bc"), &b"a b+c"[..]);
        assert_eq!(decode_form(b"%2541"), &b"%41"[..]);
        assert_eq!(decode_form(b"100%"), &b"100%"[..]);
        assert_eq!(decode_form(b"%zz%4"), &b"%zz%4"[..]);
    }
}
