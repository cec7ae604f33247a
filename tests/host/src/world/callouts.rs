//! The HTTP calls that the guest makes to others.

use std::collections::BTreeSet;
use std::time::Duration;

use super::World;
use crate::{Headers, status};

/// An HTTP call in flight: nobody has answered it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// What [`Host::answer`](crate::Host::answer) and [`Host::fail`](crate::Host::fail) take.
    pub token: u32,
    /// Whom it is to.
    pub cluster: String,
    /// `:method`.
    pub method: String,
    /// `:path`.
    pub path: String,
    /// `:authority`.
    pub authority: String,
    /// All headers, these three among them.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Headers,
    /// How long the guest is ready to wait.
    pub timeout: Duration,
    pub(crate) root: u32,
}

/// The calls in flight, and where calls may go.
#[derive(Default)]
pub(crate) struct Callouts {
    pub(crate) clusters: BTreeSet<String>,
    pub(crate) in_flight: Vec<HttpCall>,
    /// Headers and body, while the guest is told of them.
    pub(crate) response: Option<(Headers, Vec<u8>)>,
    last: u32,
}

impl Callouts {
    /// Ends what this root waits for. Nobody is told.
    pub(crate) fn cancel(&mut self, root: u32) {
        self.in_flight.retain(|call| call.root != root);
    }

    pub(crate) fn take(&mut self, token: u32) -> Option<HttpCall> {
        let at = self.in_flight.iter().position(|call| call.token == token)?;
        Some(self.in_flight.remove(at))
    }
}

impl World {
    /// Whoever calls, the call is its root's: that is told the answer.
    pub(crate) fn http_call(
        &mut self,
        cluster: &[u8],
        headers: Headers,
        body: Vec<u8>,
        trailers: Headers,
        timeout: u32,
    ) -> Result<u32, u32> {
        self.about(cluster);
        let cluster = String::from_utf8_lossy(cluster).into_owned();
        let header = |name| headers.text(name).ok_or(status::BAD_ARGUMENT);
        let (method, path, authority) =
            (header(":method")?, header(":path")?, header(":authority")?);
        let root = self.root().ok_or(status::BAD_ARGUMENT)?;
        if !self.callouts.clusters.contains(&cluster) || timeout > i32::MAX as u32 {
            return Err(status::BAD_ARGUMENT);
        }
        self.callouts.last += 1;
        let token = self.callouts.last;
        let timeout = Duration::from_millis(u64::from(timeout));
        self.callouts.in_flight.push(HttpCall {
            token,
            cluster,
            method,
            path,
            authority,
            headers,
            body,
            trailers,
            timeout,
            root,
        });
        Ok(token)
    }
}
