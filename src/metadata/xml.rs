//! XML as a tree whose elements and attributes know where they stand in the text, so that a text
//! can be added to without a change of anything else. Through `quick-xml`.
//!
//! Entities that a document defines itself are left as they stand: nothing grows while it is read.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// Most elements that are read, and how deep they may lie in each other.
const MOST_ELEMENTS: usize = 50_000;
const DEEPEST: usize = 64;

/// A name with the namespace that its prefix stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct XmlName {
    /// Empty where the prefix is declared nowhere.
    pub(super) space: Rc<str>,
    pub(super) local: String,
}

impl XmlName {
    /// Some programs leave out the slash that a namespace ends with.
    pub(super) fn is(&self, space: &str, local: &str) -> bool {
        self.local == local && self.space.trim_end_matches('/') == space.trim_end_matches('/')
    }
}

#[derive(Clone, Debug)]
pub(super) struct XmlAttribute {
    pub(super) name: XmlName,
    pub(super) value: String,
    /// From the white space before its name to the quotation mark that ends its value.
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct XmlElement {
    pub(super) name: XmlName,
    pub(super) attributes: Vec<XmlAttribute>,
    /// All text directly in it.
    pub(super) text: String,
    /// The elements in it, by their places in the tree.
    pub(super) children: Vec<usize>,
    /// Its first tag.
    pub(super) open: Range<usize>,
    /// Its last tag; the first one where one tag is both, and empty where the last is missing.
    pub(super) close: Range<usize>,
}

/// The elements of a document in the order of their first tags; the first one holds all others.
#[derive(Clone, Debug, Default)]
pub(super) struct XmlTree {
    pub(super) elements: Vec<XmlElement>,
    /// It was read to its end, and is well-formed.
    pub(super) whole: bool,
}

impl XmlTree {
    /// Reads as much as there is: what follows a fault is missing.
    pub(super) fn read(text: &[u8]) -> Self {
        let mut builder = TreeBuilder { text, ..TreeBuilder::default() };
        let whole = builder.run();
        Self { elements: builder.elements, whole }
    }

    pub(super) fn get(&self, at: usize) -> Option<&XmlElement> {
        self.elements.get(at)
    }

    pub(super) fn children<'a>(
        &'a self,
        element: &'a XmlElement,
    ) -> impl Iterator<Item = &'a XmlElement> {
        element.children.iter().filter_map(|&at| self.elements.get(at))
    }
}

impl XmlElement {
    pub(super) fn attribute(&self, space: &str, local: &str) -> Option<&XmlAttribute> {
        self.attributes.iter().find(|attribute| attribute.name.is(space, local))
    }

    /// Whether one tag begins and ends it.
    pub(super) fn is_one_tag(&self) -> bool {
        self.open == self.close
    }
}

#[derive(Default)]
struct TreeBuilder<'a> {
    text: &'a [u8],
    elements: Vec<XmlElement>,
    open: Vec<usize>,
    /// What prefixes stand for in each of the open elements.
    scopes: Vec<HashMap<String, Rc<str>>>,
    names: HashMap<String, Rc<str>>,
}

