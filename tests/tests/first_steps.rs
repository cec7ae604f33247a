//! The README's five commands, from nothing to a guarded application, as a new
//! user would run them: with the command itself, and a real Envoy.

mod command;
mod examples;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use examples::text;
use serde_json::json;
use tenant_guard_cli::{Exit, source};
use tenant_guard_tests::{EnvoyBuilder, Reply, Request, Stub, plugin_file};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("tg-first-steps-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The block of commands in the README that makes the first document.
fn commands() -> Vec<String> {
    let readme = text("README.md");
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains("--start")).expect("it is there");
    block.lines().map(str::to_owned).collect()
}

/// Runs one of the README's commands in a folder; gives what it printed.
fn run(command: &str, folder: &Path, app: &str) -> String {
    let command = command.strip_prefix("target/tenant-guard ").expect("it is the command");
    let arguments = command.split_whitespace().map(|word| match word {
        "guard.yaml" => folder.join(word).into_os_string(),
        "127.0.0.1:8000" => app.into(),
        word => OsString::from(word),
    });
    let (exit, out, err) = command::run(arguments);
    assert_eq!(exit, Exit::Ok, "{err}");
    out
}

#[test]
fn five_commands_lead_from_nothing_to_a_guarded_application() {
    let commands = commands();
    let [build, key, envoy, start, curl] = commands.as_slice() else { panic!("{commands:#?}") };
    let makefile = text("Makefile");
    for target in build.strip_prefix("make ").unwrap().split(' ') {
        assert!(makefile.contains(&format!("\n{target}:")), "{target}");
    }
    let folder = Folder::new();
    let application = Stub::start();
    application.on("/", Reply::json(&json!({"hello": "world"})));
    let app = application.address().to_string();

    let printed = run(key, &folder.0, &app);
    let key = printed.lines().find(|line| line.starts_with("tgk_")).unwrap();
    let (command, file) = envoy.split_once(" > ").unwrap();
    let config = run(command, &folder.0, &app);
    assert_eq!(start, &format!(".tools/envoy/bin/envoy -c {file}"));

    assert!(curl.starts_with("curl -i http://127.0.0.1:10000/ "), "{curl}");
    let (_, header) = curl.split_once("-H '").unwrap();
    let (name, value) = header.trim_end_matches('\'').split_once(": ").unwrap();
    assert_eq!((name, value), ("x-api-key", "YOUR-KEY"));

    let config = source::parse(&config).unwrap()[0].to_value().to_string();
    let config = config
        .replace("\"target/tenant-guard.wasm\"", &json!(plugin_file()).to_string())
        .replace("\"port_value\":10000", "\"port_value\":0")
        .replace("\"port_value\":9901", "\"port_value\":0");
    let envoy = EnvoyBuilder::whole(serde_json::from_str(&config).unwrap()).start();

    let response = envoy.send(&Request::get("/").header(name, key));
    assert_eq!((response.status, response.json()["hello"].as_str()), (200, Some("world")));
    let seen = application.seen();
    assert_eq!(seen[0].header("x-tenant-id"), Some("acme"));
    assert_eq!(seen[0].header("x-client-id"), Some("web"));
    assert_eq!(seen[0].header("x-api-key"), None);

    assert_eq!(envoy.send(&Request::get("/")).status, 401);
    assert_eq!(envoy.send(&Request::get("/").header(name, value)).status, 401);
    assert_eq!(application.seen().len(), 1, "nobody else gets through");
}
