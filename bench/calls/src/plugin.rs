//! The plugin's life: reads its plan, and follows it.
#![allow(missing_docs, unsafe_code, reason = "of what the SDK's macro exports")]

use std::cell::OnceCell;
use std::hint::black_box;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

use crate::host::{self, Map};
use crate::{Call, DECISION, FILTER_STATE, Moment, Plan};

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Root { work: None }) });
}}

/// Headers, and as long as identity headers are.
const HEADERS: [&str; 10] = [
    "x-bench-name-0",
    "x-bench-name-1",
    "x-bench-name-2",
    "x-bench-name-3",
    "x-bench-name-4",
    "x-bench-name-5",
    "x-bench-name-6",
    "x-bench-name-7",
    "x-bench-name-8",
    "x-bench-name-9",
];
const PROPERTIES: [&str; 10] = [
    DECISION.0,
    "tenant_guard.bench_1",
    "tenant_guard.bench_2",
    "tenant_guard.bench_3",
    "tenant_guard.bench_4",
    "tenant_guard.bench_5",
    "tenant_guard.bench_6",
    "tenant_guard.bench_7",
    "tenant_guard.bench_8",
    "tenant_guard.bench_9",
];
const VALUE: &str = "acme-value";
const SHARED: &str = "tenant_guard.bench";

struct Work {
    plan: Plan,
    counter: u32,
    /// All headers of the first message.
    pairs: OnceCell<Vec<u8>>,
    /// The path of the filter state.
    state: String,
}

struct Root {
    work: Option<Rc<Work>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let text = self.get_plugin_configuration().unwrap_or_default();
        let plan = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
        let Some(plan) = plan else { return false };
        host::set_shared(SHARED, VALUE);
        self.work = Some(Rc::new(Work {
            plan,
            counter: host::counter("bench_calls"),
            pairs: OnceCell::new(),
            state: ["filter_state", FILTER_STATE].join("\0"),
        }));
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { work: Rc::clone(self.work.as_ref()?) }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Stream {
    work: Rc<Work>,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        self.work.run(Moment::Request, Map::Request);
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        self.work.run(Moment::Response, Map::Response);
        Action::Continue
    }
}

impl Work {
    fn run(&self, moment: Moment, map: Map) {
        if self.plan.moment != moment {
            return;
        }
        let names = HEADERS.into_iter().zip(PROPERTIES).cycle();
        for (header, property) in names.take(usize::from(self.plan.times)) {
            self.once(map, header, property);
        }
    }

    fn once(&self, map: Map, header: &str, property: &str) {
        match self.plan.call {
            Call::Time => drop(black_box(host::time())),
            Call::Headers => drop(black_box(host::headers(map))),
            Call::Header => drop(black_box(host::header(map, "authorization"))),
            Call::SetHeaders => {
                host::set_headers(map, self.pairs.get_or_init(|| host::headers(map)));
            }
            Call::ReplaceHeader => host::replace_header(map, header, VALUE),
            Call::AddHeader => host::add_header(map, header, VALUE),
            Call::RemoveHeader => host::remove_header(map, header),
            Call::AddAndRemoveHeader => {
                host::add_header(map, header, VALUE);
                host::remove_header(map, header);
            }
            Call::Address => drop(black_box(host::property("source\0address"))),
            Call::FilterState => drop(black_box(host::property(&self.state))),
            Call::SetProperty => host::set_property(property, DECISION.1),
            Call::ReadShared => drop(black_box(host::shared(SHARED))),
            Call::WriteShared => host::set_shared(SHARED, VALUE),
            Call::Count => host::count(self.counter),
        }
    }
}
