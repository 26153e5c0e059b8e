//! Words of libraries, of Rust and of the system's insides that no user has to understand.

/// They show that an error was passed on as it came.
const RAW: &[&str] = &[
    "panicked",
    "RUST_BACKTRACE",
    "Os {",
    "(os error",
    "Error(",
    "Error {",
    "Err(",
    "Some(",
    "ErrorKind",
    "rumqttc",
    "reqwest",
    "hyper",
    "rustls",
    "webpki",
    "tungstenite",
    "object_store",
    "Generic S3",
    "ParquetError",
    "Parquet error",
    "Parquet argument error",
    "ArrowError",
    "Arrow error",
    "DataFusion",
    "SQL error",
    "ParserError",
    "serde",
    "expected value at line",
    "invalid digit found in string",
    "InvalidCertificate",
    "NotValidForName",
    "UnknownIssuer",
    "invalid peer certificate",
    "received fatal alert",
    "InvalidContentType",
    "invalid HTTP",
    "deadline has elapsed",
    "error sending request",
    "builder error",
    "<?xml",
    "<Error>",
    "called `",
    "src/",
    ".rs:",
];

/// Those that stand in a text.
pub(super) fn words(text: &str) -> Vec<&'static str> {
    RAW.iter().copied().filter(|it| text.contains(it)).collect()
}
