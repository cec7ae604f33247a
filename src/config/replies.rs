//! The `replies`, `paths` and `audit` sections.

use super::node::Node;
use super::scalar::text;
use super::shape::{Form, Shape};
use crate::audit::{AuditLevel, AuditLog, AuditRules};
use crate::denial::Code;
use crate::reply::Replies;
use crate::request::path::{Lenience, PathRules};
use crate::sorted;

pub(super) fn replies(node: Node<'_, '_>) -> Option<Replies> {
    let defaults = Replies::default();
    let object = node.object("replies")?;
    let replies = Replies {
        realm: object.field("realm", quotable).unwrap_or(defaults.realm),
        status: sorted::map(
            object
                .field("status", |node| node.entries(|| codes(is_of_caller), status_code, status))
                .unwrap_or_default(),
        ),
        details: sorted::map(
            object
                .field("details", |node| node.entries(|| codes(|_| true), code, text))
                .unwrap_or_default(),
        ),
        type_base: object.field("type_base", |node| node.text()).unwrap_or_default().to_owned(),
        resource_metadata: object.field("resource_metadata", quotable),
    };
    object.close();
    Some(replies)
}

/// The names of some codes.
fn codes(which: fn(Code) -> bool) -> Shape {
    Shape::Words(Code::ALL.iter().filter(|code| which(**code)).map(|code| code.name()).collect())
}

fn code(name: &str, node: Node<'_, '_>) -> Option<Code> {
    match Code::parse(name) {
        Some(code) => Some(code),
        None => {
            let names: Vec<&'static str> = Code::ALL.iter().map(|code| code.name()).collect();
            match super::units::nearest(name, &names) {
                Some(near) => node.error(format!("unknown code; did you mean {near}?")),
                None => node.error("unknown code"),
            }
        }
    }
}

/// Whether a code tells of something that the caller did.
fn is_of_caller(code: Code) -> bool {
    (400..500).contains(&code.status())
}

/// A code that may have another status.
fn status_code(name: &str, node: Node<'_, '_>) -> Option<Code> {
    match code(name, node)? {
        code if is_of_caller(code) => Some(code),
        _ => node.error("a 503 tells of a failure, not of the caller; it stays a 503"),
    }
}

/// Another status, within 4xx.
fn status(node: Node<'_, '_>) -> Option<u16> {
    let status = node.count_within(400, 499, "must be within 400 and 499")?;
    u16::try_from(status).ok()
}

/// Text that can stand between quotes in a header (RFC 6750 section 3).
fn quotable(node: Node<'_, '_>) -> Option<String> {
    let text = node.some(Form::Quotable)?;
    if !text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
        return node.error("must be printable ASCII without \" and \\");
    }
    Some(text.to_owned())
}

pub(super) fn paths(node: Node<'_, '_>) -> Option<PathRules> {
    let choices = [("refuse", Lenience::Refuse), ("keep", Lenience::Keep)];
    let object = node.object("paths")?;
    let lenience =
        |name: &'static str| object.field(name, |node| node.choice(&choices)).unwrap_or_default();
    let rules = PathRules {
        encoded_slashes: lenience("encoded_slashes"),
        empty_segments: lenience("empty_segments"),
        parameters: lenience("parameters"),
    };
    object.close();
    Some(rules)
}

pub(super) const DEFAULT_AUDIT: AuditRules =
    AuditRules { log: AuditLog::Denied, level: AuditLevel::Warn, max_per_second: 100 };

pub(super) fn audit(node: Node<'_, '_>) -> Option<AuditRules> {
    let logs = [("all", AuditLog::All), ("denied", AuditLog::Denied), ("none", AuditLog::None)];
    let levels = [
        ("trace", AuditLevel::Trace),
        ("debug", AuditLevel::Debug),
        ("info", AuditLevel::Info),
        ("warn", AuditLevel::Warn),
        ("error", AuditLevel::Error),
        ("critical", AuditLevel::Critical),
    ];
    let object = node.object("audit")?;
    let most = object.field("max_per_second", |node| node.count());
    let rules = AuditRules {
        log: object.field("log", |node| node.choice(&logs)).unwrap_or(DEFAULT_AUDIT.log),
        level: object.field("level", |node| node.choice(&levels)).unwrap_or(DEFAULT_AUDIT.level),
        max_per_second: most
            .map_or(DEFAULT_AUDIT.max_per_second, |most| u32::try_from(most).unwrap_or(u32::MAX)),
    };
    object.close();
    Some(rules)
}
