//! A header map as Envoy keeps it: ordered, with duplicates, names in lower case.

/// Headers or trailers, as bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(Vec<u8>, Vec<u8>)>);

impl Headers {
    /// From text pairs.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.add(name.as_bytes(), value.as_bytes());
        }
        headers
    }

    /// The first value.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n == name.as_bytes()).map(|(_, v)| v.as_slice())
    }

    /// The first value as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|v| String::from_utf8_lossy(v).into_owned())
    }

    /// Every value, as text.
    pub fn all(&self, name: &str) -> Vec<String> {
        let name = name.as_bytes();
        self.0
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| String::from_utf8_lossy(v).into_owned())
            .collect()
    }

    /// Appends.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        self.0.push((name.to_ascii_lowercase(), value.to_vec()));
    }

    /// Replaces every value, as Envoy's `setCopy`.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        let lower = name.to_ascii_lowercase();
        let mut kept = false;
        self.0.retain_mut(|(n, v)| {
            if *n != lower {
                return true;
            }
            if kept {
                return false;
            }
            kept = true;
            *v = value.to_vec();
            true
        });
        if !kept {
            self.0.push((lower, value.to_vec()));
        }
    }

    /// Removes every value; fine when there is none.
    pub fn remove(&mut self, name: &[u8]) {
        let lower = name.to_ascii_lowercase();
        self.0.retain(|(n, _)| *n != lower);
    }

    /// The same headers, sorted: for comparisons in which order doesn't count.
    pub fn sorted(&self) -> Self {
        let mut pairs = self.0.clone();
        pairs.sort();
        Self(pairs)
    }

    /// The ABI's encoding: count, lengths, then names and values with a NUL after each.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = (self.0.len() as u32).to_le_bytes().to_vec();
        for (name, value) in &self.0 {
            out.extend((name.len() as u32).to_le_bytes());
            out.extend((value.len() as u32).to_le_bytes());
        }
        for (name, value) in &self.0 {
            out.extend(name);
            out.push(0);
            out.extend(value);
            out.push(0);
        }
        out
    }

    /// Reads the ABI's encoding, strictly: what a guest sends must be whole.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let word = |at: usize| {
            Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize)
        };
        let count = word(0)?;
        let mut at = 4 + count.checked_mul(8)?;
        let mut pairs = Vec::new();
        for index in 0..count {
            let mut part = |offset: usize| {
                let length = word(4 + index * 8 + offset)?;
                let text = bytes.get(at..at.checked_add(length)?)?.to_vec();
                at += length + 1;
                (bytes.get(at - 1) == Some(&0)).then_some(text)
            };
            pairs.push((part(0)?, part(4)?));
        }
        Some(Self(pairs))
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(
                self.0
                    .iter()
                    .map(|(n, v)| (String::from_utf8_lossy(n), String::from_utf8_lossy(v))),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_back() {
        let headers = Headers::of(&[("a", "1"), ("A", ""), ("b", "x")]);
        assert_eq!(Headers::decode(&headers.encode()), Some(headers.clone()));
        assert_eq!(Headers::decode(&headers.encode()[..9]), None);
        assert_eq!(headers.all("a"), ["1", ""]);
    }

    #[test]
    fn set_replaces_all_duplicates() {
        let mut headers = Headers::of(&[("a", "1"), ("b", "2"), ("a", "3")]);
        headers.set(b"A", b"9");
        assert_eq!(headers, Headers::of(&[("a", "9"), ("b", "2")]));
    }
}
