//! How to start a host.

use std::path::Path;

use crate::host::Purpose;
use crate::plan::Plan;
use crate::verify::Verify;
use crate::world::World;
use crate::{Host, SecondHost, SharedData};

/// How to start a host, where [`Host::load`] says too little.
pub struct Setup {
    world: World,
}

impl Setup {
    /// With this configuration document.
    pub fn new(document: &str) -> Self {
        Self { world: World::new(document) }
    }

    /// With these environment variables.
    pub fn environment(mut self, variables: &[(&str, &str)]) -> Self {
        self.world.environment =
            variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self
    }

    /// With these faults from the first instruction on.
    pub fn faults(mut self, plan: Plan) -> Self {
        self.world.plan = plan;
        self
    }

    /// With this `verify_signature`.
    pub fn verify(mut self, verify: Verify) -> Self {
        self.world.verify = verify;
        self
    }

    /// As one of the workers that share these values.
    pub fn shared(mut self, shared: &SharedData) -> Self {
        self.world.shared = shared.clone();
        self
    }

    /// With these clusters for HTTP calls. There are none otherwise.
    pub fn clusters(mut self, names: &[&str]) -> Self {
        self.world.callouts.clusters = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// With this `plugin_vm_id` instead of `tests`. Shared values belong to it.
    pub fn vm_id(mut self, vm_id: &str) -> Self {
        self.world.vm_id = Some(vm_id.to_owned());
        self
    }

    /// Without a `plugin_vm_id`: there is no such property. Shared values
    /// belong to the empty id then. The second host's is empty.
    pub fn without_vm_id(mut self) -> Self {
        self.world.vm_id = None;
        self
    }

    /// Starts: `_initialize`, `on_vm_start`, `on_configure`.
    pub fn start(self, path: impl AsRef<Path>) -> Host {
        Host::start(path.as_ref(), Purpose::Tests, self.world)
    }

    /// The same, compiled to run fast, and so that `perf` can name the plugin's
    /// functions: wasmtime writes `/tmp/perf-<pid>.map`.
    pub fn start_profiled(self, path: impl AsRef<Path>) -> Host {
        Host::start(path.as_ref(), Purpose::Profile, self.world)
    }

    /// The same in the second host.
    pub fn start_second(self, path: impl AsRef<Path>) -> SecondHost {
        SecondHost::start(path.as_ref(), self.world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Headers, Request, status};

    fn vm_id(mut setup: Setup) -> Result<Vec<u8>, u32> {
        setup.world.property(b"plugin_vm_id")
    }

    #[test]
    fn a_vm_id_may_be_empty_or_not_there() {
        assert_eq!(vm_id(Setup::new("")), Ok(b"tests".to_vec()));
        assert_eq!(vm_id(Setup::new("").vm_id("other")), Ok(b"other".to_vec()));
        assert_eq!(vm_id(Setup::new("").vm_id("")), Ok(Vec::new()));
        assert_eq!(vm_id(Setup::new("").without_vm_id()), Err(status::NOT_FOUND));
    }

    #[test]
    fn shared_values_belong_to_the_vm_id() {
        let shared = SharedData::new();
        for (setup, id) in [
            (Setup::new("").shared(&shared), "tests"),
            (Setup::new("").vm_id("other").shared(&shared), "other"),
            (Setup::new("").shared(&shared).without_vm_id(), ""),
        ] {
            let mut world = setup.world;
            assert_eq!(world.set_shared(b"a", id.as_bytes(), 0), status::OK);
            assert_eq!(shared.get(id, "a"), world.shared(b"a"));
            assert_eq!(shared.get(id, "a").unwrap().0, id.as_bytes());
        }
    }

    #[test]
    fn http_calls_go_to_the_clusters_named_and_to_no_others() {
        let mut world = Setup::new("").clusters(&["idp", "other"]).world;
        world.roots.insert(1, None);
        world.effective = 1;
        let headers = Headers::of(&[(":method", "GET"), (":path", "/"), (":authority", "a")]);
        let mut call = |cluster: &[u8]| {
            world.http_call(cluster, headers.clone(), vec![], Headers::default(), 0)
        };
        assert_eq!((call(b"idp"), call(b"other")), (Ok(1), Ok(2)));
        assert_eq!(
            (call(b"idq"), call(b"")),
            (Err(status::BAD_ARGUMENT), Err(status::BAD_ARGUMENT))
        );
    }

    #[test]
    fn a_stream_has_a_client_and_no_peer_unless_the_request_says_otherwise() {
        let mut world = World::new("");
        let mut addresses = |request: Request| {
            world.begin(1, &request, 0);
            [&b"source\0address"[..], b"filter_state\0tenant_guard.peer"]
                .map(|path| world.property(path).map(|value| String::from_utf8(value).unwrap()))
        };
        let none = Err(status::NOT_FOUND);
        let request = || Request::get("/");
        assert_eq!(addresses(request()), [Ok("203.0.113.7:41000".into()), none.clone()]);
        assert_eq!(
            addresses(request().client("[2001:db8::1]:80").peer("192.0.2.1:80")),
            [Ok("[2001:db8::1]:80".into()), Ok("192.0.2.1:80".into())]
        );
        let nothing = request().without_property(&["source", "address"]);
        assert_eq!(addresses(nothing), [none.clone(), none]);
    }
}
