//! The registers of x86-64 as debuggers are told of them (GDB's manual, "Target Descriptions"), in the order of their numbers.

/// General registers, by their names.
pub const GENERAL: [&str; 17] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip",
];
/// Segment registers.
pub const SEGMENTS: [&str; 6] = ["cs", "ss", "ds", "es", "fs", "gs"];
/// Registers of the x87 unit that are not of its stack.
pub const X87: [&str; 8] = [
    "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop",
];

/// A register: its name, bytes, and type.
pub struct Register {
    /// The name.
    pub name: String,
    /// Bytes.
    pub size: usize,
    ty: &'static str,
    group: &'static str,
}

fn register(name: impl Into<String>, size: usize, ty: &'static str) -> Register {
    Register {
        name: name.into(),
        size,
        ty,
        group: "",
    }
}

/// Groups of registers, by the names of their features.
fn features() -> [(&'static str, Vec<Register>); 5] {
    let general = GENERAL.map(|name| {
        let ty = match name {
            "rbp" | "rsp" => "data_ptr",
            "rip" => "code_ptr",
            _ => "int64",
        };
        register(name, 8, ty)
    });
    let flags = [register("eflags", 4, "i386_eflags")];
    let segments = SEGMENTS.map(|name| register(name, 4, "int32"));
    let stack = (0..8).map(|it| register(format!("st{it}"), 10, "i387_ext"));
    let mut x87 = X87.map(|name| register(name, 4, "int"));
    x87.iter_mut().for_each(|it| it.group = "float");
    let core = general.into_iter().chain(flags).chain(segments);
    let core = core.chain(stack).chain(x87).collect();
    let vectors = (0..16).map(|it| register(format!("xmm{it}"), 16, "vec128"));
    let mut status = register("mxcsr", 4, "i386_mxcsr");
    status.group = "vector";
    let upper = (0..16).map(|it| register(format!("ymm{it}h"), 16, "uint128"));
    let bases = ["fs_base", "gs_base"].map(|name| register(name, 8, "int"));
    let mut original = register("orig_rax", 8, "int");
    original.group = "system";
    [
        ("org.gnu.gdb.i386.core", core),
        ("org.gnu.gdb.i386.sse", vectors.chain([status]).collect()),
        ("org.gnu.gdb.i386.linux", vec![original]),
        ("org.gnu.gdb.i386.segments", bases.into()),
        ("org.gnu.gdb.i386.avx", upper.collect()),
    ]
}

/// All registers, by number.
pub fn registers() -> Vec<Register> {
    features().into_iter().flat_map(|(_, it)| it).collect()
}

/// Types that descriptions have to define.
fn types(feature: &str) -> String {
    match feature {
        "org.gnu.gdb.i386.core" => {
            let flags = [
                ("CF", 0),
                ("", 1),
                ("PF", 2),
                ("AF", 4),
                ("ZF", 6),
                ("SF", 7),
                ("TF", 8),
                ("IF", 9),
                ("DF", 10),
                ("OF", 11),
            ];
            let fields = flags
                .map(|(name, bit)| format!(r#"<field name="{name}" start="{bit}" end="{bit}"/>"#));
            format!(
                r#"<flags id="i386_eflags" size="4">{}</flags>"#,
                fields.concat()
            )
        }
        "org.gnu.gdb.i386.sse" => {
            let lanes = [
                ("v4f", "ieee_single", 4, "v4_float"),
                ("v2d", "ieee_double", 2, "v2_double"),
                ("v16i8", "int8", 16, "v16_int8"),
                ("v8i16", "int16", 8, "v8_int16"),
                ("v4i32", "int32", 4, "v4_int32"),
                ("v2i64", "int64", 2, "v2_int64"),
            ];
            let vectors = lanes.map(|(id, ty, count, _)| {
                format!(r#"<vector id="{id}" type="{ty}" count="{count}"/>"#)
            });
            let fields =
                lanes.map(|(id, _, _, name)| format!(r#"<field name="{name}" type="{id}"/>"#));
            format!(
                r#"{}<union id="vec128">{}<field name="uint128" type="uint128"/></union><flags id="i386_mxcsr" size="4"><field name="IE" start="0" end="0"/></flags>"#,
                vectors.concat(),
                fields.concat()
            )
        }
        _ => String::new(),
    }
}

/// The description, in XML.
pub fn xml() -> String {
    let mut out = String::from(
        r#"<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0"><architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>"#,
    );
    let mut number = 0;
    for (name, registers) in features() {
        out += &format!(r#"<feature name="{name}">{}"#, types(name));
        for it in registers {
            let group = match it.group {
                "" => String::new(),
                group => format!(r#" group="{group}""#),
            };
            out += &format!(
                r#"<reg name="{}" bitsize="{}" type="{}" regnum="{number}"{group}/>"#,
                it.name,
                8 * it.size,
                it.ty
            );
            number += 1;
        }
        out += "</feature>";
    }
    out + "</target>"
}
