// Made by `cargo xtask page`: the program of pkg/web.js and pkg/web_bg.wasm once more, for a page that is opened as a
// file. boot.js uses it.
"use strict";

globalThis.fromFile = (() => {
  const readProgram = () => {
    const text = atob("@PROGRAM@");
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    return bytes;
  };
  const loadProgram = async () => {
    @GLUE@
    await wasm_bindgen({ module_or_path: readProgram() });
    return wasm_bindgen;
  };
  const startWorker = () => {
    // A worker has no file to be started from either.
    const source = `const readProgram = ${readProgram}; const loadProgram = ${loadProgram};\n${@WORKER@}`;
    return new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  };
  return { readProgram, loadProgram, startWorker };
})();
