//! The backstop: an RBAC filter right after the guard that lets only those
//! requests on that carry the guard's mark.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::guards::fields::{deep, field, is_choice, repeated};
use crate::guards::{Chain, ConfigFile, Filter, Holder};
use crate::source::{Kind, Node};

use super::super::facts;
use super::super::finding::{Code, Findings};
use super::super::scene::{Guard, Scene};

/// The filter state that holds the guard's mark.
const MARK: &str = "wasm.tenant_guard.decision";

const RISK: &str = "where the guard fails to start on one worker, Envoy leaves it out there and lets requests pass unguarded";
const HOW: &str = "put an RBAC filter right after the guard that admits only filter state `wasm.tenant_guard.decision` of `allow` or `public`, as in envoy/envoy.yaml";

/// What a backstop is not.
#[derive(Debug)]
pub(super) struct Flaw<'n> {
    at: &'n Node,
    problem: String,
}

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for (file, chain) in scene.chains() {
        let documents = scene.documents_of(chain);
        for (index, filter) in chain.filters.iter().enumerate() {
            let next = chain.filters.get(index.saturating_add(1));
            // Of two guards in a row the last is the one with a backstop.
            if filter.is_guard() && !next.is_some_and(Filter::is_guard) {
                after(file, chain, index, &documents, findings);
            }
        }
    }
    for guard in scene.guards.iter().filter(|guard| guard.found.chain.is_none()) {
        apart(scene, guard, findings);
    }
}

/// Looks at what comes after a guard in its chain.
fn after(
    file: &ConfigFile,
    chain: &Chain<'_>,
    guard: usize,
    documents: &[&Value],
    findings: &mut Findings,
) {
    let rest = chain.filters.get(guard.saturating_add(1)..).unwrap_or_default();
    let Some(at) = rest.iter().position(is_backstop) else {
        if let Some(filter) = chain.filters.get(guard) {
            let problem = format!("has no backstop: {RISK}; {HOW}");
            findings.at(Code::NoBackstop, file, filter.node, problem);
        }
        return;
    };
    let Some(filter) = rest.get(at) else { return };
    for flaw in flaws(filter, documents) {
        findings.at(Code::WrongBackstop, file, flaw.at, format!("{}; {HOW}", flaw.problem));
    }
    if let Some(between) = rest.first().filter(|_| at > 0) {
        let problem = format!(
            "the backstop isn't right after the guard: {} sees requests first that the guard may not have seen; move the backstop up",
            between.shown()
        );
        findings.at(Code::WrongBackstop, file, filter.node, problem);
    }
}

/// Looks for the backstop of a guard that is in no chain here.
fn apart(scene: &Scene<'_>, guard: &Guard<'_>, findings: &mut Findings) {
    let name = guard.found.filter.and_then(|filter| filter.name);
    let is_awaited =
        |filter: &Filter<'_>| filter.is_guard() && filter.body.is_none() && filter.name == name;
    if scene.chains().any(|(_, chain)| chain.filters.iter().any(is_awaited)) {
        // It is looked at there.
        return;
    }
    let mut is_there = false;
    for (file, filter) in scene.loose().filter(|(_, filter)| is_backstop(filter)) {
        is_there = true;
        for flaw in flaws(filter, &[&guard.value]) {
            findings.at(Code::WrongBackstop, file, flaw.at, format!("{}; {HOW}", flaw.problem));
        }
    }
    if is_there {
        return;
    }
    let how = match guard.found.plugin.holder {
        Holder::Envoy => format!("{HOW}, and give the file that it is in too"),
        Holder::Istio => "insert an RBAC filter right after the guard by an EnvoyFilter, one that admits only filter state `wasm.tenant_guard.decision` of `allow` or `public`, and give its file too (no AuthorizationPolicy can)".to_owned(),
        Holder::Gateway => "insert an RBAC filter right after the guard by an EnvoyPatchPolicy, one that admits only filter state `wasm.tenant_guard.decision` of `allow` or `public`, and give its file too (no SecurityPolicy can)".to_owned(),
    };
    let problem = format!("no backstop can be seen: {RISK}; {how}");
    findings.at(Code::NoBackstop, guard.file, guard.found.plugin.node, problem);
}

/// Whether an RBAC filter is meant as backstop: it asks for the guard's mark.
fn is_backstop(filter: &Filter<'_>) -> bool {
    filter.is_rbac() && filter.body.is_some_and(|body| mentions(body.value))
}

fn mentions(node: &Node) -> bool {
    match &node.kind {
        Kind::Text { text, .. } => text == MARK,
        Kind::List(items) => items.iter().any(mentions),
        Kind::Map(members) => members.iter().any(|member| mentions(&member.node)),
        _ => false,
    }
}

