//! What each call between Envoy and a plugin costs.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;
use tenant_guard_bench_calls::{Call, Moment, Plan as Calls};

use crate::config::calls::{Callbacks, calls, set_filter_state};
use crate::config::guard::backstop;
use crate::rounds::{Plan, Series, measure};
use crate::scenario::{Scenario, Signer};
use crate::stats::{Estimate, bootstrap, median, pick};
use crate::variant::{BARE, Server, Set, Traffic, Variant, start};

/// How often a call is made for a request, where one alone is too short.
pub const TIMES: u8 = 10;

/// What one of something costs.
#[derive(Clone, Debug)]
pub struct Cost {
    /// What.
    pub name: &'static str,
    /// CPU time in microseconds.
    pub found: Estimate,
}

/// Measures all calls in turns, with the same requests.
///
/// # Errors
/// As [`measure`].
pub fn costs(plan: Plan, dir: &Path) -> Result<Vec<Cost>> {
    let request = Scenario::warm_token(Signer::Rs256, plan.now).request;
    let mut set = Set::default();
    for load in loads() {
        let name = load.name();
        set.servers.push(Server { name: name.clone(), filters: load.filters() });
        set.variants.push(Variant {
            server: name.clone(),
            name,
            load: Traffic::Same(request.clone()),
            status: 200,
            base: BARE,
        });
    }
    let envoys = start(set.servers);
    let series = measure(&envoys, &set.variants, plan, dir)?;
    Ok(of(&series))
}

/// An Envoy that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// No plugin.
    Bare,
    /// A plugin.
    Plugin(Calls, Callbacks),
    /// A plugin, and before it the filter that sets the filter state.
    StateSet(Calls),
    /// A plugin, and behind it the guard's backstop.
    Backstop(Calls),
}

impl Load {
    /// Without a call, and without callbacks for nothing.
    const IDLE: Load = Load::Plugin(Calls::IDLE, Callbacks::Needed);

    fn request(call: Call, times: u8) -> Load {
        Load::Plugin(Calls { call, moment: Moment::Request, times }, Callbacks::Needed)
    }

    fn response(call: Call, times: u8) -> Load {
        Load::Plugin(Calls { call, moment: Moment::Response, times }, Callbacks::Needed)
    }

    fn filters(self) -> Vec<Value> {
        match self {
            Load::Bare => vec![],
            Load::Plugin(plan, callbacks) => vec![calls(plan, callbacks)],
            Load::StateSet(plan) => vec![set_filter_state(), calls(plan, Callbacks::Needed)],
            Load::Backstop(plan) => vec![calls(plan, Callbacks::Needed), backstop()],
        }
    }

    fn name(self) -> String {
        match self {
            Load::Bare => BARE.to_owned(),
            Load::Plugin(plan, Callbacks::Needed) => plan.to_string(),
            Load::Plugin(plan, Callbacks::Every) => format!("{plan}, every callback"),
            Load::StateSet(plan) => format!("{plan}, filter state set"),
            Load::Backstop(plan) => format!("{plan}, backstop"),
        }
    }
}

/// A sum of CPU times a request, each so many times.
#[derive(Clone, Debug)]
struct Sum(Vec<(f64, Load)>);

impl Sum {
    fn of(load: Load) -> Sum {
        Sum(vec![(1.0, load)])
    }

    fn less(mut self, other: Sum) -> Sum {
        self.0.extend(other.0.into_iter().map(|(weight, load)| (-weight, load)));
        self
    }

    fn divided(self, by: f64) -> Sum {
        Sum(self.0.into_iter().map(|(weight, load)| (weight / by, load)).collect())
    }
}

/// Everything that is told, in the order of the table.
fn rows() -> Vec<(&'static str, Sum)> {
    let idle = Load::IDLE;
    let between = |over: Load, under: Load| Sum::of(over).less(Sum::of(under));
    let times = f64::from(TIMES);
    let request = |call| between(Load::request(call, TIMES), idle).divided(times);
    let response = |call| between(Load::response(call, TIMES), idle).divided(times);
    let once = Load::request(Call::AddHeader, 1);
    let (many, both) =
        (Load::request(Call::AddHeader, TIMES), Load::request(Call::AddAndRemoveHeader, TIMES));
    // However many headers change, the route is chosen anew once.
    let add = between(many, once).divided(times - 1.0);
    let route = between(once, idle).less(add.clone());
    let changed =
        |call| between(Load::request(call, TIMES), idle).less(route.clone()).divided(times);
    let set = Calls { call: Call::SetProperty, moment: Moment::Request, times: 1 };
    let state =
        |times| Load::StateSet(Calls { call: Call::FilterState, moment: Moment::Request, times });
    vec![
        ("a plugin that does nothing", between(idle, Load::Bare)),
        (
            "callbacks that do nothing, all of a request",
            between(Load::Plugin(Calls::IDLE, Callbacks::Every), idle),
        ),
        ("current time", request(Call::Time)),
        ("all request headers", request(Call::Headers)),
        ("one request header (Authorization)", request(Call::Header)),
        ("all request headers set", changed(Call::SetHeaders)),
        ("a request header set (replaced), new", changed(Call::ReplaceHeader)),
        ("a request header added", add),
        ("a request header removed, not there", changed(Call::RemoveHeader)),
        ("a request header removed", between(both, many).divided(times)),
        ("route chosen anew, after request headers changed", route.clone()),
        ("source.address", request(Call::Address)),
        ("filter state read", between(state(TIMES), state(0)).divided(times)),
        ("property set", request(Call::SetProperty)),
        (
            "RBAC filter, the backstop's policy",
            between(Load::Backstop(set), Load::Plugin(set, Callbacks::Needed)),
        ),
        ("shared data read", request(Call::ReadShared)),
        ("shared data written", request(Call::WriteShared)),
        ("a counter incremented", request(Call::Count)),
        ("a response header set (replaced), new", response(Call::ReplaceHeader)),
        ("a response header added", response(Call::AddHeader)),
    ]
}

