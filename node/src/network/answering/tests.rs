use super::*;

#[test]
fn who_asks_much_at_once_takes_no_place_from_others() {
    let mut answering = Answering::default();
    let peers: Vec<_> = (0..=limits::ANSWERS / limits::ANSWERS_OF_PEER).map(|_| PeerId::random()).collect();
    let begun = |answering: &mut Answering, peer| (0..1_000).filter(|_| answering.begin(peer)).count();
    let (last, others) = peers.split_last().unwrap();
    for peer in others {
        assert_eq!(begun(&mut answering, *peer), limits::ANSWERS_OF_PEER);
    }
    assert_eq!(begun(&mut answering, *last), limits::ANSWERS % limits::ANSWERS_OF_PEER);
    // All of them together hold all places, and give them back.
    assert!(!answering.begin(PeerId::random()));
    answering.end(&others[0]);
    assert!(answering.begin(PeerId::random()) && !answering.begin(others[0]));
    answering.end(&others[1]);
    assert!(answering.begin(others[1]));
}
