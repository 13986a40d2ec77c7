//! A value as lldb shows it.

use crate::handle::{Handle, c, text};
use lldb_sys as sys;
use std::marker::PhantomData;

/// A variable, a member of one, or the result of an expression.
#[derive(Debug)]
pub struct Value<'session> {
    handle: Handle<sys::SBValueOpaque>,
    session: PhantomData<&'session ()>,
}

impl<'session> Value<'session> {
    /// The value, or why there is none.
    ///
    /// # Safety
    ///
    /// lldb made `raw` for the caller, in the session that `'session` borrows.
    pub(crate) unsafe fn new(raw: sys::SBValueRef) -> Result<Value<'session>, String> {
        // SAFETY: the caller says that it is ours.
        let handle = unsafe { Handle::new(raw, sys::DisposeSBValue) };
        // SAFETY: the value is alive, and so is its error, which is a copy; the text lives as long as that.
        let failure = unsafe {
            let error = Handle::new(sys::SBValueGetError(handle.raw()), sys::DisposeSBError);
            sys::SBErrorFail(error.raw()).then(|| text(sys::SBErrorGetCString(error.raw())))
        };
        // SAFETY: the value is alive.
        let valid = unsafe { sys::SBValueIsValid(handle.raw()) };
        match failure {
            Some(why) => Err(why.unwrap_or_else(|| "lldb gives no reason".into())),
            None if valid => Ok(Value {
                handle,
                session: PhantomData,
            }),
            None => Err("there is no such value".into()),
        }
    }

    /// The text of a scalar: `5`, `'a'`, `GREEN`, `0x000055…`. None for a struct.
    pub fn value(&self) -> Option<String> {
        // SAFETY: the value is alive, and keeps the text.
        unsafe { text(sys::SBValueGetValue(self.handle.raw())) }
    }

    /// The summary beside the value: `"text"` for a `char *`, a formatter's text for a struct.
    pub fn summary(&self) -> Option<String> {
        // SAFETY: as above.
        unsafe { text(sys::SBValueGetSummary(self.handle.raw())) }
    }

    /// The name of its type, as the source has it.
    pub fn type_name(&self) -> String {
        // SAFETY: as above.
        unsafe { text(sys::SBValueGetTypeName(self.handle.raw())) }.unwrap_or_default()
    }

    /// Returns true if its type is a pointer or a reference, maybe behind typedefs.
    pub fn is_pointer(&self) -> bool {
        // SAFETY: the value is alive; both types are made for us.
        unsafe {
            let named = Handle::new(sys::SBValueGetType(self.handle.raw()), sys::DisposeSBType);
            let plain = Handle::new(sys::SBTypeGetCanonicalType(named.raw()), sys::DisposeSBType);
            sys::SBTypeIsPointerType(plain.raw()) || sys::SBTypeIsReferenceType(plain.raw())
        }
    }

    /// Returns true if it is an argument of its function.
    pub fn is_argument(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { sys::SBValueGetValueType(self.handle.raw()) == sys::ValueType::VariableArgument }
    }

    /// The line of its declaration; 0 if lldb does not know.
    pub fn declared_at(&self) -> u32 {
        // SAFETY: the value is alive; the declaration is made for us.
        unsafe {
            let declaration = sys::SBValueGetDeclaration(self.handle.raw());
            let declaration = Handle::new(declaration, sys::DisposeSBDeclaration);
            sys::SBDeclarationGetLine(declaration.raw())
        }
    }

    /// The part that is worth comparing: the summary (a string, where the value is an address), else the value, else the members.
    pub fn text(&self) -> String {
        self.summary().or_else(|| self.value()).unwrap_or_else(|| {
            let members: Vec<_> = (0..self.len()).map(|index| self.child(index)).collect();
            let members: Vec<_> = members
                .iter()
                .map(|member| shown(member.as_ref()))
                .collect();
            format!("{{{}}}", members.join(", "))
        })
    }

    /// The number of members or elements.
    pub fn len(&self) -> u32 {
        // SAFETY: the value is alive.
        unsafe { sys::SBValueGetNumChildren(self.handle.raw()) }
    }

    /// Returns true if it has neither members nor elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A member or an element by its position.
    pub fn child(&self, index: u32) -> Result<Value<'session>, String> {
        // SAFETY: the value is alive; lldb checks the index, and makes the answer for us.
        unsafe { Value::new(sys::SBValueGetChildAtIndex(self.handle.raw(), index)) }
    }

    /// A member by its name, through a pointer too.
    pub fn member(&self, name: &str) -> Result<Value<'session>, String> {
        let name = c(name);
        // SAFETY: the value is alive, and the string during the call; the answer is made for us.
        unsafe {
            Value::new(sys::SBValueGetChildMemberWithName(
                self.handle.raw(),
                name.as_ptr(),
            ))
        }
    }

    /// Writes a new value, given as the user would type it; says whether lldb could.
    pub fn set(&self, value: &str) -> bool {
        let value = c(value);
        // SAFETY: the value is alive, and the string during the call.
        unsafe { sys::SBValueSetValueFromCString(self.handle.raw(), value.as_ptr()) }
    }
}

/// The text of a value, or why there is none.
pub fn shown(value: Result<&Value<'_>, &String>) -> String {
    value.map_or_else(|why| format!("error: {why}"), Value::text)
}