/// Every load that a row needs, once.
fn loads() -> Vec<Load> {
    let mut loads = Vec::new();
    for (_, load) in rows().into_iter().flat_map(|(_, sum)| sum.0) {
        if !loads.contains(&load) {
            loads.push(load);
        }
    }
    // Its CPU time is the base of each series.
    loads.sort_by_key(|load| *load != Load::Bare);
    loads
}

/// The costs, from the series of all loads.
fn of(series: &[Series]) -> Vec<Cost> {
    let cpu = |load: Load| {
        let found = series.iter().find(|series| series.name == load.name());
        &found.expect("every load is measured").cpu
    };
    let rounds = series.iter().map(|series| series.cpu.len()).min().unwrap_or(0);
    let cost = |(name, sum): (&'static str, Sum)| {
        let terms: Vec<_> = sum.0.iter().map(|(weight, load)| (*weight, cpu(*load))).collect();
        let found = bootstrap(rounds, |drawn| {
            terms.iter().map(|(weight, cpu)| weight * median(&pick(cpu, drawn))).sum()
        });
        Cost { name, found }
    };
    rows().into_iter().map(cost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an Envoy uses where an add takes 0.5 µs, the route 2 µs, the
    /// backstop 3 µs, other calls 1 µs each and a plugin 4 µs.
    fn cpu(load: Load) -> f64 {
        let of = |plan: Calls| {
            let times = f64::from(plan.times);
            let changes = plan.moment == Moment::Request && plan.times > 0;
            let route = if changes { 2.0 } else { 0.0 };
            let call = match plan.call {
                Call::AddHeader => times * 0.5 + route,
                Call::AddAndRemoveHeader => times * 1.5 + route,
                Call::ReplaceHeader | Call::RemoveHeader | Call::SetHeaders => times + route,
                _ => times,
            };
            24.0 + call
        };
        match load {
            Load::Bare => 20.0,
            Load::Plugin(plan, Callbacks::Needed) => of(plan),
            Load::Plugin(plan, Callbacks::Every) => of(plan) + 0.25,
            Load::StateSet(plan) => of(plan) + 7.0,
            Load::Backstop(plan) => of(plan) + 3.0,
        }
    }

    #[test]
    fn each_cost_is_found_again() {
        let series: Vec<Series> = loads()
            .into_iter()
            .map(|load| Series { name: load.name(), cpu: vec![cpu(load); 3], ..Series::default() })
            .collect();
        for cost in of(&series) {
            let expected = match cost.name {
                "a plugin that does nothing" => 4.0,
                "callbacks that do nothing, all of a request" => 0.25,
                "route chosen anew, after request headers changed" => 2.0,
                "RBAC filter, the backstop's policy" => 3.0,
                "a request header added" | "a response header added" => 0.5,
                _ => 1.0,
            };
            assert!((cost.found.value - expected).abs() < 1e-9, "{cost:?}");
        }
    }

    #[test]
    fn no_cost_has_a_part_of_what_a_request_costs_anyhow() {
        for (name, sum) in rows() {
            let all: f64 = sum.0.iter().map(|(weight, _)| weight).sum();
            assert!(all.abs() < 1e-9, "{name}: {all}");
        }
    }

    #[test]
    fn every_call_is_measured_under_a_name_of_its_own() {
        let loads = loads();
        let mut names: Vec<String> = loads.iter().map(|load| load.name()).collect();
        for call in Call::ALL {
            let measured = |load: &Load| match load {
                Load::Bare => false,
                Load::Plugin(plan, _) | Load::StateSet(plan) | Load::Backstop(plan) => {
                    plan.call == call && plan.times == TIMES
                }
            };
            assert!(loads.iter().any(measured), "{call:?}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), loads.len());
    }
}
