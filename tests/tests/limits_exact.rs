//! Limits admit exactly what they say, however many workers and connections
//! ask at once.

mod common;

use std::collections::BTreeMap;

use common::limits::{direct, next_second, number, remaining, within_one_window};
use common::{key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request, Response, load};

const CLIENTS: usize = 5;
const KEYS: usize = 10;
const CONNECTIONS: usize = 64;

/// A tenant with five clients of two limited keys each and one without a limit
/// of its own, and a client without limits.
fn tenant(name: &str, limits: Value, client: Value, key: Value) -> Value {
    let secret = |client: &str, key: &str| key_entry(key, &format!("{name} {client} {key}"));
    let limited = |number: usize| {
        let id = format!("client-{number}");
        let keys: Vec<Value> = (number..KEYS)
            .step_by(CLIENTS)
            .map(|key_number| {
                with(secret(&id, &format!("key-{key_number}")), json!({"limits": key}))
            })
            .chain([secret(&id, "free")])
            .collect();
        json!({"id": id, "limits": client, "keys": keys})
    };
    let free = json!({"id": "free", "keys": [secret("free", "free")]});
    let clients: Vec<Value> = (0..CLIENTS).map(limited).chain([free]).collect();
    json!({"id": name, "limits": limits, "clients": clients})
}

fn start(tenants: &[Value]) -> Envoy {
    let document = json!({
        "version": 1,
        "tenants": tenants,
        "limits": {"headers": ["x-rate-limit", "ratelimit"]},
        "audit": {"log": "none"},
        "routes": [
            {"match": {"path": "/direct/publish"}, "action": "publish"},
            {"match": {"path": "/direct/read"}, "action": "read"},
            {"match": {"path": "/direct/look"}, "scopes": ["nobody:has"]},
            {"match": {"path": "/**"}},
        ],
    });
    EnvoyBuilder::new(document).workers(4).route(direct()).hcm(json!({"access_log": []})).start()
}

fn key_request(tenant: &str, path: &str, number: usize) -> Request {
    let secret = format!("{tenant} client-{} key-{number}", number % CLIENTS);
    Request::get(path).api_key(secret)
}

/// What a refused request is told: it looks at limits and counts in none.
fn look(envoy: &Envoy, tenant: &str, client: &str, key: &str) -> Response {
    let secret = format!("{tenant} {client} {key}");
    let response = envoy.send(&Request::get("/direct/look").api_key(secret));
    assert_eq!(response.code().as_deref(), Some("scope_missing"), "{response:?}");
    response
}

