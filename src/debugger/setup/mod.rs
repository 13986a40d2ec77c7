//! `dwalin setup`: makes a debugger that is started without the launchers, as by editors, what it is with them.
//!
//! Each debugger has scripts in the user's data folder, and a few lines in its init file that load them. All of it is the user's own.

mod debugger;
mod folders;
mod gdb;
mod init_file;
mod lldb;

use anyhow::{Context, Result};
use folders::Folders;

/// Sets up the debuggers, or removes that; prints what it wrote.
pub fn setup(remove: bool) -> Result<()> {
    let folders = Folders::of_user()?;
    let mut done = Vec::new();
    for debugger in [gdb::GDB, lldb::LLDB] {
        match remove {
            false => debugger.write(&folders, &mut done),
            true => debugger.remove(&folders, &mut done),
        }
        .context(debugger.name)?;
    }
    // A folder with something else in it stays.
    if remove {
        std::fs::remove_dir(folders.own()).ok();
    }
    if done.is_empty() {
        done.push(match remove {
            false => "nothing to do: all of it is there".to_owned(),
            true => "nothing to do: nothing of it is there".to_owned(),
        });
    }
    done.iter().for_each(|line| println!("{line}"));
    Ok(())
}
