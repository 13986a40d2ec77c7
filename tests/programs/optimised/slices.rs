//! Slices, iterators that are chained, closures that keep things, and windows, for optimised builds.

#[derive(Clone, Copy)]
struct Sample {
    time: u32,
    level: i16,
}

#[inline(never)]
fn smooth(samples: &[Sample], width: usize) -> Vec<i16> {
    let mut smoothed = Vec::with_capacity(samples.len());
    for window in samples.windows(width) {
        let sum: i32 = window.iter().map(|sample| i32::from(sample.level)).sum();
        let mean = sum / width as i32;
        smoothed.push(mean as i16);
    }
    smoothed
}

#[inline(never)]
fn apply<F: FnMut(usize, i16) -> Option<i64>>(levels: &[i16], mut each: F) -> (i64, usize) {
    let (mut total, mut skipped) = (0, 0);
    for (at, level) in levels.iter().copied().enumerate() {
        match each(at, level) {
            Some(value) => total += value,
            None => skipped += 1,
        }
    }
    (total, skipped)
}

#[inline(never)]
fn halves(samples: &mut [Sample]) -> (u32, u32) {
    let middle = samples.len() / 2;
    let (left, right) = samples.split_at_mut(middle);
    for (a, b) in left.iter_mut().zip(right.iter_mut()) {
        if a.level > b.level {
            std::mem::swap(&mut a.level, &mut b.level);
        }
    }
    let first = left.iter().map(|it| it.time).max().unwrap_or(0);
    let last = right.iter().map(|it| it.time).min().unwrap_or(u32::MAX);
    (first, last)
}

fn main() {
    let mut samples: Vec<_> = (0..9u32)
        .map(|i| Sample {
            time: i * 100,
            level: (i as i16 * 37 % 11) - 5,
        })
        .collect();
    let smoothed = smooth(&samples, 3);
    let (factor, mut calls) = (1_i64 << 34, 0u8);
    let (total, skipped) = apply(&smoothed, |at, level| {
        calls += 1;
        (level != 0).then(|| i64::from(level) * factor + at as i64)
    });
    let (first, last) = halves(&mut samples);
    let levels: Vec<_> = samples.iter().map(|it| it.level).collect();
    println!("{total} {skipped} {calls} {first} {last} {levels:?}");
}
