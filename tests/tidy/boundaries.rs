//! Who may know whom.
//!
//! ```text
//!  dsl ◄── engine ◄── connectors ◄── weir (the root package)
//! ```

use super::tree::{File, file, keys, lines_with, none, rust};

/// The tables of a manifest that name dependencies.
const TABLES: [&str; 3] = ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"];

/// Every dependency of a member.
fn dependencies(member: &str) -> Vec<String> {
    let cargo = file(&format!("{member}/Cargo.toml"));
    let unread = cargo.text.lines().find(|it| {
        let table = it.trim_start().strip_prefix('[').is_some();
        table && it.contains("dependencies") && !TABLES.contains(&it.trim())
    });
    assert_eq!(unread, None, "{}: this table is not looked at here", cargo.path);
    TABLES.iter().flat_map(|it| keys(cargo, it)).collect()
}

fn absent(member: &str, forbidden: &[&str]) {
    let found: Vec<String> = dependencies(member)
        .into_iter()
        .filter(|name| forbidden.iter().any(|it| name == it || name.starts_with(&format!("{it}-"))))
        .collect();
    none(&found, &format!("`{member}` may not depend on"));
}

#[test]
fn manifests_are_read_as_cargo_reads_them() {
    assert!(dependencies("dsl").contains(&"pest".to_owned()));
    assert!(dependencies("engine").contains(&"arrow".to_owned()));
    assert!(dependencies("engine").contains(&"proptest".to_owned()), "dev-dependencies count");
    assert!(dependencies("connectors").contains(&"engine".to_owned()));
}

#[test]
fn the_language_knows_no_columns_no_runtime_and_nobody_else() {
    let forbidden = [
        "arrow",
        "parquet",
        "datafusion",
        "tokio",
        "crossbeam",
        "serde",
        "serde_json",
        "bytes",
        "engine",
        "connectors",
        "weir",
    ];
    absent("dsl", &forbidden);
}

#[test]
fn the_engine_knows_no_connector() {
    let forbidden = [
        "connectors",
        "weir",
        "rumqttc",
        "mqtt5",
        "rdkafka",
        "parquet",
        "csv",
        "sonic",
        "flate2",
        "zstd",
        "glob",
        "url",
        "rustls",
        "rand_chacha",
    ];
    absent("engine", &forbidden);
    let systems = ["mqtt", "kafka", "influx", "iceberg", "postgres", "parquet", "csv"];
    let found = in_code("engine/src/", |line| {
        let line = line.to_lowercase();
        // What a function makes of a text is shown by an example.
        !line.contains(".example(") && systems.iter().any(|it| line.contains(it))
    });
    none(&found, "the engine names a connector or a format");
}

#[test]
fn connectors_see_plans_and_signatures_and_no_other_part_of_the_language() {
    absent("connectors", &["weir", "pest", "annotate", "clap"]);
    let allowed =
        ["calendar", "catalog", "diagnostic", "plan", "signature", "span", "types", "value"];
    let found = in_code("connectors/src/", |line| {
        let paths = line.match_indices("dsl::").filter(|(at, _)| {
            let before = line[..*at].chars().next_back();
            before.is_none_or(|it| !it.is_alphanumeric() && it != '_')
        });
        paths.into_iter().any(|(at, sign)| {
            let rest = &line[at + sign.len()..];
            let name: String =
                rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
            !allowed.contains(&name.as_str())
        })
    });
    none(
        &found,
        &format!("connectors may use these modules of `dsl` only: {}", allowed.join(", ")),
    );
}

/// Lines of the files below a folder, comments and tests aside, of which `wrong` is true.
fn in_code(folder: &str, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust().filter(|it| it.path.starts_with(folder) && !is_test(it)) {
        let code = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (i, line) in code.lines().enumerate() {
            if !line.trim_start().starts_with("//") && wrong(line) {
                found.push(format!("{}:{}: {}", file.path, i + 1, line.trim()));
            }
        }
    }
    found
}

/// Whether a file below `src` is compiled for tests only.
fn is_test(file: &File) -> bool {
    let stems = ["tests", "testing"];
    file.path.split('/').any(|it| stems.iter().any(|stem| it.trim_end_matches(".rs") == *stem))
}

#[test]
fn only_the_parser_sees_the_rules_of_the_grammar() {
    let parser =
        |file: &&File| file.path.starts_with("dsl/") && !file.path.starts_with("dsl/src/parse");
    let wanted = ["parse::Rule", "Rule::", "pest::", "pest_derive"].map(str::to_owned);
    let found: Vec<String> = rust().filter(parser).flat_map(|it| lines_with(it, &wanted)).collect();
    none(&found, "only dsl/src/parse.rs and its folder may see pest");
    let inside = lines_with(file("dsl/src/parse.rs"), &["Rule".to_owned()]);
    assert!(!inside.is_empty(), "the parser has moved; so has this rule");
}

#[test]
fn one_file_asks_for_the_time() {
    let wanted = ["SystemTime", "Instant::", "time::Instant", "Utc::now", "Local::now"];
    let wanted = wanted.map(str::to_owned);
    let others = rust().filter(|it| it.path != "engine/src/time.rs" && it.path != file!());
    let found: Vec<String> = others.flat_map(|it| lines_with(it, &wanted)).collect();
    none(&found, "only engine/src/time.rs asks for the time; take an `engine::time::Clock`");
}

#[test]
fn one_version_of_arrow_is_in_the_tree() {
    let lock = &file("Cargo.lock").text;
    for name in ["arrow-array", "arrow-schema", "datafusion-common"] {
        let count = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(count, 1, "{name} is there {count} times");
    }
}
