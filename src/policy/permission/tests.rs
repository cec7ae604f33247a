//! What credentials come to under their ceilings.

use super::*;
use crate::policy::RoleEntry;

/// admin ⊃ dev ⊃ viewer, each with a scope; `all` in a token is every scope.
fn roles() -> Roles {
    let entry = |name: &str, includes: &[&str], scope: &str| RoleEntry {
        name: name.into(),
        includes: includes.iter().map(|name| (*name).to_owned()).collect(),
        scopes: vec![scope.into()],
    };
    let entries = [
        entry("admin", &["dev"], "manage"),
        entry("dev", &["viewer"], "write"),
        entry("viewer", &[], "read"),
        entry("root", &[], "*"),
    ];
    Roles::new(false, Some(&entries), vec!["all".into()])
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// One credential's part before it borrows.
struct Part {
    roles: Vec<String>,
    scopes: Vec<String>,
    source: Source,
    role_ceilings: Vec<RoleSet>,
    scope_ceilings: Vec<Scopes>,
}

impl Part {
    fn new(source: Source, names: &[&str], scopes: &[&str]) -> Self {
        let (role_ceilings, scope_ceilings) = (Vec::new(), Vec::new());
        Self { roles: owned(names), scopes: owned(scopes), source, role_ceilings, scope_ceilings }
    }

    fn token(names: &[&str], scopes: &[&str]) -> Self {
        Self::new(Source::Token, names, scopes)
    }

    fn under_roles(mut self, names: &[&str]) -> Self {
        self.role_ceilings.push(roles().reach(names.iter().copied()));
        self
    }

    fn under_scopes(mut self, names: &[&str]) -> Self {
        self.scope_ceilings.push(Scopes::configured(&owned(names)));
        self
    }

    fn carried(&self) -> Carried<'_> {
        Carried {
            roles: &self.roles,
            scopes: &self.scopes,
            source: self.source,
            role_ceilings: self.role_ceilings.iter().collect(),
            scope_ceilings: self.scope_ceilings.iter().collect(),
        }
    }
}

fn of(parts: &[Part]) -> Permissions {
    let carried: Vec<_> = parts.iter().map(Part::carried).collect();
    Permissions::of(&roles(), &carried)
}

/// The roles and scopes as the application is told.
fn told(permissions: &Permissions) -> (Vec<&str>, Vec<&str>) {
    (permissions.roles().collect(), permissions.scopes().collect())
}

#[test]
fn roles_bring_their_scopes_beside_those_carried() {
    let permissions = of(&[Part::token(&["dev"], &["mine", "read"])]);
    assert_eq!(told(&permissions), (vec!["dev"], vec!["mine", "read", "write"]));
}

#[test]
fn a_cut_role_brings_the_scopes_of_what_is_left() {
    let permissions = of(&[Part::token(&["admin"], &["mine"]).under_roles(&["dev"])]);
    assert_eq!(told(&permissions), (vec!["dev"], vec!["mine", "write", "read"]));
    let none = of(&[Part::token(&["admin"], &["mine"]).under_roles(&[])]);
    assert_eq!(told(&none), (vec![], vec!["mine"]));
}

#[test]
fn several_ceilings_leave_what_all_of_them_allow() {
    let part = || Part::token(&["admin"], &["a", "b", "c"]);
    let both = part().under_roles(&["admin"]).under_roles(&["viewer"]);
    assert_eq!(told(&of(&[both])).0, ["viewer"]);
    let disjoint = part().under_roles(&["root"]).under_roles(&["dev"]);
    assert!(told(&of(&[disjoint])).0.is_empty());
    let scopes = part().under_scopes(&["a", "b"]).under_scopes(&["*"]).under_scopes(&["c", "b"]);
    assert_eq!(told(&of(&[scopes])).1, ["b"]);
}

#[test]
fn a_role_above_a_ceiling_on_scopes_is_kept_and_its_scopes_are_cut() {
    let permissions = of(&[Part::token(&["dev"], &[]).under_scopes(&["read"])]);
    assert_eq!(told(&permissions), (vec!["dev"], vec!["read"]));
}

#[test]
fn a_star_is_every_scope_in_the_document_and_a_wildcard_in_tokens() {
    let has = |source: Source, scope: &str| {
        of(&[Part::new(source, &[], &[scope])]).scopes.has("anything")
    };
    for (source, star, wildcard) in [(Source::Document, true, false), (Source::Token, false, true)]
    {
        assert_eq!((has(source, "*"), has(source, "all")), (star, wildcard), "{source:?}");
    }
    // A role is of the document, whoever carries it.
    assert!(of(&[Part::token(&["root"], &[])]).scopes.has("anything"));
}

#[test]
fn every_scope_under_a_ceiling_is_what_the_ceiling_names() {
    for part in [
        Part::new(Source::Document, &[], &["*"]),
        Part::token(&[], &["all"]),
        Part::token(&["root"], &[]),
    ] {
        let permissions = of(&[part.under_scopes(&["read", "write"])]);
        assert_eq!(told(&permissions).1, ["read", "write"]);
        assert!(!permissions.scopes.has("manage"));
    }
}

#[test]
fn a_role_that_is_not_listed_passes_no_ceiling() {
    let part = || Part::token(&["unlisted"], &[]);
    assert_eq!(told(&of(&[part()])).0, ["unlisted"]);
    assert!(told(&of(&[part().under_roles(&["admin", "root"])])).0.is_empty());
}

#[test]
fn two_credentials_unite_what_each_has_under_its_own_ceilings() {
    let token = Part::token(&["admin"], &["a", "b"]).under_roles(&["viewer"]).under_scopes(&["a"]);
    let key = Part::new(Source::Document, &["dev"], &["b"]).under_scopes(&["b", "write"]);
    let permissions = of(&[token, key]);
    assert_eq!(told(&permissions), (vec!["viewer", "dev"], vec!["a", "b", "write"]));
}

#[test]
fn a_role_of_both_credentials_is_told_once() {
    let role = |source| Part::new(source, &["dev"], &["read"]);
    let permissions = of(&[role(Source::Token), role(Source::Document)]);
    assert_eq!(told(&permissions), (vec!["dev"], vec!["read", "write"]));
}

#[test]
fn every_scope_of_one_credential_is_every_scope_of_both() {
    let token = Part::token(&[], &["a"]).under_scopes(&["a"]);
    let key = Part::new(Source::Document, &[], &["*"]);
    assert!(of(&[token, key]).scopes.has("anything"));
}

#[test]
fn a_wildcard_of_tokens_that_a_document_holds_means_only_itself() {
    let key = of(&[Part::new(Source::Document, &[], &["all"])]);
    assert!(key.scopes.has("all") && !key.scopes.has("read"));
    let cut = of(&[Part::token(&[], &["all"]).under_scopes(&["all"])]);
    assert!(cut.scopes.has("all") && !cut.scopes.has("read"));
}
