use serde_json::json;

use super::{picture, rows, table};

#[test]
fn a_report_becomes_a_table_and_a_picture() {
    let row = |nodes: u64, interval_s: u64| {
        json!({ "nodes": nodes, "interval_s": interval_s, "blocks": 300, "to_50_percent_ms": 200,
            "to_95_percent_ms": nodes * 4, "stale_percent": 1.25 })
    };
    let report = json!([row(10, 1), row(10, 30), row(100, 1), row(100, 30)]);
    let rows = rows(&report).expect("of that form");
    assert_eq!(table(&rows).lines().nth(2), Some("| 10 | 1 s | 300 | 200 ms | 40 ms | 1.2 % |"));
    assert_eq!(table(&rows).lines().count(), 6);
    let picture = picture(&rows);
    assert_eq!(picture.matches("<rect").count(), 2 + 2 + 4 + 4);
    assert!(picture.contains(">100 nodes</text>") && picture.contains(">every 30 s</text>"));
    assert!(super::rows(&json!([{ "nodes": 10 }])).is_none());
}
