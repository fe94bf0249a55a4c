//! What is written to standard output.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::options::Format;

/// Writes data, as a table for people or as JSON for programs. A closed pipe comes back as an error, never a panic.
#[derive(Debug, Clone, Copy)]
pub struct Output(pub Format);

impl Output {
    /// A list: one row for each entry.
    pub fn list<T: Serialize>(&self, data: &T, header: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        match self.0 {
            Format::Json => self.json(data),
            Format::Table => self.text(&columns(Some(header), rows)),
        }
    }

    /// One thing: one row for each of its fields.
    pub fn record<T: Serialize>(&self, data: &T, fields: Vec<(&str, String)>) -> io::Result<()> {
        match self.0 {
            Format::Json => self.json(data),
            Format::Table => {
                let rows = fields.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
                self.text(&columns(None, rows))
            }
        }
    }

    pub fn is_table(&self) -> bool {
        self.0 == Format::Table
    }

    pub fn json<T: Serialize>(&self, data: &T) -> io::Result<()> {
        let text = serde_json::to_string_pretty(data).expect("what is shown is JSON");
        self.text(&text)
    }

    pub fn text(&self, text: &str) -> io::Result<()> {
        self.bytes(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
    }

    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }
}

/// Says something beside the data, on standard error.
pub fn note(text: &str) {
    // There is nobody to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Columns without lines, which `cut` and `awk` read as well as people do.
fn columns(header: Option<&[&str]>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some(header) = header {
        table.set_header(header.to_vec());
    }
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let rows = vec![vec!["1".to_owned(), "leader".to_owned()], vec!["12".to_owned(), String::new()]];
        assert_eq!(columns(Some(&["NODE", "ROLE"]), rows), "NODE  ROLE\n1     leader\n12");
    }
}
