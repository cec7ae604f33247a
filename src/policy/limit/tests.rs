//! Limits as charges.
