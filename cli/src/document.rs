//! A plugin document in a file: YAML or JSON, with the places of its mistakes.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use tenant_guard::{ConfigError, Environment, Loaded};

use crate::mistake::Mistake;
use crate::source::{self, Node, Places, Position};

/// A document as the guard reads it, and where everything in it stands.
#[derive(Debug)]
pub struct Document {
    file: PathBuf,
    /// JSON text.
    json: Vec<u8>,
    places: Places,
}

/// A document that was loaded.
#[derive(Debug)]
pub struct LoadedDocument {
    /// The guard.
    pub guard: tenant_guard::Guard,
    /// What is allowed but likely not meant.
    pub warnings: Vec<Mistake>,
}

impl Document {
    /// Reads a file that holds one plugin document.
    ///
    /// # Errors
    /// Where it can't be read, or is neither YAML nor JSON.
    pub fn read(file: &Path) -> Result<Self, Mistake> {
        let text = read_text(file)?;
        let mistake = |at, problem: String| Mistake {
            file: file.to_owned(),
            at,
            path: String::new(),
            problem,
        };
        if is_json(file, &text) {
            check_json(&text).map_err(|(at, problem)| mistake(at, problem))?;
        }
        let documents = source::parse(&text).map_err(|error| mistake(error.at, error.problem))?;
        match documents.as_slice() {
            [document] => Ok(Self::new(file, document)),
            [] => Err(mistake(
                Position::START,
                "is empty; a document is at least `version: 1`".into(),
            )),
            [_, second, ..] => Err(mistake(second.at, "is a second document; give one".into())),
        }
    }

    /// A document that stands somewhere in a file.
    pub fn new(file: &Path, document: &Node) -> Self {
        Self {
            file: file.to_owned(),
            json: document.to_json().into_bytes(),
            places: Places::of(document),
        }
    }

    /// The guard that it configures.
    ///
    /// # Errors
    /// All its mistakes.
    pub fn load(&self, env: &dyn Environment) -> Result<LoadedDocument, Vec<Mistake>> {
        let mistakes =
            |errors: Vec<ConfigError>| errors.into_iter().map(|e| self.place(e)).collect();
        match tenant_guard::load(&self.json, env) {
            Ok(Loaded { guard, warnings }) => {
                Ok(LoadedDocument { guard, warnings: mistakes(warnings) })
            }
            Err(errors) => Err(mistakes(errors)),
        }
    }

    fn place(&self, error: ConfigError) -> Mistake {
        Mistake {
            file: self.file.clone(),
            at: self.places.find(&error.path),
            path: error.path,
            problem: error.problem,
        }
    }
}

/// The text of a file.
///
/// # Errors
/// Where it can't be read or isn't UTF-8.
pub fn read_text(file: &Path) -> Result<String, Mistake> {
    let problem = match fs::read(file).map(String::from_utf8) {
        Ok(Ok(text)) => return Ok(text),
        Ok(Err(_)) => "isn't UTF-8 text".to_owned(),
        Err(error) => format!("can't be read: {error}"),
    };
    Err(Mistake { file: file.to_owned(), at: Position::START, path: String::new(), problem })
}

/// Whether a text is meant as JSON: by the file's name, or by how it begins.
fn is_json(file: &Path, text: &str) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        || text.trim_start().starts_with("{\"")
}

/// YAML allows more than JSON: what a proxy hands over as JSON must be it.
fn check_json(text: &str) -> Result<(), (Position, String)> {
    serde_json::from_str::<IgnoredAny>(text).map(|_| ()).map_err(|error| {
        let at = Position { line: error.line().max(1), column: error.column().max(1) };
        let what = "is no valid JSON, which has no comments and no comma after the last item";
        (at, what.to_owned())
    })
}
