//! Requests that wait for keys, and what becomes of them.

mod keys;

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use keys::{Idp, builder, key_set, metric, said, timed};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, sha256_hex};
use tenant_guard_tests::{Envoy, Protocol, Request, Response, for_each_protocol};

/// How long a provider takes to answer.
const SLOW: Duration = Duration::from_millis(300);

/// One Envoy for most tests, each with a provider of its own, which is asked
/// for every kid that isn't known.
struct World {
    envoy: Envoy,
    idps: Vec<Idp>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let names = ["bodies", "refused", "fallback", "optional", "leaving", "shadow", "dead"];
        let idps: Vec<Idp> = names.iter().map(|name| Idp::start(name, &[&first()])).collect();
        idps.last().unwrap().provider.stub().stop();
        let times = json!({"refresh": "24h", "timeout": "1s", "cooldown": "0s"});
        let issuers = idps.iter().map(|idp| idp.issuer(idp.jwks_uri(times.clone())));
        let anyone = json!({"strict": false, "trust_header": "never"});
        let document = json!({
            "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
                {"id": "web-1", "sha256": sha256_hex("web-key")}]}]}],
            "routes": [
                {"match": {"path": "/public"}, "auth": "none"},
                {"match": {"path": "/fallback"}, "mode": "jwt_then_api_key"},
                {"match": {"path": "/optional"}, "auth": "optional", "tenancy": anyone},
                {"match": {"path": "/shadow"}, "shadow": true},
                {"match": {"path": "/**"}},
            ],
        });
        let builder = builder(&idps.iter().collect::<Vec<_>>(), issuers.collect(), document);
        // What a route in shadow mode lets on, the backstop would not.
        World { envoy: builder.backstop(false).start(), idps }
    })
}

fn first() -> Key {
    Key::es256("first")
}

impl World {
    fn idp(&self, name: &str) -> &Idp {
        self.idps.iter().find(|idp| idp.name == name).unwrap()
    }
}

/// The provider has another key now, and takes its time to say so.
fn rotate(idp: &Idp, kid: &str) -> Key {
    let key = Key::es256(kid);
    idp.provider.publish_jwks(key_set(&[&first(), &key]).after(SLOW));
    key
}

/// Sends a request that has to wait.
fn waits(envoy: &Envoy, request: &Request) -> Response {
    let start = Instant::now();
    let response = envoy.send(request);
    let took = start.elapsed();
    assert!(took > SLOW - Duration::from_millis(50), "{request:?} didn't wait: {took:?}");
    response
}

fn told(identity: &Response) -> Value {
    json!(["x-tenant-id", "x-user-id", "x-auth-method"].map(|name| identity.echoed_value(name)))
}

#[test]
fn requests_that_come_during_the_first_fetch_wait_for_that_one_only() {
    let key = Key::es256("key");
    let idp = Idp::start("idp", &[&key]);
    idp.provider.publish_jwks(key_set(&[&key]).after(Duration::from_millis(600)));
    let issuer = idp.issuer(idp.jwks_uri(json!({"refresh": "24h"})));
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    idp.provider.stub().wait_for("/jwks", 1);
    thread::scope(|scope| {
        for number in 0..20 {
            let (envoy, request) = (&envoy, idp.request(&key, &format!("user-{number}")));
            scope.spawn(move || {
                let (outcome, took) = timed(envoy, &request);
                assert_eq!(outcome, "pass");
                assert!(took < Duration::from_millis(900), "{took:?}");
            });
        }
    });
    assert_eq!(idp.fetches(), 1);
    assert_eq!(metric(&envoy, "keys.fetches"), 1);
    // Those who waited for the first have not used up what a new key may ask for.
    let new = Key::es256("new");
    idp.provider.publish(&[&new]);
    assert_eq!(timed(&envoy, &idp.request(&new, "ann")).0, "pass");
    assert_eq!(idp.fetches(), 2);
}

#[test]
fn a_body_arrives_whole_after_its_headers_had_to_wait() {
    let (envoy, idp) = (&world().envoy, world().idp("bodies"));
    let body = vec![b'x'; 900_000];
    for_each_protocol(|protocol| {
        let request = |key: &Key| idp.request(key, "ann").over(protocol);
        let key = rotate(idp, &format!("{protocol:?}"));
        let post = Request::post("/things", &body).over(protocol).bearer(idp.token(&key, "ann"));
        let response = waits(envoy, &post);
        assert_eq!(said(&response), "pass", "{response:?}");
        assert_eq!(response.echoed_body_length(), body.len());

        let key = rotate(idp, &format!("{protocol:?} with trailers"));
        let post = Request::post("/things", &body)
            .over(protocol)
            .bearer(idp.token(&key, "ann"))
            .trailer("x-checksum", "good")
            .trailer("x-tenant-id", "globex");
        let response = waits(envoy, &post);
        assert_eq!(said(&response), "pass", "{response:?}");
        assert_eq!(response.echoed_body_length(), body.len());
        assert_eq!(response.echoed_trailers(), [("x-checksum".to_owned(), b"good".to_vec())]);

        let key = rotate(idp, &format!("{protocol:?} without a body"));
        assert_eq!(said(&waits(envoy, &request(&key))), "pass");
    });
    let key = rotate(idp, "grpc");
    let call = Request::grpc("/things.Things/Get").bearer(idp.token(&key, "ann"));
    let response = waits(envoy, &call);
    // Envoy makes a gRPC status of what the application says.
    let echo = response.grpc_message().unwrap();
    assert!(echo.contains("x-tenant-id: acme") && echo.contains("body length: 5"), "{echo}");
}

