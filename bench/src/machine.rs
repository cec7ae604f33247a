//! What the measurement ran on, and with.

use std::process::Command;
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tenant_guard_tests::plugin_file;

use crate::config;

/// The machine, and the versions of what is measured.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// How many processors there are.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The load average of the last minute when the measurement began.
    pub load: String,
    /// Envoy's version.
    pub envoy: String,
    /// The compiler.
    pub rustc: String,
    /// The load generator.
    pub h2load: String,
    /// Bytes of the plugin.
    pub plugin: u64,
}

impl Machine {
    /// Looks around.
    ///
    /// # Errors
    /// When h2load, rustc or the plugin is missing.
    pub fn look() -> Result<Machine> {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let plugin = plugin_file();
        let about: Value = serde_json::from_str(&config::start(vec![]).admin("/server_info"))?;
        Ok(Machine {
            processor: processor(&cpus),
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.trim().to_owned(),
            load: load.split_whitespace().next().unwrap_or("unknown").to_owned(),
            envoy: envoy(about["version"].as_str().unwrap_or_default()),
            rustc: version("rustc")?,
            h2load: version("h2load").context("install h2load (Debian: nghttp2-client)")?,
            plugin: fs::metadata(&plugin).with_context(|| plugin.display().to_string())?.len(),
        })
    }
}

fn version(program: &str) -> Result<String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.with_context(|| format!("{program} doesn't start"))?;
    ensure!(output.status.success(), "{program} --version ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn processor(cpus: &str) -> String {
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let name = model.and_then(|rest| rest.split_once(':'));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

/// The number out of `hash/1.40.0/Clean/RELEASE/BoringSSL`.
fn envoy(version: &str) -> String {
    version.split('/').nth(1).unwrap_or(version).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: A CPU @ 2 GHz\n"), "A CPU @ 2 GHz");
        assert_eq!(processor(""), "unknown");
    }

    #[test]
    fn the_version_is_cut_out() {
        assert_eq!(envoy("abc/1.40.0/Clean/RELEASE/BoringSSL"), "1.40.0");
        assert_eq!(envoy("odd"), "odd");
    }
}
