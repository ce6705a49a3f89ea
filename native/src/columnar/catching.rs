//! Threads for what a library may panic in, for the sake of a damaged file.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::thread;

const THREAD: &str = "columnar";

/// Does work on a thread of its own, whose panics are not printed.
pub fn spawn(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(THREAD.into()).spawn(work)?;
    Ok(())
}

/// Runs what a library may panic in. The panic becomes a sentence.
pub fn catching<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(THREAD) {
                usual(panic);
            }
        }));
    });
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(text.unwrap_or("its content is not valid").to_owned())
    })
}

/// Does the same on a thread of its own, whose panics are not printed.
pub fn catching_apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let thread = thread::Builder::new().name(THREAD.into());
    let ended = thread.spawn(move || catching(work));
    ended
        .map_err(|error| error.to_string())?
        .join()
        .unwrap_or_else(|_| Err("its content is not valid".into()))
}
