//! Equal hashes taken together, so that what is equal is never paired one by one.

use rayon::prelude::*;

/// Items sorted into classes of equal keys.
///
/// The contract of the joins: they work on [`Collapsed::distinct`], so their pairs are pairs of
/// classes. The pairs inside a class are implied (all distances are 0) and never written out, and
/// a pair of classes stands forevery pair of their members: 100,000 identical frames are one
/// class and no pair. [`Collapsed::members`] maps back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collapsed<K> {
    /// The different keys, ascending; a class is named by its position here.
    pub distinct: Vec<K>,
    /// Where the members of each class begin, and the end of the last.
    starts: Vec<u32>,
    /// Positions in the input, class by class, ascending within each.
    members: Vec<u32>,
    /// The class of each position in the input.
    classes: Vec<u32>,
}

impl<K: Ord + Copy + Send + Sync> Collapsed<K> {
    /// Takes equal keys together; fewer than 2³² of them.
    pub fn new(keys: &[K]) -> Self {
        let mut sorted: Vec<(K, u32)> = keys.iter().copied().zip(0..).collect();
        sorted.par_sort_unstable();
        let mut distinct = Vec::new();
        let mut starts = Vec::new();
        let mut classes = vec![0; keys.len()];
        for (at, &(key, item)) in (0..).zip(&sorted) {
            if distinct.last() != Some(&key) {
                distinct.push(key);
                starts.push(at);
            }
            classes[item as usize] = distinct.len() as u32 - 1;
        }
        starts.push(keys.len() as u32);
        let members = sorted.into_iter().map(|(_, item)| item).collect();
        Self { distinct, starts, members, classes }
    }
}

impl<K> Collapsed<K> {
    /// The items of a class, ascending.
    pub fn members(&self, class: u32) -> &[u32] {
        let class = class as usize;
        &self.members[self.starts[class] as usize..self.starts[class + 1] as usize]
    }

    /// The class of an item.
    pub fn class_of(&self, item: u32) -> u32 {
        self.classes[item as usize]
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_class_are_the_equal_items() {
        let keys = [7_u64, 3, 7, 7, 9, 3];
        let collapsed = Collapsed::new(&keys);
        assert_eq!(collapsed.distinct, [3, 7, 9]);
        assert_eq!(collapsed.members(0), [1, 5]);
        assert_eq!(collapsed.members(1), [0, 2, 3]);
        assert_eq!(collapsed.members(2), [4]);
        for (item, key) in (0..).zip(keys) {
            assert_eq!(collapsed.distinct[collapsed.class_of(item) as usize], key);
        }
        assert_eq!(collapsed.len(), 6);
        assert!(Collapsed::<u64>::new(&[]).is_empty());
    }
}
