//! An explanation as text.

use core::fmt::Display;

use anstyle::Style;
use tenant_guard::explain::{Credentials, Explanation, Lack, Outcome};
use tenant_guard::{Code, Reply, Verdict};

use super::advice::credentials::kind_at;
use super::advice::{Given, advise, tenants};
use super::json::shown;
use super::words::{all_of, any_of, near, pattern, time};
use crate::console::{ERROR, FAINT, GOOD, STRONG, WARNING};
use crate::escape::plain;

/// Lines with what they are about in front.
struct Lines<'e> {
    text: String,
    credentials: &'e Credentials,
}

impl Lines<'_> {
    fn add(&mut self, about: &str, text: impl Display) {
        self.styled(about, Style::new(), text);
    }

    fn styled(&mut self, about: &str, style: Style, text: impl Display) {
        self.marked(about, style, text, "");
    }

    /// A styled word, and plain text after it.
    fn marked(&mut self, about: &str, style: Style, word: impl Display, text: &str) {
        // Hidden first: a credential that is escaped isn't found any more.
        let shown = |text: &str| plain(&self.credentials.hide(text));
        let (word, text) = (shown(&word.to_string()), shown(text));
        let line = format!("  {STRONG}{about:<11}{STRONG:#} {style}{word}{style:#}{text}\n");
        self.text.push_str(&line);
    }
}

/// The explanation, every credential hidden.
pub(super) fn write(explanation: &Explanation, given: Given) -> String {
    let mut lines = Lines { text: String::new(), credentials: &explanation.credentials };
    target(explanation, &mut lines);
    route(explanation, &mut lines);
    caller(explanation, &mut lines);
    tenant(explanation, &mut lines);
    policies(explanation, &mut lines);
    verdict(explanation, given, &mut lines);
    for source in explanation.sources.iter().filter(|source| !source.is_known) {
        let (what, uri) = (&source.subject, &source.uri);
        let also = if source.is_discovery { ", and that of its jwks_uri" } else { "" };
        let text = format!("what is at {uri} ({what}); give it{also} with --fetched {uri}=FILE");
        lines.styled("not known", WARNING, text);
    }
    lines.text
}

fn target(explanation: &Explanation, lines: &mut Lines<'_>) {
    match &explanation.target {
        Some(target) => {
            lines.add("request", &target.method);
            lines.add("path", &target.path);
            lines.add("host", &target.host);
        }
        None => lines.styled("path", ERROR, "can be read in more than one way, or not at all"),
    }
    if !explanation.stripped.is_empty() {
        let names = all_of(&explanation.stripped);
        lines.add("stripped", format!("{names} (clients may not set these)"));
    }
}

fn route(explanation: &Explanation, lines: &mut Lines<'_>) {
    if explanation.is_preflight {
        lines.add("route", "none is asked: a CORS preflight");
        return;
    }
    let Some(route) = &explanation.route else {
        if explanation.target.is_some() {
            let ambiguous = explanation
                .decision
                .denial
                .as_ref()
                .is_some_and(|denial| denial.code == Code::PathAmbiguous);
            let why = match ambiguous {
                true => "an encoded character in the path decides between routes",
                false => "none matches",
            };
            lines.styled("route", ERROR, why);
            explanation
                .near
                .iter()
                .for_each(|route| lines.add("", format!("near: {}", near(route))));
        }
        return;
    };
    let matched = route.patterns.as_ref().map(|p| format!(": {}", pattern(p)));
    lines.add("route", format!("{}{}", route.place, matched.unwrap_or_default()));
    let tenancy = match route.tenancy {
        Some(t) => format!("strict {}, trust_header {}", t.strict, t.trust_header),
        None => "none".into(),
    };
    let mut asks = format!("auth {}, mode {}, tenancy {tenancy}", route.auth, route.mode);
    if let Some(issuers) = &route.issuers {
        asks.push_str(&format!(", issuers {}", any_of(issuers)));
    }
    if let Some(action) = &route.action {
        asks.push_str(&format!(", action {action}"));
    }
    if route.shadow != "false" {
        asks.push_str(&format!(", shadow {}", route.shadow));
    }
    if route.auth == "none" {
        asks = "auth none".into();
    }
    lines.styled("", FAINT, asks);
}

fn caller(explanation: &Explanation, lines: &mut Lines<'_>) {
    if explanation.route.as_ref().is_none_or(|route| route.auth == "none") {
        return;
    }
    if explanation.found.is_empty() {
        lines.add("credential", "none");
    }
    for found in &explanation.found {
        let unread = if found.looked_at { "" } else { " (not looked at)" };
        lines.add("credential", format!("{}{unread}", kind_at(found.kind, &found.place)));
    }
    if let Some(token) = explanation.token.as_ref().filter(|token| token.is_sound) {
        let mut says = Vec::new();
        let texts = [("alg", &token.algorithm), ("kid", &token.kid), ("iss", &token.iss)];
        says.extend(texts.iter().filter_map(|(n, v)| Some(format!("{n} {:?}", v.as_ref()?))));
        says.push(format!("aud {}", all_of(&token.audiences)));
        let times = [("iat", token.issued), ("nbf", token.not_before), ("exp", token.expires)];
        says.extend(times.iter().filter_map(|(n, v)| Some(format!("{n} {}", time((*v)?)))));
        let verified = explanation.principal.as_ref().is_some_and(|who| who.issuer.is_some());
        let note = if verified { "" } else { " (not verified)" };
        lines.styled("", FAINT, format!("{}{note}", says.join(", ")));
    }
    let Some(who) = &explanation.principal else {
        lines.styled("principal", ERROR, "not known");
        return;
    };
    let mut told = vec![who.method.to_owned()];
    let facts = [
        ("subject", &who.subject),
        ("client", &who.client),
        ("key", &who.key),
        ("issuer", &who.issuer),
        ("kid", &who.kid),
    ];
    told.extend(facts.iter().filter_map(|(n, v)| Some(format!("{n} {}", v.as_ref()?))));
    told.extend(who.expires.map(|expires| format!("until {}", time(expires))));
    if who.acts_for {
        told.push("acts for tenants that it names".into());
    }
    lines.add("principal", told.join(", "));
}

