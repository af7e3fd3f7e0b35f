//! What may stand where.

use super::{Finding, Tree, lines};

const MAX_RUST_LINES: usize = 500;

/// Texts that some files must not hold.
struct Ban {
    texts: &'static [&'static str],
    /// Where, by the beginning of the path.
    within: &'static [&'static str],
    except: &'static [&'static str],
    advice: &'static str,
}

const BANS: [Ban; 7] = [
    Ban {
        texts: &["TODO", "FIXME"],
        within: &[""],
        except: &[],
        advice: "finish it now, or write it down where work is planned",
    },
    Ban {
        texts: &["#[ignore"],
        within: &[""],
        except: &[],
        advice: "a test that does not run protects nothing: mend it or delete it",
    },
    // Clippy knows the hash maps and some functions of these; here nothing of them is wanted at all.
    Ban {
        texts: &["std::env", "std::fs", "std::net", "std::process", "std::thread", "std::time"],
        within: &["shared/src/"],
        except: &[],
        advice: "`shared` is a function of its arguments: let the caller pass in what is needed",
    },
    Ban {
        texts: &["flat_map(", "filter_map(", ".flatten()"],
        within: &["shared/src/consensus/", "shared/src/ledger/"],
        except: &[],
        advice: "over results these drop errors silently, so no rule uses them: write `map` and collect a `Result`",
    },
    Ban {
        texts: &[
            "tokio",
            "libp2p::",
            "redb",
            "std::fs",
            "std::time",
            "crate::api",
            "crate::miner",
            "crate::store",
        ],
        within: &[
            "node/src/headers/",
            "node/src/mempool/",
            "node/src/peers/",
            "node/src/sync/",
            "node/src/wire/",
        ],
        except: &[],
        advice: "this part is pure: let the chain thread pass in what is needed",
    },
    // The page's own way to the browser needs its types, but exports nothing.
    Ban {
        texts: &["wasm_bindgen"],
        within: &["client/", "node/src/", "shared/src/", "wallet-wasm/src/", "web/src/"],
        except: &["wallet-wasm/src/js/", "web/src/browser/", "web/src/lib.rs"],
        advice: "bindings belong to wallet-wasm/src/js/, web/src/browser/ or web/src/lib.rs",
    },
    Ban {
        texts: &[
            "innerHTML",
            "inner_html",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "erviceWorker",
        ],
        within: &["wallet-wasm/src/", "web/"],
        except: &[],
        advice: "the page shows text as text nodes only, and leaves no program behind in the browser",
    },
];

/// What the tests alone use.
const TESTS: &str = "e2e/npm/package.json";

/// This check names what it looks for.
const SELF: &str = "xtask/src/tidy/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| !path.starts_with(SELF)) {
        for ban in &BANS {
            check_ban(ban, path, text, &mut findings);
        }
        if path.ends_with(".rs") {
            check_test_branches(path, text, &mut findings);
            let count = text.lines().count();
            if count > MAX_RUST_LINES {
                let advice = format!("{count} lines where {MAX_RUST_LINES} are the most: split the file");
                findings.push(Finding::new(path, MAX_RUST_LINES + 1, advice));
            }
        }
        if path.ends_with("/package.json") && path != TESTS {
            findings.push(Finding::new(path, 1, "nothing that ships comes from npm: remove it"));
        }
    }
    findings
}

fn check_ban(ban: &Ban, path: &str, text: &str, findings: &mut Vec<Finding>) {
    let is_among = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    // Tests may use what they like, except to do nothing.
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    if !is_among(ban.within) || is_among(ban.except) || (is_test && ban.within != [""]) {
        return;
    }
    for (number, line) in lines(text) {
        for banned in ban.texts.iter().filter(|banned| line.contains(**banned)) {
            findings.push(Finding::new(
                path,
                number,
                format!("`{banned}` has no place here; {}", ban.advice),
            ));
        }
    }
}

/// Production code has no branch for tests: `cfg(test)` stands before a module only.
fn check_test_branches(path: &str, text: &str, findings: &mut Vec<Finding>) {
    for ((number, line), next) in lines(text).zip(text.lines().skip(1).chain([""])) {
        let is_module = next.starts_with("mod ") || next.starts_with("pub(crate) mod ");
        if line.contains("cfg(test)") && !is_module {
            let advice =
                "`cfg(test)` belongs before `mod tests;` only: hand a test another clock, store or chain";
            findings.push(Finding::new(path, number, advice));
        }
    }
}
