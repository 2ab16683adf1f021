// Keys of a grid of which only a window exists: one tab stop, arrows by geometry, a focus that brings its row along.
import {isOurs} from "./lib.js";
import {blockAt, blocks, grid, hear, load, rowOf, rowsOf, space} from "./blocks.js";
import {choose} from "./choosing.js";
import {rest} from "./grid.js";
import {cells} from "./layout.js";
import {placeOf, tileAt} from "./rows.js";
import {eye, go, room} from "./runway.js";

const NAMES = {h: "ArrowLeft", l: "ArrowRight", k: "ArrowUp", j: "ArrowDown", X: "x"};
let stop = null, aim = 0;  // the link that Tab leads to; the x that ways up and down keep to

/** Return the place of the focus, or that of the first row that is seen whole. */
export const current = () => placeOf(document.activeElement) ?? firstSeen();

function firstSeen() {
  const y = eye(), block = blockAt(y);
  if (!block.packed) return null;
  const k = block.packed.top.findIndex(top => block.y + top >= y - 1);
  return k >= 0 && k < rowsOf(block) ? {block, index: block.packed.first[k]} : {block: blocks[block.number + 1] ?? block, index: 0};
}

function stopAt(link) {
  if (!link || link === stop) return;
  if (stop) stop.tabIndex = -1;
  stop = link;
  stop.tabIndex = 0;
}

/** Give the focus to a work, in whose row it is seen whole; -1: the last one of its block. */
export async function focus(block, index) {
  if (!block.packed) await load(block, index && 1);
  if (!block.packed) return;
  const at = index < 0 ? block.ratios.length - 1 : index, k = rowOf(block, at), {top} = block.packed;
  if (block.y + top[k] < eye()) go(k ? block.y + top[k] : block.y);
  else if (block.y + top[k + 1] > eye() + room()) go(block.y + top[k + 1] - room());
  rest();
  const link = tileAt(block, at)?.firstElementChild;
  stopAt(link);
  link?.focus({preventScroll: true});
}

const beside = {
  ArrowLeft: ({block, index}) => index > 0 ? [block, index - 1] : [blocks[block.number - 1], -1],
  ArrowRight: ({block, index}) => index < block.n - 1 ? [block, index + 1] : [blocks[block.number + 1], 0],
};

function middle(block, index) {
  const k = rowOf(block, index), {first} = block.packed;
  const [x, wide] = cells(block.ratios, first[k], first[k + 1], block.shape, space)[index - first[k]];
  return x + wide / 2;
}

/** Give the focus to what lies above or below. */
async function climb(place, by) {
  let {block} = place, k = rowOf(block, place.index) + by;
  if (k < 0 || k >= rowsOf(block)) {
    block = blocks[block.number + by];
    if (!block) return;
    if (!block.packed) await load(block, by < 0 ? 1 : 0);
    if (!block.packed) return;
    k = by < 0 ? rowsOf(block) - 1 : 0;
  }
  const {first} = block.packed, row = cells(block.ratios, first[k], first[k + 1], block.shape, space), x = aim;
  const at = row.findIndex(([left, wide]) => left + wide + space.gap > x);
  await focus(block, first[k] + (at < 0 ? row.length - 1 : at));
  aim = x;
}

function leap(block, index, isFocused) {
  go(index ? space.total : block.y);
  if (isFocused) focus(block, index);
}

function act(key, place, isFocused, isShifted) {
  if (key === "Home" || key === "[" || key === "]" || key === "End") {
    const number = {"Home": 0, "End": blocks.length - 1}[key] ?? blockAt(eye() + space.row / 4).number + (key === "]" ? 1 : -1);
    const block = blocks[Math.max(0, Math.min(blocks.length - 1, number))];
    leap(block, key === "End" ? -1 : 0, isFocused);
  } else if (key === "x" && isFocused) {
    choose(place, isShifted);
  } else if (beside[key] || key === "ArrowUp" || key === "ArrowDown") {
    if (!place) return false;
    const [block, index] = isFocused && beside[key] ? beside[key](place) : [place.block, place.index];
    if (isFocused && !beside[key]) climb(place, key === "ArrowUp" ? -1 : 1);
    else if (block) focus(block, index);
  } else {
    return false;
  }
  return true;
}

document.addEventListener("keydown", event => {
  const place = placeOf(document.activeElement), key = NAMES[event.key] ?? event.key, isAlone = !event.ctrlKey && !event.metaKey && !event.altKey;
  const isNowhere = [document.body, document.querySelector("#main")].includes(document.activeElement);
  // Arrows that no letter stands for work within the grid at all times; elsewhere up and down scroll.
  const isMine = place && event.key.length > 1 ? isAlone && !event.defaultPrevented : isOurs(event);
  if (!isMine || (!place && event.key.startsWith("Arrow") && (!isNowhere || /Up|Down/.test(event.key)))) return;
  if (act(key, place ?? firstSeen(), Boolean(place), event.shiftKey)) event.preventDefault();
});
grid.addEventListener("focusin", event => {
  const place = placeOf(event.target);
  if (place?.block.packed) aim = middle(place.block, place.index);
});
hear("rest", () => {
  const place = !placeOf(document.activeElement) && firstSeen();
  if (place) stopAt(tileAt(place.block, place.index)?.firstElementChild);
});
