use super::*;

#[test]
fn the_script_holds_glue_worker_and_program() {
    let script = script("let wasm_bindgen = 1;", "say(\"`${a}`\");\n// @PROGRAM@", b"\0asm");
    for part in ["    let wasm_bindgen = 1;\n", r#"${"say(\"`${a}`\");\n"#, "atob(\"AGFzbQ==\")"] {
        assert!(script.contains(part), "{part} is not in:\n{script}");
    }
    assert!(script.starts_with("// Made by `cargo xtask page`"), "{script}");
    assert!(!script.contains('@'), "{script}");
}
