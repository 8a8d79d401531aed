//! Where the parse's work is counted. html5ever is quadratic in time and memory on hostile pages; it asks its sink for every
//! node, name and comparison, so the sink sees the work as it happens. This one also keeps out of the tree what nobody
//! will read: comments, scripts, most attributes.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use ego_tree::Tree;
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName, local_name};
use scraper::{Html, HtmlTreeSink};

/// A node of the tree, and our own number for it.
#[derive(Clone, Copy)]
pub(crate) struct Handle {
    id: ego_tree::NodeId,
    number: u32,
}

/// scraper's sink with counters around it.
pub(crate) struct CountingSink {
    inner: HtmlTreeSink,
    depths: RefCell<Vec<u16>>,
    children: RefCell<Vec<u32>>,
    deepest: Cell<u16>,
    steps: Cell<u64>,
    texts: Cell<u32>,
    /// The element that was last given text, which more text would only lengthen.
    speaking: Cell<u32>,
    /// The raw-text element whose text nobody will read.
    mute: Cell<u32>,
    /// Selectors may ask for any attribute.
    keeps_all: Cell<bool>,
}

const NOBODY: u32 = u32::MAX;

impl CountingSink {
    /// A sink for a tree that grows from this root to about so many nodes, or to more.
    pub(crate) fn new(mut html: Html, nodes: usize) -> Self {
        let root = html.tree.root().value().clone();
        html.tree = Tree::with_capacity(root, nodes);
        let (mut depths, mut children) = (Vec::with_capacity(nodes), Vec::with_capacity(nodes));
        depths.push(0);
        children.push(0);
        Self {
            inner: HtmlTreeSink::new(html),
            depths: RefCell::new(depths),
            children: RefCell::new(children),
            deepest: Cell::new(0),
            steps: Cell::new(0),
            texts: Cell::new(0),
            speaking: Cell::new(NOBODY),
            mute: Cell::new(NOBODY),
            keeps_all: Cell::new(false),
        }
    }

    /// From now on all attributes stay in the tree.
    pub(crate) fn keep_all(&self) {
        self.keeps_all.set(true);
    }

    /// Nodes made so far; and steps of work: names asked, nodes compared, nodes moved, attribute pairs compared.
    pub(crate) fn work(&self) -> (usize, u64) {
        (self.depths.borrow().len() + self.texts.get() as usize, self.steps.get())
    }

    /// The deepest node so far.
    pub(crate) fn depth(&self) -> usize {
        usize::from(self.deepest.get())
    }

    /// Whether nobody will read the text of the element that was made last.
    pub(crate) fn is_mute(&self) -> bool {
        self.mute.get() as usize + 1 == self.depths.borrow().len()
    }

    /// Work that the sink does not see.
    pub(crate) fn add_steps(&self, steps: u64) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    fn number(&self, id: ego_tree::NodeId) -> Handle {
        let mut depths = self.depths.borrow_mut();
        let number = u32::try_from(depths.len()).unwrap_or(NOBODY);
        depths.push(0);
        self.children.borrow_mut().push(0);
        Handle { id, number }
    }

    fn place(&self, child: Handle, depth: u16) {
        let depth = depth.saturating_add(1);
        if let Some(place) = self.depths.borrow_mut().get_mut(child.number as usize) {
            *place = depth;
        }
        self.deepest.set(self.deepest.get().max(depth));
    }

    fn depth_of(&self, node: Handle) -> u16 {
        self.depths.borrow().get(node.number as usize).copied().unwrap_or(0)
    }

    fn one_more_child(&self, parent: Handle) {
        if let Some(count) = self.children.borrow_mut().get_mut(parent.number as usize) {
            *count += 1;
        }
    }

    fn unwrap(child: NodeOrText<Handle>) -> NodeOrText<ego_tree::NodeId> {
        match child {
            NodeOrText::AppendNode(node) => NodeOrText::AppendNode(node.id),
            NodeOrText::AppendText(text) => NodeOrText::AppendText(text),
        }
    }
}

/// Whether something in this crate reads attributes of this name.
fn is_name_read(name: &str) -> bool {
    matches!(
        name,
        "class"
            | "id"
            | "href"
            | "src"
            | "role"
            | "rel"
            | "content"
            | "name"
            | "property"
            | "itemprop"
            | "itemtype"
            | "itemscope"
            | "datetime"
            | "hidden"
            | "aria-hidden"
            | "lang"
            | "type"
            | "http-equiv"
            | "style"
            | "data-src"
            | "data-testid"
            | "data-component"
            | "data-lazy-src"
            | "shadowrootmode"
    )
}

