//! Which call is made, how often and when.

use std::fmt;
use std::str::FromStr;

/// A call of the host. Those of headers are about the request's headers or the
/// response's, by the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `proxy_get_current_time_nanoseconds`
    Time,
    /// `proxy_get_header_map_pairs`
    Headers,
    /// `proxy_get_header_map_value`, of Authorization
    Header,
    /// `proxy_set_header_map_pairs`, to those that the first message had
    SetHeaders,
    /// `proxy_replace_header_map_value`, each time of another header that isn't there
    ReplaceHeader,
    /// `proxy_add_header_map_value`, each time of another header
    AddHeader,
    /// `proxy_remove_header_map_value`, each time of another header that isn't there
    RemoveHeader,
    /// Adds a header and removes it: two calls
    AddAndRemoveHeader,
    /// `proxy_get_property` of `source.address`
    Address,
    /// `proxy_get_property` of a filter state that another filter has set
    FilterState,
    /// `proxy_set_property`, each time of another property; the first is the
    /// decision that the backstop asks for
    SetProperty,
    /// `proxy_get_shared_data` of a value that is there
    ReadShared,
    /// `proxy_set_shared_data`, whatever is there
    WriteShared,
    /// `proxy_increment_metric` of a counter
    Count,
}

impl Call {
    /// All of them.
    pub const ALL: [Call; 14] = [
        Call::Time,
        Call::Headers,
        Call::Header,
        Call::SetHeaders,
        Call::ReplaceHeader,
        Call::AddHeader,
        Call::RemoveHeader,
        Call::AddAndRemoveHeader,
        Call::Address,
        Call::FilterState,
        Call::SetProperty,
        Call::ReadShared,
        Call::WriteShared,
        Call::Count,
    ];

    /// Its name in a configuration.
    fn word(self) -> &'static str {
        match self {
            Call::Time => "time",
            Call::Headers => "headers",
            Call::Header => "header",
            Call::SetHeaders => "set_headers",
            Call::ReplaceHeader => "replace_header",
            Call::AddHeader => "add_header",
            Call::RemoveHeader => "remove_header",
            Call::AddAndRemoveHeader => "add_and_remove_header",
            Call::Address => "address",
            Call::FilterState => "filter_state",
            Call::SetProperty => "set_property",
            Call::ReadShared => "read_shared",
            Call::WriteShared => "write_shared",
            Call::Count => "count",
        }
    }
}

/// In which callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `proxy_on_request_headers`
    Request,
    /// `proxy_on_response_headers`
    Response,
}

impl Moment {
    const ALL: [Moment; 2] = [Moment::Request, Moment::Response];

    fn word(self) -> &'static str {
        match self {
            Moment::Request => "request",
            Moment::Response => "response",
        }
    }
}

/// What the plugin does for each request. As text it is its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which call.
    pub call: Call,
    /// When.
    pub moment: Moment,
    /// How often. No more than ten headers or properties have names of their own.
    pub times: u8,
}

impl Plan {
    /// No call at all.
    pub const IDLE: Plan = Plan { call: Call::Time, moment: Moment::Request, times: 0 };
}

/// A text that is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.moment.word(), self.call.word(), self.times)
    }
}

impl FromStr for Plan {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Plan, Unknown> {
        let mut words = text.split(' ');
        let (Some(moment), Some(call), Some(times), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Unknown);
        };
        let moment = Moment::ALL.into_iter().find(|known| known.word() == moment);
        let call = Call::ALL.into_iter().find(|known| known.word() == call);
        let (Some(moment), Some(call)) = (moment, call) else { return Err(Unknown) };
        Ok(Plan { call, moment, times: times.parse().map_err(|_| Unknown)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_read_as_it_was_written() {
        for call in Call::ALL {
            for moment in Moment::ALL {
                let plan = Plan { call, moment, times: 10 };
                assert_eq!(plan.to_string().parse(), Ok(plan));
            }
        }
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        let plan = |text: &str| text.parse::<Plan>();
        assert!(plan("request time 1").is_ok());
        for text in ["", "time", "request time", "request nap 1", "later time 1", "request time x"]
        {
            assert_eq!(plan(text), Err(Unknown), "{text}");
        }
        assert_eq!(plan("request time 1 2"), Err(Unknown));
        assert_eq!(plan("request time -1"), Err(Unknown));
    }
}
