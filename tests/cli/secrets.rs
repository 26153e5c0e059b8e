//! Secrets: in every option that takes one, against a server that repeats what it was told. Nothing that comes out of the
//! process holds one.

use crate::support::folder::Folder;
use crate::support::weir::{Done, weir};
use dsl::catalog::Catalog;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use weir::registry::Registry;

/// The names of options that take a secret.
const OPTIONS: [&str; 8] = [
    "password",
    "token",
    "credential",
    "secret_key",
    "secret_access_key",
    "access_key",
    "session_token",
    "sasl",
];

/// A secret with letters that are written in other ways in JSON and in messages.
const SECRET: &str = "Tr0ub4dor&3 \"x\" \\ ü";

/// A secret with letters that a header of HTTP can hold.
const PLAIN: &str = "Tr0ub4dor&3-x";

/// An option that takes a secret, and a pipeline that uses it.
struct Case {
    word: &'static str,
    option: &'static str,
    secret: &'static str,
    /// Whether it goes over the wire as it is; else only a signature, or another form of it, does.
    told: bool,
    /// `URL` stands for the server's host and port, `SECRET` for where the secret comes from.
    text: &'static str,
}

const CASES: [Case; 7] = [
    Case {
        word: "mqtt",
        option: "password",
        secret: SECRET,
        told: true,
        text: r#"source rows = generate(rows: 10)

sink out = rows
  | select device_id
  | into mqtt(url: "mqtt://URL", topic: "t", username: "me", password: SECRET)
"#,
    },
    Case {
        word: "mqtt",
        option: "password",
        secret: SECRET,
        told: true,
        text: r#"schema Reading {
  device: string
}

source rows = mqtt(url: "mqtt://URL", topic: "t", schema: Reading, username: "me", password: SECRET)

sink out = rows | into null()
"#,
    },
    Case {
        word: "influxdb",
        option: "token",
        secret: PLAIN,
        told: true,
        text: r#"source rows = generate(rows: 10)

sink out = rows
  | into influxdb(url: "http://URL", database: "plant", measurement: "m", tags: device_id, time: timestamp, token: SECRET)
"#,
    },
    Case {
        word: "influxdb",
        option: "password",
        secret: SECRET,
        told: false,
        text: r#"source rows = generate(rows: 10)

sink out = rows
  | into influxdb(url: "http://URL", database: "plant", measurement: "m", tags: device_id, time: timestamp, username: "me", password: SECRET)
"#,
    },
    Case {
        word: "parquet",
        option: "access_key",
        secret: PLAIN,
        told: true,
        text: r#"source rows = generate(rows: 10)

sink out = rows
  | into parquet(path: "s3://plant/lake", endpoint: "http://URL", access_key: SECRET, secret_key: env("MY_PASSWORD"))
"#,
    },
    Case {
        word: "parquet",
        option: "secret_key",
        secret: SECRET,
        told: false,
        text: r#"source rows = generate(rows: 10)

sink out = rows
  | into parquet(path: "s3://plant/lake", endpoint: "http://URL", access_key: "me", secret_key: SECRET)
"#,
    },
    Case {
        word: "parquet",
        option: "session_token",
        secret: PLAIN,
        told: true,
        text: r#"source rows = generate(rows: 10)

sink out = rows
  | into parquet(path: "s3://plant/lake", endpoint: "http://URL", access_key: "me", secret_key: "it", session_token: SECRET)
"#,
    },
];

#[test]
fn every_option_that_takes_a_secret_is_tried_here_and_says_where_to_keep_it() {
    for signature in Registry.signatures() {
        for param in signature.params.iter().filter(|it| it.secret || OPTIONS.contains(&it.name)) {
            assert!(param.secret, "`{}` of `{}` is called like one", param.name, signature.name);
            let tried = |it: &Case| it.word == signature.name && it.option == param.name;
            let name = format!("`{}` of `{}`", param.name, signature.name);
            assert!(CASES.iter().any(tried), "{name} is not among the cases");
            assert!(param.doc.contains("env(") && param.doc.contains("secret("), "{name}");
        }
    }
}

