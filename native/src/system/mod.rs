//! What each operating system does in its own way: files that Python has open, reads at a place, and
//! a pair of sockets.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use self::unix::{Socket, duplicate, number_of, pair, read_at};
#[cfg(windows)]
pub use self::windows::{Socket, duplicate, number_of, pair, read_at};
