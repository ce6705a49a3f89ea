//! The encodings that rows are written in: one file for each, and the trait that all implement.

mod column_key;
mod encoder;
mod json;
mod mariadb;
mod postgres;
pub mod sqlite;
mod text;
pub mod time_text;

pub use column_key::ColumnKey;
pub use encoder::{Encoder, OwnKind, Width};
pub use json::JsonEncoder;
pub use mariadb::MariadbEncoder;
pub use postgres::PostgresEncoder;
pub use sqlite::SqliteEncoder;
pub use text::TextEncoder;
