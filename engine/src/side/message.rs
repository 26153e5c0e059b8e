//! What is known about a message, as metadata of the row it became and in the error row where it became none.

use super::{UTC, error_field_type, times};
use crate::batch::{Batch, Meta, MetaColumn, Stamps};
use crate::error::{Error, Result};
use crate::reason::RejectedPayload;
use crate::source::{Message, PayloadData, Payloads};
use crate::types::{data_type, schema};
use arrow::array::{
    ArrayRef, BinaryArray, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Field};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dsl::check::rules;
use dsl::plan::MetaField;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// The metadata of rows, each of which came from the message at its place in `origins` (none: from the one at its own).
pub fn meta(
    payloads: &Payloads,
    origins: Option<&[u32]>,
    rows: usize,
    needed: &BTreeSet<MetaField>,
) -> Result<Meta> {
    let mut meta = Meta::default();
    if needed.contains(&MetaField::Received) {
        meta.received = MetaColumn::Same(times(vec![payloads.received]));
    }
    if needed.contains(&MetaField::Split) {
        meta.split = MetaColumn::Same(Arc::new(StringArray::from(vec![&*payloads.split])));
    }
    let PayloadData::Messages(messages) = &payloads.data else {
        // A byte stream has no topic; the file it is stands in `split`.
        return Ok(meta);
    };
    let of: Vec<&Message> = match origins {
        Some(origins) => origins.iter().map(|&it| &messages[it as usize]).collect(),
        None => messages.iter().take(rows).collect(),
    };
    for field in needed {
        match field {
            MetaField::Topic => meta.topic = each(*field, &of)?,
            MetaField::Key => meta.key = each(*field, &of)?,
            MetaField::Partition => meta.partition = each(*field, &of)?,
            MetaField::Offset => meta.offset = each(*field, &of)?,
            MetaField::Headers => meta.headers = each(*field, &of)?,
            MetaField::Expires => meta.expires = each(*field, &of)?,
            MetaField::Time | MetaField::Received | MetaField::Split => {}
        }
    }
    Ok(meta)
}

fn each(field: MetaField, of: &[&Message]) -> Result<MetaColumn> {
    Ok(MetaColumn::Each(column(field, of)?))
}

/// One field of these messages.
fn column(field: MetaField, of: &[&Message]) -> Result<ArrayRef> {
    Ok(match field {
        MetaField::Topic => {
            Arc::new(of.iter().map(|it| it.topic.as_deref()).collect::<StringArray>())
        }
        MetaField::Key => Arc::new(of.iter().map(|it| it.key.as_deref()).collect::<BinaryArray>()),
        MetaField::Partition => Arc::new(of.iter().map(|it| it.partition).collect::<Int64Array>()),
        MetaField::Offset => Arc::new(of.iter().map(|it| it.offset).collect::<Int64Array>()),
        MetaField::Headers => headers(of)?,
        MetaField::Expires => expires(of),
        MetaField::Time | MetaField::Received | MetaField::Split => {
            return Err(Error::bug("a message has no such field"));
        }
    })
}

fn expires(of: &[&Message]) -> ArrayRef {
    let times = of.iter().map(|it| it.expires).collect::<TimestampMicrosecondArray>();
    Arc::new(times.with_timezone(UTC))
}

fn headers(of: &[&Message]) -> Result<ArrayRef> {
    let DataType::Map(entries, _) = data_type(&MetaField::Headers.typed().ty) else {
        return Err(Error::bug("headers are a map"));
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(Error::bug("a map has entries"));
    };
    let names = MapFieldNames {
        entry: entries.name().clone(),
        key: fields[0].name().clone(),
        value: fields[1].name().clone(),
    };
    let (keys, values) = (StringBuilder::new(), StringBuilder::new());
    let mut map =
        MapBuilder::new(Some(names), keys, values).with_values_field(Field::clone(&fields[1]));
    for message in of {
        for (name, value) in last_of_each(message.headers.as_deref().unwrap_or_default()) {
            map.keys().append_value(name);
            map.values().append_value(value);
        }
        map.append(message.headers.is_some())?;
    }
    Ok(Arc::new(map.finish()))
}

/// The headers in their order; of those of one name the last, since a map has each name once.
fn last_of_each(headers: &[(String, String)]) -> Vec<&(String, String)> {
    if headers.len() < 2 {
        return headers.iter().collect();
    }
    let mut seen = HashSet::with_capacity(headers.len());
    let mut kept: Vec<_> = headers.iter().rev().filter(|(name, _)| seen.insert(name)).collect();
    kept.reverse();
    kept
}

