//! An explanation as one JSON object.

use serde_json::{Map, Value, json};
use tenant_guard::explain::{
    CredentialKind, Explanation, Lack, NearRoute, Outcome, PatternFacts, PolicyFacts, Says, Subject,
};
use tenant_guard::{Changes, Verdict};

use super::advice::{Given, advise};
use super::words::time;

/// The explanation, every credential hidden.
pub(super) fn write(explanation: &Explanation, given: Given) -> Value {
    let decision = &explanation.decision;
    let denial = decision.denial.as_ref();
    let (reply, upstream) = match &decision.verdict {
        Verdict::Refuse(reply) => (Some(reply), None),
        _ => (None, Some(changes(&decision.changes))),
    };
    let value = json!({
        "verdict": decision.verdict.marker().unwrap_or("deny"),
        "code": denial.map(|denial| denial.code.name()),
        "status": reply.map(|reply| reply.status),
        "rule": denial.and_then(|denial| denial.rule.as_deref()),
        "level": denial.and_then(|denial| denial.level).map(|level| level.name()),
        "change": advise(explanation, given),
        "at": time(given.at),
        "from": given.from.map(|address| address.to_string()),
        "stripped": explanation.stripped,
        "target": explanation.target.as_ref().map(|target| {
            json!({"method": target.method, "path": target.path, "host": target.host})
        }),
        "preflight": explanation.is_preflight,
        "route": route(explanation),
        "near_routes": explanation.near.iter().map(near).collect::<Vec<_>>(),
        "credentials": explanation.found.iter().map(|found| {
            json!({"kind": kind(found.kind), "place": found.place, "looked_at": found.looked_at})
        }).collect::<Vec<_>>(),
        "token": token(explanation),
        "key": explanation.key.as_ref().map(|key| json!({
            "id": key.id, "tenant": key.tenant, "client": key.client, "active": key.active,
            "not_before": key.not_before.map(time), "expires": key.expires.map(time),
        })),
        "principal": principal(explanation),
        "tenant": tenant(explanation),
        "permissions": permissions(explanation),
        "policies": explanation.policies.iter().map(policy).collect::<Vec<_>>(),
        "sources": explanation.sources.iter().map(|source| {
            json!({"uri": source.uri, "of": source.subject, "known": source.is_known})
        }).collect::<Vec<_>>(),
        "reply": reply.map(|reply| json!({
            "status": reply.status,
            "grpc_status": reply.grpc_status,
            "headers": object(reply.headers.iter().map(|(n, v)| (*n, &**v))),
            "body": serde_json::from_str(&reply.body).unwrap_or_else(|_| json!(reply.body)),
        })),
        "upstream": upstream,
        "response_headers": object(decision.response.iter().map(|(n, v)| (*n, v.as_str()))),
    });
    hidden(value, explanation)
}

fn hidden(value: Value, explanation: &Explanation) -> Value {
    match value {
        Value::String(text) => Value::String(explanation.credentials.hide(&text)),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| hidden(item, explanation)).collect())
        }
        Value::Object(members) => {
            let members = members.into_iter();
            let hide = |(name, value): (String, Value)| {
                (explanation.credentials.hide(&name), hidden(value, explanation))
            };
            Value::Object(members.map(hide).collect())
        }
        other => other,
    }
}

fn object<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Value {
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect())
}

fn changes(changes: &Changes) -> Value {
    let set: Map<String, Value> = changes
        .set
        .iter()
        .map(|(name, value)| (name.to_string(), json!(shown(name, value))))
        .collect();
    let removed: Vec<_> = changes.remove.iter().map(|name| String::from_utf8_lossy(name)).collect();
    json!({"set": set, "removed": removed})
}

/// A value to be set, as far as it may be shown: cookies and queries are the
/// client's, and what is left of them may be secret all the same.
pub(super) fn shown(name: &str, value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    match name {
        "cookie" => "(the other cookies)".into(),
        ":path" => match text.split_once('?') {
            Some((path, _)) => format!("{path}?(the other parameters)"),
            None => text.into_owned(),
        },
        _ => text.into_owned(),
    }
}

pub(super) fn kind(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Jwt => "jwt",
        CredentialKind::ApiKey => "api_key",
        CredentialKind::SuperAdmin => "super_admin",
        CredentialKind::Dev => "dev",
        CredentialKind::OtherScheme => "other_scheme",
        CredentialKind::Repeated => "repeated",
    }
}

fn patterns(patterns: &PatternFacts) -> Value {
    json!({"path": patterns.paths, "methods": patterns.methods, "host": patterns.hosts})
}

