//! What includes what, what that grants, and how names compare.

use proptest::prelude::*;

use serde_json::{Value, json};

use super::*;
use crate::testing::mistakes;

/// Roles as a `roles` section has them: `name > included included : scopes`.
fn entries(lines: &[&str]) -> Vec<RoleEntry> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let entry = |line: &&str| {
        let (line, scopes) = line.split_once(':').unwrap_or((line, ""));
        let (name, includes) = line.split_once('>').unwrap_or((line, ""));
        RoleEntry { name: name.trim().to_owned(), includes: words(includes), scopes: words(scopes) }
    };
    lines.iter().map(entry).collect()
}

fn listed(ignore_case: bool, lines: &[&str]) -> Roles {
    Roles::new(ignore_case, Some(&entries(lines)), Vec::new())
}

fn reach(roles: &Roles, names: &[&str]) -> Vec<String> {
    roles.reach(names.iter().copied()).into_iter().collect()
}

fn granted(roles: &Roles, names: &[&str]) -> Vec<String> {
    let scopes = roles.grants(&roles.reach(names.iter().copied()));
    scopes.names().map(str::to_owned).collect()
}

/// What stands for a set that is left of some roles.
fn highest(roles: &Roles, carried: &[&str], left: &[&str]) -> Vec<String> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    roles.highest(&owned(left).into_iter().collect(), &owned(carried))
}

#[test]
fn a_role_includes_all_down_a_chain() {
    let roles = listed(false, &["a > b", "b > c", "c > d", "d", "x"]);
    assert_eq!(reach(&roles, &["a"]), ["a", "b", "c", "d"]);
    assert_eq!(reach(&roles, &["c"]), ["c", "d"]);
    assert_eq!(reach(&roles, &["d", "x"]), ["d", "x"]);
    assert!(reach(&roles, &[]).is_empty());
}

#[test]
fn two_ways_to_a_role_are_no_circle() {
    let roles = listed(false, &["top > left right", "left > base", "right > base", "base : s"]);
    assert_eq!(reach(&roles, &["top"]), ["base", "left", "right", "top"]);
    assert_eq!(granted(&roles, &["top"]), ["s"]);
    let twice = listed(false, &["a > b b", "b"]);
    assert_eq!(reach(&twice, &["a"]), ["a", "b"]);
}

#[test]
fn a_circle_ends() {
    // It is refused at load, and must not keep that from ending.
    let roles = listed(true, &["a > A", "b > c", "c > d", "d > c"]);
    assert_eq!(reach(&roles, &["a"]), ["a"]);
    assert_eq!(reach(&roles, &["b"]), ["b", "c", "d"]);
}

#[test]
fn only_ascii_letters_have_a_case() {
    let roles =
        listed(true, &["Admin > Viewer", "VIEWER", "stra\u{df}e", "\u{e4}rzte", "\u{212a}"]);
    for same in ["admin", "ADMIN", "aDmIn"] {
        assert_eq!(reach(&roles, &[same]), ["admin", "viewer"], "{same}");
        assert!(roles.knows(same));
    }
    assert!(roles.knows("STRA\u{df}E"));
    // Capital umlauts, long s, the Kelvin sign: others in Unicode's folding.
    for other in ["STRASSE", "\u{c4}RZTE", "k", "K", "adm\u{131}n", "ADM\u{130}N", "viewer "] {
        assert!(!roles.knows(other), "{other}");
        assert_eq!(reach(&roles, &[other]).len(), 1, "{other}");
    }
}

#[test]
fn every_spelling_of_a_high_role_costs_no_walk_down_its_chain() {
    let chain: Vec<String> = (0..400).map(|at| format!("r{at} > r{}", at + 1)).collect();
    let mut lines: Vec<&str> = chain.iter().map(String::as_str).collect();
    lines.extend(["administrators > r0", "r400"]);
    let roles = listed(true, &lines);
    let spelled = |number: usize| {
        let letters = "administrators".char_indices();
        letters.map(move |(at, c)| if number >> at & 1 == 1 { c.to_ascii_uppercase() } else { c })
    };
    let names: Vec<String> = (0..1 << 14).map(|number| spelled(number).collect()).collect();
    // Each on its own would take seconds.
    assert_eq!(roles.reach(names.iter().map(String::as_str)).len(), 402);
}

#[test]
fn names_are_exact_unless_told_otherwise() {
    let roles = listed(false, &["Admin > viewer", "viewer"]);
    assert!(roles.knows("Admin") && !roles.knows("admin"));
    assert_eq!(reach(&roles, &["admin"]), ["admin"]);
}

#[test]
fn without_a_list_every_name_is_a_role_that_includes_nothing() {
    let roles = Roles::new(false, None, Vec::new());
    assert!(roles.knows("anything"));
    assert_eq!(reach(&roles, &["b", "a", "b"]), ["a", "b"]);
    assert!(granted(&roles, &["a"]).is_empty());
    let empty = listed(false, &[]);
    assert!(!empty.knows("anything"));
}

#[test]
fn a_role_that_is_not_listed_stands_for_itself_and_grants_nothing() {
    let roles = listed(false, &["a : *", "b > a"]);
    assert_eq!(reach(&roles, &["x", "b"]), ["a", "b", "x"]);
    assert!(granted(&roles, &["x"]).is_empty());
}

