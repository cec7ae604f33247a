//! Shared values through the gate, with a guest that does nothing but call.

use wasmtime::{Engine, Instance, Store};

use super::*;
use crate::wasm::{section, sized};
use crate::{Fault, Plan, SharedData};

/// A module with the exports `get` and `set`, which pass their five arguments
/// on, a page of memory, and an allocator that always gives 4096.
fn guest() -> Vec<u8> {
    const I32: u8 = 0x7f;
    let name = |text: &str| sized(text.as_bytes().to_vec());
    let import = |text| [name("env"), name(text), vec![0, 0]].concat();
    let export = |text, kind, index| [name(text), vec![kind, index]].concat();
    let function = |code: &[u8]| sized([&[0], code, &[0x0b]].concat());
    let passing_on =
        |callee| function(&[0x20, 0, 0x20, 1, 0x20, 2, 0x20, 3, 0x20, 4, 0x10, callee]);
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[vec![0x60, 5, I32, I32, I32, I32, I32, 1, I32], vec![0x60, 1, I32, 1, I32]]),
        section(2, &[import("proxy_get_shared_data"), import("proxy_set_shared_data")]),
        section(3, &[vec![0], vec![0], vec![1]]),
        section(5, &[vec![0, 1]]),
        section(
            7,
            &[
                export("get", 0, 2),
                export("set", 0, 3),
                export("proxy_on_memory_allocate", 0, 4),
                export("memory", 2, 0),
            ],
        ),
        section(10, &[passing_on(0), passing_on(1), function(&[0x41, 0x80, 0x20])]),
    ]
    .concat()
}

/// Where the guest has its texts and wants its answers.
const NAME: usize = 1024;
const VALUE: usize = 2048;
const ANSWERS: usize = 3072;
/// What is there before.
const UNTOUCHED: u32 = 0xaaaa_aaaa;

struct Worker {
    store: Store<World>,
    instance: Instance,
}

impl Worker {
    fn new(shared: &SharedData) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, guest()).unwrap();
        let mut linker = Linker::new(&engine);
        register(&mut linker, &module).unwrap();
        let mut world = World::new("");
        world.shared = shared.clone();
        let mut store = Store::new(&engine, world);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Self { store, instance }
    }

    fn with(mut self, name: &str, effect: Effect) -> Self {
        self.store.data_mut().plan = Plan::of(Fault::on(name), effect);
        self
    }

    fn write(&mut self, at: usize, bytes: &[u8]) -> (u32, u32) {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.write(&mut self.store, at, bytes).unwrap();
        (at as u32, bytes.len() as u32)
    }

    fn call(&mut self, name: &str, arguments: (u32, u32, u32, u32, u32)) -> u32 {
        let function = self
            .instance
            .get_typed_func::<(u32, u32, u32, u32, u32), u32>(&mut self.store, name)
            .unwrap();
        function.call(&mut self.store, arguments).unwrap()
    }

    fn set(&mut self, name: &str, value: &str, version: u32) -> u32 {
        let (name, value) =
            (self.write(NAME, name.as_bytes()), self.write(VALUE, value.as_bytes()));
        self.call("set", (name.0, name.1, value.0, value.1, version))
    }

    /// The status, and the pointer, size and version that the guest has then.
    fn get(&mut self, name: &str) -> (u32, [u32; 3]) {
        let (at, size) = self.write(NAME, name.as_bytes());
        let (answers, _) = self.write(ANSWERS, &[0xaa; 12]);
        let status = self.call("get", (at, size, answers, answers + 4, answers + 8));
        let words = self.read(ANSWERS, 12);
        let word = |n: usize| u32::from_le_bytes(words[n * 4..][..4].try_into().unwrap());
        (status, [word(0), word(1), word(2)])
    }

    fn read(&mut self, at: usize, size: usize) -> Vec<u8> {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.data(&self.store)[at..at + size].to_vec()
    }
}

