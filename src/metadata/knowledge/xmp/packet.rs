//! The properties of a packet, in whichever of RDF's forms they are written.

use super::space::{RDF, XMPMETA};
use crate::metadata::xml::{XmlAttribute, XmlElement, XmlTree};

/// How deep values are looked for below what names them.
const DEEPEST_VALUE: usize = 4;

/// A tree that holds RDF.
pub(in crate::metadata) struct XmpPacket<'a> {
    pub(in crate::metadata) tree: &'a XmlTree,
    /// `rdf:RDF`.
    pub(in crate::metadata) rdf: &'a XmlElement,
}

impl<'a> XmpPacket<'a> {
    /// `None` for a document that is something else. Its root is `x:xmpmeta` (in old packets
    /// `x:xapmeta`), or `rdf:RDF` itself.
    pub(in crate::metadata) fn find(tree: &'a XmlTree) -> Option<Self> {
        let root = tree.get(0)?;
        let is_rdf = |element: &&XmlElement| element.name.is(RDF, "RDF");
        let is_meta = root.name.is(XMPMETA, "xmpmeta") || root.name.is(XMPMETA, "xapmeta");
        let rdf = match is_meta {
            true => tree.children(root).find(is_rdf),
            false => Some(root).filter(is_rdf),
        };
        rdf.map(|rdf| Self { tree, rdf })
    }

    /// The descriptions of the picture: one, or several with a part of the properties each.
    pub(in crate::metadata) fn descriptions(&self) -> impl Iterator<Item = &'a XmlElement> {
        self.tree.children(self.rdf).filter(|element| element.name.is(RDF, "Description"))
    }

    /// A property that is written as an element.
    pub(in crate::metadata) fn element(&self, space: &str, local: &str) -> Option<&'a XmlElement> {
        self.descriptions()
            .find_map(|d| self.tree.children(d).find(|element| element.name.is(space, local)))
    }

    /// A property that is written as an attribute.
    pub(in crate::metadata) fn attribute(
        &self,
        space: &str,
        local: &str,
    ) -> Option<&'a XmlAttribute> {
        self.descriptions().find_map(|description| description.attribute(space, local))
    }

    /// The text of a property; of one in several languages, the default one.
    pub(in crate::metadata) fn text(&self, space: &str, local: &str) -> Option<String> {
        let attribute = self.attribute(space, local).map(|attribute| attribute.value.clone());
        attribute
            .or_else(|| self.element(space, local).and_then(|element| self.value(element, 0)))
            .filter(|text| !text.trim().is_empty())
    }

    /// The items of a list; a single value counts as one.
    pub(in crate::metadata) fn items(&self, space: &str, local: &str) -> Vec<String> {
        match self.element(space, local) {
            Some(element) => match self.list(element) {
                Some(list) => self.tree.children(list).filter_map(|li| self.value(li, 0)).collect(),
                None => self.value(element, 0).into_iter().collect(),
            },
            None => self.attribute(space, local).map(|a| a.value.clone()).into_iter().collect(),
        }
    }

    /// The list in a property.
    pub(in crate::metadata) fn list(&self, property: &'a XmlElement) -> Option<&'a XmlElement> {
        let is_list = |name: &str| ["Bag", "Seq", "Alt"].into_iter().any(|kind| kind == name);
        self.tree
            .children(property)
            .find(|child| &*child.name.space == RDF && is_list(&child.name.local))
    }

    /// The field of a structure, which may be an attribute or an element, of the structure itself
    /// or of a description in it.
    pub(in crate::metadata) fn field(
        &self,
        structure: &'a XmlElement,
        space: &str,
        local: &str,
    ) -> Option<String> {
        self.holders(structure).find_map(|holder| {
            let attribute = holder.attribute(space, local).map(|a| a.value.clone());
            attribute.or_else(|| {
                let element = self.tree.children(holder).find(|e| e.name.is(space, local))?;
                self.value(element, 0)
            })
        })
    }

    /// The structure in a field of a structure.
    pub(in crate::metadata) fn structure(
        &self,
        above: &'a XmlElement,
        space: &str,
        local: &str,
    ) -> Option<&'a XmlElement> {
        self.holders(above)
            .find_map(|holder| self.tree.children(holder).find(|e| e.name.is(space, local)))
    }

    fn holders(&self, structure: &'a XmlElement) -> impl Iterator<Item = &'a XmlElement> {
        let within = self.tree.children(structure);
        std::iter::once(structure).chain(within.filter(|e| e.name.is(RDF, "Description")))
    }

    fn value(&self, element: &'a XmlElement, depth: usize) -> Option<String> {
        if depth > DEEPEST_VALUE {
            return None;
        }
        if let Some(list) = self.list(element) {
            let items: Vec<&XmlElement> = self.tree.children(list).collect();
            let is_default = |item: &&&XmlElement| {
                item.attributes.iter().any(|a| a.name.local == "lang" && a.value == "x-default")
            };
            let item = items.iter().find(is_default).or_else(|| items.first())?;
            return self.value(item, depth + 1);
        }
        // Qualified values lie in `rdf:value`, and some in a resource.
        let text = [element.attribute(RDF, "resource"), element.attribute(RDF, "value")];
        let text = text.into_iter().flatten().next().map(|a| a.value.clone());
        let inner = || {
            let mut within = self.tree.children(element);
            within.find(|e| e.name.is(RDF, "value")).and_then(|e| self.value(e, depth + 1))
        };
        text.or_else(inner)
            .or_else(|| Some(element.text.clone()).filter(|text| !text.trim().is_empty()))
    }
}
