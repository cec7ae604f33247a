//! What is told of policies: each is asked alone, by the same checks.

use super::levels::Levels;
use super::limit::Quotas;
use super::{Permissions, check_route_address, limit};
use crate::Guard;
use crate::denial::{Denial, Level};
use crate::explain::{Outcome, PermissionFacts, PolicyFacts, Subject};
use crate::host::Host;
use crate::principal::Principal;
use crate::route::Rules;
use crate::tenant::ResolvedTenant;

/// Policies in the order they are asked; once one refuses, none is reached.
#[derive(Default)]
struct Asked {
    facts: Vec<PolicyFacts>,
    refused: bool,
}

impl Asked {
    fn add(
        &mut self,
        subject: Subject,
        level: Option<Level>,
        rule: String,
        result: Result<(), Denial>,
    ) {
        let outcome = match result {
            _ if self.refused => Outcome::NotReached,
            Ok(()) => Outcome::Passed,
            Err(denial) => {
                self.refused = true;
                Outcome::Failed(Box::new(denial))
            }
        };
        self.facts.push(PolicyFacts { subject, level, rule, outcome });
    }

    fn route(&mut self, rules: &Rules, scopes: impl Fn(&str) -> Result<(), Denial>) {
        for scope in &rules.scopes {
            let rule = format!("scope {scope}");
            self.add(Subject::Scope, Some(Level::Route), rule, scopes(scope));
        }
    }
}

/// The policies of a request without a caller.
pub(crate) fn explain_public(rules: &Rules, host: &dyn Host) -> Vec<PolicyFacts> {
    let mut asked = Asked::default();
    if rules.ip.is_some() {
        let result = check_route_address(rules, host);
        asked.add(Subject::Address, Some(Level::Route), route_ip(rules), result);
    }
    asked.facts
}

/// What a route asks of callers, where there is none to ask it of.
pub(crate) fn explain_unreached(rules: &Rules) -> Vec<PolicyFacts> {
    let mut asked = Asked { refused: true, ..Asked::default() };
    if rules.ip.is_some() {
        asked.add(Subject::Address, Some(Level::Route), route_ip(rules), Ok(()));
    }
    asked.route(rules, |_| Ok(()));
    if !rules.roles.is_empty() {
        asked.add(Subject::Roles, Some(Level::Route), any_role(rules), Ok(()));
    }
    asked.facts
}

/// The policies of a caller in a tenant.
pub(crate) fn explain(
    guard: &Guard,
    rules: &Rules,
    principal: &Principal,
    tenant: Option<&ResolvedTenant>,
    host: &dyn Host,
    quotas: Option<&Quotas>,
) -> Vec<PolicyFacts> {
    let levels = Levels::new(&guard.tenancy, principal, tenant.map(ResolvedTenant::name));
    let mut asked = Asked::default();
    for (level, rule, result) in levels.states() {
        asked.add(Subject::State, Some(level), rule, result);
    }
    for (level, who, result) in levels.addresses(rules, host) {
        asked.add(Subject::Address, Some(level), format!("ip of {} {who}", level.name()), result);
    }
    let permissions = levels.permissions(&guard.roles);
    asked.route(rules, |scope| permissions.check_scope(rules, scope));
    if !rules.roles.is_empty() {
        let result = permissions.check_roles(rules);
        asked.add(Subject::Roles, Some(Level::Route), any_role(rules), result);
    }
    if let Some(quotas) = quotas {
        let refusal = limit::refusal(quotas);
        for (level, rule, is_reached) in quotas.facts() {
            let result = match &refusal {
                Some(denial) if is_reached => Err(denial.clone()),
                _ => Ok(()),
            };
            asked.add(Subject::Limit, level, rule, result);
        }
    }
    asked.facts
}

/// What a caller's credentials carry, and what is left of it.
pub(crate) fn permission_facts(
    guard: &Guard,
    rules: &Rules,
    principal: &Principal,
    tenant: Option<&ResolvedTenant>,
) -> PermissionFacts {
    let levels = Levels::new(&guard.tenancy, principal, tenant.map(ResolvedTenant::name));
    let permissions = levels.permissions(&guard.roles);
    let carried = levels.carried_permissions(&guard.roles);
    let owned = |texts: &mut dyn Iterator<Item = &str>| texts.map(str::to_owned).collect();
    let told = |names: &[String], holds: &dyn Fn(&str, &Permissions) -> bool| {
        let lack =
            |name: &String| (name.clone(), levels.lacks(&guard.roles, |held| holds(name, held)));
        names.iter().map(lack).collect()
    };
    PermissionFacts {
        carried_scopes: owned(&mut carried.scopes()),
        carried_roles: owned(&mut carried.roles()),
        scopes: owned(&mut permissions.scopes()),
        roles: owned(&mut permissions.roles()),
        ceilings: levels.ceilings(),
        asked_scopes: told(&rules.scopes, &|scope, held| held.check_scope(rules, scope).is_ok()),
        asked_roles: told(&rules.roles, &|role, held| held.has_role(role)),
    }
}

fn route_ip(rules: &Rules) -> String {
    format!("ip of route {}", rules.name)
}

fn any_role(rules: &Rules) -> String {
    format!("any role of {}", rules.roles.join(", "))
}
