//! Our own host: wasmtime, and the callbacks in Envoy's order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wasmtime::{
    Config, Engine, Instance, Linker, Module, OptLevel, Store, WasmParams, WasmResults,
};

use crate::outcome::{Outcome, Run};
use crate::plan::{Callback, Plan};
use crate::world::{Stream, World};
use crate::{Headers, Request, Setup, gate};

/// The time in every host: 2026-11-22T12:00:00Z.
pub(crate) const NOW: u64 = 1_795_348_800;

/// Instructions, roughly, before a callback counts as hanging.
const FUEL: u64 = 3_000_000_000;

/// A VM with the plugin in it.
pub struct Host {
    store: Store<World>,
    instance: Instance,
    /// The context of the configuration in force.
    root: u32,
    next: u32,
    dead: Option<String>,
    /// What `on_configure` answered; false after a trap.
    pub configured: bool,
    /// What happened from `_initialize` to `on_configure`; its outcome is `Trapped`, or else says nothing.
    pub start: Run,
}

/// Compiled once per file and process.
fn module(path: &Path) -> Module {
    static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);
    static MODULES: Mutex<Option<HashMap<PathBuf, Module>>> = Mutex::new(None);
    let engine = ENGINE
        .lock()
        .unwrap()
        .get_or_insert_with(|| {
            let mut config = Config::new();
            config.consume_fuel(true).cranelift_opt_level(OptLevel::None);
            Engine::new(&config).unwrap()
        })
        .clone();
    // A panic under the lock would poison it and hide behind those of the other tests.
    let known = MODULES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ref()
        .and_then(|modules| modules.get(path).cloned());
    if let Some(module) = known {
        return module;
    }
    let bytes = std::fs::read(path)
        .unwrap_or_else(|e| panic!("{}: {e} (make build, or PLUGIN=...)", path.display()));
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    modules
        .get_or_insert_default()
        .entry(path.to_owned())
        .or_insert_with(|| Module::new(&engine, bytes).unwrap())
        .clone()
}

/// What the plugin imports, as `module.name`.
pub fn imports(path: impl AsRef<Path>) -> Vec<String> {
    module(path.as_ref()).imports().map(|i| format!("{}.{}", i.module(), i.name())).collect()
}

impl Host {
    /// Loads and configures, with `verify_signature` as Envoy has it.
    pub fn load(path: impl AsRef<Path>, document: &str, environment: &[(&str, &str)]) -> Self {
        Setup::new(document).environment(environment).start(path)
    }

    pub(crate) fn start(path: &Path, world: World) -> Self {
        let module = module(path);
        let mut linker = Linker::new(module.engine());
        gate::register(&mut linker, &module).unwrap();
        let mut store = Store::new(module.engine(), world);
        store.set_fuel(FUEL).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let empty = Outcome::Continued { headers: Headers::default(), trailers: None };
        let mut host = Self {
            store,
            instance,
            root: 0,
            next: 1,
            dead: None,
            configured: false,
            start: Run {
                outcome: empty,
                calls: vec![],
                logs: vec![],
                properties: vec![],
                response: Headers::default(),
            },
        };
        host.configured = host.boot().unwrap_or(false);
        let outcome = match &host.dead {
            Some(why) => Outcome::Trapped(why.clone()),
            None => host.start.outcome.clone(),
        };
        host.start = host.run(outcome);
        host
    }

    fn boot(&mut self) -> Option<bool> {
        for name in ["_initialize", "_start"] {
            if self.instance.get_func(&mut self.store, name).is_some() {
                self.call::<(), ()>(Callback::Initialize, name, ())?;
                break;
            }
        }
        self.root = self.new_context(0)?;
        let root = self.root;
        if self.call::<_, u32>(Callback::VmStart, "proxy_on_vm_start", (root, 0_u32))? == 0 {
            return Some(false);
        }
        self.configure(root)
    }

