//! Options of WASI, as wasmtime has them.

use crate::help_groups::PROGRAM;
use clap::Args;
use dwalin_runtime::wasi::WasiCtxBuilder;

/// The options for what a program may use of the system besides files.
#[derive(Args, Default)]
pub struct Wasi {
    /// Let a component use the network: `inherit-network`, all addresses, with `tcp=n` or `udp=n` without one of the two;
    /// `allow-ip-name-lookup`, names of hosts. Without this it has none.
    #[arg(short = 'S', long = "wasi", value_name = "KEY[=y]", value_delimiter = ',', value_parser = parse, help_heading = PROGRAM)]
    wasi_options: Vec<(Key, bool)>,
}

/// An option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    InheritNetwork,
    Tcp,
    Udp,
    AllowIpNameLookup,
}

const KEYS: [(&str, Key); 4] = [
    ("inherit-network", Key::InheritNetwork),
    ("tcp", Key::Tcp),
    ("udp", Key::Udp),
    ("allow-ip-name-lookup", Key::AllowIpNameLookup),
];

fn parse(text: &str) -> Result<(Key, bool), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, "y"));
    let value = match value {
        "y" | "yes" | "true" => true,
        "n" | "no" | "false" => false,
        _ => return Err("not y or n".to_owned()),
    };
    let key = KEYS.iter().find(|(it, _)| *it == name);
    match key {
        Some((_, key)) => Ok((*key, value)),
        None => Err(format!(
            "not one of {}",
            KEYS.map(|(name, _)| name).join(", ")
        )),
    }
}

impl Wasi {
    /// All of them, as they are typed.
    pub fn given(&self) -> Vec<String> {
        let text = |(key, is_on): &(Key, bool)| {
            let named = KEYS.iter().find(|(_, it)| it == key);
            let name = named.map_or("", |(name, _)| name);
            format!("{name}={}", if *is_on { "y" } else { "n" })
        };
        self.wasi_options.iter().map(text).collect()
    }

    #[cfg(feature = "component-model")]
    fn last(&self, key: Key) -> Option<bool> {
        let given = self.wasi_options.iter().rev();
        given.copied().find(|it| it.0 == key).map(|it| it.1)
    }

    /// Gives a context what the options say.
    #[cfg(feature = "component-model")]
    pub fn apply(&self, builder: &mut WasiCtxBuilder) {
        if self.last(Key::InheritNetwork) == Some(true) {
            builder.inherit_network();
        }
        builder.allow_tcp(self.last(Key::Tcp) != Some(false));
        builder.allow_udp(self.last(Key::Udp) != Some(false));
        builder.allow_ip_name_lookup(self.last(Key::AllowIpNameLookup) == Some(true));
    }

    /// Modules of preview 1 make no sockets.
    #[cfg(not(feature = "component-model"))]
    pub fn apply(&self, _: &mut WasiCtxBuilder) {
        let _ = &self.wasi_options;
    }
}
