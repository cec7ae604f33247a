//! What becomes of fetched documents: they are judged once, shared, and taken
//! over by every worker.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Outlook;
use super::source::{Content, Source};
use crate::config::{Environment, InForce, Merged, Reader};
use crate::jwt::{FetchedKeys, KeySet};
use crate::{Guard, json};

/// A document that was found good.
#[derive(Debug)]
pub struct Judged {
    /// What is to be in force.
    pub(super) content: Vec<u8>,
    /// The `kid` of each key in it; of a directory a name of each that tells
    /// tenants' apart.
    pub(super) kids: Vec<String>,
    /// What isn't good in it, and left out.
    pub(super) mistakes: Vec<String>,
    /// What it holds, for the log.
    pub(super) summary: String,
}

/// A guard that knows what lives elsewhere.
pub trait Keeper {
    /// All sources that there are now.
    fn sources(&self) -> Vec<Source>;

    /// Another number where there may be other sources.
    fn generation(&self) -> u64;

    /// Judges what was fetched, given what was in force before, which is asked
    /// for where it matters.
    ///
    /// # Errors
    /// Why it is good for nothing, for the log.
    fn judge(
        &self,
        source: &Source,
        fetched: Vec<u8>,
        before: &dyn Fn() -> Option<Vec<u8>>,
    ) -> Result<Judged, String>;

    /// Puts what is in force in force here. `kids` says since when keys were
    /// there.
    ///
    /// # Errors
    /// Why it can't be read, for the log.
    fn take_over(
        &mut self,
        source: &Source,
        content: &[u8],
        kids: &BTreeMap<String, f64>,
    ) -> Result<(), String>;

    /// Tells what to expect of a source.
    fn set_outlook(&mut self, source: &Source, outlook: Outlook);
}

/// A guard and the environment that its documents may read.
pub struct Kept<'g> {
    /// The guard.
    pub guard: &'g mut Guard,
    /// The VM's environment.
    pub environment: &'g dyn Environment,
}

impl Keeper for Kept<'_> {
    fn sources(&self) -> Vec<Source> {
        self.guard.sources()
    }

    fn generation(&self) -> u64 {
        self.guard.generation
    }

    fn judge(
        &self,
        source: &Source,
        fetched: Vec<u8>,
        before: &dyn Fn() -> Option<Vec<u8>>,
    ) -> Result<Judged, String> {
        match source.content {
            Content::Keys | Content::Discovery { .. } => judge_keys(fetched),
            Content::Directory => {
                let reader = Reader::new(self.guard, self.environment).ok_or("not asked for")?;
                let Merged { document, tenants, held_back, kids, mistakes } =
                    reader.merge(&fetched, before)?;
                let written = match document {
                    Cow::Owned(written) => Some(written),
                    Cow::Borrowed(_) => None,
                };
                Ok(Judged {
                    summary: match held_back {
                        0 => counted(tenants, "tenant"),
                        held_back => format!(
                            "{}, {held_back} of them kept back by a mistake",
                            counted(tenants, "tenant"),
                        ),
                    },
                    mistakes: mistakes.told(),
                    content: written.unwrap_or(fetched),
                    kids,
                })
            }
        }
    }

    fn take_over(
        &mut self,
        source: &Source,
        content: &[u8],
        kids: &BTreeMap<String, f64>,
    ) -> Result<(), String> {
        match source.content {
            Content::Keys | Content::Discovery { .. } => {
                let keys = read_keys(content)?.keys;
                let since = kids.iter().map(|(kid, time)| (kid.as_str().into(), *time)).collect();
                self.guard
                    .jwt
                    .set_keys(source.id(), Rc::new(FetchedKeys { keys: keys.into(), since }));
            }
            Content::Directory => {
                let content = InForce::split(content)?;
                // Two of them would take twice the memory. Nothing fails from here
                // on, and no request is decided on before all is loaded.
                self.guard.forget_tenants();
                let reader = Reader::new(self.guard, self.environment).ok_or("not asked for")?;
                let mut tenants = reader.load_parts(&content);
                tenants.date_kids(kids);
                self.guard.take_over_tenants(tenants);
            }
        }
        Ok(())
    }

    fn set_outlook(&mut self, source: &Source, outlook: Outlook) {
        if source.is_directory() {
            if let Some(elsewhere) = &mut self.guard.tenancy.elsewhere {
                elsewhere.outlook = outlook;
            }
        } else {
            self.guard.jwt.set_outlook(source.id(), outlook);
        }
    }
}

/// A number of things, in words.
fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn read_keys(set: &[u8]) -> Result<KeySet, String> {
    let set = json::parse(set).map_err(|_| "not valid JSON with unique names")?;
    KeySet::read(&set).ok_or_else(|| "no key set: an object with a list named keys".into())
}

fn judge_keys(fetched: Vec<u8>) -> Result<Judged, String> {
    let set = read_keys(&fetched)?;
    if let (true, Some((index, problem))) = (set.keys.is_empty(), set.bad.first()) {
        return Err(format!("holds no key that verifies tokens: keys[{index}] {problem}"));
    }
    let bad = set.bad.iter();
    let bad = bad.map(|(index, problem)| format!("keys[{index}] {problem}; it is left out"));
    let none = set.keys.is_empty().then(|| {
        "holds no key that verifies tokens; what needs one is refused with keys_unavailable".into()
    });
    Ok(Judged {
        content: fetched,
        kids: set.keys.iter().filter_map(|key| key.kid.as_deref().map(str::to_owned)).collect(),
        mistakes: bad.chain(none).collect(),
        summary: counted(set.keys.len(), "key"),
    })
}
