//! Linear memories: address space reserved at once, made accessible as the memory grows, at a base that never changes.

use super::parking::Parking;
use super::racing;
use crate::abi::layout::{ADDRESS_SPACE, SYSTEM_PAGE, VmMemory};
use crate::code::mapping::memory_file;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::module::types::{AddressType, ExternType, MemoryType};
use dwalin_debuginfo::code::Flavor;
use rustix::fd::OwnedFd;
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use rustix::mm::{
    Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, munmap,
};
use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a page, where the module names no other size (WebAssembly 3.0, section 4.2.8).
pub const PAGE: u64 = 1 << MemoryType::PAGE_SIZE_LOG2;

/// The debugger that may look at a memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Viewer {
    Lldb,
    Gdb,
    /// A gdb that finds what all pointers are of at the guest's own addresses, and so has to find nothing at null.
    GdbAtOwnAddresses,
}

/// A linear memory's pages.
pub struct LinearMemory {
    /// The fields that code reads.
    vm: Box<VmMemory>,
    ty: MemoryType,
    /// Locked while it grows.
    growing: Mutex<()>,
    /// The threads that wait at its addresses.
    pub(crate) parking: Parking,
    reservation: u64,
    mapped: u64,
    /// The file behind its pages, as long as the memory, where a debugger may look: of inaccessible pages without a file,
    /// debuggers read zeros.
    file: Option<OwnedFd>,
    viewer: Option<Viewer>,
}

// SAFETY: its size is atomic and grows under a lock, and its bytes are reached by pointers, whose users answer for them.
unsafe impl Send for LinearMemory {}
// SAFETY: as above.
unsafe impl Sync for LinearMemory {}

/// The memory's pages a second time, at the host addresses that are the guest's own, inaccessible to the process. gdb, which
/// takes a guest's pointer for an address, finds there what it points to.
struct Alias {
    /// The memory's.
    base: usize,
    /// The start of the mapping: below are addresses that the system gives to nobody, or only to the superuser.
    start: u64,
    end: u64,
}

/// The memories of this process that gdb is shown. Of several, none can be at the guest's addresses: gdb would take one's contents
/// for another's.
struct Debugged {
    count: usize,
    alias: Option<Alias>,
}

static DEBUGGED: Mutex<Debugged> = Mutex::new(Debugged {
    count: 0,
    alias: None,
});

/// The list of debugged memories: its contents stay valid, whoever panics.
fn debugged() -> MutexGuard<'static, Debugged> {
    DEBUGGED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Debugged {
    fn enter(&mut self, base: *mut u8) {
        self.count += 1;
        self.alias = (self.count == 1).then_some(Alias {
            base: base as usize,
            start: 0,
            end: 0,
        });
    }

    /// The alias of a memory.
    fn of(&mut self, base: *mut u8) -> Option<&mut Alias> {
        self.alias
            .as_mut()
            .filter(|alias| alias.base == base as usize)
    }

    fn leave(&mut self, base: *mut u8) {
        self.count -= 1;
        if self.of(base).is_some() {
            self.alias = None;
        }
    }
}

impl LinearMemory {
    /// A memory as an engine's settings have it, at an address if nothing is there.
    ///
    /// # Errors
    /// [`Error::Resources`].
    pub fn of_engine(engine: &Engine, ty: MemoryType, at: Option<usize>) -> Result<LinearMemory> {
        let config = engine.config();
        let settings = config.settings();
        let is_shown = settings.debug_info && !config.has_private_memories();
        let viewer = is_shown.then(|| match config.flavor() {
            Flavor::Lldb => Viewer::Lldb,
            Flavor::Gdb if config.has_own_addresses() => Viewer::GdbAtOwnAddresses,
            Flavor::Gdb => Viewer::Gdb,
        });
        let reservation = settings.reservation(ty.address_type);
        let memory = LinearMemory::new(ty, reservation, settings.memory_guard_size, viewer, at)
            .map_err(|error| Error::Resources {
                what: ExternType::Memory(ty).to_string(),
                error,
            })?;
        if config.has_private_memories() {
            memory.prefer_huge_pages();
        }
        Ok(memory)
    }

