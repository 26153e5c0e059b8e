//! The boundaries and habits of the project, stated as absences: what may not be there is looked for in every file.
//!
//! A rule that has an exception has a list of them here, each with its reason. An exception that is none any more fails
//! as well, so the lists only shrink by themselves.

mod boundaries;
mod links;
mod marks;
mod sizes;
mod tree;
mod words;
