//! Where limits stand, as responses tell it.

use super::rate::Rate;
use crate::denial::Level;

/// `limits.headers`: which headers responses carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderStyles {
    /// `X-Rate-Limit-Limit`, `-Remaining` and `-Reset`.
    pub(crate) x_rate_limit: bool,
    /// `RateLimit` and `RateLimit-Policy`
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    pub(crate) ratelimit: bool,
}

/// One limit, and how much of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quota {
    /// `None` for a subject's own.
    pub(super) level: Option<Level>,
    pub(super) action: Option<String>,
    pub(super) rate: Rate,
    pub(super) used: u32,
    /// When the window ends, in seconds since the epoch.
    pub(super) end: u32,
}

impl Quota {
    fn remaining(&self) -> u32 {
        self.rate.count.saturating_sub(self.used)
    }

    /// What it says, and whose it is.
    pub(super) fn rule(&self) -> String {
        let (count, seconds) = (self.rate.count, self.rate.window.seconds());
        format!("limits of {}: {count} in {seconds} s", self.name())
    }

    /// Whose it is, and of which action.
    pub(super) fn name(&self) -> String {
        let level = self.level.map_or("subject", Level::name);
        match &self.action {
            Some(action) => format!("{level}/{action}"),
            None => level.to_owned(),
        }
    }
}

/// All limits of a request, from the tenant down. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quotas {
    quotas: Vec<Quota>,
    /// Whether this request is among those that count.
    charged: bool,
    now: u32,
}

impl Quotas {
    pub(super) fn new(quotas: Vec<Quota>, charged: bool, now: u32) -> Self {
        Self { quotas, charged, now }
    }

    pub(super) fn is_charged(&self) -> bool {
        self.charged
    }

    /// The limit that keeps the request out for longest, where one does.
    pub(super) fn reached(&self) -> Option<&Quota> {
        let full = self.quotas.iter().filter(|quota| !self.charged && quota.remaining() == 0);
        // Of several that end together it is the widest.
        full.rev().max_by_key(|quota| quota.end)
    }

    /// How long until a limit's window ends, in seconds; at least one, since
    /// clocks tell whole ones.
    pub(super) fn seconds_to(&self, quota: &Quota) -> u64 {
        u64::from(quota.end.saturating_sub(self.now).max(1))
    }

    /// The limit with the least left; of several, the one that lasts longest.
    fn tightest(&self) -> Option<&Quota> {
        let key = |quota: &&Quota| (quota.remaining(), core::cmp::Reverse(quota.end));
        self.reached().or_else(|| self.quotas.iter().min_by_key(key))
    }

    /// Each limit: whose it is, where it stands, and whether it refuses.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn facts(&self) -> Vec<(Option<Level>, String, bool)> {
        let reached = self.reached();
        let facts = self.quotas.iter().map(|quota| {
            let rule = format!("{}, {} used", quota.rule(), quota.used);
            (quota.level, rule, reached.is_some_and(|reached| core::ptr::eq(reached, quota)))
        });
        facts.collect()
    }

    /// The headers of a response.
    pub(crate) fn headers(&self, styles: HeaderStyles) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        let Some(tightest) = self.tightest() else {
            return headers;
        };
        if styles.x_rate_limit {
            headers.push(("x-rate-limit-limit", tightest.rate.count.to_string()));
            headers.push(("x-rate-limit-remaining", tightest.remaining().to_string()));
            headers.push(("x-rate-limit-reset", tightest.end.to_string()));
        }
        if styles.ratelimit {
            let (name, left) = (tightest.name(), tightest.remaining());
            let seconds = self.seconds_to(tightest);
            headers.push(("ratelimit", format!("\"{name}\";r={left};t={seconds}")));
            let policy = |quota: &Quota| {
                let (count, window) = (quota.rate.count, quota.rate.window.seconds());
                format!("\"{}\";q={count};w={window}", quota.name())
            };
            let policies: Vec<String> = self.quotas.iter().map(policy).collect();
            headers.push(("ratelimit-policy", policies.join(", ")));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: HeaderStyles = HeaderStyles { x_rate_limit: true, ratelimit: true };

    fn quota(level: Level, rate: &str, used: u32, end: u32) -> Quota {
        let rate = Rate::parse(rate).unwrap();
        Quota { level: Some(level), action: None, rate, used, end }
    }

    fn headers(quotas: &Quotas) -> Vec<String> {
        let headers = quotas.headers(BOTH);
        headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    #[test]
    fn responses_tell_of_the_limit_with_the_least_left() {
        let tenant = quota(Level::Tenant, "1000/hour", 990, 3_600);
        let client = quota(Level::Client, "10/min", 7, 120);
        let quotas = Quotas::new(vec![tenant, client], true, 100);
        assert_eq!(
            headers(&quotas),
            [
                "x-rate-limit-limit: 10",
                "x-rate-limit-remaining: 3",
                "x-rate-limit-reset: 120",
                "ratelimit: \"client\";r=3;t=20",
                "ratelimit-policy: \"tenant\";q=1000;w=3600, \"client\";q=10;w=60",
            ]
        );
    }

    #[test]
    fn a_refusal_tells_of_the_limit_that_lasts_longest() {
        let tenant = quota(Level::Tenant, "10/min", 10, 120);
        let key = quota(Level::Key, "10/hour", 10, 3_600);
        let quotas = Quotas::new(vec![tenant.clone(), key.clone()], false, 100);
        assert_eq!(quotas.reached(), Some(&key));
        assert_eq!(quotas.seconds_to(&key), 3_500);
        assert_eq!(headers(&quotas)[2], "x-rate-limit-reset: 3600");
        // Of two that end together the wider one is named.
        let client = quota(Level::Client, "5/min", 5, 120);
        let quotas = Quotas::new(vec![tenant.clone(), client], false, 100);
        assert_eq!(quotas.reached(), Some(&tenant));
    }

    #[test]
    fn the_last_request_that_is_let_in_leaves_nothing_and_reaches_nothing() {
        let quotas = Quotas::new(vec![quota(Level::Tenant, "10/min", 10, 120)], true, 119);
        assert_eq!(quotas.reached(), None);
        assert_eq!(headers(&quotas)[1], "x-rate-limit-remaining: 0");
        assert_eq!(quotas.seconds_to(&quotas.quotas[0]), 1);
    }

    #[test]
    fn only_the_headers_that_are_asked_for_are_there() {
        let quotas = Quotas::new(vec![quota(Level::Tenant, "10/min", 1, 120)], true, 100);
        let names = |x_rate_limit, ratelimit| {
            let headers = quotas.headers(HeaderStyles { x_rate_limit, ratelimit });
            headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert!(names(false, false).is_empty());
        assert_eq!(names(false, true), ["ratelimit", "ratelimit-policy"]);
        assert_eq!(names(true, false).len(), 3);
    }

    #[test]
    fn an_action_is_named_with_its_level() {
        let rate = Rate::parse("1/min").unwrap();
        let action = Some("run.start".to_owned());
        let mut quota = Quota { level: Some(Level::Tenant), action, rate, used: 0, end: 60 };
        assert_eq!(quota.name(), "tenant/run.start");
        quota = Quota { level: None, action: None, ..quota };
        assert_eq!(quota.name(), "subject");
    }
}
