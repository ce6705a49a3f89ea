//! Why a request has no answer.

use std::error::Error;
use std::io;

/// Why a request has no status.
#[derive(Debug)]
pub enum Failure {
    /// It failed, and may be made again.
    NoAnswer {
        text: String,
        /// The server may have got it.
        sent: bool,
        /// With which bytes the answer begins, if it is no HTTP.
        first_bytes: Vec<u8>,
    },
    /// No request can be made, and trying again does not help. `kind` is what is wrong.
    Impossible { kind: &'static str, text: String },
    /// Nothing is sent any more.
    Halted,
}

impl Failure {
    pub fn unsent(text: impl Into<String>) -> Failure {
        Failure::NoAnswer {
            text: text.into(),
            sent: false,
            first_bytes: Vec::new(),
        }
    }

    pub fn sent(text: impl Into<String>) -> Failure {
        Failure::NoAnswer {
            text: text.into(),
            sent: true,
            first_bytes: Vec::new(),
        }
    }

    pub fn impossible(kind: &'static str, text: impl Into<String>) -> Failure {
        let text = text.into();
        Failure::Impossible { kind, text }
    }

    /// The same where it was the proxy that TLS was spoken with.
    pub fn of_proxy(self) -> Failure {
        match self {
            Failure::Impossible {
                kind: "certificate",
                text,
            } => Failure::impossible("proxy certificate", text),
            Failure::Impossible {
                kind: "tls" | "http2",
                text,
            } => Failure::impossible("proxy tls", text),
            Failure::NoAnswer { text, .. } => {
                let text = text.trim_start_matches("no connection: ");
                Failure::unsent(format!("no connection with the proxy: {text}"))
            }
            other => other,
        }
    }
}

/// Finds an error of a type among an error and its causes.
pub fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An io::Error hides what it carries from `source`.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match inner {
            Some(inner) => next = Some(inner),
            None => next = error.source(),
        }
    }
    None
}

/// The text of an error of the system, without its number.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let text = &text[..end];
    let lookup = "failed to lookup address information: ";
    text.strip_prefix(lookup).unwrap_or(text).to_owned()
}
