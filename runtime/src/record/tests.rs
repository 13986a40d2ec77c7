//! Files of recordings, whole and damaged.

use super::super::entry::{Call, Effect, End, Ended, Growth, Outcome};
use super::*;
use std::path::PathBuf;

/// A file of a test's own.
struct Recording(PathBuf);

impl Recording {
    fn new(name: &str) -> Recording {
        let name = format!("dwalin-recording-{}-{name}", std::process::id());
        Recording(std::env::temp_dir().join(name))
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.0).unwrap()
    }

    /// The entries of a file of these bytes, or why it is none.
    fn of(&self, bytes: &[u8]) -> Result<(Vec<Entry>, Tail), LogError> {
        std::fs::write(&self.0, bytes).unwrap();
        let (mut log, ..) = Log::open(&self.0)?;
        let mut entries = Vec::new();
        while let Some(entry) = log.next()? {
            entries.push(entry);
        }
        Ok((entries, log.tail()))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

const MODULE: &[u8] = b"(module)";

fn start() -> Start {
    Start {
        version: "1".to_owned(),
        file: b"a.wat".to_vec(),
        args: vec![b"x".to_vec(), vec![0xff]],
        options: vec![("invoke".to_owned(), "f".to_owned())],
        ..Start::default()
    }
}

fn entries() -> Vec<Entry> {
    let call = |outcome, effects| {
        Entry::Call(Call {
            function: 3,
            args: vec![1, 0, 0, 0],
            outcome,
            effects,
        })
    };
    let bytes = (0..100_000u32).map(|it| it as u8).collect();
    vec![
        call(
            Outcome::Returned(vec![7, 0, 0, 0]),
            vec![
                Effect::Memory {
                    memory: 1,
                    at: 1 << 33,
                    bytes,
                },
                Effect::Global {
                    global: 2,
                    value: u128::MAX - 5,
                },
                Effect::Output {
                    stream: 2,
                    bytes: b"said\n".to_vec(),
                },
            ],
        ),
        Entry::Growth(Growth::Memory(0), 1, u64::MAX),
        call(Outcome::Failed("no".to_owned()), vec![]),
        call(Outcome::Exited(-1), vec![]),
        Entry::End(End {
            exit_code: 134,
            ended: Ended::Trapped(crate::TrapKind::StackOverflow),
        }),
    ]
}

fn written(name: &str) -> Recording {
    let recording = Recording::new(name);
    let mut log = Log::create(&recording.0, start(), MODULE).unwrap();
    for entry in entries() {
        log.append(&entry).unwrap();
    }
    recording
}

#[test]
fn what_was_written_is_read() {
    let recording = written("whole");
    let (_, found, module) = Log::open(&recording.0).unwrap();
    assert_eq!((&*module, &*found.file), (MODULE, &b"a.wat"[..]));
    assert_eq!(found.args, start().args);
    assert_eq!(found.option("invoke"), Some("f"));
    let bytes = recording.bytes();
    assert_eq!(recording.of(&bytes).unwrap(), (entries(), Tail::Clean));
}

#[test]
fn entries_that_are_appended_are_read_by_those_who_were_at_the_end() {
    let recording = Recording::new("appended");
    let mut writer = Log::create(&recording.0, start(), MODULE).unwrap();
    let (mut reader, ..) = Log::open(&recording.0).unwrap();
    assert_eq!(reader.next().unwrap(), None);
    for entry in entries() {
        writer.append(&entry).unwrap();
        assert_eq!(reader.next().unwrap(), Some(entry));
        assert_eq!(reader.next().unwrap(), None);
        assert_eq!(reader.offset(), writer.offset());
    }
}

#[test]
fn a_recording_that_is_open_is_read_again_from_its_first_call() {
    let recording = written("again");
    let (log, ..) = Log::open(&recording.0).unwrap();
    std::fs::remove_file(&recording.0).unwrap();
    for _ in 0..2 {
        let mut again = log.again().unwrap();
        let found = std::iter::from_fn(|| again.next().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), entries());
    }
}

#[test]
fn a_torn_file_has_what_is_before() {
    let recording = written("torn");
    let whole = recording.bytes();
    let (_, start, _) = Log::open(&recording.0).unwrap();
    assert_eq!(start.module_len, MODULE.len() as u64);
    let mut seen = vec![false; entries().len() + 1];
    // Each length near the ends of entries, and some of those between.
    for len in
        (0..whole.len()).filter(|len| *len < 300 || len % 997 == 0 || whole.len() - len < 200)
    {
        match recording.of(&whole[..len]) {
            Ok((found, tail)) => {
                assert_eq!(found, entries()[..found.len()]);
                assert!(
                    matches!(tail, Tail::Clean | Tail::Torn(_)),
                    "{len}: {tail:?}"
                );
                seen[found.len()] = true;
            }
            Err(error) => assert!(len < 300, "{len}: {error}"),
        }
    }
    assert_eq!(seen.iter().filter(|it| **it).count(), entries().len());
}

#[test]
fn a_flipped_bit_is_found() {
    let recording = written("flipped");
    let whole = recording.bytes();
    for at in (0..whole.len()).filter(|at| *at < 300 || at % 1009 == 0 || whole.len() - at < 150) {
        for bit in [0, 3, 7] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            if let Ok((found, tail)) = recording.of(&bytes) {
                assert!(found.len() < entries().len(), "bit {bit} of byte {at}");
                assert_eq!(found, entries()[..found.len()]);
                assert_ne!(tail, Tail::Clean, "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn counts_beyond_the_entry_allocate_nothing() {
    let mut bytes = vec![2];
    bytes.extend([0; 4]);
    bytes.extend([0; 4]);
    bytes.extend([0, 0, 0, 0, 0]);
    bytes.extend([0xff; 4]);
    assert_eq!(Entry::decode(&bytes), None);
    bytes.splice(5..9, [0xff; 4]);
    assert_eq!(Entry::decode(&bytes), None);
}

#[test]
fn what_is_no_recording_is_told_from_one_of_another_version() {
    let recording = Recording::new("other");
    for (bytes, message) in [
        (&b""[..], "not a recording"),
        (b"\0asm\x01\0\0\0", "not a recording"),
        (b"dwalin recording ", "not a recording"),
        (b"dwalin recording 27\nabc", "in format 27"),
        (MAGIC, "a damaged recording"),
    ] {
        let error = recording.of(bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert!(Log::open(&std::env::temp_dir()).is_err());
}
