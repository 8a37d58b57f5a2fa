//! What derived cells compute.

use proptest::prelude::*;

/// A formula over cells, by their position.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    /// The sum of these cells.
    Sum([usize; 3]),
    /// The second if the first is even, else the third.
    Choose(usize, usize, usize),
    /// The cell, clamped: often equal to what it was.
    Clamp(usize),
    /// Panics when the cell is a multiple of five, else the cell.
    Fussy(usize),
    /// The cell, or the other one if it has no value.
    Rather(usize, usize),
}

/// Why a cell has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The derivation of this cell panicked.
    Panicked(usize),
    /// The update of this cell panicked half way.
    Torn(usize),
    /// This cell was removed.
    Disposed(usize),
}

/// What reading a cell gives.
pub(super) type Outcome = Result<i64, Fault>;

impl Formula {
    /// A formula over the cells before `count`.
    pub(super) fn new(kind: u8, picks: [u16; 3], count: usize) -> Self {
        let [a, b, c] = picks.map(|pick| usize::from(pick) % count);
        match kind % 6 {
            0 => Self::Sum([a, b, c]),
            1 | 2 => Self::Choose(a, b, c),
            3 => Self::Clamp(a),
            4 => Self::Fussy(a),
            _ => Self::Rather(a, b),
        }
    }

    /// Computes it, as the cell `own`. `read` is asked for cells in the order in which they are read. The `Err` of a cell
    /// that is read ends it, unless the formula says otherwise.
    pub(super) fn compute(&self, own: usize, mut read: impl FnMut(usize) -> Outcome) -> Outcome {
        match *self {
            Self::Sum([a, b, c]) => Ok(read(a)? + read(b)? + read(c)?),
            Self::Choose(test, even, odd) => {
                if read(test)?.rem_euclid(2) == 0 {
                    read(even)
                } else {
                    read(odd)
                }
            }
            Self::Clamp(cell) => Ok(read(cell)?.clamp(-3, 3)),
            Self::Fussy(cell) => {
                let value = read(cell)?;
                if value % 5 == 0 { Err(Fault::Panicked(own)) } else { Ok(value) }
            }
            Self::Rather(cell, other) => read(cell).or_else(|_| read(other)),
        }
    }
}

/// Any kind of formula and any cells.
pub(super) fn any_formula() -> impl Strategy<Value = (u8, [u16; 3])> {
    (0..6_u8, any::<[u16; 3]>())
}
