//! What is refused at load and why, and what a document that loads means.

mod api_keys;
mod defaults;
mod document;
mod full;
mod issuers;
mod jwks;
mod limits;
mod listed;
mod merging;
mod policies;
mod reach;
mod remote;
mod roles;
mod routes;
mod secrets;
mod shape;
mod size;
mod special;
mod stricter;
mod tenancy;
mod upstream;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, jwks};

use super::{ConfigError, Environment, Loaded, load};
use full::{full, in_development};

const SECRET: &str = "MARKER-secret-of-more-than-sixty-four-bytes-0123456789abcdef0123456789";
const PEPPER: &str = "MARKER-pepper-of-more-than-thirty-two-bytes";
const FROM_ENV: &str = "MARKER-from-the-environment-0123456789";

/// A digest that no message may show.
fn digest(n: u8) -> String {
    format!("5ec4e7{n:02x}").repeat(8)
}

struct Env;

impl Environment for Env {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        match name {
            "SECRET" => Some(FROM_ENV.into()),
            "EMPTY" => Some(Vec::new()),
            _ => None,
        }
    }

    fn vm_id(&self) -> Option<&str> {
        Some("tests")
    }
}

type Outcome = Result<Loaded, Vec<ConfigError>>;

/// Loads a text. Whatever it says, it never says a secret.
fn load_text(text: &[u8]) -> Outcome {
    let outcome = load(text, &Env);
    let said = match &outcome {
        Ok(loaded) => &loaded.warnings,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a word");
            errors
        }
    };
    for message in said {
        let text = format!("{message}");
        for secret in ["MARKER", "5ec4e7"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    outcome
}

fn try_load(document: &Value) -> Outcome {
    load_text(document.to_string().as_bytes())
}

/// The warnings of a document that loads.
fn accepted(document: &Value) -> Vec<(String, String)> {
    match try_load(document) {
        Ok(loaded) => loaded.warnings.into_iter().map(|w| (w.path, w.problem)).collect(),
        Err(errors) => panic!("refused: {errors:#?}"),
    }
}

/// The errors of a document that doesn't.
fn errors(document: &Value) -> Vec<(String, String)> {
    match try_load(document) {
        Ok(_) => panic!("accepted: {document}"),
        Err(errors) => errors.into_iter().map(|e| (e.path, e.problem)).collect(),
    }
}

/// It is refused for this one reason and no other.
fn refused(document: &Value, path: &str, piece: &str) {
    one(errors(document), path, piece, document);
}

/// It loads, with this one warning.
fn warned(document: &Value, path: &str, piece: &str) {
    one(accepted(document), path, piece, document);
}

fn one(said: Vec<(String, String)>, path: &str, piece: &str, document: &Value) {
    let [(at, problem)] = said.as_slice() else {
        let document: String = document.to_string().chars().take(1_000).collect();
        panic!("not one message but {said:#?}\nwhere {path}: {piece}\n{document}");
    };
    assert_eq!(at, path, "{problem}");
    assert!(problem.contains(piece), "{at}: {problem}\nlacks: {piece}");
}

/// A document with one issuer that loads without a warning.
fn small() -> Value {
    json!({"version": 1, "jwt": {"issuers": [issuer("https://idp.example/", "k1")]}})
}

fn issuer(iss: &str, kid: &str) -> Value {
    json!({
        "issuer": iss,
        "audiences": ["api"],
        "keys": {"jwks": jwks(&[&Key::new(Alg::ES256, kid)])},
        "tenant": {"claims": ["tenant"]},
    })
}

/// The document with something at a JSON pointer; missing objects are made,
/// and the index after a list's last appends.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let mut place = &mut document;
    for name in pointer.split('/').skip(1) {
        place = match place {
            Value::Array(list) => {
                let index: usize = name.parse().unwrap();
                if index == list.len() {
                    list.push(Value::Null);
                }
                &mut list[index]
            }
            other => {
                if other.is_null() {
                    *other = json!({});
                }
                other.as_object_mut().unwrap().entry(name).or_insert(Value::Null)
            }
        };
    }
    *place = value;
    document
}

/// The document without what a JSON pointer names.
fn without(mut document: Value, pointer: &str) -> Value {
    let (up, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(up).unwrap() {
        Value::Array(list) => drop(list.remove(name.parse().unwrap())),
        other => drop(other.as_object_mut().unwrap().remove(name).unwrap()),
    }
    document
}

/// Every place in a value, as a JSON pointer and as messages name it.
fn places(value: &Value) -> Vec<(String, String)> {
    fn walk(value: &Value, pointer: &str, path: &str, places: &mut Vec<(String, String)>) {
        let mut child = |name: String, path: String, value: &Value| {
            let pointer = format!("{pointer}/{name}");
            places.push((pointer.clone(), path.clone()));
            walk(value, &pointer, &path, places);
        };
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    let dot = if path.is_empty() { "" } else { "." };
                    child(name.clone(), format!("{path}{dot}{name}"), value);
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    child(index.to_string(), format!("{path}[{index}]"), value);
                }
            }
            _ => {}
        }
    }
    let mut places = Vec::new();
    walk(value, "", "", &mut places);
    places
}
