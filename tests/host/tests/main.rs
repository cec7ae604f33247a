//! One binary for all: it links wasmtime once and compiles the plugin once.

mod callbacks;
mod common;
mod configure;
mod counts;
mod decisions;
mod faults;
mod floods;
mod hostile;
mod imports;
mod limits;
mod loading;
mod memory;
mod reload;
mod remote_answers;
mod remote_faults;
mod remote_memory;
mod remote_reload;
mod remote_waiting;
mod remote_workers;
mod second_host;
mod verify;
mod workers;
