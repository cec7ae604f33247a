//! One tenant per request, by whole decisions.

mod assertions;
mod claims;
mod names;
mod order;
mod reach;
mod table;
