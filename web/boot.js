// Starts the page. When that fails, it says so in words instead of leaving the window white: in each language,
// because the texts are inside the program.

function say(sentence, error) {
  const boot = document.getElementById("boot") ?? document.body.appendChild(document.createElement("div"));
  boot.id = "boot";
  boot.className = "boot boot-failed";
  const place = document.getElementById("boot-error") ?? boot.appendChild(document.createElement("p"));
  place.id = "boot-error";
  place.className = "notice notice-danger";
  place.setAttribute("role", "alert");
  place.textContent = `${sentence} (${error?.message ?? error})`;
  place.hidden = false;
}

// A panic poisons the program: everything it shows from then on may be wrong.
globalThis.addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) {
    say("The wallet has stopped because of a mistake in its program. Reload the page; your wallet is stored safely. " +
      "錢包因程式錯誤而停止。請重新載入頁面，您的錢包已妥善儲存。", event.error);
  }
});

try {
  const page = await import("./pkg/web.js");
  await page.default();
  page.page_main();
} catch (error) {
  say("The wallet could not start. Reload the page; if that does not help, use a current browser, or build the " +
    "page again with: wasm-pack build web --target web. 錢包無法啟動。請重新載入頁面；如果還是不行，請改用較新的瀏覽器，" +
    "或以 wasm-pack build web --target web 重新建置網頁。", error);
}
