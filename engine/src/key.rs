//! Keys: what rows are grouped by, as bytes, as dense numbers, and as groups that tasks own.
//!
//! ```text
//!  key columns ──KeyBytes──► canonical bytes ──hash──► u64 ──group──► 0..128 ──task──► which task owns the key
//!                                 │
//!                            KeyInterner  ──► id 0, 1, 2, …   one number a key and task: columns of state
//!                                 │                           are indexed by it
//!                              KeyList    ──► bytes, group and columns of an id; saved by key group
//! ```
//!
//! - **Canonical.** Equal keys have equal bytes, on any machine and in any version: a tag for the type, numbers in
//!   little-endian, one NaN, -0 is 0, and null is a key like any other. So a key group never moves, and state can be
//!   taken back by any number of tasks.
//! - **Ids mean nothing outside their task.** Output is put in the order of (key group, key bytes), see
//!   [`KeyInterner::sorted`], and state is saved with the bytes.

mod decode;
mod encode;
mod intern;
mod list;
mod partition;
mod saved;

pub(crate) use decode::decoded;
pub use encode::KeyBytes;
pub use intern::{GONE, KeyInterner};
pub use list::KeyList;
pub use partition::Partitioner;
pub use saved::{StateReader, StateWriter, save_by_group};

use crate::error::{Error, Result};
use crate::snapshot::{KEY_GROUPS, KeyGroup};
use dsl::types::Column;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A key in the state of one task: dense, from 0.
pub type KeyId = u32;

/// Part of every snapshot's meaning: another seed would move keys to other groups.
const SEED: u64 = 0x5745_4952;

/// The hash of a key's bytes.
#[inline]
pub fn hash(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, SEED)
}

/// The group of a key, told from its hash.
#[inline]
pub fn group(hash: u64) -> KeyGroup {
    (hash % u64::from(KEY_GROUPS)) as KeyGroup
}

/// The task that owns a key group: each of `tasks` tasks owns a range of them, in order.
#[inline]
pub fn task(group: KeyGroup, tasks: usize) -> usize {
    usize::from(group) * tasks / usize::from(KEY_GROUPS)
}

