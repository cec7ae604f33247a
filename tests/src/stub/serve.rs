//! One connection to a stub.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;
use std::{mem, thread};

use super::reply::{Reply, Then};
use super::{Seen, Shared};

/// Answers the requests of a connection, until either side closes it.
pub(super) fn serve(connection: &TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    let mut writer = connection;
    while let Some(seen) = read(&mut reader)? {
        let replies = shared.replies.lock().unwrap();
        let reply = replies.get(&seen.path).cloned().unwrap_or_else(|| Reply::status(404));
        mem::drop(replies);
        let reply = reply.unless_known(&seen.headers);
        let head = seen.method == "HEAD";
        shared.seen.lock().unwrap().push(seen);
        thread::sleep(reply.delay);
        writer.write_all(&reply.to_bytes(head))?;
        match reply.then {
            Then::Next => {}
            Then::Close => break,
            Then::Hang => {
                io::copy(&mut reader, &mut io::sink())?;
                break;
            }
        }
    }
    Ok(())
}

/// The next request; `None` where the connection ends before it is complete.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Seen>> {
    let Some(first) = line(reader)? else {
        return Ok(None);
    };
    let at = Instant::now();
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let Some(line) = line(reader)? else {
            return Ok(None);
        };
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let seen = Seen { at, method, path, headers };
    let length = seen.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let body = io::copy(&mut reader.take(length), &mut io::sink())?;
    Ok((body == length).then_some(seen))
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    Ok((reader.read_line(&mut line)? > 0).then_some(line))
}
