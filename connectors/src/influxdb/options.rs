//! The options, as users read about them.

use super::line::Precision;
use crate::backoff::retry_param;
use dsl::signature::{Constant, Param, Takes, TypeClass};
use dsl::types::Type;

/// Every option, in the order of the reference.
pub(super) fn params() -> Vec<Param> {
    let mut params = place();
    params.extend(points());
    params.extend(requests());
    params
}

/// Where the server is, and who we are.
fn place() -> Vec<Param> {
    let text = |name, doc| Param::option(name, Takes::Constant(Constant::String), doc);
    vec![
        text("url", "Where the server is: `http://host:8086` or `https://…`.").required(),
        Param::option(
            "version",
            Takes::Constant(Constant::Int),
            "The version of InfluxDB whose endpoint is written to; the server is asked unless given.",
        )
        .within("1..3"),
        text("database", "The database, for InfluxDB 1 and 3. It has to exist."),
        text("org", "The organization, for InfluxDB 2."),
        text("bucket", "The bucket, for InfluxDB 2. It has to exist."),
        text("token", "The API token; take it from `env(\"…\")` or `secret(\"…\")`.").secret(),
        text("username", "The user, where the server asks for one and no `token` is used."),
        text("password", "The user's password; take it from `env(\"…\")` or `secret(\"…\")`.").secret(),
        Param::option(
            "tls",
            Takes::Record(vec![
                text("ca", "A PEM file with the authorities that may have signed the server's certificate; those of the system unless given."),
                text("cert", "A PEM file with our certificate, where the server asks for one."),
                text("key", "A PEM file with the key of that certificate."),
            ]),
            "How an `https:` server is known, and how it knows us.",
        ),
    ]
}

/// What a row becomes.
fn points() -> Vec<Param> {
    vec![
        Param::option(
            "measurement",
            Takes::Expr(TypeClass::Is(Type::String)),
            "The measurement of each row: a text, or an expression over the row.",
        )
        .required(),
        Param::option(
            "tags",
            Takes::Columns,
            "The columns that are tags. With the measurement they name the series of a row.",
        ),
        Param::option(
            "fields",
            Takes::Columns,
            "The columns that are fields; unless given, all that neither `tags` nor `time` nor `measurement` names.",
        ),
        Param::option(
            "time",
            Takes::Expr(TypeClass::Is(Type::Timestamp)),
            "The time of each point; `meta.time` unless given. Behind `aggregate` it has to be given: `window.start`.",
        ),
        Param::option(
            "precision",
            Takes::Choice(Precision::WORDS),
            "The unit of the times that are sent. What is finer is cut off.",
        )
        .default("ns"),
    ]
}

/// How points are sent.
fn requests() -> Vec<Param> {
    let duration = |name, doc| Param::option(name, Takes::Constant(Constant::Duration), doc);
    vec![
        Param::option(
            "batch",
            Takes::Constant(Constant::Int),
            "The most points of a request, which has at most 4 MiB before it is packed.",
        )
        .within("1..1000000")
        .default("5000"),
        duration("linger", "How long a point waits for others to share its request with.")
            .within("0s..1h")
            .default("1s"),
        Param::option(
            "gzip",
            Takes::Constant(Constant::Bool),
            "Whether requests are packed: less to send, a little more to compute.",
        )
        .default("true"),
        retry_param(),
        duration(
            "give_up",
            "How long a row is tried before it goes to the sink's `.errors`; where nobody reads those, the run fails then. \
             Without it, rows are tried until they are written.",
        )
        .within("1ms.."),
    ]
}
