//! Jobs that wait, fail, are dropped, and work that is due.

use super::*;
use std::sync::mpsc;
use std::time::Duration;

/// Asks until it is so; woken in between.
fn until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    while !is_so()? {
        std::thread::park_timeout(Duration::from_secs(10));
    }
    Ok(())
}

#[test]
fn jobs_wait_until_there_is_room() {
    let (go, gate) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let worker = Worker::start("test", crate::testing::waker(), 10, move |job: u32| {
        gate.recv().map_err(|_| Error::bug("the gate is gone"))?;
        tell.send(job).map_err(|_| Error::bug("nobody listens"))
    });
    let worker = worker.unwrap();
    assert!(worker.has_room().unwrap() && worker.is_idle().unwrap());
    worker.push(1, Size { bytes: 10, rows: 2 });
    worker.push(2, Size { bytes: 3, rows: 1 });
    assert!(!worker.has_room().unwrap());
    assert_eq!(worker.open(), Size { bytes: 13, rows: 3 });
    go.send(()).unwrap();
    until(|| worker.has_room()).unwrap();
    assert!(!worker.is_idle().unwrap());
    go.send(()).unwrap();
    until(|| worker.is_idle()).unwrap();
    assert_eq!((worker.open(), told.try_iter().collect()), (Size::default(), vec![1, 2]));
}

#[test]
fn an_error_reaches_whoever_asks_next() {
    let waker = crate::testing::waker();
    let worker = Worker::start("test", waker, 10, |job: &str| Err(Error::refused(job)));
    let worker = worker.unwrap();
    worker.push("full", Size { bytes: 1, rows: 5 });
    let error = until(|| worker.is_idle()).unwrap_err();
    assert_eq!(error.message, "full");
    assert!(worker.has_room().is_err());
    assert_eq!(worker.open(), Size { bytes: 0, rows: 5 }, "what failed is not done");
}

#[test]
fn stopping_drops_what_waits() {
    struct Owned(mpsc::Sender<&'static str>);
    impl Drop for Owned {
        fn drop(&mut self) {
            self.0.send("gone").unwrap();
        }
    }
    let (tell, told) = mpsc::channel();
    let owned = Owned(tell);
    let work = move |()| {
        let _kept = &owned;
        Ok(())
    };
    let mut worker = Worker::start("test", crate::testing::waker(), 10, work).unwrap();
    worker.push((), Size::default());
    worker.stop();
    assert_eq!(told.try_recv(), Ok("gone"));
}
#[test]
fn what_is_due_is_done_without_a_job_and_before_the_next_one() {
    struct Timed(mpsc::Sender<&'static str>, Option<Duration>);
    impl Work<()> for Timed {
        fn work(&mut self, (): (), _more: bool) -> Result<()> {
            self.0.send("job").map_err(|_| Error::bug("nobody listens"))
        }
        fn due(&self) -> Option<Duration> {
            self.1
        }
        fn overdue(&mut self) -> Result<()> {
            self.1 = None;
            self.0.send("overdue").map_err(|_| Error::bug("nobody listens"))
        }
    }
    let (tell, told) = mpsc::channel();
    let clock = Arc::new(engine::time::ManualClock::new(0));
    let work = Timed(tell, Some(Duration::from_hours(1)));
    let waker = crate::testing::waker();
    let worker = Worker::start_timed("test", waker.clone(), 10, clock.clone(), work).unwrap();
    worker.push((), Size::default());
    until(|| worker.is_idle()).unwrap();
    clock.advance(3_600_000_000);
    worker.push((), Size::default());
    until(|| worker.is_idle()).unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["job", "overdue", "job"]);
    let (tell, told) = mpsc::channel();
    let work = Timed(tell, Some(Duration::from_millis(1)));
    let clock = Arc::new(SystemClock::new());
    let _worker = Worker::start_timed("test", waker, 10, clock, work).unwrap();
    assert_eq!(told.recv(), Ok("overdue"));
}
