//! A plugin that does nothing, with every callback as the SDK has it by
//! default: what any plugin costs at least.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, unsafe_code, reason = "of what the SDK's macro exports")]

use proxy_wasm::traits::{Context, HttpContext};

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| -> Box<dyn HttpContext> { Box::new(Empty) });
}}

struct Empty;

impl Context for Empty {}

impl HttpContext for Empty {}
