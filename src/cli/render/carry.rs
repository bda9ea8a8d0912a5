//! What only duplicates know, as lines for people.

use clean_backup::dedupe::carry::Carry;
use clean_backup::model::findings::Group;
use clean_backup::model::path_text::one_line;

/// Longest line that is shown, in characters.
const LONGEST: usize = 200;

/// What a duplicate knows and its keeper does not, and what contradicts the keeper.
pub(super) fn carry_lines(group: &Group, carry: &Carry) -> Vec<String> {
    let mut lines = Vec::new();
    if !carry.only.is_empty() {
        let words = short(&carry.words());
        lines.push(match group.keeper.reference {
            true => format!("only it knows: {words}; nothing is written beside its keeper"),
            false => format!("only it knows: {words}"),
        });
    }
    for conflict in &carry.conflicts {
        let (field, keeper) = (conflict.field.name(), short(&conflict.keeper));
        let duplicate = short(&conflict.duplicate);
        lines.push(format!("contradicts its keeper: {field} {duplicate}, not {keeper}"));
    }
    lines
}

fn short(text: &str) -> String {
    let line = one_line(text);
    let start: String = line.chars().take(LONGEST).collect();
    if start.len() < line.len() { start + "…" } else { line }
}
