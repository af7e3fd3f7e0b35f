use super::*;

#[test]
fn a_span_is_told_in_its_own_unit() {
    let spans = [9, 119, 120, 3_600, 7_199, 7_200, 90_000, 172_800, 31_536_000].map(span);
    let told = [
        "9 seconds",
        "119 seconds",
        "2 minutes",
        "60 minutes",
        "119 minutes",
        "2 hours",
        "25 hours",
        "2 days",
        "365 days",
    ];
    assert_eq!(spans, told);
}