    fn new_context(&mut self, parent: u32) -> Option<u32> {
        let id = self.next;
        self.next += 1;
        self.call::<_, ()>(Callback::ContextCreate, "proxy_on_context_create", (id, parent))?;
        Some(id)
    }

    fn configure(&mut self, root: u32) -> Option<bool> {
        let size = self.store.data().configuration.len() as u32;
        Some(self.call::<_, u32>(Callback::Configure, "proxy_on_configure", (root, size))? != 0)
    }

    /// Another configuration in the same VM, as Envoy has it where only the
    /// plugin's configuration changes: a root context of its own. The old one
    /// goes, or stays where `on_configure` answers false.
    pub fn reconfigure(&mut self, document: &str) -> bool {
        self.store.data_mut().configuration = document.as_bytes().to_vec();
        self.store.data_mut().clear();
        self.replace_root().unwrap_or(false)
    }

    fn replace_root(&mut self) -> Option<bool> {
        let new = self.new_context(0)?;
        let configured = self.configure(new)?;
        let gone = if configured { std::mem::replace(&mut self.root, new) } else { new };
        self.call::<_, u32>(Callback::Done, "proxy_on_done", gone)?;
        self.call::<_, ()>(Callback::Delete, "proxy_on_delete", gone)?;
        Some(configured)
    }

    /// Moves this host's clock forward.
    pub fn advance(&mut self, seconds: u64) {
        self.store.data_mut().now += seconds * 1_000_000_000;
    }

