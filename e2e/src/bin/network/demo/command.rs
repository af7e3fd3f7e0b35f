//! What can be typed.

/// Said at the start, and when asked for.
pub(super) const HELP: &str = "\
Type, and press Enter:
  c 3     cut node 3 from both others        c 1 3   cut the link between two nodes
  h       heal: mend every link              q       end
A cut node mines on alone. After healing, the chain with less work is left: its confirmations fall, its payments
wait again, and are mined anew.";

/// What a person wants. Nodes are numbered from 0 here, and from 1 where they are typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Cut(Vec<(usize, usize)>),
    Heal,
    Help,
    Quit,
}

impl Command {
    /// Reads a line, or says what is wrong with it.
    pub(super) fn parse(line: &str, nodes: usize) -> Result<Self, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let node = |word: &str| {
            let number = word.parse().ok().filter(|number| (1..=nodes).contains(number));
            number.map(|number: usize| number - 1).ok_or(format!("there is no node {word:?}: 1 to {nodes}"))
        };
        match words[..] {
            ["q"] => Ok(Self::Quit),
            ["h"] => Ok(Self::Heal),
            ["c", a] => {
                let a = node(a)?;
                Ok(Self::Cut((0..nodes).filter(|b| *b != a).map(|b| (a.min(b), a.max(b))).collect()))
            }
            ["c", a, b] => {
                let (a, b) = (node(a)?, node(b)?);
                if a == b {
                    Err("a link has two ends".to_owned())
                } else {
                    Ok(Self::Cut(vec![(a.min(b), a.max(b))]))
                }
            }
            [] | ["?"] => Ok(Self::Help),
            _ => Err(format!("{:?} is not known; c, h or q, and ? for help", line.trim())),
        }
    }
}
