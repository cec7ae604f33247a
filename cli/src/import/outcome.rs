//! What comes of an import, and whether it loads.

use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::json;

use super::env::Variable;
use super::system::System;
use super::tree::Map;
use super::writer;
use crate::document::Document;
use crate::environment::Variables;
use crate::mistake::Mistake;
use crate::source::{self, Places, Position};

/// A document, and what is to be said of it.
pub(crate) struct Outcome {
    system: System,
    document: Map,
    /// Variables that the system goes on reading itself.
    kept: Vec<String>,
    /// Variables that nobody here knows.
    unknown: Vec<String>,
}

impl Outcome {
    /// Of the variables that weren't read, some are known to stay the system's.
    pub(crate) fn new(system: System, document: Map, unread: Vec<String>) -> Self {
        let (kept, unknown) = unread.into_iter().partition(|name| system.keeps(name));
        Self { system, document, kept, unknown }
    }

    /// The document as YAML, with comments.
    pub(crate) fn yaml(&self) -> String {
        let mut yaml = String::new();
        let name = self.system.name();
        writer::write_comment(
            &mut yaml,
            0,
            "",
            &format!(
                "Imported from the environment of {name} by tenant-guard. Lines that begin with DECIDE need a decision of yours."
            ),
        );
        writer::write_comment(
            &mut yaml,
            0,
            "",
            "Credentials aren't forwarded: while the application checks them itself, add `forward_credentials: true` to `upstream`.",
        );
        yaml.push_str(&writer::write(&self.document));
        for (words, names) in [
            ("Of no use to a gateway, the application goes on reading them:", &self.kept),
            ("Not understood, so nothing above comes of them:", &self.unknown),
        ] {
            if !names.is_empty() {
                let text = format!("{words} {}", names.join(", "));
                writer::write_comment(&mut yaml, 0, "", &text);
            }
        }
        yaml
    }

    /// Loads what would be written, by the core.
    ///
    /// # Errors
    /// All its mistakes. Those in fields of the added document have its places.
    pub(crate) fn check(
        &self,
        file: &Path,
        variables: &[Variable],
        added: Option<&(&Path, Places)>,
    ) -> Result<Vec<Mistake>, Vec<Mistake>> {
        let yaml = self.yaml();
        let written = source::parse(&yaml).map_err(|error| {
            vec![Mistake {
                file: file.to_owned(),
                at: Position::START,
                path: String::new(),
                problem: format!("gives a document that isn't YAML: {error}"),
            }]
        })?;
        let placed = |mut mistake: Mistake, written: bool| {
            if let Some((file, places)) = added
                && places.holds(&mistake.path)
            {
                mistake.file = file.to_path_buf();
                mistake.at = places.find(&mistake.path);
            } else if !written {
                // Nobody sees what isn't written.
                mistake.file = file.to_owned();
                mistake.at = origin(&mistake.path, variables);
            }
            mistake
        };
        let all = |mistakes: Vec<Mistake>, written| {
            mistakes.into_iter().map(|mistake| placed(mistake, written)).collect()
        };
        let document = written.first().map(|node| Document::new(Path::new("<output>"), node));
        let Some(document) = document else { return Ok(Vec::new()) };
        let env = environment(variables);
        let loaded = document.load(&env).map(|loaded| all(loaded.warnings, true));
        loaded.map_err(|mistakes| all(mistakes, false))
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let decisions: Vec<_> = self
            .document
            .decisions()
            .into_iter()
            .map(|(path, decision)| json!({"path": path, "decision": decision}))
            .collect();
        let outcome = json!({
            "document": self.document.to_value(),
            "decisions": decisions,
            "ignored": self.unknown.iter().map(|name| json!({"name": name, "known": false}))
                .chain(self.kept.iter().map(|name| json!({"name": name, "known": true})))
                .collect::<Vec<_>>(),
        });
        outcome.serialize(serializer)
    }
}

/// Which variables fields come from.
const ORIGINS: [(&str, &[&str]); 10] = [
    ("api_keys.from", &["API_KEY_HEADER"]),
    ("api_keys.pepper", &["API_KEY_HASH_SECRET"]),
    ("dev_headers.tenant", &["DEV_AUTH_TENANT_HEADER"]),
    ("dev_headers", &["DEV_AUTH_USER_ID_HEADER", "DEV_AUTH_TENANT_HEADER", "DEV_AUTH_ENABLED"]),
    ("jwt.issuers[0].keys.jwks_uri.uri", &["JWT_JWKS_URL", "SUPABASE_JWKS_URL"]),
    ("jwt.issuers[0].keys.secret", &["JWT_SECRET", "DEV_JWT_SECRET"]),
    ("jwt", &["JWT_ISSUER", "AUTH_ISSUER", "TRUSTED_ISSUERS", "TENANT_AGENTS"]),
    ("tenancy", &["TENANT_HEADER_NAME", "TENANT_HEADER_TRUST"]),
    ("tenants", &["TENANT_API_KEYS"]),
    ("upstream.headers.tenant", &["TENANT_HEADER_NAME"]),
];

/// Where the value of the variable stands that a field comes from.
fn origin(path: &str, variables: &[Variable]) -> Position {
    let of = |name: &&&str| variables.iter().find(|variable| variable.name == ***name);
    let known = ORIGINS.iter().filter(|(field, _)| path.starts_with(field));
    let mut found = known.flat_map(|(_, names)| names.iter()).filter_map(|name| of(&name));
    found.next().map_or(Position::START, |variable| variable.value.text().at())
}

/// The environment that the document is loaded with: the file's own, and
/// something in place of secrets that the file doesn't hold.
fn environment(variables: &[Variable]) -> Variables {
    let mut env = Variables::default();
    env.set_vm_id(Some("tenant-guard"));
    env.assume_others();
    for variable in variables {
        let value = variable.value.text().trim().as_str();
        if !value.is_empty() {
            env.set(&variable.name, value);
        }
    }
    env
}
