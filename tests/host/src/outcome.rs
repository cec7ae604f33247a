//! What a request came to, and what the guest did on the way.

use std::collections::BTreeMap;

use crate::{Callback, Headers};

/// A local reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u32,
    /// Envoy's response-code details.
    pub details: String,
    /// The headers the guest gave, then as its own `on_response_headers` left them.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// The gRPC status; `None` where the guest said -1.
    pub grpc_status: Option<u32>,
}

impl Reply {
    /// The body as JSON; null if it isn't.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The problem's `code`.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It reached the application so. `headers` is empty if `on_request_headers` wasn't asked.
    Continued {
        /// The request headers as the filter left them.
        headers: Headers,
        /// The trailers as the filter left them, where there were any.
        trailers: Option<Headers>,
    },
    /// It was answered in this callback. `forwarded` holds the headers where they had gone on before.
    Replied {
        /// When.
        at: Callback,
        /// What.
        reply: Reply,
        /// Headers that an earlier callback had let through.
        forwarded: Option<Headers>,
    },
    /// It was stopped in this callback and not answered until its client left: it never reaches the application.
    Paused {
        /// When.
        at: Callback,
        /// Headers that an earlier callback had let through.
        forwarded: Option<Headers>,
    },
    /// It was stopped in this callback, and something may still come of it.
    Waiting {
        /// When.
        at: Callback,
        /// Headers that an earlier callback had let through.
        forwarded: Option<Headers>,
    },
    /// The VM is dead.
    Trapped(String),
}

impl Outcome {
    /// Whether request headers reached the application.
    pub fn reached_application(&self) -> bool {
        match self {
            Self::Continued { .. } => true,
            Self::Replied { forwarded, .. }
            | Self::Paused { forwarded, .. }
            | Self::Waiting { forwarded, .. } => forwarded.is_some(),
            Self::Trapped(_) => false,
        }
    }

    /// The reply, if it is one.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Replied { reply, .. } => Some(reply),
            _ => None,
        }
    }

    /// The headers as the application saw them; panics otherwise.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Continued { headers, .. } => headers,
            other => panic!("not continued: {other:?}"),
        }
    }

    /// `"continued"`, `"401 credentials_missing"`, `"paused in ..."`, `"waiting in ..."` or `"trapped: ..."`.
    pub fn short(&self) -> String {
        match self {
            Self::Continued { .. } => "continued".into(),
            Self::Replied { reply, .. } => format!("{} {}", reply.status, reply.code()),
            Self::Paused { at, .. } => format!("paused in {at:?}"),
            Self::Waiting { at, .. } => format!("waiting in {at:?}"),
            Self::Trapped(why) => format!("trapped: {why}"),
        }
    }
}

/// One hostcall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// In which callback.
    pub callback: Callback,
    /// Its name.
    pub name: &'static str,
    /// How many of this name came before in this callback of this run.
    pub nth: usize,
    /// What about: a header, property, metric or function name.
    pub about: String,
    /// The status the guest got.
    pub status: u32,
    /// Whether the plan had a hand in it.
    pub faulted: bool,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// In which callback.
    pub callback: Callback,
    /// 0 trace to 5 critical.
    pub level: u32,
    /// What.
    pub text: String,
}

/// Everything one request, the start, a tick or an HTTP call's answer came to.
#[derive(Debug, Clone)]
pub struct Run {
    /// What it came to.
    pub outcome: Outcome,
    /// Every hostcall, in order.
    pub calls: Vec<Call>,
    /// Every log line.
    pub logs: Vec<LogLine>,
    /// What `proxy_set_property` set, in order.
    pub properties: Vec<(String, Vec<u8>)>,
    /// The response headers as the client sees them.
    pub response: Headers,
}

impl Run {
    /// How often each hostcall was made in each callback.
    pub fn counts(&self) -> BTreeMap<(Callback, &'static str), usize> {
        let mut counts = BTreeMap::new();
        for call in &self.calls {
            *counts.entry((call.callback, call.name)).or_default() += 1;
        }
        counts
    }

    /// The last value of a property the guest set.
    pub fn property(&self, name: &str) -> Option<String> {
        self.properties
            .iter()
            .rev()
            .find(|(n, _)| n == name)
            .map(|(_, v)| String::from_utf8_lossy(v).into_owned())
    }

    /// All log lines as one text.
    pub fn log(&self) -> String {
        self.logs.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}
