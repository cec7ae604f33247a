//! Whatever a file holds, it is told of and nothing panics.

use proptest::prelude::*;

use super::*;

/// What files are made of, as far as it means something here.
const PIECES: [&str; 44] = [
    "http_filters",
    "httpFilters",
    "upgrade_configs",
    "filters",
    "static_resources",
    "listeners",
    "filter_chains",
    "clusters",
    "name",
    "typed_config",
    "config",
    "vm_config",
    "vm_id",
    "configuration",
    "value",
    "typed_per_filter_config",
    "\"@type\"",
    "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
    "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
    "type.googleapis.com/google.protobuf.StringValue",
    "type.googleapis.com/google.protobuf.BytesValue",
    "tenant-guard",
    "kind",
    "WasmPlugin",
    "EnvoyExtensionPolicy",
    "ConfigMap",
    "apiVersion",
    "items",
    "data",
    "spec",
    "rules",
    "policies",
    "principals",
    "version",
    "tenants",
    "é\u{1F980}",
    "|\n",
    ": ",
    ", ",
    "\n",
    "\n  ",
    "\n    - ",
    "{",
    "}",
];

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "[\\x00-\\x7e\u{80}-\u{ff}]{0,3}",
        1 => "[-\\[\\]{}&*!|>'\"%@`#,?: \\n\\t]{1,3}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A change of a text: whole lines, or characters.
#[derive(Debug, Clone)]
enum Change {
    Drop(usize),
    Double(usize),
    Swap(usize, usize),
    Cut(usize),
    Put(usize, String),
    Indent(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..10_000usize;
    prop_oneof![
        at.clone().prop_map(Change::Drop),
        at.clone().prop_map(Change::Double),
        (at.clone(), at.clone()).prop_map(|(a, b)| Change::Swap(a, b)),
        at.clone().prop_map(Change::Cut),
        (at.clone(), pieces()).prop_map(|(at, text)| Change::Put(at, text)),
        (at, 0..20usize).prop_map(|(at, by)| Change::Indent(at, by)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for change in changes {
        let count = lines.len().max(1);
        match change {
            _ if lines.is_empty() => break,
            Change::Drop(at) => drop(lines.remove(at % count)),
            Change::Double(at) => lines.insert(at % count, lines[at % count].clone()),
            Change::Swap(a, b) => lines.swap(a % count, b % count),
            Change::Cut(at) => {
                let line = &mut lines[at % count];
                *line = line.chars().take(at % (line.chars().count() + 1)).collect();
            }
            Change::Put(at, piece) => lines[at % count].push_str(piece),
            Change::Indent(at, by) => lines[at % count].insert_str(0, &" ".repeat(*by)),
        }
    }
    lines.join("\n")
}

/// Checks it, and that everything that is told has a place in it.
fn assert_told(text: &str) {
    // YAML takes a lone carriage return as the end of a line, too.
    let lines = text.split(['\n', '\r']).count();
    for finding in found(&[text], Some(2)) {
        let at = finding.mistake.at;
        assert!(at.column >= 1 && at.line >= 1 && at.line <= lines + 1, "{finding:?} of {lines}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_told_of(text in pieces()) {
        assert_told(&text);
    }

    #[test]
    fn any_change_of_a_configuration_is_told_of(
        which in 0..4usize,
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let shipped = include_str!("../../../../envoy/envoy.yaml");
        assert_told(&changed([ENVOY, ISTIO, GATEWAY, shipped][which], &changes));
    }

    #[test]
    fn any_change_of_a_document_is_told_of(changes in proptest::collection::vec(change(), 1..6)) {
        assert_told(&changed(include_str!("../../../../docs/examples/production.json"), &changes));
    }
}
