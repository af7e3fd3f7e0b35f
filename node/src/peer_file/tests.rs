use crate::peers::{Ban, Saved, SavedAddress};

use super::{PEER_FILE, PeerFileError, load, save};

fn saved() -> Saved {
    Saved {
        bans: vec![Ban {
            address: "2001:db8:1:2::/64".parse().unwrap(),
            since: 1,
            until: 86_401,
            reason: "a block breaks BLK-4".to_owned(),
        }],
        book: vec![SavedAddress {
            address: "9.9.9.9:11111".parse().unwrap(),
            told_by: Some("8.8.8.8".parse().unwrap()),
            reached: Some(7),
            tried: 9,
            failures: 1,
        }],
        anchors: vec!["[2a00::1]:11111".parse().unwrap()],
        ..Saved::default()
    }
}

#[test]
fn what_is_saved_is_loaded_again() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(load(dir.path()).unwrap(), Saved::default());
    save(dir.path(), &Saved::default()).unwrap();
    // What a crash left behind is in nobody's way.
    std::fs::write(dir.path().join("peers.json.new"), "{").unwrap();
    save(dir.path(), &saved()).unwrap();
    assert_eq!(load(dir.path()).unwrap(), saved());

    let text = std::fs::read_to_string(dir.path().join(PEER_FILE)).unwrap();
    assert!(text.contains(r#""address": "2001:db8:1:2::/64""#), "{text}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    save(dir.path(), &saved()).unwrap();
    let mode = std::fs::metadata(dir.path().join(PEER_FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_file_is_moved_aside_and_named() {
    let good = serde_json::to_string(&saved()).unwrap();
    for (text, expected) in [
        (&good[..good.len() / 2], "EOF while parsing"),
        ("", "EOF while parsing"),
        (r#"{"version": 2, "new": []}"#, "it has version 2, and this node knows 1 only"),
        (&good.replace("9.9.9.9:11111", "9.9.9.9:0"), "no node can be reached at 9.9.9.9:0"),
        (&good.replace("\"until\"", "\"till\""), "unknown field `till`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(PEER_FILE), text).unwrap();
        let error = load(dir.path()).unwrap_err();
        assert!(matches!(error, PeerFileError::Damaged { .. }));
        let message = error.to_string();
        assert!(message.contains(expected) && message.contains("peers.json.damaged"), "{message}");
        assert_eq!(std::fs::read_to_string(dir.path().join("peers.json.damaged")).unwrap(), text);
        assert_eq!(load(dir.path()).unwrap(), Saved::default());
    }
}

#[test]
fn bytes_that_are_no_text_are_damage_too() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(PEER_FILE), [0xff; 8]).unwrap();
    let message = load(dir.path()).unwrap_err().to_string();
    assert!(message.contains("it is not text"), "{message}");
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    save(dir.path(), &saved()).unwrap();
    // A directory in the way of the new one: also root cannot remove it as a file.
    std::fs::create_dir(dir.path().join("peers.json.new")).unwrap();
    let error = save(dir.path(), &Saved::default()).unwrap_err();
    assert!(error.to_string().contains("cannot use"), "{error}");
    assert_eq!(load(dir.path()).unwrap(), saved());
}
