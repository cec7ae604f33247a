//! What was found.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::guards::ConfigFile;
use crate::mistake::Mistake;
use crate::source::{Node, Position};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration doesn't work.
    Error,
    /// It works, but isn't as safe as it could be, or not as it was meant.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Declares the kinds of findings: their names, which stay the same for ever,
/// and how much they matter.
macro_rules! codes {
    ($($(#[$about:meta])* $variant:ident = $name:literal, $severity:ident;)*) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$about])* $variant,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How much it matters.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    /// The file can't be read.
    Unreadable = "unreadable", Error;
    /// The file is neither YAML nor JSON.
    Syntax = "syntax", Error;
    /// The guard refuses its document.
    Document = "document", Error;
    /// There is no guard in the file.
    NoGuard = "no-guard", Error;
    /// The guard takes its document, but that is likely not meant.
    Unlikely = "unlikely", Warning;
    /// A failing guard lets everybody in.
    FailOpen = "fail-open", Warning;
    /// A guard that crashed stays down.
    NoReload = "no-reload", Warning;
    /// Callbacks of the guard may be left out.
    CapabilityRestricted = "capability-restricted", Warning;
    /// Nothing stops requests that the guard hasn't seen.
    NoBackstop = "no-backstop", Warning;
    /// What should stop them doesn't.
    WrongBackstop = "wrong-backstop", Warning;
    /// A filter believes identity headers before the guard has checked.
    IdentityBeforeGuard = "identity-before-guard", Warning;
    /// A cache gives one caller's answers to others.
    SharedCache = "shared-cache", Warning;
    /// A route sets an identity header behind the guard.
    IdentityOverwritten = "identity-overwritten", Warning;
    /// A field stands twice.
    RepeatedField = "repeated-field", Warning;
    /// Paths aren't normalized.
    PathNotNormalized = "path-not-normalized", Warning;
    /// Escaped slashes go on.
    EscapedSlashes = "escaped-slashes", Warning;
    /// Header names with underscores go on.
    HeaderUnderscores = "header-underscores", Warning;
    /// The guard's VM has no id.
    VmIdMissing = "vm-id-missing", Warning;
    /// Another plugin has the id of the guard's VM.
    VmIdShared = "vm-id-shared", Warning;
    /// Something turns the guard or its backstop off for some requests.
    GuardDisabled = "guard-disabled", Warning;
    /// The admin interface is open to the network.
    OpenAdmin = "open-admin", Warning;
    /// Clients choose their address.
    ClientAddress = "client-address", Warning;
    /// Nobody tells the guard the direct peer.
    PeerNotSet = "peer-not-set", Warning;
    /// Nobody checks who answers in place of a provider or control plane.
    ClusterUnverified = "cluster-unverified", Warning;
    /// A cluster that the guard asks isn't there.
    ClusterMissing = "cluster-missing", Warning;
    /// Upgraded requests pass around the guard.
    UpgradeUnguarded = "upgrade-unguarded", Warning;
    /// A secret stands in the proxy's configuration.
    SecretExposed = "secret-exposed", Warning;
    /// Limits are counted by each replica.
    LocalLimits = "local-limits", Warning;
    /// A listener has no guard, while others have.
    Unguarded = "unguarded", Note;
    /// A variable's value isn't known here.
    VariableAssumed = "variable-assumed", Note;
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Something that was found. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// The number of its file, in the order in which they were given.
    pub order: usize,
    /// Where, and what.
    pub mistake: Mistake,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    files: Vec<PathBuf>,
}

impl Findings {
    /// For files, in the order in which they are told of.
    pub fn new(files: &[PathBuf]) -> Self {
        Self { list: Vec::new(), files: files.to_vec() }
    }

    /// Adds a mistake.
    pub fn add(&mut self, code: Code, mistake: Mistake) {
        let order = self.files.iter().position(|file| *file == mistake.file).unwrap_or_default();
        self.list.push(Finding { code, order, mistake });
    }

    /// Adds one about a node of a file.
    pub fn at(&mut self, code: Code, file: &ConfigFile, node: &Node, problem: impl Into<String>) {
        let (at, path) = file.place(node);
        self.add(code, Mistake { path, ..Mistake::whole(&file.path, at, problem) });
    }

    /// Adds one about a place of a document.
    pub fn within(
        &mut self,
        code: Code,
        file: &ConfigFile,
        (at, path): (Position, &str),
        problem: impl Into<String>,
    ) {
        let mistake = Mistake::whole(&file.path, at, problem);
        self.add(code, Mistake { path: path.to_owned(), ..mistake });
    }

    /// Each once, by file and place.
    pub fn into_sorted(self) -> Vec<Finding> {
        let mut list = self.list;
        list.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.order, finding.mistake.at, finding.code);
            key(a).cmp(&key(b)).then_with(|| a.mistake.problem.cmp(&b.mistake.problem))
        });
        list.dedup();
        list
    }
}
