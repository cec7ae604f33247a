//! From text to variables.

use core::iter::Peekable;
use core::str::Chars;

use super::{Value, Variable};
use crate::source::Position;

/// What is wrong with a line, and where.
pub(crate) type Problem = (Position, &'static str);

const HASH: &str = "holds a # without quotes, which some systems take for the beginning of a comment; put the value in single quotes";
const DOLLAR: &str = "refers to something by $, which is not followed here; write the value itself, or put it in single quotes if the $ is part of it";

/// Reads a file: all its variables, and what is wrong with its lines.
pub(crate) fn parse(text: &str) -> (Vec<Variable>, Vec<Problem>) {
    // A byte order mark is none of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cursor = Cursor { rest: text.chars().peekable(), at: Position::START };
    let (mut variables, mut problems) = (Vec::new(), Vec::new());
    loop {
        cursor.skip(char::is_whitespace);
        let Some(first) = cursor.peek() else { return (variables, problems) };
        if first != '#' {
            match variable(&mut cursor) {
                Ok(variable) => variables.push(variable),
                Err(problem) => problems.push(problem),
            }
        }
        cursor.skip(|c| c != '\n');
    }
}

#[derive(Clone)]
struct Cursor<'t> {
    rest: Peekable<Chars<'t>>,
    at: Position,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<(char, Position)> {
        let at = self.at;
        let character = self.rest.next()?;
        if character == '\n' {
            self.at = Position { line: at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = at.column.saturating_add(1);
        }
        Some((character, at))
    }

    fn skip(&mut self, which: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&which) {
            self.next();
        }
    }

    fn skip_blanks(&mut self) {
        self.skip(|c| matches!(c, ' ' | '\t' | '\r'));
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(character) = self.peek().filter(|c| !c.is_whitespace() && *c != '=') {
            word.push(character);
            self.next();
        }
        word
    }
}

fn variable(cursor: &mut Cursor<'_>) -> Result<Variable, Problem> {
    let mut at = cursor.at;
    let mut name = cursor.word();
    cursor.skip_blanks();
    if name == "export" && cursor.peek() != Some('=') {
        at = cursor.at;
        name = cursor.word();
        cursor.skip_blanks();
    }
    if cursor.peek() != Some('=') {
        return Err((at, "is no variable: a line is NAME=value"));
    }
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let follows = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !name.starts_with(starts) || !name.chars().all(follows) {
        return Err((at, "has no name before its =, of letters, digits and _"));
    }
    cursor.next();
    cursor.skip_blanks();
    let value = match cursor.peek() {
        Some(quote @ ('\'' | '"' | '`')) => quoted(cursor, quote)?,
        _ => plain(cursor),
    };
    Ok(Variable { name, at, value })
}

fn quoted(cursor: &mut Cursor<'_>, quote: char) -> Result<Value, Problem> {
    let opening = cursor.at;
    let mut ahead = cursor.clone();
    ahead.next();
    let mut value = Value::new(ahead.at);
    loop {
        let Some((character, at)) = ahead.next() else {
            // The cursor stays, so that the lines below are read.
            return Err((opening, "has no closing quote"));
        };
        match character {
            _ if character == quote => break,
            '\\' if quote == '"' => match ahead.peek() {
                Some(escaped @ ('"' | '\\' | '$' | 'n' | 'r' | 't')) => {
                    ahead.next();
                    value.push(unescaped(escaped), at);
                }
                _ => value.push('\\', at),
            },
            _ => {
                value.push(character, at);
                if quote == '"' && character == '$' {
                    refer(&mut value, at, ahead.peek());
                }
            }
        }
    }
    *cursor = ahead;
    cursor.skip_blanks();
    match cursor.peek() {
        None | Some('\n' | '#') => Ok(value),
        Some(_) => Err((cursor.at, "stands behind a closing quote; put the whole value in quotes")),
    }
}

fn unescaped(character: char) -> char {
    match character {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}

fn plain(cursor: &mut Cursor<'_>) -> Value {
    let mut value = Value::new(cursor.at);
    // White space counts only where something follows.
    let mut blanks = Vec::new();
    while let Some(character) = cursor.peek().filter(|c| *c != '\n') {
        let first = value.text.is_empty() && blanks.is_empty();
        if character == '#' && (first || !blanks.is_empty()) {
            break;
        }
        let Some((_, at)) = cursor.next() else { break };
        if character.is_whitespace() {
            blanks.push((character, at));
            continue;
        }
        for (blank, at) in blanks.drain(..) {
            value.push(blank, at);
        }
        value.push(character, at);
        match character {
            '#' => value.unclear = value.unclear.or(Some((at, HASH))),
            '$' => refer(&mut value, at, cursor.peek()),
            _ => {}
        }
    }
    value
}

/// Notes a reference to a variable or a command.
fn refer(value: &mut Value, at: Position, next: Option<char>) {
    if next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '(')) {
        value.unclear = value.unclear.or(Some((at, DOLLAR)));
    }
}
