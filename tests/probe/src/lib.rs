//! A plugin that verifies a list of signatures, each by the host that it runs
//! in and in wasm, and refuses its configuration where the two disagree or
//! either isn't what the list expects.
//!
//! The list: `[{"name", "jwk", "message", "signature", "expected"}]`, message
//! and signature in base64url. `expected` is `valid`, `invalid` or `key refused`;
//! with ` by the host` behind it, nothing else verifies it.
#![cfg(target_arch = "wasm32")]

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proxy_wasm::hostcalls::log;
use proxy_wasm::traits::{Context, RootContext};
use proxy_wasm::types::LogLevel;
use serde_json::Value;
use tenant_guard::{Hash, HostError, SignatureVerdict, SignatureVerifier, probe};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Probe) });
}}

struct Probe;

impl Context for Probe {}

impl RootContext for Probe {
    fn on_configure(&mut self, _: usize) -> bool {
        let document = self.get_plugin_configuration().unwrap_or_default();
        let Ok(Value::Array(cases)) = serde_json::from_slice(&document) else {
            say("no list of signatures");
            return false;
        };
        let host = Watched { host: probe::host(), answers: Cell::new(0) };
        let wrong = cases.iter().filter(|case| !is_right(case, &host)).count();
        say(&format!(
            "{} signatures, {} answers by the host, {wrong} wrong",
            cases.len(),
            host.answers.get()
        ));
        wrong == 0 && !cases.is_empty()
    }
}

fn is_right(case: &Value, host: &dyn SignatureVerifier) -> bool {
    let text = |name: &str| case.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let name = text("name").unwrap_or_default();
    let (Some(jwk), Some(message), Some(signature), Some(expected)) = (
        case.get("jwk").and_then(Value::as_object),
        bytes("message"),
        bytes("signature"),
        text("expected"),
    ) else {
        say(&format!("{name}: no case"));
        return false;
    };
    let by_host = probe::outcome(jwk, &message, &signature, host);
    let in_wasm = probe::outcome(jwk, &message, &signature, &VerifiesNothing);
    let right = match expected.strip_suffix(" by the host") {
        Some(expected) => by_host == Ok(expected) && in_wasm == Ok("unsupported"),
        None => by_host == Ok(expected) && in_wasm == Ok(expected),
    };
    if !right {
        say(&format!("{name}: by the host {by_host:?}, in wasm {in_wasm:?}, expected {expected}"));
    }
    right
}

fn say(text: &str) {
    // A line that is lost is a line that the test misses.
    let _ = log(LogLevel::Info, &format!("probe: {text}"));
}

/// The host, and how often it had an answer.
struct Watched<H> {
    host: H,
    answers: Cell<usize>,
}

impl<H: SignatureVerifier> SignatureVerifier for Watched<H> {
    fn verify_signature(
        &self,
        hash: Hash,
        key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        let verdict = self.host.verify_signature(hash, key, signature, message)?;
        if verdict != SignatureVerdict::Unsupported {
            self.answers.set(self.answers.get() + 1);
        }
        Ok(verdict)
    }
}

struct VerifiesNothing;

impl SignatureVerifier for VerifiesNothing {
    fn verify_signature(
        &self,
        _: Hash,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        Ok(SignatureVerdict::Unsupported)
    }
}
