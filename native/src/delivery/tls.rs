//! TLS: which servers are trusted, and how we prove who we are.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};

use super::failure::Failure;
use super::settings::Settings;

/// Gives the configuration of TLS. `protocols` are offered by ALPN.
pub fn configuration(settings: &Settings, protocols: &[&[u8]]) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let trusted = trusted(settings.ca.as_deref())?;
    let mut roots = RootCertStore::empty();
    // A system may have certificates that nothing can be made of.
    roots.add_parsable_certificates(trusted.iter().cloned());
    if roots.is_empty() {
        return Err("no certificates of authorities were found".into());
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { verifier, trusted }));
    let mut configuration = match &settings.cert {
        None => builder.with_no_client_auth(),
        Some(cert) => {
            let chain = certificates(cert)?;
            let path = settings.key.as_ref().unwrap_or(cert);
            let key = PrivateKeyDer::from_pem_file(path).map_err(|error| {
                format!("{path} has no private key without a password: {error}")
            })?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("the client certificate cannot be used: {error}"))?
        }
    };
    configuration.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(configuration)
}

/// Gives the certificates that are trusted: those of a file, or else the system's, which
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` may replace.
fn trusted(ca: Option<&str>) -> Result<Vec<CertificateDer<'static>>, String> {
    match ca {
        Some(path) => certificates(path),
        None => Ok(rustls_native_certs::load_native_certs().certs),
    }
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{path} holds no certificate")),
        Err(error) => Err(format!("{path} holds no certificate: {error}")),
    }
}

/// Verifies as rustls does. It also accepts a trusted certificate that is the server's own, as
/// servers have that sign for themselves.
#[derive(Debug)]
struct Verifier {
    verifier: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (verifier, name) = (&self.verifier, server_name);
        match verifier.verify_server_cert(end_entity, intermediates, name, ocsp_response, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
                // Its dates were good: they are verified before this.
                if other.to_string() == "CaUsedAsEndEntity"
                    && self.trusted.iter().any(|one| one.as_ref() == end_entity.as_ref()) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Says what is wrong where an error of TLS ends a delivery.
pub fn failure(error: &Error) -> Failure {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Failure::impossible("certificate", "no trusted authority has signed it")
        }
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected,
            presented,
        }) => {
            let names = presented.join(", ");
            let expected = expected.to_str();
            Failure::impossible(
                "certificate",
                format!("it is for {names}, not for {expected}"),
            )
        }
        Error::InvalidCertificate(error) => Failure::impossible("certificate", error.to_string()),
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => Failure::impossible("client certificate", error.to_string()),
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            Failure::impossible("http2", "it offers other protocols")
        }
        error => Failure::impossible("tls", error.to_string()),
    }
}
