//! What is fetched: from where, how often, and how long it holds.

use core::fmt;

use sha2::{Digest, Sha256};

use super::SourceId;
use super::uri::Uri;

/// A document that lives elsewhere.
#[derive(Clone, PartialEq)]
pub struct Source {
    id: SourceId,
    /// For logs: whose keys they are, or the directory.
    pub(crate) label: String,
    pub(crate) content: Content,
    pub(crate) cluster: String,
    pub(crate) uri: Uri,
    /// Request headers besides those that every request has. Secrets.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) timing: Timing,
    pub(crate) max_bytes: usize,
    /// A fetched tenant says where it is, and nobody of the document.
    pub(super) is_tenants: bool,
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A key set.
    Keys,
    /// An OpenID configuration, which says where the key set is.
    Discovery {
        /// The issuer that it must be of.
        issuer: String,
        /// The cluster of the key set, where that may be of another origin.
        jwks_cluster: Option<String>,
        /// Whether the key set may be at an `http:` URI.
        insecure: bool,
    },
    /// The tenants.
    Directory,
}

/// Seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Timing {
    /// How old it may get before it is fetched again.
    pub(crate) refresh: f64,
    /// How long an answer may take, and a request waits for it.
    pub(crate) timeout: f64,
    /// How old it may get before nothing relies on it.
    pub(crate) max_stale: f64,
    /// Between fetches that requests ask for.
    pub(crate) cooldown: f64,
}

fn identify(text: &str) -> SourceId {
    let digest = Sha256::digest(text);
    let (first, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    SourceId(u64::from_be_bytes(*first))
}

impl Source {
    pub(crate) fn new(
        label: String,
        content: Content,
        (cluster, uri): (String, Uri),
        headers: Vec<(String, String)>,
        timing: Timing,
        max_bytes: usize,
    ) -> Self {
        let kind = match &content {
            Content::Keys => "keys".to_owned(),
            Content::Discovery { issuer, jwks_cluster, .. } => {
                format!("discovery\0{issuer}\0{}", jwks_cluster.as_deref().unwrap_or_default())
            }
            Content::Directory => "directory".to_owned(),
        };
        let id = identify(&format!("{kind}\0{cluster}\0{uri}"));
        Self { id, label, content, cluster, uri, headers, timing, max_bytes, is_tenants: false }
    }

    /// Whose keys they are, for metrics.
    pub fn subject(&self) -> &str {
        self.label.strip_prefix("keys of ").unwrap_or(&self.label)
    }

    /// The same, with another label.
    pub(crate) fn labelled(self, label: &str) -> Self {
        Self { label: label.to_owned(), ..self }
    }

    /// The same for a fetched tenant: nothing that it says changes how others'
    /// keys are fetched, be they in the same place.
    pub(crate) fn of_tenants(self) -> Self {
        let Timing { refresh, timeout, max_stale, cooldown } = self.timing;
        let id = self.id.0;
        let timing = format!("{refresh}\0{timeout}\0{max_stale}\0{cooldown}");
        Self { id: identify(&format!("tenants\0{id:016x}\0{timing}")), is_tenants: true, ..self }
    }

    /// The same for the same document, whatever else is said of it.
    pub(crate) fn id(&self) -> SourceId {
        self.id
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.content == Content::Directory
    }

    /// For the same document by another's rules: the stricter of both.
    pub(crate) fn tighten(&mut self, other: &Self) {
        let (own, other) = (&mut self.timing, &other.timing);
        own.refresh = own.refresh.min(other.refresh);
        own.max_stale = own.max_stale.min(other.max_stale);
        own.cooldown = own.cooldown.max(other.cooldown);
        own.timeout = own.timeout.max(other.timeout);
    }

    /// How many requests a fetch takes, at most.
    pub(super) fn steps(&self) -> f64 {
        if matches!(self.content, Content::Discovery { .. }) { 2.0 } else { 1.0 }
    }
}

/// Without the headers, which hold secrets.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} at {} by {})", self.label, self.uri, self.cluster)
    }
}
