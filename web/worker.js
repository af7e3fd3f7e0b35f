// Runs the wallet's core, which holds the keys, beside the page and out of its reach.
"use strict";

(async () => {
  // The page may send before the program has loaded, and such a message would be lost.
  const early = [];
  self.onmessage = (message) => early.push(message);
  try {
    // In a page that was opened as a file, `loadProgram` stands before this script.
    const load = typeof loadProgram === "function" ? loadProgram : async () => {
      const modules = await import("./pkg/web.js");
      await modules.default();
      return modules;
    };
    const core = await load();
    self.onmessage = null;
    core.worker_main();
    for (const message of early) {
      self.dispatchEvent(new MessageEvent("message", { data: message.data }));
    }
  } catch (error) {
    // Outside of this promise, so that the page's Worker gets an error event.
    setTimeout(() => { throw error; });
  }
})();
