//! `dwalin setup`: makes a debugger that is started without the launchers, as by editors, what it is with them.
//!
//! Each debugger has scripts in the user's data folder, and a few lines in its init file that load them. All of it is the user's own.

mod debugger;
mod gdb;
mod init_file;
mod lldb;

use anyhow::{Context, Result, bail};
use std::env;
use std::path::{Path, PathBuf};

/// A user's folders (XDG Base Directory Specification).
struct Folders {
    home: PathBuf,
    config: PathBuf,
    data: PathBuf,
}

impl Folders {
    fn of_user() -> Result<Folders> {
        // Relative paths do not count.
        let absolute = |name| {
            let path = PathBuf::from(env::var_os(name)?);
            path.is_absolute().then_some(path)
        };
        let Some(home) = absolute("HOME") else {
            bail!("the environment's HOME is no absolute path");
        };
        Ok(Folders {
            config: absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            data: absolute("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")),
            home,
        })
    }

    /// The folder of what Dwalin keeps for a user.
    fn own(&self) -> PathBuf {
        self.data.join("dwalin")
    }
}

/// Sets up the debuggers, or takes that back; says what it wrote.
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

/// A path as people write it.
fn shown(path: &Path, folders: &Folders) -> String {
    match path.strip_prefix(&folders.home) {
        Ok(rest) => format!("~/{}", rest.display()),
        Err(_) => path.display().to_string(),
    }
}