    /// Has the system take large pages, which a copy of the process is made of in a fraction of the time.
    fn prefer_huge_pages(&self) {
        // SAFETY: the advice changes no contents, and the range is the memory's own.
        let advised = unsafe {
            madvise(
                self.vm.base.cast(),
                self.reservation as usize,
                Advice::LinuxHugepage,
            )
        };
        // It is as good without, and slower.
        let _ = advised;
    }

    /// Reserves a memory and makes its first pages accessible. With a reservation of 4 GiB or more its base is aligned to 4 GiB, so
    /// that the low half of a host address in it is that of the guest's. It is at an address that is aligned so, if nothing is there.
    ///
    /// # Errors
    /// The system's, or a first size that the reservation does not hold.
    pub fn new(
        ty: MemoryType,
        reservation: u64,
        guard: u64,
        viewer: Option<Viewer>,
        at: Option<usize>,
    ) -> io::Result<LinearMemory> {
        let len = ty.limits.min.saturating_mul(ty.page_size());
        if len > reservation {
            return Err(io::Error::other(format!(
                "each memory has {reservation} bytes reserved"
            )));
        }
        let alignment = match reservation >= ADDRESS_SPACE {
            true => ADDRESS_SPACE,
            false => PAGE,
        };
        // Of no bytes nothing would be mapped, and the address be free for others.
        let mapped = (reservation + guard).max(PAGE);
        let there = at.and_then(|at| reserve_at(at, mapped as usize).ok());
        let base = match there {
            Some(base) => base,
            None => reserve_aligned(mapped as usize, alignment as usize)?,
        };
        let vm = Box::new(VmMemory {
            base,
            len: AtomicU64::new(0),
        });
        let memory = LinearMemory {
            vm,
            ty,
            growing: Mutex::new(()),
            parking: Parking::default(),
            reservation,
            mapped,
            // Debugging goes on without it, with less to see.
            file: viewer.and_then(|_| back(base, reservation).ok()),
            viewer,
        };
        if memory.is_shown_to_gdb() {
            debugged().enter(base);
        }
        memory.make_accessible(len)?;
        Ok(memory)
    }

    fn is_shown_to_gdb(&self) -> bool {
        matches!(self.viewer, Some(Viewer::Gdb | Viewer::GdbAtOwnAddresses))
    }

    /// Makes pages accessible, and then tells the size: nobody is told of pages that are not.
    fn make_accessible(&self, len: u64) -> io::Result<()> {
        let old = self.len();
        if len > old {
            if let Some(file) = &self.file {
                rustix::fs::ftruncate(file, len)?;
            }
            let start = old.next_multiple_of(SYSTEM_PAGE);
            let end = len.next_multiple_of(SYSTEM_PAGE);
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the pages are of this memory's reservation, and nobody has a reference to inaccessible ones.
            unsafe {
                let first = self.vm.base.add(start as usize).cast();
                mprotect(first, (end - start) as usize, flags)?;
            }
        }
        self.vm.len.store(len, Ordering::Release);
        if let Some(file) = &self.file
            && self.is_shown_to_gdb()
            && let Some(alias) = debugged().of(self.vm.base)
        {
            let has_null = self.viewer == Some(Viewer::Gdb);
            let (lowest, others) = (&LOWEST[..], &LOWEST[1..]);
            alias.extend(file, len, if has_null { lowest } else { others });
        }
        Ok(())
    }

    /// Grows by pages; the size before, in pages, or `None` beyond its maximum or the reservation.
    pub fn grow(&self, pages: u64) -> Option<u64> {
        self.grow_if(pages, |_, _, _| true)
    }

    /// Grows by pages, if it may: `may` gets its size now and then, and what its type allows, in bytes, and is to be quick.
    pub fn grow_if(
        &self,
        pages: u64,
        may: impl FnOnce(u64, u64, Option<u64>) -> bool,
    ) -> Option<u64> {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.len() >> self.ty.page_size_log2;
        let bytes = |pages: u64| pages.saturating_mul(self.ty.page_size());
        let desired = bytes(before.saturating_add(pages));
        if !may(self.len(), desired, self.ty.limits.max.map(bytes)) {
            return None;
        }
        let after = before.checked_add(pages)?;
        if after > self.max_pages() {
            return None;
        }
        self.make_accessible(after << self.ty.page_size_log2).ok()?;
        Some(before)
    }

