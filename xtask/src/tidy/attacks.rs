//! The table of attacks: complete, and every row shows why it is there.

use super::{Finding, Tree, lines};

const TABLE: &str = "docs/attacks.md";

/// All ids: a letter, the last number, and the numbers that were never given.
const IDS: [(char, u32, &[u32]); 14] = [
    ('A', 24, &[16]),
    ('B', 19, &[]),
    ('C', 15, &[]),
    ('D', 17, &[]),
    ('E', 13, &[]),
    ('F', 15, &[]),
    ('Z', 8, &[]),
    ('L', 4, &[]),
    ('P', 8, &[]),
    ('G', 15, &[4]),
    ('H', 13, &[]),
    ('I', 17, &[]),
    ('J', 20, &[]),
    ('K', 8, &[]),
];
/// What may stand instead of a test, each followed by a sentence.
const REASONS: [&str; 3] = ["Cannot happen: ", "Check: ", "Planned: "];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let table = match tree.get(TABLE) {
        Ok(table) => table,
        Err(missing) => return vec![missing],
    };
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    for (number, line) in lines(table) {
        let Some((id, rest)) = line.strip_prefix("| ").and_then(|row| row.split_once(" | ")) else {
            continue;
        };
        if !is_id(id) {
            continue;
        }
        seen.push(id);
        let cells: Vec<_> = rest.trim_end_matches(" |").split(" | ").collect();
        let [_, _, shown] = cells.as_slice() else {
            let advice = format!(
                "{id} has {} cells instead of 4: id, attack, what happens here, shown by",
                cells.len() + 1
            );
            findings.push(Finding::new(TABLE, number, advice));
            continue;
        };
        let problem = check_shown(tree, shown);
        findings.extend(problem.map(|problem| Finding::new(TABLE, number, format!("{id}: {problem}"))));
    }
    findings.extend(check_ids(&seen));
    findings
}

fn is_id(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_ascii_uppercase()) && characters.as_str().parse::<u32>().is_ok()
}

/// Returns all ids, in the order of the table.
pub(super) fn ids() -> impl Iterator<Item = String> {
    IDS.into_iter().flat_map(|(letter, last, gaps)| {
        (1..=last).filter(|number| !gaps.contains(number)).map(move |number| format!("{letter}{number}"))
    })
}

/// Every id is there once, and no other.
fn check_ids(seen: &[&str]) -> Vec<Finding> {
    let expected: Vec<_> = ids().collect();
    let mut findings = Vec::new();
    for id in &expected {
        let count = seen.iter().filter(|other| *other == id).count();
        if count != 1 {
            findings.push(Finding::new(TABLE, 1, format!("{id} has {count} rows: it must have one")));
        }
    }
    for id in seen.iter().filter(|id| !expected.iter().any(|known| known == *id)) {
        findings.push(Finding::new(
            TABLE,
            1,
            format!("{id} is not among the known ids: add it to xtask/src/tidy/attacks.rs"),
        ));
    }
    findings
}

/// Returns what is wrong with a row's last cell.
fn check_shown(tree: &Tree, shown: &str) -> Option<String> {
    let quoted = shown.split('`').skip(1).step_by(2);
    let tests: Vec<_> =
        quoted.filter_map(|text| text.split_once("::").filter(|(path, _)| path.contains('/'))).collect();
    if tests.is_empty() && !REASONS.iter().any(|reason| shown.contains(reason)) {
        return Some(format!("name a test as `path::name`, or say one of {REASONS:?}"));
    }
    let is_missing =
        |(path, name): &&(&str, &str)| !tree.get(path).is_ok_and(|text| has_test(path, text, name));
    tests
        .iter()
        .find(is_missing)
        .map(|(path, name)| format!("there is no test {name} in {path}: name the test that shows it now"))
}

/// Returns whether a file has a test of this name.
fn has_test(path: &str, text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    if path.ends_with(".py") {
        // It is defined, and its name stands in the list of what runs.
        return lines.iter().any(|line| line.starts_with(&format!("def {name}(")))
            && text.matches(name).count() > 1;
    }
    let head = format!("fn {name}(");
    let Some(at) =
        lines.iter().position(|line| line.strip_prefix("async ").unwrap_or(line).starts_with(&head))
    else {
        return false;
    };
    lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| line.contains("test"))
}
