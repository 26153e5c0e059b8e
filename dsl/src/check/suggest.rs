//! "Did you mean": the known name that a wrong one was probably meant to be.

/// The name closest to `word`, if one is close enough to be worth saying; among equals the first.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let other = name.to_lowercase();
        let distance = if other == lower { 0 } else { strsim::osa_distance(&lower, &other) };
        if close_enough(&lower, &other, distance) && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// A third of the letters may differ; a longer name that begins with what was typed is meant, too.
fn close_enough(word: &str, name: &str, distance: usize) -> bool {
    let letters = word.chars().count().max(name.chars().count());
    let begun = word.chars().count() >= 3 && (name.starts_with(word) || word.starts_with(name));
    name != word && distance * 3 <= letters || distance == 0 || begun && distance <= 6
}

/// A list for people: `a`, `b` and `c`; long ones are cut.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = String::new();
    for (i, name) in names.iter().take(MOST).enumerate() {
        let joint = match i {
            0 => "",
            _ if i + 1 == names.len() => " and ",
            _ => ", ",
        };
        text.extend([joint, "`", name, "`"]);
    }
    if names.len() > MOST {
        text.push_str(" …");
    }
    text
}

/// A name as it is typed: in backticks unless it is a plain word.
pub fn written(name: &str) -> String {
    const RESERVED: [&str; 9] = ["and", "or", "not", "in", "is", "as", "null", "true", "false"];
    let plain = name.starts_with(|it: char| it.is_alphabetic() || it == '_')
        && name.chars().all(|it| it.is_alphanumeric() || it == '_')
        && !RESERVED.contains(&name);
    if plain { name.to_owned() } else { format!("`{name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let names = ["temperature", "device_id", "humidity"];
        assert_eq!(nearest("temprature", names), Some("temperature"));
        assert_eq!(nearest("Device_ID", names), Some("device_id"));
        assert_eq!(nearest("temp", ["temperature_mean", "tempo"]), Some("tempo"));
        assert_eq!(nearest("pressure", names), None);
        assert_eq!(nearest("x", ["y", "z"]), None);
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
