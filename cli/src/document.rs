//! A plugin document in a file: YAML or JSON, with the places of its mistakes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tenant_guard::{ConfigError, Environment, Loaded};

use crate::mistake::Mistake;
use crate::source::{Embedded, Kind, Node, Places, Position};

/// What is wrong with a file of nothing.
pub(crate) const EMPTY: &str = "is empty; a document is at least `version: 1`";
/// What is wrong with one document too many.
pub(crate) const SECOND: &str = "is a second document; give one";

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
        let documents = parse_documents(file, &read_text(file)?)?;
        match documents.as_slice() {
            [document] => Ok(Self::new(file, document)),
            [] => Err(Mistake::whole(file, Position::START, EMPTY)),
            [_, second, ..] => Err(Mistake::whole(file, second.at, SECOND)),
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

    /// A document as text within a file, which the guard takes as JSON only.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub fn from_text(file: &Path, text: Embedded<'_>) -> Result<Self, Mistake> {
        // What is empty the guard itself tells of.
        if !text.text.trim_ascii().is_empty() {
            text.check_json().map_err(|error| Mistake::in_source(file, error))?;
        }
        let documents = text.parse().map_err(|error| Mistake::in_source(file, error))?;
        let nothing = Node { at: text.place(Position::START), kind: Kind::Null };
        let places = Places::of(documents.first().unwrap_or(&nothing));
        Ok(Self { file: file.to_owned(), json: text.text.as_bytes().to_vec(), places })
    }

    /// The document without places; null where it is none.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }

    /// The place of a path in it, or of the nearest that holds it.
    pub fn find(&self, path: &str) -> Position {
        self.places.find(path)
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
    Err(Mistake::whole(file, Position::START, problem))
}

/// The documents of a YAML stream, or the one of a JSON text.
///
/// # Errors
/// Where it is neither.
pub fn parse_documents(file: &Path, text: &str) -> Result<Vec<Node>, Mistake> {
    let text = Embedded::whole(text.strip_prefix('\u{feff}').unwrap_or(text));
    if is_json(file, text.text) {
        text.check_json().map_err(|error| Mistake::in_source(file, error))?;
    }
    text.parse().map_err(|error| Mistake::in_source(file, error))
}

/// Whether a text is meant as JSON: by the file's name, or by how it begins.
fn is_json(file: &Path, text: &str) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        || text.trim_start().starts_with("{\"")
}