fn near(route: &NearRoute) -> Value {
    json!({
        "place": route.place, "match": patterns(&route.patterns),
        "path_fits": route.path, "method_fits": route.method, "host_fits": route.host,
    })
}

fn route(explanation: &Explanation) -> Option<Value> {
    let route = explanation.route.as_ref()?;
    Some(json!({
        "place": route.place,
        "match": route.patterns.as_ref().map(patterns),
        "auth": route.auth,
        "mode": route.mode,
        "issuers": route.issuers,
        "tenancy": route.tenancy.map_or(json!("none"), |tenancy| {
            json!({"strict": tenancy.strict, "trust_header": tenancy.trust_header})
        }),
        "shadow": route.shadow,
        "scopes": route.scopes,
        "roles": route.roles,
        "action": route.action,
    }))
}

fn token(explanation: &Explanation) -> Option<Value> {
    let token = explanation.token.as_ref()?;
    let told = |seconds: Option<f64>| seconds.map(time);
    Some(json!({
        "bytes": token.bytes,
        "sound": token.is_sound,
        "alg": token.algorithm, "typ": token.token_type, "kid": token.kid, "iss": token.iss,
        "audiences": token.audiences,
        "exp": told(token.expires), "nbf": told(token.not_before), "iat": told(token.issued),
        "issuer": token.issuer.as_ref().map(|issuer| &issuer.name),
        "verified": explanation.principal.as_ref().is_some_and(|who| who.issuer.is_some()),
    }))
}

fn principal(explanation: &Explanation) -> Option<Value> {
    let principal = explanation.principal.as_ref()?;
    Some(json!({
        "method": principal.method,
        "subject": principal.subject, "client": principal.client, "key": principal.key,
        "issuer": principal.issuer, "kid": principal.kid,
        "acts_for": principal.acts_for,
        "expires": principal.expires.map(time),
    }))
}

fn tenant(explanation: &Explanation) -> Option<Value> {
    let tenant = explanation.tenant.as_ref()?;
    let bounds = tenant.bounds.iter().map(|bound| {
        let (says, names) = match &bound.says {
            Says::Nothing => ("nothing", Vec::new()),
            Says::Malformed => ("malformed", Vec::new()),
            Says::NotAllowed => ("not_allowed", Vec::new()),
            Says::OneOf(names) => ("one_of", names.clone()),
            Says::ActsFor(names) => ("acts_for", names.clone()),
            Says::Any => ("any", Vec::new()),
        };
        json!({"source": bound.source, "says": says, "tenants": names, "written": bound.written})
    });
    let asserted = tenant.asserted.iter().map(|asserted| {
        json!({"place": asserted.place, "written": asserted.written, "tenant": asserted.id})
    });
    let resolved = tenant.resolved.as_ref();
    Some(json!({
        "id": resolved.map(|(id, _)| id),
        "from": resolved.map(|(_, from)| from),
        "credentials": bounds.collect::<Vec<_>>(),
        "asserted": asserted.collect::<Vec<_>>(),
    }))
}

fn permissions(explanation: &Explanation) -> Option<Value> {
    let held = explanation.permissions.as_ref()?;
    let asked = |asked: &[(String, Lack)]| {
        let told = asked.iter().map(|(name, lack)| match lack {
            Lack::Nothing => json!({"name": name, "held": true}),
            Lack::NotCarried => json!({"name": name, "held": false, "carried": false}),
            Lack::Cut(by) => json!({"name": name, "held": false, "carried": true, "cut_by": by}),
        });
        told.collect::<Vec<_>>()
    };
    Some(json!({
        "scopes": held.scopes, "roles": held.roles,
        "carried": {"scopes": held.carried_scopes, "roles": held.carried_roles},
        "ceilings": held.ceilings.iter().map(|ceiling| {
            json!({"of": ceiling.of, "scopes": ceiling.scopes, "roles": ceiling.roles})
        }).collect::<Vec<_>>(),
        "asked": {"scopes": asked(&held.asked_scopes), "roles": asked(&held.asked_roles)},
    }))
}

fn policy(policy: &PolicyFacts) -> Value {
    let subject = match policy.subject {
        Subject::State => "state",
        Subject::Address => "address",
        Subject::Scope => "scope",
        Subject::Roles => "roles",
        Subject::Limit => "limit",
    };
    let (outcome, code) = match &policy.outcome {
        Outcome::Passed => ("passed", None),
        Outcome::Failed(denial) => ("failed", Some(denial.code.name())),
        Outcome::NotReached => ("not_reached", None),
    };
    json!({
        "subject": subject, "level": policy.level.map(|level| level.name()),
        "rule": policy.rule, "outcome": outcome, "code": code,
    })
}