/// How many requests were admitted, by key and path.
#[derive(Default)]
struct Admitted(BTreeMap<(usize, &'static str), usize>);

impl Admitted {
    fn sum(&self, which: impl Fn(usize, &str) -> bool) -> usize {
        self.0.iter().filter(|((key, path), _)| which(*key, path)).map(|(_, count)| count).sum()
    }

    fn of_key(&self, number: usize) -> usize {
        self.sum(|key, _| key == number)
    }

    fn of_client(&self, number: usize) -> usize {
        self.sum(|key, _| key % CLIENTS == number)
    }
}

/// Sends so many requests, to each key and path in turn.
fn admitted(
    envoy: &Envoy,
    tenant: &str,
    requests: usize,
    paths: &'static [&'static str],
) -> Admitted {
    let which = |number: usize| (number % KEYS, paths[number / KEYS % paths.len()]);
    let mut admitted = Admitted::default();
    let request = |number| {
        let (key, path) = which(number);
        key_request(tenant, path, key)
    };
    load(envoy, CONNECTIONS, requests, request, |number, response| match response.status {
        200 => *admitted.0.entry(which(number)).or_default() += 1,
        _ => assert_eq!(response.code().as_deref(), Some("rate_limited"), "{response:?}"),
    });
    admitted
}

#[test]
fn twenty_thousand_requests_are_admitted_as_often_as_the_limits_say() {
    within_one_window();
    let envoy = start(&[tenant(
        "acme",
        json!({"requests": "1000/day"}),
        json!({"requests": "300/day"}),
        json!({"requests": "100/day"}),
    )]);
    let admitted = admitted(&envoy, "acme", 20_000, &["/direct"]);
    assert_eq!(admitted.sum(|_, _| true), 1_000);
    for number in 0..KEYS {
        assert_eq!(admitted.of_key(number), 100, "key {number}");
    }
    for number in 0..CLIENTS {
        assert_eq!(admitted.of_client(number), 200, "client {number}");
    }
    // And they stay used.
    let look = look(&envoy, "acme", "free", "free");
    assert_eq!((number(&look, "x-rate-limit-limit"), remaining(&look)), (1_000, 0));
}

/// Large limits may be drawn in batches: never over, and hardly under.
#[test]
fn a_large_limit_is_used_up_and_never_passed() {
    within_one_window();
    let rate = |count: u32| json!({"requests": format!("{count}/day")});
    let envoy = start(&[tenant("acme", rate(12_000), rate(20_000), rate(15_000))]);
    let admitted = admitted(&envoy, "acme", 14_000, &["/direct"]).sum(|_, _| true);
    assert!((11_940..=12_000).contains(&admitted), "{admitted}");
}

#[test]
fn whichever_level_is_lowest_admits_exactly_its_limit() {
    within_one_window();
    let rate = |count: u32| json!({"requests": format!("{count}/day")});
    let envoy = start(&[
        tenant("tenant-lowest", rate(500), rate(300), rate(100)),
        tenant("client-lowest", rate(1_000), rate(150), rate(100)),
        tenant("key-lowest", rate(1_000), rate(300), rate(40)),
        tenant(
            "action-lowest",
            json!({"requests": "1000/day", "actions": {"publish": "70/day", "*": "5000/day"}}),
            rate(300),
            json!({"requests": "200/day", "actions": {"read": "9/day"}}),
        ),
    ]);
    let all = |_: usize, _: &str| true;

    let tenant = admitted(&envoy, "tenant-lowest", 3_000, &["/direct"]);
    assert_eq!(tenant.sum(all), 500);
    assert!((0..KEYS).all(|key| tenant.of_key(key) <= 100));
    assert!((0..CLIENTS).all(|client| tenant.of_client(client) <= 300));
    assert_eq!(remaining(&look(&envoy, "tenant-lowest", "free", "free")), 0);

    let client = admitted(&envoy, "client-lowest", 3_000, &["/direct"]);
    for number in 0..CLIENTS {
        assert_eq!(client.of_client(number), 150, "client {number}");
    }
    assert!((0..KEYS).all(|key| client.of_key(key) <= 100));
    assert_eq!(remaining(&look(&envoy, "client-lowest", "free", "free")), 250);
    assert_eq!(remaining(&look(&envoy, "client-lowest", "client-0", "free")), 0);

    let key = admitted(&envoy, "key-lowest", 3_000, &["/direct"]);
    for number in 0..KEYS {
        assert_eq!(key.of_key(number), 40, "key {number}");
    }
    assert_eq!(remaining(&look(&envoy, "key-lowest", "free", "free")), 600);
    for client in 0..CLIENTS {
        let look = look(&envoy, "key-lowest", &format!("client-{client}"), "free");
        assert_eq!((number(&look, "x-rate-limit-limit"), remaining(&look)), (300, 220));
    }

    let paths = &["/direct/publish", "/direct/read", "/direct"];
    let action = admitted(&envoy, "action-lowest", 4_000, paths);
    assert_eq!(action.sum(|_, path| path == "/direct/publish"), 70);
    for number in 0..KEYS {
        let reads = action.sum(|key, path| key == number && path == "/direct/read");
        assert_eq!(reads, 9, "key {number}");
    }
    // The rest is whoever's comes first.
    assert_eq!(action.sum(all), 1_000);
    assert!((0..KEYS).all(|key| action.of_key(key) <= 200));
    assert!((0..CLIENTS).all(|client| action.of_client(client) <= 300));
}

/// Requests that a client's or a tenant's limit of the second refuses leave no
/// trace in limits of the day beside it.
#[test]
fn what_one_level_refuses_counts_in_no_other() {
    within_one_window();
    for (level, tenant_rate, client_rate) in
        [("tenant", "20/sec", "40/day"), ("client", "50/day", "20/sec")]
    {
        let limits = |rate: &str| json!({"requests": rate});
        let one = tenant("acme", limits(tenant_rate), limits(client_rate), limits("45/day"));
        let envoy = start(&[one]);
        next_second();
        let mut admitted = 0;
        let request = |number| key_request("acme", "/direct", number % 2 * CLIENTS);
        let mut by_key = [0; 2];
        load(&envoy, 32, 600, request, |number, response| {
            if response.status == 200 {
                admitted += 1;
                by_key[number % 2] += 1;
            } else {
                assert_eq!(response.code().as_deref(), Some("rate_limited"), "{response:?}");
            }
        });
        assert!(admitted >= 20, "{level}: {admitted}");
        next_second();
        for (key, used) in ["key-0", "key-5"].into_iter().zip(by_key) {
            // Of the day's limits the one with less left is told, or of the second's.
            let response = look(&envoy, "acme", "client-0", key);
            let day = if level == "tenant" { 40 } else { 50 };
            let least = 20.min(45 - used).min(day - admitted);
            assert_eq!(remaining(&response), least, "{level} {key}: {admitted} {response:?}");
        }
        let policy = look(&envoy, "acme", "client-0", "key-0");
        let policy = policy.header("ratelimit-policy").unwrap();
        assert!(policy.contains("w=1") && policy.contains("\"key\";q=45;w=86400"), "{policy}");
    }
}

/// Where workers reach a tenant's limit at once, what was charged to key and
/// client already is given back. So often that it happens.
#[test]
fn what_was_charged_below_a_limit_that_is_reached_is_given_back() {
    const TENANTS: usize = 400;
    const REQUESTS: usize = 32;
    const LIMIT: u64 = 7;
    within_one_window();
    let document = |limits: Value| {
        let tenant = |number: usize| {
            let key = |name: &str| key_entry(name, &format!("{name} {number}"));
            let limited = with(key("limited"), json!({"limits": {"requests": "100/day"}}));
            let client = json!({"id": "web", "limits": {"requests": "200/day"}, "keys": [limited, key("free")]});
            json!({"id": format!("tenant-{number}"), "limits": limits, "clients": [client]})
        };
        json!({
            "version": 1,
            "tenants": (0..TENANTS).map(tenant).collect::<Vec<_>>(),
            "audit": {"log": "none"},
            "routes": [{"match": {"path": "/direct/look"}, "scopes": ["nobody:has"]}, {"match": {"path": "/**"}}],
        })
    };
    let envoy = EnvoyBuilder::new(document(json!({"requests": format!("{LIMIT}/day")})))
        .reconfigurable()
        .workers(4)
        .route(direct())
        .hcm(json!({"access_log": []}))
        .start();
    let mut admitted = vec![0; TENANTS];
    let request =
        |number| Request::get("/direct").api_key(format!("limited {}", number / REQUESTS));
    load(&envoy, CONNECTIONS, TENANTS * REQUESTS, request, |number, response| {
        admitted[number / REQUESTS] += u64::from(response.status == 200);
    });
    assert!(admitted.iter().all(|admitted| *admitted == LIMIT), "{admitted:?}");
    // Without the tenants' limits one sees the others.
    envoy.reconfigure(document(Value::Null));
    for (name, limit) in [("limited", 100), ("free", 200)] {
        let request = |number| Request::get("/direct/look").api_key(format!("{name} {number}"));
        load(&envoy, 8, TENANTS, request, |number, response| {
            assert_eq!(response.status, 403);
            assert_eq!(remaining(&response), limit - LIMIT, "{name} key of tenant {number}");
        });
    }
}

#[test]
fn remaining_counts_down_to_nothing_without_a_gap() {
    within_one_window();
    let limits = |rate: &str| json!({"requests": rate});
    let one = tenant("acme", limits("2000/day"), limits("1500/day"), limits("1200/day"));
    let envoy = start(&[one]);
    let mut told = Vec::new();
    let request = |_| key_request("acme", "/direct", 3);
    load(&envoy, CONNECTIONS, 2_000, request, |_, response| {
        assert_eq!(number(&response, "x-rate-limit-limit"), 1_200);
        if response.status == 200 {
            told.push(remaining(&response));
        } else {
            assert_eq!(remaining(&response), 0);
            assert_eq!(response.json()["level"], "key");
        }
    });
    told.sort_unstable();
    let gap = (0..1_200).find(|number| told.get(*number as usize) != Some(number));
    assert_eq!((told.len(), gap), (1_200, None));
}
