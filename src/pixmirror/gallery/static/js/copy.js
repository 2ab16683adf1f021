// Buttons that copy what an element says. Where the browser lets no page write there, they stay hidden.
import {$$} from "./lib.js";
import {toast} from "./toast.js";

for (const button of $$("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    toast("Copied");
  });
}
