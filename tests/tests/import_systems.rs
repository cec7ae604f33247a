//! What `tenant-guard import` makes of each system's environment decides as the
//! example's own document: the same requests get the same answers in Envoy.

mod command;
mod systems;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use systems::control_plane::lax::LAX;
use systems::control_plane::{STRICT, quotas};
use systems::{System, heimdex, recsys, shipped, super_admin};
use tenant_guard_cli::{Exit, source};

/// The document that the command writes.
fn imported(env: &Path, add: Option<&Path>) -> Value {
    let mut args: Vec<OsString> = vec!["import".into(), env.into()];
    if let Some(add) = add {
        args.extend(["--add".into(), add.into()]);
    }
    let (exit, out, err) = command::run(args);
    assert_eq!(exit, Exit::Ok, "{err}");
    let documents = source::parse(&out).expect("it is YAML");
    documents[0].to_value()
}

/// A system's shipped environment.
fn of_example(system: &System) -> Value {
    imported(&env_of(system), None)
}

/// The same with what is in its database.
fn with_database(system: &System) -> Value {
    imported(&env_of(system), Some(&folder(system).join("database.yaml")))
}

fn env_of(system: &System) -> PathBuf {
    folder(system).join(format!("system{}.env", system.variant))
}

fn folder(system: &System) -> PathBuf {
    shipped::path(&format!("envoy/examples/{}", system.folder))
}

/// Asserts that an imported document does what the system promises.
fn does_the_same(system: &System, mut document: Value) {
    system.put_digests(&mut document);
    system.try_imported_in(&system.start_with(document));
}

/// An environment of a test's own.
struct Environment(PathBuf);

impl Environment {
    fn new(name: &str, text: &str) -> Environment {
        let name = format!("tenant-guard-import-{}-{name}.env", std::process::id());
        let file = std::env::temp_dir().join(name);
        fs::write(&file, text).unwrap();
        Environment(file)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // It's gone already, or stays until the system tidies up.
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn recsys_in_production() {
    let document = with_database(&recsys::PRODUCTION);
    let own = shipped::yaml(&recsys::PRODUCTION.file("guard"));
    for part in ["tenants", "both", "mode", "role_case", "routes_unmatched", "upstream", "replies"]
    {
        assert_eq!(document[part], own[part], "{part}");
    }
    does_the_same(&recsys::PRODUCTION, document);
}

#[test]
fn recsys_in_development() {
    does_the_same(&recsys::DEV, of_example(&recsys::DEV));
}

#[test]
fn heimdex_in_supabase_mode() {
    let document = with_database(&heimdex::SUPABASE);
    let own = shipped::yaml(&heimdex::SUPABASE.file("guard"));
    for part in ["mode", "tenancy", "routes", "upstream", "replies"] {
        assert_eq!(document[part], own[part], "{part}");
    }
    does_the_same(&heimdex::SUPABASE, document);
}

#[test]
fn heimdex_in_dev_mode() {
    does_the_same(&heimdex::DEV, with_database(&heimdex::DEV));
}

#[test]
fn super_admin_in_each_mode() {
    let folder = folder(&super_admin::BOTH);
    let text = fs::read_to_string(folder.join("system.env")).unwrap();
    let own = shipped::yaml(&super_admin::BOTH.file("guard"));
    for (mode, system) in [
        ("both", super_admin::BOTH),
        ("internal", super_admin::INTERNAL),
        ("partner", super_admin::PARTNER),
    ] {
        let env = Environment::new(mode, &text.replace("=both", &format!("={mode}")));
        let document = imported(&env.0, Some(&folder.join("database.yaml")));
        for part in ["super_admin", "tenancy", "tenants", "routes", "wildcard_scopes"] {
            assert_eq!(document[part], own[part], "{part}");
        }
        does_the_same(&system, document);
    }
}

#[test]
fn a_strict_control_plane() {
    let document = of_example(&STRICT);
    let own = shipped::yaml(&STRICT.file("guard"));
    for part in ["tenants", "api_keys", "roles"] {
        assert_eq!(document[part], own[part], "{part}");
    }
    let issuers = |document: &Value| document["jwt"]["issuers"].as_array().unwrap().clone();
    assert_eq!(issuers(&document).len(), issuers(&own).len());
    for (imported, own) in issuers(&document).iter().zip(issuers(&own)) {
        for field in ["/issuer", "/algorithms", "/audiences", "/tenant/claims", "/tenant/subjects"]
        {
            assert_eq!(imported.pointer(field), own.pointer(field), "{field}");
        }
        for keys in ["/keys/secret", "/keys/jwks_uri/cluster", "/keys/jwks_uri/uri"] {
            assert_eq!(imported.pointer(keys), own.pointer(keys), "{keys}");
        }
    }
    let secret =
        &shipped::environment("envoy/examples/agent-control-plane/system.env")["JWT_SECRET"];
    assert_eq!(STRICT.variables, [("JWT_SECRET", secret.as_str())]);
    let mut config = shipped::yaml(&STRICT.file("envoy"));
    let given = &shipped::guard(&mut config)["vm_config"]["environment_variables"];
    assert_eq!(given["host_env_keys"], json!(["JWT_SECRET"]));
    does_the_same(&STRICT, document.clone());
    quotas::hold(&STRICT.start_with(document));
}

#[test]
fn a_lax_control_plane() {
    let env = Environment::new(
        "lax",
        "AUTH_API_KEYS=demo-bare-key-published\nTOKEN_ISSUANCE_ENABLED=true\n\
         JWT_AUTHORITY=control-plane.example\nJWT_SECRET=published-demo-secret-of-the-control-plane\n\
         AUTH_REQUIRE_TENANT=false\nTENANT_HEADER_TRUST=none\nINGEST_STRICT_TENANT=true\n",
    );
    does_the_same(&LAX, imported(&env.0, None));
}
