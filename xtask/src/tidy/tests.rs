use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

/// Where a check finds something, as `path:line`, and what it says of the first place.
fn places(findings: &[Finding]) -> (Vec<String>, String) {
    let places = findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
    (places, findings.first().map(|finding| finding.advice.clone()).unwrap_or_default())
}

#[test]
fn words_end_where_names_end() {
    assert!(has_word("a TX-1, b", "TX-1"));
    assert!(!has_word("TX-12 XTX-1 TX-1-x", "TX-1"));
    assert!(!has_word("TxError::SignatureLength", "TxError::Signature"));
}

#[test]
fn texts_are_found_where_they_have_no_place() {
    let long = "\n".repeat(501);
    let tree = tree(&[
        ("node/src/mempool/a.rs", "use redb::X;\nfn a() {}"),
        ("node/src/mempool/tests.rs", "use redb::X;"),
        ("node/src/store/a.rs", "use redb::X;"),
        ("shared/src/a.rs", "\n// TODO: more\n#[cfg(test)]\nmod tests;\n"),
        ("shared/src/b.rs", "#[cfg(test)]\nfn only_here() {}"),
        ("shared/src/c.rs", &long),
        ("shared/src/tests.rs", "#[test]\n#[ignore]\nfn a() {}"),
        ("web/src/a.rs", "use wasm_bindgen::JsValue;"),
        ("web/src/browser/a.rs", "use wasm_bindgen::JsValue;"),
        ("web/boot.js", "place.innerHTML = text;"),
        ("web/package.json", "{}"),
    ]);
    let (found, _) = places(&text::check(&tree));
    let expected = [
        "node/src/mempool/a.rs:1",
        "shared/src/a.rs:2",
        "shared/src/b.rs:1",
        "shared/src/c.rs:501",
        "shared/src/tests.rs:2",
        "web/boot.js:1",
        "web/package.json:1",
        "web/src/a.rs:1",
    ];
    assert_eq!(found, expected);
}

/// Files whose names agree.
const NAMES: [(&str, &str); 6] = [
    (
        "shared/src/consensus/error.rs",
        "pub enum TxError {\n    Signature,\n}\npub enum RuleError {\n    /// Why.\n    TooLarge {\n        got: usize,\n    },\n}\n\"TX-4\" \"BLK-1\"",
    ),
    ("shared/src/consensus/tests.rs", "TxError::Signature, RuleError::TooLarge { got: 1 }"),
    ("node/src/mempool/policy.rs", "\"MEM-1\""),
    ("docs/protocol.md", "| TX-4 | signed |\n| BLK-1 | size |\nMEM-1"),
    ("README.md", "| `--data-dir DIR` | where |"),
    (
        "node/src/cli/settings.rs",
        "    #[arg(long, value_name = \"DIR\")]\n    #[serde(with = \"a::b\")]\n    pub(super) data_dir: String,\n    #[arg(value_name = \"PORT\")]\n    port: u16,",
    ),
];

#[track_caller]
fn check_name(path: &str, old: &str, new: &str, place: &str, advice: &str) {
    let mut tree = tree(&NAMES);
    assert_eq!(names::check(&tree), []);
    let text = tree.0.get_mut(path).unwrap();
    assert!(text.contains(old));
    *text = text.replace(old, new);
    let (found, said) = places(&names::check(&tree));
    assert_eq!(found, [place]);
    assert!(said.contains(advice), "{said}");
}

#[test]
fn names_that_do_not_agree_are_found() {
    let tests = "shared/src/consensus/tests.rs";
    check_name(
        tests,
        "TxError::Signature",
        "TxError::SignatureLength",
        "shared/src/consensus/error.rs:2",
        "no test",
    );
    check_name(
        tests,
        "RuleError::TooLarge",
        "TooLarge",
        "shared/src/consensus/error.rs:6",
        "RuleError::TooLarge",
    );
    check_name("docs/protocol.md", "MEM-1", "", "node/src/mempool/policy.rs:1", "MEM-1");
    check_name("docs/protocol.md", "MEM-1", "MEM-1\n| TX-9 | new |", "docs/protocol.md:4", "TX-9");
    check_name("README.md", "--data-dir", "data-dir", "node/src/cli/settings.rs:3", "--data-dir");
    check_name("README.md", "where |", "where |\n| `--moon` | far |", "README.md:2", "--moon");
}

/// A table with all ids, each with the same last cell, and a file with tests.
fn attacks(shown: &str) -> Tree {
    let ids = attacks::ids().map(|id| format!("| {id} | name | here | {shown} |\n")).collect::<String>();
    let tests = "#[cfg_attr(not(target_arch = \"wasm32\"), test)]\nfn native() {}\n#[tokio::test]\nasync fn waits() {}\nfn helper() {}";
    tree(&[
        ("docs/attacks.md", &ids),
        ("a/tests.rs", tests),
        ("a/b.py", "def one():\ndef two():\nTESTS = [one]"),
    ])
}

#[test]
fn every_attack_needs_a_test_or_a_reason() {
    let count = attacks::ids().count();
    assert_eq!(count, 194);
    for good in [
        "`a/tests.rs::native`",
        "`a/tests.rs::waits`, `a/b.py::one`",
        "Planned: later",
        "Cannot happen: there is no clock",
        "Check: `deny.toml`",
    ] {
        assert_eq!(attacks::check(&attacks(good)), [], "{good}");
    }
    for bad in [
        "",
        "later",
        "`Money::new`",
        "`a/tests.rs::helper`",
        "`a/tests.rs::nat`",
        "`a/other.rs::native`",
        "`a/b.py::two`",
        "`a/tests.rs::native`, `a/tests.rs::gone`; Planned: more",
        "Planned: later | and more",
    ] {
        assert_eq!(attacks::check(&attacks(bad)).len(), count, "{bad}");
    }
}

#[test]
fn every_id_has_one_row() {
    let mut tree = attacks("Planned: later");
    let table = tree.0.get_mut("docs/attacks.md").unwrap();
    *table = table.replace("| A2 |", "| A1 |").replace("| K8 |", "| K9 |");
    let advice: Vec<_> = attacks::check(&tree).into_iter().map(|finding| finding.advice).collect();
    assert_eq!(advice.len(), 4);
    for (advice, id) in advice.iter().zip(["A1 has 2", "A2 has 0", "K8 has 0", "K9 is not"]) {
        assert!(advice.starts_with(id), "{advice}");
    }
}
