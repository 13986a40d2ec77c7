//! `dwalin check-debug`: what of a module's debug info a debugger gets.

use crate::args::CheckDebug;
use crate::check_json::Members;
use crate::files;
use crate::json;
use anyhow::{Result, bail};
use dwalin_runtime::check::{Bytes, Check, Count, Lost, Place, Variable};
#[cfg(feature = "component-model")]
use dwalin_runtime::component::Draft;
use dwalin_runtime::{CoreModule, Engine, Location, Module, ModuleFile, ModuleInput, Printable};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// Checks the debug info of a module, or of each core module of a component.
pub fn check_debug(options: &CheckDebug) -> Result<ExitCode> {
    let of_file = |error| files::error(error, &options.file);
    let messages = Arc::new(Mutex::new(Vec::new()));
    let mut config = options.config();
    let collected = messages.clone();
    config.warning(move |warning| {
        let mut messages = collected.lock().unwrap_or_else(PoisonError::into_inner);
        if !messages.iter().any(|known| known == warning) {
            messages.push(warning.to_owned());
        }
    });
    let engine = Engine::new(&config);
    let taken = || std::mem::take(&mut *messages.lock().unwrap_or_else(PoisonError::into_inner));
    let (modules, is_component) = compiled(options, &engine).map_err(of_file)?;
    let mut checked = Vec::new();
    for module in &modules {
        let check = module.check_debug_info(options.variable.as_deref())?;
        // Adapters have none, and are not debugged.
        if is_component && modules.len() > 1 && check.units.input == 0 {
            continue;
        }
        let name = is_component.then(|| module.name().to_owned());
        let messages = taken();
        checked.push(Checked {
            name,
            check,
            messages,
        });
    }
    let Some(first) = checked.first() else {
        bail!(
            "{}: no core module of the component has debug info: compile it with -g",
            options.file.display()
        );
    };
    print_checked(options, &checked, &first.check)?;
    let is_complete = checked.iter().all(Checked::is_complete);
    Ok(ExitCode::from(u8::from(!is_complete)))
}

/// Prints what was found, or what of one variable.
fn print_checked(options: &CheckDebug, checked: &[Checked], first: &Check) -> Result<()> {
    if options.json {
        let members: Vec<_> = checked.iter().map(Checked::members).collect();
        match checked {
            [it] if it.name.is_none() => println!("{}", json::to_string(&members[0])),
            _ => println!("{}", json::to_string(&members)),
        }
    }
    match &options.variable {
        Some(variable) if checked.iter().all(|it| it.check.asked.is_empty()) => {
            return Err(unknown(options, variable, first));
        }
        _ if options.json => {}
        Some(_) => {
            let files = CoreModule::open_all(&options.file);
            let files = files.map_err(|error| files::error(error, &options.file))?;
            for it in checked {
                let is_it =
                    |file: &&CoreModule| it.name.as_ref().is_none_or(|name| file.name == *name);
                if let Some(file) = files.iter().find(is_it) {
                    print_variables(&file.module, &it.check.asked);
                }
            }
        }
        None => {
            for it in checked {
                if let Some(name) = &it.name {
                    println!("{}:", Printable(name));
                }
                print(&it.check, &it.messages, it.is_complete());
            }
        }
    }
    Ok(())
}

/// The compiled module, or the core modules of a component.
fn compiled(options: &CheckDebug, engine: &Engine) -> dwalin_runtime::Result<(Vec<Module>, bool)> {
    let path = &options.file;
    let bytes = files::read(path)?;
    let input = ModuleInput::read(&bytes, Some(path))?;
    #[cfg(feature = "component-model")]
    if input.is_component() {
        let draft = Draft::from_input(&input)?;
        let component = options.code.component_of(engine, path, draft)?;
        return Ok((component.modules().to_vec(), true));
    }
    let module = options.code.module_of(engine, path, &input)?;
    Ok((vec![module], false))
}

/// A module, with what its check found.
struct Checked {
    /// Its name, of a component.
    name: Option<String>,
    check: Check,
    messages: Vec<String>,
}