    /// The most pages that it can have: of its type, that its reservation holds, and whose number is an address (of pages of a byte, one
    /// less than 32 bits reach).
    fn max_pages(&self) -> u64 {
        let reserved = self.reservation >> self.ty.page_size_log2;
        let numbers = match self.ty.address_type {
            AddressType::I32 => u64::from(u32::MAX),
            AddressType::I64 => u64::MAX,
        };
        let declared = self.ty.limits.max.unwrap_or(numbers);
        declared.min(reserved).min(numbers)
    }

    /// Bytes of address space that are this memory's, accessible or not.
    pub fn mapped(&self) -> u64 {
        self.mapped
    }

    /// Its type, with the size that it has now.
    pub fn ty(&self) -> MemoryType {
        let mut ty = self.ty;
        ty.limits.min = self.len() >> ty.page_size_log2;
        ty
    }

    /// Its first byte.
    pub fn base(&self) -> *mut u8 {
        self.vm.base
    }

    /// Its size in bytes now.
    pub fn len(&self) -> u64 {
        self.vm.len.load(Ordering::Acquire)
    }

    /// The fields that code reads.
    pub fn vm(&self) -> *const VmMemory {
        &raw const *self.vm
    }

    /// True if guests on other threads may use it at any time: no reference to its bytes may be made.
    pub fn is_shared(&self) -> bool {
        self.ty.shared
    }

    /// The address of bytes that are all within the memory.
    fn within(&self, at: usize, len: usize) -> Option<*mut u8> {
        let end = at.checked_add(len)?;
        (end as u64 <= self.len()).then(|| self.vm.base.wrapping_add(at))
    }

    /// Copies bytes out; `None` beyond its end.
    pub fn read(&self, at: usize, buffer: &mut [u8]) -> Option<()> {
        let from = self.within(at, buffer.len())?;
        // SAFETY: the bytes are within the memory, which does not shrink; one that is not shared is its store's alone.
        unsafe {
            match self.is_shared() {
                true => racing::read(from, buffer),
                false => from.copy_to_nonoverlapping(buffer.as_mut_ptr(), buffer.len()),
            }
        }
        Some(())
    }

    /// Copies bytes in; `None` beyond its end.
    pub fn write(&self, at: usize, bytes: &[u8]) -> Option<()> {
        let to = self.within(at, bytes.len())?;
        // SAFETY: as in `read`; all of the memory is writable.
        unsafe {
            match self.is_shared() {
                true => racing::write(to, bytes),
                false => to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()),
            }
        }
        Some(())
    }

    /// Some of its bytes, copied where other threads may write them; `None` beyond its end.
    ///
    /// # Safety
    /// As for [`LinearMemory::bytes`], if it is not shared.
    pub unsafe fn get(&self, at: usize, len: usize) -> Option<Cow<'_, [u8]>> {
        let from = self.within(at, len)?;
        if self.is_shared() {
            let mut copy = vec![0; len];
            self.read(at, &mut copy)?;
            return Some(Cow::Owned(copy));
        }
        // SAFETY: the bytes are within the memory; the caller's promise.
        Some(Cow::Borrowed(unsafe {
            std::slice::from_raw_parts(from, len)
        }))
    }

    /// Its bytes.
    ///
    /// # Safety
    /// It must not be shared, no guest code may run and no other reference to the bytes may exist while the slice does.
    pub unsafe fn bytes(&self) -> *mut [u8] {
        std::ptr::slice_from_raw_parts_mut(self.vm.base, self.len() as usize)
    }
}

