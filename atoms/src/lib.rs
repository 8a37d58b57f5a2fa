//! Atoms and synergies: reactive state in small pieces, changed together by sync and async actions.
