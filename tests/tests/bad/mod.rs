//! What the hostile tests share: one house with every kind of door, in an
//! Envoy hardened as the README says and in one without.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::LazyLock;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, jwks, sha256_hex};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Failure, Protocol, Request, Response};

/// Keys of the house's identity provider, by kid.
pub static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let kids = [
        (Alg::ES256, "es256"),
        (Alg::ES256, "es256-b"),
        (Alg::ES384, "es384"),
        (Alg::ES512, "es512"),
        (Alg::EdDSA, "eddsa"),
        (Alg::RS256, "rs256"),
        (Alg::PS256, "ps256"),
    ];
    kids.into_iter().map(|(alg, kid)| Key::new(alg, kid)).collect()
});

/// The house's identity provider, signing with the key of this kid.
pub fn idp(kid: &str) -> Issuer {
    let key = KEYS.iter().find(|key| key.kid() == kid).unwrap();
    Issuer::new("https://idp.example.com/", key.clone())
}

/// Another one, with a shared secret.
pub fn partner() -> Issuer {
    Issuer::new("https://partner.example.com/", Key::hs256("partner"))
}

/// One with a public key and a shared secret side by side.
pub fn mixed() -> Issuer {
    Issuer::new("https://mixed.example.com/", Key::rs256("rs256"))
}

/// The shared secret of the mixed issuer.
pub fn mixed_secret() -> Key {
    Key::hs256("mixed")
}

/// A token of `acme` that verifies.
pub fn good_token() -> String {
    static TOKEN: LazyLock<String> =
        LazyLock::new(|| idp("eddsa").token(json!({"tenant": "acme"})));
    TOKEN.clone()
}

/// The API key of `acme`, and one that is bound to nothing.
pub const ACME_KEY: &str = "acme-key-0123456789";
pub const FREE_KEY: &str = "free-key-0123456789";

