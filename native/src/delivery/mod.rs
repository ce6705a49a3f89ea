//! Delivers rows to an API: packs them into the bodies of requests, sends requests as long as answers
//! are plain successes, and records which rows are decided.

pub mod answer;
pub mod connection_poller;
pub mod credit;
pub mod outbox;
pub mod request;
pub mod request_stream;
mod row_ranges;
