//! The topics of a source: MQTT filters in which a `{capture}` stands for a whole level.
//!
//! ```text
//!  devices/{device_id}/telemetry      what is typed
//!  devices/+/telemetry                what the broker is asked for
//!  devices/a7/telemetry               what comes: device_id = "a7"
//! ```

use dsl::types::Type;

/// The longest topic of the protocol, in bytes.
pub(super) const TOPIC_MAX: usize = 65_535;

/// The topics of a source and what they capture.
#[derive(Clone, Debug)]
pub(super) struct Topics {
    pub(super) each: Vec<Topic>,
    /// The same for every topic, in the order of the first.
    pub(super) captures: Vec<Capture>,
}

/// One topic.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    /// As it is typed.
    pub(super) text: String,
    levels: Vec<Level>,
}

/// A name in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capture {
    pub(super) name: String,
    /// The type behind the colon, if one is written.
    pub(super) ty: Option<Type>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Text(String),
    /// `+`
    Any,
    /// `#`
    Rest,
    /// The place of the capture in [`Topics::captures`].
    Capture(usize),
}

impl Topics {
    /// Reads what is typed; an error says what is wrong with it.
    pub(super) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut topics: Option<Topics> = None;
        for text in texts {
            let (mut topic, captures) = Topic::parse(text)?;
            let Some(topics) = &mut topics else {
                topics = Some(Topics { each: vec![topic], captures });
                continue;
            };
            topic.order_captures(&captures, &topics.captures).ok_or_else(|| {
                format!(
                    "`{}` and `{text}` capture different names; every topic of a source needs the same ones",
                    topics.each[0].text
                )
            })?;
            if let Some(other) = topics.each.iter().find(|it| it.overlaps(&topic)) {
                return Err(format!(
                    "`{}` and `{text}` have topics in common, whose messages would come twice; \
                     leave one of them out or make two sources",
                    other.text
                ));
            }
            topics.each.push(topic);
        }
        topics.ok_or_else(|| "at least one topic is needed".to_owned())
    }
}

impl Topic {
    fn parse(text: &str) -> Result<(Self, Vec<Capture>), String> {
        if text.is_empty() || text.len() > TOPIC_MAX || text.contains('\0') {
            return Err("a topic is a text of 1 to 65535 bytes".to_owned());
        }
        if text.starts_with("$share/") {
            return Err("a shared subscription is written with `share: \"GROUP\"`".to_owned());
        }
        let (mut levels, mut captures) = (Vec::new(), Vec::<Capture>::new());
        let count = text.split('/').count();
        for (i, level) in text.split('/').enumerate() {
            levels.push(match level {
                "+" => Level::Any,
                "#" if i + 1 == count => Level::Rest,
                _ if level.contains('#') => {
                    return Err(format!(
                        "`#` stands alone, as the last level of a topic; found `{level}`"
                    ));
                }
                _ if level.contains('+') => {
                    return Err(format!(
                        "`+` stands for a whole level of a topic; found `{level}`"
                    ));
                }
                _ if level.contains(['{', '}']) => {
                    let capture = Capture::parse(level)?;
                    if captures.iter().any(|it| it.name == capture.name) {
                        return Err(format!("`{{{}}}` stands in the topic twice", capture.name));
                    }
                    captures.push(capture);
                    Level::Capture(captures.len() - 1)
                }
                _ => Level::Text(level.to_owned()),
            });
        }
        Ok((Self { text: text.to_owned(), levels }, captures))
    }

    /// Puts the captures in the order of `wanted`; none when they are not the same.
    fn order_captures(&mut self, found: &[Capture], wanted: &[Capture]) -> Option<()> {
        if found.len() != wanted.len() {
            return None;
        }
        for level in &mut self.levels {
            if let Level::Capture(i) = level {
                *i = wanted.iter().position(|it| *it == found[*i])?;
            }
        }
        Some(())
    }

    /// What the broker is asked for.
    pub(super) fn filter(&self, share: Option<&str>) -> String {
        let levels = self.levels.iter().map(|level| match level {
            Level::Text(text) => text.as_str(),
            Level::Any | Level::Capture(_) => "+",
            Level::Rest => "#",
        });
        let prefix = share.map(|group| format!("$share/{group}/")).unwrap_or_default();
        prefix + &levels.collect::<Vec<_>>().join("/")
    }

