//! Instructions with a VEX or EVEX prefix (AVX) whose operand is a constant beside the code, at an address relative to the instruction.
//! gdb up to 15 steps off a breakpoint by executing the instruction elsewhere, and does not adjust such an address: the program would go
//! on with another value. Code for debuggers has none of them: a function in which one is found is compiled without AVX.

/// Returns true if code may contain such an instruction: every place is looked at as if an instruction began there. Constants are
/// behind the instructions of their function, and part of its code.
pub(super) fn reads_constants(code: &[u8]) -> bool {
    (0..code.len()).any(|at| is_constant_operand(code, at))
}

/// Returns true if an instruction at this place would read the function's own code (Intel's manual, volume 2, 2.3.5 and 2.7.1): the
/// prefix, an opcode, and a ModRM byte of mod 0 and r/m 5, before the distance from the instruction's end.
fn is_constant_operand(code: &[u8], at: usize) -> bool {
    let prefix = match code[at] {
        0xc5 => 2,
        0xc4 => 3,
        0x62 => 4,
        _ => return false,
    };
    let modrm = at + prefix + 1;
    let is_relative = code.get(modrm).is_some_and(|byte| byte & 0xc7 == 5);
    let distance = code.get(modrm + 1..).and_then(<[u8]>::first_chunk);
    let Some(distance) = distance.filter(|_| is_relative) else {
        return false;
    };
    // A byte of the instruction's may follow, which leads no farther than the code does.
    let end = (modrm + 5) as i64 + i64::from(i32::from_le_bytes(*distance));
    (0..=code.len() as i64).contains(&end)
}

#[cfg(test)]
mod tests {
    use super::super::env::Env;
    use super::super::function::compile_all;
    use super::super::target::Targets;
    use super::super::tests::settings;
    use super::*;
    use crate::module::parse::parse;

    /// Code that an assembler made, with padding in place of the constant.
    fn with_constant(instruction: &[u8]) -> Vec<u8> {
        let mut code = vec![0x55, 0x48, 0x89, 0xe5];
        code.extend_from_slice(instruction);
        code.extend_from_slice(&[0xc3; 32]);
        code
    }

    #[test]
    fn operands_beside_the_code_are_found_behind_each_prefix() {
        // vandps xmm0, xmm1, [rip+8]; vpshufb xmm0, xmm1, [rip+8]; vpsraq xmm0, [rip+8], 3
        let two = [0xc5, 0xf0, 0x54, 0x05, 8, 0, 0, 0];
        let three = [0xc4, 0xe2, 0x71, 0x00, 0x05, 8, 0, 0, 0];
        let evex = [0x62, 0xf1, 0xfd, 0x08, 0x72, 0x25, 8, 0, 0, 0, 3];
        assert!(reads_constants(&with_constant(&two)));
        assert!(reads_constants(&with_constant(&three)));
        assert!(reads_constants(&with_constant(&evex)));
        // Of registers; by a register; movaps without such a prefix; of somewhere else.
        let registers = [0xc5, 0xf0, 0x54, 0xc2, 8, 0, 0, 0];
        let by_register = [0xc5, 0xf0, 0x54, 0x85, 8, 0, 0, 0];
        let older = [0x0f, 0x28, 0x05, 8, 0, 0, 0];
        let far = [0xc5, 0xf0, 0x54, 0x05, 0, 0, 1, 0];
        assert!(!reads_constants(&with_constant(&registers)));
        assert!(!reads_constants(&with_constant(&by_register)));
        assert!(!reads_constants(&with_constant(&older)));
        assert!(!reads_constants(&with_constant(&far)));
        assert!(!reads_constants(&[0xc5, 0xf0, 0x54, 0x05, 8]));
    }

    #[test]
    fn code_for_debuggers_has_avx_except_where_it_reads_constants() {
        let text = "(module
            (func (param f64 f64) (result f64)
                local.get 0 local.get 1 f64.mul f64.const 0.1 f64.add)
            (func (param v128) (result v128)
                local.get 0 v128.const i32x4 1 2 3 4 i32x4.mul))";
        let wasm = wat::parse_str(text).unwrap();
        let module = parse(&wasm).unwrap();
        let code = |debug_info| {
            let settings = settings(debug_info);
            let targets = Targets::new(&settings).unwrap();
            let env = Env::new(&module, &wasm, &settings, &targets, None);
            let all = compile_all(&env, &wasm, None).unwrap().all;
            let has_avx = targets
                .main
                .isa_flags()
                .iter()
                .any(|it| it.name == "has_avx" && it.as_bool() == Some(true));
            (all, has_avx)
        };
        let (debugged, has_avx) = code(true);
        assert!(debugged.iter().all(|it| !reads_constants(&it.code)));
        if has_avx {
            // vmulsd and vaddsd have the prefix of two bytes.
            assert!(debugged[0].code.contains(&0xc5));
            let (plain, _) = code(false);
            assert!(reads_constants(&plain[1].code));
        }
    }
}
