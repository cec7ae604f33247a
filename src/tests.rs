//! Whole decisions: from a document and a request to what the proxy does.

mod audit;
mod caching;
mod forgery;
mod headers;
mod hosts;
mod identities;
mod limits;
mod noise;
mod tampering;
mod throttling;
mod verdicts;
