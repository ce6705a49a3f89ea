//! Windows: files and sockets are handles, and only sockets can be waited for.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::windows::fs::FileExt;
use std::os::windows::io::{AsRawSocket, BorrowedHandle, RawHandle};

pub use std::net::TcpStream as Socket;

/// Opens once more what Python has open: `msvcrt.get_osfhandle` gives the number. Both have one
/// position.
pub fn duplicate(number: i64) -> io::Result<File> {
    // SAFETY: the caller keeps its handle open during this call.
    let borrowed = unsafe { BorrowedHandle::borrow_raw(number as RawHandle) };
    Ok(File::from(borrowed.try_clone_to_owned()?))
}

/// Reads from a place; several threads may. It moves the position of the file.
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    file.seek_read(buffer, at)
}

/// Two sockets: what is written to one can be read from the other.
pub fn pair() -> io::Result<(Socket, Socket)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let one = Socket::connect(listener.local_addr()?)?;
    one.set_nodelay(true)?;
    loop {
        let (other, from) = listener.accept()?;
        // Any process of this host may connect, too.
        if from == one.local_addr()? {
            return Ok((one, other));
        }
    }
}

/// The number by which Python waits for it.
pub fn number_of(socket: &Socket) -> i64 {
    socket.as_raw_socket() as i64
}
