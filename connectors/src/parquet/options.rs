//! The options of the sink: each is read by one function that says what is wrong with a value. The checker runs those
//! whose values stand in the file; when a run starts they run again over all of them.

use crate::backoff::{Waits, waits};
use crate::common::no_url;
use dsl::plan::Args;
use engine::error::{Error, Result};
use std::path::PathBuf;
use std::time::Duration;

/// Where the files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A folder on a disk.
    Folder(PathBuf),
    /// A bucket, and a prefix without `/` at its ends.
    Bucket { bucket: String, prefix: String },
}

/// When a file is whole: whatever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Roll {
    /// About this many bytes.
    pub(super) size: u64,
    /// Exactly this many rows.
    pub(super) rows: u64,
    /// This long after its first row.
    pub(super) every: Duration,
}

/// How an object store is reached. Never printed: it holds the secret.
#[derive(Clone, Default)]
pub(super) struct Access {
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    /// The key and its secret.
    pub(super) keys: Option<(String, String)>,
    pub(super) session_token: Option<String>,
}

/// The options that do not depend on columns.
pub(super) struct Options {
    pub(super) location: Location,
    pub(super) roll: Roll,
    pub(super) access: Access,
    pub(super) waits: Waits,
}

impl Options {
    /// Reads them from a closed plan.
    pub(super) fn read(args: &Args) -> Result<Options> {
        let wrong = |option: &'static str| move |why| Error::user(format!("`{option}`: {why}"));
        let location = location(args.text("path")?).map_err(wrong("path"))?;
        let roll = roll(args.record("roll")?)?;
        let text = |name| args.opt_text(name).map(|it| it.map(str::to_owned));
        let access = Access {
            endpoint: text("endpoint")?,
            region: text("region")?,
            keys: keys(args.opt_text("access_key")?, args.opt_text("secret_key")?)
                .map_err(|(option, why)| wrong(option)(why))?,
            session_token: text("session_token")?,
        };
        if let Some(endpoint) = &access.endpoint {
            check_endpoint(endpoint).map_err(wrong("endpoint"))?;
        }
        let waits = waits(args.value("retry")?).map_err(wrong("retry"))?;
        Ok(Options { location, roll, access, waits })
    }
}

/// Reads `path`.
pub(super) fn location(path: &str) -> Result<Location, String> {
    let wanted = "expected a folder like `lake` or an object store's `s3://bucket/prefix`";
    let Some((scheme, rest)) = path.split_once("://") else {
        if path.starts_with("s3:") {
            return Err(format!("{wanted}, found `{path}`"));
        }
        return match path {
            "" => Err(format!("{wanted}, found nothing")),
            "-" => Err(format!("{wanted}; standard output holds rows, not files")),
            _ => Ok(Location::Folder(PathBuf::from(path))),
        };
    };
    match scheme {
        "s3" | "s3a" => {}
        "file" => return Err(format!("a folder is written without `file:`: `{rest}`")),
        "gs" | "gcs" | "az" | "abfs" | "abfss" | "adl" => {
            return Err(format!("`{scheme}:` is not in this version; {wanted}"));
        }
        _ => return Err(format!("{wanted}, found `{scheme}:`")),
    }
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.contains(['@', ':']) {
        // Whatever stands there may be a secret.
        return Err(
            "keys have options of their own: `access_key`, `secret_key`; a server has `endpoint`"
                .to_owned(),
        );
    }
    let named = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_');
    if bucket.is_empty() || !bucket.chars().all(named) {
        return Err(format!("{wanted}, found the bucket `{bucket}`"));
    }
    let prefix = prefix.trim_matches('/');
    let odd = |it: &str| it.is_empty() || it == "." || it == "..";
    if !prefix.is_empty() && prefix.split('/').any(odd)
        || prefix.contains(['?', '#', '\\', '*'])
        || prefix.chars().any(char::is_control)
    {
        return Err(format!("{wanted}, found the prefix `{prefix}`"));
    }
    Ok(Location::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

/// Reads `roll`.
pub(super) fn roll(args: &Args) -> Result<Roll> {
    let rows = args.opt_int("rows")?.map_or(u64::MAX, i64::unsigned_abs);
    let every = Duration::from_micros(args.duration("every")?.unsigned_abs());
    Ok(Roll { size: args.size("size")?, rows, every })
}

/// Reads `endpoint`.
pub(super) fn check_endpoint(text: &str) -> Result<(), String> {
    let wanted = "expected a server like `https://minio.plant:9000`";
    // The text may hold a secret in the place of a user, so it is shown only where it cannot.
    let url = url::Url::parse(text).map_err(|error| format!("{wanted}{}", no_url(error)))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("keys have options of their own: `access_key`, `secret_key`".to_owned());
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("{wanted}, found `{text}`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{wanted}; nothing may stand behind the path, found `{text}`"));
    }
    Ok(())
}

type Keys = Option<(String, String)>;

/// Reads `access_key` and `secret_key`, which need each other.
fn keys(access: Option<&str>, secret: Option<&str>) -> Result<Keys, (&'static str, String)> {
    match (access, secret) {
        (Some(access), Some(secret)) => Ok(Some((access.to_owned(), secret.to_owned()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(("access_key", "it needs a `secret_key` too".to_owned())),
        (None, Some(_)) => Err(("secret_key", "it needs an `access_key` too".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(bucket: &str, prefix: &str) -> Location {
        Location::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    #[test]
    fn paths_are_folders_or_buckets() {
        assert_eq!(location("lake"), Ok(Location::Folder("lake".into())));
        assert_eq!(location("/data/a:b"), Ok(Location::Folder("/data/a:b".into())));
        assert_eq!(location("s3://plant"), Ok(bucket("plant", "")));
        assert_eq!(location("s3://plant/lake/raw/"), Ok(bucket("plant", "lake/raw")));
    }

    #[test]
    fn what_no_path_can_be_is_told_without_secrets() {
        for (path, part) in [
            ("", "found nothing"),
            ("-", "standard output"),
            ("s3:plant", "found `s3:plant`"),
            ("s3:///lake", "found the bucket ``"),
            ("s3://plant/a//b", "found the prefix `a//b`"),
            ("s3://plant/../b", "found the prefix"),
            ("s3://plant/a?x=1", "found the prefix"),
            ("s3://key:hunter2@plant/a", "`access_key`"),
            ("gs://plant/a", "not in this version"),
            ("file:///data/lake", "without `file:`: `/data/lake`"),
            ("https://plant/lake", "found `https:`"),
        ] {
            let message = location(path).unwrap_err();
            assert!(message.contains(part), "{path}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn endpoints_are_servers() {
        assert_eq!(check_endpoint("http://127.0.0.1:9000"), Ok(()));
        assert_eq!(check_endpoint("https://s3.example.org"), Ok(()));
        for text in ["minio:9000", "127.0.0.1", "ftp://a", "http://a?b", "https://key:hunter2@a"] {
            let message = check_endpoint(text).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_key_and_its_secret_need_each_other() {
        assert!(keys(Some("a"), None).is_err() && keys(None, Some("a")).is_err());
    }
}