#[test]
fn a_key_that_does_not_come_refuses_the_request_that_waited_for_it() {
    let (envoy, idp) = (&world().envoy, world().idp("refused"));
    rotate(idp, "another");
    let bearer = idp.token(&Key::es256("invented"), "ann");
    for_each_protocol(|protocol| {
        for request in [Request::get("/things"), Request::post("/things", vec![b'x'; 900_000])] {
            let response = waits(envoy, &request.over(protocol).bearer(&bearer));
            assert_eq!(said(&response), "401 token_key_unknown");
            let challenge = response.header("www-authenticate").unwrap();
            assert!(challenge.contains("invalid_token"), "{challenge}");
        }
    });
    let response = waits(envoy, &Request::grpc("/things.Things/Get").bearer(&bearer));
    assert_eq!((response.status, response.grpc_status()), (200, Some(16)), "{response:?}");
    let dead = world().idp("dead").token(&first(), "ann");
    let response = envoy.send(&Request::grpc("/things.Things/Get").bearer(dead));
    assert_eq!((response.status, response.grpc_status()), (200, Some(14)), "{response:?}");
}

#[test]
fn an_api_key_stands_in_for_an_unknown_key_but_not_for_one_that_cannot_be_had() {
    let (envoy, idp) = (&world().envoy, world().idp("fallback"));
    let new = rotate(idp, "new");
    let with_key = |token: String| Request::get("/fallback").bearer(token).api_key("web-key");
    let response = waits(envoy, &with_key(idp.token(&new, "ann")));
    assert_eq!(told(&response), json!(["acme", "ann", "jwt"]));
    let response = waits(envoy, &with_key(idp.token(&Key::es256("invented"), "ann")));
    assert_eq!(told(&response), json!(["acme", null, "api_key"]));
    let dead = world().idp("dead").token(&first(), "ann");
    assert_eq!(timed(envoy, &with_key(dead)).0, "503 keys_unavailable");
}

#[test]
fn where_credentials_are_optional_one_that_is_there_is_waited_for() {
    let (envoy, idp) = (&world().envoy, world().idp("optional"));
    let new = rotate(idp, "new");
    let bearer = |key: &Key| Request::get("/optional").bearer(idp.token(key, "ann"));
    assert_eq!(told(&waits(envoy, &bearer(&new))), json!(["acme", "ann", "jwt"]));
    let invented = waits(envoy, &bearer(&Key::es256("invented")));
    assert_eq!(said(&invented), "401 token_key_unknown");
    let nobody = envoy.send(&Request::get("/optional"));
    assert_eq!(told(&nobody), json!(["default", null, "anonymous"]));
}

#[test]
fn in_shadow_mode_too_a_request_waits_and_is_who_it_is() {
    let (envoy, idp) = (&world().envoy, world().idp("shadow"));
    let new = rotate(idp, "new");
    let bearer = |key: &Key| Request::get("/shadow").tenant("acme").bearer(idp.token(key, "ann"));
    assert_eq!(told(&waits(envoy, &bearer(&new))), json!(["acme", "ann", "jwt"]));
    let invented = waits(envoy, &bearer(&Key::es256("invented")));
    assert_eq!(told(&invented), json!([null, null, null]));
}

#[test]
fn a_client_that_leaves_while_it_waits_harms_nobody() {
    let (envoy, idp) = (&world().envoy, world().idp("leaving"));
    for round in 0..3 {
        let key = rotate(idp, &format!("new-{round}"));
        let request = |number: usize| idp.request(&key, &format!("user-{number}"));
        let before = idp.fetches();
        let connect = |number: usize| {
            let mut connection = envoy.connect(Protocol::H1);
            connection.start(&request(number));
            connection
        };
        let mut connections: Vec<_> = (0..40).map(connect).collect();
        idp.provider.stub().wait_for("/jwks", before + 1);
        // Every other one is gone before the keys are there.
        for number in (0..20).rev() {
            drop(connections.remove(2 * number));
        }
        for connection in &mut connections {
            assert_eq!(said(&connection.next_response().unwrap()), "pass");
        }
    }
    assert!(envoy.is_running());
    assert_eq!(metric(envoy, "denied.guard_unavailable"), 0);
    let log = envoy.log();
    assert!(!log.contains("[error]") && !log.contains("[critical]"), "{log}");
}
