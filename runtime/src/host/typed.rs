//! Rust's own types as WebAssembly's: arguments and results of calls in both directions, checked once.

use super::Caller;
use crate::error::{Error, Result};
use crate::module::types::{FuncType, ValType};
use crate::vm::context::AsContextMut;
use crate::vm::handle::Func;
use crate::vm::store::HostCall;
use std::marker::PhantomData;

/// A type that is a value type.
pub trait WasmTy: Sized + Send + 'static {
    #[doc(hidden)]
    const TYPE: ValType;
    #[doc(hidden)]
    fn to_slot(self) -> u128;
    #[doc(hidden)]
    fn from_slot(slot: u128) -> Self;
}

macro_rules! wasm_ty {
    ($($rust:ident $ty:ident |$value:ident| $to:expr, |$slot:ident| $from:expr;)*) => {$(
        impl WasmTy for $rust {
            const TYPE: ValType = ValType::$ty;
            fn to_slot(self) -> u128 {
                let $value = self;
                $to
            }
            fn from_slot($slot: u128) -> $rust {
                $from
            }
        }
    )*};
}

wasm_ty! {
    i32 I32 |v| u128::from(v as u32), |s| s as i32;
    u32 I32 |v| u128::from(v), |s| s as u32;
    i64 I64 |v| u128::from(v as u64), |s| s as i64;
    u64 I64 |v| u128::from(v), |s| s as u64;
    f32 F32 |v| u128::from(v.to_bits()), |s| f32::from_bits(s as u32);
    f64 F64 |v| u128::from(v.to_bits()), |s| f64::from_bits(s as u64);
    u128 V128 |v| v, |s| s;
}

/// The parameters of a function: a value or a tuple of values.
pub trait WasmParams: Send {
    #[doc(hidden)]
    fn types() -> Vec<ValType>;
    #[doc(hidden)]
    fn store(self, slots: &mut [u128]);
}

/// The results of a function: nothing, a value or a tuple of values.
pub trait WasmResults: Send {
    #[doc(hidden)]
    fn types() -> Vec<ValType>;
    #[doc(hidden)]
    fn load(slots: &[u128]) -> Self;
}

impl<A: WasmTy> WasmParams for A {
    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    fn store(self, slots: &mut [u128]) {
        slots[0] = self.to_slot();
    }
}

impl<A: WasmTy> WasmResults for A {
    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    fn load(slots: &[u128]) -> A {
        A::from_slot(slots[0])
    }
}

/// The result of a host function: results, or a [`Result`] of them.
pub trait HostResult: Send {
    #[doc(hidden)]
    fn types() -> Vec<ValType>;
    #[doc(hidden)]
    fn into_slots(self, slots: &mut [u128]) -> Result<()>;
}

impl<A: WasmTy> HostResult for A {
    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    fn into_slots(self, slots: &mut [u128]) -> Result<()> {
        slots[0] = self.to_slot();
        Ok(())
    }
}

impl<R: HostResult> HostResult for Result<R> {
    fn types() -> Vec<ValType> {
        R::types()
    }

    fn into_slots(self, slots: &mut [u128]) -> Result<()> {
        self?.into_slots(slots)
    }
}

/// A closure that can be a host function, with or without a [`Caller`] first.
pub trait IntoFunc<T, Params, Results>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_host_call(self) -> (FuncType, HostCall);
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[expect(non_snake_case, unused_mut, unused_variables, unused_assignments, reason = "the names are the types'")]
        #[allow(unfulfilled_lint_expectations, reason = "the empty tuple uses nothing, and the others all")]
        const _: () = {
            impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {
                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                fn store(self, slots: &mut [u128]) {
                    let ($($name,)*) = self;
                    let mut slots = slots.iter_mut();
                    $(*slots.next().expect("a slot for each") = $name.to_slot();)*
                }
            }

            impl<$($name: WasmTy),*> WasmResults for ($($name,)*) {
                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                fn load(slots: &[u128]) -> Self {
                    let mut slots = slots.iter();
                    ($($name::from_slot(*slots.next().expect("a slot for each")),)*)
                }
            }

            impl<$($name: WasmTy),*> HostResult for ($($name,)*) {
                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                fn into_slots(self, slots: &mut [u128]) -> Result<()> {
                    WasmParams::store(self, slots);
                    Ok(())
                }
            }

            impl<T: 'static, Fun, Res, $($name: WasmTy),*> IntoFunc<T, ($($name,)*), Res> for Fun
            where
                Fun: Fn($($name),*) -> Res + Send + Sync + 'static,
                Res: HostResult,
            {
                fn into_host_call(self) -> (FuncType, HostCall) {
                    let ty = FuncType::new([$($name::TYPE),*], Res::types());
                    (ty, Box::new(move |_, _, slots| {
                        let mut arguments = slots.iter();
                        $(let $name = $name::from_slot(*arguments.next().expect("a slot for each"));)*
                        self($($name),*).into_slots(slots)
                    }))
                }
            }

            impl<T: 'static, Fun, Res, $($name: WasmTy),*> IntoFunc<T, (Caller<'_, T>, $($name,)*), Res> for Fun
            where
                Fun: Fn(Caller<'_, T>, $($name),*) -> Res + Send + Sync + 'static,
                Res: HostResult,
            {
                fn into_host_call(self) -> (FuncType, HostCall) {
                    let ty = FuncType::new([$($name::TYPE),*], Res::types());
                    (ty, Box::new(move |store, context, slots| {
                        // SAFETY: the function is called by guests of the store that it was made for, a Store<T>.
                        let caller = unsafe { Caller::<T>::new(store, context) };
                        let mut arguments = slots.iter();
                        $(let $name = $name::from_slot(*arguments.next().expect("a slot for each"));)*
                        self(caller, $($name),*).into_slots(slots)
                    }))
                }
            }
        };
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I) }

/// A function whose type is known to be that of Rust types.
pub struct TypedFunc<Params, Results> {
    func: Func,
    types: PhantomData<fn(Params) -> Results>,
}

impl<Params, Results> Clone for TypedFunc<Params, Results> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Params, Results> Copy for TypedFunc<Params, Results> {}

impl<Params: WasmParams, Results: WasmResults> TypedFunc<Params, Results> {
    pub(crate) fn new(func: Func, ty: &FuncType) -> Result<TypedFunc<Params, Results>> {
        let wanted = FuncType::new(Params::types(), Results::types());
        if *ty != wanted {
            return Err(Error::Type(format!(
                "the function is of type {ty}, not {wanted}"
            )));
        }
        Ok(TypedFunc {
            func,
            types: PhantomData,
        })
    }

    /// Calls it.
    ///
    /// # Errors
    /// Whatever ends the call: a trap, an exit, an error of a host function.
    pub fn call(&self, store: impl AsContextMut, params: Params) -> Result<Results> {
        let mut slots = vec![0u128; Params::types().len().max(Results::types().len()).max(1)];
        params.store(&mut slots);
        // SAFETY: the types were compared when `self` was made.
        unsafe { self.func.call_slots(store, &mut slots)? };
        Ok(Results::load(&slots))
    }

    /// The function.
    pub fn func(&self) -> &Func {
        &self.func
    }
}
