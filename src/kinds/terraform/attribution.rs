//! Whose a state or a lock is: several environments may share a bucket, and something in it may be nobody's.

use std::sync::Arc;

use crate::model::Environment;

/// Whose it is, seen from one environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribution {
    /// This environment's.
    Own,
    /// Another environment's: it is shown there.
    Other,
    /// No environment's. Whoever shares the bucket sees it.
    Nobody,
}

/// Whose the state of this bucket and key is. A bucket that no configuration names was found in the environment's own account, and
/// so is the environment's.
pub fn attribution(own: &Environment, all: &[Arc<Environment>], bucket: &str, key: &str) -> Attribution {
    let claims = |environment: &Environment| {
        let here = environment.terraform.iter().filter(|backend| backend.bucket.as_deref() == Some(bucket));
        here.map(|backend| backend.holds(key)).reduce(|one, other| one || other)
    };
    let others = || all.iter().filter(|other| other.name != own.name).filter_map(|other| claims(other));
    match claims(own) {
        Some(true) => Attribution::Own,
        _ if others().any(|holds| holds) => Attribution::Other,
        None if others().next().is_none() => Attribution::Own,
        Some(false) | None => Attribution::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Backend;

    fn environment(name: &str, bucket: &str, prefix: Option<&str>) -> Arc<Environment> {
        let backend = Backend { bucket: Some(bucket.into()), key_prefix: prefix.map(Into::into), ..Backend::default() };
        Arc::new(Environment { name: name.into(), terraform: vec![backend], ..Environment::default() })
    }

    #[rstest]
    #[case("central", "dhbw/a", Attribution::Own)]
    #[case("central", "edt/a", Attribution::Other)]
    #[case("central", "sandbox/a", Attribution::Nobody)]
    #[case("found", "a", Attribution::Own)]
    #[case("theirs", "a", Attribution::Other)]
    fn shared_buckets(#[case] bucket: &str, #[case] key: &str, #[case] expected: Attribution) {
        let dhbw = environment("dhbw-prod", "central", Some("dhbw/"));
        let all = [
            Arc::clone(&dhbw),
            environment("edt-prod", "central", Some("edt/")),
            environment("tfe-prod", "theirs", None),
        ];
        assert_eq!(attribution(&dhbw, &all, bucket, key), expected);
    }
}
