//! Where credentials are read, and that they go no further.

mod common;

use std::thread::sleep;
use std::time::Duration;

use common::{Fleet, idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::now;
use tenant_guard_tests::{EnvoyBuilder, Protocol, Request, for_each_protocol};

const WEB_KEY: &str = "key-of-acme-web";

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()).hardened(false));

fn document() -> Value {
    json!({
        "version": 1,
        "jwt": {
            "from": [{"header": "authorization", "scheme": "Bearer"}, {"cookie": "session"}, {"query": "access_token"}],
            "issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))],
        },
        "api_keys": {"from": [
            {"header": "x-api-key"}, {"header": "authorization", "scheme": "ApiKey"}, {"cookie": "key"}, {"query": "key"}]},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", WEB_KEY)]}]}],
        "routes": [
            {"match": {"path": "/jwt"}, "mode": "jwt"},
            {"match": {"path": "/key"}, "mode": "api_key"},
            {"match": {"path": "/then"}, "mode": "jwt_then_api_key"},
            {"match": {"path": "/**"}},
        ],
        "upstream": {"strip": ["x-internal"]},
    })
}

fn token() -> String {
    idp("claims").token(json!({"tenant": "acme"}))
}

#[test]
fn credentials_leave_the_request_wherever_they_stood() {
    let token = token();
    FLEET.everywhere(|session| {
        let mut gone = |request: Request, path: &str, cookie: Option<&str>| {
            let response = session.allowed(request);
            assert_eq!(response.echoed_value(":path").unwrap(), path);
            let cookies = response.echoed_all("cookie");
            assert_eq!(cookies.first().map(String::as_str), cookie, "{cookies:?}");
            assert!(cookies.len() < 2, "{cookies:?}");
            for name in ["authorization", "x-api-key"] {
                assert_eq!(response.echoed_all(name), Vec::<String>::new());
            }
            let text = response.text();
            assert!(!text.contains(&token) && !text.contains(WEB_KEY), "{text}");
            assert_eq!(session.last_line()["path"], path);
        };
        let get = |path: &str| Request::get(path);
        let cookie = |text: String| get("/").header("cookie", text);
        gone(get("/a?x=1").bearer(&token), "/a?x=1", None);
        gone(get("/a").header("AUTHORIZATION", format!("bEARER  {token}")), "/a", None);
        gone(get("/a").header("authorization", format!("ApiKey {WEB_KEY}")), "/a", None);
        gone(cookie(format!("a=1; session={token}; b=2")), "/", Some("a=1; b=2"));
        gone(cookie(format!("session=\"{token}\"")), "/", None);
        gone(cookie("a=1".into()).header("cookie", format!("key={WEB_KEY}")), "/", Some("a=1"));
        gone(get(&format!("/a?access_token={token}")), "/a", None);
        gone(get(&format!("/a?x=%20&access_token={token}&y")), "/a?x=%20&y", None);
        gone(get(&format!("/a?%6bey={WEB_KEY}&x=1")), "/a?x=1", None);
    });
}

#[test]
fn trailers_bring_no_identity_and_take_no_credentials_along() {
    let token = token();
    FLEET.everywhere(|session| {
        let post = Request::post("/", "body").bearer(&token);
        let post = ["x-tenant-id", "x_user_id", "x-api-key", "authorization", "x-internal"]
            .into_iter()
            .fold(post, |post, name| post.trailer(name, "forged"));
        let response = session.allowed_as(post.trailer("x-checksum", "1"), "acme");
        assert_eq!(response.echoed_trailers(), [("x-checksum".to_owned(), b"1".to_vec())]);
        assert_eq!(response.echoed_body_length(), 4);
    });
}

#[test]
fn a_credential_of_the_wrong_kind_is_unread_and_gone_all_the_same() {
    let token = token();
    let broken = format!("{token}=");
    FLEET.everywhere(|session| {
        let mut gone = |request: Request, method: &str| {
            let response = session.allowed_as(request, "acme");
            assert_eq!(response.echoed_value("x-auth-method").unwrap(), method);
            let text = response.text();
            assert!(!text.contains(&token) && !text.contains(WEB_KEY), "{text}");
            assert_eq!(response.echoed_value("cookie"), None);
        };
        let both = |path: &str, token: &str, key: &str| {
            Request::get(path).api_key(key).header("cookie", format!("session={token}"))
        };
        gone(both("/jwt", &token, WEB_KEY), "jwt");
        gone(both("/jwt", &token, "wrong"), "jwt");
        gone(both("/key", &token, WEB_KEY), "api_key");
        gone(both("/key", "wrong", WEB_KEY), "api_key");
        gone(both("/then", &token, WEB_KEY), "jwt");
        gone(both("/then", &token, "wrong"), "jwt");
        gone(both("/then", &broken, WEB_KEY), "api_key");
        gone(Request::get("/then").api_key(WEB_KEY), "api_key");
        session.refused(both("/", &token, WEB_KEY), 400, "credentials_ambiguous");
        session.refused(both("/jwt", "", WEB_KEY), 401, "token_malformed");
        session.refused(both("/jwt", &broken, WEB_KEY), 401, "token_malformed");
        session.refused(Request::get("/jwt").api_key(WEB_KEY), 401, "credentials_missing");
        let alone = Request::get("/key").header("cookie", format!("session={token}"));
        session.refused(alone, 401, "credentials_missing");
        // Where both fail the reply is the token's.
        session.refused(both("/then", &broken, "wrong"), 401, "token_malformed");
        session.refused(both("/then", &broken, &token), 401, "token_malformed");
        session.refused(Request::get("/then").api_key("wrong"), 401, "api_key_unknown");
        session.refused(Request::get("/then").api_key(&token), 401, "api_key_unknown");
        // What is final isn't tried again with the key.
        let globex = idp("claims").token(json!({"tenant": "globex"}));
        session.refused(both("/then", &globex, WEB_KEY), 403, "tenant_unknown");
        let twice = both("/then", &token, WEB_KEY).bearer(&token);
        session.refused(twice, 400, "credentials_ambiguous");
    });
}

