//! The stub server of the harness answers as it is told, through Envoy too.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tenant_guard_tests::{
    Connection, Envoy, EnvoyBuilder, Failure, Protocol, Reply, Request, Stub, for_each_protocol,
};

const MIB: usize = 1 << 20;

fn connect(stub: &Stub) -> Result<Connection, Failure> {
    Connection::open(stub.address(), Protocol::H1, None)
}

/// An Envoy that sends everything to the stub and waits half a second for it.
fn envoy_before(stub: &Stub) -> Envoy {
    EnvoyBuilder::bare()
        .cluster_at("stub", stub.address(), Protocol::H1)
        .route(json!({"match": {"prefix": "/"}, "route": {"cluster": "stub", "timeout": "0.5s"}}))
        .start()
}

fn keys() -> Reply {
    Reply::json(&json!({"keys": ["first", "second"]}))
}

fn get(path: &str) -> Request {
    Request::get(path)
}

#[test]
fn answers_that_never_come_are_told_from_those_that_break_off() {
    let stub = Stub::start();
    let envoy = envoy_before(&stub);
    for (path, reply) in [
        ("/hang", Reply::hang()),
        ("/close", Reply::close()),
        ("/cut", keys().cut()),
        ("/chunks", keys().chunked().cut()),
        ("/stalled", keys().stalled()),
        ("/late", keys().after(Duration::from_secs(1))),
    ] {
        stub.on(path, reply);
    }
    for_each_protocol(|over| {
        let send = |path| envoy.try_send(&get(path).over(over));
        assert_eq!(send("/hang").unwrap().status, 504);
        assert_eq!(send("/late").unwrap().status, 504);
        assert_eq!(send("/close").unwrap().status, 503);
        for path in ["/cut", "/chunks", "/stalled"] {
            let broken = send(path);
            let ended = matches!(broken, Err(Failure::Closed | Failure::Reset(_)));
            assert!(ended, "{path}: {broken:?}");
        }
    });
    for path in ["/cut", "/chunks"] {
        let mut connection = connect(&stub).unwrap();
        let since = Instant::now();
        assert_eq!(connection.send(&get(path)).unwrap_err(), Failure::Closed);
        assert!(since.elapsed() < Duration::from_secs(5));
    }
    // Envoy gave up each of them, and the stub noticed.
    let deadline = Instant::now() + Duration::from_secs(10);
    while stub.connections() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(stub.connections(), 0);
}

#[test]
fn a_connection_without_an_answer_stays_open() {
    let stub = Stub::start();
    stub.on("/hang", Reply::hang());
    stub.on("/close", Reply::close());
    stub.on("/stalled", keys().stalled());
    let open = ["/hang", "/close", "/stalled"].map(|path| {
        let mut connection = connect(&stub).unwrap();
        connection.start(&get(path));
        stub.wait_for(path, 1);
        connection
    });
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(stub.connections(), 2);
    assert_eq!(open.each_ref().map(Connection::is_idle), [true, false, false]);
}

#[test]
fn bodies_and_headers_are_the_ones_that_were_asked_for() {
    let stub = Stub::start();
    let envoy = envoy_before(&stub);
    let large = keys().padded(MIB);
    for (path, reply) in [
        ("/large", large.clone()),
        ("/large-chunks", large.chunked()),
        ("/moved", Reply::redirect("http://elsewhere.test/jwks")),
        ("/html", keys().content_type("text/html")),
        ("/untyped", keys().without_content_type()),
        ("/bytes", Reply::bytes(*b"\xff\x00").header("cache-control", "max-age=60")),
    ] {
        stub.on(path, reply);
    }
    for_each_protocol(|over| {
        let send = |path| envoy.send(&get(path).over(over));
        for path in ["/large", "/large-chunks"] {
            let response = send(path);
            assert_eq!(response.body.len(), MIB, "{path}");
            let body: Value = response.json();
            assert_eq!(body["keys"][1], "second");
        }
        assert_eq!(send("/large").header("content-length"), Some("1048576"));
        assert_eq!(send("/large-chunks").header("content-length"), None);
        let moved = send("/moved");
        let location = Some("http://elsewhere.test/jwks");
        assert_eq!((moved.status, moved.header("location")), (302, location));
        assert_eq!(send("/html").header_all("content-type"), ["text/html"]);
        assert_eq!(send("/untyped").header("content-type"), None);
        assert_eq!(send("/untyped").body, keys().body);
        let bytes = send("/bytes");
        assert_eq!((bytes.status, bytes.body.as_slice()), (200, &b"\xff\x00"[..]));
        assert_eq!(bytes.header("cache-control"), Some("max-age=60"));
        assert_eq!(send("/nothing").status, 404);
    });
    let mut connection = connect(&stub).unwrap();
    let head = connection.send(&Request::new("HEAD", "/large")).unwrap();
    assert_eq!((head.header("content-length"), head.body.len()), (Some("1048576"), 0));
    assert_eq!(connection.send(&get("/bytes")).unwrap().body, b"\xff\x00");
}

