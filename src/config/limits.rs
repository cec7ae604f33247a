//! The `limits` and `failures` sections, and the `limits` of tenants, clients
//! and keys.

use std::collections::BTreeMap;

use serde_json::Value;

use super::node::Node;
use super::shape::{Form, Shape};
use crate::policy::limit::{Action, HeaderStyles, Limits, Rate, Tiers};
use crate::sorted;
use crate::throttle::Throttle;

/// The `limits` section as read.
pub(super) struct LimitsSpec {
    /// `None` where they couldn't be read.
    pub(super) tiers: Option<Tiers>,
    pub(super) headers: HeaderStyles,
}

impl Default for LimitsSpec {
    fn default() -> Self {
        let headers = HeaderStyles { x_rate_limit: true, ratelimit: false };
        Self { tiers: Some(Tiers::new()), headers }
    }
}

pub(super) fn section(node: Node<'_, '_>) -> LimitsSpec {
    let defaults = LimitsSpec::default();
    let Some(object) = node.object("limits_section") else {
        return LimitsSpec { tiers: None, ..defaults };
    };
    object.field("store", |node| match node.value {
        Value::Object(_) => node.error("a service is not supported yet; use local"),
        _ => node.choice(&[("local", ())]),
    });
    let tiers = object.field("tiers", tiers);
    let spec = LimitsSpec {
        tiers: if object.has("tiers") { tiers } else { defaults.tiers },
        headers: object.field("headers", headers).unwrap_or(defaults.headers),
    };
    object.close();
    spec
}

/// All of them, or none: one that is missing because of a mistake isn't missed
/// again.
fn tiers(node: Node<'_, '_>) -> Option<Tiers> {
    let read = node.entries(|| Shape::Text(Form::TierName), tier_name, plain_rate)?;
    let all = node.value.as_object().is_some_and(|map| map.len() == read.len());
    all.then(|| sorted::map(read))
}

fn tier_name(name: &str, node: Node<'_, '_>) -> Option<String> {
    if name.is_empty() || name.contains('/') {
        return node.error("is no name of a tier: it must not be empty, or hold a / as rates do");
    }
    Some(name.to_owned())
}

fn headers(node: Node<'_, '_>) -> Option<HeaderStyles> {
    let styles = node.list(|node| node.choice(&[("x-rate-limit", true), ("ratelimit", false)]))?;
    Some(HeaderStyles { x_rate_limit: styles.contains(&true), ratelimit: styles.contains(&false) })
}

/// `limits` that stand over defaults: for each `None` where it says nothing,
/// `Some(None)` where it turns the default off.
#[derive(Debug)]
pub(super) struct LimitsOver {
    requests: Option<Option<Rate>>,
    /// With `*`.
    actions: BTreeMap<String, Option<Rate>>,
}

pub(super) fn limits_over(node: Node<'_, '_>) -> Option<LimitsOver> {
    let object = node.object("limits_over")?;
    let limits = LimitsOver {
        requests: object.or_null("requests", rate),
        actions: object.field("actions", actions).unwrap_or_default(),
    };
    object.close();
    Some(limits)
}

/// `limits` that stand alone.
pub(super) fn limits(node: Node<'_, '_>) -> Option<Limits> {
    let object = node.object("limits")?;
    let limits = LimitsOver {
        requests: object.field("requests", rate).map(Some),
        actions: object.field("actions", actions).unwrap_or_default(),
    };
    object.close();
    Some(limits.over(None))
}

impl LimitsOver {
    /// The limits, with what the defaults say where these say nothing.
    pub(super) fn over(&self, defaults: Option<&Limits>) -> Limits {
        let defaults = defaults.cloned().unwrap_or_default();
        let mut actions = defaults.actions;
        actions.extend(self.actions.iter().map(|(name, rate)| (name.clone(), *rate)));
        Limits {
            requests: self.requests.unwrap_or(defaults.requests),
            other_actions: actions.remove(OTHERS).unwrap_or(defaults.other_actions),
            actions,
        }
    }
}

/// `*`, for all actions that aren't named.
const OTHERS: &str = "*";

/// Limits of actions; `null` is for one without.
fn actions(node: Node<'_, '_>) -> Option<BTreeMap<String, Option<Rate>>> {
    let names = || Shape::Text(Form::ActionOrOthers);
    let read = node.entries(names, limited_action, |node| node.or_null(rate));
    Some(sorted::map(read?))
}

fn limited_action(name: &str, node: Node<'_, '_>) -> Option<String> {
    if name != OTHERS && !node.context.vocabulary.actions.contains(name) {
        if Action::parse(name).is_none() {
            return node.error(NO_ACTION);
        }
        node.warn(format!("limits the action {name}, which no route has"));
    }
    Some(name.to_owned())
}

/// The `action` of a route.
pub(super) fn action(node: Node<'_, '_>) -> Option<Action> {
    Action::parse(node.some(Form::Action)?).or_else(|| node.error(NO_ACTION))
}

const NO_ACTION: &str = "is no name of an action: up to 64 letters, digits and . _ : -";

/// A rate, or the name of a tier. Who has one is counted.
fn rate(node: Node<'_, '_>) -> Option<Rate> {
    node.accepts(|| Shape::Text(Form::RateOrTier))?;
    node.is_shared();
    let Some(text) = node.value.as_str().filter(|text| !text.is_empty()) else {
        return node.wrong_type("a rate, as in \"100/min\", or the name of a tier");
    };
    if text.contains('/') {
        return plain_rate(node);
    }
    let tiers = node.context.vocabulary.tiers.as_ref()?;
    match tiers.get(text) {
        Some(rate) => Some(*rate),
        // A number without its window.
        None if text.starts_with(|c: char| c.is_ascii_digit()) => plain_rate(node),
        None => node.error(format!(
            "names the tier {text}, which limits.tiers doesn't have; name one of them, or write a rate as in \"100/min\""
        )),
    }
}

/// A rate and nothing else.
fn plain_rate(node: Node<'_, '_>) -> Option<Rate> {
    node.accepts(|| Shape::Text(Form::Rate))?;
    // What is no text is told the form of a rate, too.
    match Rate::parse(node.value.as_str().unwrap_or_default()) {
        Ok(rate) => Some(rate),
        Err(problem) => node.error(problem),
    }
}

/// `failures`.
pub(super) fn failures(node: Node<'_, '_>) -> Option<Throttle> {
    let object = node.object("failures")?;
    node.is_shared();
    let limit = object.required("limit", |node| match plain_rate(node)? {
        Rate { count: 0, .. } => node.error("must be at least 1: the first failure blocks then"),
        rate => Some(rate),
    });
    let block = object.required("block", |node| match node.duration()? {
        seconds if (1.0..=604_800.0).contains(&seconds) => Some(seconds),
        _ => node.error("must be between 1s and 7d"),
    });
    object.close();
    let (limit, block) = (limit?, block?);
    // Within a week, so it fits; a part of a second blocks a whole one.
    let block = block.ceil() as u32;
    Some(Throttle { limit: limit.count, window: limit.window.seconds(), block })
}
