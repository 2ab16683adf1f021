// Where the eye is, in the address and in the history: back, reload and a shared link return to the same picture.
import {$, num} from "./lib.js";
import {blockAt, blocks, data, hear, rowAt, rowOf, space} from "./blocks.js";
import {eye, go} from "./runway.js";
import {placed} from "./tiles.js";

const APART_MS = 250;  // browsers stop who rewrites the address more than about 100 times in 30 s
const here = $("#here"), count = $("#here-n"), all = [here.textContent, count.textContent];
let savedAt = 0, waiting = 0, kept = null, goal = null;

/** Return the place of the eye: a unit, the first work of a row in it, and how far that is scrolled away. */
function place() {
  const y = eye(), block = blockAt(y), within = y - block.y;
  if (!block.packed) return {unit: block.name, share: within / block.shape.height};
  const k = rowAt(block, y);
  return {unit: block.name, index: block.packed.first[k], dy: Math.round(within - block.packed.top[k])};
}

/** Return to a place; where its block is not known yet, near it, and again when it is. */
export function to(wanted) {
  const block = blocks.find(one => one.name === wanted.unit);
  goal = block && !block.packed && wanted.share === undefined ? wanted : null;
  if (!block) return;
  if (wanted.share !== undefined) go(block.y + wanted.share * block.shape.height);
  else if (!block.packed) go(block.y + wanted.index / block.n * block.shape.height);
  else if (wanted.index || wanted.dy) go(block.y + block.packed.top[rowOf(block, wanted.index)] + (wanted.dy ?? 0));
  else go(block.y);
}

function save() {
  clearTimeout(waiting);
  if (goal) return;
  const now = place(), address = new URL(location.href), key = blocks.find(one => one.name === now.unit).works[now.index]?.[0];
  savedAt = performance.now();
  if (eye() < space.row) address.searchParams.delete("at");
  else address.searchParams.set("at", now.unit + (key ? `.${placed(key)}` : ""));
  history.replaceState({...history.state, grid: now}, "", address);
}

function saveSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(save, Math.max(0, savedAt + APART_MS - performance.now()));
}

/** Say in the row of filters what is seen. */
function say(y) {
  const block = y > space.row / 2 && blocks.length > 1 ? blockAt(y + space.row / 4) : null;
  here.textContent = block ? block.label : all[0];
  count.textContent = block ? `${num(block.n)} works` : all[1];
}

hear("rest", saveSoon);
hear("known", block => {
  if (goal?.unit === block.name) to(goal);
  saveSoon();
});
hear("moved", say);
hear("resize", () => { kept = place(); });
hear("resized", () => to(kept));
for (const moves of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  addEventListener(moves, () => { goal = null; }, {passive: true});
}
addEventListener("pagehide", save);

history.scrollRestoration = "manual";
const before = history.state?.grid;
if (before) to(before);
else if (data.at) to({unit: blocks[data.unit].name, index: data.index});