#[test]
fn who_names_the_etag_gets_no_body() {
    let stub = Stub::start();
    let envoy = envoy_before(&stub);
    stub.on("/d", keys().with_etag("\"7\""));
    for_each_protocol(|over| {
        let mut connection = envoy.connect(over);
        let first = connection.send(&get("/d")).unwrap();
        assert_eq!((first.status, first.header("etag")), (200, Some("\"7\"")));
        for known in ["\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"] {
            let response = connection.send(&get("/d").header("if-none-match", known)).unwrap();
            assert_eq!((response.status, response.body.len()), (304, 0), "{known}");
            assert_eq!(response.header("etag"), Some("\"7\""), "{known}");
            assert_eq!(response.header("content-type"), None, "{known}");
        }
        for other in ["\"8\"", "7", "\"77\"", "\"7", ""] {
            let response = connection.send(&get("/d").header("if-none-match", other)).unwrap();
            assert_eq!((response.status, response.body), (200, keys().body), "{other}");
        }
    });
    stub.on("/d", keys().with_etag("\"8\""));
    assert_eq!(envoy.send(&get("/d").header("if-none-match", "\"7\"")).status, 200);
    stub.on("/d", keys());
    assert_eq!(envoy.send(&get("/d").header("if-none-match", "*")).status, 200);
}

#[test]
fn a_reply_changes_on_connections_that_are_open_already() {
    let stub = Stub::start();
    let mut connection = connect(&stub).unwrap();
    let start = Instant::now();
    for status in [200, 503, 304, 404] {
        stub.on("/x?y", Reply::status(status));
        assert_eq!(connection.send(&get("/x?y")).unwrap().status, status);
    }
    assert_eq!(connection.send(&get("/x")).unwrap().status, 404);
    stub.on("/x?y", keys());
    assert_eq!(connection.send(&get("/x?y")).unwrap().body, keys().body);
    assert_eq!(stub.connections(), 1);
    assert_eq!([stub.count("/x?y"), stub.count("/x"), stub.count("/z")], [5, 1, 0]);
    stub.on("/x", keys().after(Duration::from_millis(100)));
    let before = Instant::now();
    connection.send(&get("/x").header("X-Name", "value")).unwrap();
    let seen = stub.seen();
    assert!(seen.iter().is_sorted_by_key(|seen| seen.at) && seen[0].at > start);
    // The time is that of the request, not of its late answer.
    assert!(seen[6].at > before && before.elapsed() >= Duration::from_millis(100));
    assert!(seen[6].at.elapsed() >= Duration::from_millis(100));
    assert_eq!((seen[6].method.as_str(), seen[6].header("x-name")), ("GET", Some("value")));
}

#[test]
fn a_stopped_stub_refuses_and_comes_back_where_it_was() {
    let stub = Stub::start();
    let envoy = envoy_before(&stub);
    stub.on("/x", keys());
    stub.on("/hang", Reply::hang());
    for round in 1..=10 {
        assert_eq!(envoy.get("/x").status, 200);
        let mut kept = connect(&stub).unwrap();
        kept.send(&get("/x")).unwrap();
        let mut hanging = connect(&stub).unwrap();
        hanging.start(&get("/hang"));
        stub.wait_for("/hang", round);
        assert!(kept.is_idle());
        stub.stop();
        let since = Instant::now();
        assert!(!kept.is_idle());
        assert_eq!(hanging.next_response().unwrap_err(), Failure::Closed);
        assert_eq!(connect(&stub).unwrap_err(), Failure::Closed);
        assert!(since.elapsed() < Duration::from_secs(2));
        assert_eq!((envoy.get("/x").status, stub.connections()), (503, 0));
        let other = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        assert!(other.bind(&stub.address().into()).is_err(), "its port was free");
        stub.stop();
        stub.resume();
        stub.resume();
    }
    assert_eq!(envoy.get("/x").status, 200);
    assert_eq!(stub.count("/x"), 21);
}

#[test]
fn a_dropped_stub_is_gone() {
    let stub = Stub::start();
    let connection = connect(&stub).unwrap();
    let address = stub.address();
    drop(stub);
    assert!(!connection.is_idle());
    assert_eq!(Connection::open(address, Protocol::H1, None).unwrap_err(), Failure::Closed);
}
