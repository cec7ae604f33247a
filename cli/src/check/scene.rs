//! All that is looked at together: the files, what is in them, their guards.

use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use crate::document::{Document, Unreadable, read_text};
use crate::environment::Variables;
use crate::guards::{self, Chain, ConfigFile, Contents, Filter, Found, FoundGuard, Holder, Holds};
use crate::mistake::Mistake;
use crate::source::Position;

use super::facts;
use super::finding::{Code, Findings};

/// The files, what is in them, and their guards.
pub(super) struct Scene<'s> {
    /// Configurations.
    pub(super) configs: Vec<Config<'s>>,
    /// Guards that are in configurations.
    pub(super) guards: Vec<Guard<'s>>,
    /// How many guards there are, those of documents alone included.
    pub(super) count: usize,
    /// How many replicas run, if the caller said so.
    pub(super) replicas: Option<u32>,
    /// Guards that are documents alone.
    pub(super) alone: Vec<(&'s ConfigFile, Document)>,
}

/// A file that holds configurations.
pub(super) struct Config<'s> {
    pub(super) file: &'s ConfigFile,
    pub(super) contents: &'s Contents<'s>,
}

/// A guard in a configuration.
pub(super) struct Guard<'s> {
    pub(super) file: &'s ConfigFile,
    pub(super) found: Found<'s, 's>,
    /// Its document; none where that can't be read.
    pub(super) document: Option<Document>,
    /// The document without places; null where it can't be read.
    pub(super) value: Value,
    /// Whether the guard itself refused the VM's lack of an id.
    pub(super) told_of_vm_id: bool,
}

/// Reads files; those that can't be are told of.
pub(super) fn read(
    paths: &[PathBuf],
    input: &mut dyn Read,
    findings: &mut Findings,
) -> Vec<ConfigFile> {
    let mut files = Vec::new();
    for path in paths {
        let read = read_text(path, input).map_err(|Unreadable { file, problem }| {
            (Code::Unreadable, Mistake::whole(&file, Position::START, problem))
        });
        let parsed = read.and_then(|text| {
            ConfigFile::parse(path, &text).map_err(|mistake| (Code::Syntax, mistake))
        });
        match parsed {
            Ok(file) => files.push(file),
            Err((code, mistake)) => findings.add(code, mistake),
        }
    }
    files
}

impl<'s> Scene<'s> {
    /// Loads every guard, and tells what is wrong with it.
    pub(super) fn of(
        files: &'s [(&'s ConfigFile, Contents<'s>)],
        host: &Variables,
        findings: &mut Findings,
    ) -> Self {
        let (mut configs, mut guards, mut alone) = (Vec::new(), Vec::new(), Vec::new());
        let mut count: usize = 0;
        for (file, contents) in files {
            let file: &'s ConfigFile = file;
            if let Holds::Document(node) = &file.holds {
                let guard = guards::of_document(&file.path, node, host);
                load(file, &guard, findings);
                alone.push((file, guard.document));
                count = count.saturating_add(1);
                continue;
            }
            configs.push(Config { file, contents });
            for found in contents.guards() {
                count = count.saturating_add(1);
                guards.push(Guard::of(file, found, host, findings));
            }
        }
        Self { configs, guards, count, replicas: None, alone }
    }

    /// Every chain, with its file.
    pub(super) fn chains(&self) -> impl Iterator<Item = (&'s ConfigFile, &'s Chain<'s>)> {
        self.configs
            .iter()
            .flat_map(|config| config.contents.chains.iter().map(|chain| (config.file, chain)))
    }

    /// Every filter outside any chain, with its file.
    pub(super) fn loose(&self) -> impl Iterator<Item = (&'s ConfigFile, &'s Filter<'s>)> {
        self.configs
            .iter()
            .flat_map(|config| config.contents.loose.iter().map(|filter| (config.file, filter)))
    }

    /// The documents of a chain's guards. Those of filters whose configuration
    /// comes from elsewhere are looked for by the filter's name.
    pub(super) fn documents_of(&self, chain: &Chain<'_>) -> Vec<&Value> {
        let is_in = |guard: &&Guard<'_>| {
            let own = guard.found.chain.is_some_and(|(other, _)| core::ptr::eq(other, chain));
            let loose = guard.found.chain.is_none()
                && guard.found.filter.and_then(|filter| filter.name).is_some_and(|name| {
                    chain.filters.iter().any(|f| f.body.is_none() && f.name == Some(name))
                });
            own || loose
        };
        self.guards.iter().filter(is_in).map(|guard| &guard.value).collect()
    }
}

impl<'s> Guard<'s> {
    fn of(
        file: &'s ConfigFile,
        found: Found<'s, 's>,
        host: &Variables,
        findings: &mut Findings,
    ) -> Self {
        match guards::of_plugin(file, found.plugin, host) {
            Ok(guard) => {
                let told_of_vm_id = load(file, &guard, findings);
                let value = guard.document.value();
                Self { file, found, document: Some(guard.document), value, told_of_vm_id }
            }
            Err(mistake) => {
                findings.add(Code::Document, mistake);
                Self { file, found, document: None, value: Value::Null, told_of_vm_id: false }
            }
        }
    }
}

/// Loads a guard and tells what is wrong with its document; true where the
/// guard asks for an id of its VM.
fn load(file: &ConfigFile, guard: &FoundGuard, findings: &mut Findings) -> bool {
    let (code, mistakes) = match guard.document.load(&guard.variables) {
        Ok(loaded) => (Code::Unlikely, loaded.warnings),
        Err(mistakes) => (Code::Document, mistakes),
    };
    let asks_for_id = mistakes.iter().any(|mistake| mistake.problem.contains("vm_config.vm_id"));
    for mistake in mistakes {
        findings.add(code, in_words_of(guard, mistake));
    }
    let value = guard.document.value();
    for name in guard.variables.assumed() {
        let path = facts::variable(&value, &name);
        let place = (guard.document.find(&path), path.as_str());
        let problem = format!(
            "the environment variable {name} is not set here, so its value isn't checked; set it, or give `--env {name}=VALUE`"
        );
        findings.within(Code::VariableAssumed, file, place, problem);
    }
    asks_for_id
}

/// Says how to mend it where the guard itself can't know.
fn in_words_of(guard: &FoundGuard, mut mistake: Mistake) -> Mistake {
    let place = match guard.holder {
        Some(Holder::Istio) => "spec.vmConfig.env",
        Some(Holder::Gateway) => "spec.wasm[].env.hostKeys",
        Some(Holder::Envoy) | None => return mistake,
    };
    if guard.holder == Some(Holder::Istio) && mistake.problem.contains("vm_config.vm_id") {
        mistake.problem.push_str(
            "; a WasmPlugin can't set it: configure the filter by an EnvoyFilter instead, which can",
        );
    }
    mistake.problem = mistake.problem.replace("vm_config.environment_variables", place);
    mistake
}
