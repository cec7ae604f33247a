//! The schemas in `docs`.

use serde_json::{Value, json};
use tenant_guard_cli::console::{Console, Format};
use tenant_guard_cli::schema::{Kind, schema};
use tenant_guard_cli::{Exit, run};

use super::documents;

fn printed(args: &[&str]) -> String {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        input: &mut std::io::empty(),
        format: Format::default(),
    };
    let args = ["tenant-guard", "schema"].iter().chain(args).map(|arg| arg.into());
    assert_eq!(run(args, &mut console), Exit::Ok);
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
    String::from_utf8(out).unwrap()
}

#[test]
fn the_schemas_in_docs_are_those_that_the_command_prints() {
    for (args, file) in [
        (&[] as &[&str], "docs/tenant-guard.schema.json"),
        (&["plugin"], "docs/tenant-guard.schema.json"),
        (&["directory"], "docs/tenant-guard-directory.schema.json"),
    ] {
        let command = format!("tenant-guard schema {} > {file}", args.join(" "));
        assert!(printed(args) == documents::text(file), "{file} is old: run `{command}`");
    }
}

#[test]
fn the_schemas_are_good_schemas_of_draft_07() {
    for kind in [Kind::Plugin, Kind::Directory] {
        let schema = schema(kind);
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        let problem = jsonschema::meta::validate(&schema).err().map(|error| error.to_string());
        assert_eq!(problem, None, "{kind:?}");
    }
}

#[test]
fn a_directory_is_checked_as_tenants_are() {
    let validator = jsonschema::validator_for(&schema(Kind::Directory)).unwrap();
    let good = json!({
        "version": 1,
        "tenants": documents::full()[0]["tenants"],
        "revoked": [{"issuer": "customers", "sid": "s-42"}],
    });
    assert!(validator.is_valid(&good));
    let bad: [(&str, Value); 5] = [
        ("/version", json!(2)),
        ("/tenants", json!({})),
        ("/tenants/0/clients/0/keys/0/hmac_sha256", json!("ABC")),
        ("/revoked/0/jti", json!("t-1")),
        ("/closed", json!([])),
    ];
    for (pointer, value) in bad {
        assert!(!validator.is_valid(&documents::with(good.clone(), pointer, value)), "{pointer}");
    }
    assert!(!validator.is_valid(&documents::without(good, "/tenants")));
}