fn tenant(explanation: &Explanation, lines: &mut Lines<'_>) {
    let Some(facts) = &explanation.tenant else {
        return;
    };
    match &facts.resolved {
        Some((id, from)) => lines.add("tenant", format!("{id} ({from})")),
        None => lines.styled("tenant", ERROR, "none"),
    }
    let bounds = facts.bounds.iter().filter_map(tenants::bound);
    for told in bounds.chain(tenants::asserted(facts)) {
        lines.styled("", FAINT, told);
    }
}

fn policies(explanation: &Explanation, lines: &mut Lines<'_>) {
    if let Some(held) = &explanation.permissions {
        let told = |what: &str, held: &[String], carried: &[String]| match held == carried {
            true => format!("{what} {}", all_of(held)),
            false => format!("{what} {}; carried: {}", all_of(held), all_of(carried)),
        };
        let mut both = vec![told("scopes", &held.scopes, &held.carried_scopes)];
        both.push(told("roles", &held.roles, &held.carried_roles));
        lines.add("holds", both.join("; "));
        for ceiling in &held.ceilings {
            let says = [("scopes", &ceiling.scopes), ("roles", &ceiling.roles)];
            let says =
                says.iter().filter_map(|(n, v)| Some(format!("{n} {}", all_of(v.as_ref()?))));
            let says: Vec<String> = says.collect();
            lines.styled("", FAINT, format!("ceiling of {}: {}", ceiling.of, says.join("; ")));
        }
        for (name, lack) in held.asked_scopes.iter().chain(&held.asked_roles) {
            if let Lack::Cut(by) = lack {
                lines.styled("", FAINT, format!("{name} is cut by {}", all_of(by)));
            }
        }
    }
    for policy in &explanation.policies {
        let (style, word) = match policy.outcome {
            Outcome::Passed => (GOOD, "passed"),
            Outcome::Failed(_) => (ERROR, "FAILED"),
            Outcome::NotReached => (FAINT, "not asked"),
        };
        let level = policy.level.map_or("subject", |level| level.name());
        let text = format!(" {level}: {}", policy.rule);
        lines.marked("policy", style, format_args!("{word:<9}"), &text);
    }
}

fn verdict(explanation: &Explanation, given: Given, lines: &mut Lines<'_>) {
    let decision = &explanation.decision;
    let code = decision.denial.as_ref().map_or("", |denial| denial.code.name());
    match &decision.verdict {
        Verdict::Allow => lines.styled("verdict", GOOD, "ALLOWED"),
        Verdict::Public => lines.styled("verdict", GOOD, "PUBLIC: it goes on without identity"),
        Verdict::Shadow if code.is_empty() => {
            lines.styled("verdict", WARNING, "SHADOW: it goes on untouched");
        }
        Verdict::Shadow => {
            let text = format!("SHADOW: it would be refused with {code}, and goes on all the same");
            lines.styled("verdict", WARNING, text);
        }
        Verdict::Refuse(reply) => {
            lines.styled("verdict", ERROR, format!("REFUSED {} {code}", reply.status));
        }
    }
    if let Some(denial) = &decision.denial {
        lines.styled("", FAINT, format!("rule: {}", denial.rule.as_deref().unwrap_or(code)));
    }
    if let Some(other) = &explanation.key_denial {
        lines.styled("", FAINT, format!("the key was refused too: {}", other.code.name()));
    }
    if let Some(advice) = advise(explanation, given) {
        lines.styled("to change", STRONG, advice);
    }
    match &decision.verdict {
        Verdict::Refuse(answer) => reply(answer, lines),
        _ => upstream(explanation, lines),
    }
    for (name, value) in &decision.response {
        lines.add("response", format!("{name}: {value}"));
    }
}

fn reply(reply: &Reply, lines: &mut Lines<'_>) {
    lines.add("reply", format!("status {}", reply.status));
    for (name, value) in &reply.headers {
        lines.add("", format!("{name}: {value}"));
    }
    lines.add("", &reply.body);
}

fn upstream(explanation: &Explanation, lines: &mut Lines<'_>) {
    let changes = &explanation.decision.changes;
    for (name, value) in &changes.set {
        lines.add("upstream", format!("sets {name}: {}", shown(name, value)));
    }
    let removed = changes.remove.iter().map(|name| String::from_utf8_lossy(name));
    let removed: Vec<_> = removed.collect();
    if !removed.is_empty() {
        lines.add("upstream", format!("removes {}", all_of(&removed)));
    }
    if changes.set.is_empty() && removed.is_empty() {
        lines.add("upstream", "gets the request as it came");
    }
}
