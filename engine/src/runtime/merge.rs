//! Puts the rows of a round that came from several tasks in the order they would have had with one.

use super::delivery::Piece;
use crate::batch::{Batch, Order};
use crate::error::Result;
use arrow::array::UInt32Array;

/// Merges what each task sent, in the order of the tasks.
pub(super) fn merge(mut lanes: Vec<Vec<Piece>>) -> Result<Vec<Piece>> {
    if lanes.len() == 1 {
        return Ok(lanes.swap_remove(0));
    }
    let mut phases: Vec<u32> = lanes.iter().flatten().map(|it| it.phase).collect();
    phases.sort_unstable();
    phases.dedup();
    let mut merged = Vec::with_capacity(phases.len());
    for phase in phases {
        let of = lanes.iter().flatten().filter(|it| it.phase == phase);
        let batches: Vec<Batch> = of.map(|it| it.batch.clone()).collect();
        merged.push(Piece { phase, batch: sorted(Batch::concat(&batches)?)? });
    }
    Ok(merged)
}

/// Sorts rows by their order. The sort is stable, so rows of one place or window stay in the order of the tasks.
fn sorted(batch: Batch) -> Result<Batch> {
    let mut places: Vec<u32> = (0..batch.rows() as u32).collect();
    match &batch.order {
        Some(Order::Place(of)) if !of.is_sorted() => places.sort_by_key(|&i| of[i as usize]),
        Some(Order::Window { ends, starts, ties }) => {
            let tie = |i: usize| ties.as_ref().map_or(0, |it| it[i]);
            let key = |i: &u32| (ends[*i as usize], starts[*i as usize], tie(*i as usize));
            if places.is_sorted_by_key(key) {
                return Ok(batch);
            }
            places.sort_by_key(key);
        }
        _ => return Ok(batch),
    }
    batch.take(&UInt32Array::from(places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{batch, columns, rows};

    fn piece(phase: u32, json: &str, order: Order) -> Piece {
        Piece { phase, batch: Batch { order: Some(order), ..batch(&columns("n: int"), json) } }
    }

    #[test]
    fn rows_stand_as_with_one_task() {
        let first = vec![
            piece(0, r#"[{"n": 0}, {"n": 3}]"#, Order::Place(vec![0, 3].into())),
            piece(1, r#"[{"n": 10}, {"n": 13}]"#, window(&[5, 9])),
        ];
        let second = vec![
            piece(0, r#"[{"n": 1}, {"n": 2}]"#, Order::Place(vec![1, 2].into())),
            piece(1, r#"[{"n": 11}, {"n": 12}]"#, window(&[5, 7])),
        ];
        let merged = merge(vec![first, second]).unwrap();
        let numbers: Vec<_> = merged
            .iter()
            .flat_map(|it| rows(&it.batch.columns))
            .map(|it| it["n"].clone())
            .collect();
        assert_eq!(numbers, [0, 1, 2, 3, 10, 11, 12, 13]);
    }

    fn window(ends: &[i64]) -> Order {
        Order::Window { ends: ends.to_vec().into(), starts: vec![0; ends.len()].into(), ties: None }
    }
}