const GET: &str = "proxy_get_shared_data";
const SET: &str = "proxy_set_shared_data";

#[test]
fn what_one_worker_writes_the_other_reads() {
    let shared = SharedData::new();
    let (mut one, mut other) = (Worker::new(&shared), Worker::new(&shared));
    assert_eq!(other.get("a"), (status::NOT_FOUND, [UNTOUCHED; 3]));
    assert_eq!(one.set("a", "12", u32::MAX), status::OK);
    assert_eq!(other.get("a"), (status::OK, [4096, 2, 1]));
    assert_eq!(other.read(4096, 2), b"12");
    assert_eq!(other.set("a", "3", 1), status::OK);
    assert_eq!(one.set("a", "4", 1), status::CAS_MISMATCH);
    assert_eq!(shared.get("tests", "a"), Some((b"3".to_vec(), 2)));
    let calls: Vec<_> =
        one.store.data().records.calls.iter().map(|(_, c)| (c.name, &*c.about)).collect();
    assert_eq!(calls, [(SET, "a"), (SET, "a")]);
}

#[test]
fn an_empty_value_is_a_null_pointer_and_yet_there() {
    let mut worker = Worker::new(&SharedData::new());
    worker.set("a", "", 0);
    assert_eq!(worker.get("a"), (status::OK, [0, 0, 1]));
}

#[test]
fn shared_values_fail_as_planned() {
    let shared = SharedData::new();
    shared.set("tests", "a", "1", 0);
    let worker = |name, effect| Worker::new(&shared).with(name, effect);
    assert_eq!(worker(GET, Effect::Status(10)).get("a"), (10, [UNTOUCHED; 3]));
    assert_eq!(worker(GET, Effect::DoneBut(10)).get("a"), (10, [4096, 1, 1]));
    assert_eq!(worker(SET, Effect::Status(8)).set("a", "2", 1), 8);
    // "Done", and it wasn't.
    assert_eq!(worker(SET, Effect::Status(0)).set("a", "2", 1), 0);
    assert_eq!(shared.get("tests", "a"), Some((b"1".to_vec(), 1)));
    assert_eq!(worker(SET, Effect::DoneBut(8)).set("a", "2", 1), 8);
    assert_eq!(shared.get("tests", "a"), Some((b"2".to_vec(), 2)));
}

/// `a` is there, `b` isn't.
#[test]
fn shared_values_lie_as_planned() {
    let shared = SharedData::new();
    shared.set("tests", "a", "12", 0);
    let get = |effect, name| Worker::new(&shared).with(GET, effect).get(name);
    assert_eq!(get(Effect::Silent, "a"), (0, [UNTOUCHED; 3]));
    assert_eq!(get(Effect::Silent, "b"), (0, [UNTOUCHED; 3]));
    assert_eq!(get(Effect::Null, "a"), (0, [0, 2, 1]));
    assert_eq!(get(Effect::Empty, "a"), (0, [0, 0, 1]));
    assert_eq!(get(Effect::bytes(|b| [b, b].concat()), "a"), (0, [4096, 4, 1]));
    assert_eq!(get(Effect::bytes(|_| vec![7]), "b"), (0, [4096, 1, 0]));
    assert_eq!(get(Effect::Number(99), "a"), (0, [4096, 2, 99]));
    assert_eq!(get(Effect::Number(99), "b"), (0, [0, 0, 99]));
}

#[test]
fn another_worker_may_be_faster() {
    let shared = SharedData::new();
    let other = shared.clone();
    let faster = Effect::after(move || {
        other.set("tests", "a", "other", 0);
    });
    let mut worker = Worker::new(&shared).with(SET, faster);
    assert_eq!(worker.get("a").0, status::NOT_FOUND);
    assert_eq!(worker.set("a", "mine", u32::MAX), status::CAS_MISMATCH);
    assert_eq!(shared.get("tests", "a"), Some((b"other".to_vec(), 1)));
}
