// What the readers share: keys, the place that is kept, bars that hide.
import {keysWork} from "./lib.js";

// Single keys do nothing in fields, in dialogs, with Ctrl, Alt or Meta, and where they are switched off, but for Esc;
// Space and Enter are a control's own. They are heard while `when` says so.
export function keys(actions, when = () => true) {
  document.addEventListener("keydown", event => {
    const action = actions[event.key];
    if (!action || !when() || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.closest("dialog[open], textarea, select, [contenteditable], input:not([type=range])")) return;
    if (event.target.matches("[type=range]") && /^(Arrow|Page|Home|End)/.test(event.key)) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    if (document.querySelector("dialog[open]") || !(keysWork() || event.key === "Escape")) return;
    event.preventDefault();
    action(event);
  });
}

// Tell the server, also while the page is being left.
export const tell = (address, fields) => navigator.sendBeacon(address, new URLSearchParams(fields));

// Keep the place: in the address (`note`), at the server when the page is left or hidden.
export function keeping(address, note) {
  let now = null, sent = null, wait = 0, last = 0;
  const send = () => {
    if (now && JSON.stringify(now) !== sent) tell(address, now);
    sent = JSON.stringify(now);
  };
  const write = () => {
    clearTimeout(wait);
    last = performance.now();
    note();
  };
  addEventListener("pagehide", send);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
  return {
    // Browsers stop a page that writes its address too often.
    at(page, anchor) {
      now = {page, anchor};
      clearTimeout(wait);
      if (performance.now() - last > 400) write(); else wait = setTimeout(write, 250);
    },
  };
}

// Hide the bars after two seconds without pointer or focus in them.
export function hiding(reader) {
  let wait;
  const busy = () => reader.querySelector(".tools:hover, .foot:hover, .tools :focus-visible, .foot :focus-visible");
  const hide = () => { if (busy()) wake(); else reader.classList.add("idle"); };
  const wake = () => {
    reader.classList.remove("idle");
    clearTimeout(wait);
    wait = setTimeout(hide, 2000);
  };
  reader.addEventListener("pointermove", event => { if (event.pointerType === "mouse") wake(); });
  reader.addEventListener("focusin", wake);
  wake();
  return {
    wake,
    toggle() {
      if (reader.classList.contains("idle")) return wake();
      clearTimeout(wait);
      reader.classList.add("idle");
    },
  };
}

// Put a small picture to each number in the list of pages, once it is looked at.
export function pictured(list, pages) {
  for (const [at, link] of list.querySelectorAll("li a").entries()) {
    const source = pages[at][0];
    if (!source || link.querySelector("img")) continue;
    const image = new Image();
    image.loading = "lazy";
    image.alt = "";
    image.src = source.replace("/file/", "/thumb/").replace(/\.\w+$/, ".webp");
    link.prepend(image);
  }
}

// Go back to where the link leads: by the browser's own back, if one came from there.
export function leave(link) {
  if (document.referrer && new URL(document.referrer).pathname === link.pathname) history.back();
  else link.click();
}