    /// What the captures caught in `topic`, if it is one of these.
    pub(super) fn captured(&self, topic: &str, captures: usize) -> Option<Vec<String>> {
        // Topics of the broker itself are not meant by a wildcard.
        if topic.starts_with('$') && !matches!(self.levels.first(), Some(Level::Text(_))) {
            return None;
        }
        let mut caught = vec![String::new(); captures];
        let mut found = topic.split('/');
        for level in &self.levels {
            match (level, found.next()) {
                (Level::Rest, _) => return Some(caught),
                (Level::Any, Some(_)) => {}
                (Level::Capture(i), Some(text)) => text.clone_into(&mut caught[*i]),
                (Level::Text(wanted), Some(text)) if wanted == text => {}
                _ => return None,
            }
        }
        found.next().is_none().then_some(caught)
    }

    /// Whether some topic is one of both.
    fn overlaps(&self, other: &Topic) -> bool {
        let (mut a, mut b) = (self.levels.iter(), other.levels.iter());
        loop {
            match (a.next(), b.next()) {
                (Some(Level::Rest), _) | (_, Some(Level::Rest)) | (None, None) => return true,
                (None, Some(_)) | (Some(_), None) => return false,
                (Some(Level::Text(a)), Some(Level::Text(b))) if a != b => return false,
                _ => {}
            }
        }
    }
}

impl Capture {
    fn parse(level: &str) -> Result<Self, String> {
        let inside = level.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        let inside = inside.filter(|it| !it.contains(['{', '}'])).ok_or_else(|| {
            format!(
                "a capture takes a whole level of a topic, as in `a/{{name}}/b`; found `{level}`"
            )
        })?;
        let (name, ty) = match inside.split_once(':') {
            Some((name, ty)) => (name.trim(), Some(ty.trim())),
            None => (inside.trim(), None),
        };
        let mut letters = name.chars();
        let is_name = letters.next().is_some_and(|it| it.is_alphabetic() || it == '_')
            && letters.all(|it| it.is_alphanumeric() || it == '_');
        if !is_name {
            return Err(format!(
                "a capture is the name of a column, as in `{{device_id}}`; found `{level}`"
            ));
        }
        let ty = match ty {
            None => None,
            Some("string") => Some(Type::String),
            Some("int") => Some(Type::Int),
            Some("float") => Some(Type::FLOAT),
            Some(_) => {
                return Err(format!(
                    "a capture is a `string`, an `int` or a `float`; found `{level}`"
                ));
            }
        };
        Ok(Self { name: name.to_owned(), ty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Topics, String> {
        Topics::parse(texts.iter().copied())
    }

    fn caught(pattern: &str, topic: &str) -> Option<Vec<String>> {
        let topics = parse(&[pattern]).unwrap();
        topics.each[0].captured(topic, topics.captures.len())
    }

    #[test]
    fn captures_catch_whole_levels() {
        assert_eq!(caught("a/{x}/b/{y:int}", "a/1/b/2"), Some(vec!["1".into(), "2".into()]));
        assert_eq!(caught("a/{x}", "a/"), Some(vec![String::new()]));
        assert_eq!(caught("a/{x}", "a/1/2"), None);
        assert_eq!(caught("a/{x}", "a"), None);
        let topics = parse(&["line/{line:int}/{machine}"]).unwrap();
        assert_eq!(topics.each[0].filter(None), "line/+/+");
        assert_eq!(topics.each[0].filter(Some("weir")), "$share/weir/line/+/+");
        assert_eq!(topics.captures[0], Capture { name: "line".into(), ty: Some(Type::Int) });
    }

    #[test]
    fn wildcards_mean_what_the_protocol_says() {
        assert!(caught("a/#", "a").is_some());
        assert!(caught("a/#", "a/b/c").is_some());
        assert!(caught("#", "$SYS/uptime").is_none());
        assert!(caught("+/b", "/b").is_some());
        assert!(caught("+", "a/b").is_none());
    }

    #[test]
    fn several_topics_capture_the_same_names_and_have_nothing_in_common() {
        let topics = parse(&["a/{x}/{y}", "b/{y}/{x}"]).unwrap();
        assert_eq!(topics.each[1].captured("b/1/2", 2), Some(vec!["2".into(), "1".into()]));
        assert!(parse(&["a/{x}", "b/{y}"]).unwrap_err().contains("different names"));
        assert!(parse(&["a/+/c", "a/b/#"]).unwrap_err().contains("in common"));
        assert!(parse(&["a/+/c", "a/b/d"]).is_ok());
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, part) in [
            ("", "1 to 65535"),
            ("a/#/b", "last level"),
            ("a/b+", "whole level"),
            ("a/x{y}", "whole level"),
            ("a/{}", "name of a column"),
            ("a/{x:bool}", "`string`, an `int` or a `float`"),
            ("{x}/{x}", "twice"),
            ("$share/g/a", "share:"),
        ] {
            let message = parse(&[text]).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
