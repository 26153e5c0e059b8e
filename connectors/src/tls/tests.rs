//! Tests: files that can be used, and what is said about those that cannot.

use super::*;
use crate::testing::Folder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A file of an authority, of a certificate that it signed, and of its key.
fn made(folder: &Folder) -> (PathBuf, PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(vec!["device".to_owned()]).unwrap();
    let cert = cert.signed_by(&own, &issuer).unwrap();
    let put = |name: &str, text: String| PathBuf::from(folder.write(name, text));
    (put("ca.pem", ca.pem()), put("cert.pem", cert.pem()), put("key.pem", own.serialize_pem()))
}

#[test]
fn files_that_fit_are_taken() {
    let folder = Folder::new();
    let (ca, cert, key) = made(&folder);
    let config = Files { ca: Some(ca), own: Some((cert, key)) }.load().unwrap();
    assert!(config.client_auth_cert_resolver.has_certs());
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_option() {
    let folder = Folder::new();
    let (ca, cert, key) = made(&folder);
    let put = |name: &str, text: &[u8]| PathBuf::from(folder.write(name, text));
    let noise = put("noise.pem", &[0xff, 0x00, 0x17]);
    let cut = put("cut.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n");
    let locked = put(
        "locked.pem",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let missing = PathBuf::from(folder.path("missing.pem"));
    let strange = put("strange.pem", KeyPair::generate().unwrap().serialize_pem().as_bytes());
    let why = |ca: &PathBuf, own: Option<(&PathBuf, &PathBuf)>| {
        let own = own.map(|(cert, key)| (cert.clone(), key.clone()));
        Files { ca: Some(ca.clone()), own }.load().unwrap_err()
    };
    for (message, option, file, part) in [
        (why(&missing, None), "tls.ca", &missing, "No such file"),
        (why(&noise, None), "tls.ca", &noise, "no certificate in PEM form"),
        (why(&cut, None), "tls.ca", &cut, "is cut off"),
        (why(&key, None), "tls.ca", &key, "no certificate in PEM form"),
        (why(&ca, Some((&noise, &key))), "tls.cert", &noise, "no certificate in PEM form"),
        (why(&ca, Some((&cert, &noise))), "tls.key", &noise, "no private key in PEM form"),
        (why(&ca, Some((&cert, &locked))), "tls.key", &locked, "passphrase"),
        (why(&ca, Some((&cert, &strange))), "tls.key", &strange, "not the key of the certificate"),
    ] {
        assert!(message.starts_with(&format!("`{option}`: ")), "{message}");
        assert!(message.contains(&file.display().to_string()), "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn failed_handshakes_are_explained() {
    let explain = |why| Files::default().explain(&rustls::Error::InvalidCertificate(why), "broker");
    let day = |secs| UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs));
    let expired = CertificateError::ExpiredContext { time: day(200_000), not_after: day(100_000) };
    assert!(explain(expired).contains("expired on 1970-01-02"));
    assert!(explain(CertificateError::UnknownIssuer).contains("tls: { ca: \"…\" }"));
    let names = vec!["DnsName(\"localhost\")".to_owned(), "IpAddress(127.0.0.1)".to_owned()];
    let expected = rustls::pki_types::ServerName::try_from("broker").unwrap();
    let name = CertificateError::NotValidForNameContext { expected, presented: names };
    assert!(explain(name).contains("it is for `localhost`, `127.0.0.1`"));
    let alert = |own: Option<&str>, alert| {
        let own = own.map(|it| (PathBuf::from(it), PathBuf::from("key")));
        Files { ca: None, own }.explain(&rustls::Error::AlertReceived(alert), "broker")
    };
    assert!(alert(None, AlertDescription::CertificateRequired).contains("give `tls: { cert:"));
    let unknown = alert(Some("mine.pem"), AlertDescription::UnknownCA);
    assert!(unknown.contains("`mine.pem` (`tls.cert`): an unknown authority"), "{unknown}");
    assert!(alert(Some("mine.pem"), AlertDescription::CertificateExpired).contains("renew"));
}

#[test]
fn the_cause_is_found_inside_of_what_wraps_it() {
    let inner = rustls::Error::DecryptError;
    let error = std::io::Error::other(std::io::Error::other(inner.clone()));
    assert_eq!(cause(&error), Some(&inner));
    assert_eq!(cause(&std::io::Error::other("else")), None);
}