impl Checked {
    fn is_complete(&self) -> bool {
        self.check.losses.is_empty() && self.messages.is_empty() && !self.check.incomplete
    }

    fn members(&self) -> Members<'_> {
        let name = self.name.as_deref();
        Members::new(name, &self.check, &self.messages, self.is_complete())
    }
}

fn print(check: &Check, messages: &[String], complete: bool) {
    print_counts(check);
    print_described(check);
    print_contradictions(check);
    for message in messages {
        println!("{message}");
    }
    if check.incomplete {
        println!("There is more debug info than could be looked at: what is missing may be more.");
    }
    print_losses(check);
    match complete {
        true => println!("\nComplete: debuggers get all of it."),
        false => println!("\nNot complete."),
    }
}

/// The tables of entries and of bytes of code.
fn print_counts(check: &Check) {
    println!(
        "{:18}{:>12}{:>12}{:>12}{:>12}",
        "", "described", "in image", "lost", "dropped*"
    );
    let rows = counts(check);
    for (name, count) in rows {
        let Count {
            input,
            output,
            lost,
            dropped,
        } = count;
        println!("{name:18}{input:>12}{output:>12}{lost:>12}{dropped:>12}");
    }
    println!("* by linkers and optimisers: they describe no code of the module\n");
    println!(
        "{:18}{:>12}{:>12}{:>12}{:>12}",
        "bytes of code", "in scope", "described", "in image", "lost"
    );
    for (name, bytes) in sums(check) {
        let (kept, lost) = (bytes.described - bytes.lost(), bytes.lost());
        println!(
            "{name:18}{:>12}{:>12}{kept:>12}{lost:>12}   {}",
            bytes.scope,
            bytes.described,
            percent(bytes)
        );
    }
}

/// Debug info that says of the module what is not so.
fn print_contradictions(check: &Check) {
    let (variables, bytes) = check.astray;
    if variables > 0 {
        println!(
            "For {variables} variables, in {bytes} bytes of code, it names operands that the stack does not have, or not on all ways there."
        );
    }
    let (variables, bytes) = check.overwritten;
    if variables > 0 {
        println!(
            "For {variables} variables, in {bytes} bytes of code, it names locals that hold something else by then: it uses them again."
        );
    }
    if check.elsewhere > 0 {
        println!(
            "{} functions are described at addresses that are none of the module's code.",
            check.elsewhere
        );
    }
    if check.outside > 0 {
        println!(
            "{} blocks and inlined functions are said to have code outside of what they are in.",
            check.outside
        );
    }
}

/// Which functions the module's own debug info describes, and what stands in for it.
fn print_described(check: &Check) {
    let (functions, bytes) = check.code;
    let (own, described) = (check.functions.input, check.function_bytes.described);
    match check.units.input {
        0 => println!("\nThe module has no debug info that describes its code."),
        _ => println!(
            "\nThe module's own debug info describes {own} of its {functions} functions, {described} of {bytes} bytes of code."
        ),
    }
    let made = [
        (check.made.by_text, "text"),
        (check.made.by_source_map, "source map"),
    ];
    for ((functions, bytes), of) in made
        .into_iter()
        .filter(|((functions, _), _)| *functions > 0)
    {
        println!(
            "Of {functions} functions without, {bytes} bytes, debuggers are shown the module's {of}."
        );
    }
    if check.units.input == 0 {
        return;
    }
    let [all, some, none] = check.availability;
    println!(
        "The compiler describes {all} variables wherever they are in scope, {some} in a part of it, {none} nowhere."
    );
}

fn print_losses(check: &Check) {
    for loss in &check.losses {
        println!(
            "\n{}: {} lost, {} bytes",
            loss.reason, loss.count, loss.bytes
        );
        for lost in &loss.first {
            println!("  {}", sentence(lost));
        }
        if loss.count > loss.first.len() {
            println!("  and {} more", loss.count - loss.first.len());
        }
    }
}

