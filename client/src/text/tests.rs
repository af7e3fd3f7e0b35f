use super::*;

#[test]
fn times_are_those_of_the_calendar() {
    for (time, text) in [
        (0, "1970-01-01 00:00:00Z"),
        (951_782_399, "2000-02-28 23:59:59Z"),
        (951_782_400, "2000-02-29 00:00:00Z"),
        (951_868_800, "2000-03-01 00:00:00Z"),
        (1_795_305_600, "2026-11-22 00:00:00Z"),
        (u32::MAX, "2106-02-07 06:28:15Z"),
    ] {
        assert_eq!(utc(time), text);
    }
}

#[test]
fn text_from_outside_moves_no_cursor_and_turns_no_line_around() {
    assert_eq!(plain("\u{1b}[2Jbread\n\u{9b}1m \u{202e}for\u{2069} 日本"), "[2Jbread1m for 日本");
}
