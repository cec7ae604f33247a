//! Modules for tests, put together by hand: guests that do what a test wants.

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;

/// The length before the bytes.
pub(crate) fn sized(bytes: Vec<u8>) -> Vec<u8> {
    [unsigned(bytes.len()), bytes].concat()
}

pub(crate) fn section(id: u8, items: &[Vec<u8>]) -> Vec<u8> {
    [vec![id], sized([unsigned(items.len()), items.concat()].concat())].concat()
}

fn unsigned(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Hostcalls and their parameters, as in the gate.
const HOSTCALLS: &[(&str, &str)] = &[
    ("proxy_log", "iii"),
    ("proxy_http_call", "iiiiiiiiii"),
    ("proxy_set_tick_period_milliseconds", "i"),
    ("proxy_set_effective_context", "i"),
    ("proxy_continue_stream", "i"),
    ("proxy_define_metric", "iiii"),
    ("proxy_record_metric", "iI"),
    ("proxy_get_buffer_bytes", "iiiii"),
    ("proxy_get_header_map_pairs", "iii"),
    ("proxy_replace_header_map_value", "iiiii"),
    ("proxy_set_property", "iiii"),
    ("proxy_send_local_response", "iiiiiiii"),
];

/// Callbacks, how many parameters they have, and what they answer unless a
/// test says otherwise.
const CALLBACKS: &[(&str, usize, Option<i64>)] = &[
    ("proxy_on_context_create", 2, None),
    ("proxy_on_vm_start", 2, Some(1)),
    ("proxy_on_configure", 2, Some(1)),
    ("proxy_on_request_headers", 3, Some(0)),
    ("proxy_on_request_body", 3, Some(0)),
    ("proxy_on_request_trailers", 2, Some(0)),
    ("proxy_on_response_headers", 3, Some(0)),
    ("proxy_on_log", 1, None),
    ("proxy_on_done", 1, Some(1)),
    ("proxy_on_delete", 1, None),
    ("proxy_on_tick", 1, None),
    ("proxy_on_http_call_response", 5, None),
];

/// A number on the stack.
pub(crate) fn number(mut value: i64) -> Vec<u8> {
    let mut bytes = vec![0x41];
    while !(-64..64).contains(&value) {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8 & 0x7f);
    bytes
}

/// Keeps a parameter of the callback at this address.
pub(crate) fn keep(address: usize, parameter: u8) -> Vec<u8> {
    [number(address as i64), vec![0x20, parameter, 0x36, 2, 0]].concat()
}

/// The end of the guest.
pub(crate) fn trap() -> Vec<u8> {
    vec![0]
}

/// Calls the host, whatever it answers.
pub(crate) fn call(name: &str, arguments: &[usize]) -> Vec<u8> {
    let index = HOSTCALLS.iter().position(|(known, _)| *known == name).unwrap();
    let types = HOSTCALLS[index].1;
    assert_eq!(arguments.len(), types.len(), "{name}");
    let argument = |(value, kind): (&usize, char)| {
        if kind == 'I' {
            [&[0x42], &number(*value as i64)[1..]].concat()
        } else {
            number(i64::from(*value as i32))
        }
    };
    let mut code: Vec<u8> = arguments.iter().zip(types.chars()).flat_map(argument).collect();
    code.extend([0x10, index as u8, 0x1a]);
    code
}

/// A guest of which each callback logs nothing, so that it is seen, and then
/// does what is said here and answers the number, if it answers any. Its
/// allocator gives new memory each time.
pub(crate) fn guest(does: &[(&str, Vec<u8>, i64)]) -> Vec<u8> {
    let name = |text: &str| sized(text.as_bytes().to_vec());
    let types = |text: &str| {
        let types = text.chars().map(|kind| if kind == 'I' { I64 } else { I32 });
        sized(types.collect())
    };
    let signature =
        |parameters: &str, results: &str| [vec![0x60], types(parameters), types(results)].concat();
    let function = |code: Vec<u8>| sized([vec![0], code, vec![0x0b]].concat());
    let export = |text, kind, index: usize| [name(text), vec![kind], unsigned(index)].concat();

    let mut signatures: Vec<_> = HOSTCALLS.iter().map(|(_, types)| signature(types, "i")).collect();
    let imports: Vec<_> = (HOSTCALLS.iter().enumerate())
        .map(|(index, (text, _))| [name("env"), name(text), vec![0], unsigned(index)].concat())
        .collect();
    let (mut functions, mut exports, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    let mut define = |text, parameters: usize, answers: bool, code| {
        functions.push(unsigned(signatures.len()));
        exports.push(export(text, 0, signatures.len()));
        signatures.push(signature(&"i".repeat(parameters), if answers { "i" } else { "" }));
        bodies.push(function(code));
    };
    for (text, parameters, answer) in CALLBACKS {
        let said = does.iter().find(|(callback, ..)| callback == text);
        let code = said.map(|(_, code, _)| code.clone()).unwrap_or_default();
        let answer = answer.map(|usual| said.map_or(usual, |(.., answer)| *answer));
        let end = answer.map(number).unwrap_or_default();
        let code = [call("proxy_log", &[2, 0, 0]), code, end].concat();
        define(text, *parameters, answer.is_some(), code);
    }
    let allocate = vec![0x23, 0, 0x23, 0, 0x20, 0, 0x6a, 0x24, 0];
    define("proxy_on_memory_allocate", 1, true, allocate);
    exports.push(export("memory", 2, 0));
    let free = [vec![I32, 1], number(0x4000), vec![0x0b]].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &signatures),
        section(2, &imports),
        section(3, &functions),
        section(5, &[vec![0, 1]]),
        section(6, &[free]),
        section(7, &exports),
        section(10, &bodies),
    ]
    .concat()
}
