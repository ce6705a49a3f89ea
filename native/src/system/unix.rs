//! Unix: everything is a file descriptor.

use std::fs::File;
use std::io::{self, Error, ErrorKind};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::FileExt;

pub use std::os::unix::net::UnixStream as Socket;

/// Opens once more what Python has open. Both have one position.
pub fn duplicate(number: i64) -> io::Result<File> {
    let descriptor = RawFd::try_from(number).map_err(|_| Error::from(ErrorKind::InvalidInput))?;
    // SAFETY: the caller keeps its descriptor open during this call.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    Ok(File::from(borrowed.try_clone_to_owned()?))
}

/// Reads from a place; several threads may.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    file.read_at(buffer, at)
}

/// Two sockets: what is written to one can be read from the other.
pub fn pair() -> io::Result<(Socket, Socket)> {
    Socket::pair()
}

/// The number by which Python waits for it.
pub fn number_of(socket: &Socket) -> i64 {
    socket.as_raw_fd().into()
}
