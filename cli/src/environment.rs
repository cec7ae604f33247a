//! The environment that a document's `{env: NAME}` is read from.

use std::collections::HashMap;

use tenant_guard::Environment;

/// Variables by name, and the id of the VM that they are of.
#[derive(Clone, Default)]
pub struct Variables {
    variables: HashMap<String, Vec<u8>>,
    vm_id: Option<String>,
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
}

impl core::fmt::Debug for Variables {
    /// Values may be secrets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Variables").field("vm_id", &self.vm_id).finish_non_exhaustive()
    }
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        self.variables.get(name).cloned()
    }

    fn vm_id(&self) -> Option<&str> {
        self.vm_id.as_deref()
    }
}
