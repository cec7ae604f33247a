//! `tenant` of an issuer: which tenant its tokens are of.

use serde_json::{Map, Value};

use super::jwt::path;
use super::node::Node;
use super::scalar::{any_name, text, texts};
use super::shape::HowMany;
use crate::jwt::ClaimPath;

/// `tenant` of an issuer as read.
#[derive(Default)]
pub(super) struct TenantSpec {
    pub(super) claims: Option<Vec<ClaimPath>>,
    pub(super) fixed: Option<String>,
    pub(super) acts_for: Option<ActsForSpec>,
    pub(super) subjects: Vec<(String, String)>,
    pub(super) allow: Option<Vec<String>>,
    pub(super) any_tenant: bool,
}

pub(super) enum ActsForSpec {
    Any,
    List(Vec<String>),
}

pub(super) fn tenant(node: Node<'_, '_>) -> Option<TenantSpec> {
    let object = node.object("tenant_source")?;
    // What couldn't be read is there all the same.
    let given = |name: &str| object.has(name).then(Vec::new);
    let spec = TenantSpec {
        claims: object.field("claims", |node| node.some_list(path)),
        fixed: object.field("fixed", |node| node.some_text()).map(str::to_owned),
        acts_for: object.field("acts_for", acts_for),
        subjects: object
            .field("subjects", |node| {
                node.entries(any_name, |subject, _| Some(subject.to_owned()), text)
            })
            .unwrap_or_default(),
        allow: object.field("allow", texts).or_else(|| given("allow")),
        any_tenant: object
            .field("any_tenant", |node| node.flag())
            .unwrap_or_else(|| object.has("any_tenant")),
    };
    let sources = object.count_for(HowMany::AtMostOne, &["claims", "fixed", "acts_for"]);
    object.count_for(HowMany::AtLeastOne, &["claims", "fixed", "acts_for", "subjects"]);
    let bounded = object.count(&["allow", "any_tenant"]) > 0;
    object.close();
    let subjects = node.value.get("subjects");
    let no_subjects = subjects.is_none_or(|value| value.as_object().is_some_and(Map::is_empty));
    let tell = |problem: &str| node.context.problems.error(node.at, problem);
    if sources > 1 {
        tell("must have one of claims, fixed and acts_for");
    }
    if sources == 0 && no_subjects {
        tell(if bounded {
            "must have one of claims, fixed and acts_for, or subjects; allow and any_tenant only say how far they reach"
        } else {
            "must have one of claims, fixed and acts_for, or subjects"
        });
    }
    if spec.allow.is_some() && spec.any_tenant {
        tell("must have allow or any_tenant, not both");
    }
    if spec.fixed.is_some() && (spec.allow.is_some() || spec.any_tenant) {
        tell("fixed names the one tenant; take allow and any_tenant out");
    }
    Some(spec)
}

fn acts_for(node: Node<'_, '_>) -> Option<ActsForSpec> {
    if node.word(&[("any", ())]).is_some() {
        return Some(ActsForSpec::Any);
    }
    if !node.may_be(Value::is_array) {
        return node.error("must be any, or a list of tenants");
    }
    texts(node).map(ActsForSpec::List)
}
