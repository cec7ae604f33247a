//! The harness of the tests: a real Envoy with the plugin in it, clients that
//! send exactly the bytes they are told to, and identity providers that sign
//! whatever a test wants signed.
//!
//! Each part is a file of its own; [`token`] needs neither Envoy nor the plugin.

mod builder;
mod client;
mod config;
mod directory;
mod envoy;
mod http1;
mod http2;
mod load;
mod message;
mod process;
mod provider;
mod stub;
pub mod token;
mod traffic;

pub use builder::{EnvoyBuilder, plugin_file, validate, validate_yaml};
pub use client::{Connection, Failure};
pub use directory::Directory;
pub use envoy::Envoy;
pub use load::load;
pub use message::{Protocol, Request, Response, for_each_protocol};
pub use provider::Provider;
pub use stub::{Reply, Seen, Stub};
pub use traffic::{Answer, Record, Traffic, worker_filter};
