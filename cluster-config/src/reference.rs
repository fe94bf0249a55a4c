//! The list of all options, written from what the code reads: `config.defaults.toml`.

use std::fmt::Write;

use crate::layers::environment_name;
use crate::reader::{Documented, Reader};

const HEAD: &str = "\
# Every option of livedropd: what it does, its unit and range, its variable, its default.
# Written from the code; a test compares. A value in the environment wins over the file, a flag over both.
# Options marked `required` have no default; what stands here is an example, a cluster of one node.
";

/// Writes every option that `reader` was asked for, as a file that can be loaded.
pub(crate) fn write(reader: &Reader) -> String {
    let mut page = HEAD.to_owned();
    for section in &reader.sections {
        page.push('\n');
        for line in &section.about {
            let _ = writeln!(page, "#{line}");
        }
        let _ = writeln!(page, "[{}]", section.name);
        for option in reader.options.iter().filter(|option| option.section == section.name) {
            page.push('\n');
            write_option(&mut page, option);
        }
    }
    page
}

// Writing to a String cannot fail, so the results are dropped.
fn write_option(page: &mut String, option: &Documented) {
    for line in &option.effect {
        let _ = writeln!(page, "#{line}");
    }
    let required = if option.required { "required; " } else { "" };
    let variable = environment_name(&format!("{}.{}", option.section, option.key));
    let _ = writeln!(page, "# {required}{}; {variable}", option.allowed);
    let _ = writeln!(page, "{} = {}", option.key, option.shown);
}
