//! The document as a whole.

use super::*;

#[test]
fn a_document_that_can_t_be_read_is_none() {
    let guard = configuration(json!({}));
    for (document, why) in [
        ("", "not valid JSON"),
        ("[]", "not valid JSON"),
        ("null", "not valid JSON"),
        ("{", "not valid JSON"),
        (r#"{"version":1,"tenants":[]} x"#, "not valid JSON"),
        (r#"{"version":1,"tenants":[{]}"#, "not valid JSON"),
        (r#"{"tenants":[]}"#, "version: is required"),
        (r#"{"version":2,"tenants":[]}"#, "version: must be 1"),
        (r#"{"version":"1","tenants":[]}"#, "version: must be 1"),
        (r#"{"version":1}"#, "tenants: is required"),
        (r#"{"version":1,"tenants":{}}"#, "tenants: must be a list"),
        (r#"{"version":1,"tenants":null}"#, "tenants: must be a list"),
        (r#"{"version":1,"tenants":[],"tenants":[]}"#, "tenants: is there twice"),
        (r#"{"version":1,"tenants":[],"\u0074enants":[]}"#, "tenants: is there twice"),
        (r#"{"version":1,"version":1,"tenants":[]}"#, "version: is there twice"),
        (r#"{"version":1,"tenants":[],"x\ny":[]}"#, "x?y: unknown field"),
        (r#"{"version":1,"tenants":[],"revoked":{}}"#, "revoked: must be a list"),
        (r#"{"version":1,"tenants":[],"revoked":null}"#, "revoked: must be a list"),
        ("{\"version\":1,\"tenants\":[\"\u{fffd}\"]} \u{1}", "not valid JSON"),
    ] {
        let mut fetching = Fetching::new(&guard);
        let error = fetching.fetch_bytes(document.as_bytes()).unwrap_err();
        assert!(error.contains(why), "{document}: {error}");
        assert!(fetching.reader().load(document.as_bytes()).is_err());
    }
    let mut fetching = Fetching::new(&guard);
    assert!(fetching.fetch_bytes(b"{\"version\":1,\"tenants\":[\"\xff\"]}").is_err());
    let name = "n".repeat(100_000);
    let error =
        fetching.fetch_bytes(format!(r#"{{"version":1,"tenants":[],"{name}":1}}"#).as_bytes());
    assert!(error.unwrap_err().len() < 1_000);
}

#[test]
fn a_document_without_a_mistake_is_in_force_byte_by_byte() {
    let guard = configuration(json!({}));
    for document in [
        r#"{"version":1,"tenants":[]}"#,
        r#" { "tenants" : [ ] , "revoked" : [ ] , "version" : 1.0 } "#,
        r#"{"version":1,"tenants":[{"id":"a"}, {"active" : false, "id" : "b" }]}"#,
        r#"{"version":1,"tenants":[{"id":"\u0061"}]}"#,
    ] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch_bytes(document.as_bytes()).unwrap();
        assert_eq!(text(fetching.document.as_ref().unwrap()), document);
        assert!(fetching.mistakes.is_empty(), "{:?}", fetching.mistakes);
    }
}

#[test]
fn a_tenant_that_is_listed_no_more_is_gone() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[entry("a", &["k1"]), bad(entry("b", &[])), entry("c", &[])]);
    assert_eq!(fetching.states(), states(&[("a", true), ("b", false), ("c", true)]));
    fetching.fetch(&[entry("c", &[])]);
    assert_eq!(fetching.states(), active(&["c"]));
    assert_eq!(fetching.opens("k1"), None);
    fetching.fetch(&[]);
    assert_eq!(fetching.states(), []);
    // What it had before is forgotten.
    fetching.fetch(&[bad(entry("a", &["k1"]))]);
    assert_eq!(fetching.states(), states(&[("a", false)]));
}

#[test]
fn revocations_count_as_far_as_they_say_whose() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    let document = json!({"version": 1, "tenants": [bad(entry("a", &[]))], "revoked": [
        {"issuer": "shared", "subject": "good"},
        {"issuer": "shared", "subject": "both", "sid": "both"},
        {"issuer": "shared", "jti": "date", "issued_before": "soon"},
        {"issuer": "shared", "client": "unknown field", "why": "x"},
        {"issuer": "shared"},
        {"subject": "nobody's"},
        7,
    ]});
    fetching.fetch_bytes(document.to_string().as_bytes()).unwrap();
    assert_eq!(fetching.mistakes.len(), 7, "{:#?}", fetching.mistakes);
    let loaded = fetching.reader().load(fetching.document.as_ref().unwrap()).unwrap();
    let shown = format!("{:?}", loaded.revoked);
    for value in ["good", "both", "date", "unknown field"] {
        assert!(shown.contains(&format!("{value:?}")), "{value}: {shown}");
    }
    assert!(!shown.contains("nobody's"));
}

#[test]
fn deep_and_strange_values_harm_their_own_tenant_only() {
    let guard = configuration(json!({}));
    let deep = "[".repeat(200) + &"]".repeat(200);
    let deeper = "[".repeat(100_000) + &"]".repeat(100_000);
    for value in [deep.as_str(), &deeper, "1e999", r#""\ud800""#, "-0.0", "1E400"] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[entry("a", &["k1"]), entry("b", &["k2"])]);
        let (a, b) = (entry("a", &["k1", "k3"]).to_string(), entry("b", &["k2", "k4"]));
        let a = a.replacen('{', &format!("{{\"x\":{value},"), 1);
        let document = format!(r#"{{"version":1,"tenants":[{a},{b},{value}],"revoked":[]}}"#);
        fetching.fetch_bytes(document.as_bytes()).unwrap();
        assert_eq!(fetching.states(), active(&["a", "b"]), "{value:.10}");
        assert_eq!(fetching.opens("k1").unwrap(), "a", "its last good entry stays");
        assert_eq!((fetching.opens("k3"), fetching.opens("k4").unwrap()), (None, "b".into()));
        // What it says of its state counts.
        let document = document.replace(r#"{"x":"#, r#"{"active":false,"x":"#);
        fetching.fetch_bytes(document.as_bytes()).unwrap();
        assert_eq!(fetching.opens("k1"), None);
    }
    let mut fetching = Fetching::new(&guard);
    let document = format!(r#"{{"version":1,"tenants":[],"revoked":{deeper}}}"#);
    fetching.fetch_bytes(document.as_bytes()).unwrap();
    assert_eq!(fetching.mistakes.len(), 1);
}

#[test]
fn very_many_mistakes_are_counted_and_not_kept() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    let zeros = vec!["0"; 100_000].join(",");
    let document = format!(r#"{{"version":1,"tenants":[{zeros}],"revoked":[{zeros}]}}"#);
    fetching.fetch_bytes(document.as_bytes()).unwrap();
    assert_eq!(fetching.mistakes.len(), 21);
    // Of revocations no more than 10,000 are told apart.
    assert_eq!(fetching.mistakes[20], "and 109980 mistakes more");
    let name = "n\n".repeat(10_000);
    fetching.fetch(&[json!({"id": "a", name: 1})]);
    assert!(fetching.mistakes.iter().all(|line| line.len() < 1_000 && !line.contains('\n')));
}