/// Whether an attribute may be read that a tag names so. Names in capitals, and those with a colon, are given their last form later.
pub(crate) fn may_be_read(written: &str) -> bool {
    is_name_read(written) || written.bytes().any(|byte| byte == b':' || byte.is_ascii_uppercase())
}

/// Whether something in this crate reads an attribute.
fn is_read(attribute: &Attribute) -> bool {
    match attribute.name.local {
        local_name!("style") => attribute.value.contains("none") || attribute.value.contains("hidden"),
        ref name => is_name_read(name),
    }
}

impl TreeSink for CountingSink {
    type Output = Html;
    type Handle = Handle;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.inner.finish()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn get_document(&self) -> Handle {
        Handle { id: self.inner.get_document(), number: 0 }
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        self.steps.set(self.steps.get() + 1);
        x.id == y.id
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> Ref<'a, QualName> {
        self.steps.set(self.steps.get() + 1);
        self.inner.elem_name(&target.id)
    }

    fn create_element(&self, name: QualName, mut attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let count = attrs.len() as u64;
        self.add_steps(count * count / 4);
        let raw = match name.local {
            local_name!("script") => {
                !attrs.iter().any(|a| a.name.local == local_name!("type") && a.value.contains("json"))
            }
            local_name!("style") | local_name!("iframe") | local_name!("noframes") => true,
            _ => false,
        };
        attrs.retain(|attribute| self.keeps_all.get() || is_read(attribute));
        if attrs.is_empty() {
            // The room of those that nobody reads would stay with the element.
            attrs = Vec::new();
        }
        let handle = self.number(self.inner.create_element(name, attrs, flags));
        if raw {
            self.mute.set(handle.number);
        }
        handle
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.number(self.inner.create_comment(StrTendril::new()))
    }

    fn create_pi(&self, target: StrTendril, _: StrTendril) -> Handle {
        self.number(self.inner.create_pi(target, StrTendril::new()))
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        match &child {
            NodeOrText::AppendText(_) if parent.number == self.mute.get() => return,
            NodeOrText::AppendText(_) if self.speaking.replace(parent.number) == parent.number => {
                self.add_steps(1);
                return self.inner.append(&parent.id, Self::unwrap(child));
            }
            NodeOrText::AppendText(_) => self.texts.set(self.texts.get() + 1),
            NodeOrText::AppendNode(node) => {
                self.speaking.set(NOBODY);
                self.place(*node, self.depth_of(*parent));
            }
        }
        self.one_more_child(*parent);
        self.inner.append(&parent.id, Self::unwrap(child));
    }

    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        self.speaking.set(NOBODY);
        match &new_node {
            NodeOrText::AppendText(_) => self.texts.set(self.texts.get() + 1),
            NodeOrText::AppendNode(node) => self.place(*node, self.depth_of(*sibling).saturating_sub(1)),
        }
        self.inner.append_before_sibling(&sibling.id, Self::unwrap(new_node));
    }

    fn append_based_on_parent_node(&self, element: &Handle, prev_element: &Handle, child: NodeOrText<Handle>) {
        self.speaking.set(NOBODY);
        match &child {
            NodeOrText::AppendText(_) => self.texts.set(self.texts.get() + 1),
            NodeOrText::AppendNode(node) => self.place(*node, self.depth_of(*prev_element)),
        }
        self.inner.append_based_on_parent_node(&element.id, &prev_element.id, Self::unwrap(child));
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.inner.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        let id = self.inner.get_template_contents(&target.id);
        let handle = self.number(id);
        self.place(handle, self.depth_of(*target));
        handle
    }

    fn add_attrs_if_missing(&self, target: &Handle, mut attrs: Vec<Attribute>) {
        let count = attrs.len() as u64;
        self.add_steps(count * count / 4);
        attrs.retain(|attribute| self.keeps_all.get() || is_read(attribute));
        self.inner.add_attrs_if_missing(&target.id, attrs);
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.speaking.set(NOBODY);
        self.steps.set(self.steps.get() + 1);
        self.inner.remove_from_parent(&target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        self.speaking.set(NOBODY);
        let mut children = self.children.borrow_mut();
        let moved = children.get_mut(node.number as usize).map(std::mem::take).unwrap_or(0);
        if let Some(count) = children.get_mut(new_parent.number as usize) {
            *count += moved;
        }
        self.add_steps(u64::from(moved));
        self.inner.reparent_children(&node.id, &new_parent.id);
    }
}
