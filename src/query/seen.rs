//! What JSON values have been seen in one place, and which type of the language holds them all.

use dsl::types::{Column, Type};
use engine::expr::parse;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;

/// An object with more names than this is no record but a collection, and kept as JSON.
const FIELDS_MAX: usize = 256;

/// What was seen in one place: in a column, in a field of an object, in a list.
#[derive(Debug, Default)]
pub(super) struct Seen {
    booleans: bool,
    whole: bool,
    fractions: bool,
    texts: Texts,
    list: Option<Box<Seen>>,
    object: Option<Fields>,
}

/// What texts were.
#[derive(Debug, Default)]
struct Texts {
    times: bool,
    dates: bool,
    others: bool,
}

impl Texts {
    /// Takes note of a text.
    fn note(&mut self, text: &str) {
        if self.others {
            return;
        }
        if looks_like_a_time(text) && parse::timestamp(text).is_some() {
            self.times = true;
        } else if text.len() == 10 && parse::date(text).is_some() {
            self.dates = true;
        } else {
            self.others = true;
        }
    }

    /// The type that holds them all; none if there were none.
    fn ty(&self) -> Option<Type> {
        match (self.times, self.dates, self.others) {
            (false, false, false) => None,
            (true, false, false) => Some(Type::Timestamp),
            (false, true, false) => Some(Type::Date),
            _ => Some(Type::String),
        }
    }
}

/// Cheaper than to find out what is wrong with a time that is none.
fn looks_like_a_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[13] == b':'
}

/// The fields of objects, in the order in which they were first seen.
#[derive(Debug, Default)]
struct Fields {
    seen: Vec<(String, Seen)>,
    places: HashMap<String, usize>,
}

impl Fields {
    /// The place of a field. Objects mostly have the same fields in the same order, so the next place is tried first.
    fn place(&mut self, name: &str, next: usize) -> usize {
        if self.seen.get(next).is_some_and(|(it, _)| it == name) {
            return next;
        }
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.seen.len();
        self.places.insert(name.to_owned(), place);
        self.seen.push((name.to_owned(), Seen::default()));
        place
    }

    /// As columns.
    fn columns(&self) -> Vec<Column> {
        self.seen.iter().map(|(name, seen)| Column::new(name, seen.ty().nullable())).collect()
    }
}

impl Seen {
    /// The type that holds all that was seen: `json` where nothing narrower does.
    pub(super) fn ty(&self) -> Type {
        let number = match (self.whole, self.fractions) {
            (false, false) => None,
            (true, false) => Some(Type::Int),
            _ => Some(Type::FLOAT),
        };
        let list = self.list.as_ref().map(|it| Type::List(Box::new(it.ty().nullable())));
        let object = self.object.as_ref().map(|it| match it.seen.len() {
            1..=FIELDS_MAX => Type::Struct(it.columns()),
            _ => Type::Json,
        });
        let boolean = self.booleans.then_some(Type::Bool);
        let mut types = [boolean, number, self.texts.ty(), list, object].into_iter().flatten();
        match (types.next(), types.next()) {
            (None, _) => Type::String,
            (Some(only), None) => only,
            (Some(_), Some(_)) => Type::Json,
        }
    }

    /// The fields of the objects that were seen, or else of those in the lists that were seen, as columns.
    pub(super) fn columns(&self) -> Vec<Column> {
        match (&self.object, &self.list) {
            (Some(fields), _) => fields.columns(),
            (None, Some(list)) => list.columns(),
            (None, None) => Vec::new(),
        }
    }

