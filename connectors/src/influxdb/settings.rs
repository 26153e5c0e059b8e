//! The options with their values, as a run begins.

use super::line::Precision;
use crate::backoff::{Waits, waits};
use crate::common::no_url;
use dsl::plan::Args;
use engine::error::{Error, Result};
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::time::Duration;

/// All that the sink was told.
pub(super) struct Settings {
    pub(super) place: ServerPlace,
    /// The version that was given.
    pub(super) version: Option<u8>,
    pub(super) precision: Precision,
    /// The most points of a request.
    pub(super) points: usize,
    pub(super) linger: Duration,
    pub(super) gzip: bool,
    pub(super) waits: Waits,
    pub(super) give_up: Option<Duration>,
}

/// Where the server is, what is written there, and who we are.
pub(super) struct ServerPlace {
    /// As it is typed.
    pub(super) shown: String,
    pub(super) base: Url,
    pub(super) target: Target,
    pub(super) login: Login,
    pub(super) tls: Tls,
}

/// What points are written into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Database(String),
    Bucket { org: String, bucket: String },
}

/// Who we are. Never shown.
pub(super) enum Login {
    Nobody,
    Token(String),
    Password { user: String, password: String },
}

/// Paths of PEM files.
#[derive(Debug, Default)]
pub(super) struct Tls {
    pub(super) ca: Option<String>,
    pub(super) cert: Option<(String, String)>,
}

impl Settings {
    /// Reads the options.
    pub(super) fn read(args: &Args) -> Result<Self> {
        let time = |micros: i64| Duration::from_micros(micros.unsigned_abs());
        let version = args.opt_int("version")?.and_then(|it| u8::try_from(it).ok());
        let retry = args.value("retry")?;
        Ok(Self {
            place: ServerPlace::read(args)?,
            version,
            precision: Precision::of(args.choice("precision")?),
            points: usize::try_from(args.int("batch")?).unwrap_or(1).max(1),
            linger: time(args.duration("linger")?),
            gzip: args.bool("gzip")?,
            waits: waits(retry).map_err(|why| Error::user(format!("`retry`: {why}")))?,
            give_up: args.opt_duration("give_up")?.map(time),
        })
    }
}

impl ServerPlace {
    fn read(args: &Args) -> Result<Self> {
        let text =
            |option| -> Result<Option<String>> { Ok(args.opt_text(option)?.map(str::to_owned)) };
        let shown = args.text("url")?.to_owned();
        let base = base(&shown).map_err(|why| Error::user(format!("`url`: {why}")))?;
        let target = match (text("database")?, text("org")?, text("bucket")?) {
            (Some(database), ..) => Target::Database(database),
            (None, Some(org), Some(bucket)) => Target::Bucket { org, bucket },
            _ => return Err(Error::user("`influxdb` needs `database`, or `org` and `bucket`")),
        };
        let named = match &target {
            Target::Database(database) => !database.is_empty(),
            Target::Bucket { org, bucket } => !org.is_empty() && !bucket.is_empty(),
        };
        if !named {
            return Err(Error::user("`database`, `org` and `bucket` cannot be empty"));
        }
        let login = match (text("token")?, text("username")?) {
            (Some(token), _) => Login::Token(token),
            (None, Some(user)) => {
                Login::Password { user, password: text("password")?.unwrap_or_default() }
            }
            (None, None) => Login::Nobody,
        };
        Ok(Self { shown, base, target, login, tls: Tls::read(args)? })
    }
}

impl Tls {
    fn read(args: &Args) -> Result<Self> {
        let Some(tls) = args.opt_record("tls")? else { return Ok(Self::default()) };
        let text =
            |option| -> Result<Option<String>> { Ok(tls.opt_text(option)?.map(str::to_owned)) };
        Ok(Self { ca: text("ca")?, cert: text("cert")?.zip(text("key")?) })
    }
}

impl Login {
    /// The header that says who we are. `bearer`: how the token is announced.
    pub(super) fn header(&self, bearer: bool) -> Result<Option<HeaderValue>> {
        use base64::Engine;
        let (option, text) = match self {
            Login::Nobody => return Ok(None),
            Login::Token(token) if bearer => ("token", format!("Bearer {token}")),
            Login::Token(token) => ("token", format!("Token {token}")),
            Login::Password { user, password } => {
                let pair = format!("{user}:{password}");
                let pair = base64::engine::general_purpose::STANDARD.encode(pair);
                ("password", format!("Basic {pair}"))
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            // The cause would show the value.
            Error::user(format!(
                "`{option}` has a line break or another control character; was a file read with its last line break?"
            ))
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// The address of the server, to which the paths of its endpoints are added.
pub(super) fn base(text: &str) -> Result<Url, String> {
    let wanted = "expected a server's address like `http://localhost:8086`";
    let url =
        Url::parse(text).map_err(|error| format!("{wanted}, found `{text}`{}", no_url(error)))?;
    if !url.username().is_empty() || url.password().is_some() {
        // The text is not repeated: it has a password.
        return Err(
            "user and password have options of their own: `username`, `password`".to_owned()
        );
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{wanted}, found `{}:`", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("{wanted}, found `{text}`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "{wanted}; database, token and the like have options of their own, and nothing stands behind the path"
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_mistakes_explained() {
        assert_eq!(base("http://localhost:8086").unwrap().as_str(), "http://localhost:8086/");
        assert_eq!(base("https://a/influx").unwrap().path(), "/influx");
        for (text, part) in [
            ("localhost:8086", "found `localhost:`"),
            ("localhost", "expected a server's address"),
            ("mqtt://localhost", "found `mqtt:`"),
            ("http://me:pw@localhost", "`username`, `password`"),
            ("http://localhost/?db=a", "options of their own"),
            ("http://", "expected a server's address"),
        ] {
            let message = base(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
            assert!(!message.contains("pw"), "{message}");
        }
    }

    #[test]
    fn a_login_is_never_shown() {
        let token = Login::Token("s3cret".to_owned());
        let header = token.header(false).unwrap().unwrap();
        assert_eq!(header.to_str().unwrap(), "Token s3cret");
        assert!(!format!("{header:?}").contains("s3cret"));
        assert_eq!(token.header(true).unwrap().unwrap().to_str().unwrap(), "Bearer s3cret");
        let broken = Login::Token("s3cret\n".to_owned()).header(false).unwrap_err().to_string();
        assert!(broken.contains("line break") && !broken.contains("s3cret"), "{broken}");
        let login = Login::Password { user: "a".to_owned(), password: "b".to_owned() };
        assert_eq!(login.header(false).unwrap().unwrap().to_str().unwrap(), "Basic YTpi");
    }
}
