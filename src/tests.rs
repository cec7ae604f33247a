//! Whole decisions: from a document and a request to what the proxy does.

mod addresses;
mod audit;
mod caching;
mod dev_headers;
mod elsewhere;
mod forgery;
mod headers;
mod hosts;
mod identities;
mod limits;
mod noise;
mod order;
mod own_providers;
mod policy_cases;
mod preflight;
mod reference;
mod restrictions;
mod roles;
mod scopes;
mod super_admin;
mod systems;
mod tampering;
mod throttling;
mod trust;
mod unmatched;
mod verdicts;
