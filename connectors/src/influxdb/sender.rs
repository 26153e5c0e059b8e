//! Sends requests one after the other, each until it is known what became of its points.
//!
//! ```text
//!  request ─► written                        ─► the next one
//!          ─► may work later                 ─► wait (1s, 2s, … with jitter; longer if the server says so), again
//!          ─► some points are not taken      ─► cut: at the lines that the server names, or in the middle
//!          ─► too large                      ─► cut in the middle
//!             └ one point, not taken         ─► refused, with the server's words
//!          ─► tried for `give_up`            ─► all that is left of it is refused
//! ```
//!
//! A part that was written before another one was refused is sent again where that is simpler: points replace themselves.

use super::chunk::Chunk;
use super::outbox::Outbox;
use super::server::{Answer, Server, Trouble};
use super::verdict::Verdict;
use crate::common::lock;
use crate::retry::{Ended, Failure, Retry};
use bytes::Bytes;
use engine::error::{Error, Result};
use engine::sink::Refused;
use engine::time::Clock;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) struct Sender {
    pub(super) server: Server,
    pub(super) outbox: Arc<Outbox>,
    pub(super) retry: Retry,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) give_up: Option<Duration>,
    /// Whether somebody reads the rows that are given up.
    pub(super) errors_read: bool,
    pub(super) gzip: bool,
    pub(super) trouble: Mutex<Option<Since>>,
}

/// Trouble that is not over.
#[derive(Clone, Debug)]
pub(super) struct Since {
    /// When it began, as the clock's `elapsed` says.
    at: Duration,
    /// What it is now.
    why: String,
}

/// What became of a request in the end.
enum Sent {
    Answered(Answer),
    /// It was tried long enough; why it did not work.
    GivenUp(String),
}

impl Sender {
    /// Sends until there are no more rows.
    pub(super) async fn run(self) {
        if let Err(error) = self.work().await {
            self.outbox.fail(error);
        }
    }

    async fn work(&self) -> Result<()> {
        while let Some(chunk) = self.outbox.next(self.gzip).await? {
            let refused = self.deliver(&chunk).await?;
            self.outbox.done(&chunk, refused);
        }
        Ok(())
    }

    /// Sends a chunk. The rows of it that could not be written, in order.
    async fn deliver(&self, chunk: &Chunk) -> Result<Vec<Refused>> {
        let mut faults: Vec<(usize, String)> = Vec::new();
        let whole = match self.send(chunk.body(), chunk.since).await? {
            Sent::Answered(Answer::Written) => return Ok(Vec::new()),
            sent => sent,
        };
        let text = chunk.text()?;
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut lines: Vec<usize> = (0..chunk.lines()).collect();
        let mut sent = whole;
        loop {
            match sent {
                Sent::Answered(Answer::Written) => {}
                Sent::Answered(answer) => {
                    let (why, cut) = sort_out(&lines, answer);
                    match cut {
                        Some(mut cut) => parts.append(&mut cut),
                        None => faults.extend(lines.into_iter().map(|it| (it, why.clone()))),
                    }
                }
                Sent::GivenUp(why) => {
                    let why = self.given_up(&why)?;
                    let left = lines.into_iter().chain(parts.drain(..).rev().flatten());
                    faults.extend(left.map(|it| (it, why.clone())));
                }
            }
            let Some(next) = parts.pop() else { break };
            lines = next;
            let body = chunk.part(&text, &lines)?;
            sent = self.send(body, chunk.since).await?;
        }
        faults.sort_by_key(|(line, _)| *line);
        let by_words = faults.chunk_by(|a, b| a.1 == b.1);
        Ok(by_words
            .flat_map(|same| {
                let lines: Vec<usize> = same.iter().map(|(line, _)| *line).collect();
                chunk.refuse(&lines, &same[0].1)
            })
            .collect())
    }

    /// Sends a body until there is an answer, or until it was tried long enough.
    async fn send(&self, body: Bytes, since: Duration) -> Result<Sent> {
        let tried = self.retry.run(|_| async {
            match self.server.post(body.clone(), self.gzip).await {
                Ok(answer) => {
                    *lock(&self.trouble) = None;
                    Ok(answer)
                }
                Err(Trouble { why, after }) => {
                    self.outbox.again();
                    self.note(&why);
                    Err(Failure::Passing { why, after })
                }
            }
        });
        let answered = tokio::select! {
            answered = tried => answered,
            why = self.is_enough(since) => return Ok(Sent::GivenUp(why)),
        };
        match answered {
            Ok(answer) => Ok(Sent::Answered(answer)),
            Err(Ended::Failed(error)) => Err(error),
            Err(Ended::Stopped) => Err(Error::bug("nobody stops the tries of this sink")),
        }
    }

    fn note(&self, why: &str) {
        let mut trouble = lock(&self.trouble);
        let at = trouble.as_ref().map_or_else(|| self.clock.elapsed(), |it| it.at);
        *trouble = Some(Since { at, why: why.to_owned() });
    }

