//! The table that is printed.

use std::fmt;

/// Rows of a name, three figures and a note.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<[String; 5]>);

impl Table {
    /// Adds something that has one value.
    pub(crate) fn value(&mut self, name: &str, value: f64, unit: &str) {
        self.0.push([name.to_owned(), String::new(), format!("{value:.1}"), String::new(), unit.to_owned()]);
    }

    /// Adds something that was measured several times.
    pub(crate) fn spread(&mut self, name: &str, mut values: Vec<f64>, unit: &str) {
        values.sort_by(f64::total_cmp);
        let figure = |index: usize| values.get(index).map_or_else(String::new, |value| format!("{value:.1}"));
        let middle = values.len() / 2;
        let unit = format!("{unit}, {} runs", values.len());
        self.0.push([
            name.to_owned(),
            figure(0),
            figure(middle),
            figure(values.len().saturating_sub(1)),
            unit,
        ]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<66} {:>9} {:>9} {:>9}", "", "least", "median", "most")?;
        for [name, least, median, most, unit] in &self.0 {
            writeln!(f, "{name:<66} {least:>9} {median:>9} {most:>9} {unit}")?;
        }
        Ok(())
    }
}
