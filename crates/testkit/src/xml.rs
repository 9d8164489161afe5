//! A strict reader of small XML documents, for tests: what it takes is well-formed, and is what a client sees.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// An element with everything in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name, with the prefix.
    pub name: String,
    /// Its attributes, unescaped.
    pub attributes: BTreeMap<String, String>,
    /// Its text and that between its children, unescaped.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The comments in it.
    pub comments: Vec<String>,
}

impl Element {
    /// All elements of this name at any depth, itself included.
    pub fn all<'a>(&'a self, name: &str) -> Vec<&'a Self> {
        let below = self.children.iter().flat_map(|child| child.all(name));
        (self.name == name).then_some(self).into_iter().chain(below).collect()
    }
}

/// Reads a document: its root element.
///
/// # Errors
/// What is not well-formed. A document type is refused too.
pub fn read(document: &str) -> Result<Element, String> {
    if let Some(c) = document.chars().find(|c| !is_char(*c)) {
        return Err(format!("{c:?} is in it"));
    }
    let mut reader = Reader::from_str(document);
    reader.config_mut().check_comments = true;
    // The first is what holds the root.
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|e| format!("at byte {}: {e}", reader.error_position()))?;
        let inside = open.len() > 1;
        let current = open.last_mut().ok_or("an end too many")?;
        match event {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => current.children.push(element(&start)?),
            Event::End(_) => {
                let done = open.pop().ok_or("an end too many")?;
                open.last_mut().ok_or("an end too many")?.children.push(done);
            }
            Event::Text(text) if inside && !text.contains("]]>") => current.text.push_str(&text),
            Event::Text(text) if text.trim().is_empty() => {}
            Event::GeneralRef(name) if inside => current.text.push_str(&plain(&format!("&{};", &*name))?),
            Event::Comment(comment) => current.comments.push((*comment).to_owned()),
            Event::Decl(_) if current.children.is_empty() && !inside => {}
            Event::Eof => break,
            other => return Err(format!("{other:?} where it may not be")),
        }
    }
    let [root] = open.as_mut_slice() else { return Err("the document is cut off".to_owned()) };
    let [_] = root.children.as_slice() else { return Err("there is not one root".to_owned()) };
    root.children.pop().ok_or_else(String::new)
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { name: start.name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        if attribute.value.contains('<') {
            return Err(format!("< in an attribute: {}", attribute.value));
        }
        element.attributes.insert(attribute.key.as_ref().to_owned(), plain(&attribute.value)?);
    }
    Ok(element)
}

fn plain(text: &str) -> Result<String, String> {
    let text = unescape(text).map_err(|e| e.to_string())?;
    match text.chars().find(|c| !is_char(*c)) {
        Some(c) => Err(format!("a reference to {c:?}")),
        None => Ok(text.into_owned()),
    }
}

/// Whether a document may have it (XML 1.0, 2.2).
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_everything_unescaped() {
        let root = read("<?xml version=\"1.0\"?>\n<!-- b --><a x=\"1 &lt;\"><b/>q&amp;&#65;<!-- c --></a>\n")
            .unwrap();
        assert_eq!((root.name.as_str(), root.text.as_str()), ("a", "q&A"));
        assert_eq!(
            (root.attributes["x"].as_str(), root.comments.as_slice()),
            ("1 <", &[" c ".to_owned()][..])
        );
        assert_eq!(root.all("b").len(), 1);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for document in [
            "",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>text",
            "text<a/>",
            "<a>&</a>",
            "<a>&x;</a>",
            "<a>&#0;</a>",
            "<a>]]></a>",
            "<a><</a>",
            "<a x=\"<\"/>",
            "<a x=\"&\"/>",
            "<a x=\"1\" x=\"2\"/>",
            "<a><!-- -- --></a>",
            "<a><!-- x ---></a>",
            "<a>\u{1}</a>",
            "<a>\u{ffff}</a>",
            "<!DOCTYPE a><a/>",
            "<a/><?xml version=\"1.0\"?>",
        ] {
            assert!(read(document).is_err(), "{document}");
        }
    }
}
