//! What the checker says about the word before anything runs.

use super::layout::Layout;
use super::options::{self, Location};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{ArgError, Args};
use dsl::span::Span;
use dsl::types::Column;

/// The options that mean something for object stores only.
const OF_STORES: [&str; 5] = ["endpoint", "region", "access_key", "secret_key", "session_token"];

/// Checks everything that stands in the file; what is worked out when the run starts is checked then.
pub(super) fn check(args: &Args, columns: &[Column], span: Span, report: &mut Vec<Diagnostic>) {
    let location = known(args.opt_text("path")).map(options::location);
    if let Some(location) = &location {
        found(args, "path", "\"lake\"", location.as_ref().map(drop), report);
    }
    match location {
        Some(Ok(Location::Folder(_))) => {
            check_folder(args, report);
        }
        Some(Ok(Location::Bucket { .. })) => check_access(args, report),
        _ => {}
    }
    if let Err(wrong) = Layout::new(args, columns) {
        let place = wrong.option.and_then(|it| args.span(it)).unwrap_or(span);
        report.push(Diagnostic::new(wrong.code, place, wrong.message).help(wrong.help));
    }
}

/// A value that stands in the file.
fn known<T>(value: Result<Option<T>, ArgError>) -> Option<T> {
    value.ok().flatten()
}

fn found<E: ToString>(
    args: &Args,
    option: &str,
    example: &str,
    outcome: Result<(), E>,
    report: &mut Vec<Diagnostic>,
) {
    if let (Err(why), Some(span)) = (outcome, args.span(option)) {
        let message = format!("`{option}`: {}", why.to_string());
        let diagnostic = Diagnostic::new(Code::BadOption, span, message);
        report.push(diagnostic.help(format!("write `{option}: {example}`, for example")));
    }
}

fn check_folder(args: &Args, report: &mut Vec<Diagnostic>) {
    if let Some(path) = known(args.opt_text("path")).filter(|it| it.ends_with(".parquet")) {
        let place = args.span("path").unwrap_or_default();
        let message = format!("`{path}` will be a folder that many files go into");
        let help =
            format!("for one file at the end of the run, write `into file(path: \"{path}\")`");
        report.push(Diagnostic::new(Code::SinkAdvice, place, message).help(help));
    }
    for option in OF_STORES {
        if let Some(span) = args.span(option).filter(|_| args.get(option).is_some()) {
            let message = format!("`{option}` means nothing for a folder");
            let help = "leave it out, or write `path: \"s3://bucket/prefix\"`";
            report.push(Diagnostic::new(Code::OptionsClash, span, message).help(help));
        }
    }
}

fn check_access(args: &Args, report: &mut Vec<Diagnostic>) {
    if let Some(endpoint) = known(args.opt_text("endpoint")) {
        found(
            args,
            "endpoint",
            "\"https://minio.plant:9000\"",
            options::check_endpoint(endpoint),
            report,
        );
    }
    for (option, other) in [
        ("access_key", "secret_key"),
        ("secret_key", "access_key"),
        ("session_token", "access_key"),
    ] {
        if let (Some(span), None) = (args.span(option), args.get(other)) {
            let message = format!("`{option}` needs `{other}` too");
            let help = format!(
                "write `{other}: env(\"…\")` beside it, or leave both to the environment (`AWS_ACCESS_KEY_ID` and others)"
            );
            report.push(Diagnostic::new(Code::OptionsClash, span, message).help(help));
        }
    }
}
