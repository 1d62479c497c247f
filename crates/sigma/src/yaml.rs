//! YAML as Sigma uses it, with the place of every node and a budget, so that a hostile file costs nothing.

use std::collections::HashMap;
use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::limit::{YAML_DEPTH_MAX, YAML_NODES_MAX};

/// Where something stands in its file, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// What was wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct Refusal {
    /// Where.
    pub position: Position,
    /// What, without a full stop.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(position: Position, reason: impl Into<String>) -> Self {
        Self { position, reason: reason.into() }
    }
}

/// A node and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `plain` is unquoted: only then can it be a number, a boolean or null.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// In the order written; keys are unique.
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) position: Position,
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, node)| node)
    }

    /// The entries of a map; nothing for anything else.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The elements of a list; a lone value is a list of one.
    pub(crate) fn elements(&self) -> &[Node] {
        if let Value::List(nodes) = &self.value { nodes } else { std::slice::from_ref(self) }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Scalar { text, .. } = &self.value { Some(text) } else { None }
    }

    /// `~`, `null` or nothing at all.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// What is being built: a list, or a map waiting for a key or for the value of one.
enum Open {
    List(Position, Vec<Node>),
    Map(Position, Vec<(Key, Node)>, Option<Key>),
}

struct Builder {
    documents: Vec<Node>,
    open: Vec<(Open, usize)>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

/// Reads every document of a file. One broken document ends the reading; what stood before it is returned too.
pub(crate) fn documents(text: &str) -> (Vec<Node>, Option<Refusal>) {
    let mut builder = Builder { documents: Vec::new(), open: Vec::new(), anchors: HashMap::new(), nodes: 0 };
    for event in Parser::new_from_str(text) {
        let step = match event {
            Ok((event, span)) => builder.take(event, position(&span)),
            Err(error) => {
                let (line, column) = (error.marker().line() as u32, error.marker().col() as u32 + 1);
                Err(Refusal::new(Position { line, column }, format!("not YAML: {}", error.info())))
            }
        };
        if let Err(refusal) = step {
            return (builder.documents, Some(refusal));
        }
    }
    (builder.documents, None)
}

fn position(span: &Span) -> Position {
    Position { line: span.start.line() as u32, column: span.start.col() as u32 + 1 }
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Refusal> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let node = Node { position: at, value: Value::Scalar { text: text.into_owned(), plain } };
                self.place(node, anchor, 1)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (node, size) = (node.clone(), *size);
                    self.place(node, 0, size)
                }
                None => Err(Refusal::new(at, "an alias without its anchor")),
            },
            Event::SequenceStart(anchor, _) => self.begin(Open::List(at, Vec::new()), anchor, at),
            Event::MappingStart(anchor, _) => self.begin(Open::Map(at, Vec::new(), None), anchor, at),
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, open: Open, anchor: usize, at: Position) -> Result<(), Refusal> {
        if self.open.len() >= YAML_DEPTH_MAX {
            return Err(Refusal::new(at, format!("nested deeper than {YAML_DEPTH_MAX}")));
        }
        self.open.push((open, anchor));
        Ok(())
    }

    fn end(&mut self, at: Position) -> Result<(), Refusal> {
        let Some((open, anchor)) = self.open.pop() else {
            return Err(Refusal::new(at, "an end without a beginning"));
        };
        let (position, value) = match open {
            Open::List(position, nodes) => (position, Value::List(nodes)),
            Open::Map(position, entries, _) => (position, Value::Map(entries)),
        };
        self.place(Node { position, value }, anchor, 1)
    }

    /// Puts a finished node where it belongs. `size` is what it costs: an alias costs all it stands for.
    fn place(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Refusal> {
        self.nodes += size;
        if self.nodes > YAML_NODES_MAX {
            return Err(Refusal::new(node.position, format!("more than {YAML_NODES_MAX} nodes")));
        }
        if anchor > 0 {
            let size = count(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some((Open::List(_, nodes), _)) => nodes.push(node),
            Some((Open::Map(_, entries, key), _)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let Value::Scalar { text, .. } = node.value else {
                        return Err(Refusal::new(node.position, "a key must be a word"));
                    };
                    if entries.iter().any(|(known, _)| known.text == text) {
                        return Err(Refusal::new(node.position, format!("the key {text:?} stands twice")));
                    }
                    *key = Some(Key { text, position: node.position });
                }
            },
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar { .. } => 0,
        Value::List(nodes) => nodes.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|(_, node)| 1 + count(node)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_knows_its_place_and_whether_it_was_quoted() {
        let (documents, refusal) = documents("a: 1\nb:\n  - 'x'\n  - null\n---\nc: true\n");
        assert_eq!(refusal, None);
        assert_eq!(documents.len(), 2);
        let list = documents[0].get("b").unwrap();
        assert_eq!(list.elements()[0].position, Position { line: 3, column: 5 });
        assert!(list.elements()[1].is_null() && !list.elements()[0].is_null());
        assert_eq!(documents[1].get("c").unwrap().text(), Some("true"));
    }

    #[test]
    fn a_billion_laughs_are_refused_before_they_are_laughed() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(","));
        }
        let (_, refusal) = documents(&text);
        assert!(refusal.unwrap().reason.starts_with("more than"));
    }

    #[test]
    fn deep_nesting_twice_the_same_key_and_broken_text_are_refused_by_line() {
        assert!(documents(&"[".repeat(YAML_DEPTH_MAX + 1)).1.unwrap().reason.starts_with("nested deeper"));
        assert_eq!(
            documents("a: 1\na: 2\n").1.unwrap().to_string(),
            "line 2 column 1: the key \"a\" stands twice"
        );
        assert!(documents("a: [1\nb: 2").1.unwrap().reason.starts_with("not YAML"));
        assert!(documents("*x").1.is_some());
    }
}
