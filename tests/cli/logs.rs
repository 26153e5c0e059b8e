//! Log lines: as text and as JSON, and not the same one again and again.

use crate::support::folder::Folder;
use crate::support::weir::{Done, weir};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// How often the broker shuts down before it stays.
const FLAPS: usize = 6;

const PIPE: &str = r#"source fleet = generate(rate: 100, rows: 60)

sink alerts = fleet
  | select device_id
  | into mqtt(url: "mqtt://PLACE", topic: "t", qos: 0, retry: 10ms..20ms)
"#;

/// A broker that accepts clients and then shuts down, for the first of them.
fn flapping() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            // One that goes away is none to be afraid of.
            drop(serve(stream.unwrap(), number < FLAPS));
        }
    });
    place
}

fn serve(mut stream: TcpStream, hang_up: bool) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    let _connect = stream.read(&mut buffer)?;
    stream.write_all(&[0x20, 3, 0, 0, 0])?;
    if hang_up {
        return stream.write_all(&[0xe0, 1, 0x8b]);
    }
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn run(format: &str) -> Done {
    let folder = Folder::new();
    folder.write("a.pipe", PIPE.replace("PLACE", &flapping()));
    let done = weir(&folder, &["run", "a.pipe", "--log-format", format]).run();
    done.ends_with(0);
    done
}

#[test]
fn what_happens_again_and_again_is_said_once_with_how_often_it_was_left_out() {
    let said = run("text").err;
    let lines = |text: &str| said.lines().filter(|it| it.contains(text)).collect::<Vec<_>>();
    let lost = lines("Lost the broker");
    assert_eq!(lost.len(), 2, "{said}");
    assert!(lost[0].contains("WARN") && lost[0].contains("name=\"alerts\""), "{said}");
    assert!(lost[1].contains("weir: 5 times more within 30 s: Lost the broker;"), "{said}");
    assert!(lost[1].contains("name=\"alerts\""), "{said}");
    assert_eq!(lines("The broker is back").len(), 2, "its end is said too: {said}");
}

#[test]
fn lines_of_json_are_one_object_each() {
    let said = run("json").err;
    let logged: Vec<Value> = said
        .lines()
        .filter(|it| it.starts_with('{'))
        .map(|it| serde_json::from_str(it).unwrap_or_else(|error| panic!("{error}: {it}")))
        .collect();
    let lost: Vec<&Value> = logged
        .iter()
        .filter(|it| it["fields"]["message"].as_str().unwrap().contains("Lost the broker"))
        .collect();
    assert_eq!(lost.len(), 2, "{said}");
    assert_eq!((&lost[0]["level"], &lost[0]["fields"]["name"]), (&"WARN".into(), &"alerts".into()));
    assert_eq!(lost[1]["fields"]["left_out"], 5, "{said}");
    assert_eq!(lost[1]["level"], "WARN");
    for it in &logged {
        assert!(it["timestamp"].as_str().is_some_and(|it| it.ends_with('Z')), "{it}");
    }
}
