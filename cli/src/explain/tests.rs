//! The command as a whole, over files and buffers.

use proptest::prelude::*;
use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, sha256_hex};

use crate::Exit;
use crate::testing::{Ran, TempFile, run, run_with};

/// The time of all requests: 2027-01-15T08:00:00Z.
pub(super) const NOW: i64 = 1_800_000_000;

/// `explain -c DOCUMENT --at NOW`, and these arguments.
pub(super) fn explain(document: &Value, args: &[&str], input: &str) -> Ran {
    let file = TempFile::new(".json", document.to_string());
    explain_file(file.path(), args, input)
}

fn explain_file(file: &str, args: &[&str], input: &str) -> Ran {
    let fixed = ["explain", "-c", file, "--at", "2027-01-15T08:00:00Z"];
    run_with(&fixed.iter().chain(args).copied().collect::<Vec<_>>(), input)
}

/// One of the customers' identity provider, and its token with claims over
/// good ones.
pub(super) fn issuer() -> Issuer {
    Issuer::new("https://idp.example/", Key::hs256("k"))
}

pub(super) fn token(more: Value) -> String {
    let mut claims = json!({"iat": NOW, "exp": NOW + 300});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    issuer().token(claims)
}

pub(super) fn bearer(more: Value) -> String {
    format!("authorization: Bearer {}", token(more))
}

fn document() -> Value {
    json!({
        "version": 1,
        "jwt": {"issuers": [issuer().config(json!({"name": "customers", "tenant": {"claims": ["tenant"]}}))]},
        "api_keys": {"from": [{"header": "x-api-key"}, {"query": "key"}, {"cookie": "key"}]},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            {"id": "web-1", "sha256": sha256_hex("a-key-of-the-web")}]}]}],
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/shadow"}, "shadow": true, "scopes": ["x"]},
            {"match": {"path": "/**"}},
        ],
    })
}

#[test]
fn exit_codes_say_what_becomes_of_the_request() {
    let key = ["-H", "x-api-key: a-key-of-the-web"];
    let exit = |args: &[&str]| explain(&document(), args, "").exit;
    assert_eq!(exit(&[key[0], key[1], "/x"]), Exit::Ok);
    assert_eq!(exit(&["/public"]), Exit::Ok);
    assert_eq!(exit(&["/x"]), Exit::Denied);
    assert_eq!(exit(&["x"]), Exit::Failure);
    let at = run(&["explain", "-c", "/nowhere", "--at", "tomorrow", "/x"]);
    assert_eq!(at.exit, Exit::Failure);
    assert!(at.err.contains("RFC 3339"), "{}", at.err);
    assert_eq!(explain(&json!({"version": 2}), &["/x"], "").exit, Exit::Invalid);
    assert_eq!(
        explain(&json!({"version": 2}), &["/x", "--format", "json"], "").exit,
        Exit::Invalid
    );
}

#[test]
fn what_shadow_lets_through_is_told_loudly() {
    let said = explain(&document(), &["-H", "x-api-key: a-key-of-the-web", "/shadow"], "");
    assert_eq!(said.exit, Exit::Ok);
    assert!(said.out.contains("SHADOW: it would be refused with scope_missing"), "{}", said.out);
    assert!(said.out.contains("scope x"), "{}", said.out);
}

#[test]
fn headers_come_from_files_and_standard_input() {
    let file = TempFile::new(".txt", "x-api-key: a-key-of-the-web\nx-a: b\n");
    let from_file = format!("@{}", file.path());
    let said = explain(&document(), &["-H", &from_file, "/x", "--format", "json"], "");
    assert_eq!(said.json()["principal"]["key"], "web-1");
    let said = explain(
        &document(),
        &["-H", "@-", "/x", "--format", "json"],
        "X-API-Key: a-key-of-the-web\r\n",
    );
    assert_eq!(said.json()["tenant"]["id"], "acme");
    assert_eq!(said.json()["upstream"]["set"]["x-auth-method"], "api_key");
    assert_eq!(said.json()["upstream"]["removed"], json!(["x-api-key"]));
    assert_eq!(explain(&document(), &["-H", "@/nowhere", "/x"], "").exit, Exit::Failure);
}

#[test]
fn variables_come_from_arguments() {
    let mut document = document();
    document["jwt"]["issuers"][0]["keys"]["secret"] = json!({"env": "EXPLAIN_TEST_SECRET"});
    let variable = format!("EXPLAIN_TEST_SECRET={}", issuer().key.secret());
    let header = bearer(json!({"tenant": "acme"}));
    let args = ["-H", header.as_str(), "/x"];
    assert_eq!(explain(&document, &args, "").exit, Exit::Invalid);
    let given = [&["--env", variable.as_str()][..], &args[..]].concat();
    assert_eq!(explain(&document, &given, "").exit, Exit::Ok);
}

