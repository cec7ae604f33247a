//! The answer to a refused request (RFC 9457, RFC 6750 section 3).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::denial::{Code, Denial, grpc_status};
use crate::request::Headers;

/// The `replies` section.
#[derive(Debug)]
pub(crate) struct Replies {
    pub(crate) realm: String,
    pub(crate) status: BTreeMap<Code, u16>,
    pub(crate) details: BTreeMap<Code, String>,
    pub(crate) type_base: String,
    /// RFC 9728: where to learn which authorization servers there are.
    pub(crate) resource_metadata: Option<String>,
}

impl Default for Replies {
    fn default() -> Self {
        Self {
            realm: "api".into(),
            status: BTreeMap::new(),
            details: BTreeMap::new(),
            type_base: String::new(),
            resource_metadata: None,
        }
    }
}

/// A complete local reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The gRPC status, for requests that are gRPC.
    pub grpc_status: u8,
    /// Envoy's response-code details.
    pub details: &'static str,
    /// Headers to add.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body; for gRPC, the message.
    pub body: String,
}

impl Reply {
    /// The reply of a guard that can't decide: it needs no configuration.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "the plugin's"))]
    pub(crate) fn unavailable() -> Self {
        let replies = Replies::default();
        replies.reply(&Code::GuardUnavailable.into(), &Headers::default())
    }
}

impl Replies {
    /// The reply to a refusal.
    pub(crate) fn reply(&self, denial: &Denial, headers: &Headers<'_>) -> Reply {
        let code = denial.code;
        let status = self.status.get(&code).copied().unwrap_or(code.status());
        let detail = self.details.get(&code).map_or(code.detail(), String::as_str);
        let mut reply = Reply {
            status,
            grpc_status: grpc_status(status),
            details: code.details(),
            headers: vec![("cache-control", "no-store".into())],
            body: String::new(),
        };
        if let Some(seconds) = denial.retry_after {
            reply.headers.push(("retry-after", seconds.to_string().into()));
        }
        if let Some(challenge) = self.challenge(denial, status) {
            reply.headers.push(("www-authenticate", challenge.into()));
        }
        if is_grpc(headers) {
            reply.body = format!("{}: {detail}", code.name());
        } else {
            reply.headers.push(("content-type", "application/problem+json".into()));
            reply.body = self.problem(denial, status, detail, headers);
        }
        reply
    }

    fn problem(&self, denial: &Denial, status: u16, detail: &str, headers: &Headers<'_>) -> String {
        let code = denial.code;
        let mut body = String::with_capacity(384);
        // Names of codes and levels and words for statuses need no escapes.
        let plain = |body: &mut String, parts: &[&str]| {
            parts.iter().for_each(|part| body.push_str(part));
        };
        plain(&mut body, &["{\"code\":\"", code.name(), "\",\"detail\":"]);
        push_text(&mut body, detail);
        if let Some(level) = denial.level {
            plain(&mut body, &[",\"level\":\"", level.name(), "\""]);
        }
        if let Some(id) = request_id(headers) {
            body.push_str(",\"request_id\":");
            push_text(&mut body, id);
        }
        if let Some(seconds) = denial.retry_after {
            plain(&mut body, &[",\"retry_after\":", &seconds.to_string()]);
        }
        plain(&mut body, &[",\"status\":", &status.to_string(), ",\"title\":\""]);
        if self.type_base.is_empty() {
            plain(&mut body, &[reason(status), "\",\"type\":\"about:blank\"}"]);
        } else {
            plain(&mut body, &[&title(code), "\",\"type\":"]);
            push_text(&mut body, &(self.type_base.clone() + code.name()));
            body.push('}');
        }
        body
    }

    /// RFC 6750 section 3, by the final status: a 401 always has a challenge,
    /// without an error where nothing was sent; a missing scope names what the
    /// route asks, not what the caller has.
    fn challenge(&self, denial: &Denial, status: u16) -> Option<String> {
        let error = match (status, denial.code) {
            (401, Code::CredentialsMissing) => None,
            (401, _) => Some("invalid_token"),
            (400, Code::CredentialsAmbiguous) => Some("invalid_request"),
            (403, Code::ScopeMissing) => Some("insufficient_scope"),
            _ => return None,
        };
        let mut challenge = String::with_capacity(96);
        let mut push = |parts: &[&str]| parts.iter().for_each(|part| challenge.push_str(part));
        push(&["Bearer realm=\"", &self.realm, "\""]);
        if let Some(error) = error {
            push(&[", error=\"", error, "\""]);
        }
        if error == Some("insufficient_scope") {
            push(&[", scope=\"", &denial.scopes.join(" "), "\""]);
        }
        if let Some(url) = &self.resource_metadata {
            push(&[", resource_metadata=\"", url, "\""]);
        }
        Some(challenge)
    }
}

/// Envoy's own request id, as far as it is printable.
pub(crate) fn request_id<'r>(headers: &Headers<'r>) -> Option<&'r str> {
    let id = headers.first(b"x-request-id")?;
    let id = core::str::from_utf8(id).ok()?;
    let plain = !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then_some(id)
}

/// Adds a text as JSON has it. Almost none needs an escape.
fn push_text(json: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&Value::from(text).to_string());
    }
}

/// As Envoy itself tells gRPC requests.
fn is_grpc(headers: &Headers<'_>) -> bool {
    headers.first(b"content-type").is_some_and(|value| {
        value
            .strip_prefix(b"application/grpc")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+"))
    })
}

