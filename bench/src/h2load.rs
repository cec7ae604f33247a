//! The load generator: starts h2load and reads what it measured.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{fs, io};

use anyhow::{Context, Result, bail, ensure};

use crate::scenario::Request;
use crate::stats::quantile;

/// Connections that are kept busy.
pub const CONNECTIONS: usize = 8;

/// What to send.
#[derive(Clone, Debug)]
pub enum Load {
    /// The same request again and again, over all connections.
    Same(Request),
    /// A path of its own for each request. h2load would send all of them over
    /// each of its connections, so each connection is a process.
    Paths(Vec<String>),
}

/// What a run of it measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Requests that were answered, all with the expected status.
    pub requests: usize,
    /// Requests a second.
    pub rate: f64,
    /// The median of the time to the end of the response, in microseconds.
    pub p50: f64,
    /// The 99th percentile of it.
    pub p99: f64,
}

/// Sends so many requests (of [`Load::Paths`] all that there are) to an
/// address; `dir` is for its files.
///
/// # Errors
/// When h2load fails, or any request isn't answered with `status`.
pub fn run(
    to: SocketAddr,
    load: &Load,
    requests: usize,
    status: u16,
    dir: &Path,
) -> Result<Measured> {
    let mut children = Vec::new();
    let mut logs = Vec::new();
    let mut expected = requests;
    match load {
        Load::Same(request) => {
            let log = dir.join("h2load.log");
            let mut command = command(requests, CONNECTIONS, &log);
            for (name, value) in &request.headers {
                command.arg(format!("-H{name}: {value}"));
            }
            command.arg(format!("http://{to}{}", request.path));
            children.push(command.spawn().context("h2load doesn't start")?);
            logs.push(log);
        }
        Load::Paths(paths) => {
            expected = paths.len();
            for (number, part) in paths.chunks(paths.len().div_ceil(CONNECTIONS)).enumerate() {
                let (log, list) =
                    (dir.join(format!("h2load.{number}.log")), dir.join(format!("paths.{number}")));
                let uris: Vec<String> =
                    part.iter().map(|path| format!("http://{to}{path}")).collect();
                fs::write(&list, uris.join("\n") + "\n")?;
                let mut command = command(part.len(), 1, &log);
                command.arg("-Huser-agent: bench").arg("-i").arg(list);
                children.push(command.spawn().context("h2load doesn't start")?);
                logs.push(log);
            }
        }
    }
    let mut failure = None;
    for child in children {
        if let Err(why) = wait(child) {
            failure = Some(why);
        }
    }
    if let Some(why) = failure {
        return Err(why);
    }
    let read: io::Result<Vec<String>> = logs.iter().map(fs::read_to_string).collect();
    measured(&read?.concat(), expected, status)
}

fn command(requests: usize, connections: usize, log: &Path) -> Command {
    let mut command = Command::new("h2load");
    let _ = fs::remove_file(log);
    command
        .args(["--h1", "-n", &requests.to_string(), "-c", &connections.to_string()])
        .arg(format!("--log-file={}", log.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn wait(child: Child) -> Result<()> {
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "h2load ended with {}: {said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Reads the lines of h2load's log files: start in microseconds, status,
/// microseconds to the end of the response.
fn measured(log: &str, expected: usize, status: u16) -> Result<Measured> {
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut times = Vec::with_capacity(expected);
    for line in log.lines() {
        let mut fields = line.split('\t').map(str::parse::<f64>);
        let (Some(Ok(start)), Some(Ok(answered)), Some(Ok(took))) =
            (fields.next(), fields.next(), fields.next())
        else {
            bail!("a line in the log of h2load isn't as expected: {line}");
        };
        ensure!(answered == f64::from(status), "a response has status {answered}, not {status}");
        first = first.min(start);
        last = last.max(start + took);
        times.push(took);
    }
    ensure!(times.len() == expected, "{} of {expected} requests were answered", times.len());
    ensure!(expected > 0, "no requests");
    Ok(Measured {
        requests: expected,
        rate: expected as f64 / (last - first).max(1.0) * 1e6,
        p50: quantile(&times, 0.5),
        p99: quantile(&times, 0.99),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_of_rate_and_times() {
        let log = "1000000\t200\t100\n1000100\t200\t300\n1000200\t200\t800\n";
        let found = measured(log, 3, 200).unwrap();
        assert_eq!(found, Measured { requests: 3, rate: 3000.0, p50: 300.0, p99: 790.0 });
    }

    #[test]
    fn a_status_that_is_not_expected_fails_the_run() {
        let log = "1000000\t200\t100\n1000100\t401\t300\n";
        let error = measured(log, 2, 200).unwrap_err().to_string();
        assert_eq!(error, "a response has status 401, not 200");
    }

    #[test]
    fn a_request_without_an_answer_fails_the_run() {
        assert!(measured("1000000\t200\t100\n", 2, 200).is_err());
        assert!(measured("1000000\t-1\t100\n", 1, 200).is_err());
        assert!(measured("broken\n", 1, 200).is_err());
    }
}
