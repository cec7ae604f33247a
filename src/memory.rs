//! What one worker remembers between requests.

use crate::api_key::RecentKeys;
use crate::jwt::TokenCache;
use crate::policy::limit::Purses;

/// What one worker remembers between requests: it makes decisions cheaper, and
/// none different but at the very end of a large limit ([`Purses`]).
#[derive(Debug)]
pub struct Memory {
    /// Tokens that were verified.
    pub(crate) tokens: TokenCache,
    /// API keys that were presented lately.
    pub(crate) keys: RecentKeys,
    /// What it may let in of large limits without asking again.
    pub(crate) purses: Purses,
}

impl Memory {
    /// Remembers at most so many tokens, of so many bytes (roughly); none of
    /// either is none.
    pub(crate) fn new(tokens: usize, bytes: usize) -> Self {
        Self {
            tokens: TokenCache::new(tokens, bytes),
            keys: RecentKeys::default(),
            purses: Purses::default(),
        }
    }

    /// How many tokens are remembered.
    pub fn tokens(&self) -> usize {
        self.tokens.len()
    }
}