#[test]
fn a_role_grants_what_it_and_all_it_includes_do() {
    let roles = listed(false, &["a > b c : s1", "b : s2 s3", "c : s3 s4", "d : *"]);
    assert_eq!(granted(&roles, &["a"]), ["s1", "s2", "s3", "s4"]);
    assert_eq!(granted(&roles, &["b"]), ["s2", "s3"]);
    let all = roles.grants(&roles.reach(["d"]));
    assert!(all.has("anything"));
    // What is left of a role grants its own part only.
    let left = roles.grants(&["b".to_owned()].into());
    assert!(left.has("s2") && !left.has("s1") && !left.has("s4"));
}

#[test]
fn what_stands_for_a_set_is_as_it_was_carried() {
    let roles = listed(true, &["Admin > Dev", "Dev > Viewer", "Viewer"]);
    let whole = ["admin", "dev", "viewer"];
    assert_eq!(highest(&roles, &["ADMIN"], &whole), ["ADMIN"]);
    assert_eq!(highest(&roles, &["viewer", "aDmin"], &whole), ["viewer", "aDmin"]);
    assert!(highest(&roles, &["ADMIN"], &[]).is_empty());
    assert_eq!(highest(&roles, &["admin", "ADMIN"], &whole), ["admin"]);
}

#[test]
fn what_is_left_of_a_cut_role_is_told_by_its_highest() {
    let roles =
        listed(true, &["Admin > Dev Ops", "Dev > Viewer", "Ops > Viewer", "Viewer", "Else"]);
    assert_eq!(highest(&roles, &["admin"], &["dev", "viewer"]), ["Dev"]);
    assert_eq!(highest(&roles, &["admin"], &["viewer"]), ["Viewer"]);
    assert_eq!(highest(&roles, &["admin"], &["dev", "ops", "viewer"]), ["Dev", "Ops"]);
    // One that was carried besides covers its part.
    assert_eq!(highest(&roles, &["admin", "dev"], &["dev", "viewer"]), ["dev"]);
    assert_eq!(highest(&roles, &["admin", "viewer"], &["dev", "viewer"]), ["viewer", "Dev"]);
}

#[test]
fn only_wildcards_mean_every_scope_in_a_token() {
    let roles = Roles::new(false, None, vec!["all".into(), "root".into()]);
    assert!(roles.is_wildcard("all") && roles.is_wildcard("root"));
    for other in ["All", "*", "", "al"] {
        assert!(!roles.is_wildcard(other), "{other}");
    }
}

/// Whether one role includes another, by trying every way.
fn includes(direct: &[Vec<usize>], from: usize, to: usize) -> bool {
    from == to || direct[from].iter().any(|&next| includes(direct, next, to))
}

/// What each of five roles includes directly: later ones only.
fn acyclic() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let below = |from: usize| prop::collection::vec(from + 1..6, 0..3);
    (below(0), below(1), below(2), below(3), below(4))
        .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e, Vec::new()])
}

fn built(direct: &[Vec<usize>]) -> Roles {
    let entries = direct.iter().enumerate().map(|(index, includes)| RoleEntry {
        name: index.to_string(),
        includes: includes.iter().map(usize::to_string).collect(),
        scopes: vec![format!("s{index}")],
    });
    Roles::new(false, Some(&entries.collect::<Vec<_>>()), Vec::new())
}

proptest! {
    #[test]
    fn reach_is_all_that_some_way_leads_to(direct in acyclic(), from in 0usize..6) {
        let roles = built(&direct);
        let reached = roles.reach([from.to_string().as_str()]);
        for to in 0..6 {
            prop_assert_eq!(reached.contains(&to.to_string()), includes(&direct, from, to));
        }
    }

    #[test]
    fn what_stands_for_a_set_reaches_that_set_and_no_more(
        direct in acyclic(), carried in prop::collection::vec(0usize..6, 0..4),
        ceiling in prop::collection::vec(0usize..6, 0..4),
    ) {
        let roles = built(&direct);
        let names = |indices: &[usize]| indices.iter().map(usize::to_string).collect::<Vec<_>>();
        let (carried, ceiling) = (names(&carried), names(&ceiling));
        let whole = |names: &[String]| roles.reach(names.iter().map(String::as_str));
        let mut left = whole(&carried);
        left.retain(|name| whole(&ceiling).contains(name));
        let told = roles.highest(&left, &carried);
        prop_assert_eq!(whole(&told), left);
    }

    #[test]
    fn a_circle_is_refused_and_nothing_else(
        direct in acyclic(), from in 0usize..6, to in 0usize..6
    ) {
        let closes = includes(&direct, to, from);
        let mut direct = direct;
        direct[from].push(to);
        let name = |index: usize| index.to_string();
        let entry = |(index, includes): (usize, &Vec<usize>)| {
            let includes: Vec<_> = includes.iter().map(|&index| name(index)).collect();
            (name(index), json!({ "includes": includes }))
        };
        let roles: Value = direct.iter().enumerate().map(entry).collect();
        let paths = mistakes(json!({ "roles": roles }));
        prop_assert_eq!(!paths.is_empty(), closes, "{:?}", paths);
        prop_assert!(paths.iter().all(|path| path.ends_with(".includes")), "{:?}", paths);
    }
}
