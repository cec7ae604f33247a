//! Our own host: wasmtime, and the callbacks in Envoy's order.

mod module;
mod root;
mod stream;

use std::collections::BTreeMap;
use std::path::Path;

use wasmtime::{Instance, Linker, Module, Store, WasmParams, WasmResults};

pub(crate) use self::module::Purpose;
pub use self::module::{callbacks, imports};
use crate::outcome::{Outcome, Run};
use crate::plan::{Callback, Plan};
use crate::world::{Records, World};
use crate::{Headers, Setup, gate};

/// The time in every host: 2026-11-22T12:00:00Z.
pub(crate) const NOW: u64 = 1_795_348_800;

/// Instructions before a callback counts as hanging.
const FUEL: u64 = 3_000_000_000;

/// The same for reading a configuration, which may be of a hundred thousand keys.
const LOADING: u64 = 60_000_000_000;

/// The outcome of what isn't a request.
const NOTHING: Outcome = Outcome::Continued { headers: Headers(Vec::new()), trailers: None };

/// A VM with the plugin in it.
pub struct Host {
    store: Store<World>,
    instance: Instance,
    /// The context of the configuration in force.
    root: u32,
    /// Those of configurations that were replaced, while their streams last.
    replaced: Vec<u32>,
    next: u32,
    dead: Option<String>,
    /// What became of the open requests that are over.
    ended: BTreeMap<u32, Run>,
    instructions: u64,
    /// What `on_configure` answered; false after a trap.
    pub configured: bool,
    /// What happened from `_initialize` to `on_configure`; its outcome is `Trapped`, or else says nothing.
    pub start: Run,
}

impl Host {
    /// Loads and configures, with `verify_signature` as Envoy has it.
    pub fn load(path: impl AsRef<Path>, document: &str, environment: &[(&str, &str)]) -> Self {
        Setup::new(document).environment(environment).start(path)
    }

    pub(crate) fn start(path: &Path, purpose: Purpose, world: World) -> Self {
        Self::start_module(&module::module(path, purpose), world)
    }

    fn start_module(module: &Module, world: World) -> Self {
        let mut linker = Linker::new(module.engine());
        gate::register(&mut linker, module).unwrap();
        let mut store = Store::new(module.engine(), world);
        store.set_fuel(FUEL).unwrap();
        let instance = linker.instantiate(&mut store, module).unwrap();
        let mut host = Self {
            store,
            instance,
            root: 0,
            replaced: Vec::new(),
            next: 1,
            dead: None,
            ended: BTreeMap::new(),
            instructions: 0,
            configured: false,
            start: World::new("").take_run(NOTHING),
        };
        host.configured = host.boot().unwrap_or(false);
        host.start = host.stepped();
        host
    }

    fn boot(&mut self) -> Option<bool> {
        for name in ["_initialize", "_start"] {
            if self.instance.get_func(&mut self.store, name).is_some() {
                self.call::<(), ()>(Callback::Initialize, 0, name, ())?;
                break;
            }
        }
        self.root = self.new_context(0)?;
        let root = self.root;
        let start = (root, 0_u32);
        if self.call::<_, u32>(Callback::VmStart, root, "proxy_on_vm_start", start)? == 0 {
            return Some(false);
        }
        self.configure(root)
    }

    fn new_context(&mut self, parent: u32) -> Option<u32> {
        let id = self.next;
        self.next += 1;
        if parent == 0 {
            self.store.data_mut().roots.insert(id, None);
        }
        self.call::<_, ()>(Callback::ContextCreate, id, "proxy_on_context_create", (id, parent))?;
        Some(id)
    }

    fn configure(&mut self, root: u32) -> Option<bool> {
        let given = (root, self.store.data().configuration.len() as u32);
        Some(self.call::<_, u32>(Callback::Configure, root, "proxy_on_configure", given)? != 0)
    }

    /// Another configuration in the same VM, as Envoy has it where only the
    /// plugin's configuration changes: a root context of its own. The old one
    /// goes once its last request is over, or stays where `on_configure`
    /// answers false.
    pub fn reconfigure(&mut self, document: &str) -> bool {
        self.store.data_mut().configuration = document.as_bytes().to_vec();
        self.step();
        let configured = self.replace_root().unwrap_or(false);
        self.settle();
        self.stepped();
        configured
    }

    /// The same configuration again, as Envoy has it where a listener changes
    /// and its plugin doesn't: the root context is configured once more.
    pub fn configure_again(&mut self) -> bool {
        self.step();
        let configured = self.configure(self.root).unwrap_or(false);
        self.stepped();
        configured
    }

    fn replace_root(&mut self) -> Option<bool> {
        let new = self.new_context(0)?;
        let configured = self.configure(new)?;
        let gone = if configured { std::mem::replace(&mut self.root, new) } else { new };
        self.replaced.push(gone);
        self.reap()?;
        Some(configured)
    }

    /// Moves this host's clock forward.
    pub fn advance(&mut self, seconds: u64) {
        self.store.data_mut().now += seconds * 1_000_000_000;
    }

    /// Runs one callback of this context; `None` once the VM is dead.
    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        callback: Callback,
        context: u32,
        name: &str,
        parameters: P,
    ) -> Option<R> {
        if self.dead.is_some() {
            return None;
        }
        self.store.data_mut().enter_callback(callback, context);
        let loads =
            matches!(callback, Callback::Configure | Callback::Tick | Callback::HttpCallResponse);
        let fuel = if loads { LOADING } else { FUEL };
        self.store.set_fuel(fuel).unwrap();
        let function = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, name)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let answer = function.call(&mut self.store, parameters);
        let left = self.store.get_fuel().unwrap_or_default();
        self.instructions += fuel.saturating_sub(left);
        match answer {
            Ok(result) => Some(result),
            Err(error) => {
                // The SDK's panic hook has logged the message, if it was set.
                let last = self.store.data().records.logs.last();
                let said = last.map(|(_, line)| format!(" [last log: {}]", line.text));
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

    /// How many WebAssembly instructions all callbacks so far have run, as
    /// wasmtime's fuel counts them: each is one, blocks and their ends are none,
    /// and so is what the hostcalls do; what they let the guest allocate counts.
    /// The same on every machine.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// The guest's linear memory, in bytes.
    pub fn memory(&mut self) -> usize {
        self.instance
            .get_memory(&mut self.store, "memory")
            .map_or(0, |memory| memory.data_size(&self.store))
    }

    /// Starts the records of a run anew.
    fn step(&mut self) {
        self.store.data_mut().records = Records::default();
    }

    /// What was done since then.
    fn stepped(&mut self) -> Run {
        let outcome = self.dead.clone().map_or(NOTHING, Outcome::Trapped);
        self.store.data_mut().take_run(outcome)
    }
}

#[cfg(test)]
mod tests;
