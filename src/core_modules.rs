//! The choice of a core module where a file has several: those of a component.

use crate::files;
use anyhow::{Result, bail};
use dwalin_runtime::{CoreModule, Printable};

/// The module of a name, or the only one; `None` where there are several and none was named.
///
/// # Errors
/// Where no module has the name.
pub fn chosen<'m>(modules: &'m [CoreModule], name: Option<&str>) -> Result<Option<&'m CoreModule>> {
    let Some(name) = name else {
        return Ok(match modules {
            [only] => Some(only),
            _ => None,
        });
    };
    if let Some(found) = modules.iter().find(|it| is_named(it, name)) {
        return Ok(Some(found));
    }
    let names = || modules.iter().map(|it| it.name.as_str());
    let instead = match files::nearest(name, names()) {
        Some(near) => format!("there is `{near}`"),
        None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
    };
    bail!(
        "--module: no core module is `{name}`; {}",
        Printable(instead)
    )
}

/// Returns true if a module has a name, which may lack the file's.
fn is_named(module: &CoreModule, name: &str) -> bool {
    let own = module.name.split_once(':').map(|(_, own)| own);
    module.name == name || own == Some(name)
}
