// The runway: a place is a `y` in all blocks together; on the page they lie in a box of at most some million pixels,
// for browsers lay out no more. It is led back below the eye at rest, never while somebody scrolls.
import {$} from "./lib.js";
import {blocks, grid, space, tell} from "./blocks.js";

const RUNWAY = 4_000_000;
const filters = $(".filters");
let base = 0, top = 0, under = 0, over = 0;

/** Return how much of the grid is seen, and the place right below the row of filters. */
export const room = () => innerHeight - under - over;
export const eye = () => base + scrollY - top + under;
export const offset = block => `${block.y - base}px`;

/** Find out where the grid lies on the page. */
export function find() {
  top = grid.getBoundingClientRect().top + scrollY;
  under = filters.offsetHeight + (parseFloat(getComputedStyle(filters).top) || 0);
  over = parseFloat(getComputedStyle($("#main")).paddingBlockEnd) || 0;  // what lies there on a phone
}

/** Make the box as high as all blocks, or as it may be. */
export function fit() {
  grid.style.height = `${Math.min(space.total, RUNWAY)}px`;
  settle(Math.max(0, Math.min(base, space.total - RUNWAY)));
  find();
}

function settle(at) {
  base = Math.round(at);
  for (const block of blocks) if (block.element) block.element.style.top = offset(block);
}

/** Bring a place to the eye. Near ones keep the runway, and with it the focus. */
export function go(y) {
  const run = Math.min(space.total, RUNWAY), goal = Math.min(y, space.total - 1), at = goal - base;
  if (space.total > run && (at < run * 0.1 || at > run * 0.9)) {
    settle(Math.max(0, Math.min(space.total - run, goal - run / 2)));
  }
  scrollTo({top: goal - base + top - under, behavior: "instant"});
  tell("jumped");  // from one place of a runway to the same one of the next is no scrolling
}

/** Lead the runway back below the eye: the same pixels, more room to both sides. */
export function rebase() {
  const run = Math.min(space.total, RUNWAY), limit = space.total - run, at = scrollY - top, old = base;
  const isNearEnd = (at < run * 0.2 && base > 0) || (at > run * 0.8 && base < limit);
  if (!isNearEnd) return;
  settle(Math.max(0, Math.min(limit, base + at - run / 2)));
  scrollBy({top: old - base, behavior: "instant"});
}
