// The rail of units at the right edge: a slider for pointer, touch and keys. A place in it is the share of all height.
import {$, $$, num} from "./lib.js";
import {blockAt, blocks, hear, space} from "./blocks.js";
import {hold, rest} from "./grid.js";
import {eye, go, room} from "./runway.js";

const MARGIN = 8, APART = 18, SHOWN_MS = 1400;  // px at both ends, px between two years; the handle of a phone
const STEPS = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity};
const rail = $("#scrub"), now = document.createElement("div"), bubble = document.createElement("div");
let isDragged = false, grip = 0, goal = 0, frame = 0, hiding = 0;

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const along = share => MARGIN + share * (rail.clientHeight - 2 * MARGIN);
const here = y => blockAt(y + space.row / 4);

function mark() {
  const marks = [];
  let year = "", at = -Infinity;
  for (const block of blocks) {
    const y = along(block.y / space.total), name = block.name.slice(0, 4), made = document.createElement("span");
    const isYear = /^\d/.test(name) && name !== year && y - at > APART;
    if (isYear) [year, at] = [name, y];
    made.className = isYear ? "yr" : "dot";
    made.textContent = isYear ? name : "";
    made.style.top = `${y}px`;
    marks.push(made);
  }
  for (const old of $$(".yr, .dot", rail)) old.remove();
  rail.prepend(...marks);
}

function say(y, block) {
  const count = document.createElement("small");
  count.textContent = num(block.n);
  bubble.replaceChildren(block.label, count);
  bubble.style.transform = `translateY(${clamp(along(y / space.total), 14, rail.clientHeight - 14)}px)`;
}

function moved(y) {
  const block = here(y), at = along(clamp(y / space.total, 0, 1)), handle = now.offsetHeight / 2;
  now.style.transform = `translateY(${clamp(at, handle, rail.clientHeight - handle)}px)`;
  rail.ariaValueNow = block.number;
  rail.ariaValueText = `${block.label}, ${num(block.n)} works`;
  rail.classList.add("show");
  clearTimeout(hiding);
  hiding = setTimeout(() => rail.classList.remove("show"), SHOWN_MS);
  if (isDragged || rail.matches(":focus-visible")) say(y, block);
}

function pointed(event) {
  const box = rail.getBoundingClientRect();
  return clamp((event.clientY - grip - box.top - MARGIN) / (box.height - 2 * MARGIN), 0, 1) * space.total;
}

function drag(event) {
  goal = pointed(event);
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    hold();
    go(goal);
  });
}

rail.addEventListener("pointerdown", event => {
  if (event.button) return;
  const handle = now.getBoundingClientRect();
  grip = event.target === now && handle.height > 20 ? event.clientY - handle.top - handle.height / 2 : 0;
  isDragged = true;
  rail.classList.add("drag");
  rail.setPointerCapture(event.pointerId);
  rail.focus({preventScroll: true, focusVisible: false});
  event.preventDefault();
  drag(event);
});
rail.addEventListener("pointermove", event => {
  const y = pointed(event);
  if (isDragged) drag(event);
  else say(y, blockAt(y));
});
function release() {
  if (!isDragged) return;
  isDragged = false;
  grip = 0;
  rail.classList.remove("drag");
  cancelAnimationFrame(frame);
  frame = 0;
  const block = blockAt(goal);
  go(block.shape.height > 3 * room() ? goal : block.y);  // a long unit keeps the place within it
  rest();
}
rail.addEventListener("pointerup", release);
rail.addEventListener("pointercancel", release);
rail.addEventListener("keydown", event => {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  go(blocks[clamp(here(eye()).number + step, 0, blocks.length - 1)].y);
});

now.className = "now";
bubble.className = "bub";
rail.append(now, bubble);
addEventListener("resize", mark);
hear("resized", mark);
hear("moved", moved);
mark();
