//! Name and value pairs as proxy-wasm serialises them: their number, the sizes
//! of all, then all texts, each with a NUL behind it. Numbers are 32 bits,
//! little-endian.

/// Names and values, borrowed from a buffer.
pub(super) type Pairs<'b> = Vec<(&'b [u8], &'b [u8])>;

/// The pairs of a buffer; `None` where it isn't what a host writes.
pub(super) fn parse(buffer: &[u8]) -> Option<Pairs<'_>> {
    if buffer.is_empty() {
        return Some(Vec::new());
    }
    let (count, rest) = number(buffer)?;
    let table = count.checked_mul(8)?;
    let (mut sizes, mut texts) = rest.split_at_checked(table)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let (name_size, after) = number(sizes)?;
        let (value_size, after) = number(after)?;
        sizes = after;
        let (name, after) = text(texts, name_size)?;
        let (value, after) = text(after, value_size)?;
        texts = after;
        pairs.push((name, value));
    }
    Some(pairs)
}

/// A buffer of pairs.
pub(super) fn serialise(pairs: &[(&str, &str)]) -> Vec<u8> {
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let size = pairs.iter().map(|(name, value)| name.len().saturating_add(value.len()));
    let size = size.fold(4usize, |sum, size| sum.saturating_add(size).saturating_add(10));
    let mut buffer = Vec::with_capacity(size);
    buffer.extend(number(pairs.len()));
    for (name, value) in pairs {
        buffer.extend(number(name.len()));
        buffer.extend(number(value.len()));
    }
    for (name, value) in pairs {
        for text in [name, value] {
            buffer.extend(text.as_bytes());
            buffer.push(0);
        }
    }
    buffer
}

fn number(buffer: &[u8]) -> Option<(usize, &[u8])> {
    let (bytes, rest) = buffer.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*bytes)).ok()?, rest))
}

fn text(buffer: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = buffer.split_at_checked(size)?;
    match rest.split_first() {
        Some((0, rest)) => Some((text, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_again() {
        let pairs = [("a", "1"), ("b", ""), ("", "x")];
        let buffer = serialise(&pairs);
        let read = parse(&buffer).unwrap();
        let bytes: Vec<_> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        assert_eq!(read, bytes);
        assert_eq!(parse(b""), Some(Vec::new()));
    }

    #[test]
    fn a_buffer_that_lies_about_its_sizes_is_refused() {
        let good = serialise(&[("name", "value")]);
        for cut in 1..good.len() {
            assert_eq!(parse(&good[..cut]), None, "cut at {cut}");
        }
        for place in 0..12 {
            let mut bad = good.clone();
            bad[place] = 0xff;
            assert_eq!(parse(&bad), None, "lie at {place}");
        }
    }

    proptest! {
        #[test]
        fn no_buffer_makes_it_panic(buffer: Vec<u8>) {
            let _ = parse(&buffer);
        }
    }
}
