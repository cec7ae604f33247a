//! Helpers of the tests of `import`: run the command, load what it writes, and
//! send requests to the guard that comes of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tenant_guard::{Decision, Guard, Headers, Timestamp, Verdict};

use crate::Exit;
use crate::environment::Variables;
use crate::host::OfflineHost;
pub(super) use crate::testing::{Ran, TempFile};

/// The time of all tests.
pub(super) const NOW: u32 = 1_800_000_000;

/// A secret that is long enough for HS256.
pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Runs the command with these arguments.
pub(super) fn run(args: &[&str]) -> Ran {
    crate::testing::run(&["import"].iter().chain(args).copied().collect::<Vec<_>>())
}

/// Imports a text as the environment of a system; the file is named `FILE` in
/// what comes back.
pub(super) fn import(system: &str, env: &str, more: &[&str]) -> Ran {
    let file = TempFile::new(".env", env);
    let path = file.path();
    let args: Vec<&str> = ["--system", system, path].iter().chain(more).copied().collect();
    let ran = run(&args);
    Ran { out: ran.out.replace(path, "FILE"), err: ran.err.replace(path, "FILE"), ..ran }
}

/// The mistakes of a text, one a line.
pub(super) fn mistakes(system: &str, env: &str) -> String {
    let ran = import(system, env, &[]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Invalid, ""), "{env}\n{}", ran.err);
    ran.err.replace("error: ", "")
}

/// An import that went well.
pub(super) struct Imported {
    pub(super) yaml: String,
    pub(super) document: Value,
    env: Variables,
    guard: Guard,
    host: OfflineHost,
}

/// Imports a text that has no mistake.
pub(super) fn imported(system: &str, env: &str) -> Imported {
    imported_with(system, env, json!({}))
}

/// The same, with an added document.
pub(super) fn imported_with(system: &str, env: &str, added: Value) -> Imported {
    let file = TempFile::new(".json", added.to_string());
    let more = ["--add", file.path()];
    let ran = import(system, env, &more);
    assert_eq!(ran.exit, Exit::Ok, "{env}\n{}", ran.err);
    let again = import(system, env, &more);
    assert_eq!(ran.out, again.out, "the result is the same each time");
    let documents = crate::source::parse(&ran.out).expect("it is YAML");
    let document = documents[0].to_value();
    let json = import(system, env, &["--add", more[1], "--format", "json"]);
    let json: Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(json["document"], document);
    let decisions = json["decisions"].as_array().expect("it is a list").len();
    assert_eq!(ran.out.matches("# DECIDE:").count(), decisions);
    let mut variables = Variables::default();
    variables.set_vm_id(Some("tests"));
    for name in ["TRUSTED_ISSUER_SECRET_1", "JWT_SECRET", "DEV_JWT_SECRET", "API_KEY_HASH_SECRET"] {
        variables.set(name, SECRET);
    }
    let guard = load(&document, &variables);
    Imported { yaml: ran.out, document, env: variables, guard, host: host() }
}

fn load(document: &Value, env: &Variables) -> Guard {
    match tenant_guard::load(document.to_string().as_bytes(), env) {
        Ok(loaded) => loaded.guard,
        Err(mistakes) => panic!("{document:#}\n{mistakes:#?}"),
    }
}

impl Imported {
    /// The same with the issuers' keys in the document, as if they had been
    /// fetched: all are the shared secret.
    pub(super) fn with_keys(mut self) -> Self {
        let issuers = self.document["jwt"]["issuers"].as_array_mut().expect("it has issuers");
        for issuer in issuers {
            issuer["keys"] = json!({"secret": SECRET});
            issuer["algorithms"] = json!(["HS256"]);
        }
        self.guard = load(&self.document, &self.env);
        self
    }

    /// What becomes of `GET /path header=value …`: the tenant, `public`, or the
    /// code.
    pub(super) fn outcome(&self, request: &str) -> String {
        let decision = self.decide(request);
        if let Some(denial) = &decision.denial {
            return denial.code.name().to_owned();
        }
        if decision.verdict == Verdict::Public {
            return "public".into();
        }
        let name = self.document["upstream"]["headers"]["tenant"].as_str().unwrap_or("x-tenant-id");
        let set = decision.changes.set.iter().find(|(set, _)| **set == *name);
        set.map_or("-".into(), |(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The status of a refusal, and its detail.
    pub(super) fn reply(&self, request: &str) -> String {
        match self.decide(request).verdict {
            Verdict::Refuse(reply) => {
                let body: Value = serde_json::from_str(&reply.body).expect("it is JSON");
                format!("{} {}", reply.status, body["detail"].as_str().unwrap_or_default())
            }
            other => format!("{other:?}"),
        }
    }

    fn decide(&self, request: &str) -> Decision {
        let words: Vec<&str> = request.split(' ').collect();
        let target = [(":method", words[0]), (":path", words[1]), (":authority", "api.example")];
        let target = target.map(|(name, value)| (name, value.to_owned()));
        let own = words.iter().skip(2).map(|word| {
            let (name, value) = word.split_once('=').expect("it is name=value");
            // A scheme and its token are one word here.
            (name, value.replacen('+', " ", 1))
        });
        let all: Vec<_> = target.into_iter().chain(own).collect();
        let bytes = all.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        self.guard.decide(&Headers::new(bytes), &self.host, &mut self.guard.new_memory())
    }
}

/// A word with a bearer token of these claims.
pub(super) fn bearer(claims: Value) -> String {
    format!("authorization=Bearer+{}", token(claims))
}

/// A token of these claims, for an hour.
pub(super) fn token(claims: Value) -> String {
    let mut all = json!({"sub": "alice", "iat": NOW, "exp": NOW + 3600});
    let own = claims.as_object().expect("it is an object").clone();
    all.as_object_mut().expect("it is an object").extend(own);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&all));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// A host at [`NOW`], whose clients are all at one address.
fn host() -> OfflineHost {
    let now = Timestamp::from_seconds(f64::from(NOW)).expect("it is a time");
    let client = "192.0.2.1".parse().ok();
    OfflineHost::new(now, client, client)
}
