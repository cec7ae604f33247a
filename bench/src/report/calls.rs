//! Single calls as a table.

use super::interval;
use super::table::Table;
use crate::calls::{Cost, TIMES};
use crate::rounds::Plan;

/// What each call costs.
pub fn calls(costs: &[Cost], plan: Plan) -> String {
    let mut table = Table::new(&["what", "CPU µs each", "95 % interval"]);
    for cost in costs {
        let each = format!("{:.2}", cost.found.value);
        table.row([cost.name.to_owned(), each, interval(cost.found)]);
    }
    format!(
        "## Calls between Envoy and a plugin\n\n\
        CPU time of {TIMES} calls a request less that of none, for each call; medians of {} rounds of {} requests each. \
        A request header that is set, added or removed makes Envoy choose the route anew, once however many there are: that has a row of its own, and is no part of the others.\n\n{table}\n",
        plan.rounds, plan.requests
    )
}
