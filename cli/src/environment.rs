//! The environment that a document's `{env: NAME}` is read from.

use core::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::Context;
use clap::Args;
use tenant_guard::Environment;

/// Variables of the machine that the proxy runs on.
#[derive(Debug, Clone, Default, Args)]
pub struct EnvArgs {
    /// A variable of the machine that the proxy runs on, for `{env: NAME}`,
    /// besides those of this process. May be given several times.
    // Text to clap, since its complaints repeat what was given.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    given: Vec<String>,
}

impl EnvArgs {
    /// The variables of this process, and over them those that were given.
    ///
    /// # Errors
    /// Where one isn't `NAME=VALUE`. It isn't repeated: it may be a secret.
    pub fn variables(&self) -> anyhow::Result<Variables> {
        let mut variables = Variables::of_process();
        for variable in &self.given {
            let pair = variable.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, value) = pair.context("--env must be NAME=VALUE")?;
            variables.set(name, value);
        }
        Ok(variables)
    }
}

/// Variables by name, and the id of the VM that they are of.
#[derive(Clone, Default)]
pub struct Variables {
    variables: HashMap<String, Vec<u8>>,
    vm_id: Option<String>,
    assumed: Assumed,
    /// The names that were asked for and that had a value.
    read: RefCell<BTreeSet<String>>,
}

/// Which variables count as set although their values aren't known here.
#[derive(Clone, Default)]
struct Assumed {
    all: bool,
    names: HashSet<String>,
}

impl Variables {
    /// Those of this process, for a VM that has an id.
    pub fn of_process() -> Self {
        let mut variables = Self { vm_id: Some("tenant-guard".into()), ..Self::default() };
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                variables.set(&name, &value);
            }
        }
        variables
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.as_bytes().to_vec());
    }

    /// Sets or removes the VM's id.
    pub fn set_vm_id(&mut self, vm_id: Option<&str>) {
        self.vm_id = vm_id.map(str::to_owned);
    }

    /// Takes a variable over from others; one that they don't have counts as
    /// set all the same, since the machine that runs the proxy may have it.
    pub fn take_over(&mut self, others: &Self, name: &str) {
        match others.variables.get(name) {
            Some(value) => {
                self.variables.insert(name.to_owned(), value.clone());
            }
            None => {
                self.assumed.names.insert(name.to_owned());
            }
        }
    }

    /// Lets every variable that isn't there count as set.
    pub fn assume_others(&mut self) {
        self.assumed.all = true;
    }

    /// The variables that were asked for, as far as they are set or count as set.
    pub fn read(&self) -> Vec<String> {
        self.read.borrow().iter().cloned().collect()
    }

    /// The variables that were asked for and only counted as set.
    pub fn assumed(&self) -> Vec<String> {
        self.read().into_iter().filter(|name| !self.variables.contains_key(name)).collect()
    }
}

impl core::fmt::Debug for Variables {
    /// Values may be secrets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Variables").field("vm_id", &self.vm_id).finish_non_exhaustive()
    }
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        let assumed = &self.assumed;
        let value = match self.variables.get(name) {
            Some(value) => value.clone(),
            // As long as any secret has to be, and no two are the same.
            None if assumed.names.contains(name) || assumed.all && is_plain_name(name) => {
                format!("{name:->64}").into_bytes()
            }
            None => return None,
        };
        self.read.borrow_mut().insert(name.to_owned());
        Some(value)
    }

    fn vm_id(&self) -> Option<&str> {
        self.vm_id.as_deref()
    }
}

/// What isn't plainly a name may be a secret in its place.
fn is_plain_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stands_over_the_process_and_is_not_repeated_where_it_is_none() {
        let variables = |given: &str| EnvArgs { given: vec![given.into()] }.variables();
        let path = variables("PATH=a=b").unwrap();
        assert_eq!(path.variable("PATH"), Some(b"a=b".to_vec()));
        for given in ["hunter2", "=hunter2"] {
            let told = format!("{:#}", variables(given).unwrap_err());
            assert!(told.contains("NAME=VALUE") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn what_is_assumed_is_told_and_never_hides_what_is_set() {
        let mut host = Variables::default();
        host.set("SET", "value");
        let mut variables = Variables::default();
        variables.take_over(&host, "SET");
        variables.take_over(&host, "UNSET");
        assert_eq!(variables.variable("SET"), Some(b"value".to_vec()));
        assert_eq!(variables.variable("OTHER"), None);
        assert!(variables.variable("UNSET").is_some_and(|value| value.len() >= 64));
        assert_eq!(variables.assumed(), ["UNSET"]);
        assert_eq!(variables.read(), ["SET", "UNSET"]);
    }

    #[test]
    fn what_may_be_a_secret_is_never_assumed() {
        let mut variables = Variables::default();
        variables.assume_others();
        assert!(variables.variable("PEPPER").is_some());
        assert_eq!(variables.variable("hunter2"), None);
    }
}