#[test]
fn what_is_fetched_comes_from_files() {
    let idp = Issuer::new("https://keys.example/", Key::es256("k1"));
    let tenants_own = Issuer::new("https://own.example/", Key::eddsa("k2"));
    let config = json!({"issuer": idp.issuer, "audiences": ["api"], "tenant": {"claims": ["tenant"], "any_tenant": true},
        "keys": {"discovery": {"cluster": "idp", "uri": "https://Keys.example/conf"}}});
    let document = json!({"version": 1, "jwt": {"issuers": [config]},
        "directory": {"cluster": "cp", "uri": "https://cp.example/tenants", "key_clusters": ["own"]}});
    let directory = json!({"version": 1, "tenants": [{"id": "acme"}, {"id": "globex", "issuers": [
        {"issuer": tenants_own.issuer, "audiences": ["api"],
         "keys": {"jwks_uri": {"cluster": "own", "uri": "https://own.example/jwks?v=1"}}}]}]});
    let conf = json!({"issuer": idp.issuer, "jwks_uri": "https://keys.example/jwks"});
    let times = json!({"iat": NOW, "exp": NOW + 300, "tenant": "acme"});
    let header = format!("authorization: {}", idp.bearer(times.clone()));
    let files = [conf, idp.jwks(), directory, tenants_own.jwks()]
        .map(|d| TempFile::new(".json", d.to_string()));
    let uris = [
        "https://keys.example/conf",
        "https://keys.example/jwks",
        "https://cp.example/tenants",
        "https://own.example/jwks?v=1",
    ];
    let given: Vec<String> = uris
        .iter()
        .zip(&files)
        .map(|(uri, file)| format!("--fetched={uri}={}", file.path()))
        .collect();
    let code = |known: usize, header: &str| {
        let mut args: Vec<&str> = given[..known].iter().map(String::as_str).collect();
        args.extend(["-H", header, "/x", "--format", "json"]);
        let said = explain(&document, &args, "");
        let told = said.json();
        (told["code"].as_str().unwrap_or("allow").to_owned(), told["change"].clone(), said.err)
    };
    let (said, change, _) = code(0, &header);
    assert_eq!(said, "keys_unavailable");
    assert!(change.as_str().unwrap().contains("https://keys.example/conf"), "{change}");
    let (said, change, _) = code(2, &header);
    assert_eq!(said, "tenants_unavailable");
    assert!(change.as_str().unwrap().contains("https://cp.example/tenants"), "{change}");
    assert_eq!(code(3, &header), ("allow".into(), Value::Null, String::new()));
    // A fetched tenant's own provider, too.
    let mut own = times;
    own["tenant"] = Value::Null;
    let header = format!("authorization: {}", tenants_own.bearer(own));
    assert_eq!(code(3, &header).0, "keys_unavailable");
    assert_eq!(code(4, &header).0, "allow");
    let stray = explain(&document, &[&given[1], "/x"], "");
    assert_eq!(stray.exit, Exit::Failure);
    assert!(stray.err.contains("fetches nothing from https://keys.example/jwks"), "{}", stray.err);
}

#[test]
fn what_a_stranger_wrote_commands_no_terminal() {
    let header = bearer(json!({"tenant": "acme", "sub": "\u{1b}]0;x\u{7}\u{202e}"}));
    let said = explain(&document(), &["-H", &header, "/x"], "");
    assert!(said.out.contains("subject \\u{1b}]0;x"), "{}", said.out);
    assert!(!said.out.contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_output_holds_a_credential_that_was_sent(
        secret in "[A-Za-z0-9/+=_-]{8,40}",
        three in any::<bool>(),
        scheme in prop::sample::select(vec!["Bearer ", "bearer  ", "Basic ", ""]),
        place in 0..6usize,
        // Two values, or the tenant and the path named so.
        twice in any::<bool>(), everywhere in any::<bool>(),
    ) {
        let secret = if three { format!("{secret}.payload-{secret}.{secret}") } else { secret };
        let query = secret.replace('+', "%2B");
        let header = match place {
            0 | 1 => format!("authorization: {scheme}{secret}"),
            2 => format!("cookie: a=b; key={secret}"),
            3 => format!("cookie: key=\"{secret}\""),
            _ => format!("x-api-key: {secret}"),
        };
        let tenant = if everywhere { format!("x-tenant-id: {secret}") } else { "x-a: b".into() };
        let path = match (place, everywhere) {
            (5, _) => format!("/x?key={query}&other=1"),
            (_, true) => format!("/x/{query}"),
            _ => "/x".into(),
        };
        let second = if twice { header.as_str() } else { "x-b: c" };
        for format in ["human", "json"] {
            let args = ["--format", format, "-H", &header, "-H", second, "-H", &tenant, &path];
            let said = explain(&document(), &args, "");
            for part in secret.split('.') {
                prop_assert!(!said.out.contains(part), "{}\n{}", part, said.out);
                prop_assert!(!said.err.contains(part), "{}\n{}", part, said.err);
            }
        }
    }
}

#[test]
fn a_guard_is_found_in_a_proxys_configuration() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let envoy = format!("{root}/envoy/envoy.yaml");
    let ran = run(&["explain", "-c", &envoy, "--format", "json", "/v1/things"]);
    assert_eq!(ran.exit, Exit::Denied, "{}", ran.err);
    assert!(ran.out.contains("\"credentials_missing\""), "{}", ran.out);
}

