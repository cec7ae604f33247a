//! Header names as applications may read them.
//!
//! CGI, WSGI and their kin turn `X-Tenant-Id` into `HTTP_X_TENANT_ID`, and with
//! it `X_Tenant_Id`, `X.Tenant.Id` and every other spelling with punctuation.
//! So a name is compared folded: lower-case, each character that is no letter
//! or digit read as `-`.

/// The folded form of a header name.
pub(crate) fn fold(name: &[u8]) -> Vec<u8> {
    name.iter().map(|&byte| fold_byte(byte)).collect()
}

fn fold_byte(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

/// A set of header names that holds every spelling of its members.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoldedNames {
    sorted: Vec<Box<[u8]>>,
    /// A bit for each length that a name has: most headers are told by theirs.
    lengths: u64,
}

/// The bit of a length. Long ones share theirs.
fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

impl FoldedNames {
    /// Adds a name; `false` where a name that folds alike is there already.
    pub(crate) fn insert(&mut self, name: &[u8]) -> bool {
        let folded = fold(name);
        self.lengths |= length_bit(name);
        match self.sorted.binary_search_by(|known| (**known).cmp(&folded)) {
            Ok(_) => false,
            Err(place) => {
                self.sorted.insert(place, folded.into());
                true
            }
        }
    }

    /// Whether some spelling of `name` is in the set. Pseudo-headers never
    /// are: no client can spell one, and proxies can't live without them.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        self.lengths & length_bit(name) != 0
            && !name.starts_with(b":")
            && self
                .sorted
                .binary_search_by(|known| {
                    known.iter().copied().cmp(name.iter().map(|&b| fold_byte(b)))
                })
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_punctuation_character_of_a_token_folds_alike() {
        let mut names = FoldedNames::default();
        assert!(names.insert(b"X-Tenant-Id"));
        for mark in "!#$%&'*+-.^_`|~".chars() {
            let name = format!("x{mark}TENANT{mark}id");
            assert!(names.contains(name.as_bytes()), "{name}");
            assert!(!names.insert(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn other_names_and_pseudo_headers_are_left_alone() {
        let mut names = FoldedNames::default();
        names.insert(b"x-tenant-id");
        names.insert(b"-path");
        assert!(!names.contains(b"x-tenant"));
        assert!(!names.contains(b"xtenantid"));
        assert!(!names.contains(b":path"));
    }
}