    /// Takes note of a field of CSV. A number with zeros before it, or a plus, is a name.
    pub(super) fn note_field(&mut self, text: &str) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.starts_with(|it: char| it.is_ascii_digit())
            && !(digits.starts_with('0')
                && digits[1..].starts_with(|it: char| it.is_ascii_digit()));
        if text.is_empty() {
            // Null, or the empty text.
        } else if plain && parse::int(text).is_some() {
            self.whole = true;
        } else if plain && parse::float(text).is_some() {
            self.fractions = true;
        } else if parse::boolean(text).is_some() {
            self.booleans = true;
        } else {
            self.texts.note(text);
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Seen {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Seen {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.booleans = true;
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.whole = true;
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.whole = true;
        self.fractions |= i64::try_from(value).is_err();
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.fractions = true;
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.texts.note(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let list = self.list.get_or_insert_default();
        while elements.next_element_seed(&mut **list)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let fields = self.object.get_or_insert_default();
        let mut next = 0;
        while let Some(place) = entries.next_key_seed(Name { fields, next })? {
            let seen = &mut fields.seen[place].1;
            entries.next_value_seed(seen)?;
            next = place + 1;
        }
        Ok(())
    }
}

/// The name of a field, which becomes its place.
struct Name<'a> {
    fields: &'a mut Fields,
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        Ok(self.fields.place(name, self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(values: &[&str]) -> String {
        let mut seen = Seen::default();
        for value in values {
            let mut json = serde_json::Deserializer::from_str(value);
            (&mut seen).deserialize(&mut json).unwrap();
        }
        seen.ty().to_string()
    }

    #[test]
    fn the_type_holds_all_that_was_seen() {
        assert_eq!(ty(&["1", "null", "-2"]), "int");
        assert_eq!(ty(&["1", "2.0"]), "float");
        assert_eq!(ty(&["18446744073709551615"]), "float");
        assert_eq!(ty(&["true"]), "bool");
        assert_eq!(ty(&["null"]), "string");
        assert_eq!(ty(&["1", "\"a\""]), "json");
        assert_eq!(
            ty(&["\"2026-11-25T06:00:00Z\"", "\"2026-11-25T06:00:00.250+01:00\""]),
            "timestamp"
        );
        assert_eq!(ty(&["\"2026-11-25T06:00:00Z\"", "\"soon\""]), "string");
        assert_eq!(ty(&["\"2026-11-25T06:00:00\""]), "string", "without a zone it is no time");
        assert_eq!(ty(&["\"2026-11-25\""]), "date");
        assert_eq!(ty(&["\"2026-11-25\"", "\"2026-11-25T06:00:00Z\""]), "string");
        assert_eq!(ty(&["[1, 2.5]", "[]"]), "list<float?>");
        assert_eq!(ty(&["{}"]), "json");
    }

    #[test]
    fn numbers_in_csv_are_numbers_only_where_nothing_is_lost() {
        let ty = |texts: &[&str]| {
            let mut seen = Seen::default();
            texts.iter().for_each(|it| seen.note_field(it));
            seen.ty()
        };
        assert_eq!(ty(&["1", "", "-20"]), Type::Int);
        assert_eq!(ty(&["1", "2.50", "1e3"]), Type::FLOAT);
        assert_eq!(ty(&["0", "0.5", "-0"]), Type::FLOAT);
        assert_eq!(ty(&["007"]), Type::String);
        assert_eq!(ty(&["+49"]), Type::String);
        assert_eq!(ty(&["NaN"]), Type::String);
        assert_eq!(ty(&["true", "false"]), Type::Bool);
    }

    #[test]
    fn fields_stand_in_the_order_in_which_they_came() {
        let mut seen = Seen::default();
        for line in [r#"{"b":1,"a":{"x":true}}"#, r#"{"c":null,"b":2.5,"a":{"y":"z"}}"#] {
            (&mut seen).deserialize(&mut serde_json::Deserializer::from_str(line)).unwrap();
        }
        let columns = seen.columns();
        let shown: Vec<_> =
            columns.iter().map(|it| (it.name.as_str(), it.typed.ty.to_string())).collect();
        assert_eq!(shown[0], ("b", "float".to_owned()));
        assert_eq!(shown[2], ("c", "string".to_owned()));
        assert!(shown[1].1.contains('x') && shown[1].1.contains('y'), "{}", shown[1].1);
    }
}
