//! `check` as its users see it: every message is kept in a file. Set `UPDATE`
//! to have those files written anew.

#![allow(clippy::expect_used, reason = "a test that panics fails")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the command in this package's folder, with a known environment.
fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tenant-guard"))
        .args(args)
        .env_remove("API_KEY_PEPPER")
        .output()
        .expect("it starts")
}

fn check(args: &[&str]) -> (String, i32) {
    let output = run(&[&["check"], args].concat());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("it is text");
    (text, output.status.code().expect("it ends by itself"))
}

/// The files of a folder that are checked, in order.
fn inputs(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new("tests/check").join(folder)).expect("it is there");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "txt"))
        .collect();
    files.sort();
    files
}

/// Compares what is said of each file with what is kept beside it.
fn compare(folder: &str, expected_exit: i32) {
    let mut changed = Vec::new();
    for file in inputs(folder) {
        let path = file.to_str().expect("it is UTF-8");
        let (said, exit) = check(&[path]);
        assert_eq!(exit, expected_exit, "{said}");
        let mut kept: OsString = file.clone().into();
        kept.push(".txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&kept, &said).expect("it can be written");
        } else if fs::read_to_string(&kept).unwrap_or_default() != said {
            changed.push(said);
        }
    }
    assert!(
        changed.is_empty(),
        "other messages than are kept (UPDATE=1 keeps these):\n{}",
        changed.join("\n")
    );
}

#[test]
fn what_is_said_of_broken_documents_is_what_is_kept() {
    assert!(inputs("broken").len() >= 20);
    compare("broken", 3);
}

#[test]
fn what_is_said_of_weak_configurations_is_what_is_kept() {
    assert!(inputs("weak").len() >= 10);
    compare("weak", 0);
}

#[test]
fn what_is_good_is_called_so_and_ends_with_0() {
    for file in inputs("good") {
        let path = file.to_str().expect("it is UTF-8");
        let pepper = format!("--env=API_KEY_PEPPER={}", "p".repeat(32));
        assert_eq!(
            check(&["--deny-warnings", &pepper, path]),
            ("ok: 1 guard in 1 file\n".into(), 0)
        );
    }
    assert_eq!(check(&["--deny-warnings", "../envoy/envoy.yaml"]).1, 0);
}

#[test]
fn the_examples_of_the_documentation_are_good() {
    for entry in fs::read_dir("../docs/examples").expect("it is there") {
        let path = entry.expect("it can be read").path();
        let (said, exit) = check(&["--deny-warnings", path.to_str().expect("it is UTF-8")]);
        assert_eq!(exit, 0, "{said}");
    }
}

/// The YAML of the README, each piece in a file of its own.
#[test]
fn the_configuration_of_the_readme_is_good() {
    let readme = fs::read_to_string("../README.md").expect("it is there");
    let folder = std::env::temp_dir().join(format!("tenant-guard-check-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("it can be made");
    let pieces = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut files = Vec::new();
    for (index, piece) in pieces.enumerate() {
        let file = folder.join(format!("{index}.yaml"));
        fs::write(&file, piece).expect("it can be written");
        files.push(file.to_str().expect("it is UTF-8").to_owned());
    }
    let mut args = vec!["--deny-warnings"];
    args.extend(files.iter().map(String::as_str));
    let (said, exit) = check(&args);
    fs::remove_dir_all(&folder).expect("it can be removed");
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("1 guard in 2 files"), "{said}");
}

#[test]
fn warnings_end_with_3_where_they_are_denied() {
    let file = "tests/check/weak/01-fail-open.yaml";
    assert_eq!(check(&[file]).1, 0);
    assert_eq!(check(&["--deny-warnings", file]).1, 3);
}

#[test]
fn a_file_that_cannot_be_read_ends_with_1_and_the_others_are_checked() {
    let (said, exit) =
        check(&["tests/check/nowhere.yaml", "tests/check/broken/05-no-version.yaml"]);
    assert_eq!(exit, 1);
    assert!(said.contains("nowhere.yaml: can't be read"), "{said}");
    assert!(said.contains("version: is required"), "{said}");
}

#[test]
fn programs_get_a_list_of_findings() {
    let (said, exit) = check(&[
        "--format",
        "json",
        "tests/check/broken/04-misspelt-fields.yaml",
        "tests/check/weak/01-fail-open.yaml",
    ]);
    assert_eq!(exit, 3);
    let findings: Vec<serde_json::Value> = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(
        findings[0],
        serde_json::json!({
            "severity": "error",
            "code": "document",
            "file": "tests/check/broken/04-misspelt-fields.yaml",
            "line": 3,
            "column": 3,
            "path": "tenancy.strikt",
            "problem": "unknown field; did you mean strict?",
        })
    );
    assert!(findings.iter().any(|finding| finding["code"] == "fail-open"), "{said}");
    let (said, exit) = check(&["--format", "json", "../envoy/envoy.yaml"]);
    assert_eq!((said.as_str(), exit), ("[]\n", 0));
}

#[test]
fn secrets_are_never_shown() {
    for file in inputs("broken").into_iter().chain(inputs("weak")) {
        let (said, _) = check(&[file.to_str().expect("it is UTF-8")]);
        assert!(!said.contains("never-shown"), "{said}");
    }
}

#[test]
fn a_wrong_option_says_how_it_is_given() {
    let output = run(&["check", "--env", "never-shown", "a.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("NAME=VALUE") && !said.contains("never-shown"), "{said}");
}
