//! Connected components, by union–find with path halving.

/// Nodes `0..n`, and which of them are connected. Four bytes per node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Components {
    /// A smaller node of the same component, or the node itself if it is the smallest.
    parents: Vec<u32>,
}

impl Components {
    /// So many nodes, none connected.
    #[cfg(feature = "kernel")]
    pub fn new(nodes: usize) -> Self {
        Self { parents: (0..nodes as u32).collect() }
    }

    /// One more node.
    #[cfg(feature = "kernel")]
    pub fn push(&mut self) {
        self.parents.push(self.parents.len() as u32);
    }

    /// The smallest node of the component.
    pub fn smallest(&mut self, mut node: u32) -> u32 {
        loop {
            let parent = self.parents[node as usize];
            if parent == node {
                return node;
            }
            let above = self.parents[parent as usize];
            self.parents[node as usize] = above;
            node = above;
        }
    }

    /// Connects two nodes.
    pub fn connect(&mut self, a: u32, b: u32) {
        let (a, b) = (self.smallest(a), self.smallest(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    /// Edges that connect what is connected: one fewer than nodes in each component.
    #[cfg(feature = "kernel")]
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..).zip(&self.parents).filter(|(node, parent)| node != *parent).map(|(n, &p)| (p, n))
    }
}