/// Where the key columns stand among the columns of the input.
pub fn places(keys: &[String], columns: &[Column]) -> Result<Vec<usize>> {
    let place = |key: &String| {
        let place = columns.iter().rposition(|it| it.name == *key);
        place.ok_or_else(|| Error::bug(format!("there is no column `{key}` to group by")))
    };
    keys.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Order;
    use crate::testing::{batch, columns, rows};
    use arrow::array::ArrayRef;
    use proptest::prelude::*;

    fn keys_of(text: &str, json: &str) -> Vec<Vec<u8>> {
        let columns = columns(text);
        let batch = batch(&columns, json);
        let arrays: Vec<&ArrayRef> = batch.columns.columns().iter().collect();
        let mut bytes = KeyBytes::default();
        bytes.encode(&arrays, batch.rows()).unwrap();
        bytes.iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn equal_values_have_equal_bytes_and_others_do_not() {
        let floats = keys_of(
            "f: float?",
            r#"[{"f": 0.0}, {"f": -0.0}, {"f": "NaN"}, {"f": null}, {"f": 1.0}, {"f": "NaN"}]"#,
        );
        assert_eq!(floats[0], floats[1]);
        assert_eq!(floats[2], floats[5]);
        assert_eq!(floats[3], [0]);
        let texts = r#"[{"a": "x", "b": "yz"}, {"a": "xy", "b": "z"}, {"a": null, "b": "z"}]"#;
        let texts = keys_of("a: string?, b: string", texts);
        assert_ne!(texts[0], texts[1]);
        assert_ne!(texts[1], texts[2]);
    }

    #[test]
    fn bytes_and_groups_never_move() {
        let int = keys_of("n: int", r#"[{"n": 258}]"#);
        assert_eq!(int, [[2, 2, 1, 0, 0, 0, 0, 0, 0]]);
        let text = keys_of("s: string", r#"[{"s": "ab"}]"#);
        assert_eq!(text, [[5, 2, 0, 0, 0, b'a', b'b']]);
        // Saved state lies in these groups.
        assert_eq!((group(hash(&int[0])), group(hash(&text[0])), group(hash(&[]))), GROUPS);
    }

    const GROUPS: (u16, u16, u16) = (102, 11, 113);

    #[test]
    fn ids_are_dense_and_keep_their_order_when_some_are_forgotten() {
        let columns = columns("k: string?, n: int");
        let rows = batch(
            &columns,
            r#"[{"k": "b", "n": 1}, {"k": null, "n": 1}, {"k": "b", "n": 1}, {"k": "a", "n": 2}]"#,
        );
        let mut keys = KeyInterner::new(vec![0, 1]);
        let mut ids = Vec::new();
        keys.intern(&rows.columns, &mut ids).unwrap();
        assert_eq!(ids, [0, 1, 0, 2]);
        let before = keys.sorted().to_vec();
        let moved = keys.compact(|id| id != 1);
        assert_eq!(moved, [0, GONE, 1]);
        let after: Vec<KeyId> =
            before.iter().map(|&id| moved[id as usize]).filter(|&id| id != GONE).collect();
        assert_eq!(keys.sorted(), after);
        keys.intern(&rows.columns, &mut ids).unwrap();
        assert_eq!(ids, [0, 2, 0, 1]);
    }

    #[test]
    fn an_exchange_keeps_the_order_and_the_place_of_rows() {
        let columns = columns("k: int");
        let json: Vec<String> =
            (0..100).map(|i| format!(r#"{{"k": {}, "@time": {i}}}"#, i % 10)).collect();
        let batch = batch(&columns, &format!("[{}]", json.join(",")));
        let parts = Partitioner::new(vec![0], 3, 0).partition(&batch, 1000).unwrap();
        let mut seen = 0;
        for part in parts.into_iter().flatten() {
            let Some(Order::Place(places)) = &part.order else { panic!("rows carry their place") };
            assert!(places.is_sorted());
            for (i, row) in rows(&part.columns).iter().enumerate() {
                assert_eq!(part.times[i], i64::from(places[i]) - 1000);
                assert_eq!(row["k"], part.times[i] % 10);
            }
            seen += part.rows();
        }
        assert_eq!(seen, 100);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Keys come back as columns with the values they had, after a detour over saved state.
        #[test]
        fn keys_survive(values in prop::collection::vec((prop::option::of("[a-c]{0,2}"), 0..4i64, any::<bool>()), 1..40)) {
            let columns = columns("a: string?, b: int, c: bool, d: float, e: timestamp");
            let json: Vec<_> = values
                .iter()
                .map(|(a, b, c)| serde_json::json!({"a": a, "b": b, "c": c, "d": *b as f64 / 2.0, "e": b}))
                .collect();
            let batch = batch(&columns, &serde_json::to_string(&json).unwrap());
            let mut keys = KeyInterner::new(vec![0, 1, 2, 3, 4]);
            let mut ids = Vec::new();
            keys.intern(&batch.columns, &mut ids).unwrap();
            let sections = save_by_group(keys.list(), 1, |_| true, |_, _| Ok(())).unwrap();
            let mut again = KeyInterner::new(vec![0, 1, 2, 3, 4]);
            for section in &sections {
                again.restore(&mut StateReader::new(&section.bytes)).unwrap();
            }
            prop_assert_eq!(again.len(), keys.len());
            again.intern(&batch.columns, &mut ids).unwrap();
            let types: Vec<_> = columns.iter().map(|it| it.typed.clone()).collect();
            let back = again.list().columns(&types, &ids).unwrap();
            let back = arrow::array::RecordBatch::try_new(batch.columns.schema(), back).unwrap();
            prop_assert_eq!(rows(&back), rows(&batch.columns));
            let sorted = again.sorted().to_vec();
            prop_assert!(sorted.is_sorted_by_key(|&id| again.list().place(id)));
        }
    }
}
