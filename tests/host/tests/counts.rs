//! What requests cost, in instructions: no more than it did, and the same
//! whatever the configuration's size.

use tenant_guard_host_tests::scenario::{Scenario, Table, all, lines};

use crate::common::*;

/// How much more the dearest size may cost than the cheapest, in percent.
const MOST: u64 = 15;

fn count(scenario: &Scenario) -> u64 {
    let mut host = started(scenario.setup());
    scenario.count(&mut host)
}

#[test]
fn no_request_costs_more_than_it_did() {
    let table = Table::committed();
    let problem = |scenario: &Scenario| table.problem(&scenario.name, count(scenario));
    let problems: Vec<_> = all().iter().filter_map(problem).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_request_costs_the_same_whatever_the_configurations_size() {
    let mut bad = Vec::new();
    for line in lines() {
        let ends = [line.sizes.first(), line.sizes.last()].map(|size| *size.unwrap());
        let [least, most] = ends.map(|size| count(&line.at(size)));
        println!("{}: {least} and {most} of {ends:?}", line.name);
        if least.max(most) * 100 > least.min(most) * (100 + MOST) {
            bad.push(format!("{}: {least} and {most} instructions of {ends:?}", line.name));
        }
    }
    assert!(bad.is_empty(), "more than {MOST} % apart:\n{}", bad.join("\n"));
}
