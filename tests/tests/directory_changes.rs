//! A directory that changes while requests come: each is answered, by the old
//! tenants or by the new ones.

mod common;
mod directories;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use common::{idp, key_entry, with};
use directories::{WORKERS, World, by_key, tenant, with_directory};
use serde_json::{Value, json};
use tenant_guard_tests::{Answer, Record, Request, Traffic};

const REFRESH: Duration = Duration::from_millis(400);
/// What a busy machine may add to it.
const SLACK: Duration = Duration::from_millis(600);

fn document() -> Value {
    let shared =
        idp("shared").config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}));
    let document = json!({"jwt": {"issuers": [shared]}, "tenants": [tenant("home", "home-key")]});
    with_directory(document, json!({"refresh": "400ms"}))
}

/// How many documents there are.
const STEPS: usize = 10;

/// One document, and what it says to each request of [`requests`].
struct Step {
    tenants: Vec<Value>,
    revoked: Value,
    says: Vec<String>,
}

fn requests() -> Vec<Request> {
    let scopes = (0..STEPS).map(|n| format!("v{n}")).collect::<Vec<_>>().join(" ");
    let token = |tenant: &str, sub: &str| {
        let claims = json!({"tenant": tenant, "sub": sub, "scope": scopes});
        Request::get("/").bearer(idp("shared").token(claims))
    };
    vec![
        by_key("one-key"),
        by_key("two-key"),
        token("org-1", "user-1"),
        token("org-2", "user-1"),
        by_key("life-key"),
        by_key("spare-key"),
        token("initech", "user-1"),
        token("initech", "user-2"),
        by_key("home-key"),
        by_key("late-777-key"),
        token("late-777", "user-1"),
    ]
}

/// A tenant of which everything tells the number of the document: what is one
/// tenant's in a document is the other's in the next.
fn swapping(id: &str, name: &str, n: usize) -> Value {
    let scopes: Vec<String> = (0..STEPS).map(|n| format!("v{n}")).collect();
    let key = with(
        key_entry(&format!("{name}-{n}"), &format!("{name}-key")),
        json!({ "scopes": scopes }),
    );
    let alias = if name == "one" { "org-1" } else { "org-2" };
    json!({
        "id": id, "aliases": [alias], "scopes": [format!("v{n}")],
        "clients": [{"id": format!("c{n}"), "keys": [key]}],
    })
}

fn step(n: usize) -> Step {
    let (one, two) = if n.is_multiple_of(2) { ("acme", "globex") } else { ("globex", "acme") };
    let mut tenants = vec![swapping(one, "one", n), swapping(two, "two", n)];
    if n.is_multiple_of(3) {
        tenants.reverse();
    }
    let life = |over: Value| with(key_entry("life", "life-key"), over);
    let initech = |keys: Value, over: Value| {
        with(json!({"id": "initech", "clients": [{"id": "web", "keys": keys}]}), over)
    };
    let spare = key_entry("spare", "spare-key");
    let both = json!([life(json!({})), spare]);
    let (mut revoked, none) = (json!([]), json!({}));
    let all = "v0 v1 v2 v3 v4 v5 v6 v7 v8 v9";
    let (life_says, spare_says) = ("initech web life", "initech web spare");
    let token_says = format!("initech {all}");
    let good = [life_says, spare_says, &token_says, &token_says];
    let (initech, says) = match n {
        1 => (Some(initech(both, json!({"active": false}))), ["403 tenant_inactive"; 4]),
        3 => {
            let keys = json!([life(json!({"active": false})), spare]);
            (Some(initech(keys, none)), ["401 api_key_inactive", good[1], good[2], good[3]])
        }
        4 => (
            Some(initech(json!([spare]), none)),
            ["401 api_key_unknown", good[1], good[2], good[3]],
        ),
        5 => {
            revoked = json!([{"issuer": idp("shared").issuer, "subject": "user-1"}]);
            (Some(initech(both, none)), [good[0], good[1], "401 token_revoked", good[3]])
        }
        6 => {
            let over = json!({"tokens_not_before": "2999-01-01T00:00:00Z"});
            let revoked = "401 token_revoked";
            (Some(initech(both, over)), [good[0], good[1], revoked, revoked])
        }
        7 => {
            let (key, tenant) = ("401 api_key_unknown", "403 tenant_unknown");
            (None, [key, key, tenant, tenant])
        }
        _ => (Some(initech(both, none)), good),
    };
    tenants.extend(initech);
    let late = n == 8;
    if late {
        tenants.extend((0..1000).map(|n| tenant(&format!("late-{n}"), &format!("late-{n}-key"))));
    }
    let version = format!("v{n}");
    // Whom the subject's revocation meets too.
    let user_1 = |said: String| if n == 5 { "401 token_revoked".to_owned() } else { said };
    let mut all_say = vec![
        format!("{one} c{n} one-{n} {version}"),
        format!("{two} c{n} two-{n} {version}"),
        user_1(format!("{one} {version}")),
        user_1(format!("{two} {version}")),
    ];
    all_say.extend(says.map(str::to_owned));
    all_say.push("home web main".to_owned());
    all_say.push(if late { "late-777 web main" } else { "401 api_key_unknown" }.to_owned());
    all_say.push(user_1(if late {
        format!("late-777 {all}")
    } else {
        "403 tenant_unknown".into()
    }));
    Step { tenants, revoked, says: all_say }
}

