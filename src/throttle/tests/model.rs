//! The throttle against its definition, as long as no page is full.

use proptest::prelude::*;

use super::*;

/// Two addresses of each client.
const CLIENTS: [[&str; 2]; 4] = [
    ["192.0.2.1", "::ffff:192.0.2.1"],
    ["192.0.2.2", "192.0.2.2"],
    ["2001:db8:0:1::1", "2001:db8:0:1::2"],
    ["2001:db8:0:2::1", "2001:db8:0:2:3::"],
];

/// A throttle that remembers every failure, by client and time in seconds.
struct Model(Throttle, Vec<(usize, f64)>);

impl Model {
    fn blocked(&self, client: usize, now: f64) -> Option<u64> {
        let Throttle { limit, window, block } = self.0;
        let window_of = |time: f64| (time / f64::from(window)).floor();
        let times = || self.1.iter().filter(|(whose, _)| *whose == client).map(|(_, time)| *time);
        let blocks = times().enumerate().filter(|(at, time)| {
            let until = times().take(at + 1);
            until.filter(|before| window_of(*before) == window_of(*time)).count() >= limit as usize
        });
        let ends = blocks.map(|(_, time)| time.floor() + f64::from(block));
        let left = ends.fold(0.0, f64::max) - now.floor();
        (left > 0.0).then_some(left.ceil() as u64)
    }

    fn record(&mut self, client: usize, now: f64) {
        if self.blocked(client, now).is_none() {
            self.1.push((client, now));
        }
    }
}

proptest! {
    #[test]
    fn it_answers_as_a_throttle_that_remembers_everything(
        limit in 1_u32..5,
        window in 1_u32..40,
        block in 1_u32..60,
        // Whose failure, from which address, after how many quarters of a
        // second, and how many writes are overtaken.
        failures in prop::collection::vec((0_usize..4, 0_usize..2, 0_u32..30, 0_usize..16), 0..80),
    ) {
        let throttle = Throttle { limit, window, block };
        let mut model = Model(throttle, Vec::new());
        let host = FixedHost::at(NOW);
        let mut now = NOW;
        for (client, address, later, overtaken) in failures {
            now += f64::from(later) / 4.0;
            host.set(now);
            host.overtaken.set(overtaken);
            throttle.record(ip(CLIENTS[client][address]), &host).unwrap();
            host.overtaken.set(0);
            model.record(client, now);
            for (client, addresses) in CLIENTS.iter().enumerate() {
                let expected = model.blocked(client, now);
                for address in addresses {
                    prop_assert_eq!(throttle.blocked(ip(address), &host), Ok(expected));
                }
            }
        }
    }
}
