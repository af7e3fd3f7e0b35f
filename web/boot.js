// Starts the page. When that fails, it says so in words instead of leaving the window white. A script of the old kind,
// because browsers run no modules where a page was opened as a file.
"use strict";

(() => {
  const show = (problem, error) => {
    const boot = document.getElementById("boot");
    boot.hidden = false;
    boot.classList.add("boot-failed");
    for (const notice of boot.querySelectorAll("[data-problem]")) notice.hidden = notice.dataset.problem !== problem;
    const said = document.getElementById("boot-error");
    said.hidden = error === undefined;
    said.textContent = error?.message ?? error;
  };

  // What a server serves.
  const served = async () => {
    const path = "pkg/web_bg.wasm";
    const [program, modules] = await Promise.all([
      fetch(path),
      import("./pkg/web.js").catch((error) => ({ error })),
    ]);
    if (program.status === 404) return undefined;
    if (modules.error) throw modules.error;
    return {
      loadProgram: async () => {
        await modules.default({ module_or_path: program });
        return modules;
      },
      startWorker: () => new Worker("worker.js"),
      // From the cache, because these are the bytes that run here, whatever is served by now.
      readProgram: async () => (await fetch(path, { cache: "force-cache" })).arrayBuffer(),
    };
  };

  // What `cargo xtask page` has made for a page that was opened as a file.
  const fromFile = () => new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = "pkg/file.js";
    script.onload = () => resolve(globalThis.fromFile);
    script.onerror = () => resolve(undefined);
    document.head.append(script);
  });

  const start = async () => {
    // A page around this one could lay itself over the buttons.
    if (globalThis.top !== globalThis.self) return show("frame");
    const isFile = location.protocol === "file:";
    const source = await (isFile ? fromFile() : served());
    if (!source) return show(isFile ? "file" : "server");
    const page = await source.loadProgram();
    page.page_main(source.startWorker, async () => new Uint8Array(await source.readProgram()));
    document.getElementById("boot").hidden = true;
  };

  // A panic poisons the program: everything it shows from then on may be wrong.
  globalThis.addEventListener("error", (event) => {
    if (event.error instanceof WebAssembly.RuntimeError) show("panic", event.error);
  });
  start().catch((error) => show("start", error));
})();