/// Returns the share of the described bytes that is shown.
fn percent(bytes: &Bytes) -> String {
    match bytes.with_code {
        0 => "-".to_owned(),
        all if all == bytes.kept => "100 %".to_owned(),
        // Never rounded up to all of it.
        all => format!(
            "{:.3} %",
            (bytes.kept as f64 / all as f64 * 1e5).floor() / 1e3
        ),
    }
}

fn sentence(lost: &Lost) -> String {
    format!(
        "{} {} (.debug_info+{:#x}), {} bytes",
        lost.kind,
        described(&lost.place),
        lost.place.offset,
        lost.bytes
    )
}

/// `count of sum, app.c:7`.
fn described(place: &Place) -> String {
    let mut text = place
        .name
        .clone()
        .unwrap_or_else(|| "(without a name)".to_owned());
    if let Some(function) = &place.function {
        text += &format!(" of {function}");
    }
    if let Some(file) = &place.file {
        text += &format!(", {file}");
        text += &place.line.map_or_else(String::new, |it| format!(":{it}"));
    }
    text
}

/// That no variable has a name, and which is much like it.
fn unknown(options: &CheckDebug, name: &str, check: &Check) -> anyhow::Error {
    let near = files::nearest(name, check.others.iter().map(String::as_str));
    let near = near.map(|it| format!("\nhelp: there is {it}"));
    anyhow::anyhow!(
        "{}: no function of the module has a variable {name} in its debug info{}",
        options.file.display(),
        near.unwrap_or_default()
    )
}

fn print_variables(file: &ModuleFile, found: &[Variable]) {
    for variable in found {
        let bytes = variable.bytes;
        println!("{}:", described(&variable.place));
        println!("  in scope for {} bytes of code", bytes.scope);
        for range in &variable.scope {
            println!("    {}", range_text(file, range));
        }
        match bytes.described {
            0 => println!("  the compiler describes it nowhere"),
            all if all == bytes.scope => println!("  the compiler describes it in all of them"),
            some => println!("  the compiler describes it in {some} of them"),
        }
        if bytes.described < bytes.scope {
            for range in &variable.described {
                println!("    {}", range_text(file, range));
            }
        }
        if variable.astray > 0 {
            println!(
                "  in {} more it names an operand that the stack does not have, or not on all ways there",
                variable.astray
            );
        }
        if variable.overwritten > 0 {
            println!(
                "  in {} more it names a local that holds something else by then",
                variable.overwritten
            );
        }
        match (bytes.lost(), &variable.reason) {
            _ if bytes.described == 0 => {}
            (0, _) => println!("  debuggers see it there"),
            (lost, reason) => println!(
                "  debuggers do not see it in {lost} of those: {}",
                reason.as_deref().unwrap_or("it is not known why")
            ),
        }
    }
}

/// `0x1c2 to 0x1e0, app.c:7 to app.c:9`, in offsets as DWARF counts them.
fn range_text(file: &ModuleFile, range: &std::ops::Range<dwalin_runtime::WasmPc>) -> String {
    let at = |pc: u32| {
        let frames = file
            .at_code_offset(pc)
            .map(|Location { frames, .. }| frames);
        let frame = frames?.into_iter().next()?;
        let name = frame.file?;
        let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
        Some(format!("{name}:{}", frame.line?))
    };
    let mut text = format!("{:#x} to {:#x}", range.start.0, range.end.0);
    if let (Some(from), Some(to)) = (at(range.start.0), at(range.end.0.saturating_sub(1))) {
        text += &format!(", {from} to {to}");
    }
    text
}

fn counts(check: &Check) -> [(&'static str, Count); 6] {
    [
        ("units", check.units),
        ("functions", check.functions),
        ("inlined functions", check.inlined),
        ("variables", check.variables),
        ("static variables", check.statics),
        ("macros", check.macros),
    ]
}

fn sums(check: &Check) -> [(&'static str, &Bytes); 3] {
    [
        ("variables", &check.variable_bytes),
        ("functions", &check.function_bytes),
        ("lines", &check.line_bytes),
    ]
}
