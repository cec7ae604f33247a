//! Permissions under ceilings.
