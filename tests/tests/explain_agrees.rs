//! `explain` and the plugin in Envoy say the same of every request: verdict,
//! code, reply, and what the application gets.

mod command;
mod common;
mod explain;

use std::collections::BTreeMap;
use std::io::Write as _;

use explain::{Asked, document, requests};
use serde_json::{Value, json};
use tenant_guard_cli::Exit;
use tenant_guard_tests::{Connection, Envoy, EnvoyBuilder, Protocol, Request, Response};

const COUNT: usize = 2_000;

/// Headers that tell the application who asks.
const IDENTITY: [&str; 8] = [
    "x-tenant-id",
    "x-user-id",
    "x-client-id",
    "x-key-id",
    "x-roles",
    "x-scopes",
    "x-auth-method",
    "x-user-email",
];

/// What the command says of a request, and how it exits.
fn explained(file: &str, asked: &Asked, format: &str) -> (Exit, String, String) {
    let mut args: Vec<String> =
        ["explain", "--format", format, "-c", file, "-X"].map(str::to_owned).into();
    args.extend([asked.method, "--from", asked.address, "--peer", "127.0.0.1"].map(str::to_owned));
    for (name, value) in &asked.headers {
        args.extend(["-H".to_owned(), format!("{name}: {value}")]);
    }
    args.push(format!("http://{}{}", asked.host, asked.path));
    command::run(args)
}

fn sent(number: usize, asked: &Asked) -> Request {
    let mut request = Request::new(asked.method, &asked.path)
        .host(&asked.host)
        .marker(format!("r{number}"))
        .header("x-forwarded-for", asked.address);
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    request
}

/// Sends a request over a connection that is kept as long as it lasts.
fn send(envoy: &Envoy, kept: &mut Option<Connection>, request: &Request) -> Response {
    let open = kept.take().filter(Connection::is_idle);
    let mut connection = open.unwrap_or_else(|| envoy.connect(Protocol::H1));
    let response = connection.send(request).expect("a response");
    let closes = response.header("connection") == Some("close");
    *kept = (!closes).then_some(connection);
    response
}

/// What differs between what was told and what became of the request.
fn differs(told: &Value, asked: &Asked, response: &Response, line: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, told: Value, was: Value| {
        if told != was {
            wrong.push(format!("{what}: told {told}, was {was}"));
        }
    };
    if !response.is_from_application() {
        let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        body.as_object_mut().map(|body| body.remove("request_id"));
        same("verdict", told["verdict"].clone(), json!("deny"));
        same("code", told["code"].clone(), json!(response.code()));
        same("status", told["status"].clone(), json!(response.status));
        same(
            "details",
            line["code"].clone(),
            json!(format!("tenant_guard.{}", told["code"].as_str().unwrap_or_default())),
        );
        same("body", told["reply"]["body"].clone(), body);
        for name in ["www-authenticate", "cache-control", "content-type"] {
            same(name, told["reply"]["headers"][name].clone(), json!(response.header(name)));
        }
        return wrong;
    }
    same("verdict", told["verdict"].clone(), line["decision"].clone());
    let set = &told["upstream"]["set"];
    for name in IDENTITY {
        let one: Vec<&str> = set[name].as_str().into_iter().collect();
        same(name, json!(one), json!(response.echoed_all(name)));
    }
    let removed = told["upstream"]["removed"].as_array().unwrap();
    for (name, _) in &asked.headers {
        let name = name.to_ascii_lowercase();
        let stays = !removed.contains(&json!(name)) || !set[&name].is_null();
        same(&format!("{name} stays"), json!(stays), json!(!response.echoed_all(&name).is_empty()));
    }
    if told["verdict"] != "public" {
        let echoed = response.text();
        let leaks = asked.secrets.iter().any(|secret| echoed.contains(secret));
        same("credentials go on", json!(false), json!(leaks));
    }
    let remaining = told["response_headers"]["x-rate-limit-limit"].clone();
    same("limit", remaining, json!(response.header("x-rate-limit-limit")));
    wrong
}

#[test]
fn explain_says_of_each_request_what_the_plugin_does() {
    let document = document();
    let mut file = std::env::temp_dir();
    file.push(format!("tenant-guard-explain-{}.json", std::process::id()));
    std::fs::File::create(&file).unwrap().write_all(document.to_string().as_bytes()).unwrap();
    let path = file.to_str().unwrap();
    let envoy = EnvoyBuilder::new(document).hardened(false).trusted_hops(1).backstop(false).start();
    let (mut kept, mut all) = (None, Vec::new());
    for (number, asked) in requests(COUNT).into_iter().enumerate() {
        let response = send(&envoy, &mut kept, &sent(number, &asked));
        let (exit, out, err) = explained(path, &asked, "json");
        let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{asked:?}\n{err}"));
        let denied = told["verdict"] == "deny";
        assert_eq!(exit, if denied { Exit::Denied } else { Exit::Ok }, "{asked:?}");
        // Both forms, where time allows.
        let text = if number % 4 == 0 { explained(path, &asked, "human").1 } else { String::new() };
        for secret in &asked.secrets {
            assert!(!out.contains(secret) && !text.contains(secret), "{secret}\n{out}\n{text}");
            assert!(!err.contains(secret), "{err}");
        }
        all.push((asked, told, response));
    }
    let _ = std::fs::remove_file(&file);
    let log = envoy.access_log(COUNT);
    let lines: BTreeMap<&str, &Value> =
        log.iter().filter_map(|line| Some((line["marker"].as_str()?, line))).collect();
    let mut spread: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (number, (asked, told, response)) in all.iter().enumerate() {
        let word = told["code"].as_str().filter(|_| told["verdict"] == "deny");
        let word = word.or(told["verdict"].as_str()).unwrap();
        *spread.entry(word.to_owned()).or_default() += 1;
        let line = lines[format!("r{number}").as_str()];
        let found = differs(told, asked, response, line);
        if !found.is_empty() {
            wrong.push(format!("{asked:?}\n  {}", found.join("\n  ")));
        }
    }
    eprintln!("{spread:#?}");
    let told = all.iter().filter_map(|(_, told, _)| told["upstream"]["set"].as_object());
    let told = told.flat_map(|set| set.keys()).filter(|name| IDENTITY.contains(&name.as_str()));
    assert!(told.count() > COUNT / 4, "too few identity headers are compared");
    assert!(
        wrong.is_empty(),
        "{} of {COUNT} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
    let verdicts = ["allow", "public", "shadow"];
    assert!(verdicts.iter().all(|verdict| spread.contains_key(*verdict)), "{spread:?}");
    assert!(spread.len() - verdicts.len() >= 25, "only {} codes: {spread:?}", spread.len() - 3);
}
