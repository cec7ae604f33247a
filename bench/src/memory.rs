//! The linear memory of the VMs in a process.

use std::fs;
use std::ops::Range;

/// What V8 reserves for a VM's linear memory on 64-bit machines, in bytes: all
/// that 32 bits and an offset of 32 bits can reach.
const RESERVED: u64 = 8 << 30;

/// How large the linear memories are, in bytes, all VMs together.
pub fn linear(process: u32) -> u64 {
    each(process).iter().sum()
}

/// How large the linear memory of each VM is, in bytes. They are told by their
/// place: a writable part, and behind it the rest of what is reserved for it.
pub fn each(process: u32) -> Vec<u64> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
    sizes(&maps)
}

fn sizes(maps: &str) -> Vec<u64> {
    let mappings: Vec<(Range<u64>, &str)> = maps.lines().filter_map(mapping).collect();
    let pairs = mappings.windows(2);
    pairs
        .filter_map(|pair| {
            let [(used, first), (rest, second)] = pair else { return None };
            let together = used.end == rest.start && rest.end - used.start == RESERVED;
            let found = together && first.starts_with("rw") && second.starts_with("---");
            found.then_some(used.end - used.start)
        })
        .collect()
}

/// `start-end permissions …`, in hexadecimal.
fn mapping(line: &str) -> Option<(Range<u64>, &str)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(start)?..number(end)?, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_memory_is_told_by_what_is_reserved_behind_it() {
        let maps = "7fc000000000-7fc0009d0000 rw-p 00000000 00:00 0 \n\
                    7fc0009d0000-7fc200000000 ---p 00000000 00:00 0 \n\
                    7fc300000000-7fc300800000 rw-p 00000000 00:00 0 [stack]\n\
                    7fc300800000-7fc340000000 ---p 00000000 00:00 0 \n\
                    7fc400000000-7fc400130000 rw-p 00000000 00:00 0 \n\
                    7fc400130000-7fc600000000 ---p 00000000 00:00 0 \n";
        assert_eq!(sizes(maps), [0x9d_0000, 0x13_0000]);
        assert!(sizes("").is_empty());
    }
}
