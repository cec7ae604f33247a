//! What happens while documents are fetched.

use crate::audit::AuditLevel;
use crate::host::HostError;

/// What happened, for logs and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A line for the log.
    Log(AuditLevel, String),
    /// A fetch began; of the directory, or of keys.
    Fetched {
        /// Of the directory.
        directory: bool,
    },
    /// A fetch failed.
    Failed {
        /// Of the directory.
        directory: bool,
    },
}

impl Event {
    /// The host failed.
    pub(super) fn failure(label: &str, error: HostError) -> Self {
        let line =
            format!("tenant_guard: {label}: host call {} answered {}", error.call, error.status);
        Self::Log(AuditLevel::Error, line)
    }
}
