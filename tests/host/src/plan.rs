//! Which hostcall goes wrong, and how.

use std::sync::Arc;

use crate::{Headers, status};

/// What the guest is doing when it calls the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Callback {
    Initialize,
    ContextCreate,
    VmStart,
    Configure,
    RequestHeaders,
    RequestBody,
    RequestTrailers,
    ResponseHeaders,
    Log,
    Done,
    Delete,
    Tick,
    HttpCallResponse,
}

/// Rewrites the bytes a hostcall was about to give.
pub type Rewrite = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// What happens instead.
#[derive(Clone)]
pub enum Effect {
    /// Nothing is done, and this status is answered.
    Status(u32),
    /// It is done all the same, and this status is answered.
    DoneBut(u32),
    /// `Ok`, and the guest's return addresses stay as they were.
    Silent,
    /// `Ok` with a null pointer, beside the true length.
    Null,
    /// `Ok` with a null pointer and no length.
    Empty,
    /// `Ok` with other bytes.
    Bytes(Rewrite),
    /// `Ok` with another number, where the call gives a number.
    Number(u64),
    /// First this happens, as by another worker; then it is done as ever.
    After(Arc<dyn Fn() + Send + Sync>),
}

impl Effect {
    /// `Ok` with what `f` makes of the true bytes.
    pub fn bytes(f: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::Bytes(Arc::new(f))
    }

    /// Done as ever, after `f`.
    pub fn after(f: impl Fn() + Send + Sync + 'static) -> Self {
        Self::After(Arc::new(f))
    }
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(s) => write!(f, "Status({s})"),
            Self::DoneBut(s) => write!(f, "DoneBut({s})"),
            Self::Silent => write!(f, "Silent"),
            Self::Null => write!(f, "Null"),
            Self::Empty => write!(f, "Empty"),
            Self::Bytes(_) => write!(f, "Bytes"),
            Self::Number(n) => write!(f, "Number({n})"),
            Self::After(_) => write!(f, "After"),
        }
    }
}

/// Which hostcalls: by name, callback and how many such calls came before.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    name: Option<String>,
    callback: Option<Callback>,
    nth: Option<usize>,
}

impl Fault {
    /// Every hostcall.
    pub fn any() -> Self {
        Self::default()
    }

    /// Those of this name (`proxy_log`, `environ_get`, ...).
    pub fn on(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }

    /// Only those made in this callback.
    pub fn within(mut self, callback: Callback) -> Self {
        self.callback = Some(callback);
        self
    }

    /// Only the one before which `n` such calls were made.
    pub fn nth(mut self, n: usize) -> Self {
        self.nth = Some(n);
        self
    }
}

/// Faults, each with its effect and how many calls it has seen.
#[derive(Debug, Clone, Default)]
pub struct Plan(Vec<(Fault, Effect, usize)>);

impl Plan {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// One fault.
    pub fn of(fault: Fault, effect: Effect) -> Self {
        Self::none().and(fault, effect)
    }

    /// And another fault. Of several that a call meets, the first acts.
    pub fn and(mut self, fault: Fault, effect: Effect) -> Self {
        self.0.push((fault, effect, 0));
        self
    }

    pub(crate) fn next(&mut self, callback: Callback, name: &str) -> Option<Effect> {
        let mut acts = None;
        for (fault, effect, seen) in &mut self.0 {
            if fault.name.as_deref().is_some_and(|n| n != name)
                || fault.callback.is_some_and(|c| c != callback)
            {
                continue;
            }
            let index = *seen;
            *seen += 1;
            if acts.is_none() && fault.nth.is_none_or(|n| index == n) {
                acts = Some(effect.clone());
            }
        }
        acts
    }
}

