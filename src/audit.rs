//! The audit line: who was let in or refused, and by what rule.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::denial::{Code, Denial, Level};
use crate::policy::Admitted;
use crate::principal::{Principal, Trail};
use crate::reply::request_id;
use crate::request::{Headers, split_query};
use crate::route::Rules;
use crate::tenant::ResolvedTenant;

/// `audit.log`: which requests have a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditLog {
    /// None.
    None,
    /// Those that are refused, or would be.
    Denied,
    /// All.
    All,
}

/// `audit.level`: the level that lines are written at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of log levels")]
pub enum AuditLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

/// The `audit` section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRules {
    /// Which requests have a line.
    pub log: AuditLog,
    /// At which level.
    pub level: AuditLevel,
    /// At most that many lines a second and worker.
    pub max_per_second: u32,
}

/// The facts of one line. A credential is never among them.
///
/// They are kept as they were found: most lines of a flood are never written,
/// and those aren't made into JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    verdict: &'static str,
    revision: Option<String>,
    method: Option<String>,
    path: Option<String>,
    request_id: Option<String>,
    route: Option<String>,
    caller: Option<Box<Caller>>,
    refusal: Option<Refusal>,
    key_code: Option<Code>,
    acts_for_others: bool,
}

/// What is known of who sent the request.
#[derive(Debug, Clone, PartialEq)]
struct Caller {
    tenant: Option<(String, &'static str)>,
    auth: &'static str,
    client: Option<String>,
    key: Option<String>,
    subject: Option<String>,
    issuer: Option<String>,
    kid: Option<String>,
}

/// Why it is refused.
#[derive(Debug, Clone, PartialEq)]
struct Refusal {
    code: Code,
    rule: Option<Cow<'static, str>>,
    level: Option<Level>,
    kid: Option<String>,
}

/// Texts that a client chooses are cut at this many characters.
const LONGEST: usize = 512;

/// So many bytes hold them, whatever they are.
const LONGEST_BYTES: usize = LONGEST * 4;

impl AuditLine {
    pub(crate) fn new(revision: Option<&str>, verdict: &'static str) -> Self {
        Self {
            verdict,
            revision: revision.map(cut),
            method: None,
            path: None,
            request_id: None,
            route: None,
            caller: None,
            refusal: None,
            key_code: None,
            acts_for_others: false,
        }
    }

    pub(crate) fn request(&mut self, headers: &Headers<'_>) {
        let lossy = |value: &[u8]| {
            cut(&String::from_utf8_lossy(value.get(..LONGEST_BYTES).unwrap_or(value)))
        };
        self.method = headers.first(b":method").map(lossy);
        self.path = headers.first(b":path").map(|raw| lossy(split_query(raw).0));
        self.request_id = request_id(headers).map(cut);
    }

    /// Marks the line of a caller that may act for others.
    pub(crate) fn of_one_who_acts(&mut self) {
        self.acts_for_others = true;
    }

    /// Whether a caller that may act for others was let on.
    pub fn acts_for_others(&self) -> bool {
        self.acts_for_others
    }

    pub(crate) fn rules(&mut self, rules: &Rules) {
        self.route = Some(cut(&rules.name));
    }

    pub(crate) fn admitted(&mut self, admitted: &Admitted) {
        self.caller(admitted.principal(), admitted.tenant());
    }

    pub(crate) fn caller(&mut self, principal: &Principal, tenant: Option<&ResolvedTenant>) {
        let token = principal.token();
        self.caller = Some(Box::new(Caller {
            tenant: tenant.map(|t| (cut(t.name().as_str()), t.origin().name())),
            auth: principal.method().name(),
            client: principal.client().map(cut),
            key: principal.key().map(|key| cut(&key.id)),
            subject: principal.subject().map(cut),
            issuer: token.map(|token| cut(&token.issuer_name)),
            kid: token.and_then(|token| token.kid.as_deref()).map(cut),
        }));
    }

    pub(crate) fn denial(&mut self, denial: &Denial) {
        self.refusal = Some(Refusal {
            code: denial.code,
            rule: denial.rule.as_ref().map(|rule| match rule {
                Cow::Borrowed(rule) => Cow::Borrowed(*rule),
                Cow::Owned(rule) => Cow::Owned(cut(rule)),
            }),
            level: denial.level,
            kid: denial.kid.as_deref().map(cut),
        });
    }

    pub(crate) fn trail(&mut self, trail: &Trail) {
        self.key_code = trail.key_denial.as_ref().map(|denial| denial.code);
    }

    /// The line as JSON, with what only the proxy knows.
    ///
    /// `time` is RFC 3339, `address` the client's address, `suppressed` how
    /// many lines the cap left out before this one.
    pub fn finish(self, time: &str, address: Option<&str>, suppressed: u64) -> String {
        let mut facts = Facts::default();
        facts.put("verdict", Some(self.verdict));
        facts.put("revision", self.revision);
        facts.put("method", self.method);
        facts.put("path", self.path);
        facts.put("request_id", self.request_id);
        facts.put("route", self.route);
        let mut kid = None;
        if let Some(caller) = self.caller {
            let (tenant, origin) = caller.tenant.unzip();
            facts.put("tenant", tenant);
            facts.put("tenant_from", origin);
            facts.put("auth", Some(caller.auth));
            facts.put("client", caller.client);
            facts.put("key", caller.key);
            facts.put("subject", caller.subject);
            facts.put("issuer", caller.issuer);
            kid = caller.kid;
        }
        if let Some(refusal) = self.refusal {
            facts.put("code", Some(refusal.code.name()));
            facts.put("rule", refusal.rule);
            facts.put("level", refusal.level.map(Level::name));
            kid = kid.or(refusal.kid);
        }
        facts.put("kid", kid);
        facts.put("key_code", self.key_code.map(Code::name));
        facts.put("time", Some(time));
        facts.put("address", address);
        if suppressed > 0 {
            facts.0.insert("suppressed".into(), suppressed.into());
        }
        ascii(&Value::Object(facts.0).to_string())
    }
}

/// A line's fields.
#[derive(Default)]
struct Facts(Map<String, Value>);

impl Facts {
    fn put(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.0.insert(name.into(), Value::String(value.into()));
        }
    }
}

/// A text, as long as a line has it.
fn cut(text: &str) -> String {
    if text.len() > LONGEST { text.chars().take(LONGEST).collect() } else { text.to_owned() }
}

/// The same JSON in visible ASCII: what reads logs may take other characters
/// for the end of a line, or a terminal for a command.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            text.push(character);
        } else {
            let mut buffer = [0; 2];
            let units = character.encode_utf16(&mut buffer).iter();
            text.extend(units.map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}
