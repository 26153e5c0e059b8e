//! Uploads that dead runs never completed: nobody sees them, and they cost money. They are taken away at the next start.
//!
//! An upload is one of ours if the name of its file says so. Its run is dead if its lock on this machine can be had; of a
//! run on another machine nothing is known, and its uploads are taken away when they are so old that no file is written
//! that long.

use super::errors::tag;
use super::local::lock_file;
use super::store::Locks;
use super::upload::Uploads;
use engine::time::Timestamp;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use std::sync::Arc;
use std::time::Duration;

/// No file is written longer than that.
const OLD: Timestamp = 24 * 3_600_000_000;
/// A listing is asked for at once, or not at all.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// A page holds a thousand uploads; more pages are left to the next start.
const PAGES_MAX: usize = 20;

/// An upload that was not completed.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    key: String,
    id: String,
    /// RFC 3339.
    begun: String,
}

/// A page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    uploads: Vec<Found>,
    /// Where the next page begins, if there is one: key and id.
    next: Option<(String, String)>,
}

/// Takes away what earlier runs of `job` left below `prefix`; `ours` is the number of this run, `now` the time of day.
pub(super) async fn sweep(
    uploads: Arc<Uploads>,
    prefix: String,
    job: String,
    ours: u64,
    locks: Locks,
    name: String,
    now: Timestamp,
) {
    let outcome = swept(&uploads, &prefix, &job, ours, &locks, now).await;
    crate::common::lock(&uploads.state).swept = true;
    uploads.changed.notify_all();
    match outcome {
        Ok(0) => {}
        Ok(count) => {
            tracing::info!(
                name,
                uploads = count,
                "Took away uploads that an earlier run had not completed"
            );
        }
        Err(why) => tracing::info!(
            name,
            reason = why,
            "Uploads that earlier runs did not complete cannot be listed; a lifecycle rule of the bucket takes them away"
        ),
    }
}

async fn swept(
    uploads: &Uploads,
    prefix: &str,
    job: &str,
    ours: u64,
    locks: &Locks,
    now: Timestamp,
) -> Result<usize, String> {
    let (mut count, mut next) = (0, None);
    for _page in 0..PAGES_MAX {
        let page = list(uploads, prefix, next).await?;
        for found in page.uploads {
            let Some(run) = run_of(&found.key, job).filter(|it| *it != ours) else { continue };
            if uploads.retry.is_stopped() {
                return Ok(count);
            }
            if is_dead(locks, run) || is_old(&found.begun, now) {
                let path = Path::parse(&found.key).map_err(|error| error.to_string())?;
                if uploads.store.abort_multipart(&path, &found.id).await.is_ok() {
                    count += 1;
                }
            }
        }
        match page.next {
            Some(it) => next = Some(it),
            None => break,
        }
    }
    for run in 1..ours {
        // Their uploads are gone, so nobody needs to know any more that they are dead.
        if is_dead(locks, run) {
            drop(std::fs::remove_file(locks.path(run)));
        }
    }
    Ok(count)
}

/// The run that a file belongs to: `JOB-RUN-SEQ.parquet`.
fn run_of(key: &str, job: &str) -> Option<u64> {
    let name = key.rsplit('/').next()?;
    let numbers = name.strip_suffix(".parquet")?.strip_prefix(job)?.strip_prefix('-')?;
    let (run, sequence) = numbers.split_once('-')?;
    sequence.parse::<u64>().ok()?;
    run.parse().ok()
}

/// Whether a run of this machine is known to be dead.
fn is_dead(locks: &Locks, run: u64) -> bool {
    lock_file(&locks.path(run), false).is_ok_and(|it| it.try_lock().is_ok())
}

fn is_old(begun: &str, now: Timestamp) -> bool {
    chrono::DateTime::parse_from_rfc3339(begun)
        .is_ok_and(|it| it.timestamp_micros().saturating_add(OLD) < now)
}

/// One page of the uploads below a prefix. The library cannot list them, but signs any request.
async fn list(
    uploads: &Uploads,
    prefix: &str,
    next: Option<(String, String)>,
) -> Result<Page, String> {
    let mut query = vec![("uploads".to_owned(), String::new())];
    if !prefix.is_empty() {
        query.push(("prefix".to_owned(), format!("{prefix}/")));
    }
    if let Some((key, id)) = next {
        query.push(("key-marker".to_owned(), key));
        query.push(("upload-id-marker".to_owned(), id));
    }
    let options = SignedUrlOptions::default().with_query(query);
    let root = Path::default();
    let url =
        uploads.store.signed_url_opts(reqwest::Method::GET, &root, ANSWER_MAX, &options).await;
    let url = url.map_err(|error| error.to_string())?;
    // The address holds a signature, so it stays out of what is said.
    let client = reqwest::Client::builder().timeout(ANSWER_MAX).build();
    let client = client.map_err(|error| error.without_url().to_string())?;
    let answer = client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    let body = answer.text().await.map_err(|error| error.without_url().to_string())?;
    if !status.is_success() {
        return Err(format!("the server answers with status {status}, {}", tag(&body, "Code")));
    }
    Ok(page(&body))
}

/// Reads a `ListMultipartUploadsResult`.
fn page(body: &str) -> Page {
    let mut uploads = Vec::new();
    for part in body.split("<Upload>").skip(1) {
        let (key, id, begun) = (tag(part, "Key"), tag(part, "UploadId"), tag(part, "Initiated"));
        if !key.is_empty() && !id.is_empty() {
            uploads.push(Found { key, id, begun });
        }
    }
    let next = (tag(body, "NextKeyMarker"), tag(body, "NextUploadIdMarker"));
    let more = tag(body, "IsTruncated") == "true" && !next.0.is_empty();
    Page { uploads, next: more.then_some(next) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_of_a_run_are_told_from_their_names() {
        assert_eq!(run_of("lake/day=1/p.s-0007-000003.parquet", "p.s"), Some(7));
        assert_eq!(run_of("p.s-12345-1000000.parquet", "p.s"), Some(12345));
        for key in [
            "lake/p.s2-0007-000003.parquet",
            "p.s-0007.parquet",
            "p.s-a-000003.parquet",
            "p.s-0007-0001-000003.parquet",
            "",
        ] {
            assert_eq!(run_of(key, "p.s"), None, "{key}");
        }
    }

    #[test]
    fn a_listing_is_read() {
        let body = "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker>\
            <NextUploadIdMarker>9</NextUploadIdMarker><Upload><Key>a&amp;b/c.parquet</Key><UploadId>7</UploadId>\
            <Initiated>2026-01-31T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>";
        let found = Found {
            key: "a&b/c.parquet".to_owned(),
            id: "7".to_owned(),
            begun: "2026-01-31T00:00:00.000Z".to_owned(),
        };
        assert_eq!(
            page(body),
            Page { uploads: vec![found], next: Some(("b".to_owned(), "9".to_owned())) }
        );
        assert_eq!(page("<html>"), Page::default());
    }

    #[test]
    fn only_what_is_older_than_any_file_is_old() {
        let begun = "2026-01-31T00:00:00Z";
        let micros = chrono::DateTime::parse_from_rfc3339(begun).unwrap().timestamp_micros();
        assert!(!is_old(begun, micros + OLD));
        assert!(is_old(begun, micros + OLD + 1));
        assert!(!is_old("yesterday", i64::MAX));
    }
}
