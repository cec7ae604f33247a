//! The root context: one plugin configuration in one VM.
#![allow(missing_docs, reason = "the SDK's macro makes a public function without")]

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use sha2::{Digest, Sha256};

use super::host::VmEnvironment;
use super::hostcalls::{self, Buffer};
use super::stream::Stream;
use super::ticks::Ticks;
use super::worker::{Worker, level};
use crate::audit::AuditLevel;
use crate::config;
use crate::host::HostError;

#[cfg(not(feature = "probe"))]
proxy_wasm::main! {{
    proxy_wasm::set_root_context(|context| -> Box<dyn RootContext> {
        Box::new(Root { context, ..Root::default() })
    });
}}

/// One plugin configuration in one VM. Without a worker, because the host
/// failed while it was set up, every request is refused.
#[derive(Default)]
struct Root {
    context: u32,
    worker: Option<Rc<Worker>>,
    /// Workers of configurations before that are still needed.
    retired: Vec<Rc<Worker>>,
    ticks: Rc<Ticks>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, size: usize, _: usize) {
        for worker in self.worker.iter().chain(&self.retired) {
            worker.answered(self.context, token, headers, size);
        }
    }

    /// No answer comes any more: others may fetch.
    fn on_done(&mut self) -> bool {
        for worker in self.worker.iter().chain(&self.retired) {
            worker.leave();
        }
        true
    }
}

impl RootContext for Root {
    /// `false` refuses the configuration, and depends on nothing but the
    /// document and the VM's environment: where one worker says `false` after
    /// others said `true`, Envoy leaves the filter out and lets traffic
    /// through. So a host that fails here leads to a worker that refuses
    /// everything, not to `false`.
    fn on_configure(&mut self, size: usize) -> bool {
        self.retired.extend(self.worker.take());
        let document = match hostcalls::buffer(Buffer::Configuration, size) {
            Ok(document) => document,
            Err(_) if size == 0 => Vec::new(),
            Err(error) => return refuse_everything(error),
        };
        if document.len() != size {
            let call = "proxy_get_buffer_bytes";
            return refuse_everything(HostError { call, status: 0 });
        }
        let environment = match VmEnvironment::read() {
            Ok(environment) => environment,
            Err(error) => return refuse_everything(error),
        };
        match config::load(&document, &environment) {
            Ok(loaded) => {
                for warning in &loaded.warnings {
                    say(AuditLevel::Warn, &format!("tenant_guard: warning: {warning}"));
                }
                let revision = loaded.guard.revision().unwrap_or("none");
                let version = env!("CARGO_PKG_VERSION");
                say(AuditLevel::Info, &format!("tenant_guard {version}: revision {revision}"));
                let digest = digest(&document);
                let (root, ticks) = (self.context, Rc::clone(&self.ticks));
                let worker = Worker::new(loaded.guard, environment, digest, root, ticks);
                worker.start();
                self.worker = Some(Rc::new(worker));
                true
            }
            Err(errors) => {
                for error in &errors {
                    say(AuditLevel::Error, &format!("tenant_guard: {error}"));
                }
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.retired.retain(|worker| worker.is_needed());
        // One that only waits for an answer leaves all else to its successor.
        let waiting = self.retired.iter().filter(|worker| worker.has_waiting());
        let pauses = waiting.chain(&self.worker).filter_map(|worker| worker.tick(self.context));
        if let Some(pause) = pauses.min() {
            self.ticks.every(pause);
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(context, self.worker.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// A number that tells one document from another.
fn digest(document: &[u8]) -> u64 {
    let digest = Sha256::digest(document);
    u64::from_be_bytes(*digest.first_chunk::<8>().unwrap_or(&[0; 8]))
}

fn refuse_everything(error: HostError) -> bool {
    let text = format!(
        "tenant_guard: host call {} answered {}; every request is refused",
        error.call, error.status
    );
    say(AuditLevel::Critical, &text);
    true
}

fn say(at: AuditLevel, text: &str) {
    // Whether a line is written decides nothing.
    let _ = hostcalls::log(level(at), text);
}
