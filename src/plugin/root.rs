//! The root context: one plugin configuration in one VM.
#![allow(missing_docs, reason = "the SDK's macro makes a public function without")]

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::host::VmEnvironment;
use super::hostcalls;
use super::stream::Stream;
use super::worker::{Worker, level};
use crate::audit::AuditLevel;
use crate::config;
use crate::host::HostError;

#[cfg(not(feature = "probe"))]
proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Root::default()) });
}}

/// One plugin configuration in one VM. Without a worker, because the host
/// failed while it was set up, every request is refused.
#[derive(Default)]
struct Root {
    worker: Option<Rc<Worker>>,
}

impl Context for Root {}

impl RootContext for Root {
    /// `false` refuses the configuration, and depends on nothing but the
    /// document and the VM's environment: where one worker says `false` after
    /// others said `true`, Envoy leaves the filter out and lets traffic
    /// through. So a host that fails here leads to a worker that refuses
    /// everything, not to `false`.
    fn on_configure(&mut self, size: usize) -> bool {
        self.worker = None;
        let document = match hostcalls::configuration(size) {
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
                self.worker = Some(Rc::new(Worker::new(loaded.guard)));
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

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.worker.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
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