impl TreeBuilder<'_> {
    /// Whether the document is whole.
    fn run(&mut self) -> bool {
        let mut reader = Reader::from_reader(self.text);
        let mut roots = 0;
        loop {
            let start = position(reader.buffer_position());
            let Ok(event) = reader.read_event() else { return false };
            let span = start..position(reader.buffer_position());
            match event {
                Event::Start(_) | Event::Empty(_) => {
                    roots += usize::from(self.open.is_empty());
                    let empty = matches!(event, Event::Empty(_));
                    if self.push(span, empty).is_none() {
                        return false;
                    }
                }
                Event::End(_) => match self.open.pop() {
                    Some(at) => {
                        self.elements[at].close = span;
                        self.scopes.pop();
                    }
                    None => return false,
                },
                Event::Text(text) => self.add_text(&text),
                Event::CData(text) => self.add_text(&text),
                Event::GeneralRef(reference) => {
                    let written = format!("&{};", &*reference);
                    self.add_text(&unescape(&written).unwrap_or_default());
                }
                Event::DocType(_) => return false,
                Event::Eof => return self.open.is_empty() && roots == 1,
                _ => {}
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        if let Some(element) = self.open.last().and_then(|&at| self.elements.get_mut(at)) {
            element.text.push_str(text);
        }
    }

    fn push(&mut self, span: Range<usize>, empty: bool) -> Option<()> {
        if self.elements.len() >= MOST_ELEMENTS || self.open.len() >= DEEPEST {
            return None;
        }
        let tag = std::str::from_utf8(self.text.get(span.clone())?).ok()?;
        let (name, written) = parts(tag)?;
        let mut scope = HashMap::new();
        for (key, value, _) in &written {
            if let Some(prefix) = key.strip_prefix("xmlns:") {
                scope.insert(prefix.to_owned(), self.shared(value));
            } else if *key == "xmlns" {
                scope.insert(String::new(), self.shared(value));
            }
        }
        self.scopes.push(scope);
        let attributes = written
            .into_iter()
            .filter(|(key, ..)| *key != "xmlns" && !key.starts_with("xmlns:"))
            .map(|(key, value, within)| XmlAttribute {
                name: self.named(key, false),
                value,
                span: span.start + within.start..span.start + within.end,
            })
            .collect();
        let at = self.elements.len();
        let close = if empty { span.clone() } else { span.end..span.end };
        let name = self.named(name, true);
        let (text, children) = (String::new(), Vec::new());
        self.elements.push(XmlElement { name, attributes, text, children, open: span, close });
        if let Some(above) = self.open.last().and_then(|&above| self.elements.get_mut(above)) {
            above.children.push(at);
        }
        if empty {
            self.scopes.pop();
        } else {
            self.open.push(at);
        }
        Some(())
    }

    fn shared(&mut self, space: &str) -> Rc<str> {
        Rc::clone(self.names.entry(space.to_owned()).or_insert_with(|| space.into()))
    }

    /// Attributes without a prefix are in no namespace.
    fn named(&self, written: &str, is_element: bool) -> XmlName {
        let (prefix, local) = written.split_once(':').unwrap_or(("", written));
        let known = || self.scopes.iter().rev().find_map(|scope| scope.get(prefix)).cloned();
        let space = if prefix.is_empty() && !is_element { None } else { known() };
        XmlName { space: space.unwrap_or_default(), local: local.to_owned() }
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// A written name, its value, and where both stand in the tag.
type Written<'a> = (&'a str, String, Range<usize>);

/// The name in a first tag, and its attributes; `None` when they are malformed, or one of them is
/// there twice.
fn parts(tag: &str) -> Option<(&str, Vec<Written<'_>>)> {
    let inside = tag.strip_prefix('<')?.strip_suffix('>')?;
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    let name = inside.split(|c: char| c.is_ascii_whitespace()).next()?;
    let mut attributes: Vec<Written<'_>> = Vec::new();
    let mut at = 1 + name.len();
    let end = 1 + inside.len();
    loop {
        let rest = tag.get(at..end)?;
        let written = rest.trim_start();
        if written.is_empty() {
            return Some((name, attributes));
        }
        let (key, value) = written.split_once('=')?;
        let value_start = value.trim_start();
        let quote = value_start.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value_start.get(1..)?.split_once(quote)?;
        let key = key.trim_end();
        let stop = end - after.len();
        if attributes.iter().any(|(known, ..)| *known == key) {
            return None;
        }
        let plain = unescape(value).map_or_else(|_| value.to_owned(), |text| text.into_owned());
        attributes.push((key, plain, at..stop));
        at = stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_texts_and_places() {
        let text = "<?xml version='1.0'?><a:x xmlns:a=\"urn:a\" xmlns='urn:b'\n a:k = 'v&amp;w'>\
                    one &lt;<!-- c --><y k=\"1\"/><![CDATA[&two]]>&#33;</a:x>\n";
        let tree = XmlTree::read(text.as_bytes());
        assert!(tree.whole);
        let root = &tree.elements[0];
        assert!(root.name.is("urn:a", "x"));
        assert_eq!(root.text, "one <&two!");
        assert_eq!(root.attribute("urn:a", "k").unwrap().value, "v&w");
        let span = root.attribute("urn:a", "k").unwrap().span.clone();
        assert_eq!(&text[span], "\n a:k = 'v&amp;w'");
        assert_eq!(&text[root.close.clone()], "</a:x>");
        let y = tree.children(root).next().unwrap();
        assert!(y.name.is("urn:b", "y") && y.is_one_tag());
        assert_eq!(y.attribute("", "k").unwrap().value, "1");
        assert_eq!(&text[y.open.clone()], "<y k=\"1\"/>");
    }

    #[test]
    fn what_is_not_whole() {
        for text in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "</a>",
            "<a k='1' k='2'/>",
            "<a k=1/>",
            "<a k/>",
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
        ] {
            assert!(!XmlTree::read(text.as_bytes()).whole, "{text}");
        }
        let deep = "<a>".repeat(100_000);
        assert!(XmlTree::read(deep.as_bytes()).elements.len() <= DEEPEST);
        let many = format!("<a>{}</a>", "<b/>".repeat(100_000));
        assert_eq!(XmlTree::read(many.as_bytes()).elements.len(), MOST_ELEMENTS);
        let cut = XmlTree::read(b"<a><b k='1'>t");
        assert_eq!(cut.elements[1].text, "t");
    }
}
