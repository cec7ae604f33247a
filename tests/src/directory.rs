//! A tenant directory that a test runs.

use std::net::SocketAddr;
use std::sync::Mutex;

use serde_json::Value;

use crate::stub::{Reply, Stub};

/// A stub that publishes a document with an ETag, and answers 304 to whom knows it.
pub struct Directory {
    stub: Stub,
    published: Mutex<usize>,
}

impl Directory {
    /// Where the document is.
    pub const PATH: &str = "/tenants";

    /// Starts one, which publishes nothing yet.
    pub fn start() -> Directory {
        Directory { stub: Stub::start(), published: Mutex::new(0) }
    }

    /// The server, for every other reply, and for what it was asked.
    pub fn stub(&self) -> &Stub {
        &self.stub
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.stub.address()
    }

    /// From now on publishes this document, with an ETag no earlier one had;
    /// the ETag.
    pub fn publish(&self, document: Value) -> String {
        let mut published = self.published.lock().unwrap();
        *published += 1;
        let etag = format!("\"{published}\"");
        self.stub.on(Directory::PATH, Reply::json(&document).with_etag(&etag));
        etag
    }
}
