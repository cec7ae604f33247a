//! Inclusion of roles.
