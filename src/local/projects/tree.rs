//! A template's text as a tree that knows its lines. JSON is read by the same parser: it is YAML, too.
//!
//! Short forms of intrinsic functions (`!Sub x`) become their long ones (`{"Fn::Sub": "x"}`).

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

/// Most bytes of a template: CloudFormation's own limit.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub(super) const MAX_BYTES: usize = 1024 * 1024;
/// Most values in a template once its aliases are written out, against a few lines that mean gigabytes.
const MAX_VALUES: usize = 200_000;
/// How deep values may lie in each other.
const MAX_DEPTH: usize = 100;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// From 1. The value of a map has its key's line, which is where people look.
    pub line: usize,
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    /// A text, number or flag as it is written: CloudFormation tells them apart by where they stand.
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; no key is there twice.
    Map(Vec<(String, Node)>),
}

/// Why a text is no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and how to mend it.
    pub why: String,
}

impl Node {
    /// A value of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entries of a map; none where it is something else.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none where it is something else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// A text as it is written.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The intrinsic function that this is, such as `Fn::Sub` or `Ref`, and what it is applied to.
    pub fn intrinsic(&self) -> Option<(&str, &Self)> {
        match self.entries() {
            [(key, node)] if key.starts_with("Fn::") || key == "Ref" || key == "Condition" => {
                Some((key, node))
            }
            _ => None,
        }
    }

    /// Values in it, itself included.
    fn size(&self) -> usize {
        let inner: usize = match &self.kind {
            Kind::Null | Kind::Text(_) => 0,
            Kind::List(items) => items.iter().map(Self::size).sum(),
            Kind::Map(entries) => entries.iter().map(|(_, node)| node.size()).sum(),
        };
        inner + 1
    }

    /// Levels of values in it, itself included.
    fn depth(&self) -> usize {
        let inner = match &self.kind {
            Kind::Null | Kind::Text(_) => None,
            Kind::List(items) => items.iter().map(Self::depth).max(),
            Kind::Map(entries) => entries.iter().map(|(_, node)| node.depth()).max(),
        };
        inner.unwrap_or_default() + 1
    }
}

/// Reads a text.
///
/// # Errors
/// [`Malformed`], with the place.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    if text.len() > MAX_BYTES {
        let why = format!("it is longer than {MAX_BYTES} bytes, which CloudFormation takes at most");
        return Err(Malformed { line: 1, column: 1, why });
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        let (event, span) =
            event.map_err(|error| at(error.marker(), mend(error.info(), text, error.marker())))?;
        if matches!(event, Event::DocumentStart(_)) && builder.root.is_some() {
            return Err(at(&span.start, "a second document begins here: a template has one".to_owned()));
        }
        builder.take(event, &span.start)?;
    }
    Ok(builder.root.unwrap_or(Node { line: 1, kind: Kind::Null }))
}

fn at(marker: &Marker, why: String) -> Malformed {
    Malformed { line: marker.line().max(1), column: marker.col() + 1, why }
}

/// What the parser says, and what to do about it where that is known.
fn mend(info: &str, text: &str, marker: &Marker) -> String {
    let line = text.lines().nth(marker.line().saturating_sub(1)).unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    let advice = if indent.contains('\t') || info.contains("tab") {
        "indent with spaces, not with tabs"
    } else if info.contains("mapping values are not allowed") || info.contains("simple key") {
        "see that the line is indented as its neighbours are, and put texts that hold ': ' in quotes"
    } else if info.contains("quoted scalar") || info.contains("end of stream") || info.contains("eof") {
        "close the quotation mark or bracket that was opened before"
    } else if info.contains("found character that cannot start any token") {
        "put the text in quotes"
    } else {
        "look at this line and the one before: indentation, colons, quotation marks and brackets"
    };
    format!("{info}; {advice}")
}

/// A list or map that is not yet closed.
struct Open {
    line: usize,
    anchor: usize,
    /// The long form of the tag that it carries.
    tag: Option<String>,
    kind: Parts,
}

