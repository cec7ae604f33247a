//! A request for a document, sent through the proxy.

use super::record::Lease;
use super::source::{Content, Source};
use super::store::Store;
use super::uri::Uri;
use crate::host::HostError;

/// Who sends requests.
pub trait Network: Store {
    /// Sends a GET request with these headers (pseudo-headers first) to a
    /// cluster, and gives the token that its answer will have. `timeout` is in
    /// seconds.
    ///
    /// # Errors
    /// When it can't be sent.
    fn get(&self, cluster: &str, headers: &[(&str, &str)], timeout: f64) -> Result<u32, HostError>;
}

/// A request that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) token: u32,
    pub(super) step: Step,
    pub(super) lease: Lease,
    /// Whether "not modified" is an answer to it.
    pub(super) is_conditional: bool,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Where the document is.
    Discovery,
    /// The document.
    Document,
}

impl Call {
    /// Sends a request for what a source has, or for what is at another place
    /// that the source told of.
    ///
    /// # Errors
    /// Why it can't be sent, for the log.
    pub(super) fn start(
        source: &Source,
        step: Step,
        place: Option<(String, Uri)>,
        etag: Option<String>,
        lease: Lease,
        network: &dyn Network,
    ) -> Result<Self, String> {
        let (cluster, uri) = match &place {
            Some((cluster, uri)) => (cluster, uri),
            None => (&source.cluster, &source.uri),
        };
        let mut headers = vec![
            (":method", "GET"),
            (":scheme", uri.scheme()),
            (":authority", uri.authority()),
            (":path", uri.target()),
            ("accept", "application/json"),
            ("user-agent", concat!("tenant-guard/", env!("CARGO_PKG_VERSION"))),
        ];
        // Secrets go where the document says, and nowhere else.
        if place.is_none() {
            let own = source.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            headers.retain(|(name, _)| !own.clone().any(|(known, _)| known == *name));
            headers.extend(own);
        }
        headers.extend(etag.as_deref().map(|etag| ("if-none-match", etag)));
        let sent = network.get(cluster, &headers, source.timing.timeout);
        let token = sent.map_err(|error| match error.status {
            2 => format!("the proxy has no cluster {cluster}, or it isn't ready"),
            status => format!("host call {} answered {status}", error.call),
        })?;
        Ok(Self { token, step, lease, is_conditional: etag.is_some() })
    }
}

impl Step {
    /// Tells with which of several requests of a fetch something is wrong.
    pub(super) fn tell(self, source: &Source, why: &str) -> String {
        match (self, &source.content) {
            (Self::Discovery, _) => format!("OpenID configuration: {why}"),
            (Self::Document, Content::Discovery { .. }) => format!("key set: {why}"),
            (Self::Document, Content::Keys | Content::Directory) => why.to_owned(),
        }
    }
}
