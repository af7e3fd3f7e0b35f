//! Text for the terminal.

/// Makes text from outside safe to show: no control characters, so no escape sequences, and nothing that changes the
/// direction of what follows.
pub(crate) fn plain(text: &str) -> String {
    let is_bidi = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !c.is_control() && !is_bidi(*c)).collect()
}

/// Writes a time of Unix seconds as `2026-11-22 16:00:00Z`.
pub(crate) fn utc(time: u32) -> String {
    const DAY: u32 = 86_400;
    let (days, second) = (time / DAY, time % DAY);
    // Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in March, 400 of them are an era.
    let days = days + 719_468;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = days / 146_097 * 400 + year_of_era + u32::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests;
