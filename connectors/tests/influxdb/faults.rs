//! Answers that real servers give on bad days only.

use super::rig::{Opening, batch, bool, int, millis, numbered, open, open_as, text};
use crate::support::http::{Reply, Request, Server, status};
use dsl::plan::Arg;
use engine::sink::{Prepared, Written};
use engine::time::{Clock, SystemClock};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that takes everything but points, about which `answer` is asked; it is told how many requests with points
/// there were before.
fn scripted(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |request, _| {
        if request.body.is_empty() {
            return status(204);
        }
        answer(request, count.fetch_add(1, Ordering::SeqCst))
    })
}

fn at(server: &Server) -> Vec<(&'static str, Arg)> {
    vec![("url", text(&server.url())), ("database", text("test"))]
}

fn lines(request: &Request) -> usize {
    request.body.lines().count()
}

#[test]
fn a_busy_server_is_asked_again_and_not_before_it_wants_to_be() {
    let server = scripted(|_, before| match before {
        0 => Reply::Says(429, "Retry-After: 1\r\n", "slow down".to_owned()),
        1 => status(503),
        2 => status(500),
        _ => status(204),
    });
    let mut sink = open(&at(&server)).unwrap();
    let clock = SystemClock::new();
    sink.write(&numbered(0..10));
    assert_eq!(sink.finish(), []);
    assert!(clock.elapsed() >= Duration::from_secs(1), "{:?}", clock.elapsed());
    let bodies: Vec<String> = server.written().into_iter().map(|it| it.body).collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|it| *it == bodies[0]), "the same again");
    assert_eq!(sink.sink.sent().retries, 3);
    assert_eq!(sink.sink.sent().bytes, bodies[0].len() as u64);
}

#[test]
fn a_request_whose_answer_was_lost_is_sent_again() {
    let server = scripted(|_, before| if before == 0 { Reply::Nothing } else { status(204) });
    let mut sink = open(&at(&server)).unwrap();
    sink.write(&numbered(0..10));
    assert_eq!(sink.finish(), []);
    let written = server.written();
    assert_eq!(written.len(), 2);
    assert_eq!(written[0].body, written[1].body);
}

#[test]
fn success_is_silent() {
    let server = scripted(|_, before| match before {
        0 => Reply::Says(200, "Content-Type: text/html\r\n", "<html>please log in".to_owned()),
        1 => Reply::Says(302, "Location: /login\r\n", String::new()),
        2 => Reply::Says(200, "", String::new()),
        _ => status(204),
    });
    let mut sink = open(&at(&server)).unwrap();
    sink.write(&numbered(0..10));
    assert_eq!(sink.finish(), []);
    assert_eq!(server.written().len(), 3, "an answer with a text is no success");
}

#[test]
fn the_lines_that_a_server_names_are_sent_alone() {
    // Version 3 names all of them, and takes none of the request.
    let bad = |line: &str| line.contains("n=3i") || line.contains("n=7i");
    let server = Server::start(move |request, _| {
        let named: Vec<String> = request
            .body
            .lines()
            .enumerate()
            .filter(|(_, line)| bad(line))
            .map(|(i, _)| {
                format!("{{\"line_number\":{},\"error_message\":\"no room for it\"}}", i + 1)
            })
            .collect();
        if named.is_empty() {
            return Reply::Says(204, "X-Influxdb-Version: 3.1.0\r\n", String::new());
        }
        let body = format!(
            "{{\"error\":\"partial write of line protocol occurred\",\"data\":[{}]}}",
            named.join(",")
        );
        Reply::Says(400, "", body)
    });
    let mut sink = open(&at(&server)).unwrap();
    sink.write(&numbered(0..10));
    let words = "partial write of line protocol occurred: no room for it".to_owned();
    assert_eq!(sink.finish(), [(3, words.clone()), (7, words)]);
    let sizes: Vec<usize> = server.written().iter().map(lines).collect();
    assert_eq!(sizes, [10, 8, 1, 1]);
}

#[test]
fn points_that_are_all_dropped_are_not_sent_one_by_one() {
    let server = scripted(|request, _| {
        let body = format!(
            "{{\"error\":\"partial write: points beyond retention policy dropped={}\"}}",
            lines(request)
        );
        Reply::Says(422, "", body)
    });
    let mut sink = open(&at(&server)).unwrap();
    sink.write(&numbered(0..1_000));
    let refused = sink.finish();
    assert_eq!(refused.len(), 1_000);
    assert!(refused[0].1.contains("beyond retention policy"), "{:?}", refused[0]);
    assert_eq!(server.written().len(), 1);
}

