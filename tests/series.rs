//! Real data end to end.
