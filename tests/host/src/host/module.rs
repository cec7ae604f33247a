//! Modules, compiled once per file and process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use wasmtime::{Config, Engine, Module, OptLevel, ProfilingStrategy};

/// What a module is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// To be there soon.
    Tests,
    /// To run fast, and to tell `perf` which function is where.
    Profile,
}

/// The one engine for a purpose. Both count instructions.
pub(super) fn engine(purpose: Purpose) -> Engine {
    static TESTS: OnceLock<Engine> = OnceLock::new();
    static PROFILE: OnceLock<Engine> = OnceLock::new();
    let (engine, opt_level, profiler) = match purpose {
        Purpose::Tests => (&TESTS, OptLevel::None, ProfilingStrategy::None),
        Purpose::Profile => (&PROFILE, OptLevel::Speed, ProfilingStrategy::PerfMap),
    };
    let new = || {
        let mut config = Config::new();
        config.consume_fuel(true).cranelift_opt_level(opt_level).profiler(profiler);
        Engine::new(&config).unwrap()
    };
    engine.get_or_init(new).clone()
}

pub(super) fn module(path: &Path, purpose: Purpose) -> Module {
    static MODULES: Mutex<Option<HashMap<(PathBuf, Purpose), Module>>> = Mutex::new(None);
    let key = (path.to_owned(), purpose);
    // A panic under the lock would poison it and hide behind those of the other tests.
    let known = MODULES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .as_ref()
        .and_then(|modules| modules.get(&key).cloned());
    if let Some(module) = known {
        return module;
    }
    let bytes = std::fs::read(path)
        .unwrap_or_else(|e| panic!("{}: {e} (make build, or PLUGIN=...)", path.display()));
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    modules
        .get_or_insert_default()
        .entry(key)
        .or_insert_with(|| Module::new(&engine(purpose), bytes).unwrap())
        .clone()
}

/// The callbacks that the plugin exports.
pub fn callbacks(path: impl AsRef<Path>) -> Vec<String> {
    let module = module(path.as_ref(), Purpose::Tests);
    let names = module.exports().map(|export| export.name());
    names.filter(|name| name.starts_with("proxy_on_")).map(str::to_owned).collect()
}

/// What the plugin imports, as `module.name`.
pub fn imports(path: impl AsRef<Path>) -> Vec<String> {
    let module = module(path.as_ref(), Purpose::Tests);
    module.imports().map(|i| format!("{}.{}", i.module(), i.name())).collect()
}