#[test]
fn of_several_guards_one_is_picked() {
    let guard = |name: &str, path: &str| {
        format!(
            "
- name: {name}
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: {name}
      vm_config: {{vm_id: {name}, code: {{local: {{filename: tenant-guard.wasm}}}}}}
      configuration:
        \"@type\": type.googleapis.com/google.protobuf.StringValue
        value: '{{\"version\": 1, \"routes\": [{{\"match\": {{\"path\": \"{path}\"}}, \"auth\": \"none\"}}]}}'
"
        )
    };
    let file = TempFile::new(
        ".yaml",
        format!("http_filters:\n{}{}", guard("one", "/a"), guard("two", "/b")),
    );
    let of = |more: &[&str]| {
        let args = ["explain", "-c", file.path(), "/b"];
        run(&args.iter().chain(more).copied().collect::<Vec<_>>())
    };
    assert_eq!(of(&["--guard", "one"]).exit, Exit::Denied);
    assert_eq!(of(&["--guard", "two"]).exit, Exit::Ok);
    for more in [&[][..], &["--guard", "three"]] {
        let ran = of(more);
        assert_eq!(ran.exit, Exit::Invalid);
        assert!(ran.err.contains("one (line ") && ran.err.contains("two (line "), "{}", ran.err);
    }
}

#[test]
fn a_variable_that_is_not_set_is_asked_for() {
    let file = TempFile::new(
        ".yaml",
        "version: 1\napi_keys: {hash: hmac-sha256, pepper: {env: PEPPER_NOBODY_SETS}}\n",
    );
    let ran = run(&["explain", "-c", file.path(), "/"]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.err.contains("--env PEPPER_NOBODY_SETS=VALUE"), "{}", ran.err);
    let set = format!("PEPPER_NOBODY_SETS={}", "p".repeat(32));
    assert_eq!(run(&["explain", "-c", file.path(), "--env", &set, "/"]).exit, Exit::Denied);
}

#[test]
fn a_host_header_stands_in_place_of_the_urls_host() {
    let host = |args: &[&str]| {
        let json = ["--format", "json"];
        let ran = explain(&document(), &args.iter().chain(&json).copied().collect::<Vec<_>>(), "");
        serde_json::from_str::<Value>(&ran.out).unwrap()["target"]["host"].clone()
    };
    assert_eq!(host(&["https://a.example/x"]), "a.example");
    assert_eq!(host(&["-H", "Host: a.example", "https://a.example/x"]), "a.example");
    assert_eq!(host(&["-H", "Host: b.example", "https://a.example/x"]), "b.example");
    let two = ["-H", "Host: b.example", "-H", "Host: c.example", "https://a.example/x"];
    assert_eq!(host(&two), Value::Null);
}

#[test]
fn names_in_a_document_never_reach_a_terminal_as_commands() {
    let named = json!({"version": 1, "a\u{1b}]0;b\u{9b}": 1});
    let ran = explain(&named, &["/x"], "");
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.err.contains("a\\u{1b}]0;b\\u{9b}"), "{}", ran.err);
}

#[test]
fn a_credential_that_holds_what_is_escaped_is_hidden_all_the_same() {
    let secret = "a-secret-\u{202e}of-\"somebody";
    let mut document = document();
    document["tenants"][0]["clients"][0]["keys"][0]["sha256"] = json!(sha256_hex(secret));
    let (key, tenant) = (format!("x-api-key: {secret}"), format!("x-tenant-id: {secret}"));
    for format in ["human", "json"] {
        let args = ["--format", format, "-H", &key, "-H", &tenant, "/x"];
        let ran = explain(&document, &args, "");
        assert!(ran.out.contains("tenant_malformed"), "{}", ran.out);
        for told in ["a-secret-", "of-", "somebody"] {
            assert!(!ran.out.contains(told), "{}", ran.out);
        }
    }
}
