//! The audit line: who was let in or refused, and by what rule.

use serde_json::{Map, Value};

use crate::denial::Denial;
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
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    facts: Map<String, Value>,
    acts_for_others: bool,
}

/// Texts that a client chooses are cut at this many characters.
const LONGEST: usize = 512;

impl AuditLine {
    pub(crate) fn new(revision: Option<&str>, verdict: &'static str) -> Self {
        let mut line = Self { facts: Map::new(), acts_for_others: false };
        line.put("verdict", Some(verdict));
        line.put("revision", revision);
        line
    }

    pub(crate) fn request(&mut self, headers: &Headers<'_>) {
        let lossy = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.put("method", headers.first(b":method").map(lossy));
        let path = headers.first(b":path").map(|raw| lossy(split_query(raw).0));
        self.put("path", path);
        self.put("request_id", request_id(headers));
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
        self.put("route", Some(rules.name.as_str()));
    }

    pub(crate) fn admitted(&mut self, admitted: &Admitted) {
        self.caller(admitted.principal(), admitted.tenant());
    }

    pub(crate) fn caller(&mut self, principal: &Principal, tenant: Option<&ResolvedTenant>) {
        self.put("tenant", tenant.map(|tenant| tenant.name().as_str()));
        self.put("tenant_from", tenant.map(|tenant| tenant.origin().name()));
        self.put("auth", Some(principal.method().name()));
        self.put("client", principal.client());
        self.put("key", principal.key().map(|key| &*key.id));
        self.put("subject", principal.subject());
        if let Some(token) = principal.token() {
            self.put("issuer", Some(&*token.issuer_name));
            self.put("kid", token.kid.as_deref());
        }
    }

    pub(crate) fn denial(&mut self, denial: &Denial) {
        self.put("code", Some(denial.code.name()));
        self.put("rule", denial.rule.as_deref());
        self.put("level", denial.level.map(|level| level.name()));
        if !self.facts.contains_key("kid") {
            self.put("kid", denial.kid.as_deref());
        }
    }

    pub(crate) fn trail(&mut self, trail: &Trail) {
        self.put("key_code", trail.key_denial.as_ref().map(|denial| denial.code.name()));
    }

    /// The line as JSON, with what only the proxy knows.
    ///
    /// `time` is RFC 3339, `address` the client's address, `suppressed` how
    /// many lines the cap left out before this one.
    pub fn finish(mut self, time: &str, address: Option<&str>, suppressed: u64) -> String {
        self.put("time", Some(time));
        self.put("address", address);
        if suppressed > 0 {
            self.facts.insert("suppressed".into(), suppressed.into());
        }
        ascii(&Value::Object(self.facts).to_string())
    }

    fn put(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            let text: String = value.into();
            let text =
                if text.len() > LONGEST { text.chars().take(LONGEST).collect() } else { text };
            self.facts.insert(name.into(), text.into());
        }
    }
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
