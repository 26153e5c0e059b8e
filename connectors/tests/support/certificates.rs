//! Certificates of a plant that exists for one test: an authority, and what it signs, as files.
//!
//! They may be expired, of a stranger, or renewed while a server runs, which those that all servers of `tests/servers` share
//! cannot be.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of certificates. Dropping it removes it.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a certificate and its key.
#[derive(Clone, Debug)]
pub struct Pair {
    pub cert: String,
    pub key: String,
}

/// Tells authorities of one process apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Valid {
    Now,
    UntilLastYear,
}

impl Authority {
    pub fn new() -> Self {
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("weir-certificates-{process}-{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        let (issuer, pem) = made();
        put(&folder.join("ca.pem"), &pem);
        Self { folder, issuer }
    }

    /// Becomes another authority, in the same files.
    pub fn renew(&mut self) {
        let (issuer, pem) = made();
        put(&self.folder.join("ca.pem"), &pem);
        self.issuer = issuer;
    }

    /// The file of its own certificate.
    pub fn ca(&self) -> String {
        self.path("ca.pem")
    }

    /// The path of a file in its folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// A certificate for a server of this name, in the files `server.pem` and `server.key`.
    pub fn server(&self, name: &str, valid: Valid) -> Pair {
        self.sign("server", name, ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    /// A certificate for a client of this name, in files of that name.
    pub fn client(&self, name: &str, valid: Valid) -> Pair {
        self.sign(name, name, ExtendedKeyUsagePurpose::ClientAuth, valid)
    }

    fn sign(&self, file: &str, name: &str, usage: ExtendedKeyUsagePurpose, valid: Valid) -> Pair {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        if valid == Valid::UntilLastYear {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let put = |end: &str, text: &str| put(&self.folder.join(format!("{file}.{end}")), text);
        Pair { cert: put("pem", &cert.pem()), key: put("key", &key.serialize_pem()) }
    }
}

/// As a whole or not at all, as those do who rotate certificates.
fn put(path: &Path, text: &str) -> String {
    let aside = path.with_extension("new");
    std::fs::write(&aside, text).unwrap();
    std::fs::rename(&aside, path).unwrap();
    path.to_str().unwrap().to_owned()
}

impl Drop for Authority {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// An authority and its certificate.
fn made() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let name = format!("authority {}", NEXT.fetch_add(1, Ordering::Relaxed));
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}
