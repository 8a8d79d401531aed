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

/// A split, or a leaf: a leaf leads to itself on both sides, so that a way through a tree may go on after its end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    number: u16,
    threshold: f32,
    /// Where it leads when the number is not greater, and when it is.
    next: [u32; 2],
    /// A leaf's value; of a split, the mean of what came out below it.
    mean: f32,
}

impl Node {
    fn leaf(here: u32, value: f32) -> Self {
        Self { number: 0, threshold: 0.0, next: [here; 2], mean: value }
    }
}

/// No block has more numbers than this.
const WIDTH: usize = 128;

/// So many blocks go through a tree side by side: what the processor waits for in one, it does in another.
const ABREAST: usize = 8;

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
        if forest.names.len() > WIDTH {
            return Err(Unreadable { line: 0, what: "more numbers than a block can have" });
        }
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
                forest.nodes.push(Node { number, threshold, next: [here + 1, here], mean });
            } else {
                let leaf = text.parse().map_err(|_| unreadable("neither a split nor a leaf"))?;
                forest.nodes.push(Node::leaf(here, leaf));
                wanted -= 1;
                // A leaf ends the first branch of the split that waits for its second.
                if let Some(split) = open.pop()
                    && let Some(node) = forest.nodes.get_mut(split)
                {
                    node.next[1] = here + 1;
                }
            }
        }
        if wanted == 0 && !forest.roots.is_empty() {
            Ok(forest)
        } else {
            Err(Unreadable { line: text.lines().count(), what: "the last tree is not complete" })
        }
    }

    /// The probability that a block is body, 0 to 1, for each of the blocks with these numbers.
    pub fn probabilities<N: AsRef<[f32]>>(&self, blocks: &[N]) -> Vec<f32> {
        let mut probabilities = Vec::with_capacity(blocks.len());
        for abreast in blocks.chunks(ABREAST) {
            let mut numbers = [[0.0; WIDTH]; ABREAST];
            numbers.iter_mut().zip(abreast).for_each(|(numbers, block)| *numbers = wide(block.as_ref()));
            let sums = self.sums(&numbers);
            probabilities.extend(sums.iter().take(abreast.len()).map(|sum| 1.0 / (1.0 + (-(self.base + sum)).exp())));
        }
        probabilities
    }

    fn sums(&self, numbers: &[[f32; WIDTH]; ABREAST]) -> [f32; ABREAST] {
        let mut sums = [0.0; ABREAST];
        for root in &self.roots {
            let mut at = [*root; ABREAST];
            loop {
                let mut moved = 0;
                for (at, numbers) in at.iter_mut().zip(numbers) {
                    let next = self.step(*at, numbers);
                    moved |= next ^ *at;
                    *at = next;
                }
                if moved == 0 {
                    break;
                }
            }
            for (sum, at) in sums.iter_mut().zip(at) {
                *sum += self.nodes[at as usize].mean;
            }
        }
        sums
    }

    /// The node after one; a leaf comes after itself.
    #[inline]
    fn step(&self, at: u32, numbers: &[f32; WIDTH]) -> u32 {
        let node = &self.nodes[at as usize];
        node.next[usize::from(numbers[usize::from(node.number) % WIDTH] > node.threshold)]
    }

    /// Which numbers decided, the strongest first: name, value, and by how much it moved the log-odds (Saabas, "Interpreting random
    /// forests", 2014).
    pub fn reasons(&self, numbers: &[f32]) -> Vec<(&'static str, f32, f32)> {
        let (wide, mut moved) = (wide(numbers), vec![0.0_f32; self.names.len()]);
        for root in &self.roots {
            let mut at = *root;
            loop {
                let next = self.step(at, &wide);
                if next == at {
                    break;
                }
                let node = &self.nodes[at as usize];
                if let Some(sum) = moved.get_mut(usize::from(node.number)) {
                    *sum += self.nodes[next as usize].mean - node.mean;
                }
                at = next;
            }
        }
        let mut reasons: Vec<_> =
            self.names.iter().zip(numbers).zip(&moved).map(|((name, value), moved)| (*name, *value, *moved)).collect();
        reasons.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        reasons
    }
}

/// A block's numbers, and nothing where it has none.
fn wide(numbers: &[f32]) -> [f32; WIDTH] {
    std::array::from_fn(|at| numbers.get(at).copied().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forest_is_read_and_asked() {
        let text = "# two trees\nbase 0.5\ntree\n  a <= 1.5 (0)\n    b <= 0 (0.1)\n      +1\n      -1\n    +0.25\ntree\n  -0.5\n";
        let forest = Forest::read(text, ["a", "b"].into_iter()).expect("a forest");
        let odds = |numbers: &[f32]| {
            let probability = forest.probabilities(&[numbers])[0];
            (probability / (1.0 - probability)).ln()
        };
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
