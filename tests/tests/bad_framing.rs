//! Requests whose frame is odd: tunnels, missing or doubled parts, garbage.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, House, Outcome, Site, good_token};
use tenant_guard_tests::{Protocol, Request};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);
static TUNNELS: LazyLock<House> = LazyLock::new(|| {
    House::of(bad::document(), |builder| builder.upgrade("websocket").upgrade("CONNECT"))
});

#[test]
fn a_connect_without_a_path_is_refused_whoever_asks() {
    for house in [&*HOUSE, &*TUNNELS] {
        house.each(|site| {
            for host in
                ["other.test:443", "app.test:80", "acme.api.example.com:443", "/admin", "a b"]
            {
                site.refused("connect", Request::connect(host));
                site.refused("connect with a token", Request::connect(host).bearer(good_token()));
            }
            let forged =
                Request::connect("app.test:80").header("x-user-id", "root").bearer(good_token());
            site.refused("connect with identity", forged);
        });
    }
    TUNNELS.each(|site| {
        if site.over == Protocol::H2 {
            let request = Request::connect("app.test:80").bearer(good_token());
            site.refuses("no path", request, "path_ambiguous");
        }
    });
}

#[test]
fn an_upgrade_is_decided_on_like_any_request() {
    TUNNELS.each(|site| {
        let over = site.over;
        let socket = |path| Request::websocket(path, over);
        site.allowed("with a token", socket("/ws").bearer(good_token()), &ACME_JWT);
        site.allowed("public", socket("/public/ws").header("x-user-id", "root"), &[]);
        site.refuses("without", socket("/ws"), "credentials_missing");
        site.refuses("with a bad one", socket("/ws").bearer("a.b.c"), "token_malformed");
        site.refuses("admin", socket("/admin/ws"), "credentials_missing");
        let foreign = socket("/v1/orgs/globex/ws").bearer(good_token());
        site.refuses("another tenant's", foreign, "tenant_mismatch");
        let in_query = socket(&format!("/ws?access_token={}&a=1", good_token()));
        if let Some(seen) = site.harmless("in the query", in_query, &ACME_JWT) {
            assert_eq!(seen.echoed_value(":path").as_deref(), Some("/ws?a=1"));
        }
    });
    HOUSE.each(|site| {
        site.refused("not enabled", Request::websocket("/admin/ws", site.over));
        let request = Request::websocket("/ws", site.over).bearer(good_token());
        site.harmless("not enabled, with a token", request, &ACME_JWT);
        let h2c = Request::get("/admin/a")
            .header("connection", "Upgrade, HTTP2-Settings")
            .header("upgrade", "h2c")
            .header("http2-settings", "AAMAAABkAAQAAP__");
        site.refused("h2c", h2c);
    });
}

#[test]
fn requests_in_the_asterisk_or_absolute_form_are_read_in_one_way() {
    HOUSE.each(|site| {
        let good = |path: &str| Request::get(path).bearer(good_token());
        site.refused("OPTIONS *", Request::new("OPTIONS", "*").bearer(good_token()));
        site.refused("GET *", good("*"));
        site.refused("no slash", good("admin/a"));
        site.refused("no slash", good("a"));
        site.refused("empty", good(""));
        for path in [
            "http://app.test/admin/a",
            "HTTP://app.test/admin/a",
            "https://app.test/admin/a",
            "http://public@app.test/admin/a",
            "http://app.test:80/admin/a",
            "http:///admin/a",
            "//app.test/admin/a",
        ] {
            site.refused(path, Request::get(path));
            site.harmless(path, good(path), &ACME_JWT);
        }
        for path in [
            "http://app.test",
            "http://app.test?x",
            "http://other.test/a",
            "ftp://app.test/a",
            "http://[::1]/a",
            "http:/a",
            "http:a",
            "javascript:a",
        ] {
            site.harmless(path, good(path), &ACME_JWT);
        }
        // The host of the target counts, not the one beside it.
        let request = good("http://globex.api.example.com/a").host("acme.api.example.com");
        site.refused("another tenant in the target", request);
        let request = good("http://acme.api.example.com/a").host("globex.api.example.com");
        if let Some(seen) = site.harmless("another tenant beside the target", request, &ACME_JWT) {
            assert_eq!(seen.echoed_value(":authority").as_deref(), Some("acme.api.example.com"));
        }
    });
}

#[test]
fn http2_pseudo_headers_are_there_once_or_the_request_is_refused() {
    HOUSE.each(|site| {
        if site.over == Protocol::H1 {
            return;
        }
        let good = || Request::get("/a").bearer(good_token());
        site.refused("no path", good().without_path());
        site.refused("no method", good().without_method());
        site.refused("no scheme", good().without_scheme());
        for (name, value) in [
            (":path", "/public/a"),
            (":path", "/admin"),
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "globex.api.example.com"),
            (":status", "200"),
            (":unknown", "x"),
            (":protocol", "websocket"),
            (":x-tenant-id", "globex"),
        ] {
            site.refused(name, good().header(name, value));
        }
        for scheme in ["HtTpS", "ftp", "", "http://evil/", "javascript"] {
            site.harmless("scheme", good().scheme(scheme), &ACME_JWT);
        }
        for name in [
            "X-Upper",
            "",
            " x",
            "x y",
            "x:y",
            "x\0",
            "x\r\n",
            "transfer-encoding",
            "connection",
            "keep-alive",
        ] {
            site.harmless(
                "a header name",
                good().header(name, "trailers").exact_names(),
                &ACME_JWT,
            );
        }
        for value in [&b"a\0b"[..], b"a\r\nx-user-id: root", b"a\nb", b" padded ", b"\t"] {
            site.harmless("a header value", good().header("x-odd", value), &ACME_JWT);
            site.refused("a token with it", Request::get("/a").header("authorization", value));
            let tenant = good().tenant([b"globex", value].concat());
            site.refused("a tenant with it", tenant);
        }
    });
}

