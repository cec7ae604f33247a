//! How the command ends.

use std::process::ExitCode;

/// How a command ended; the process's exit code says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked: 0.
    Ok,
    /// It couldn't, or was called the wrong way: 1.
    Failure,
    /// The request would be refused: 2.
    Denied,
    /// The configuration is refused: 3.
    Invalid,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failure => 1,
            Self::Denied => 2,
            Self::Invalid => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
