//! Messages that a source has refused itself, since they are larger than it was told to take: the decoder does not see
//! them, and they become error rows in their place.

use crate::codec::Decoded;
use crate::reason::{Fault, Reason, RejectedPayload};
use crate::source::PayloadData;

/// Messages of which some were refused.
pub(super) struct Sorted {
    /// What the decoder gets.
    pub(super) left: PayloadData,
    /// The place of each of these among all.
    places: Vec<u32>,
    refused: Vec<RejectedPayload>,
}

impl Sorted {
    /// Takes out what was refused; none: nothing was.
    pub(super) fn of(data: &PayloadData) -> Option<Self> {
        let PayloadData::Messages(messages) = data else { return None };
        if messages.iter().all(|it| it.refused.is_none()) {
            return None;
        }
        let (mut left, mut places, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (place, message) in (0u32..).zip(messages) {
            match &message.refused {
                None => {
                    left.push(message.clone());
                    places.push(place);
                }
                Some(why) => {
                    let (reason, detail) = (Reason::Decode, why.clone());
                    let fault = Fault { row: place, reason, detail, column: None };
                    let payload = message.payload.clone();
                    refused.push(RejectedPayload { fault, payload, before: 0 });
                }
            }
        }
        Some(Self { left: PayloadData::Messages(left), places, refused })
    }

    /// What was decoded of the others, as if all of them had been.
    pub(super) fn join(self, decoded: Decoded) -> Decoded {
        let Decoded { rows, origins, rejected } = decoded;
        let own = 0..rows.num_rows() as u32;
        let origins = origins.unwrap_or_else(|| own.collect());
        let origins: Vec<u32> = origins.iter().map(|it| self.places[*it as usize]).collect();
        let mut all = self.refused;
        for it in &mut all {
            it.before = origins.partition_point(|origin| *origin < it.fault.row) as u32;
        }
        for mut it in rejected {
            it.fault.row = self.places[it.fault.row as usize];
            all.push(it);
        }
        all.sort_by_key(|it| it.fault.row);
        Decoded { rows, origins: Some(origins), rejected: all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Message;
    use crate::testing::{batch, columns};

    fn message(payload: &'static str, refused: Option<&str>) -> Message {
        let refused = refused.map(str::to_owned);
        Message { payload: payload.into(), refused, ..Message::default() }
    }

    #[test]
    fn refused_messages_keep_their_place() {
        let messages = ["[1, 2]", "large", "bad", "3", "large", "4"];
        let why = |it: &str| (it == "large").then_some("too large");
        let data = PayloadData::Messages(messages.map(|it| message(it, why(it))).to_vec());
        let sorted = Sorted::of(&data).unwrap();
        let PayloadData::Messages(left) = &sorted.left else { panic!("they are messages") };
        assert_eq!(
            left.iter().map(|it| &it.payload[..]).collect::<Vec<_>>(),
            [&b"[1, 2]"[..], b"bad", b"3", b"4"]
        );
        let detail = "no number".to_owned();
        let fault = Fault { row: 1, reason: Reason::Type, detail, column: None };
        let decoded = Decoded {
            rows: batch(&columns("n: int"), r#"[{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]"#).columns,
            origins: Some(vec![0, 0, 2, 3]),
            rejected: vec![RejectedPayload { fault, payload: "bad".into(), before: 2 }],
        };
        let joined = sorted.join(decoded);
        assert_eq!(joined.origins, Some(vec![0, 0, 3, 5]));
        let found = joined.rejected.iter().map(|it| (it.fault.row, it.fault.reason, it.before));
        let expected = [(1, Reason::Decode, 2), (2, Reason::Type, 2), (4, Reason::Decode, 3)];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nothing_is_taken_out_where_nothing_was_refused() {
        assert!(Sorted::of(&PayloadData::Messages(vec![message("1", None)])).is_none());
        assert!(Sorted::of(&PayloadData::Stream("1".into())).is_none());
    }
}
