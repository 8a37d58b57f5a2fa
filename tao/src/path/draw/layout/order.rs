//! In which order the spots of each layer stand.

use super::{SWEEPS, Spot};

/// Puts each layer in the order in which a walk down from the first layer comes to its spots: what belongs together stands together.
pub(super) fn first_order(rows: &mut [Vec<usize>], spots: &[Spot]) {
    let mut order = vec![usize::MAX; spots.len()];
    let mut count = 0;
    let roots = rows.iter().flatten().copied().filter(|spot| spots[*spot].above.is_empty());
    let mut open: Vec<usize> = roots.collect();
    open.reverse();
    while let Some(spot) = open.pop() {
        if order[spot] == usize::MAX {
            order[spot] = count;
            count += 1;
            open.extend(spots[spot].below.iter().rev());
        }
    }
    for row in rows {
        row.sort_by_key(|spot| order[*spot]);
    }
}

/// Sorts each layer by the mean place of what its spots are connected to, and keeps the order with the fewest crossings.
pub(super) fn order(rows: &mut [Vec<usize>], spots: &[Spot]) {
    let mut place = vec![0.0_f64; spots.len()];
    let settle = |row: &[usize], place: &mut [f64]| {
        row.iter().enumerate().for_each(|(at, spot)| place[*spot] = at as f64);
    };
    rows.iter().for_each(|row| settle(row, &mut place));
    let mut best = (crossings(rows, spots, &place), rows.to_vec());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for step in 0..rows.len() {
            let row = if down { step } else { rows.len() - 1 - step };
            let mean = |spot: usize| {
                let near = if down { &spots[spot].above } else { &spots[spot].below };
                if near.is_empty() {
                    return place[spot];
                }
                near.iter().map(|at| place[*at]).sum::<f64>() / near.len() as f64
            };
            let mut sorted: Vec<(f64, usize)> =
                rows[row].iter().map(|spot| (mean(*spot), *spot)).collect();
            sorted.sort_by(|one, two| one.0.total_cmp(&two.0));
            rows[row] = sorted.into_iter().map(|(_, spot)| spot).collect();
            settle(&rows[row], &mut place);
        }
        let count = crossings(rows, spots, &place);
        if count < best.0 {
            best = (count, rows.to_vec());
        }
    }
    rows.clone_from_slice(&best.1);
}

/// How many lines between two layers cross: pairs in the wrong order, counted while they are sorted.
fn crossings(rows: &[Vec<usize>], spots: &[Spot], place: &[f64]) -> u64 {
    rows.iter()
        .map(|row| {
            let mut ends = Vec::new();
            for spot in row {
                let from = ends.len();
                ends.extend(spots[*spot].below.iter().map(|below| place[*below]));
                ends[from..].sort_by(f64::total_cmp);
            }
            inversions(&mut ends)
        })
        .sum()
}

/// How many pairs of `numbers` are in the wrong order; they are sorted then.
fn inversions(numbers: &mut [f64]) -> u64 {
    if numbers.len() < 2 {
        return 0;
    }
    let (left, right) = numbers.split_at_mut(numbers.len() / 2);
    let mut count = inversions(left) + inversions(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut one, mut two) = (0, 0);
    while one < left.len() && two < right.len() {
        if left[one] <= right[two] {
            merged.push(left[one]);
            one += 1;
        } else {
            merged.push(right[two]);
            two += 1;
            count += (left.len() - one) as u64;
        }
    }
    merged.extend_from_slice(&left[one..]);
    merged.extend_from_slice(&right[two..]);
    numbers.copy_from_slice(&merged);
    count
}
