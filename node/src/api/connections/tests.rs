use super::*;

#[test]
fn places_are_limited_in_all_and_by_address() {
    let connections = Connections::new(5, 2);
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let first = connections.admit(ip("10.0.0.1")).unwrap();
    let _second = connections.admit(ip("::ffff:10.0.0.1")).unwrap();
    assert!(connections.admit(ip("10.0.0.1")).is_none());
    let _other = connections.admit(ip("10.0.0.2")).unwrap();
    drop(first);
    let _again = connections.admit(ip("10.0.0.1")).unwrap();

    let own: Vec<Place> = (0..3).map_while(|_| connections.admit(ip("127.0.0.1"))).collect();
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(Place::is_loopback));
    assert!(connections.admit(ip("::1")).is_none());
    drop(own);
    assert!(connections.admit(ip("::1")).is_some());
    assert_eq!(connections.lock().total, 3);
}
