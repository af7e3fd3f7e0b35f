//! Names that stand in more than one place and must agree.

use super::{Finding, Tree, has_word, lines};

const PROTOCOL: &str = "docs/protocol.md";
const RULES: &str = "shared/src/consensus/error.rs";
const POLICY: &str = "node/src/mempool/policy.rs";
const README: &str = "README.md";
const CLI: &str = "node/src/cli/settings.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let results = [check_variants(tree), check_rule_ids(tree), check_flags(tree)];
    results.into_iter().flat_map(|result| result.unwrap_or_else(|missing| vec![missing])).collect()
}

/// Every way to break a rule occurs in a test of `shared`.
fn check_variants(tree: &Tree) -> Result<Vec<Finding>, Finding> {
    let is_test =
        |path: &str| path.starts_with("shared/") && (path.ends_with("/tests.rs") || path.contains("/tests/"));
    let tests: String = tree.iter().filter(|(path, _)| is_test(path)).map(|(_, text)| text).collect();
    let mut findings = Vec::new();
    for name in ["TxError", "RuleError"] {
        for (line, variant) in variants(tree.get(RULES)?, name) {
            let full = format!("{name}::{variant}");
            if !has_word(&tests, &full) {
                findings.push(Finding::new(
                    RULES,
                    line,
                    format!("no test of `shared` expects {full}: write one"),
                ));
            }
        }
    }
    Ok(findings)
}

fn variants<'a>(text: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    let start = format!("pub enum {name} {{");
    let body =
        lines(text).skip_while(move |(_, line)| *line != start).skip(1).take_while(|(_, line)| *line != "}");
    let variant = |(number, line): (usize, &'a str)| {
        let name = line.strip_prefix("    ")?.split(|c: char| !c.is_alphanumeric()).next()?;
        name.starts_with(|c: char| c.is_ascii_uppercase()).then_some((number, name))
    };
    body.filter_map(variant).collect()
}

/// The code's ids of rules and policies are those of the protocol's page.
fn check_rule_ids(tree: &Tree) -> Result<Vec<Finding>, Finding> {
    let protocol = tree.get(PROTOCOL)?;
    let code = [RULES, POLICY].map(|path| tree.get(path).map(|text| (path, text)));
    let mut findings = Vec::new();
    let mut known = Vec::new();
    for source in code {
        let (path, text) = source?;
        for (number, line) in lines(text) {
            for id in line.split('"').skip(1).step_by(2).filter(|text| is_rule_id(text)) {
                known.push(id);
                if !has_word(protocol, id) {
                    findings.push(Finding::new(
                        path,
                        number,
                        format!("{PROTOCOL} does not say what {id} is: add it"),
                    ));
                }
            }
        }
    }
    for (number, line) in lines(protocol) {
        let id = line.strip_prefix("| ").and_then(|rest| rest.split(" |").next()).unwrap_or_default();
        if is_rule_id(id) && !known.contains(&id) {
            let advice = format!("no error has the id {id}: add it to {RULES}, or take it out of the table");
            findings.push(Finding::new(PROTOCOL, number, advice));
        }
    }
    Ok(findings)
}

/// Letters, a dash and digits, as in `TX-1`.
fn is_rule_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(letters, digits)| {
        let [letters, digits] = [letters, digits].map(str::as_bytes);
        !letters.is_empty()
            && letters.iter().all(u8::is_ascii_uppercase)
            && !digits.is_empty()
            && digits.iter().all(u8::is_ascii_digit)
    })
}

/// The README's table of flags is the command line's.
fn check_flags(tree: &Tree) -> Result<Vec<Finding>, Finding> {
    let (readme, cli) = (tree.get(README)?, tree.get(CLI)?);
    let row = |(number, line): (usize, &str)| {
        let flag = line.strip_prefix("| `--")?.split([' ', '`']).next()?;
        Some((number, flag.to_owned()))
    };
    let documented: Vec<_> = lines(readme).filter_map(row).collect();
    let existing = flags(cli);
    let missing = |from: &[(usize, String)], flag: &str| !from.iter().any(|(_, other)| other == flag);
    let mut findings = Vec::new();
    for (line, flag) in existing.iter().filter(|(_, flag)| missing(&documented, flag)) {
        findings.push(Finding::new(
            CLI,
            *line,
            format!("the table of flags in {README} has no --{flag}: add it"),
        ));
    }
    for (line, flag) in documented.iter().filter(|(_, flag)| missing(&existing, flag)) {
        findings.push(Finding::new(
            README,
            *line,
            format!("{CLI} has no --{flag}: take it out of the table"),
        ));
    }
    Ok(findings)
}

/// Returns the long flags that the command line's fields define.
fn flags(cli: &str) -> Vec<(usize, String)> {
    let mut flags = Vec::new();
    let mut is_flag = false;
    for (number, line) in lines(cli) {
        let line = line.trim();
        if line.starts_with("#[arg(") {
            is_flag = line.starts_with("#[arg(long");
        } else if let (true, Some((field, _))) =
            (is_flag && !line.starts_with(['/', '#']), line.split_once(':'))
        {
            let field = field.rsplit(' ').next().unwrap_or(field);
            flags.push((number, field.replace('_', "-")));
            is_flag = false;
        }
    }
    flags
}
