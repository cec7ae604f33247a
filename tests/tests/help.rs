//! The examples in the command's help are commands that it takes.

use clap::{Command, CommandFactory, Parser};
use tenant_guard_cli::args::Args;

/// The commands that a help text shows, as they are typed but for what the
/// shell does: redirections, substitutions and variables before them.
fn examples(command: &Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let help = help.replace("\\\n", " ").replace("@<(pass show staging-token)", "@FILE");
    let lines = help.lines().filter(|line| line.starts_with("  "));
    lines
        .filter_map(|line| {
            let typed = &line[line.find("tenant-guard ")?..];
            Some(typed.split(['<', '>']).next()?.trim_end_matches(')').to_owned())
        })
        .collect()
}

fn all(command: &Command, path: &str, seen: &mut Vec<(String, Vec<String>)>) {
    seen.push((path.to_owned(), examples(command)));
    for sub in command.get_subcommands() {
        all(sub, &format!("{path} {}", sub.get_name()), seen);
    }
}

#[test]
fn every_command_shows_examples_that_it_takes() {
    let mut seen = Vec::new();
    all(&Args::command(), "tenant-guard", &mut seen);
    assert!(seen.len() > 10, "{seen:?}");
    for (path, examples) in seen {
        assert!(!examples.is_empty(), "{path} --help shows no example");
        for example in examples {
            let words = shlex::split(&example).expect("quotes are closed");
            if let Err(error) = Args::try_parse_from(words) {
                panic!("{path} --help: {example}\n{error}");
            }
        }
    }
}
