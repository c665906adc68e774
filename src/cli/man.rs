//! `man`: one page for the program and all its subcommands.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Cli;
use super::{DONE, Failure};

pub(super) fn run() -> Result<ExitCode, Failure> {
    io::stdout().write_all(&page()?)?;
    Ok(DONE)
}

fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = Cli::command();
    let subcommands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let man = Man::new(command);
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_extra_section(&mut page)?;
    for subcommand in subcommands {
        let name = format!("quarterdeck {}", subcommand.get_name());
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        let man = Man::new(subcommand.bin_name(name));
        let mut part = Vec::new();
        man.render_synopsis_section(&mut part)?;
        man.render_description_section(&mut part)?;
        man.render_options_section(&mut part)?;
        // Sections of a subcommand are subsections of the page.
        page.extend(String::from_utf8_lossy(&part).replace(".SH ", ".SS ").bytes());
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_and_flag_is_in_the_page() {
        let page = String::from_utf8(page().unwrap()).unwrap();
        let command = Cli::command();
        for subcommand in command.get_subcommands() {
            let heading = format!(".SH \"QUARTERDECK {}\"", subcommand.get_name().to_uppercase());
            assert!(page.contains(&heading), "{heading}");
            for flag in subcommand.get_arguments().chain(command.get_arguments()).filter_map(clap::Arg::get_long) {
                assert!(page.contains(&flag.replace('-', "\\-")), "{flag}");
            }
        }
    }
}