#[test]
fn odd_methods_are_methods() {
    HOUSE.each(|site| {
        for method in [
            "TRACE",
            "TRACK",
            "PROPFIND",
            "PURGE",
            "DELETE",
            "PATCH",
            "get",
            "Get",
            "A!#$%&'*+-.^_`|~",
            "PRI",
        ] {
            site.refused(method, Request::new(method, "/admin/a"));
            site.harmless(method, Request::new(method, "/a").bearer(good_token()), &ACME_JWT);
        }
        for method in ["", "G ET", "GET\t", "G\u{e9}T", "GET/"] {
            site.refused(method, Request::new(method, "/admin/a").bearer("x"));
        }
        let head = Request::new("HEAD", "/admin/a").over(site.over);
        assert_eq!(site.envoy.send(&head).status, 401);
        // An override asks for another method than the one that was checked.
        let request = Request::post("/a", "x")
            .bearer(good_token())
            .header("x-http-method-override", "DELETE");
        site.allowed("an override", request, &ACME_JWT);
        let preflight = Request::new("OPTIONS", "/admin/a")
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "GET");
        site.refuses("a preflight", preflight, "credentials_missing");
    });
}

/// Sends bytes; whatever comes of it, no admin path reaches the application
/// without a tenant. That is looked at in the application's own log.
fn raw(site: &Site<'_>, text: &str) {
    if let Outcome::Application(response) = site.send_raw(text, text) {
        let path = response.echoed_value(":path").unwrap_or_default();
        assert!(!path.contains("admin"), "{text:?}: {path}");
    }
}

#[test]
fn garbage_and_smuggling_reach_nobody() {
    let admin = "GET /admin/smuggled HTTP/1.1\r\nhost: app.test\r\n\r\n";
    let public = "POST /public/a HTTP/1.1\r\nhost: app.test\r\n";
    HOUSE.each(|site| {
        if site.over == Protocol::H2 {
            return;
        }
        for text in [
            "nonsense\r\n\r\n",
            "\r\n\r\nGET\r\n\r\n",
            "GET\r\n\r\n",
            "GET /admin/a\r\n\r\n",
            "GET /admin/a HTTP/0.9\r\n\r\n",
            "GET /admin/a HTTP/1.0\r\n\r\n",
            "GET /public/a HTTP/1.0\r\nhost: app.test\r\n\r\n",
            "GET /admin/a HTTP/2.0\r\nhost: app.test\r\n\r\n",
            "GET /admin/a HTTP/1.1\r\n\r\n",
            "GET  /admin/a HTTP/1.1\r\nhost: app.test\r\n\r\n",
            "GET /public/a /admin/a HTTP/1.1\r\nhost: app.test\r\n\r\n",
            "GET /admin/a HTTP/1.1\r\nhost: app.test\r\nx-tenant-id : acme\r\n\r\n",
            "GET /admin/a HTTP/1.1\r\nhost: app.test\r\n x-tenant-id: acme\r\n\r\n",
            "GET /admin/a HTTP/1.1\r\nhost: app.test\r\nx: a\r\n\tx-tenant-id: acme\r\n\r\n",
            "GET /admin/a HTTP/1.1\nhost: app.test\n\n",
            "GET /admin/a HTTP/1.1\r\nhost: app.test\r\nx\0y: a\r\n\r\n",
            "GET /admin/a HTTP/1.1\r\nhost: app.test\r\nx: a\0b\r\n\r\n",
            "GET /admin/a HTTP/1.1\r\nhost: app.test\r\nx: a\rx-tenant-id: acme\r\n\r\n",
            "GET /admin/\0 HTTP/1.1\r\nhost: app.test\r\n\r\n",
            "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        ] {
            raw(site, text);
        }
        for framing in [
            "content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
            "content-length: 0\r\ncontent-length: 59\r\n\r\n",
            "content-length: 0, 59\r\n\r\n",
            "content-length: +0\r\n\r\n",
            "content-length: 0x3b\r\n\r\n",
            "content-length : 59\r\n\r\n",
            "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "transfer-encoding: identity\r\n\r\n",
            "transfer-encoding: xchunked\r\n\r\n",
            "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked\r\n\r\n0;a=\nb\r\n\r\n",
            "transfer-encoding: chunked\r\n\r\n00000000000000000\r\n\r\n",
        ] {
            raw(site, &format!("{public}{framing}{admin}"));
        }
        // Two requests at once are two decisions.
        let mut connection = site.envoy.connect(Protocol::H1);
        let first = connection
            .raw(format!("GET /public/a HTTP/1.1\r\nhost: app.test\r\n\r\n{admin}").as_bytes());
        assert_eq!(first.unwrap().status, 200);
        assert_eq!(
            connection.next_response().unwrap().code().as_deref(),
            Some("credentials_missing")
        );
        for line in site.envoy.application_log() {
            let path = line["path"].as_str().unwrap_or_default();
            assert!(!path.contains("admin") || line["tenant"] == "acme", "{line}");
        }
    });
}
