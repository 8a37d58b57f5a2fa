//! What must not compile, and what the compiler says then.
//!
//! Its words change from version to version, so they are checked with one of them. After an update: run with
//! `TRYBUILD=overwrite` and look at the difference.

#[test]
#[cfg_attr(miri, ignore = "starts the compiler")]
fn what_does_not_fit_does_not_compile() {
    let rustc = std::process::Command::new("rustc").arg("--version").output().expect("rustc runs");
    if rustc.stdout.starts_with(b"rustc 1.95.") {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    }
}
