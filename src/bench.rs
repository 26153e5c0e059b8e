//! Named workloads, measured: the same bytes for everybody, whole processes, medians.
//!
//! A workload is a `.pipe` file over a generated input. It runs in a process of its own, so that its CPU time and peak
//! memory are its own; a peer reads the same file and answers the same question. Results are compared before a figure
//! is printed: a fast wrong answer is no answer.

pub mod dataset;
pub mod duckdb;
pub mod measure;
pub mod workload;
