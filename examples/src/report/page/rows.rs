//! Puts things that last into as few rows as it takes for none to cover another.

/// The row of each of `spans`, given in the order of their starts: the first one that is free.
pub(super) fn rows(spans: &[(f64, f64)]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let place = |&(start, end): &(f64, f64)| {
        let row = ends.iter().position(|last| *last <= start).unwrap_or(ends.len());
        if row == ends.len() {
            ends.push(end);
        } else {
            ends[row] = end;
        }
        row
    };
    spans.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_is_put_into_rows_of_its_own() {
        assert_eq!(rows(&[(0.0, 5.0), (1.0, 2.0), (2.0, 9.0), (5.0, 6.0)]), [0, 1, 1, 0]);
        assert!(rows(&[]).is_empty());
    }
}
