//! A plugin document in a file: YAML or JSON, with the places of its mistakes.

use core::fmt;
use std::fs;
use std::io::{self, Read};
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
    /// Reads the text of a file that holds one plugin document.
    ///
    /// # Errors
    /// Where it is neither YAML nor JSON, or holds nothing or more.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Mistake> {
        match parse_documents(file, text)?.as_slice() {
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

/// A file that can't be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub problem: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.problem)
    }
}

impl core::error::Error for Unreadable {}

/// The text of a file; `-` is standard input.
///
/// # Errors
/// Where it can't be read or isn't UTF-8.
pub fn read_text(file: &Path, input: &mut dyn Read) -> Result<String, Unreadable> {
    let problem = match read_bytes(file, input).map(String::from_utf8) {
        Ok(Ok(text)) => return Ok(text),
        Ok(Err(_)) => "isn't UTF-8 text; save it as UTF-8".to_owned(),
        Err(error) => format!("can't be read: {error}"),
    };
    Err(Unreadable { file: file.to_owned(), problem })
}

/// Whether a file's name stands for standard input.
pub fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn read_bytes(file: &Path, input: &mut dyn Read) -> io::Result<Vec<u8>> {
    if !is_standard_input(file) {
        return fs::read(file);
    }
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    Ok(bytes)
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
