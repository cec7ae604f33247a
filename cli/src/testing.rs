//! Helpers of the command's own tests.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::Exit;
use crate::console::{Console, Format};

/// How a command ended, and what it wrote, without colour.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Itself, where all went well.
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.exit, Exit::Ok, "{}{}", self.out, self.err);
        self
    }

    /// Its output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

/// Runs the command with that standard input.
pub(crate) fn run_with(args: &[&str], input: &str) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let (mut out, mut err) =
            (anstream::StripStream::new(&mut out), anstream::StripStream::new(&mut err));
        let mut console = Console {
            out: &mut out,
            err: &mut err,
            input: &mut input.as_bytes(),
            format: Format::Human,
        };
        let args = ["tenant-guard"].iter().chain(args).map(Into::into);
        crate::run(args, &mut console)
    };
    Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// Runs the command without input.
pub(crate) fn run(args: &[&str]) -> Ran {
    run_with(args, "")
}

/// A file that lives as long as the value.
pub(crate) struct TempFile(PathBuf);

impl TempFile {
    /// A file with that content, whose name ends so.
    pub(crate) fn new(ending: &str, content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "tenant-guard-{}-{}{ending}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // It's gone already, or stays until the system tidies up.
        let _ = fs::remove_file(&self.0);
    }
}
