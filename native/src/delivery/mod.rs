//! Deliveries: packs rows into the bodies of requests, sends them while answers are plain successes,
//! and keeps which rows are decided.

pub mod answer;
pub mod connection_poller;
pub mod credit;
pub mod outbox;
pub mod request;
pub mod request_stream;
mod row_ranges;
