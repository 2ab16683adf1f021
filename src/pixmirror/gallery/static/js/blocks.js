// The units of the grid as blocks: where each lies, what is known of its works, and how more is asked for.
import {$} from "./lib.js";
import {toast} from "./toast.js";
import {lastBefore, pack, shape} from "./layout.js";

export const grid = $("#grid"), data = JSON.parse($("#grid-data").textContent);
export const space = {width: 0, row: 220, gap: 4, total: 0};
export const blocks = data.units.map(([name, n, ratios, label, head = [label, n]], number) =>
  ({name, n, sum: ratios / 100, label, head, number, y: 0, works: [], asked: new Map(), rows: new Map()}));

const PAGE = 60;            // works of which is asked at once
const MOST_KNOWN = 40;      // blocks whose works are remembered
let tops = [], isSilent = false;

/** Tell the other modules: "moved" (each frame), "rest", "known" (of a block), "drawn" (a tile). */
export const tell = (name, detail) => grid.dispatchEvent(new CustomEvent(name, {detail}));
export const hear = (name, listen) => grid.addEventListener(name, event => listen(event.detail));

/** Lay all blocks out for the width that there is. */
export function measure() {
  const root = getComputedStyle(document.documentElement);
  space.width = grid.clientWidth;
  space.row = parseFloat(root.getPropertyValue("--row"));
  space.gap = parseFloat(root.getPropertyValue("--gap"));
  space.total = 0;
  for (const block of blocks) {
    block.shape = shape(block.n, block.sum, block.head ? 2.75 * parseFloat(root.fontSize) : 0, space);
    block.y = space.total;
    space.total += block.shape.height;
    if (block.ratios) block.packed = pack(block.ratios, block.shape, space);
  }
  tops = blocks.map(block => block.y);
  grid.style.setProperty("--rh", `${space.row + space.gap}px`);
}

export const blockAt = y => blocks[lastBefore(tops, y)];
export const rowsOf = block => block.packed.first.length - 1;
export const rowAt = (block, y) => lastBefore(block.packed.top, y - block.y, rowsOf(block));
export const rowOf = (block, index) => lastBefore(block.packed.first, index, rowsOf(block));

/** Ask for the shapes of a block's works, and what is known of those around a place in it: 0 its top, 1 its end. */
export function load(block, fraction = 0) {
  if (block.ratios) return null;
  const share = Math.min(1, Math.max(0, fraction)).toFixed(4);
  return once(block, "shapes", `/works/b/${block.name}`, `f=${share}`, take);
}

/** Ask what is known of the work at a place in a block, and of those near it. */
export function learn(block, index) {
  const first = index - index % PAGE, end = Math.min(block.n, first + PAGE);
  return once(block, first, `/works/d/${block.name}`, `a=${first}&b=${end}`, (_, {works}) =>
    know(block, {first, works: Array.from({length: end - first}, (_, i) => works[i] ?? null)}));
}

/** Take what the gallery tells of a block, from its answer or in the page. */
export function take(block, told) {
  block.ratios = Float32Array.from(atob(told.ratios), letter => letter.charCodeAt(0) / 100);
  block.packed = pack(block.ratios, block.shape, space);
  know(block, told);
  const known = blocks.filter(one => one.ratios && !one.element);
  if (known.length > MOST_KNOWN) forget(known.sort((a, b) => away(b, block) - away(a, block))[0]);
}

const away = (one, other) => Math.abs(one.number - other.number);

function forget(block) {
  Object.assign(block, {works: [], ratios: undefined, packed: undefined});
  block.asked.clear();
}

function know(block, told) {
  told.works.forEach((work, i) => { block.works[told.first + i] = work; });
  tell("known", block);
}

/** Ask for something of a block, unless it is asked for already; return the promise of it. */
function once(block, what, path, more, then) {
  if (!block.asked.has(what)) block.asked.set(what, ask(`${path}?${data.query}${data.query && "&"}${more}`)
    .then(told => told ? then(block, told) : block.asked.delete(what)));  // then it is asked again at the next rest
  return block.asked.get(what);
}

/** Return what the gallery answers, null where it does not. */
async function ask(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new TypeError(answer.status);
    isSilent = false;
    return await answer.json();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if (!isSilent) toast("The gallery does not answer. Is it still running?");
    isSilent = true;
    return null;
  }
}