    /// Waits until points that were taken at `since` were tried for `give_up`, if that is given. Why it did not work.
    async fn is_enough(&self, since: Duration) -> String {
        let Some(give_up) = self.give_up else {
            return std::future::pending().await;
        };
        loop {
            let trouble = lock(&self.trouble).clone();
            let now = self.clock.elapsed();
            let left = match &trouble {
                // It cannot be enough before there was trouble for so long.
                None => give_up,
                Some(trouble) => (trouble.at.max(since) + give_up).saturating_sub(now),
            };
            match trouble {
                Some(trouble) if left.is_zero() => return trouble.why,
                _ => tokio::time::sleep(left).await,
            }
        }
    }

    /// What is said of rows that were given up; an error where nobody would hear it.
    fn given_up(&self, why: &str) -> Result<String> {
        let time = self.give_up.unwrap_or_default();
        let time = dsl::value::format_duration(i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
        let shown = &self.server.shown;
        let words =
            format!("the server at `{shown}` did not take it for {time} (`give_up`): {why}");
        if self.errors_read {
            return Ok(words);
        }
        Err(Error::unavailable(format!(
            "rows could not be written to `{shown}` for {time} (`give_up`), and nobody reads the sink's `.errors`: {why}"
        )))
    }
}

/// What to do about lines that were not taken as they were: to send these parts, the last one first; or else they are
/// refused for this reason.
fn sort_out(lines: &[usize], answer: Answer) -> (String, Option<Vec<Vec<usize>>>) {
    let verdict = match answer {
        Answer::Written => return (String::new(), Some(Vec::new())),
        Answer::Refused(verdict) => verdict,
        Answer::TooLarge(words) => {
            let words = match words.as_str() {
                "" => "the request is too large for the server (413)".to_owned(),
                words => format!("the request is too large for the server (413): {words}"),
            };
            Verdict { words, ..Verdict::default() }
        }
    };
    if lines.len() <= 1 || verdict.dropped == Some(lines.len()) {
        let words = if verdict.words.is_empty() { "the server refuses it" } else { &verdict.words };
        return (words.to_owned(), None);
    }
    let named: Vec<usize> = verdict.lines.into_iter().filter(|it| *it < lines.len()).collect();
    (String::new(), Some(cut(lines, &named)))
}

/// The parts of lines, the last one first. `named` are places in `lines` which are said not to be taken: each is sent by
/// itself. One that is named alone may be the first of many, so what is behind it is cut in halves.
fn cut(lines: &[usize], named: &[usize]) -> Vec<Vec<usize>> {
    let halves = |lines: &[usize]| {
        let (first, second) = lines.split_at(lines.len() / 2);
        [first.to_vec(), second.to_vec()]
    };
    let mut parts: Vec<Vec<usize>> = Vec::new();
    match *named {
        [] => parts.extend(halves(lines)),
        [one] => {
            parts.push(lines[..one].to_vec());
            parts.push(vec![lines[one]]);
            parts.extend(halves(&lines[one + 1..]));
        }
        _ => {
            let rest = (0..lines.len()).filter(|it| named.binary_search(it).is_err());
            parts.push(rest.map(|it| lines[it]).collect());
            parts.extend(named.iter().map(|it| vec![lines[*it]]));
        }
    }
    parts.retain(|it| !it.is_empty());
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lines: &[usize], dropped: Option<usize>) -> Answer {
        let words = "no".to_owned();
        Answer::Refused(Verdict { words, lines: lines.to_vec(), dropped })
    }

    #[test]
    fn lines_are_cut_where_the_server_says_or_in_the_middle() {
        let lines = [3, 4, 5, 6, 7];
        let parts = |answer| sort_out(&lines, answer).1.unwrap();
        assert_eq!(parts(refused(&[], None)), [vec![5, 6, 7], vec![3, 4]]);
        assert_eq!(parts(refused(&[1], None)), [vec![6, 7], vec![5], vec![4], vec![3]]);
        assert_eq!(parts(refused(&[0, 4], None)), [vec![7], vec![3], vec![4, 5, 6]]);
        assert_eq!(parts(refused(&[9], Some(2))), [vec![5, 6, 7], vec![3, 4]]);
        assert_eq!(parts(Answer::TooLarge(String::new())), [vec![5, 6, 7], vec![3, 4]]);
    }

    #[test]
    fn one_line_or_all_of_them_are_refused_in_the_words_of_the_server() {
        assert_eq!(sort_out(&[3, 4], refused(&[], Some(2))), ("no".to_owned(), None));
        assert_eq!(sort_out(&[3], refused(&[0], None)), ("no".to_owned(), None));
        let (words, parts) = sort_out(&[3], Answer::TooLarge("limit 5".to_owned()));
        assert!(words.contains("limit 5") && parts.is_none(), "{words}");
    }

    #[test]
    fn every_line_is_in_one_part_and_parts_are_smaller() {
        let lines: Vec<usize> = (10..17).collect();
        for named in [vec![], vec![0], vec![6], vec![3], vec![0, 1, 2, 3, 4, 5, 6], vec![2, 5]] {
            let parts = cut(&lines, &named);
            assert!(parts.iter().all(|it| !it.is_empty() && it.len() < lines.len()), "{parts:?}");
            let mut all: Vec<usize> = parts.concat();
            all.sort_unstable();
            assert_eq!(all, lines, "{named:?}");
        }
    }
}
