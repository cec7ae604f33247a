//! Counts the instructions of each scenario and writes `bench/INSTRUCTIONS.md`:
//! `make bench-count`.

use tenant_guard_host_tests::scenario::{Scenario, Table, all, lines};

fn main() {
    let Some(plugin) = std::env::args().nth(1) else {
        eprintln!("usage: count PLUGIN");
        std::process::exit(2);
    };
    let mut counts = Vec::new();
    let mut count = |scenario: Scenario| {
        let mut host = scenario.setup().start(&plugin);
        assert!(host.configured, "{}: {}", scenario.name, host.start.log());
        let instructions = scenario.count(&mut host);
        println!("{}: {instructions}", scenario.name);
        counts.push((scenario.name, instructions));
    };
    all().into_iter().for_each(&mut count);
    for line in lines() {
        line.sizes.iter().for_each(|&size| count(line.at(size)));
    }
    Table::of(counts).write();
}
