//! What `proxy-wasm-host` leaves to its embedder, answered by our [`World`].

use std::borrow::Cow;
use std::ops::ControlFlow;

use proxy_wasm_host::abi::v0_2_1::types::{BufferType, MapType, Status};
use proxy_wasm_host::abi::v0_2_1::{Access, ForeignCall, Invocation, LocalResponse, StreamState};
use proxy_wasm_host::{Buffer, HeaderMap, NotAllowed, PairVisitor};

use super::{ONLY, ours};
use crate::Headers;
use crate::outcome::Reply;
use crate::plan::{Callback, Effect};
use crate::world::World;

impl World {
    /// Notes the hostcall and what the plan says of it.
    fn pass(&mut self, call: Invocation, name: &'static str) -> Result<(), Status> {
        self.enter_callback(call.callback.map_or(Callback::Initialize, ours), ONLY);
        match self.enter(name) {
            Some(Effect::Status(status)) => {
                let status =
                    Status::try_from(status as i32).map_err(|_| Status::InternalFailure)?;
                self.records.calls.last_mut().unwrap().1.status = i32::from(status) as u32;
                Err(status)
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, status: u32) -> Result<(), Status> {
        self.records.calls.last_mut().unwrap().1.status = status;
        if status == 0 {
            Ok(())
        } else {
            Err(Status::try_from(status as i32).unwrap_or(Status::InternalFailure))
        }
    }
}

impl StreamState for World {
    fn header_map(
        &mut self,
        call: Invocation,
        access: Access,
        map: MapType,
    ) -> Result<&mut dyn HeaderMap, Status> {
        let write = access == Access::Write;
        self.pass(
            call,
            if write { "proxy_replace_header_map_value" } else { "proxy_get_header_map_pairs" },
        )?;
        self.map(i32::from(map) as u32, write)
            .map(|headers| headers as &mut dyn HeaderMap)
            .ok_or(Status::BadArgument)
    }

    fn buffer(
        &mut self,
        call: Invocation,
        _: Access,
        buffer: BufferType,
    ) -> Result<&mut dyn Buffer, Status> {
        self.pass(call, "proxy_get_buffer_bytes")?;
        let _ = buffer;
        Err(Status::NotFound)
    }

    fn send_local_response(
        &mut self,
        call: Invocation,
        response: LocalResponse<'_>,
    ) -> Result<(), Status> {
        self.pass(call, "proxy_send_local_response")?;
        let status = self.reply(Reply {
            status: response.status_code,
            details: String::from_utf8_lossy(&response.status_code_details).into_owned(),
            headers: Headers(
                response
                    .headers
                    .iter()
                    .map(|(n, v)| (n.to_ascii_lowercase(), v.to_vec()))
                    .collect(),
            ),
            body: response.body.to_vec(),
            grpc_status: response.grpc_status,
        });
        self.end(status)
    }

    fn property(
        &mut self,
        call: Invocation,
        path: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Result<(), Status> {
        self.pass(call, "proxy_get_property")?;
        match World::property(self, &path.join(&0)) {
            Ok(value) => {
                out.extend(value);
                Ok(())
            }
            Err(status) => self.end(status),
        }
    }

    fn set_property(
        &mut self,
        call: Invocation,
        path: &[&[u8]],
        value: &[u8],
    ) -> Result<(), Status> {
        self.pass(call, "proxy_set_property")?;
        let status = World::set_property(self, &path.join(&0), value);
        self.end(status)
    }

    fn call_foreign_function(
        &mut self,
        call: Invocation,
        request: ForeignCall<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Status> {
        self.pass(call, "proxy_call_foreign_function")?;
        match self.call_foreign(&request.name, &request.arguments) {
            Ok(result) => {
                out.extend(result);
                Ok(())
            }
            Err(status) => self.end(status),
        }
    }
}

impl HeaderMap for Headers {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let key = key.to_ascii_lowercase();
        self.0.iter().find(|(n, _)| *n == key).map(|(_, v)| Cow::Borrowed(v.as_slice()))
    }

    fn for_each_pair(&self, f: &mut PairVisitor<'_>) -> ControlFlow<()> {
        self.0.iter().try_for_each(|(name, value)| f(name, value))
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), NotAllowed> {
        Headers::set(self, key, value);
        Ok(())
    }

    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), NotAllowed> {
        Headers::add(self, key, value);
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), NotAllowed> {
        Headers::remove(self, key);
        Ok(())
    }

    fn replace_all(&mut self, pairs: &[(&[u8], &[u8])]) -> Result<(), NotAllowed> {
        self.0 = pairs.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.to_vec())).collect();
        Ok(())
    }
}