enum Parts {
    List(Vec<Node>),
    /// With the key that waits for its value, and the key's line.
    Map(Vec<(String, Node)>, Option<(String, usize)>),
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: std::collections::HashMap<usize, Node>,
    values: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, start: &Marker) -> Result<(), Malformed> {
        let line = start.line().max(1);
        let opened =
            |anchor, tag: Option<&Tag>, kind| Open { line, anchor, tag: tag.and_then(long_form), kind };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let null = matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let kind = if null && style == ScalarStyle::Plain && tag.is_none() {
                    Kind::Null
                } else {
                    Kind::Text(text.into_owned())
                };
                let node = tagged(Node { line, kind }, tag.as_deref().and_then(long_form));
                self.put(node, anchor, start)
            }
            Event::SequenceStart(anchor, tag) => {
                self.push(opened(anchor, tag.as_deref(), Parts::List(Vec::new())), start)
            }
            Event::MappingStart(anchor, tag) => {
                self.push(opened(anchor, tag.as_deref(), Parts::Map(Vec::new(), None)), start)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let kind = match open.kind {
                    Parts::List(items) => Kind::List(items),
                    Parts::Map(entries, _) => Kind::Map(entries),
                };
                self.put(tagged(Node { line: open.line, kind }, open.tag), open.anchor, start)
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(at(start, "an alias refers to what it is itself a part of".to_owned()));
                };
                // Looked at before it is copied.
                if self.values + node.size() > MAX_VALUES {
                    return Err(at(start, too_many()));
                }
                if self.open.len() + node.depth() > MAX_DEPTH {
                    return Err(at(start, too_deep()));
                }
                let node = node.clone();
                self.values += node.size() - 1;
                self.put(node, 0, start)
            }
            _ => Ok(()),
        }
    }

    fn push(&mut self, open: Open, start: &Marker) -> Result<(), Malformed> {
        if self.open.len() >= MAX_DEPTH {
            return Err(at(start, too_deep()));
        }
        self.open.push(open);
        Ok(())
    }

    /// A value is complete: it goes into what is open.
    fn put(&mut self, node: Node, anchor: usize, start: &Marker) -> Result<(), Malformed> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(at(start, too_many()));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map(entries, key)) => match key.take() {
                Some((key, _)) if key == "<<" => merge(entries, node),
                Some((key, line)) => entries.push((key, Node { line, ..node })),
                None => {
                    let Kind::Text(text) = node.kind else {
                        return Err(at(start, "a key must be a text".to_owned()));
                    };
                    if entries.iter().any(|(known, _)| *known == text) {
                        let why = format!("the key '{text}' is there twice: remove one, or rename it");
                        return Err(at(start, why));
                    }
                    *key = Some((text, node.line));
                }
            },
        }
        Ok(())
    }
}

/// `<<`: what is there already stays.
fn merge(entries: &mut Vec<(String, Node)>, node: Node) {
    let maps = match node.kind {
        Kind::List(maps) => maps,
        _ => vec![node],
    };
    for map in maps {
        if let Kind::Map(inherited) = map.kind {
            for (key, node) in inherited {
                if !entries.iter().any(|(known, _)| *known == key) {
                    entries.push((key, node));
                }
            }
        }
    }
}

