// Where a password is set and the config says so: a page that nobody moves a hand on blurs, and asks for the password.
import {device} from "./device.js";

const AFTER_MS = 1000 * document.body.dataset.lock, TOLD_MS = 20_000;
let isLocked = false;

/** Lock the gallery if nobody was at any of its pages for so long. */
function look() {
  if (isLocked || Date.now() - device.get("seen") < AFTER_MS) return;
  isLocked = true;
  document.body.style.filter = "blur(2rem)";
  const login = () => location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  fetch("/logout", {method: "POST"}).catch(() => {}).then(login);
}

/** Note that somebody is here: for the other pages of this browser, and for the gallery, which asks for nothing else. */
function here() {
  look();
  if (isLocked || Date.now() - device.get("seen") < TOLD_MS) return;
  device.set("seen", Date.now());
  fetch("/static/check.svg", {cache: "no-store"}).catch(() => {});
}

device.set("seen", Date.now());  // the gallery has just let this page be shown
for (const act of ["pointerdown", "pointermove", "keydown", "wheel", "scroll"]) {
  addEventListener(act, here, {capture: true, passive: true});
}
addEventListener("pageshow", event => event.persisted && look());  // out of the browser's cache
document.addEventListener("visibilitychange", look);
setInterval(look, 5000);
