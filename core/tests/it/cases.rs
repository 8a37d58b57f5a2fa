//! How many random cases a property is tried with.

use proptest::test_runner::Config;

/// As many as `PROPTEST_CASES` says, or else so many.
pub(crate) fn of(usual: u32) -> Config {
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default().cases,
        None => usual,
    };
    Config { cases, failure_persistence: None, ..Config::default() }
}