/// The long form of a short one: `Fn::Sub` of `!Sub`. None for YAML's own tags.
fn long_form(tag: &Tag) -> Option<String> {
    if tag.handle != "!" || tag.suffix.is_empty() {
        return None;
    }
    Some(match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

fn tagged(node: Node, tag: Option<String>) -> Node {
    match tag {
        Some(tag) => Node { line: node.line, kind: Kind::Map(vec![(tag, node)]) },
        None => node,
    }
}

fn too_many() -> String {
    format!("with its aliases written out it has more than {MAX_VALUES} values")
}

fn too_deep() -> String {
    format!("values lie more than {MAX_DEPTH} levels deep in each other")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Kind, Node, parse};

    fn text(node: &Node, path: &[&str]) -> String {
        let node = path.iter().fold(node, |node, key| node.get(key).unwrap());
        node.text().unwrap().to_owned()
    }

    #[test]
    fn yaml_and_json_are_the_same_tree() {
        let yaml = parse("A:\n  - !Sub '${X}-1'\n  - b: 007\nC: !GetAtt F.Arn\nD: ~\nE: ''\n").unwrap();
        let json = parse(
            "{\"A\": [{\"Fn::Sub\": \"${X}-1\"},\n\t{\"b\": \"007\"}],\n \"C\": {\"Fn::GetAtt\": \"F.Arn\"},\n \"D\": null, \"E\": \"\"}",
        )
        .unwrap();
        for tree in [&yaml, &json] {
            assert_eq!(tree.get("A").unwrap().items()[0].intrinsic().unwrap().0, "Fn::Sub");
            assert_eq!(text(&tree.get("A").unwrap().items()[1], &["b"]), "007");
            assert_eq!(text(tree, &["C", "Fn::GetAtt"]), "F.Arn");
            assert_eq!(tree.get("D").unwrap().kind, Kind::Null);
            assert_eq!(tree.get("E").unwrap().kind, Kind::Text(String::new()));
        }
        let lines: Vec<_> = yaml.entries().iter().map(|(key, node)| (key.as_str(), node.line)).collect();
        assert_eq!(lines, [("A", 1), ("C", 4), ("D", 5), ("E", 6)]);
    }

    #[test]
    fn anchors_and_merges_are_written_out() {
        let tree = parse("base: &b {x: 1, y: 2}\none: *b\ntwo:\n  <<: *b\n  y2: 3\n").unwrap();
        assert_eq!(text(&tree, &["one", "y"]), "2");
        assert_eq!((text(&tree, &["two", "x"]), text(&tree, &["two", "y2"])), ("1".into(), "3".into()));
    }

    #[rstest]
    #[case::tab("A:\n\tB: 1\n", 2, "spaces, not with tabs")]
    #[case::indent("A:\n  B: 1\n   C: 2\n", 3, "indented as its neighbours")]
    #[case::quote("A: 'x\nB: 1\n", 1, "close the quotation mark")]
    #[case::bracket("A: [1, 2\n", 2, "bracket")]
    #[case::twice("A: 1\nB: 2\nA: 3\n", 3, "'A' is there twice")]
    #[case::key("A: 1\n[1, 2]: x\n", 2, "a key must be a text")]
    #[case::second("A: 1\n---\nB: 1\n", 2, "second document")]
    #[case::unknown_alias("A: *b\n", 1, "anchor")]
    fn what_is_broken_is_named_with_its_line(#[case] yaml: &str, #[case] line: usize, #[case] why: &str) {
        let malformed = parse(yaml).unwrap_err();
        assert!(malformed.why.contains(why), "{malformed:?}");
        assert_eq!(malformed.line, line, "{malformed:?}");
        assert!(malformed.column >= 1);
    }

    #[test]
    fn a_few_lines_cannot_mean_gigabytes() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..10 {
            let before = format!("*a{}, ", n - 1).repeat(10);
            bomb.extend([
                "a",
                &n.to_string(),
                ": &a",
                &n.to_string(),
                " [",
                before.trim_end_matches(", "),
                "]\n",
            ]);
        }
        let malformed = parse(&bomb).unwrap_err();
        assert!(malformed.why.contains("more than 200000 values"), "{malformed:?}");
        let deep = |levels| format!("{}x{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&deep(100)).is_ok());
        assert!(parse(&deep(101)).unwrap_err().why.contains("levels deep"));
        let chain = |levels| {
            let lines: Vec<_> = (1..levels).map(|n| format!("b{n}: &b{n} [*b{}]", n - 1)).collect();
            format!("b0: &b0 [[x]]\n{}", lines.join("\n"))
        };
        assert!(parse(&chain(60)).is_ok());
        assert!(parse(&chain(120)).unwrap_err().why.contains("levels deep"));
        assert!(parse(&"x".repeat(super::MAX_BYTES + 1)).unwrap_err().why.contains("1048576"));
    }
}
