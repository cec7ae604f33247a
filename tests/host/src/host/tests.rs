//! Guests that wait, ask others and act for requests from their root context.

mod calls;
mod streams;

use wasmtime::Module;

use super::*;
use crate::wasm::{call, guest};
use crate::{Request, SharedData, status};

/// Where guests have their texts and want their answers.
const CLUSTER: usize = 1024;
const HEADERS: usize = 1100;
const NAME: usize = 1600;
const VALUE: usize = 1700;
const TOKEN: usize = 2000;
const ANSWERS: usize = 2100;

/// The context of the configuration, then those of requests, in their order.
const ROOT: u32 = 1;
const FIRST: u32 = 2;
const SECOND: u32 = 3;

/// A host with a guest that does this and ticks each second.
fn host(does: &[(&str, Vec<u8>, i64)]) -> Host {
    let ticking = call("proxy_set_tick_period_milliseconds", &[1000]);
    let does = [does, &[("proxy_on_configure", ticking, 1)]].concat();
    let module = Module::new(&module::engine(module::Purpose::Tests), guest(&does)).unwrap();
    let mut world = World::new("");
    world.shared = SharedData::new();
    let mut host = Host::start_module(&module, world);
    assert!(host.configured, "{:?}", host.dead());
    host.clusters(&["idp"]);
    host.write(CLUSTER, b"idp");
    host.write(HEADERS, &jwks().encode());
    host.write(NAME, b"x-tenant-id");
    host.write(VALUE, b"acme");
    host
}

fn jwks() -> Headers {
    Headers::of(&[(":method", "GET"), (":path", "/jwks"), (":authority", "idp.test"), ("a", "1")])
}

/// Asks the cluster for the key set.
fn ask() -> Vec<u8> {
    let (cluster, headers) = ("idp".len(), jwks().encode().len());
    call("proxy_http_call", &[CLUSTER, cluster, HEADERS, headers, 0, 0, 0, 0, 2500, TOKEN])
}

fn act_on(context: u32) -> Vec<u8> {
    call("proxy_set_effective_context", &[context as usize])
}

fn resume() -> Vec<u8> {
    call("proxy_continue_stream", &[0])
}

/// Sets `x-tenant-id` of the request.
fn set_tenant() -> Vec<u8> {
    call("proxy_replace_header_map_value", &[0, NAME, 11, VALUE, 4])
}

/// A guest whose requests wait for what a tick does.
fn waiting(tick: &[Vec<u8>]) -> Host {
    host(&[("proxy_on_request_headers", vec![], 1), ("proxy_on_tick", tick.concat(), 0)])
}

/// The hostcalls but those that every callback makes, and their statuses.
fn made(run: &Run) -> Vec<(&'static str, u32)> {
    let calls = run.calls.iter().filter(|call| call.name != "proxy_log");
    calls.map(|call| (call.name, call.status)).collect()
}

fn callbacks(run: &Run) -> Vec<Callback> {
    run.logs.iter().map(|line| line.callback).collect()
}

impl Host {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.write(&mut self.store, at, bytes).unwrap();
    }

    fn read(&mut self, at: usize, size: usize) -> Vec<u8> {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.data(&self.store)[at..at + size].to_vec()
    }

    fn words<const N: usize>(&mut self, at: usize) -> [u32; N] {
        let bytes = self.read(at, 4 * N);
        std::array::from_fn(|n| u32::from_le_bytes(bytes[4 * n..][..4].try_into().unwrap()))
    }
}