#[test]
fn a_credential_in_two_places_is_refused() {
    let token = token();
    FLEET.everywhere(|session| {
        let at = |path: &str| Request::get(path);
        for request in [
            at("/").bearer(&token).bearer(&token),
            at("/").bearer(&token).header("cookie", format!("session={token}")),
            at(&format!("/?access_token={token}")).bearer(&token),
            at(&format!("/?access_token={token}&access_token={token}")),
            at(&format!("/?access_token={token}&access_token[]=x")),
            at("/").header("cookie", format!("session={token}; session={token}")),
            at("/").header("cookie", format!("session={token}")).header("cookie", "session=x"),
            at("/").header("authorization", format!("Bearer {token}, Bearer {token}")),
            at("/?key=").api_key(WEB_KEY),
            at("/").api_key(WEB_KEY).header("authorization", format!("ApiKey {WEB_KEY}")),
            at("/")
                .header("authorization", format!("ApiKey {WEB_KEY}"))
                .header("cookie", format!("session={token}")),
            at("/")
                .header("authorization", "Basic eDp5")
                .header("cookie", format!("session={token}")),
        ] {
            session.refused(request, 400, "credentials_ambiguous");
        }
        session.refused(at("/").header("authorization", "Basic eDp5"), 401, "token_malformed");
    });
}

#[test]
fn credentials_stay_where_the_operator_wants_them() {
    let document = with(document(), json!({"upstream": {"forward_credentials": true}}));
    let envoy = EnvoyBuilder::new(document).start();
    let token = token();
    for_each_protocol(|over| {
        let mut session = common::Session::new(&envoy, over);
        let response = session.allowed_as(Request::get("/?a=1").bearer(&token), "acme");
        assert_eq!(response.echoed_value("authorization").unwrap(), format!("Bearer {token}"));
        let response = session.allowed_as(Request::get("/").api_key(WEB_KEY), "acme");
        assert_eq!(response.echoed_value("x-api-key").unwrap(), WEB_KEY);
        let cookie = format!("a=1; session={token}");
        let response = session.allowed_as(Request::get("/").header("cookie", &cookie), "acme");
        assert_eq!(response.echoed_value("cookie").unwrap(), cookie);
        let query = format!("/?access_token={token}&a=1");
        let response = session.allowed_as(Request::get(&query).header("x-internal", "1"), "acme");
        assert_eq!(response.echoed_value(":path").unwrap(), query);
        assert_eq!(response.echoed_value("x-internal"), None);
        // A refusal's log shows no credential all the same.
        let query = format!("/?access_token={token}&a=1");
        session.refused(Request::get(query).tenant("globex"), 403, "tenant_mismatch");
        assert_eq!(session.last_line()["path"], "/?a=1");
        session.finish();
    });
}

#[test]
fn a_token_expires_in_the_cache_too() {
    let exact = idp("exact").config(json!({"clock_skew": "0s", "tenant": {"fixed": "acme"}}));
    let document = with(document(), json!({"jwt": {"issuers": [exact]}}));
    let envoy = EnvoyBuilder::new(document).start();
    let expires = now() + 3;
    let token = idp("exact").token(json!({"exp": expires}));
    for_each_protocol(|over| {
        let mut connection = envoy.connect(over);
        let mut get = || connection.send(&Request::get("/").bearer(&token)).unwrap();
        let mut allowed = 0;
        while now() < expires {
            let response = get();
            allowed += usize::from(response.status == 200);
            assert!(response.status == 200 || now() >= expires, "{response:?}");
            sleep(Duration::from_millis(50));
        }
        assert_eq!(get().code().unwrap(), "token_expired");
        assert_eq!(get().code().unwrap(), "token_expired");
        assert!(allowed > 1 || over == Protocol::H2);
    });
    assert!(envoy.stat("wasmcustom.tenant_guard.cache_hits").unwrap() > 1);
}