impl LinearMemory {
    /// The ranges whose bytes can be other than zero, as far as that is known without reading them: reading a file's holes fills them.
    pub fn ranges_with_data(&self) -> Vec<Range<usize>> {
        let len = self.len();
        let all = || vec![0..len as usize];
        let Some(file) = &self.file else {
            return all();
        };
        let mut ranges = Vec::new();
        let mut at = 0;
        while at < len {
            let start = match seek(file, SeekFrom::Data(at)) {
                Ok(start) => start,
                Err(Errno::NXIO) => break,
                Err(_) => return all(),
            };
            let Ok(end) = seek(file, SeekFrom::Hole(start)) else {
                return all();
            };
            ranges.push(start.min(len) as usize..end.min(len) as usize);
            at = end;
        }
        ranges
    }
}

/// Backs a memory, whose pages are all inaccessible yet, with an empty file.
fn back(base: *mut u8, reservation: u64) -> io::Result<OwnedFd> {
    let file = memory_file(&[])?;
    let flags = MapFlags::SHARED | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: the pages are of the memory's own reservation, and nobody has used them.
    unsafe {
        mmap(
            base.cast(),
            reservation as usize,
            ProtFlags::empty(),
            flags,
            &file,
            0,
        )?
    };
    Ok(file)
}

/// The lowest addresses that may be mapped (proc_sys_vm(5), mmap_min_addr): by the superuser, as kernels come, and as distributions
/// set it.
const LOWEST: [u64; 3] = [0, SYSTEM_PAGE, PAGE];

impl Alias {
    /// Covers the memory's first `len` bytes, as far as the addresses are free, from one of the lowest on.
    fn extend(&mut self, file: &OwnedFd, len: u64, lowest: &[u64]) {
        let starts = if self.end == 0 { lowest } else { &[self.end] };
        for &start in starts {
            if len <= start {
                return;
            }
            let flags = MapFlags::SHARED | MapFlags::FIXED_NOREPLACE | MapFlags::NORESERVE;
            // SAFETY: a mapping at free addresses touches no memory that exists.
            let mapped = unsafe {
                mmap(
                    start as *mut _,
                    (len - start) as usize,
                    ProtFlags::empty(),
                    flags,
                    file,
                    start,
                )
            };
            if mapped.is_ok() {
                self.start = if self.end == 0 { start } else { self.start };
                self.end = len;
                return;
            }
        }
    }
}

impl Drop for Alias {
    fn drop(&mut self) {
        if self.end > self.start {
            // SAFETY: it was mapped by `extend`, and nothing in the process can refer to it.
            let unmapped =
                unsafe { munmap(self.start as *mut _, (self.end - self.start) as usize) };
            debug_assert!(unmapped.is_ok());
        }
    }
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        if self.is_shown_to_gdb() {
            debugged().leave(self.vm.base);
        }
        // SAFETY: the stores that had it are gone, and with them all code that could reach the memory.
        let unmapped = unsafe { munmap(self.vm.base.cast(), self.mapped as usize) };
        debug_assert!(unmapped.is_ok());
    }
}

/// Reserves inaccessible address space at an address, if nothing is there.
fn reserve_at(address: usize, len: usize) -> io::Result<*mut u8> {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
    // SAFETY: a mapping at free addresses touches no memory that exists.
    let base = unsafe { mmap_anonymous(address as *mut _, len, ProtFlags::empty(), flags)? };
    if base as usize == address {
        return Ok(base.cast());
    }
    // A system before Linux 4.17, which does not know the flag, chose another, which is not aligned.
    // SAFETY: it was mapped just now.
    unsafe { munmap(base, len)? };
    Err(Errno::EXIST.into())
}

/// Reserves inaccessible address space at an aligned address: more than asked for, then what is around is given back.
fn reserve_aligned(len: usize, alignment: usize) -> io::Result<*mut u8> {
    let total = len + alignment;
    // SAFETY: new mappings touch no memory that exists; what is unmapped is part of the one just made.
    unsafe {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let start =
            mmap_anonymous(std::ptr::null_mut(), total, ProtFlags::empty(), flags)?.cast::<u8>();
        let before = start.align_offset(alignment);
        let base = start.add(before);
        if before > 0 {
            munmap(start.cast(), before)?;
        }
        let behind = total - before - len;
        if behind > 0 {
            munmap(base.add(len).cast(), behind)?;
        }
        Ok(base)
    }
}
