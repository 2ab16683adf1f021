// The veil: all pictures blur, the tab tells nothing, until it is lifted. A cookie, so that the server draws it, too.
import {$} from "./lib.js";

const YEAR_S = 365 * 24 * 3600;
const isDown = () => /(?:^|; )veil=1(?:;|$)/.test(document.cookie);
let title = document.title;

function show() {
  const down = isDown();
  if (document.title !== "pixmirror") title = document.title;
  document.title = down ? "pixmirror" : title;
  document.body.classList.toggle("veiled", down);
  $("#veil")?.setAttribute("aria-pressed", down);
}

export function toggle() {
  const age = isDown() ? 0 : YEAR_S;
  document.cookie = `veil=1; path=/; SameSite=Strict; max-age=${age}`;
  show();
}

$("#veil")?.addEventListener("click", toggle);
addEventListener("pageshow", show);       // a page out of the browser's cache is as it was left
show();
