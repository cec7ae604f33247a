use serde_json::Value;

use crate::Exit;
use crate::testing::{TempFile, run_with};

fn run(args: &[&str], input: &str) -> (Exit, String, String) {
    let args: Vec<&str> = ["key"].iter().chain(args).copied().collect();
    let ran = run_with(&args, input);
    (ran.exit, ran.out, ran.err)
}

fn new(args: &[&str]) -> Value {
    let args: Vec<&str> = ["new", "--format", "json"].iter().chain(args).copied().collect();
    let (exit, out, err) = run(&args, "");
    assert_eq!(exit, Exit::Ok, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn sha256(key: &str) -> String {
    let (exit, out, err) = run(&["hash", "--format", "json"], key);
    assert_eq!(exit, Exit::Ok, "{err}");
    let digest: Value = serde_json::from_str(&out).unwrap();
    digest["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_key_comes_with_the_entry_for_its_digest() {
    let made = new(&[
        "--tenant",
        "acme",
        "--client",
        "web",
        "--scopes",
        "a:read,a:write",
        "--roles",
        "viewer",
        "--expires",
        "2099-01-01",
    ]);
    let entry = &made["entry"];
    assert_eq!(entry["sha256"], sha256(made["key"].as_str().unwrap()));
    assert_eq!(entry["scopes"], serde_json::json!(["a:read", "a:write"]));
    assert_eq!(entry["roles"], serde_json::json!(["viewer"]));
    assert_eq!(entry["expires"], "2099-01-01T00:00:00Z");
    assert!(entry["id"].as_str().unwrap().starts_with("web-"));
    assert_eq!(made["owner"], serde_json::json!({"tenant": "acme", "client": "web"}));
}

#[test]
fn people_get_the_key_once_and_the_entry_without_it() {
    let (exit, out, _) = run(&["new", "--tenant", "acme", "--client", "web", "--id", "web-1"], "");
    assert_eq!(exit, Exit::Ok);
    let key = out.lines().find(|line| line.starts_with("tgk_")).unwrap();
    assert_eq!(out.matches(key).count(), 1);
    let entry: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(entry, serde_json::json!({"id": "web-1", "sha256": sha256(key)}));
}

#[test]
fn a_key_without_a_tenant_must_be_asked_for() {
    assert_eq!(run(&["new"], "").0, Exit::Failure);
    assert_eq!(run(&["new", "--tenant", "acme"], "").0, Exit::Failure);
    assert!(new(&["--unbound"])["owner"].is_null());
}

#[test]
fn what_the_guard_would_refuse_is_not_made() {
    let key = ["new", "--client", "web", "--tenant"];
    for (more, word) in [
        (&["default"][..], "--tenant: is the reserved"),
        (&["no tenant"], "--tenant: is no tenant name"),
        (&["acme", "--id", ""], "--id: "),
        (&["acme", "--scopes", "a b"], "--scopes: is no scope"),
        (&["acme", "--expires", "yesterday"], "--expires"),
        (&["acme", "--expires", "2020-01-01"], "over already"),
        (&["acme", "--expires", "1d", "--not-before", "2d"], "before --not-before"),
        (&["acme", "--pepper-env", "NOT_SET_ANYWHERE"], "NOT_SET_ANYWHERE"),
    ] {
        let args: Vec<&str> = key.iter().chain(more).copied().collect();
        let (exit, out, err) = run(&args, "");
        assert_eq!((exit, out.as_str()), (Exit::Failure, ""), "{more:?}");
        assert!(err.contains(word), "{more:?}: {err}");
    }
}

#[test]
fn a_key_from_elsewhere_is_hashed_without_its_line_end() {
    let expected = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    for text in ["secret", "secret\n", "secret\r\n"] {
        assert_eq!(sha256(text), expected);
    }
    assert_eq!(run(&["hash", "secret"], "").1, format!("sha256: \"{expected}\"\n"));
    let (_, out, _) = run(&["hash"], "secret\n");
    assert_eq!(out, format!("sha256: \"{expected}\"\n"));
}

#[test]
fn what_is_no_key_is_not_hashed() {
    let made = new(&["--unbound"]);
    let damaged = made["key"].as_str().unwrap().replace("tgk_", "tgk_x");
    let long = "x".repeat(100_000);
    for (text, word) in [
        ("", "no key"),
        ("\n", "no key"),
        ("two\nlines", "more than one line"),
        (" spaced", "spaces"),
        (damaged.as_str(), "damaged"),
        (long.as_str(), "longer"),
    ] {
        let (exit, out, err) = run(&["hash"], text);
        assert_eq!((exit, out.as_str()), (Exit::Failure, ""), "{text:.20}");
        assert!(err.contains(word), "{err}");
        assert!(text.is_empty() || text.len() < 4 || !err.contains(text), "{err}");
    }
}

#[test]
fn a_first_document_is_written_but_never_over_another() {
    let file = TempFile::new(".yaml", "version: 1");
    let path = file.path();
    let args = ["new", "--tenant", "acme", "--client", "web", "--start", path];
    let (exit, out, err) = run(&args, "");
    assert_eq!((exit, out.as_str()), (Exit::Failure, ""), "{err}");
    assert!(err.contains("is there already"), "{err}");
    std::fs::remove_file(path).unwrap();
    let (exit, out, err) = run(&args, "");
    assert_eq!(exit, Exit::Ok, "{err}");
    let key = out.lines().find(|line| line.starts_with("tgk_")).unwrap();
    let document = std::fs::read_to_string(path).unwrap();
    assert!(document.contains(&sha256(key)) && !document.contains(key), "{document}");
    assert_eq!(run_with(&["check", path], "").exit, Exit::Ok);
}
