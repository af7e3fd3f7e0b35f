use super::*;

#[test]
fn who_does_not_read_gets_no_more_and_takes_nothing_from_others() {
    let mut unsent = Unsent::default();
    let [slow, other] = [PeerId::random(), PeerId::random()];
    let large = limits::UNSENT_BYTES / 4;
    // However large, one comes through: a chain of one's own may have such blocks.
    assert!(unsent.has_room(slow, limits::ALL_UNSENT_BYTES + 1));
    for question in 0..4 {
        assert!(unsent.has_room(slow, large));
        unsent.insert(question, slow, large);
    }
    assert!(!unsent.has_room(slow, 1) && unsent.has_room(other, large));
    unsent.remove(&0);
    assert!(unsent.has_room(slow, large) && !unsent.has_room(slow, large + 1));
}

#[test]
fn what_waits_for_all_has_a_limit() {
    let mut unsent = Unsent::default();
    let peers = limits::ALL_UNSENT_BYTES / limits::UNSENT_BYTES;
    for question in 0..peers {
        unsent.insert(question, PeerId::random(), limits::UNSENT_BYTES);
    }
    let last = PeerId::random();
    assert!(unsent.has_room(last, 1));
    unsent.insert(peers, last, 1);
    assert!(!unsent.has_room(last, 1));
    unsent.remove(&0);
    assert!(unsent.has_room(last, 1));
}
