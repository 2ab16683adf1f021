// A window on any number of works: only the blocks and the rows around the eye exist.
import {blockAt, blocks, data, grid, hear, load, measure, rowAt, rowsOf, space, take, tell} from "./blocks.js";
import {fetchAround} from "./pictures.js";
import {draw, dropRow, makeBlock, makeRow} from "./rows.js";
import {eye, find, fit, offset, rebase, room} from "./runway.js";

const REST_MS = 70, BUDGET_MS = 5;
const FASTEST = 0.012;              // screens a millisecond, above which nothing is built or fetched
const AHEAD = 1.25, BEHIND = 0.5;   // screens beyond what is seen that exist
const shown = new Set();
let frame = 0, resting = 0, isHeld = false, last = {y: 0, at: 0, isDown: true};

/** Ask for nothing until the next rest. */
export const hold = () => { isHeld = true; };

function show(block) {
  makeBlock(block);
  block.element.style.top = offset(block);
  const after = [...shown].filter(one => one.number > block.number).sort((a, b) => a.number - b.number);
  grid.insertBefore(block.element, after[0]?.element ?? null);
  shown.add(block);
}

function drop(block) {
  for (const k of [...block.rows.keys()]) dropRow(block, k);
  block.element.remove();
  block.element = block.list = null;
  shown.delete(block);
}

/** Make what is around the eye exist, and nothing else; what is not seen yet may wait for the next frame. */
function render() {
  const y = eye(), now = performance.now(), isDown = y === last.y ? last.isDown : y > last.y;
  const isFast = isHeld || Math.abs(y - last.y) / Math.max(1, now - last.at) > innerHeight * FASTEST;
  const from = y - room() * (isDown ? BEHIND : AHEAD), to = y + room() * (1 + (isDown ? AHEAD : BEHIND));
  const first = blockAt(from).number, end = blockAt(to).number;
  let isLate = false;
  last = {y, at: now, isDown};
  for (const block of shown) {
    if ((block.number < first || block.number > end) && !hasFocus(block.element)) drop(block);
  }
  for (const block of blocks.slice(first, end + 1)) {
    if (!block.element) show(block);
    if (block.ratios) isLate = renderRows(block, from, to, isFast, now + BUDGET_MS) || isLate;
    else if (!isFast) load(block, (y - block.y) / block.shape.height);
  }
  if (!isFast) fetchAround(y + room() / 2);
  tell("moved", y);
  if (isLate) soon();
}

/** Do so for the rows of one block. Return whether some must wait. */
function renderRows(block, from, to, isFast, until) {
  const begin = rowAt(block, from), end = rowAt(block, to), {top} = block.packed, y = eye() - block.y;
  block.element.classList.remove("wait");
  for (const [k, row] of block.rows) {
    if ((k < begin || k > end) && !row.some(hasFocus)) dropRow(block, k);
  }
  for (let k = begin; k <= end && k < rowsOf(block) && !isFast; k++) {
    const isSeen = top[k + 1] > y && top[k] < y + room();
    if (block.rows.has(k)) continue;
    if (!isSeen && performance.now() > until) return true;
    makeRow(block, k);
  }
  return false;
}

const hasFocus = element => element.contains(document.activeElement);

function soon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    render();
  });
}

function moved() {
  soon();
  clearTimeout(resting);
  resting = setTimeout(rest, REST_MS);
}

/** Draw all that is around the eye, now that it rests. */
export function rest() {
  clearTimeout(resting);
  find();
  rebase();
  last = {...last, y: eye(), at: 0};
  isHeld = false;
  render();
  for (const block of shown) draw(block);
  tell("rest");
}

/** Lay all out for the width that there is. */
function layOut() {
  for (const block of shown) drop(block);
  measure();
  fit();
}

addEventListener("scroll", moved, {passive: true});
hear("jumped", moved);
hear("known", block => {
  draw(block);
  soon();
});
new ResizeObserver(() => {
  if (grid.clientWidth === space.width) return;
  tell("resize");
  layOut();
  tell("resized");
  rest();
}).observe(grid);
layOut();
take(blocks[data.unit], data.block);
