//! What is counted outlives VMs and configurations, and what was written by
//! somebody else opens nothing and stops nobody for good.

use tenant_guard_host_tests::{Host, Outcome, SharedData};

use crate::common::counting::*;
use crate::common::*;

fn blocked(host: &mut Host) -> bool {
    host.request(&with_wrong_key()).outcome.short() == "429 authentication_blocked"
}

#[test]
fn counts_survive_a_new_vm() {
    let shared = SharedData::new();
    let document = counting([3, 3, 3]);
    let mut host = document.worker(&shared);
    assert_eq!(host.admitted(&first_key(), 2), 2);
    (0..3).for_each(|_| drop(host.request(&with_wrong_key())));
    drop(host);
    let mut host = document.worker(&shared);
    assert!(blocked(&mut host));
    assert_eq!(host.admitted(&first_key(), 5), 1);
}

#[test]
fn counts_survive_a_new_configuration() {
    let shared = SharedData::new();
    let mut host = counting([3, 3, 3]).worker(&shared);
    assert_eq!(host.admitted(&first_key(), 2), 2);
    (0..3).for_each(|_| drop(host.request(&with_wrong_key())));
    // The limits rise, and what was used is used.
    assert!(host.reconfigure(&counting([5, 6, 7]).0.to_string()));
    assert!(blocked(&mut host));
    assert_eq!(host.admitted(&first_key(), 9), 3);
    // They fall below what was used.
    assert!(host.reconfigure(&counting([4, 4, 4]).0.to_string()));
    assert_eq!(host.admitted(&first_key(), 9), 0);
    host.advance(3_600);
    assert_eq!(host.admitted(&first_key(), 9), 0, "the key's limit is a day's");
    assert!(host.reconfigure(&counting([4, 4, 9]).0.to_string()));
    assert_eq!(host.admitted(&first_key(), 9), 4);
}

#[test]
fn an_invalid_new_configuration_leaves_the_old_one_in_force() {
    let mut host = counting([3, 3, 3]).worker(&SharedData::new());
    assert_eq!(host.admitted(&first_key(), 2), 2);
    for bad in ["", "{}", "{\"version\": 1, \"bogus\": 1}"] {
        assert!(!host.reconfigure(bad), "{bad:?}");
    }
    assert_eq!(host.admitted(&first_key(), 9), 1);
    assert_eq!(host.dead(), None);
}

/// Bytes of any length, the same each time.
fn rubbish() -> impl Iterator<Item = Vec<u8>> {
    let mut x = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x
    };
    let noise = (0..250).map(move |n| {
        let size = if n % 2 == 0 { next() % 600 } else { next() % 40 * 4 };
        (0..size).map(|_| next() as u8).collect()
    });
    let plain = [0, 1, 15, 16, 20, 28, 36, 56, 448, 476, 65_536];
    let plain = plain.into_iter().flat_map(|size| [0, 0x31, 0xff].map(|byte| vec![byte; size]));
    noise.chain(plain)
}

/// With the checksum that pages of limits end in.
fn summed(mut value: Vec<u8>) -> Vec<u8> {
    let step = |sum: u32, byte: &u8| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let sum = value.iter().fold(0x811c_9dc5, step);
    value.extend(sum.to_le_bytes());
    value
}

#[test]
fn rubbish_in_place_of_counts_is_refused_until_it_is_gone() {
    let shared = SharedData::new();
    let mut host = counting([3, 3, 3]).worker(&shared);
    assert_eq!(host.admitted(&first_key(), 1), 1);
    for name in shared.names(VM_ID) {
        let (whole, _) = shared.get(VM_ID, &name).unwrap();
        // As it would be without the checksum, too.
        for value in rubbish().chain([whole[..whole.len() - 4].to_vec()]) {
            shared.set(VM_ID, &name, &value, 0);
            let run = host.request(&first_key());
            assert!(limiter_unavailable(&run.outcome), "{value:?}: {:?}", run.outcome);
            assert_eq!(shared.get(VM_ID, &name).unwrap().0, value, "it is left alone");
        }
        shared.set(VM_ID, &name, &whole, 0);
    }
    assert_eq!((host.admitted(&first_key(), 9), counted(&shared)), (2, 9));
}

/// Nobody can write that; if somebody does, the VM lives.
#[test]
fn rubbish_with_the_right_checksum_traps_nothing() {
    let shared = SharedData::new();
    let mut host = counting([3, 3, 3]).worker(&shared);
    host.request(&first_key());
    let names = shared.names(VM_ID);
    for value in rubbish() {
        for name in &names {
            shared.set(VM_ID, name, summed(value.clone()), 0);
        }
        let run = host.request(&first_key());
        assert!(!matches!(run.outcome, Outcome::Trapped(_)), "{value:?}: {:?}", run.outcome);
        assert!(value.len() % 16 == 0 || limiter_unavailable(&run.outcome), "{value:?}");
    }
}

#[test]
fn rubbish_in_place_of_failures_is_forgotten() {
    let shared = SharedData::new();
    let mut host = counting([3, 3, 3]).worker(&shared);
    host.request(&with_wrong_key());
    let names = shared.names(VM_ID);
    let [name] = names.as_slice() else { panic!("{names:?}") };
    for value in rubbish() {
        shared.set(VM_ID, name, &value, 0);
        for expected in [[false; 3].as_slice(), &[true]].concat() {
            assert_eq!(blocked(&mut host), expected, "{value:?}");
        }
    }
}
