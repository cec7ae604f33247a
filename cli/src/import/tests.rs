use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::env;
use super::settings::Settings;
use super::system::System;
use super::testing::{File, import, imported, run};
use crate::Exit;

#[test]
fn the_system_is_found_or_asked_for() {
    let heimdex = File::new("env", "AUTH_PROVIDER=dev\nHEIMDEX_ENV=local\n");
    let path = heimdex.0.to_str().expect("it is UTF-8");
    assert!(run(&[path]).out.starts_with("# Imported from the environment of heimdex"));
    let unclear = File::new("env", "AUTH_PROVIDER=dev\nAUTH_MODE=both\n");
    let path = unclear.0.to_str().expect("it is UTF-8");
    let ran = run(&[path]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failure, ""));
    assert!(
        ran.err.contains("super-admin, heimdex") && ran.err.contains("--system"),
        "{}",
        ran.err
    );
    let nothing = File::new("env", "HOME=x\n");
    assert_eq!(run(&[nothing.0.to_str().expect("it is UTF-8")]).exit, Exit::Failure);
    assert_eq!(run(&["no-such-file.env"]).exit, Exit::Failure);
    assert_eq!(run(&[]).exit, Exit::Failure);
    assert_eq!(run(&["--system", "ai-backend"]).exit, Exit::Ok);
}

#[test]
fn variables_that_nothing_comes_of_are_named_without_their_values() {
    let env = "AUTH_MODE=both\nSUPER_ADMIN_API_KEY=sss\nDATABASE_URL=db-value\nMYSTERY=my#value\nALSO=$(x)\n";
    let ran = import("super-admin", env, &[]);
    assert!(ran.out.ends_with("# Of no use to a gateway, the application goes on reading them: DATABASE_URL\n# Not understood, so nothing above comes of them: ALSO, MYSTERY\n"), "{}", ran.out);
    assert!(!ran.out.contains("db-value") && !ran.out.contains("my#"));
    let json = import("super-admin", env, &["--format", "json"]);
    let json: Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(
        json["ignored"],
        json!([
            {"name": "ALSO", "known": false},
            {"name": "MYSTERY", "known": false},
            {"name": "DATABASE_URL", "known": true}
        ])
    );
}

#[test]
fn an_added_document_is_told_of_in_its_own_places() {
    for (text, place) in [
        ("tenants:\n  - id: default\n", ":2:5: tenants[0].id"),
        ("version: 1\nno_such: 1\n", ":2:1: no_such"),
        ("a: [\n", ":"),
        ("- 1\n", ":1:1: must be an object"),
        ("tenancy: {strict: true, strict: false}\n", ":1:25: strict is there twice"),
        ("a: 1\n---\nb: 1\n", ":1:1: must hold one document"),
    ] {
        let file = File::new("yaml", text);
        let path = file.0.to_str().expect("it is UTF-8");
        let ran = import("ai-backend", "", &["--add", path]);
        assert_eq!(ran.exit, Exit::Invalid, "{text}");
        assert!(ran.err.contains(&format!("{path}{place}")), "{text} {}", ran.err);
    }
}

#[test]
fn what_only_the_guard_refuses_has_the_place_of_its_variable() {
    for (system, env, place) in [
        ("recsys", "JWT_AUTH_ENABLED=true\nTENANT_HEADER_NAME=Host\n", "FILE:2:20: tenancy.header"),
        ("recsys", "API_KEY_ENABLED=true\nAPI_KEY_HEADER=Cookie\n", "FILE:2:16: api_keys.from"),
        (
            "recsys",
            "DEV_AUTH_ENABLED=true\nDEV_AUTH_TENANT_HEADER=X-Dev-User-Id\n",
            "FILE:2:24: dev_headers",
        ),
    ] {
        let ran = import(system, env, &[]);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Invalid, ""), "{env}");
        assert!(ran.err.contains(place), "{env}\n{}", ran.err);
    }
}

#[test]
fn mistakes_are_json_where_json_is_asked() {
    let ran = import("heimdex", "AUTH_PROVIDER=both\n", &["--format", "json"]);
    assert_eq!(ran.exit, Exit::Invalid);
    let json: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    assert_eq!(json["errors"][0]["line"], 1);
    assert_eq!(json["errors"][0]["column"], 15);
}

#[test]
fn what_systems_read_differently_is_refused_where_it_counts() {
    let ran = import("super-admin", "AUTH_MODE=both\nSUPER_ADMIN_API_KEY=abc#def\n", &[]);
    assert!(ran.err.contains("FILE:2:24: SUPER_ADMIN_API_KEY holds a #"), "{}", ran.err);
    let quoted = imported("super-admin", "AUTH_MODE=both\nSUPER_ADMIN_API_KEY='abc#def'\n");
    assert_eq!(quoted.outcome("GET /x?superAdminKey=abc%23def"), "superadmin");
}

