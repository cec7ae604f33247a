//! HTTP/1.1, written as told and read as it comes.

use std::time::Duration;

use crate::client::{Failure, Wire};
use crate::message::{Request, Response, lossy};

/// The bytes of a request.
pub(crate) fn write(request: &Request) -> Vec<u8> {
    let given =
        |name: &[u8]| request.headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name));
    let mut out = Vec::new();
    let target = request.path.as_ref().or(request.host.as_ref()).cloned().unwrap_or_default();
    out.extend_from_slice(request.method.as_deref().unwrap_or_default());
    out.push(b' ');
    out.extend_from_slice(&target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if let Some(host) = request.host.as_ref().filter(|_| !given(b"host")) {
        field(&mut out, b"host", host);
    }
    for (name, value) in &request.headers {
        field(&mut out, name, value);
    }
    let framed = given(b"content-length") || given(b"transfer-encoding");
    let chunked = !request.trailers.is_empty();
    if chunked && !framed {
        field(&mut out, b"transfer-encoding", b"chunked");
    } else if let Some(body) = request.body.as_ref().filter(|_| !framed) {
        field(&mut out, b"content-length", body.len().to_string().as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    let body = request.body.as_deref().unwrap_or_default();
    if !chunked {
        out.extend_from_slice(body);
        return out;
    }
    if !body.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n");
    for (name, value) in &request.trailers {
        field(&mut out, name, value);
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Reads one response; after the head of a tunnel, whatever comes within a second.
pub(crate) fn read(wire: &mut Wire, head: bool, tunnel: bool) -> Result<Response, Failure> {
    let mut response = Response::default();
    loop {
        let line = lossy(&wire.line()?);
        let mut words = line.splitn(3, ' ');
        let (version, status) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if !version.starts_with("HTTP/1.") {
            return Err(Failure::Malformed(line));
        }
        response.status = status.parse().map_err(|_| Failure::Malformed(line.clone()))?;
        response.headers = fields(wire)?;
        if response.status == 101 || !(100..200).contains(&response.status) {
            break;
        }
    }
    let chunked =
        response.header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
    let length = response.header("content-length").and_then(|value| value.parse().ok());
    if head || matches!(response.status, 204 | 304) {
        return Ok(response);
    }
    if chunked {
        loop {
            let line = lossy(&wire.line()?);
            let size = line.split(';').next().unwrap_or("").trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| Failure::Malformed(line.clone()))?;
            if size == 0 {
                break;
            }
            response.body.extend(wire.take(size)?);
            wire.line()?;
        }
        response.trailers = fields(wire)?;
    } else if let Some(length) = length {
        response.body = wire.take(length)?;
    } else {
        if tunnel {
            wire.hurry(Duration::from_secs(1));
        }
        response.body = wire.rest();
    }
    Ok(response)
}

fn fields(wire: &mut Wire) -> Result<Vec<(String, String)>, Failure> {
    let mut fields = Vec::new();
    loop {
        let line = lossy(&wire.line()?);
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| Failure::Malformed(line.clone()))?;
        fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}
