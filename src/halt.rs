//! Why a request doesn't go on: it is refused, or something isn't known yet.

use crate::denial::{Code, Denial};
use crate::host::HostError;
use crate::remote::{Outlook, SourceId};

/// Whether a request may wait for what is being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// It may.
    MayWait,
    /// It did, or there is nobody who could wait: what is known decides.
    Waited,
    /// It may not, because too many do.
    Crowded,
}

/// Why a request doesn't go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// It is refused.
    Refused(Denial),
    /// What would decide on it is on its way.
    Lacks(Lack),
}

/// What a decision lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lack {
    /// Where it may come from.
    pub(crate) sources: Vec<SourceId>,
    /// The refusal where it doesn't come.
    pub(crate) otherwise: Denial,
}

impl Halt {
    /// A refusal, unless a source soon brings what changes it.
    pub(crate) fn unless(
        sources: impl IntoIterator<Item = (SourceId, Outlook)>,
        otherwise: Denial,
    ) -> Self {
        let soon = sources.into_iter().filter(|(_, outlook)| outlook.soon);
        let sources: Vec<SourceId> = soon.map(|(id, _)| id).collect();
        match sources.is_empty() {
            true => Self::Refused(otherwise),
            false => Self::Lacks(Lack { sources, otherwise }),
        }
    }

    /// The same for who may no longer wait.
    pub(crate) fn settled(self, patience: Patience) -> Self {
        match (self, patience) {
            (Self::Lacks(lack), Patience::Waited) => Self::Refused(lack.otherwise),
            // What is on its way might have let it in.
            (Self::Lacks(lack), Patience::Crowded) => Self::Refused(match lack.otherwise {
                denial if denial.code.status() == 503 => denial,
                denial => Denial { code: Code::KeysUnavailable, ..denial },
            }),
            (halt, _) => halt,
        }
    }

    /// The same, with the `kid` that the token claims.
    pub(crate) fn of_kid(self, kid: Option<&String>) -> Self {
        let named = |denial| Denial { kid: kid.cloned(), ..denial };
        match self {
            Self::Refused(denial) => Self::Refused(named(denial)),
            Self::Lacks(lack) => Self::Lacks(Lack { otherwise: named(lack.otherwise), ..lack }),
        }
    }
}

impl From<Denial> for Halt {
    fn from(denial: Denial) -> Self {
        Self::Refused(denial)
    }
}

impl From<Code> for Halt {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<HostError> for Halt {
    fn from(error: HostError) -> Self {
        Self::Refused(error.into())
    }
}