const PAGE: &str = include_str!("../../../docs/import.md");

#[test]
fn the_page_names_every_variable_that_is_read() {
    let (variables, _) =
        env::parse("JWT_AUTH_ENABLED=true\nAPI_KEY_ENABLED=true\nDEV_AUTH_ENABLED=true\n");
    for name in SYSTEMS {
        let settings = Settings::new(Path::new("x.env"), &variables);
        let system = <System as clap::ValueEnum>::from_str(name, false).expect("it is a system");
        system.import(&settings);
        let (_, section) = PAGE.split_once(&format!("\n## {name}\n")).expect("it has a section");
        let section = section.split("\n## ").next().unwrap_or_default();
        let general = PAGE.split("\n## ").next().unwrap_or_default();
        for variable in settings.asked() {
            let word = format!("`{variable}`");
            assert!(section.contains(&word) || general.contains(&word), "{name} {variable}");
        }
    }
}

#[test]
fn the_page_shows_commands_that_there_are() {
    let lines: Vec<&str> = PAGE.lines().filter(|line| line.starts_with("tenant-guard ")).collect();
    assert!(!lines.is_empty());
    for line in lines {
        let command = line.split(" > ").next().unwrap_or_default();
        let parsed = <crate::args::Args as clap::Parser>::try_parse_from(command.split(' '));
        assert!(parsed.is_ok(), "{line}");
    }
}

const SYSTEMS: [&str; 5] =
    ["agent-control-plane", "recsys", "super-admin", "heimdex", "ai-backend"];

/// Variables that may hold a secret, with `§` for one.
const SECRETS: [&str; 16] = [
    "TENANT_API_KEYS=acme:§,§,globex:x§",
    "TENANT_API_KEYS=acme:§,globex:§,:§",
    "AUTH_API_KEYS=§,b§",
    "AUTH_ADMIN_API_KEYS=§",
    "JWT_SECRET=§",
    "TRUSTED_ISSUERS=https://p.example|HS256|§§§§|aud",
    "TRUSTED_ISSUERS=https://p.example|HS256|§|aud|§|§",
    "WEBHOOK_SECRET=§",
    "API_KEY_HASH_SECRET=§",
    "DATABASE_URL=postgres://u:§@db/x",
    "SUPER_ADMIN_API_KEY=§",
    "DEV_JWT_SECRET=§",
    "SUPABASE_JWKS_URL=https://u:§@p.example/jwks",
    "JWT_JWKS_URL=https://p.example/jwks?key=§",
    "UNKNOWN=§",
    "TENANT_API_KEYS=\"acme:§",
];

const OTHERS: [&str; 10] = [
    "AUTH_REQUIRE_TENANT=true",
    "AUTH_MODE=both",
    "API_KEY_ENABLED=true",
    "JWT_AUTH_ENABLED=true",
    "DEV_AUTH_ENABLED=true",
    "AUTH_PROVIDER=supabase",
    "AUTH_ISSUER=https://i.example",
    "TENANT_QUOTAS=acme:publish=1/min",
    "TENANT_AGENTS=acme:did:web:a",
    "ENV=production",
];

fn assert_tells_nothing(system: &str, env: &str, secret: &str) -> Result<(), TestCaseError> {
    for format in ["human", "json"] {
        let ran = import(system, env, &["--format", format]);
        let told = format!("{}{}", ran.out, ran.err);
        prop_assert!(!told.contains(secret), "{} {}\n{}", system, env, told);
        if ran.exit == Exit::Ok {
            prop_assert!(!ran.out.is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_secret_is_ever_written(
        system in prop::sample::select(&SYSTEMS),
        secrets in prop::sample::subsequence(&SECRETS, 1..8),
        others in prop::sample::subsequence(&OTHERS, 0..6),
        secret in "zq[A-Za-z0-9_.:+/-]{12,40}qz",
    ) {
        let lines = secrets.iter().chain(&others).map(|line| line.replace('§', &secret) + "\n");
        let env: String = lines.collect();
        assert_tells_nothing(system, &env, &secret)?;
    }

    #[test]
    fn no_file_brings_the_command_down(
        system in prop::sample::select(&SYSTEMS),
        lines in prop::collection::vec((prop::sample::select(&SECRETS), "\\PC{0,30}"), 0..6),
    ) {
        let lines = lines.iter().map(|(line, text)| line.replace('§', text) + "\n");
        let env: String = lines.collect();
        let ran = import(system, &env, &[]);
        prop_assert!(matches!(ran.exit, Exit::Ok | Exit::Invalid));
        prop_assert!((ran.exit == Exit::Ok) != ran.out.is_empty());
    }
}
