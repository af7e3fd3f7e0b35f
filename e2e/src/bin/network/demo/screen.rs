//! The tips side by side, always in the line above the one that is typed in.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _, stdout};

use shared::api::views::HeadView;

/// A terminal, or a file, in which new lines take the place of changed ones.
pub(super) struct Screen {
    is_terminal: bool,
    tips: Vec<String>,
    cut: BTreeSet<(usize, usize)>,
}

impl Screen {
    pub(super) fn new(nodes: usize) -> Self {
        let is_terminal = stdout().is_terminal();
        let screen = Self { is_terminal, tips: vec!["starts".to_owned(); nodes], cut: BTreeSet::new() };
        if is_terminal {
            println!();
        }
        screen.prompt();
        screen
    }

    /// Shows a node's new tip, and how many blocks it has left for it.
    pub(super) fn head(&mut self, node: usize, head: &HeadView) {
        let hash = head.hash.to_string();
        let end = hash.get(hash.len().saturating_sub(6)..).unwrap_or_default();
        self.tips[node] = format!("{:>5} …{end}", head.height);
        match head.disconnected {
            0 => self.update(),
            1 => self.say(&format!("node {} has left a block for a chain with more work", node + 1)),
            count => {
                self.say(&format!("node {} has left {count} blocks for a chain with more work", node + 1))
            }
        }
    }

    pub(super) fn cut(&mut self, pairs: &[(usize, usize)]) {
        self.cut.extend(pairs);
        self.answer("cut");
    }

    pub(super) fn heal(&mut self) {
        self.cut.clear();
        self.answer("healed; nodes that were apart for long may need a while to try each other again");
    }

    /// Says something that nobody has asked for, above the tips.
    pub(super) fn say(&self, text: &str) {
        if self.is_terminal {
            // From the line that is typed in up to the tips, which move down by a line with it.
            print!("\x1b[1A\r\x1b[2K{text}\n\x1b[2K{}\n> ", self.line());
            self.flush();
        } else {
            println!("{text}");
            self.update();
        }
    }

    /// Says something below the line that was typed.
    pub(super) fn answer(&self, text: &str) {
        println!("{text}");
        if self.is_terminal {
            println!("{}", self.line());
        }
        self.prompt();
    }

    fn update(&self) {
        if self.is_terminal {
            print!("\x1b7\x1b[1A\r\x1b[2K{}\x1b8", self.line());
            self.flush();
        } else {
            println!("{}", self.line());
        }
    }

    fn line(&self) -> String {
        let tips = self.tips.iter().enumerate().map(|(node, tip)| format!("{}: {tip}", node + 1));
        let cut = self.cut.iter().map(|(a, b)| format!("{}–{}", a + 1, b + 1)).collect::<Vec<_>>().join(" ");
        let cut = if cut.is_empty() { String::new() } else { format!("   cut: {cut}") };
        format!("{}{cut}", tips.collect::<Vec<_>>().join("   "))
    }

    fn prompt(&self) {
        if self.is_terminal {
            print!("> ");
            self.flush();
        }
    }

    fn flush(&self) {
        // A terminal that is gone ends the demonstration by its end of input.
        drop(stdout().flush());
    }
}
