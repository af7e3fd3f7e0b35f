use super::*;

fn console(input: &[u8]) -> Console<&[u8], Vec<u8>> {
    Console { input, output: Vec::new(), is_terminal: false }
}

fn number(text: &str) -> Result<u8, std::num::ParseIntError> {
    text.parse()
}

#[test]
fn questions_are_repeated_until_the_answer_is_good() {
    let mut console = console(b"many\n 7 \n");
    assert_eq!(console.ask_until("how many?", number).unwrap(), Some(7));
    let expected = "how many? Error: invalid digit found in string\nhow many? ";
    assert_eq!(String::from_utf8(console.output).unwrap(), expected);
}

#[test]
fn an_empty_answer_gives_up() {
    assert_eq!(console(b"\n").ask_until("how many?", number).unwrap(), None);
}

#[test]
fn the_end_of_the_input_is_no_answer() {
    assert!(matches!(console(b"").ask("who?"), Err(Problem::Ended)));
    assert!(matches!(console(b"").ask_secret("what?"), Err(Problem::Ended)));
    assert!(matches!(console(b"many").ask_until("how many?", number), Err(Problem::Ended)));
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(console(b"me").ask("who?").unwrap(), "me");
}

#[test]
fn a_secret_keeps_its_spaces_but_not_the_end_of_its_line() {
    assert_eq!(console(b" open sesame \r\n").ask_secret("what?").unwrap().as_str(), " open sesame ");
}

#[test]
fn what_is_not_text_is_not_believed() {
    assert_eq!(console(b"\xff1\n").ask("who?").unwrap(), "\u{fffd}1");
    let endless = vec![b'9'; 1_000_000];
    assert_eq!(console(&endless).ask("who?").unwrap().len(), 65_536);
}
