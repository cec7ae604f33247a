//! The same plugin in crates.io's `proxy-wasm-host`.
//!
//! The crate answers configuration, clock, log, metrics, `plugin_vm_id` and
//! WASI itself and lends the rest to our [`World`]; shared values are behind
//! neither the record nor the plan. It wants `done` before `log`, as the ABI
//! document; Envoy logs first.

mod services;
mod state;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proxy_wasm_host::abi::v0_2_1::types::{Action, LogLevel};
use proxy_wasm_host::abi::v0_2_1::{
    Callback as Their, Clock, ContextId, Guest, GuestError, LogContext, LogSink, PluginConfig,
    StreamKind, VmServices,
};
use proxy_wasm_host::{Engine, Limits, Module};

use self::services::Services;
use crate::outcome::{LogLine, Outcome, Run};
use crate::plan::{Callback, Plan};
use crate::verify::Verify;
use crate::world::World;
use crate::{Headers, Request, Setup};

/// A VM of `proxy-wasm-host` with the plugin in it.
pub struct SecondHost {
    guest: Guest,
    root: ContextId,
    logs: Arc<Mutex<Vec<LogLine>>>,
    world: Option<World>,
    /// What `on_configure` answered; false after a trap.
    pub configured: bool,
    /// What happened from `_initialize` to `on_configure`.
    pub start: Run,
}

/// Its requests come one after the other; this is the number of each.
const ONLY: u32 = 1;

struct Sink(Arc<Mutex<Vec<LogLine>>>);

impl LogSink for Sink {
    fn log(&self, context: LogContext<'_>, level: LogLevel, message: &[u8]) {
        let callback =
            context.call.and_then(|call| call.callback).map_or(Callback::Initialize, ours);
        let text = String::from_utf8_lossy(message).into_owned();
        self.0.lock().unwrap().push(LogLine { callback, level: i32::from(level) as u32, text });
    }
}

struct Fixed(u64);

impl Clock for Fixed {
    fn realtime_nanos(&self) -> u64 {
        self.0
    }
    fn monotonic_nanos(&self) -> u64 {
        self.0
    }
}

fn ours(callback: Their) -> Callback {
    match callback {
        Their::VmStart => Callback::VmStart,
        Their::Configure => Callback::Configure,
        Their::RequestHeaders => Callback::RequestHeaders,
        Their::RequestBody => Callback::RequestBody,
        Their::RequestTrailers => Callback::RequestTrailers,
        Their::ResponseHeaders => Callback::ResponseHeaders,
        Their::Log => Callback::Log,
        Their::Done => Callback::Done,
        Their::Delete => Callback::Delete,
        _ => Callback::ContextCreate,
    }
}

/// Compiled once per file and process.
fn module(path: &Path) -> (proxy_wasm_host::abi::v0_2_1::Host, Module) {
    type Linked = (proxy_wasm_host::abi::v0_2_1::Host, Module);
    static MODULES: Mutex<Option<HashMap<PathBuf, Linked>>> = Mutex::new(None);
    let mut modules = MODULES.lock().unwrap();
    modules
        .get_or_insert_default()
        .entry(path.to_owned())
        .or_insert_with(|| {
            let engine = Engine::new().unwrap();
            let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let module = Module::new(&engine, &bytes).unwrap();
            (proxy_wasm_host::abi::v0_2_1::Host::new(&engine).unwrap(), module)
        })
        .clone()
}

impl SecondHost {
    /// Loads and configures, with `verify_signature` as Envoy has it.
    pub fn load(path: impl AsRef<Path>, document: &str, environment: &[(&str, &str)]) -> Self {
        Self::load_with(path, document, environment, Verify::native())
    }

    /// The same with another `verify_signature`.
    pub fn load_with(
        path: impl AsRef<Path>,
        document: &str,
        environment: &[(&str, &str)],
        verify: Verify,
    ) -> Self {
        Setup::new(document).environment(environment).verify(verify).start_second(path)
    }

