//! TLS for connectors: the option `tls: { ca, cert, key }`, the files that it names, and what a failed handshake means.
//!
//! ```text
//!  tls: { ca, cert, key } ──► Files ──read, for every connection anew──► ClientConfig ──► handshake ──► explained
//! ```
//!
//! Files are read again for every connection, so a certificate that was renewed on disk is used from the next one on.

use crate::crypto::ensure_crypto;
use dsl::plan::{ArgError, Args};
use dsl::signature::{Constant, Param, Takes};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, ConfigBuilder, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where systems keep the authorities that they trust, the most common place first.
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The option of every connector that speaks TLS.
pub(crate) fn param() -> Param {
    let file = |name, doc| Param::option(name, Takes::Constant(Constant::String), doc);
    Param::option(
        "tls",
        Takes::Record(vec![
            file(
                "ca",
                "The authorities that may have signed the server's certificate, a PEM file; those of the system unless given.",
            ),
            file(
                "cert",
                "Our own certificate, where the server wants one, and those that lead to its authority: a PEM file.",
            ),
            file("key", "The private key of `cert`, without a passphrase, a PEM file."),
        ]),
        "Files for TLS, all PEM. They are read for every connection anew, so renewed ones are used from the next connection on.",
    )
}

/// The files that a connection is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    ca: Option<PathBuf>,
    /// Certificate and key.
    own: Option<(PathBuf, PathBuf)>,
}

impl Files {
    /// Those that the option names. The inner error says what is wrong with it.
    pub(crate) fn of(args: &Args) -> Result<Result<Self, String>, ArgError> {
        let Some(tls) = args.opt_record("tls")? else { return Ok(Ok(Self::default())) };
        let path = |name| tls.opt_text(name).map(|it| it.map(PathBuf::from));
        let own = match (path("cert")?, path("key")?) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            (Some(_), None) => {
                return Ok(Err("`cert` needs its private key, `key`, too".to_owned()));
            }
            (None, Some(_)) => {
                return Ok(Err("`key` needs its certificate, `cert`, too".to_owned()));
            }
        };
        Ok(Ok(Self { ca: path("ca")?, own }))
    }

    /// Reads the files. An error names the one that cannot be used.
    fn load(&self) -> Result<Arc<ClientConfig>, String> {
        ensure_crypto();
        let (roots, from) = match &self.ca {
            Some(path) => (certificates("tls.ca", path)?, path.as_path()),
            None => system_roots()?,
        };
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(roots);
        if added == 0 {
            return Err(format!(
                "`tls.ca`: `{}` has no certificate that can be used",
                from.display()
            ));
        }
        let builder = ClientConfig::builder().with_root_certificates(store);
        Ok(Arc::new(match &self.own {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => with_own(builder, cert, key)?,
        }))
    }

    /// What a failed handshake with `host` means, and what to do about it.
    pub(crate) fn explain(&self, error: &rustls::Error, host: &str) -> String {
        match error {
            rustls::Error::InvalidCertificate(why) => self.explain_certificate(why, host),
            rustls::Error::AlertReceived(alert) => self.explain_alert(*alert),
            rustls::Error::InvalidMessage(_) => {
                "what answers does not speak TLS; is it the right port?".to_owned()
            }
            other => format!("{other}"),
        }
    }

    fn explain_certificate(&self, why: &CertificateError, host: &str) -> String {
        match why {
            // Of an authority that only has the same name, the signature is another one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => match &self.ca {
                Some(ca) => format!(
                    "its certificate was signed by no authority of `{}` (`tls.ca`); name the file of the one that did",
                    ca.display()
                ),
                None => "its certificate was signed by no authority that this system trusts; name the file of the one \
                         that did: `tls: { ca: \"…\" }`".to_owned(),
            },
            CertificateError::Expired => "its certificate has expired; it has to be renewed there".to_owned(),
            CertificateError::ExpiredContext { not_after, .. } => format!(
                "its certificate expired on {}; it has to be renewed there",
                date(*not_after)
            ),
            CertificateError::NotValidYet => {
                "its certificate is not valid yet; is the clock of this machine right?".to_owned()
            }
            CertificateError::NotValidYetContext { not_before, .. } => format!(
                "its certificate is valid from {} on; is the clock of this machine right?",
                date(*not_before)
            ),
            CertificateError::NotValidForName => {
                format!("its certificate is not one for `{host}`; write the name that it is for")
            }
            CertificateError::NotValidForNameContext { presented, .. } => format!(
                "its certificate is not one for `{host}`, it is for {}; write a name that it is for",
                names(presented)
            ),
            CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
                "its certificate is that of an authority, such as one that signs itself; it needs one of its own, signed \
                 by the authority".to_owned()
            }
            other => format!("its certificate cannot be used ({other})"),
        }
    }

    fn explain_alert(&self, alert: AlertDescription) -> String {
        let ours = self.own.as_ref().map(|(cert, _)| cert.display().to_string());
        match (alert, ours) {
            // Of a certificate that is not there some servers say that it is bad.
            (
                AlertDescription::CertificateRequired
                | AlertDescription::HandshakeFailure
                | AlertDescription::BadCertificate,
                None,
            ) => {
                "it wants a certificate of ours; give `tls: { cert: \"…\", key: \"…\" }`".to_owned()
            }
            (AlertDescription::CertificateExpired, Some(cert)) => {
                format!("our certificate `{cert}` (`tls.cert`) has expired; renew it")
            }
            (AlertDescription::CertificateRevoked, Some(cert)) => {
                format!("our certificate `{cert}` (`tls.cert`) is revoked; replace it")
            }
            (
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::AccessDenied
                | AlertDescription::DecryptError
                | AlertDescription::CertificateRequired
                | AlertDescription::HandshakeFailure,
                Some(cert),
            ) => format!(
                "it does not take our certificate `{cert}` (`tls.cert`): {}; has an authority signed it that it trusts?",
                alert_words(alert)
            ),
            (AlertDescription::ProtocolVersion, _) => {
                "it speaks neither TLS 1.2 nor TLS 1.3".to_owned()
            }
            (alert, _) => format!("it ends the handshake: {}", alert_words(alert)),
        }
    }
}

