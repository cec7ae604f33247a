//! Sends the requests of a scenario for some seconds, so that `perf` can tell
//! where the plugin's time goes: `make bench-profile`. The plugin has to be one
//! that kept its functions' names.

use std::time::{Duration, Instant};

use tenant_guard_host_tests::scenario;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(plugin), Some(name)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: profile PLUGIN SCENARIO");
        std::process::exit(2);
    };
    let all = scenario::all();
    let Some(scenario) = all.iter().find(|scenario| scenario.name == name) else {
        eprintln!("there is no scenario {name:?}; there are:");
        all.iter().for_each(|scenario| eprintln!("  {}", scenario.name));
        std::process::exit(2);
    };
    let mut host = scenario.setup().start_profiled(plugin);
    assert!(host.configured, "{}", host.start.log());
    println!("{name}: {} instructions a request", scenario.count(&mut host));
    let begun = Instant::now();
    let mut sent = 0;
    while begun.elapsed() < Duration::from_secs(10) {
        scenario.send(&mut host, sent);
        sent += 1;
    }
    println!("{sent} requests sent");
}