/// The error rows of payloads that did not become rows. Their time is when they were received.
pub fn rejected(rejected: &[RejectedPayload], payloads: &Payloads) -> Result<Batch> {
    let rows = rejected.len();
    let text = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let encoded: Vec<Option<String>> = rejected
        .iter()
        .map(|it| {
            std::str::from_utf8(&it.payload).is_err().then(|| BASE64_STANDARD.encode(&it.payload))
        })
        .collect();
    let shown = rejected.iter().zip(&encoded).map(|(it, encoded)| match encoded {
        Some(text) => Some(text.as_str()),
        None => std::str::from_utf8(&it.payload).ok(),
    });
    let columns = vec![
        text(rejected.iter().map(|it| Some(it.fault.reason.as_str())).collect()),
        text(rejected.iter().map(|it| Some(it.fault.detail.as_str())).collect()),
        text(rejected.iter().map(|it| it.fault.column.as_deref()).collect()),
        text(vec![None; rows]),
        text(shown.collect()),
        text(encoded.iter().map(|it| it.as_ref().map(|_| "base64")).collect()),
        times(vec![payloads.received; rows]),
        meta_struct(rejected, payloads)?,
    ];
    Ok(Batch {
        columns: RecordBatch::try_new(schema(&rules::error_columns()), columns)?,
        times: vec![payloads.received; rows].into(),
        stamps: Stamps::same(i64::MIN),
        meta: None,
        order: None,
    })
}

/// The column `meta` of the error rows of payloads. Whether there was a row time is not known: it is null.
fn meta_struct(rejected: &[RejectedPayload], payloads: &Payloads) -> Result<ArrayRef> {
    let DataType::Struct(fields) = error_field_type("meta") else {
        return Err(Error::bug("`meta` of error rows is a struct"));
    };
    let rows = rejected.len();
    let split: ArrayRef = Arc::new(StringArray::from(vec![&*payloads.split; rows]));
    let of: Option<Vec<&Message>> = match &payloads.data {
        PayloadData::Messages(messages) => {
            rejected.iter().map(|it| messages.get(it.fault.row as usize)).collect()
        }
        PayloadData::Stream(_) => None,
    };
    let mut columns =
        vec![new_null_array(fields[0].data_type(), rows), times(vec![payloads.received; rows])];
    for field in &Meta::FIELDS[1..] {
        columns.push(match (&of, field) {
            (_, MetaField::Split) => Arc::clone(&split),
            (Some(of), field) => column(*field, of)?,
            (None, field) => new_null_array(&data_type(&field.typed().ty), rows),
        });
    }
    Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};

    #[test]
    fn when_a_message_expires_is_a_time_or_null() {
        let with = |expires| Message { expires, ..Message::default() };
        let messages = [with(Some(7)), with(None)];
        let made = column(MetaField::Expires, &messages.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(made.data_type(), &data_type(&MetaField::Expires.typed().ty));
        assert_eq!((made.is_null(0), made.is_null(1)), (false, true));
    }

    #[test]
    fn headers_are_null_without_a_transport_for_them_and_hold_each_name_once() {
        let text = |it: &str| it.to_owned();
        let with = |headers| Message { headers, ..Message::default() };
        let pairs = [("unit", "C"), ("site", "a"), ("unit", "K")];
        let pairs = pairs.map(|(name, value)| (text(name), text(value)));
        let messages = [with(None), with(Some(Vec::new())), with(Some(pairs.to_vec()))];
        let made = headers(&messages.iter().collect::<Vec<_>>()).unwrap();
        let made = made.as_map();
        assert_eq!((made.is_null(0), made.is_null(1), made.value_length(1)), (true, false, 0));
        let last = made.value(2);
        let column = |it: usize| last.column(it).as_string::<i32>().iter().flatten().map(text);
        assert_eq!(column(0).collect::<Vec<_>>(), ["site", "unit"]);
        assert_eq!(column(1).collect::<Vec<_>>(), ["a", "K"]);
    }

    #[test]
    fn a_byte_stream_has_no_topic() {
        let payloads = Payloads {
            split: "a.jsonl".into(),
            data: PayloadData::Stream(bytes::Bytes::new()),
            received: 0,
            position: String::new(),
        };
        let needed = [MetaField::Topic, MetaField::Split].into();
        let made = meta(&payloads, None, 1, &needed).unwrap();
        assert!(matches!(made.split, MetaColumn::Same(_)));
        assert!(!matches!(made.topic, MetaColumn::Same(_)), "{:?}", made.topic);
    }
}
