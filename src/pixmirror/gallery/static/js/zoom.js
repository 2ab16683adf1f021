// Full size: the picture over the whole screen, fitted into it or larger, moved by dragging.
import {$} from "./lib.js";

const STEP = 1.25, MOST = 8;
const dialog = $("#full"), image = $("#full img");
let scale = 0;  // 0: fitted

const fitted = () => Math.min(1, dialog.clientWidth / image.naturalWidth, dialog.clientHeight / image.naturalHeight);

/** Show the picture at a scale; what lies under (x, y) of the screen stays there. */
function zoom(to, x = dialog.clientWidth / 2, y = dialog.clientHeight / 2) {
  const across = (dialog.scrollLeft + x) / dialog.scrollWidth, down = (dialog.scrollTop + y) / dialog.scrollHeight;
  scale = to <= fitted() ? 0 : Math.min(to, MOST);
  dialog.classList.toggle("large", scale > 0);
  image.style.width = scale ? `${image.naturalWidth * scale}px` : "";
  dialog.scrollTo(across * dialog.scrollWidth - x, down * dialog.scrollHeight - y);
}

export function openFull(source) {
  image.src = source.src;
  image.alt = source.alt;
  dialog.showModal();
  scale = 0;
  dialog.classList.remove("large");
  image.style.width = "";
}

let held = null, moved = false;
dialog?.addEventListener("pointerdown", event => {
  if (event.pointerType === "touch" || event.button !== 0 || event.target !== image) return;
  held = {x: event.clientX, y: event.clientY, left: dialog.scrollLeft, top: dialog.scrollTop};
  moved = false;
  image.setPointerCapture(event.pointerId);
});
dialog?.addEventListener("pointermove", event => {
  if (!held) return;
  moved ||= Math.hypot(event.clientX - held.x, event.clientY - held.y) > 4;
  if (scale) dialog.scrollTo(held.left + held.x - event.clientX, held.top + held.y - event.clientY);
});
dialog?.addEventListener("pointerup", () => { held = null; });
dialog?.addEventListener("click", event => {
  if (event.target.closest("button") || event.target === dialog) dialog.close();
  else if (!moved) zoom(scale ? 0 : fitted() < 1 ? 1 : 2, event.clientX, event.clientY);
  moved = false;
});
dialog?.addEventListener("wheel", event => {
  if (event.ctrlKey) return;  // the browser's own
  event.preventDefault();
  const now = scale || fitted();
  zoom(event.deltaY < 0 ? Math.min(now * STEP, MOST) : now / STEP, event.clientX, event.clientY);
}, {passive: false});
dialog?.addEventListener("keydown", event => {
  const now = scale || fitted();
  if (event.key === "+" || event.key === "=") zoom(now * STEP);
  else if (event.key === "-") zoom(now / STEP);
  else if (event.key === "0") zoom(0);
  else if (event.key === "f") dialog.close();
});
