use super::*;

#[test]
fn it_is_made_once_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let first = load_or_make(directory.path()).unwrap().public().to_peer_id();
    assert_eq!(load_or_make(directory.path()).unwrap().public().to_peer_id(), first);
    let other = tempfile::tempdir().unwrap();
    assert_ne!(load_or_make(other.path()).unwrap().public().to_peer_id(), first);
}

#[test]
fn a_damaged_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    load_or_make(directory.path()).unwrap();
    let path = directory.path().join(KEY_FILE);
    let good = std::fs::read_to_string(&path).unwrap();
    for bad in
        [String::new(), good[1..].to_owned(), format!("{good}0"), good.replace('\n', "0"), "ü".repeat(32)]
    {
        std::fs::write(&path, &bad).unwrap();
        let error = load_or_make(directory.path()).unwrap_err();
        assert!(matches!(error, IdentityError::Malformed { .. }), "{bad:?}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn one_that_others_can_read_or_that_is_a_link_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let directory = tempfile::tempdir().unwrap();
    load_or_make(directory.path()).unwrap();
    let path = directory.path().join(KEY_FILE);
    let permissions = std::fs::metadata(&path).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);

    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let error = load_or_make(directory.path()).unwrap_err();
    assert!(matches!(error, IdentityError::Exposed { mode: 0o640, .. }), "{error}");
    assert!(error.to_string().contains("mode 640"), "{error}");

    std::fs::set_permissions(&path, permissions).unwrap();
    let other = tempfile::tempdir().unwrap();
    symlink(&path, other.path().join(KEY_FILE)).unwrap();
    let error = load_or_make(other.path()).unwrap_err();
    assert!(matches!(error, IdentityError::Link { .. }), "{error}");
}
