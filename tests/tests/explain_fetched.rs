//! What is given to `explain` as fetched is taken as the plugin takes what it
//! fetches: keys, a directory with tenants and revocations, a tenant's own
//! provider.

mod command;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, jwks, now, sha256_hex};
use tenant_guard_tests::{Directory, Envoy, EnvoyBuilder, Protocol, Provider, Request, Response};

const KEY: &str = "a-key-of-initech-from-the-directory";

fn document(issuer: &str) -> Value {
    json!({
        "version": 1,
        "jwt": {"issuers": [{
            "issuer": issuer, "audiences": ["api"],
            "keys": {"jwks_uri": {"cluster": "idp", "uri": "https://idp.test/jwks"}},
            "tenant": {"claims": ["tenant"], "any_tenant": true},
        }]},
        "directory": {
            "cluster": "control", "uri": "https://control.test/tenants", "key_clusters": ["tenants-idp"],
        },
        "tenants": [{"id": "acme"}],
        "tenant_defaults": {"ip": ["127.0.0.0/8", "10.0.0.0/8"]},
    })
}

fn directory(issuer: &str) -> Value {
    json!({
        "version": 1,
        "tenants": [
            {"id": "initech", "clients": [{"id": "sync", "keys": [{"id": "sync-1", "sha256": sha256_hex(KEY)}]}]},
            {"id": "umbrella", "active": false},
            {"id": "globex", "aliases": ["org_globex"]},
            {"id": "hooli", "issuers": [{
                "issuer": "https://hooli.test/", "audiences": ["api"],
                "keys": {"jwks_uri": {"cluster": "tenants-idp", "uri": "https://hooli.test/jwks"}},
                "tenant": {"fixed": "hooli"},
            }]},
        ],
        "revoked": [{"issuer": issuer, "subject": "mallory"}],
    })
}

/// A folder of files that goes with the test.
struct Files(PathBuf);

impl Files {
    fn new(files: &[(&str, Value)]) -> Files {
        let folder =
            std::env::temp_dir().join(format!("tg-explain-fetched-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, value) in files {
            fs::write(folder.join(name), value.to_string()).unwrap();
        }
        Files(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What `explain` says: the tenant where it is let in, else the code.
fn explained(files: &Files, path: &str, headers: &[(&str, String)], from: &str) -> String {
    let fetched = [
        ("https://idp.test/jwks", "jwks.json"),
        ("https://control.test/tenants", "tenants.json"),
        ("https://hooli.test/jwks", "hooli.json"),
    ];
    let mut args: Vec<String> = ["explain", "--format", "json", "-c"].map(str::to_owned).into();
    args.extend([files.path("guard.json"), "--from".into(), from.into(), path.into()]);
    for (uri, file) in fetched {
        args.extend(["--fetched".into(), format!("{uri}={}", files.path(file))]);
    }
    for (name, value) in headers {
        args.extend(["-H".into(), format!("{name}: {value}")]);
    }
    let (_, out, err) = command::run(args);
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
    let tenant = &told["upstream"]["set"]["x-tenant-id"];
    let word = if told["verdict"] == "deny" { &told["code"] } else { tenant };
    word.as_str().unwrap_or("nothing").to_owned()
}

fn word(response: &Response) -> String {
    let told = if response.is_from_application() {
        response.echoed_value("x-tenant-id")
    } else {
        response.code()
    };
    told.unwrap_or_else(|| "nothing".to_owned())
}

#[test]
fn explain_and_the_plugin_take_what_is_fetched_alike() {
    let (idp, hooli) =
        (Provider::named("https://idp.test/"), Provider::named("https://hooli.test/"));
    let (key, other, own) = (Key::es256("k1"), Key::es256("k2"), Key::es256("own"));
    idp.publish(&[&key]);
    hooli.publish(&[&own]);
    let control = Directory::start();
    control.publish(directory(idp.issuer()));
    let document = document(idp.issuer());
    let files = Files::new(&[
        ("guard.json", document.clone()),
        ("jwks.json", jwks(&[&key])),
        ("hooli.json", jwks(&[&own])),
        ("tenants.json", directory(idp.issuer())),
    ]);
    let envoy: Envoy = EnvoyBuilder::new(document)
        .trusted_hops(1)
        .cluster_at("idp", idp.address(), Protocol::H1)
        .cluster_at("tenants-idp", hooli.address(), Protocol::H1)
        .cluster_at("control", control.address(), Protocol::H1)
        .start();
    // Its own provider's keys are fetched once the directory has named it.
    control.stub().wait_for(Directory::PATH, 1);
    hooli.stub().wait_for(Provider::JWKS, 1);

    let token = |key: &Key, claims: Value| format!("Bearer {}", idp.token(key, claims));
    let of_hooli = |key: &Key| format!("Bearer {}", hooli.token(key, json!({"tenant": "acme"})));
    let cases = [
        ("acme", "authorization", token(&key, json!({"tenant": "acme"})), "127.0.0.1"),
        ("globex", "authorization", token(&key, json!({"tenant": "org_globex"})), "127.0.0.1"),
        ("globex", "authorization", token(&key, json!({"tenant": "globex"})), "::ffff:10.1.2.3"),
        (
            "ip_refused",
            "authorization",
            token(&key, json!({"tenant": "globex"})),
            "::ffff:192.0.2.1",
        ),
        ("ip_refused", "authorization", token(&key, json!({"tenant": "globex"})), "2001:db8::1"),
        (
            "tenant_inactive",
            "authorization",
            token(&key, json!({"tenant": "umbrella"})),
            "127.0.0.1",
        ),
        ("tenant_unknown", "authorization", token(&key, json!({"tenant": "wayne"})), "127.0.0.1"),
        (
            "tenant_not_allowed",
            "authorization",
            token(&key, json!({"tenant": "hooli"})),
            "127.0.0.1",
        ),
        (
            "token_revoked",
            "authorization",
            token(&key, json!({"tenant": "acme", "sub": "mallory"})),
            "127.0.0.1",
        ),
        (
            "token_key_unknown",
            "authorization",
            token(&other, json!({"tenant": "acme"})),
            "127.0.0.1",
        ),
        (
            "token_expired",
            "authorization",
            token(&key, json!({"tenant": "acme", "exp": now() - 60})),
            "127.0.0.1",
        ),
        ("hooli", "authorization", of_hooli(&own), "127.0.0.1"),
        ("token_key_unknown", "authorization", of_hooli(&key), "127.0.0.1"),
        ("initech", "x-api-key", KEY.into(), "127.0.0.1"),
        ("api_key_unknown", "x-api-key", "another-key-of-nobody".into(), "127.0.0.1"),
    ];
    for (expected, name, value, from) in cases {
        let told = explained(&files, "/v1/things", &[(name, value.clone())], from);
        let request =
            Request::get("/v1/things").header(name, &value).header("x-forwarded-for", from);
        let was = word(&envoy.send(&request));
        assert_eq!((told.as_str(), was.as_str()), (expected, expected), "{name} from {from}");
    }
}
