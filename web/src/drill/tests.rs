use super::positions;

#[test]
fn three_different_positions_are_chosen_in_order() {
    assert_eq!(positions(24, || 0.0), [1, 2, 3]);
    assert_eq!(positions(24, || 0.999_999), [22, 23, 24]);
    let mut numbers = [0.9, 0.1, 0.5].into_iter();
    assert_eq!(positions(12, || numbers.next().unwrap_or_default()), [2, 7, 11]);
}

#[test]
fn odd_numbers_do_no_harm() {
    assert_eq!(positions(24, || 1.0), [22, 23, 24]);
    assert_eq!(positions(24, || f64::NAN), [1, 2, 3]);
    assert_eq!(positions(24, || -5.0), [1, 2, 3]);
    assert_eq!(positions(2, || 0.5), [1, 2]);
    assert_eq!(positions(0, || 0.5), Vec::<u8>::new());
}
