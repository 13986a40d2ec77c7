//! The folders of a user.

use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};

/// A user's folders (XDG Base Directory Specification).
pub struct Folders {
    pub home: PathBuf,
    pub config: PathBuf,
    data: PathBuf,
}

impl Folders {
    /// The folders that the environment names.
    ///
    /// # Errors
    /// An environment without HOME.
    pub fn of_user() -> Result<Folders> {
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
    pub fn own(&self) -> PathBuf {
        self.data.join("dwalin")
    }

    /// A path as people write it.
    pub fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(&self.home) {
            Ok(rest) => format!("~/{}", rest.display()),
            Err(_) => path.display().to_string(),
        }
    }
}
