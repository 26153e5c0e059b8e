//! Runs tasks on threads: each task stays on its own, and a thread without anything to do sleeps.

use super::control::Control;
use super::task::{Progress, Slot};
use crate::error::Error;
use crossbeam::sync::Parker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long a thread sleeps at most before its sources look at the clock.
const NAP: Duration = Duration::from_millis(50);

/// Starts a thread for each worker.
pub(super) fn start(
    slots: Vec<Slot>,
    parkers: Vec<Parker>,
    control: &Arc<Control>,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let mut shares: Vec<Vec<Slot>> = parkers.iter().map(|_| Vec::new()).collect();
    for slot in slots {
        let worker = slot.worker % shares.len();
        shares[worker].push(slot);
    }
    let mut threads = Vec::with_capacity(shares.len());
    let working = Arc::new(AtomicUsize::new(shares.len()));
    for (i, (mut share, parker)) in shares.into_iter().zip(parkers).enumerate() {
        share.sort_by_key(|it| std::cmp::Reverse(it.depth));
        let leaving = Leaving { working: Arc::clone(&working), control: Arc::clone(control) };
        let work = move || {
            let leaving = leaving;
            work(share, &parker, &leaving.control);
        };
        match Builder::new().name(format!("weir-{i}")).spawn(work) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                control.abort();
                return Err(error);
            }
        }
    }
    Ok(threads)
}

/// The last thread that leaves says that the run is over, so that nobody waits for it any more.
struct Leaving {
    working: Arc<AtomicUsize>,
    control: Arc<Control>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if self.working.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.control.finish();
        }
    }
}

fn work(mut slots: Vec<Slot>, parker: &Parker, control: &Control) {
    while !slots.is_empty() && !control.aborted() {
        match step(&mut slots, control) {
            Some(true) => {}
            Some(false) => nap(&slots, parker),
            None => return,
        }
    }
}

/// Sleeps until a signal is raised; then, or after a while, tasks that have to look at the clock do.
fn nap(slots: &[Slot], parker: &Parker) {
    parker.park_timeout(NAP);
    slots.iter().filter(|it| it.timed).for_each(|it| it.signal.raise_here());
}

/// Runs the first task that has something to do. `None`: the run has failed.
fn step(slots: &mut Vec<Slot>, control: &Control) -> Option<bool> {
    let Some(i) = slots.iter().position(|it| it.signal.lower()) else { return Some(false) };
    match run(&mut slots[i]) {
        Ok(Progress::More) => slots[i].signal.raise_here(),
        Ok(Progress::Waiting) => {}
        Ok(Progress::Done) => drop(slots.remove(i)),
        Err(error) => {
            control.fail(error);
            return None;
        }
    }
    Some(true)
}

/// Runs a task; a panic in it is an error of the engine and not the end of the process.
pub(super) fn run(slot: &mut Slot) -> Result<Progress, Error> {
    catch_unwind(AssertUnwindSafe(|| slot.task.run())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::bug(format!("the engine broke while it worked: {text}")).at(slot.task.name()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::signal::Signal;
    use super::super::task::Task;
    use super::*;
    use crate::time::{Clock, SystemClock};

    /// Has nothing to do, and ends the run at its tenth look at the clock.
    struct Looks {
        left: u32,
        control: Arc<Control>,
    }

    impl Task for Looks {
        fn name(&self) -> &'static str {
            "looks"
        }

        fn run(&mut self) -> crate::error::Result<Progress> {
            self.left -= 1;
            if self.left == 0 {
                self.control.abort();
            }
            // Both of what a task without anything to do may say.
            Ok(if self.left == 8 { Progress::More } else { Progress::Waiting })
        }
    }

    #[test]
    fn a_thread_without_anything_to_do_sleeps() {
        let (parker, control) = (Parker::new(), Arc::new(Control::default()));
        let task = Box::new(Looks { left: 10, control: Arc::clone(&control) });
        let signal = Signal::new(parker.unparker().clone());
        let slot = Slot { task, signal, worker: 0, depth: 0, timed: true };
        let clock = SystemClock::new();
        work(vec![slot], &parker, &control);
        // However busy the machine is: all looks but the first, and that behind `More`, are a nap apart.
        assert!(clock.elapsed() >= 8 * NAP, "{:?}", clock.elapsed());
    }
}
