//! What one worker remembers between requests.

use crate::jwt::TokenCache;

/// What one worker remembers between requests: it makes decisions cheaper, and
/// none different.
#[derive(Debug)]
pub struct Memory {
    /// Tokens that were verified.
    pub(crate) tokens: TokenCache,
}

impl Memory {
    /// Remembers at most so many tokens, of so many bytes (roughly); none of
    /// either is none.
    pub(crate) fn new(tokens: usize, bytes: usize) -> Self {
        Self { tokens: TokenCache::new(tokens, bytes) }
    }

    /// How many tokens are remembered.
    pub fn tokens(&self) -> usize {
        self.tokens.len()
    }
}