fn title(code: Code) -> String {
    let mut words = code.name().replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// RFC 9110 section 15.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        402 => "Payment Required",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        418 => "I'm a teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::denial::Level;
    use serde_json::json;

    fn reply(replies: &Replies, denial: impl Into<Denial>, pairs: &[(&str, &str)]) -> Reply {
        let pairs = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        replies.reply(&denial.into(), &Headers::new(pairs))
    }

    fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
        reply.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| &**v)
    }

    #[test]
    fn a_refusal_is_a_problem_document() {
        let denial = Denial::from(Code::TenantInactive).at(Level::Tenant);
        let reply = reply(&Replies::default(), denial, &[("x-request-id", "abc-1")]);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(
            body,
            json!({"type": "about:blank", "title": "Forbidden", "status": 403,
                   "detail": Code::TenantInactive.detail(), "code": "tenant_inactive",
                   "request_id": "abc-1", "level": "tenant"})
        );
        assert_eq!(reply.details, "tenant_guard.tenant_inactive");
        assert_eq!(header(&reply, "content-type"), Some("application/problem+json"));
        assert_eq!(header(&reply, "cache-control"), Some("no-store"));
        assert_eq!(header(&reply, "www-authenticate"), None);
    }

    #[test]
    fn a_challenge_has_an_error_only_where_something_was_sent() {
        let challenge = |code: Code| {
            header(&reply(&Replies::default(), code, &[]), "www-authenticate").map(str::to_owned)
        };
        assert_eq!(challenge(Code::CredentialsMissing).unwrap(), "Bearer realm=\"api\"");
        assert_eq!(
            challenge(Code::TokenExpired).unwrap(),
            "Bearer realm=\"api\", error=\"invalid_token\""
        );
        assert_eq!(
            challenge(Code::CredentialsAmbiguous).unwrap(),
            "Bearer realm=\"api\", error=\"invalid_request\""
        );
        assert_eq!(challenge(Code::TenantMismatch), None);
        assert_eq!(challenge(Code::GuardUnavailable), None);
    }

    #[test]
    fn the_final_status_decides_the_challenge_and_the_grpc_status() {
        let mut own = Replies::default();
        own.status.insert(Code::TenantRequired, 401);
        own.status.insert(Code::TenantReserved, 400);
        let required = reply(&own, Code::TenantRequired, &[]);
        assert_eq!((required.status, required.grpc_status), (401, 16));
        assert!(header(&required, "www-authenticate").unwrap().contains("invalid_token"));
        let reserved = reply(&own, Code::TenantReserved, &[]);
        assert_eq!((reserved.status, reserved.grpc_status), (400, 3));
    }

    #[test]
    fn own_texts_types_and_metadata_are_used() {
        let mut own = Replies::default();
        own.details.insert(Code::TenantMismatch, "Not your shop.".into());
        own.type_base = "https://errors.example/".into();
        own.resource_metadata = Some("https://api.example/.well-known/x".into());
        let body: Value =
            serde_json::from_str(&reply(&own, Code::TenantMismatch, &[]).body).unwrap();
        assert_eq!(body["detail"], "Not your shop.");
        assert_eq!(body["type"], "https://errors.example/tenant_mismatch");
        assert_eq!(body["title"], "Tenant mismatch");
        let missing = reply(&own, Code::CredentialsMissing, &[]);
        assert!(
            header(&missing, "www-authenticate")
                .unwrap()
                .ends_with(", resource_metadata=\"https://api.example/.well-known/x\"")
        );
    }

    #[test]
    fn the_document_is_the_json_that_its_fields_make() {
        let mut own = Replies::default();
        own.details.insert(Code::RateLimited, "No \"more\" \\ for\nn\u{f6}w\u{7f}.".into());
        for type_base in ["", "https://errors.example/\"x\"/"] {
            own.type_base = type_base.into();
            for &code in Code::ALL {
                let denial = Denial::from(code).at(Level::Client).again_in(7);
                let body = reply(&own, denial, &[("x-request-id", "a\"b\\c")]).body;
                let value: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(value.to_string(), body);
                assert_eq!(value.as_object().unwrap().len(), 8, "{body}");
                assert_eq!(value["request_id"], "a\"b\\c");
                assert_eq!(value["retry_after"], 7);
            }
        }
    }

    #[test]
    fn grpc_requests_get_a_message_instead_of_a_document() {
        for kind in ["application/grpc", "application/grpc+proto"] {
            let reply = reply(&Replies::default(), Code::TenantMismatch, &[("content-type", kind)]);
            assert_eq!(reply.grpc_status, 7);
            assert!(reply.body.starts_with("tenant_mismatch: "));
            assert_eq!(header(&reply, "content-type"), None);
        }
        let web = reply(
            &Replies::default(),
            Code::TenantMismatch,
            &[("content-type", "application/grpcx")],
        );
        assert!(web.body.starts_with('{'));
    }

    #[test]
    fn a_request_id_that_could_break_a_log_is_left_out() {
        for id in ["", "a b", "a\u{7f}", "\u{e9}", &"x".repeat(129)] {
            let reply = reply(&Replies::default(), Code::TenantMismatch, &[("x-request-id", id)]);
            assert!(!reply.body.contains("request_id"), "{id}");
        }
    }
}
