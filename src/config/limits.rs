//! The `limits` and `failures` sections, and the `limits` of tenants, clients
//! and keys.

use std::collections::BTreeMap;

use serde_json::Value;

use super::node::{Node, Object};
use super::policy::Setting;
use crate::policy::limit::{HeaderStyles, Limits, Rate, Tiers};
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

pub(super) fn limits(node: Node<'_, '_>) -> Option<LimitsSpec> {
    let object = node.object()?;
    let defaults = LimitsSpec::default();
    object.field("store", |node| match node.value {
        Value::Object(_) => node.error("a service is not supported yet; use local"),
        _ => node.choice(&[("local", ())]),
    });
    let tiers = match object.field("tiers", |node| {
        let read = node.entries(|name, node| Some((name.to_owned(), tier(name, node)?)))?;
        // One that is missing because of a mistake isn't missed again.
        let whole = node.value.as_object().is_some_and(|map| map.len() == read.len());
        Some(whole.then(|| read.into_iter().collect()))
    }) {
        Some(tiers) => tiers,
        None => defaults.tiers.filter(|_| !object.has("tiers")),
    };
    let headers = object.field("headers", headers).unwrap_or(defaults.headers);
    object.close();
    Some(LimitsSpec { tiers, headers })
}

fn tier(name: &str, node: Node<'_, '_>) -> Option<Rate> {
    if name.is_empty() || name.contains('/') {
        return node.error("is no name of a tier: it must not be empty or hold a /");
    }
    node.parsed(Rate::parse)
}

fn headers(node: Node<'_, '_>) -> Option<HeaderStyles> {
    let styles = node.list(|node| node.choice(&[("x-rate-limit", true), ("ratelimit", false)]))?;
    Some(HeaderStyles { x_rate_limit: styles.contains(&true), ratelimit: styles.contains(&false) })
}

/// `limits` of a tenant, a client or a key as read: what it doesn't say is as
/// the defaults have it.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnLimits {
    requests: Setting<Rate>,
    actions: BTreeMap<String, Setting<Rate>>,
}

pub(super) fn own_limits(node: Node<'_, '_>) -> Option<OwnLimits> {
    let object = node.object()?;
    let limits = OwnLimits {
        requests: setting(&object, "requests", rate),
        actions: object
            .field("actions", |node| {
                node.entries(|name, node| {
                    Some((checked_action(name, node)?, Setting::read(node, rate)))
                })
            })
            .unwrap_or_default()
            .into_iter()
            .collect(),
    };
    object.close();
    Some(limits)
}

/// `*`, for all actions that aren't named.
const OTHERS: &str = "*";

fn checked_action(name: &str, node: Node<'_, '_>) -> Option<String> {
    let known = &node.context.actions;
    if name == OTHERS || known.iter().any(|action| action == name) {
        return Some(name.to_owned());
    }
    if !is_action(name) {
        return node.error(NO_ACTION);
    }
    node.warn(format!("limits the action {name}, which no route has"));
    Some(name.to_owned())
}

/// The `action` of a route.
pub(super) fn action(node: Node<'_, '_>) -> Option<String> {
    let text = node.some_text()?;
    if is_action(text) { Some(text.to_owned()) } else { node.error(NO_ACTION) }
}

const NO_ACTION: &str = "is no name of an action: up to 64 letters, digits and . _ : -";

/// Response headers name actions, so they are plain.
pub(super) fn is_action(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// A rate, or the name of a tier.
fn rate(node: Node<'_, '_>) -> Option<Rate> {
    let text = node.some_text()?;
    if text.contains('/') || text.starts_with(|c: char| c.is_ascii_digit()) {
        return node.parsed(Rate::parse);
    }
    let tiers = node.context.vocabulary.tiers.as_ref()?;
    match tiers.get(text) {
        Some(rate) => Some(*rate),
        None => node.error(format!(
            "names the tier {text}, which limits.tiers doesn't have; name one of them, or write a rate as in \"100/min\""
        )),
    }
}

pub(super) fn setting<T>(
    object: &Object<'_, '_>,
    name: &'static str,
    read: impl Fn(Node<'_, '_>) -> Option<T>,
) -> Setting<T> {
    object.field(name, |node| Some(Setting::read(node, read))).unwrap_or_default()
}

impl OwnLimits {
    /// The limits, with what the defaults say where these say nothing.
    pub(super) fn over(&self, defaults: Option<&Self>) -> Limits {
        let empty = Self::default();
        let defaults = defaults.unwrap_or(&empty);
        let mut actions = defaults.actions.clone();
        for (name, setting) in &self.actions {
            actions.insert(name.clone(), *setting);
        }
        let other_actions = actions.remove(OTHERS).and_then(Setting::value);
        let requests = self.requests.or(defaults.requests).value();
        let named = actions.into_iter();
        Limits {
            requests,
            actions: named.map(|(name, setting)| (name, setting.value())).collect(),
            other_actions,
        }
    }
}

/// `failures`.
pub(super) fn failures(node: Node<'_, '_>) -> Option<Throttle> {
    let object = node.object()?;
    let limit = object.required("limit", |node| match node.parsed(Rate::parse)? {
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