/// A server that refuses everybody, and says what they said. What it heard is collected.
fn echo(secret: &'static str) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // Whoever hangs up early has heard enough.
            drop(answer(stream.unwrap(), secret, &all));
        }
    });
    (place, heard)
}

fn answer(mut stream: TcpStream, secret: &str, all: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut buffer = [0; 8192];
    let length = stream.read(&mut buffer)?;
    all.lock().unwrap().extend_from_slice(&buffer[..length]);
    let said = secret.as_bytes();
    if buffer[0] == 0x10 {
        // MQTT 5: CONNACK, not authorised, with a reason string.
        let properties = said.len() as u8 + 3;
        let mut packet = vec![0x20, properties + 3, 0, 0x87, properties, 0x1F, 0, said.len() as u8];
        packet.extend_from_slice(said);
        return stream.write_all(&packet);
    }
    // An object store says it in XML.
    let body = if buffer.starts_with(b"POST") {
        secret.to_owned()
    } else {
        let text = secret.replace('&', "&amp;").replace('"', "&quot;");
        format!("<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>")
    };
    let head = format!("HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// The ways in which a text may hold the secret.
fn shown(text: &str) -> bool {
    let json = serde_json::Value::from(SECRET).to_string();
    let debug = format!("{SECRET:?}");
    let forms = [SECRET, json.trim_matches('"'), debug.trim_matches('"'), "Tr0ub4dor"];
    forms.iter().any(|it| text.contains(it))
}

#[track_caller]
fn is_silent(what: &str, done: &Done) {
    assert!(!done.err.contains("panicked"), "{}", done.err);
    assert!(!shown(&done.out) && !shown(&done.err), "{what}\n{}\n{}", done.out, done.err);
}

#[test]
fn no_secret_is_shown_whatever_goes_wrong() {
    for Case { word, option, secret, told, text } in CASES {
        let (place, heard) = echo(secret);
        for from in ["secret(\"s.txt\")", "env(\"MY_PASSWORD\")"] {
            let folder = Folder::new();
            folder.write("a.pipe", text.replace("URL", &place).replace("SECRET", from));
            folder.write("s.txt", format!("{secret}\n"));
            let call = |words: &[&str]| {
                let call = weir(&folder, words).env("WEIR_LOG", "trace");
                call.env("MY_PASSWORD", secret).run()
            };
            for format in ["text", "json"] {
                heard.lock().unwrap().clear();
                let words = ["run", "a.pipe", "--report", "r.json", "--log-format", format];
                let done = call(&[&words[..], &["--metrics", "127.0.0.1:0"]].concat());
                is_silent(word, &done);
                assert_eq!(done.code, 3, "{word}: {}", done.err);
                let heard = heard.lock().unwrap();
                let said = heard.windows(secret.len()).any(|it| it == secret.as_bytes());
                assert_eq!(said, told, "{word}, {option}: whether the server is told the secret");
                assert!(
                    done.err.contains("***"),
                    "{word}: what the server says is shown: {}",
                    done.err
                );
                assert!(!shown(&folder.read("r.json")), "{word}");
            }
            for words in [
                &["explain", "a.pipe"][..],
                &["explain", "a.pipe", "--json"],
                &["explain", "a.pipe", "--dot"],
                &["check", "a.pipe", "--json"],
                &["test", "a.pipe"],
            ] {
                is_silent(word, &call(words));
            }
        }
    }
}

#[test]
fn a_secret_in_a_wrong_place_is_not_shown() {
    let folder = Folder::new();
    folder.write("s.txt", SECRET);
    let text = "param limit: int = env(\"MY_PASSWORD\")\n\nsource rows = generate(rows: limit)\n\n\
                sink out = rows | into file(path: secret(\"s.txt\"), format: json)\n";
    folder.write("a.pipe", text);
    let words = ["run", "a.pipe", "--report", "r.json"];
    is_silent("a param", &weir(&folder, &words).env("MY_PASSWORD", SECRET).run());
    let text =
        text.replace("param limit: int = env(\"MY_PASSWORD\")\n\n", "").replace("limit", "1");
    folder.write("a.pipe", text.replace("s.txt\")", "s.txt\") + \"/no/such\""));
    is_silent("a path", &weir(&folder, &words).run());
}
