// The rows of a block that exist: each a list of tiles, in the order of the works.
import {$, num} from "./lib.js";
import {grid, learn, rowOf, space, tell} from "./blocks.js";
import {cells} from "./layout.js";
import {drop} from "./pictures.js";
import {fill, make} from "./tiles.js";

const places = new WeakMap();

/** Return the block and the number of the work whose tile this is, or lies around this. */
export const placeOf = element => places.get(element?.closest?.(".vgrid .tile"));

/** Return the tile of a work, undefined where it does not exist now. */
export function tileAt(block, index) {
  const k = block.packed && rowOf(block, index);
  return block.rows.get(k)?.[index - block.packed.first[k]];
}

/** Make the element of a block: its heading, and a list without rows. */
export function makeBlock(block) {
  const element = document.createElement("section"), list = document.createElement("ol");
  element.className = `blk wait${block.head ? "" : " bare"}`;
  element.style.height = `${block.shape.height}px`;
  if (block.head) {
    const head = document.createElement("h2"), count = document.createElement("small");
    head.id = `unit-${block.name}`;
    count.textContent = num(block.head[1]);
    head.append(`${block.head[0]} `, count);
    element.append(head);
    element.setAttribute("aria-labelledby", head.id);
  } else {
    element.setAttribute("aria-label", block.label);
  }
  element.append(list);
  Object.assign(block, {element, list});
}

export function makeRow(block, k) {
  const {first, top} = block.packed, y = Math.round(top[k]), high = Math.round(top[k + 1] - space.gap) - y;
  const row = cells(block.ratios, first[k], first[k + 1], block.shape, space).map(([x, wide], i) => {
    const tile = make(), index = first[k] + i;
    Object.assign(tile.style, {left: `${x}px`, top: `${y}px`, width: `${wide}px`, height: `${high}px`});
    tile.ariaPosInSet = index + 1;
    tile.ariaSetSize = block.n;
    places.set(tile, {block, index});
    return tile;
  });
  const below = [...block.rows.keys()].filter(other => other > k);
  const next = below.length ? block.rows.get(Math.min(...below))[0] : null;
  for (const tile of row) block.list.insertBefore(tile, next);
  block.rows.set(k, row);
  draw(block, row);
}

export function dropRow(block, k) {
  for (const tile of block.rows.get(k)) {
    const img = $("img", tile);
    if (img) drop(img);
    tile.remove();
  }
  block.rows.delete(k);
}

/** Fill those tiles of which something is known, and ask for the others. */
export function draw(block, tiles = [...block.rows.values()].flat()) {
  for (const tile of tiles) {
    const {index} = places.get(tile), work = block.works[index];
    if (work === undefined) {
      learn(block, index);
    } else if (work && !tile.dataset.key) {
      fill(tile, work, block.y + parseFloat(tile.style.top));
      tell("drawn", tile);
    }
  }
}

// One caption for all pictures, where the pointer or the focus is: one in every tile took a third of the time.
const caption = document.createElement("span"), title = document.createElement("b"), artist = document.createElement("span");
caption.className = "cap";
caption.setAttribute("aria-hidden", "true");
caption.append(title, artist);

function captioned({target}) {
  const place = placeOf(target), work = place?.block.works[place.index], tile = target.closest(".tile");
  if (!work || caption.parentElement === tile || $(".paper", tile)) return;
  [, , , title.textContent, artist.textContent, title.lang, artist.lang] = work;
  tile.append(caption);
}
grid.addEventListener("pointerover", captioned);
grid.addEventListener("focusin", captioned);
