//! Sends rows to an HTTP API: one thread of its own makes the requests. It asks Python only about
//! answers that are unusual.

mod address;
mod connection;
mod dial;
mod exchange;
mod failure;
mod inbox;
mod limits;
mod quota;
mod request;
mod row_ranges;
mod row_shape;
mod row_text;
mod runner;
mod settings;
mod tls;

pub mod client;
pub mod outbox;
pub mod request_plan;
