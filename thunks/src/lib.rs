//! Slices and async thunks: Redux Toolkit's model of state with typed outcomes and real cancellation.
