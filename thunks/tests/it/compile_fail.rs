//! What must not compile, and what the compiler says then. After an update of the compiler: run with
//! `TRYBUILD=overwrite` and look at the difference.

#[test]
fn what_does_not_fit_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
