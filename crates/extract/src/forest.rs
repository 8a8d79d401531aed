//! The learned model of blocks: a forest of small decision trees whose leaves add up to the log-odds that a block is body
//! (Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", 2001). It is a text file, written by `learn/train`:
//!
//! ```text
//! base -1.25
//! tree
//!   steps_to_next <= 2.5 (+0.08)
//!     +0.41
//!     -0.37
//! ```
//!
//! A tree is written root first; the first branch is taken where the number is not greater. In brackets stands the mean of what
//! came out below that node in training: how far a branch moves away from it is what its number says for or against a block.

use std::collections::HashMap;

/// Why a forest cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the block model: {what}")]
pub struct Unreadable {
    line: usize,
    what: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    Leaf(f32),
    /// Left is the next node.
    Split {
        number: u16,
        threshold: f32,
        mean: f32,
        right: u32,
    },
}

/// A forest, ready.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    base: f32,
    nodes: Vec<Node>,
    roots: Vec<u32>,
    names: Vec<&'static str>,
}

impl Forest {
    /// Reads a forest whose numbers have these names.
    ///
    /// # Errors
    /// [`Unreadable`] with the line that is not of the form, or names a number that is not there.
    pub fn read(text: &str, names: impl Iterator<Item = &'static str>) -> Result<Self, Unreadable> {
        let mut forest = Self { names: names.collect(), ..Self::default() };
        let names: HashMap<&str, u16> = forest.names.iter().copied().zip(0..).collect();
        // Splits whose second branch has not begun, and how many nodes the tree still wants.
        let mut open: Vec<usize> = Vec::new();
        let mut wanted = 0_usize;
        for (line, text) in text.lines().enumerate() {
            let unreadable = |what| Unreadable { line: line + 1, what };
            let text = text.trim();
            let here = u32::try_from(forest.nodes.len()).map_err(|_| unreadable("too many nodes"))?;
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Some(base) = text.strip_prefix("base ") {
                forest.base = base.parse().map_err(|_| unreadable("the base is no number"))?;
            } else if text == "tree" {
                if wanted > 0 {
                    return Err(unreadable("the tree before is not complete"));
                }
                wanted = 1;
                forest.roots.push(here);
            } else if wanted == 0 {
                return Err(unreadable("a node outside a tree"));
            } else if let Some((name, rest)) = text.split_once(" <= ") {
                let number = *names.get(name).ok_or_else(|| unreadable("no number has this name"))?;
                let (threshold, mean) = rest.split_once(' ').ok_or_else(|| unreadable("a split without a mean"))?;
                let threshold = threshold.parse().map_err(|_| unreadable("the threshold is no number"))?;
                let mean = mean.trim_matches(['(', ')']).parse().map_err(|_| unreadable("the mean is no number"))?;
                open.push(forest.nodes.len());
                wanted += 1;
                forest.nodes.push(Node::Split { number, threshold, mean, right: 0 });
            } else {
                let leaf = text.parse().map_err(|_| unreadable("neither a split nor a leaf"))?;
                forest.nodes.push(Node::Leaf(leaf));
                wanted -= 1;
                // A leaf ends the first branch of the split that waits for its second.
                if let Some(split) = open.pop()
                    && let Some(Node::Split { right, .. }) = forest.nodes.get_mut(split)
                {
                    *right = here + 1;
                }
            }
        }
        if wanted == 0 && !forest.roots.is_empty() {
            Ok(forest)
        } else {
            Err(Unreadable { line: text.lines().count(), what: "the last tree is not complete" })
        }
    }

    /// The probability that a block with these numbers is body, 0 to 1.
    pub fn probability(&self, numbers: &[f32]) -> f32 {
        let sum: f32 = self.roots.iter().map(|root| self.leaf(*root, numbers)).sum();
        1.0 / (1.0 + (-(self.base + sum)).exp())
    }

    fn leaf(&self, root: u32, numbers: &[f32]) -> f32 {
        let mut at = root as usize;
        loop {
            match self.nodes.get(at) {
                Some(Node::Leaf(value)) => return *value,
                Some(Node::Split { number, threshold, right, .. }) => {
                    let value = numbers.get(usize::from(*number)).copied().unwrap_or(0.0);
                    at = if value <= *threshold { at + 1 } else { *right as usize };
                }
                None => return 0.0,
            }
        }
    }

    /// Which numbers decided, the strongest first: name, value, and by how much it moved the log-odds (Saabas, "Interpreting random
    /// forests", 2014).
    pub fn reasons(&self, numbers: &[f32]) -> Vec<(&'static str, f32, f32)> {
        let mut moved = vec![0.0_f32; self.names.len()];
        for root in &self.roots {
            let mut at = *root as usize;
            while let Some(Node::Split { number, threshold, mean, right }) = self.nodes.get(at) {
                let value = numbers.get(usize::from(*number)).copied().unwrap_or(0.0);
                at = if value <= *threshold { at + 1 } else { *right as usize };
                let after = match self.nodes.get(at) {
                    Some(Node::Split { mean, .. }) => *mean,
                    Some(Node::Leaf(value)) => *value,
                    None => break,
                };
                if let Some(sum) = moved.get_mut(usize::from(*number)) {
                    *sum += after - mean;
                }
            }
        }
        let mut reasons: Vec<_> =
            self.names.iter().zip(numbers).zip(&moved).map(|((name, value), moved)| (*name, *value, *moved)).collect();
        reasons.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forest_is_read_and_asked() {
        let text = "# two trees\nbase 0.5\ntree\n  a <= 1.5 (0)\n    b <= 0 (0.1)\n      +1\n      -1\n    +0.25\ntree\n  -0.5\n";
        let forest = Forest::read(text, ["a", "b"].into_iter()).expect("a forest");
        let odds = |numbers: &[f32]| (forest.probability(numbers) / (1.0 - forest.probability(numbers))).ln();
        assert!((odds(&[1.0, 0.0]) - 1.0).abs() < 1e-4);
        assert!((odds(&[1.0, 1.0]) + 1.0).abs() < 1e-4);
        assert!((odds(&[2.0, 0.0]) - 0.25).abs() < 1e-4);
        let (name, value, moved) = forest.reasons(&[1.0, 0.0])[0];
        assert_eq!((name, value), ("b", 0.0));
        assert!((moved - 0.9).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_forest_is_refused_by_line() {
        for (text, line) in [("tree\n c <= 1 (0)\n", 2), ("tree\n a <= 1 (0)\n +1\n", 3), ("tree\n x\n", 2), ("", 0)] {
            assert_eq!(Forest::read(text, ["a"].into_iter()).map_err(|e| e.line), Err(line), "{text}");
        }
    }
}
