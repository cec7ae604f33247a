//! Whole configurations that the project ships, started as they are.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::builder::{EnvoyBuilder, addresses, plugin_file};
use crate::envoy::Envoy;
use crate::process::{self, Process};

impl Envoy {
    /// Starts a whole configuration. Changed are only the places of things: the
    /// listener `guarded` and the admin API are on ports of their own, its other
    /// listeners are on pipes, and the plugin is where it was built.
    ///
    /// Panics with Envoy's log where it doesn't start.
    pub fn shipped(mut config: Value) -> Envoy {
        let dir = process::fresh_dir();
        let mut others = Vec::new();
        for listener in config["static_resources"]["listeners"].as_array_mut().unwrap() {
            let guarded = listener["name"] == "guarded";
            let port = &mut listener["address"]["socket_address"]["port_value"];
            if guarded {
                *port = json!(0);
            } else {
                others.push(port.clone());
            }
        }
        config["admin"]["address"]["socket_address"]["port_value"] = json!(0);
        relocate(&mut config, &others, &dir);
        fs::write(dir.join("config.json"), config.to_string()).unwrap();
        let options = ["--concurrency", "1", "--log-level", "warning"].map(str::to_owned);
        let mut process = Process::start(&dir, &options, &[]);
        match addresses(&mut process, &dir) {
            Ok((address, admin)) => {
                let settings = EnvoyBuilder::new(json!({})).0;
                Envoy::new(process, dir, address, admin, settings)
            }
            Err(why) => {
                let log = fs::read(dir.join("envoy.log")).unwrap_or_default();
                process.stop(false);
                panic!("Envoy did not start:\n{}\n{why}", String::from_utf8_lossy(&log));
            }
        }
    }
}

/// Puts listeners on these ports, and who connects to them, on pipes.
fn relocate(value: &mut Value, ports: &[Value], dir: &Path) {
    let port = &value["socket_address"]["port_value"];
    if ports.contains(port) {
        *value = json!({"pipe": {"path": dir.join(format!("{port}.sock"))}});
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "filename" && member == "target/tenant-guard.wasm" {
                    *member = json!(plugin_file());
                }
                relocate(member, ports, dir);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| relocate(item, ports, dir)),
        _ => {}
    }
}