    /// Runs one callback; `None` once the VM is dead.
    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        callback: Callback,
        name: &str,
        parameters: P,
    ) -> Option<R> {
        if self.dead.is_some() {
            return None;
        }
        self.store.data_mut().callback = callback;
        self.store.set_fuel(FUEL).unwrap();
        let function = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, name)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        match function.call(&mut self.store, parameters) {
            Ok(result) => Some(result),
            Err(error) => {
                // The SDK's panic hook has logged the message, if it was set.
                let said =
                    self.store.data().logs.last().map(|line| format!(" [last log: {}]", line.text));
                let cause = error.root_cause().to_string();
                self.dead = Some(format!("{name}: {cause}{}", said.unwrap_or_default()));
                None
            }
        }
    }

    /// Sets the faults from here on; counting starts anew.
    pub fn fault(&mut self, plan: Plan) {
        self.store.data_mut().plan = plan;
    }

    /// Whether a trap has killed the VM.
    pub fn dead(&self) -> Option<&str> {
        self.dead.as_deref()
    }

    /// The guest's linear memory, in bytes.
    pub fn memory(&mut self) -> usize {
        self.instance
            .get_memory(&mut self.store, "memory")
            .map_or(0, |memory| memory.data_size(&self.store))
    }

    /// Sends a request through: headers, body, trailers, response, then log, done, delete.
    pub fn request(&mut self, request: &Request) -> Run {
        self.store.data_mut().begin(request);
        let decided = self.serve(request);
        let trapped = self.dead.clone().map(Outcome::Trapped);
        let run = self.run(trapped.or(decided).unwrap_or(Outcome::Trapped("no outcome".into())));
        self.store.data_mut().stream = None;
        run
    }

    fn serve(&mut self, request: &Request) -> Option<Outcome> {
        let id = self.new_context(self.root)?;
        let mut outcome = self.inbound(id, request)?;
        if !matches!(outcome, Outcome::Paused { .. }) && request.wants(Callback::ResponseHeaders) {
            let replied = outcome.reply().is_some();
            if let Some(reply) = outcome.reply() {
                let mut headers = Headers::of(&[(":status", &reply.status.to_string())]);
                headers.0.extend(reply.headers.0.iter().cloned());
                self.stream().response_headers = headers;
            }
            let count = self.stream().response_headers.0.len() as u32;
            let parameters = (id, count, u32::from(!replied));
            let action = self.call::<_, u32>(
                Callback::ResponseHeaders,
                "proxy_on_response_headers",
                parameters,
            )?;
            if action != 0 && self.stream().reply.is_none() {
                let forwarded = match outcome {
                    Outcome::Continued { headers, .. } => Some(headers),
                    _ => None,
                };
                return Some(Outcome::Paused { at: Callback::ResponseHeaders, forwarded });
            }
            // A reply from here replaces the response, whoever made it.
            if let Some(reply) = self.stream().reply.take() {
                let mut headers = Headers::of(&[(":status", &reply.status.to_string())]);
                headers.0.extend(reply.headers.0.iter().cloned());
                self.stream().response_headers = headers;
            }
            let left = self.stream().response_headers.clone();
            if let Outcome::Replied { reply, .. } = &mut outcome {
                reply.headers =
                    Headers(left.0.into_iter().filter(|(n, _)| !n.starts_with(b":")).collect());
            }
        }
        if request.wants(Callback::Log) {
            self.call::<_, ()>(Callback::Log, "proxy_on_log", id)?;
        }
        if request.wants(Callback::Done) {
            self.call::<_, u32>(Callback::Done, "proxy_on_done", id)?;
        }
        self.call::<_, ()>(Callback::Delete, "proxy_on_delete", id)?;
        Some(outcome)
    }

    fn inbound(&mut self, id: u32, request: &Request) -> Option<Outcome> {
        let mut forwarded = None;
        let (body, trailers) = (request.body.is_some(), request.trailers.is_some());
        if request.wants(Callback::RequestHeaders) {
            let parameters = (id, request.headers.0.len() as u32, u32::from(!body && !trailers));
            let action =
                self.call(Callback::RequestHeaders, "proxy_on_request_headers", parameters)?;
            if let Some(end) = self.stopped(action, Callback::RequestHeaders, &forwarded) {
                return Some(end);
            }
            forwarded = Some(self.stream().request_headers.clone());
        }
        if body && request.wants(Callback::RequestBody) {
            let parameters = (id, self.stream().request_body.len() as u32, u32::from(!trailers));
            let action = self.call(Callback::RequestBody, "proxy_on_request_body", parameters)?;
            if let Some(end) = self.stopped(action, Callback::RequestBody, &forwarded) {
                return Some(end);
            }
        }
        let mut seen = None;
        if trailers && request.wants(Callback::RequestTrailers) {
            let count = self.stream().request_trailers.as_ref().map_or(0, |t| t.0.len() as u32);
            let action =
                self.call(Callback::RequestTrailers, "proxy_on_request_trailers", (id, count))?;
            if let Some(end) = self.stopped(action, Callback::RequestTrailers, &forwarded) {
                return Some(end);
            }
            seen = self.stream().request_trailers.clone();
        }
        Some(Outcome::Continued { headers: forwarded.unwrap_or_default(), trailers: seen })
    }

    /// As Envoy: a local reply ends the request whatever the callback returned.
    fn stopped(
        &mut self,
        action: u32,
        at: Callback,
        forwarded: &Option<Headers>,
    ) -> Option<Outcome> {
        let forwarded = forwarded.clone();
        if let Some(reply) = self.stream().reply.take() {
            return Some(Outcome::Replied { at, reply, forwarded });
        }
        (action != 0).then_some(Outcome::Paused { at, forwarded })
    }

    fn stream(&mut self) -> &mut Stream {
        self.store.data_mut().stream.as_mut().expect("a stream is under way")
    }

    fn run(&mut self, outcome: Outcome) -> Run {
        self.store.data_mut().take_run(outcome)
    }
}

impl World {
    pub(crate) fn take_run(&mut self, outcome: Outcome) -> Run {
        Run {
            outcome,
            calls: std::mem::take(&mut self.calls),
            logs: std::mem::take(&mut self.logs),
            properties: std::mem::take(&mut self.set),
            response: self.stream.as_ref().map(|s| s.response_headers.clone()).unwrap_or_default(),
        }
    }
}
