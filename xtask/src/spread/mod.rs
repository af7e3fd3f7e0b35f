//! The report on how blocks spread, as a table and a picture.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::run::root;

const PAGE: &str = "docs/network.md";
const PICTURE: &str = "docs/images/spread.svg";
/// What stands between these is made here.
const MARKS: [&str; 2] = ["<!-- spread -->\n", "<!-- /spread -->\n"];

/// One network.
struct Row {
    nodes: u64,
    interval_s: u64,
    blocks: u64,
    half_ms: u64,
    most_ms: u64,
    stale_percent: f64,
}

/// Writes the table into its page, and the picture beside it.
pub(crate) fn publish(report: &Value) -> Result<()> {
    let rows = rows(report).context("the simulation's report has another form than expected")?;
    let path = root().join(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let [start, end] = MARKS;
    let (before, rest) = page.split_once(start).with_context(|| format!("{PAGE} has no line {start}"))?;
    let (_, after) = rest.split_once(end).with_context(|| format!("{PAGE} has no line {end}"))?;
    let page = format!("{before}{start}{}{end}{after}", table(&rows));
    std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    let path = root().join(PICTURE);
    std::fs::write(&path, picture(&rows)).with_context(|| format!("cannot write {}", path.display()))?;
    println!("\nwritten: {PAGE} and {PICTURE}");
    Ok(())
}

fn rows(report: &Value) -> Option<Vec<Row>> {
    let row = |row: &Value| {
        let number = |name: &str| row.get(name)?.as_u64();
        Some(Row {
            nodes: number("nodes")?,
            interval_s: number("interval_s")?,
            blocks: number("blocks")?,
            half_ms: number("to_50_percent_ms")?,
            most_ms: number("to_95_percent_ms")?,
            stale_percent: row.get("stale_percent")?.as_f64()?,
        })
    };
    report.as_array()?.iter().map(row).collect()
}

fn table(rows: &[Row]) -> String {
    let mut table =
        "| nodes | a block every | blocks | half of the nodes have it after | 95 % after | stale blocks |\n\
                     |---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for Row { nodes, interval_s, blocks, half_ms, most_ms, stale_percent } in rows {
        table += &format!(
            "| {nodes} | {interval_s} s | {blocks} | {half_ms} ms | {most_ms} ms | {stale_percent:.1} % |\n"
        );
    }
    table
}

/// The look of the picture, in light and in dark.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#44403c}.h{font-weight:600}.n{text-anchor:middle}\
.a{fill:#b4532a}.b{fill:#d99a6c}.c{fill:#8a817c}.l{stroke:#a8a29e}\
@media(prefers-color-scheme:dark){text{fill:#d6d3d1}.a{fill:#e0794a}.b{fill:#a9633c}.c{fill:#78716c}}";
/// Pixels: the lowest end of the bars, the height of the longest, and the width of one.
const BASE: f64 = 230.0;
const LONGEST: f64 = 150.0;
const BAR: f64 = 28.0;

/// Draws two groups of bars: the time that blocks take to spread, and how many are lost.
fn picture(rows: &[Row]) -> String {
    let mut sizes: Vec<u64> = rows.iter().map(|row| row.nodes).collect();
    sizes.dedup();
    let of = |nodes: u64| rows.iter().filter(move |row| row.nodes == nodes);
    // How often blocks come has no part in how fast they go, so the rarest stand for all.
    let calm = |nodes: u64| of(nodes).max_by_key(|row| row.interval_s);
    let times = sizes.iter().map(|nodes| {
        let values = calm(*nodes).map_or([0.0; 2], |row| [row.half_ms as f64, row.most_ms as f64]);
        (*nodes, values.to_vec())
    });
    let losses = sizes.iter().map(|nodes| (*nodes, of(*nodes).map(|row| row.stale_percent).collect()));
    let intervals: Vec<_> = sizes
        .first()
        .into_iter()
        .flat_map(|nodes| of(*nodes))
        .map(|row| format!("every {} s", row.interval_s))
        .collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 290\" role=\"img\">\n\
         <title>How fast blocks spread, and how many are lost, by the number of nodes</title>\n\
         <style>{STYLE}</style>\n"
    );
    let legend = ["half of the nodes", "95 %"].map(str::to_owned);
    svg += &bars(10.0, "Milliseconds until a block is there", &legend, &times.collect::<Vec<_>>(), 0);
    svg += &bars(390.0, "Stale blocks, percent", &intervals, &losses.collect::<Vec<_>>(), 1);
    svg + "</svg>\n"
}

/// Draws groups of bars side by side, each with its value above.
fn bars(left: f64, title: &str, legend: &[String], groups: &[(u64, Vec<f64>)], digits: usize) -> String {
    let most = groups.iter().flat_map(|(_, values)| values).fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
    let mut svg = format!("<text class=\"h\" x=\"{left}\" y=\"20\">{title}</text>\n");
    for (place, (name, class)) in legend.iter().zip(["a", "b", "c"]).enumerate() {
        let x = left + place as f64 * if legend.len() > 2 { 100.0 } else { 150.0 };
        svg += &format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"34\" width=\"12\" height=\"12\"/><text x=\"{}\" y=\"45\">{name}</text>\n",
            x + 18.0
        );
    }
    let mut x = left;
    for (nodes, values) in groups {
        let middle = x + values.len() as f64 * (BAR + 4.0) / 2.0;
        for (value, class) in values.iter().zip(["a", "b", "c"]) {
            let height = value / most * LONGEST;
            svg += &format!(
                "<rect class=\"{class}\" x=\"{x:.0}\" y=\"{:.1}\" width=\"{BAR}\" height=\"{height:.1}\"/>\
                 <text class=\"n\" x=\"{:.0}\" y=\"{:.1}\">{value:.digits$}</text>\n",
                BASE - height,
                x + BAR / 2.0,
                BASE - height - 5.0
            );
            x += BAR + 4.0;
        }
        svg += &format!("<text class=\"n\" x=\"{middle:.0}\" y=\"{}\">{nodes} nodes</text>\n", BASE + 20.0);
        x += 26.0;
    }
    svg + &format!("<path class=\"l\" d=\"M{left} {BASE}H{:.0}\"/>\n", x - 26.0)
}

#[cfg(test)]
mod tests;