/// All that is wrong with a backstop, for guards with these documents.
fn flaws<'n>(filter: &Filter<'n>, documents: &[&Value]) -> Vec<Flaw<'n>> {
    let node = filter.node;
    let mut flaws = Vec::new();
    let mut flaw = |at, problem: &str| flaws.push(Flaw { at, problem: problem.to_owned() });
    if filter.is_disabled() {
        let at = field(node, "disabled").unwrap_or(node);
        flaw(at, "the backstop is off wherever no route turns it on");
    }
    let admitted = match admits(filter) {
        Ok(admitted) => admitted,
        Err(Flaw { at, problem }) => {
            flaw(at, &problem);
            return flaws;
        }
    };
    let shadow = documents.iter().any(|document| facts::has_shadow(document));
    if admitted.contains("shadow") && !shadow {
        flaw(node, "the backstop admits `shadow`, which no document here asks for");
    }
    if !admitted.contains("allow") {
        flaw(node, "the backstop doesn't admit `allow`, so it refuses what the guard has allowed");
    }
    let public = documents.iter().any(|document| facts::has_public_routes(document));
    if !admitted.contains("public") && public {
        flaw(node, "the backstop doesn't admit `public`, so it refuses requests to public routes");
    }
    flaws
}

/// The marks that an RBAC filter admits.
///
/// # Errors
/// Why it isn't known to refuse all else.
pub(super) fn admits<'n>(filter: &Filter<'n>) -> Result<BTreeSet<String>, Flaw<'n>> {
    let Some(body) = filter.body.filter(|_| filter.is_rbac()) else {
        let problem = "this is no RBAC filter, so it is no backstop".to_owned();
        return Err(Flaw { at: filter.node, problem });
    };
    in_rbac(body.value)
}

/// The marks that an RBAC configuration admits.
///
/// # Errors
/// Why it isn't known to refuse all else.
pub(super) fn in_rbac(rbac: &Node) -> Result<BTreeSet<String>, Flaw<'_>> {
    let flaw = |at, problem: &str| Err(Flaw { at, problem: problem.to_owned() });
    if let Some(matcher) = field(rbac, "matcher") {
        return flaw(matcher, "the backstop decides by a matcher, which can't be checked here");
    }
    let Some(rules) = field(rbac, "rules") else {
        let shadow = field(rbac, "shadow_rules");
        let problem = match shadow {
            Some(_) => {
                "the backstop has shadow_rules only, so it refuses nothing; make them `rules`"
            }
            None => "the backstop has no rules, so it refuses nothing",
        };
        return flaw(shadow.unwrap_or(rbac), problem);
    };
    if let Some(action) = field(rules, "action").filter(|action| !is_choice(action, "ALLOW", 0)) {
        let problem = "the backstop doesn't ALLOW what is marked and refuse the rest, but the reverse or nothing";
        return flaw(action, problem);
    }
    let mut admitted = BTreeSet::new();
    for policy in field(rules, "policies").map(Node::members).unwrap_or_default() {
        for principal in repeated(&policy.node, "principals") {
            match marks(principal) {
                Some(marks) => admitted.extend(marks),
                None => {
                    let problem = format!(
                        "the backstop's policy `{}` admits requests without the guard's mark",
                        policy.name
                    );
                    return flaw(principal, &problem);
                }
            }
        }
    }
    Ok(admitted)
}

/// The marks of which a principal asks for one; `None` where it may admit
/// requests without any.
fn marks(principal: &Node) -> Option<BTreeSet<String>> {
    if let Some(ids) = deep(principal, &["or_ids", "ids"]) {
        let marks: Option<Vec<_>> = ids.items().iter().map(marks).collect();
        return marks.map(|marks| marks.into_iter().flatten().collect());
    }
    if let Some(ids) = deep(principal, &["and_ids", "ids"]) {
        return ids.items().iter().find_map(marks);
    }
    let state = field(principal, "filter_state")?;
    if field(state, "key").and_then(Node::text) != Some(MARK) {
        return None;
    }
    let matched = field(state, "string_match")?;
    let values: BTreeSet<String> = if let Some(exact) = field(matched, "exact") {
        [exact.text()?.to_owned()].into()
    } else {
        // Envoy's regular expressions match whole values.
        let regex = deep(matched, &["safe_regex", "regex"])?.text()?;
        let regex = regex.strip_prefix('^').unwrap_or(regex);
        let regex = regex.strip_suffix('$').unwrap_or(regex);
        let inner = regex.strip_prefix('(').and_then(|regex| regex.strip_suffix(')'));
        inner.unwrap_or(regex).split('|').map(str::to_owned).collect()
    };
    values
        .iter()
        .all(|value| ["allow", "public", "shadow"].contains(&value.as_str()))
        .then_some(values)
}
