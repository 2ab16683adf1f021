// Keys that work everywhere, and the dialogs that they open. A page's own keys are in its own module.
import {$, $$, isOurs} from "./lib.js";
import {openFind} from "./find.js";
import {toggle as toggleVeil} from "./veil.js";

const PLACES = {h: "/", w: "/works", a: "/a", r: "/novels", b: "/bookmarks", m: "/mirror"};
const TOGETHER_MS = 900;  // from `g` to the letter of the place
let wentAt = -Infinity;

function open(name) {
  if (name === "find") openFind();
  else $(`#${name}`)?.showModal();
}

document.addEventListener("click", event => {
  const opener = event.target.closest("[data-open]");
  if (opener && $(`#${opener.dataset.open}`)) {
    event.preventDefault();
    open(opener.dataset.open);
  }
});
for (const dialog of $$("dialog")) {
  // What lies beside the dialog is its backdrop, which is the dialog itself to an event.
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
}

const ACTIONS = {"/": openFind, "?": () => open("keys"), v: toggleVeil, g: () => { wentAt = performance.now(); }};

document.addEventListener("keydown", event => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key === "k") {
    event.preventDefault();
    openFind();
    return;
  }
  if (!isOurs(event)) return;
  const place = performance.now() - wentAt < TOGETHER_MS && PLACES[event.key];
  if (place) {
    location.href = place;
  } else if (ACTIONS[event.key]) {
    ACTIONS[event.key]();
  } else {
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();  // after `g` a letter is no key of the page
}, {capture: true});
