//! File handles: what the system gives a program at first is often less than what it may have.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the number of files that this process may open to the most that it may ask for. Where that is refused all is as before, and
/// what there is too little of is said when it is.
pub(crate) fn ask_for_all() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
