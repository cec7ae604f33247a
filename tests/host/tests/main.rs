//! One binary for all: it links wasmtime once and compiles the plugin once.

mod callbacks;
mod common;
mod configure;
mod decisions;
mod faults;
mod hostile;
mod imports;
mod limits;
mod memory;
mod reload;
mod second_host;
mod verify;
mod workers;