/// As [`Step::says`].
fn said(answer: &Answer) -> String {
    if let Some(code) = &answer.code {
        return format!("{} {code}", answer.status);
    }
    let told = [&answer.tenant, &answer.client, &answer.key, &answer.scopes];
    told.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_request_is_answered_by_one_directory_and_soon_by_the_new_one() {
    let mut world = World::start(document());
    let steps: Vec<Step> = (0..STEPS).map(step).collect();
    let publish = |world: &mut World, step: &Step| {
        let start = Instant::now();
        world.publish_with(step.tenants.clone().into(), json!({"revoked": step.revoked}));
        (start, Instant::now())
    };
    let mut times = vec![publish(&mut world, &steps[0])];
    // Before the first one there was none.
    let counters = ["directory.failures", "denied.tenants_unavailable"];
    let before = counters.map(|name| world.metric(name));
    let traffic = Traffic::start(world.envoy.address(), 40, 1_000, requests());
    for step in &steps[1..] {
        traffic.wait_for_more(150);
        times.push(publish(&mut world, step));
    }
    traffic.wait_for_more(150);
    let records = traffic.stop();

    for (n, (start, end)) in times.iter().enumerate().skip(1) {
        let took = *end - *start;
        assert!(took < REFRESH + SLACK, "the workers had document {n} after {took:?}");
    }
    let mut by_worker: HashMap<String, Vec<(&Record, usize)>> = HashMap::new();
    let mut seen = vec![0; STEPS];
    for record in &records {
        let answer = record.answer.as_ref().unwrap_or_else(|why| panic!("{why:?}: {record:?}"));
        // The documents that were in force, somewhere, while it was decided on.
        let oldest = (0..STEPS).rev().find(|&n| times[n].1 <= record.sent).unwrap_or(0);
        let newest = (0..STEPS).rev().find(|&n| times[n].0 <= record.ended).unwrap_or(0);
        let said = said(answer);
        let by = (oldest..=newest).find(|&n| steps[n].says[record.request] == said);
        let Some(by) = by else {
            let allowed = (oldest..=newest).map(|n| (n, &steps[n].says[record.request]));
            panic!("{said:?} is by none of {:?}: {record:?}", allowed.collect::<Vec<_>>());
        };
        if record.request < 2 {
            // These two tell the document always.
            let worker = answer.worker.clone().expect("the worker filter");
            by_worker.entry(worker).or_default().push((record, by));
            seen[by] += 1;
        }
    }
    assert_eq!(by_worker.len(), WORKERS);
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
    for (worker, told) in by_worker {
        assert_never_back(&worker, told);
    }
    assert!(world.metric("cache_hits") > Some(500), "{:?}", world.metric("cache_hits"));
    assert_eq!(counters.map(|name| world.metric(name)), before);
}

/// A worker that answered by a document never answers by an older one again.
fn assert_never_back(worker: &str, mut told: Vec<(&Record, usize)>) {
    let mut ended = told.clone();
    ended.sort_by_key(|(record, _)| record.ended);
    told.sort_by_key(|(record, _)| record.sent);
    let (mut ended, mut newest) = (ended.into_iter().peekable(), 0);
    for (record, by) in told {
        while let Some((_, earlier)) = ended.next_if(|(other, _)| other.ended < record.sent) {
            newest = newest.max(earlier);
        }
        assert!(by >= newest, "{worker} went back from {newest} to {by}: {record:?}");
    }
}
