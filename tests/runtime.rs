//! The runtime, seen from outside: a plan over `memory` sources and sinks, spread over tasks, stopped, crashed and gone on
//! from checkpoints. Nothing here depends on how long anything takes.

mod breaking;
mod checkpoints;
mod notes;
mod plans;
mod random;
mod rig;
mod script;
mod silence;
mod sinks;
mod time;
mod turns;