/// Reads the files of a connection beside the other work: a list of authorities is long.
pub(crate) async fn load(files: &Files) -> Result<Arc<ClientConfig>, String> {
    let files = files.clone();
    let loaded = tokio::task::spawn_blocking(move || files.load()).await;
    loaded.unwrap_or_else(|error| Err(format!("`tls`: the files could not be read: {error}")))
}

/// The error of the TLS library somewhere inside another one.
pub(crate) fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An I/O error shows what is inside of what it wraps, not what it wraps.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|it| it as &(dyn std::error::Error + 'static)).or(error.source());
    }
    None
}

/// With a certificate of ours.
fn with_own(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    cert: &Path,
    key: &Path,
) -> Result<ClientConfig, String> {
    let chain = certificates("tls.cert", cert)?;
    let text = read("tls.key", key)?;
    let private = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let encrypted = text.windows(9).any(|it| it == b"ENCRYPTED");
        let why = match error {
            _ if encrypted => "is protected by a passphrase; give one without".to_owned(),
            pem::Error::NoItemsFound => "is no private key in PEM form".to_owned(),
            other => format!("is no private key in PEM form ({other})"),
        };
        format!("`tls.key`: `{}` {why}", key.display())
    })?;
    builder.with_client_auth_cert(chain, private).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => format!(
            "`tls.key`: `{}` is not the key of the certificate `{}`",
            key.display(),
            cert.display()
        ),
        other => format!("`tls.cert`: `{}` and its key cannot be used ({other})", cert.display()),
    })
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("`{option}`: cannot read `{}`: {error}", path.display()))
}

/// All certificates of a file, at least one.
fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(option, path)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("`{option}`: `{}` has no certificate in PEM form", path.display())),
        Err(pem::Error::MissingSectionEnd { .. }) => Err(format!(
            "`{option}`: `{}` is cut off: a certificate in it has no end",
            path.display()
        )),
        Err(error) => Err(format!("`{option}`: `{}` is not in PEM form ({error})", path.display())),
    }
}

/// The authorities that this system trusts.
fn system_roots() -> Result<(Vec<CertificateDer<'static>>, &'static Path), String> {
    let mut places = SYSTEM_ROOTS.iter().map(Path::new);
    let Some(path) = places.find(|it| it.is_file()) else {
        return Err("this system names no authorities that it trusts; name a file of them: `tls: { ca: \"…\" }`".to_owned());
    };
    Ok((certificates("tls.ca", path)?, path))
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    chrono::DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| "an unknown day".to_owned(), |it| it.format("%Y-%m-%d").to_string())
}

/// `DnsName("localhost")` as `` `localhost` ``.
fn names(presented: &[String]) -> String {
    const MOST: usize = 5;
    let bare = |it: &String| {
        let inside = it.split_once('(').map_or(it.as_str(), |(_, it)| it.trim_end_matches(')'));
        format!("`{}`", inside.trim_matches('"'))
    };
    match presented {
        [] => "no name at all".to_owned(),
        some => some.iter().take(MOST).map(bare).collect::<Vec<_>>().join(", "),
    }
}

/// `BadCertificate` as `bad certificate`.
fn alert_words(alert: AlertDescription) -> String {
    let mut text = String::new();
    for letter in format!("{alert:?}").chars() {
        let starts =
            letter.is_ascii_uppercase() && !text.ends_with(|it: char| it.is_ascii_uppercase());
        if starts && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter);
    }
    text.to_lowercase().replace("unknown ca", "an unknown authority")
}

#[cfg(test)]
mod tests;
