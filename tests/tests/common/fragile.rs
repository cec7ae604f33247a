//! The plugin, made to fail: what a panic in it would do, which it has no way to.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use tenant_guard_tests::{Envoy, plugin_file};

/// How many VMs failed, as the log has it.
pub fn vm_failures(envoy: &Envoy) -> usize {
    envoy.log().matches("Uncaught RuntimeError").count()
}

/// The plugin, whose VM fails where a request has trailers: the body of that
/// function is replaced by one of the same length that is `unreachable`.
pub fn fragile_plugin() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut module = fs::read(plugin_file()).unwrap();
    let name = b"\x19proxy_on_request_trailers\x00";
    let at = module.windows(name.len()).position(|window| window == name).expect("it is exported");
    let exported = leb(&module, &mut (at + name.len()));
    let imported = sections(&module).find(|(id, _)| *id == 2).map_or(0, |(_, start)| {
        let mut at = start;
        // All imports of such a module are functions.
        leb(&module, &mut at)
    });
    let (_, mut at) = sections(&module).find(|(id, _)| *id == 10).expect("there is code");
    leb(&module, &mut at);
    for _ in imported..exported {
        let size = leb(&module, &mut at);
        at += size;
    }
    let size = leb(&module, &mut at);
    // No locals; unreachable; nothing; the end.
    module[at..at + size].fill(0x01);
    module[at..at + 2].fill(0x00);
    module[at + size - 1] = 0x0b;
    let path =
        std::env::temp_dir().join(format!("tg-{}-fragile-{number}.wasm", std::process::id()));
    fs::write(&path, module).unwrap();
    path
}

/// The sections of a module: id, and where it begins.
fn sections(module: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let mut at = 8;
    std::iter::from_fn(move || {
        let id = *module.get(at)?;
        at += 1;
        let size = leb(module, &mut at);
        let start = at;
        at += size;
        Some((id, start))
    })
}

/// An unsigned number in LEB128.
fn leb(module: &[u8], at: &mut usize) -> usize {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = usize::from(module[*at]);
        *at += 1;
        number |= (byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return number;
        }
    }
}
