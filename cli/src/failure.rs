//! How a command tells what keeps it from its result: on standard error for
//! people, and as one JSON value on standard output for programs.

use std::io;

use serde::Serialize;

use crate::Exit;
use crate::console::{Console, ERROR, Format};
use crate::escape::plain;
use crate::mistake::Mistake;

/// What programs read: `{"errors": [...]}`.
#[derive(Serialize)]
struct Failure<'m> {
    errors: Vec<Problem<'m>>,
}

/// One of them; a place only where there is one.
#[derive(Serialize)]
#[serde(untagged)]
enum Problem<'m> {
    InFile(Record<'m>),
    Elsewhere { problem: &'m str },
}

/// A mistake in a file as programs read it.
#[derive(Serialize)]
pub(crate) struct Record<'m> {
    file: String,
    line: usize,
    column: usize,
    path: &'m str,
    problem: &'m str,
}

impl<'m> From<&'m Mistake> for Record<'m> {
    fn from(mistake: &'m Mistake) -> Self {
        Self {
            file: mistake.file.display().to_string(),
            line: mistake.at.line,
            column: mistake.at.column,
            path: &mistake.path,
            problem: &mistake.problem,
        }
    }
}

impl Console<'_> {
    /// Tells of all mistakes of a configuration, with nothing on standard
    /// output that could be taken for a result.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn refuse(&mut self, mistakes: &[Mistake]) -> io::Result<Exit> {
        match self.format {
            Format::Json => {
                let errors = mistakes.iter().map(|mistake| Problem::InFile(mistake.into()));
                self.json(&Failure { errors: errors.collect() })?;
            }
            Format::Human => {
                for mistake in mistakes {
                    let told = plain(&mistake.to_string());
                    writeln!(self.err, "{ERROR}error:{ERROR:#} {told}")?;
                }
            }
        }
        Ok(Exit::Invalid)
    }

    /// Tells why a command failed. Where nobody reads any more, nobody is told.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) -> Exit {
        let told = format!("{error:#}");
        // What is left to say after a failure to say it, is said to nobody.
        let _ = match self.format {
            _ if is_broken_pipe(error) => Ok(()),
            Format::Json => self.fail_json(&told),
            Format::Human => writeln!(self.err, "{ERROR}error:{ERROR:#} {}", plain(&told)),
        };
        Exit::Failure
    }

    /// Tells programs why a command failed; standard error, where standard
    /// output takes nothing.
    pub(crate) fn fail_json(&mut self, problem: &str) -> io::Result<()> {
        let failure = Failure { errors: vec![Problem::Elsewhere { problem }] };
        self.json(&failure).or_else(|_| writeln!(self.err, "error: {problem}"))
    }
}

/// Whether the reader went away, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TempFile, run, run_with};
    use crate::{Exit, console};

    #[test]
    fn whatever_keeps_a_command_from_its_result_is_one_json_value_for_programs() {
        let typo = TempFile::new(".yaml", "version: 1\ntenents: []\n");
        let env = TempFile::new(".env", "NOTHING=known\n");
        for (args, exit) in [
            (vec!["explain", "-c", typo.path(), "/"], Exit::Invalid),
            (vec!["envoy", "-c", typo.path(), "--app", "127.0.0.1:1"], Exit::Invalid),
            (vec!["explain", "-c", "/nowhere.yaml", "/"], Exit::Failure),
            (vec!["envoy", "-c", "/nowhere.yaml", "--app", "127.0.0.1:1"], Exit::Failure),
            (vec!["import", "/nowhere.env"], Exit::Failure),
            (vec!["import", env.path()], Exit::Failure),
            (vec!["key", "hash"], Exit::Failure),
            (vec!["token", "show"], Exit::Failure),
            (vec!["key", "new"], Exit::Failure),
            (vec!["chek"], Exit::Failure),
        ] {
            let ran = run(&[&["--format", "json"], &args[..]].concat());
            assert_eq!((ran.exit, ran.err.as_str()), (exit, ""), "{args:?}");
            assert!(ran.json()["errors"][0]["problem"].is_string(), "{args:?}: {}", ran.out);
            let ran = run(&args);
            assert_eq!((ran.exit, ran.out.as_str()), (exit, ""), "{args:?}");
            assert!(ran.err.contains("error:"), "{args:?}: {}", ran.err);
        }
    }

    #[test]
    fn mistakes_have_their_places_whichever_command_tells_them() {
        let typo = TempFile::new(".yaml", "version: 1\ntenents: []\n");
        let expected: Value = json!({"errors": [{
            "file": typo.path(), "line": 2, "column": 1, "path": "tenents",
            "problem": "unknown field; did you mean tenants?",
        }]});
        for args in [
            vec!["explain", "--format=json", "-c", typo.path(), "/"],
            vec!["envoy", "--format=json", "-c", typo.path(), "--app", "127.0.0.1:1"],
        ] {
            assert_eq!(run(&args).json(), expected, "{args:?}");
        }
    }

    #[test]
    fn what_a_document_has_commands_no_terminal() {
        for args in [vec!["explain", "-c", "-", "/"], vec!["envoy", "-c", "-", "--app", "a:1"]] {
            let ran = run_with(&args, "version: 1\n\"\\e]0;x\\a\": 1\n");
            assert_eq!(ran.exit, Exit::Invalid);
            assert!(ran.err.contains("\\u{1b}]0;x\\u{7}"), "{:?}", ran.err);
        }
    }

    #[test]
    fn a_file_can_be_standard_input() {
        let document = "version: 1\ntenants: [{id: acme}]\ntenents: []\n";
        for args in [
            vec!["check", "-"],
            vec!["explain", "-c", "-", "/"],
            vec!["envoy", "-c", "-", "--app", "127.0.0.1:1"],
        ] {
            let ran = run_with(&args, document);
            assert_eq!(ran.exit, Exit::Invalid, "{args:?}");
            assert!((ran.out + &ran.err).contains("-:3:1: tenents: unknown"), "{args:?}");
        }
        assert_eq!(run_with(&["envoy", "-c", "-", "--app", "a:1"], "version: 1").exit, Exit::Ok);
        let twice = run_with(&["explain", "-c", "-", "-H", "@-", "/"], "version: 1");
        assert_eq!(twice.exit, Exit::Failure);
        assert!(twice.err.contains("standard input"), "{}", twice.err);
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error_to_tell_of() {
        struct Closed;
        impl std::io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        for format in ["human", "json"] {
            let mut err = Vec::new();
            let mut console = console::Console {
                out: &mut Closed,
                err: &mut err,
                input: &mut std::io::empty(),
                format: console::Format::Human,
            };
            let args = ["tenant-guard", "schema", "--format", format].map(Into::into);
            assert_eq!(crate::run(args, &mut console), Exit::Failure);
            assert_eq!(String::from_utf8(err).unwrap(), "", "{format}");
        }
    }
}
