//! Modules, compiled once per file and process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wasmtime::{Config, Engine, Module, OptLevel};

/// The one engine, which counts instructions.
pub(super) fn engine() -> Engine {
    static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);
    ENGINE
        .lock()
        .unwrap()
        .get_or_insert_with(|| {
            let mut config = Config::new();
            config.consume_fuel(true).cranelift_opt_level(OptLevel::None);
            Engine::new(&config).unwrap()
        })
        .clone()
}

pub(super) fn module(path: &Path) -> Module {
    static MODULES: Mutex<Option<HashMap<PathBuf, Module>>> = Mutex::new(None);
    let engine = engine();
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

/// The callbacks that the plugin exports.
pub fn callbacks(path: impl AsRef<Path>) -> Vec<String> {
    let module = module(path.as_ref());
    let names = module.exports().map(|export| export.name());
    names.filter(|name| name.starts_with("proxy_on_")).map(str::to_owned).collect()
}

/// What the plugin imports, as `module.name`.
pub fn imports(path: impl AsRef<Path>) -> Vec<String> {
    module(path.as_ref()).imports().map(|i| format!("{}.{}", i.module(), i.name())).collect()
}