/// Rubbish a host could give under `Ok` from the hostcall `name`, each with a
/// word for messages. Empty for hostcalls that give nothing.
pub fn garbage(name: &str) -> Vec<(&'static str, Effect)> {
    let buffer = |mut all: Vec<(&'static str, Effect)>| {
        all.extend([
            ("silent", Effect::Silent),
            ("null beside a length", Effect::Null),
            ("empty", Effect::Empty),
            ("half", Effect::bytes(|b| b[..b.len() / 2].to_vec())),
            ("one byte short", Effect::bytes(|b| b[..b.len().saturating_sub(1)].to_vec())),
            ("one byte", Effect::bytes(|_| vec![7])),
            ("doubled", Effect::bytes(|b| [b, b].concat())),
            ("zeros", Effect::bytes(|b| vec![0; b.len().max(9)])),
            ("ones", Effect::bytes(|b| vec![0xff; b.len().max(9)])),
            ("noise", Effect::bytes(noise)),
        ]);
        all
    };
    match name {
        "proxy_get_header_map_pairs" => {
            let put = |at: usize, value: u32| {
                Effect::bytes(move |b| {
                    let mut out = b.to_vec();
                    if let Some(word) = out.get_mut(at..at + 4) {
                        word.copy_from_slice(&value.to_le_bytes());
                    }
                    out
                })
            };
            buffer(vec![
                ("a count of 2^32-1", put(0, u32::MAX)),
                ("a count of 2^29", put(0, 1 << 29)),
                ("a count of 2^28", put(0, 1 << 28)),
                ("a count of 0 before pairs", put(0, 0)),
                ("a name of 2^32-1", put(4, u32::MAX)),
                ("a name of 2^31", put(4, 1 << 31)),
                ("a value of 2^32-1", put(8, u32::MAX)),
                ("a name too long by one", Effect::bytes(|b| nudge(b, 4))),
                ("a value too long by one", Effect::bytes(|b| nudge(b, 8))),
                (
                    "no NUL at the end",
                    Effect::bytes(|b| {
                        let mut out = b.to_vec();
                        if let Some(last) = out.last_mut() {
                            *last = b'x';
                        }
                        out
                    }),
                ),
                ("bytes after the last pair", Effect::bytes(|b| [b, b"tail"].concat())),
                ("an empty name", Effect::bytes(|b| one_more(b, b"", b"x"))),
                ("a name with a NUL", Effect::bytes(|b| one_more(b, b"x-te\0nant", b"x"))),
            ])
        }
        "proxy_get_property" => {
            let mut all = buffer(vec![]);
            for (word, size) in [
                ("2 bytes", 2),
                ("3 bytes", 3),
                ("4 bytes", 4),
                ("7 bytes", 7),
                ("9 bytes", 9),
                ("16 bytes", 16),
                ("64 KiB", 65_536),
            ] {
                all.push((word, Effect::bytes(move |_| vec![b'1'; size])));
            }
            all
        }
        "proxy_call_foreign_function" => {
            let mut all = buffer(vec![]);
            // Protobuf that isn't: wire types, lengths past the end, an endless varint.
            for (word, bytes) in [
                ("result as text", &b"\x0a\x01\x01"[..]),
                (
                    "an endless varint",
                    &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
                ),
                ("an error past the end", b"\x12\x7fx"),
                ("a group", b"\x0b"),
                ("field 0", b"\x00\x01"),
                ("true under another number", b"\x18\x01"),
                ("true, then false", b"\x08\x01\x08\x00"),
            ] {
                all.push((word, Effect::bytes(move |_| bytes.to_vec())));
            }
            all
        }
        "proxy_get_buffer_bytes" => buffer(vec![]),
        "proxy_get_shared_data" => buffer(vec![
            ("64 KiB", Effect::bytes(|_| vec![b'1'; 65_536])),
            ("version 0", Effect::Number(0)),
            ("version 2^32-1", Effect::Number(u64::from(u32::MAX))),
        ]),
        "proxy_set_shared_data" => vec![("not done", Effect::Status(status::OK))],
        "proxy_get_current_time_nanoseconds" => vec![
            ("silent", Effect::Silent),
            ("the year 1970", Effect::Number(0)),
            ("the end of time", Effect::Number(u64::MAX)),
            ("2^63", Effect::Number(1 << 63)),
        ],
        "proxy_define_metric" => {
            vec![("silent", Effect::Silent), ("number 2^32-1", Effect::Number(u64::from(u32::MAX)))]
        }
        "environ_sizes_get" => {
            vec![("2^32-1", Effect::Number(u64::from(u32::MAX))), ("2^31", Effect::Number(1 << 31))]
        }
        _ => vec![],
    }
}

fn nudge(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if let Some(byte) = out.get_mut(at) {
        *byte = byte.wrapping_add(1);
    }
    out
}

fn one_more(bytes: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut headers = Headers::decode(bytes).unwrap_or_default();
    headers.add(name, value);
    headers.encode()
}

/// The same bytes every time, and no two alike.
fn noise(bytes: &[u8]) -> Vec<u8> {
    let mut x = 0x9e37_79b9_u32;
    (0..bytes.len().max(16))
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            x as u8
        })
        .collect()
}