/// The document of the house.
pub fn document() -> Value {
    let keys: Vec<&Key> = KEYS.iter().collect();
    json!({
        "version": 1,
        "jwt": {
            "from": [{"header": "authorization", "scheme": "Bearer"}, {"cookie": "session"}, {"query": "access_token"}],
            "issuers": [
                {"issuer": "https://idp.example.com/", "name": "idp", "audiences": ["api"],
                 "keys": {"jwks": jwks(&keys)},
                 "tenant": {"claims": ["tenant"], "any_tenant": true}},
                mixed().config(json!({"algorithms": ["RS256", "HS256"], "tenant": {"fixed": "acme"},
                    "keys": {"jwks": mixed().jwks(), "secret": mixed_secret().secret()}})),
                partner().config(json!({"name": "partner", "tenant": {"claims": ["tenant"], "allow": ["globex"]}})),
            ],
        },
        "api_keys": {
            "from": [{"header": "x-api-key"}, {"cookie": "api_key"}, {"query": "api_key"}],
            "keys": [{"id": "free", "sha256": sha256_hex(FREE_KEY)}],
        },
        "tenancy": {"assertions": [
            {"path": "/v1/orgs/{tenant}/**"}, {"host": "{tenant}.api.example.com"}, {"query": "tenant_id"}]},
        "tenants": [
            {"id": "acme", "aliases": ["org_1"], "clients": [{"id": "web", "keys": [{"id": "web-1", "sha256": sha256_hex(ACME_KEY)}]}]},
            {"id": "globex"},
        ],
        "routes": [
            {"match": {"path": "/public/**"}, "auth": "none"},
            {"match": {"path": "/admin/**"}, "mode": "jwt"},
            {"match": {"path": "/optional/**"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/partner/**"}, "mode": "jwt", "issuers": ["partner"]},
        ],
        "routes_unmatched": "auth",
        "upstream": {"payload": "x-jwt-payload", "claims": {"email": "x-user-email"}, "strip": ["x-internal"]},
    })
}

/// Every header that only the guard may write or that never passes.
pub const GUARDED: [&str; 15] = [
    "x-tenant-id",
    "x-user-id",
    "x-client-id",
    "x-key-id",
    "x-roles",
    "x-scopes",
    "x-auth-method",
    "x-user-email",
    "x-jwt-payload",
    "x-internal",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// All punctuation of a token (RFC 9110 section 5.6.2).
pub const PUNCTUATION: &str = "!#$%&'*+-.^_`|~";

/// Both Envoys, and what they must still be after the attack.
pub struct House {
    plain: (Envoy, u64),
    hardened: (Envoy, u64),
    good: String,
}

impl House {
    /// Both Envoys with the house's document.
    pub fn start() -> House {
        House::of(document(), |builder| builder)
    }

    /// Both Envoys with this document, set up further.
    pub fn of(document: Value, set_up: impl Fn(EnvoyBuilder) -> EnvoyBuilder + Sync) -> House {
        let start = |hardened| {
            let builder = EnvoyBuilder::new(document.clone()).hardened(hardened);
            // Over HTTP/2 Envoy waits that long wherever it gives a client up.
            let builder = builder.hcm(json!({"delayed_close_timeout": "0.02s"}));
            let envoy = set_up(builder).start();
            let vms = vms(&envoy);
            (envoy, vms)
        };
        let (plain, hardened) = std::thread::scope(|scope| {
            let plain = scope.spawn(|| start(false));
            let hardened = start(true);
            (plain.join().unwrap(), hardened)
        });
        House { plain, hardened, good: good_token() }
    }

    /// Runs a test against both Envoys over both protocols, then looks whether
    /// they are as they were.
    pub fn each(&self, mut attack: impl FnMut(&Site<'_>)) {
        for (hardened, (envoy, vms)) in [(false, &self.plain), (true, &self.hardened)] {
            for over in [Protocol::H1, Protocol::H2] {
                let site = Site { house: self, envoy, hardened, over };
                attack(&site);
                site.serves();
            }
            assert_unharmed(envoy, *vms);
        }
    }
}

/// How many VMs Envoy has made so far: a reload makes another.
fn vms(envoy: &Envoy) -> u64 {
    envoy.stat("wasm.envoy.wasm.runtime.v8.created").unwrap()
}

/// No VM failed, none was made anew, and nobody complained.
pub fn assert_unharmed(envoy: &Envoy, vms_before: u64) {
    assert!(envoy.is_running());
    assert_eq!(vms(envoy), vms_before, "a VM was made anew:\n{}", envoy.log());
    let log = envoy.log();
    for line in log.lines() {
        let ours = line.contains("wasm log tenant_guard");
        for bad in ["Uncaught", "panicked", "RuntimeError", "proxy_on_", "unreachable", "VM"] {
            assert!(ours || !line.contains(bad), "{line}");
        }
        assert!(ours || !line.contains("wasm"), "{line}");
        assert!(!line.contains("host call"), "{line}");
    }
    for line in envoy.access_log(0) {
        let text = line.to_string();
        assert!(!text.contains("wasm_fail_stream") && !text.contains("_unavailable"), "{text}");
    }
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The application answered.
    Application(Response),
    /// The guard refused it.
    Guard(u16, String),
    /// Envoy itself refused it.
    Envoy(u16),
    /// Envoy ended stream or connection.
    Ended(Failure),
}

/// One Envoy, one protocol.
pub struct Site<'h> {
    pub house: &'h House,
    pub envoy: &'h Envoy,
    pub hardened: bool,
    pub over: Protocol,
}

impl Site<'_> {
    fn name(&self, what: &str) -> String {
        let hardened = if self.hardened { "hardened" } else { "plain" };
        format!("{what} ({hardened}, {:?})", self.over)
    }

    /// Sends a request over the site's protocol; a request that is neither
    /// answered nor ended is a failure in itself.
    pub fn send(&self, what: &str, request: Request) -> Outcome {
        let outcome = self.send_one_of_many(what, request);
        self.serves();
        outcome
    }

    /// The same where so many are sent that not each is followed by a good one.
    pub fn send_one_of_many(&self, what: &str, request: Request) -> Outcome {
        let answer = self.envoy.try_send(&request.over(self.over));
        self.outcome(what, answer)
    }

    /// Sends any bytes over HTTP/1.1.
    pub fn send_raw(&self, what: &str, bytes: impl AsRef<[u8]>) -> Outcome {
        let answer = self.envoy.send_raw(bytes.as_ref());
        self.serves();
        self.outcome(what, answer)
    }

    fn outcome(&self, what: &str, answer: Result<Response, Failure>) -> Outcome {
        let what = self.name(what);
        let outcome = match answer {
            Err(Failure::Timeout) => panic!("{what}: no answer"),
            Err(failure) => Outcome::Ended(failure),
            Ok(response) if response.is_from_application() => Outcome::Application(response),
            Ok(response) => match response.code() {
                Some(code) => {
                    assert!(response.status >= 400, "{what}: {response:?}");
                    Outcome::Guard(response.status, code)
                }
                None => {
                    assert!(response.status >= 400, "{what}: {response:?}");
                    // The application's Envoy may refuse what this one passes on.
                    let upstream = response.text().starts_with("upstream connect error");
                    assert!(upstream || response.status != 503, "{what}: {response:?}");
                    Outcome::Envoy(response.status)
                }
            },
        };
        if let Outcome::Guard(status, code) = &outcome {
            assert_ne!(*status, 503, "{what}: {code}");
        }
        outcome
    }

    /// The guard refuses it with this code; nobody else does.
    pub fn refuses(&self, what: &str, request: Request, code: &str) {
        match self.send(what, request) {
            Outcome::Guard(_, found) => assert_eq!(found, code, "{}", self.name(what)),
            other => panic!("{}: {other:?}, not {code}", self.name(what)),
        }
    }

    /// The guard refuses it with this code, unless Envoy did already.
    pub fn refused_with(&self, what: &str, request: Request, code: &str) {
        match self.send(what, request) {
            Outcome::Guard(_, found) => assert_eq!(found, code, "{}", self.name(what)),
            Outcome::Envoy(_) | Outcome::Ended(_) => {}
            other => panic!("{}: {other:?}, not {code}", self.name(what)),
        }
    }

    /// Somebody refuses it.
    pub fn refused(&self, what: &str, request: Request) {
        if let Outcome::Application(response) = self.send(what, request) {
            panic!("{}: {response:?}", self.name(what));
        }
    }

    /// It is refused, or the application sees this identity and nothing else.
    /// The response where it went on.
    pub fn harmless(
        &self,
        what: &str,
        request: Request,
        identity: &[(&str, &str)],
    ) -> Option<Response> {
        match self.send(what, request) {
            Outcome::Application(response) => {
                assert_identity(&self.name(what), &response, identity);
                Some(response)
            }
            _ => None,
        }
    }

    /// It goes on, and the application sees this identity and nothing else.
    pub fn allowed(&self, what: &str, request: Request, identity: &[(&str, &str)]) -> Response {
        match self.send(what, request) {
            Outcome::Application(response) => {
                assert_identity(&self.name(what), &response, identity);
                response
            }
            other => panic!("{}: {other:?}", self.name(what)),
        }
    }

    /// The next good request is served.
    pub fn serves(&self) {
        let request = Request::get("/good").over(self.over).bearer(&self.house.good);
        let response = self.envoy.send(&request);
        assert_eq!(response.status, 200, "{}: {response:?}", self.name("the next good request"));
        assert_identity("the next good request", &response, &ACME_JWT);
    }
}

/// What the application sees of a good token.
pub const ACME_JWT: [(&str, &str); 3] =
    [("x-tenant-id", "acme"), ("x-user-id", "user-1"), ("x-auth-method", "jwt")];

/// What it sees of `acme`'s API key.
pub const ACME_API_KEY: [(&str, &str); 4] = [
    ("x-tenant-id", "acme"),
    ("x-client-id", "web"),
    ("x-key-id", "web-1"),
    ("x-auth-method", "api_key"),
];

/// A header name as CGI and its kin read it.
pub fn folded(name: &str) -> String {
    let fold = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(fold).collect()
}

/// The application saw this identity and nothing else, in headers and in
/// trailers, and no credential.
pub fn assert_identity(what: &str, response: &Response, identity: &[(&str, &str)]) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let guarded = |name: &str| !name.starts_with(':') && GUARDED.contains(&folded(name).as_str());
    let mut seen: Vec<(String, String)> = Vec::new();
    for (name, value) in response.echoed() {
        // The payload repeats the rest, and its value is the token's own.
        if guarded(&name) && name != "x-jwt-payload" {
            seen.push((name, text(&value)));
        }
    }
    let mut expected: Vec<(String, String)> =
        identity.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "{what}");
    let payloads = response.echoed_all("x-jwt-payload").len();
    let jwt = identity.iter().any(|(name, value)| *name == "x-auth-method" && *value == "jwt");
    assert_eq!(payloads, usize::from(jwt), "{what}");
    for (name, value) in response.echoed_trailers() {
        assert!(!guarded(&name), "{what}: trailer {name}: {}", text(&value));
    }
}