#[test]
fn a_limit_that_is_below_a_request_is_found() {
    let server =
        scripted(|request, _| if lines(request) > 100 { status(413) } else { status(204) });
    let mut sink = open(&at(&server)).unwrap();
    sink.write(&numbered(0..1_000));
    assert_eq!(sink.finish(), []);
    let taken: Vec<String> =
        server.written().into_iter().filter(|it| lines(it) <= 100).map(|it| it.body).collect();
    let whole: String = taken.concat();
    let numbers: Vec<usize> = whole
        .lines()
        .map(|it| it.split("n=").nth(1).unwrap().split('i').next().unwrap().parse().unwrap())
        .collect();
    assert!(numbers.into_iter().eq(0..1_000), "all of them, in their order");
}

#[test]
fn a_slow_server_holds_the_sink_up_and_gets_one_request_at_a_time() {
    let (go, gate) = sync_channel::<()>(0);
    let gate = Mutex::new(gate);
    let (open_now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, top) = (Arc::clone(&open_now), Arc::clone(&most));
    let server = scripted(move |_, _| {
        top.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Whoever lets go of the gate lets everything through.
        let _opened = gate.lock().unwrap().recv();
        inside.fetch_sub(1, Ordering::SeqCst);
        status(204)
    });
    let mut options = at(&server);
    options.extend([("batch", int(100)), ("gzip", bool(false))]);
    let mut sink = open_as(&options, Opening { budget: 50_000, ..Opening::default() }).unwrap();
    let mut taken = 0;
    while let Written::Taken(_) = sink.sink.write(&batch(&numbered(taken..taken + 100))).unwrap() {
        taken += 100;
        assert!(taken < 10_000, "memory is bounded");
    }
    assert_eq!(sink.sink.write(&batch(&numbered(0..100))).unwrap(), Written::Busy);
    assert_eq!(server.wait_for(1).len(), 1, "the next one waits for the answer");
    assert_eq!(sink.sink.prepare(1).unwrap(), Prepared::Busy);
    drop(go);
    assert_eq!(sink.finish(), []);
    assert_eq!(server.written().iter().map(lines).sum::<usize>() as i64, taken);
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn a_login_that_is_withdrawn_holds_the_sink_up() {
    let allowed = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&allowed);
    let server = scripted(move |_, _| match asked.load(Ordering::SeqCst) {
        0 => Reply::Says(401, "", "{\"message\":\"unauthorized access\"}".to_owned()),
        1 => Reply::Says(404, "", "{\"error\":\"database not found\"}".to_owned()),
        _ => status(204),
    });
    let mut sink = open(&at(&server)).unwrap();
    sink.write(&numbered(0..10));
    assert_eq!(sink.sink.prepare(1).unwrap(), Prepared::Busy);
    server.wait_for(2);
    allowed.store(1, Ordering::SeqCst);
    server.wait_for(4);
    assert_eq!(sink.sink.unwritten(), 10);
    allowed.store(2, Ordering::SeqCst);
    assert_eq!(sink.finish(), []);
}

#[test]
fn what_is_given_up_goes_to_the_errors() {
    let away = Arc::new(AtomicUsize::new(1));
    let asked = Arc::clone(&away);
    let server = scripted(move |_, _| match asked.load(Ordering::SeqCst) {
        1 => Reply::Says(503, "", "{\"error\":\"timeout\"}".to_owned()),
        _ => status(204),
    });
    let mut options = at(&server);
    options.push(("give_up", millis(200)));
    let mut sink = open(&options).unwrap();
    let clock = SystemClock::new();
    sink.write(&numbered(0..10));
    let refused = sink.prepare().unwrap();
    assert!(clock.elapsed() >= Duration::from_millis(200), "{:?}", clock.elapsed());
    assert!(refused.iter().map(|it| it.0).eq(0..10), "{refused:?}");
    let part = "for 200ms (`give_up`): it answers 503: timeout";
    assert!(refused[0].1.ends_with(part), "{}", refused[0].1);
    away.store(0, Ordering::SeqCst);
    sink.write(&numbered(10..20));
    assert_eq!(sink.finish(), []);
    assert_eq!(server.written().last().map(lines), Some(10));
}

#[test]
fn what_is_given_up_ends_the_run_where_nobody_would_hear_of_it() {
    let server = scripted(|_, _| Reply::Nothing);
    let mut options = at(&server);
    options.push(("give_up", millis(100)));
    let opening = Opening { errors_read: false, ..Opening::default() };
    let mut sink = open_as(&options, opening).unwrap();
    sink.write(&numbered(0..10));
    let error = sink.prepare().unwrap_err().to_string();
    assert!(error.contains("`give_up`") && error.contains("nobody reads"), "{error}");
    assert_eq!(sink.sink.unwritten(), 10);
}
