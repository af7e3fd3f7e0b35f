// Runs before everything else in the page, and in front of each of its workers.
const spy = () => {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...values) => {
      const started = await original.apply(WebAssembly, values);
      globalThis.programMemory = (started.instance ?? started).exports.memory;
      return started;
    };
  }

  // Returns the names of the parts, given as [name, hex], that are anywhere in the program's memory.
  globalThis.searchOwnMemory = (parts) => {
    const memory = new Uint8Array(programMemory.buffer);
    const byStart = new Map();
    for (const [name, hex] of parts) {
      const bytes = Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16));
      const start = bytes[0] | (bytes[1] << 8);
      byStart.set(start, [...(byStart.get(start) ?? []), { name, bytes }]);
    }
    const isStart = new Uint8Array(65536);
    for (const start of byStart.keys()) isStart[start] = 1;
    const found = new Set();
    for (let at = 0; at + 1 < memory.length; at += 1) {
      const start = memory[at] | (memory[at + 1] << 8);
      if (isStart[start] === 0) continue;
      for (const { name, bytes } of byStart.get(start)) {
        if (bytes.every((byte, index) => memory[at + index] === byte)) found.add(name);
      }
    }
    return [...found];
  };
};

spy();
const OriginalWorker = globalThis.Worker;
globalThis.Worker = class extends OriginalWorker {
  constructor(url, options) {
    // The wallet's own messages are texts, and it takes no notice of others.
    const listen = () => self.addEventListener("message", ({ data }) => {
      if (data.parts) data.port.postMessage(searchOwnMemory(data.parts));
    });
    const program = `(${spy})(); (${listen})(); importScripts(${JSON.stringify(new URL(url, location).href)});`;
    super(URL.createObjectURL(new Blob([program], { type: "text/javascript" })), options);
    globalThis.walletWorker = this;
  }
};

globalThis.searchMemory = async (program, parts) => {
  if (program === "page") return searchOwnMemory(parts);
  const { port1, port2 } = new MessageChannel();
  const found = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
  walletWorker.postMessage({ parts, port: port2 }, [port2]);
  return found;
};
