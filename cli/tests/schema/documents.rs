//! Documents that the guard accepts.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tenant_guard::{ConfigError, Environment, Guard};
use tenant_guard_cli::source;
use tenant_guard_tests::token::{Alg, Key, jwks};

/// The documents that the core's own tests hold against every field.
#[path = "../../../src/config/tests/full.rs"]
mod full;

const SECRET: &str = "a-secret-of-more-than-sixty-four-bytes-0123456789abcdef0123456789abc";
const PEPPER: &str = "a-pepper-of-more-than-thirty-two-bytes";

fn digest(n: u8) -> String {
    format!("0123456789abcd{n:02x}").repeat(4)
}

fn issuer(iss: &str, kid: &str) -> Value {
    json!({
        "issuer": iss,
        "audiences": ["api"],
        "keys": {"jwks": jwks(&[&Key::new(Alg::ES256, kid)])},
        "tenant": {"claims": ["tenant"]},
    })
}

/// The document with something at a JSON pointer whose parent is there.
pub(super) fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (up, name) = pointer.rsplit_once('/').unwrap();
    let place = match document.pointer_mut(up).unwrap() {
        Value::Array(list) => &mut list[name.parse::<usize>().unwrap()],
        Value::Object(map) => map.entry(unescaped(name)).or_insert(Value::Null),
        other => panic!("{pointer}: nothing is in {other}"),
    };
    *place = value;
    document
}

/// The document without what is at a JSON pointer.
pub(super) fn without(mut document: Value, pointer: &str) -> Value {
    let (up, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(up).unwrap() {
        Value::Array(list) => drop(list.remove(name.parse().unwrap())),
        other => drop(other.as_object_mut().unwrap().remove(&unescaped(name)).unwrap()),
    }
    document
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

/// Every place in a value, as a JSON pointer, but the value itself.
pub(super) fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, pointer: &str, places: &mut Vec<String>) {
        let members: Vec<(String, &Value)> = match value {
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
                .collect(),
            Value::Array(list) => {
                list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (name, value) in members {
            let pointer = format!("{pointer}/{name}");
            walk(value, &pointer, places);
            places.push(pointer);
        }
    }
    let mut places = Vec::new();
    walk(value, "", &mut places);
    places
}

/// The documents that say everything.
pub(super) fn full() -> Vec<Value> {
    vec![full::full(), full::in_development()]
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file of the project.
pub(super) fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder of the project with this extension.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|known| known == extension));
    files.sort();
    files
}

/// The documents that the project shows: examples, and those within its pages
/// and its Envoy configuration.
pub(super) fn shown() -> Vec<(String, Value)> {
    let mut shown = Vec::new();
    for file in files("docs/examples", "json") {
        let document = serde_json::from_str(&text(&file)).unwrap();
        shown.push((file.display().to_string(), document));
    }
    for file in files("docs", "md").into_iter().chain(files("", "md")) {
        let text = text(&file);
        let blocks = text.split("```").skip(1).step_by(2);
        let json = blocks.filter_map(|block| block.strip_prefix("json\n"));
        for (index, block) in json.enumerate() {
            let document: Value = serde_json::from_str(block).unwrap();
            // The others are parts, or what a provider says.
            if document.get("version").is_some() {
                shown.push((format!("{} {index}", file.display()), document));
            }
        }
    }
    for document in source::parse(&text("envoy/envoy.yaml")).unwrap() {
        let envoy: Value = serde_json::from_str(&document.to_json()).unwrap();
        for place in places(&envoy) {
            let inner = envoy.pointer(&place).and_then(Value::as_str);
            let document = inner.and_then(|text| serde_json::from_str::<Value>(text).ok());
            shown.extend(
                document.filter(|d| d.get("version").is_some()).map(|d| (place.clone(), d)),
            );
        }
    }
    shown
}

/// An environment that has every variable.
struct Everything;

impl Environment for Everything {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        Some(SECRET.into())
    }

    fn vm_id(&self) -> Option<&str> {
        Some("tests")
    }
}

/// The guard that a document configures, or all its mistakes.
pub(super) fn load(document: &Value) -> Result<Guard, Vec<ConfigError>> {
    tenant_guard::load(document.to_string().as_bytes(), &Everything).map(|loaded| loaded.guard)
}

/// Whether a document is accepted.
pub(super) fn loads(document: &Value) -> bool {
    load(document).is_ok()
}
