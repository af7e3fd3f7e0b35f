// Runs the wallet's core, which holds the keys, beside the page and out of its reach.

// The page may send before the program has loaded, and such a message would be lost.
const early = [];
self.onmessage = (message) => early.push(message);

try {
  const core = await import("./pkg/web.js");
  await core.default();
  self.onmessage = null;
  core.worker_main();
  for (const message of early) {
    self.dispatchEvent(new MessageEvent("message", { data: message.data }));
  }
} catch (error) {
  // Outside of this promise, so that the page's Worker gets an error event.
  setTimeout(() => { throw error; });
}