    pub(crate) fn start(path: &Path, world: World) -> Self {
        let (host, module) = module(path);
        let logs = Arc::new(Mutex::new(Vec::new()));
        let variables = world
            .environment
            .iter()
            .map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec()))
            .collect();
        let services = VmServices::new(Arc::new(Sink(logs.clone())))
            .with_clock(Arc::new(Fixed(world.now)))
            .with_environment(variables)
            .with_vm_id(world.vm_id.as_deref().unwrap_or_default())
            .with_shared(Arc::new(Services::new(&world.shared)));
        let limits = Limits::default().with_cpu_time(Duration::from_secs(20));
        let mut guest = Guest::new(&host, &module, services, &limits).unwrap();
        let plugin = PluginConfig::new()
            .with_name(*b"tenant-guard")
            .with_root_id(*b"tenant_guard")
            .with_configuration(world.configuration.clone());

        // `Guest::start` would lend no stream state, and then no foreign function answers.
        let (started, mut world) = guest.with(world, |scope| {
            let root = scope.on_context_create(None)?;
            let good = scope.on_vm_start(root)? && scope.on_configure(root, plugin)?;
            Ok::<_, GuestError>((root, good))
        });
        let (root, configured, outcome) = match started {
            Ok((root, good)) => {
                (root, good, Outcome::Continued { headers: Headers::default(), trailers: None })
            }
            Err(error) => {
                (ContextId::try_from(1).unwrap(), false, Outcome::Trapped(describe(&error)))
            }
        };
        world.records.logs = taken(&logs);
        let start = world.take_run(outcome);
        Self { guest, root, logs, world: Some(world), configured, start }
    }

    /// Sets the faults from here on. Only `Effect::Status` of `proxy_get_property`, `proxy_set_property`,
    /// `proxy_send_local_response`, `proxy_call_foreign_function` and, for a map as a whole,
    /// `proxy_get_header_map_pairs` (any read) and `proxy_replace_header_map_value` (any write)
    /// can be carried out here.
    pub fn fault(&mut self, plan: Plan) {
        self.world.as_mut().unwrap().plan = plan;
    }

    /// Sends a request through.
    pub fn request(&mut self, request: &Request) -> Run {
        let mut world = self.world.take().unwrap();
        world.begin(ONLY, request, 0);
        let root = self.root;
        let (outcome, mut world) = self.guest.with(world, |scope| {
            let id = scope.on_context_create(Some(root))?;
            scope.expect_stream_kind(id, StreamKind::Http)?;
            let mut outcome = None;
            let mut forwarded = None;
            let (body, trailers) = (request.body.is_some(), request.trailers.is_some());
            if request.wants(Callback::RequestHeaders) {
                let action = scope.on_request_headers(
                    id,
                    request.headers.0.len() as u32,
                    !body && !trailers,
                )?;
                outcome = stopped(scope.stream_mut(), action, Callback::RequestHeaders, &forwarded);
                forwarded = Some(scope.stream_mut().stream().unwrap().request_headers.clone());
            }
            if let (None, Some(body)) = (&outcome, &request.body)
                && request.wants(Callback::RequestBody)
            {
                let action = scope.on_request_body(id, body.len() as u32, !trailers)?;
                outcome = stopped(scope.stream_mut(), action, Callback::RequestBody, &forwarded);
            }
            let mut seen = None;
            if let (None, Some(trailers)) = (&outcome, &request.trailers)
                && request.wants(Callback::RequestTrailers)
            {
                let action = scope.on_request_trailers(id, trailers.0.len() as u32)?;
                outcome =
                    stopped(scope.stream_mut(), action, Callback::RequestTrailers, &forwarded);
                seen = scope.stream_mut().stream().unwrap().request_trailers.clone();
            }
            let mut outcome = outcome.unwrap_or(Outcome::Continued {
                headers: forwarded.unwrap_or_default(),
                trailers: seen,
            });
            if !matches!(outcome, Outcome::Paused { .. })
                && request.wants(Callback::ResponseHeaders)
            {
                let stream = scope.stream_mut().stream().unwrap();
                if let Some(reply) = outcome.reply() {
                    stream.show(reply);
                }
                let count = stream.response_headers.0.len() as u32;
                scope.on_response_headers(id, count, outcome.reply().is_none())?;
                let left = scope.stream_mut().stream().unwrap().response_headers.clone();
                if let Outcome::Replied { reply, .. } = &mut outcome {
                    reply.headers =
                        Headers(left.0.into_iter().filter(|(n, _)| !n.starts_with(b":")).collect());
                }
            }
            scope.on_done(id)?;
            scope.on_log(id)?;
            scope.on_delete(id)?;
            Ok::<_, GuestError>(outcome)
        });
        world.records.logs = taken(&self.logs);
        let run =
            world.take_run(outcome.unwrap_or_else(|error| Outcome::Trapped(describe(&error))));
        world.streams.clear();
        self.world = Some(world);
        run
    }
}

fn stopped(
    world: &mut World,
    action: Action,
    at: Callback,
    forwarded: &Option<Headers>,
) -> Option<Outcome> {
    let forwarded = forwarded.clone();
    if let Some(reply) = world.stream().unwrap().reply.take() {
        return Some(Outcome::Replied { at, reply, forwarded });
    }
    (action != Action::Continue).then_some(Outcome::Paused { at, forwarded })
}

fn taken(logs: &Mutex<Vec<LogLine>>) -> Vec<(u32, LogLine)> {
    logs.lock().unwrap().drain(..).map(|line| (ONLY, line)).collect()
}

fn describe(error: &GuestError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
