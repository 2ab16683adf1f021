// Works that are selected: their keys, for their tiles come and go. The bar at the bottom is a form that sends them.
import {$, num} from "./lib.js";
import {toast} from "./toast.js";
import {blocks, grid, hear, learn} from "./blocks.js";
import {placeOf, tileAt} from "./rows.js";
import {named} from "./tiles.js";

const MOST = 1000, HOLD_MS = 450, NEAR_PX = 10;  // works that the gallery takes at once; how long and still a finger rests
const chosen = new Set(), bar = $("#chosen"), count = $("#chosen-n"), button = $("#choose");
let isOn = false, last = null, holding = 0, finger = null, isHeld = false;

const keyAt = ({block, index}) => block.works[index]?.[0];

function show(tile) {
  const key = Number(tile.dataset.key), is = chosen.has(key);
  tile.classList.toggle("picked", is);
  tile.children[1].checked = is;
}

function change(on) {
  isOn = on;
  grid.classList.toggle("picking", on);
  button.setAttribute("aria-pressed", on);
  bar.classList.toggle("on", chosen.size > 0);
  count.textContent = num(chosen.size);
}

function set(place, is) {
  const key = keyAt(place), tile = tileAt(place.block, place.index);
  if (!key) return;
  if (is) chosen.add(key);
  else chosen.delete(key);
  if (tile) show(tile);
}

/** Select a work, or take that back; with `isRange` all from the last one on that this was done to. */
export async function choose(place, isRange = false, is = !chosen.has(keyAt(place))) {
  const from = isRange && last ? last : place;
  last = place;
  for (const one of between(from, place)) {
    if (is && chosen.size >= MOST && !chosen.has(keyAt(one))) {
      toast(`At most ${num(MOST)} works can be selected at once.`);
      break;
    }
    if (one.block.works[one.index] === undefined) await learn(one.block, one.index);
    set(one, is);
  }
  const tile = tileAt(place.block, place.index);
  if (tile) show(tile);
  change(chosen.size > 0);
}

function* between(one, other) {
  const isAfter = (one.block.number - other.block.number || one.index - other.index) > 0;
  const [from, to] = isAfter ? [other, one] : [one, other];
  for (const block of blocks.slice(from.block.number, to.block.number + 1)) {
    const end = block === to.block ? to.index + 1 : block.n;
    for (let index = block === from.block ? from.index : 0; index < end; index++) yield {block, index};
  }
}

function none() {
  chosen.clear();
  for (const tile of grid.querySelectorAll(".picked")) show(tile);
  last = null;
  change(false);
}

grid.addEventListener("click", event => {
  const place = placeOf(event.target), isPick = event.target.matches(".pick");
  if (isHeld || (place && !isPick && isOn && !event.ctrlKey && !event.metaKey)) event.preventDefault();
  else if (!isPick) return;
  if (place && !isHeld) choose(place, event.shiftKey, isPick ? event.target.checked : undefined);
});

// A finger that rests on a picture selects it; what follows is no click.
function lift() {
  clearTimeout(holding);
}
grid.addEventListener("pointerdown", event => {
  isHeld = false;
  finger = event;
  const place = event.pointerType === "touch" && placeOf(event.target);
  if (place) holding = setTimeout(() => { isHeld = true; choose(place); }, HOLD_MS);
});
grid.addEventListener("pointermove", event => {
  if (Math.hypot(event.clientX - finger?.clientX, event.clientY - finger?.clientY) > NEAR_PX) lift();
});
grid.addEventListener("pointerup", lift);
grid.addEventListener("pointercancel", lift);
grid.addEventListener("contextmenu", event => { if (finger?.pointerType === "touch") event.preventDefault(); });

button.addEventListener("click", () => isOn ? none() : change(true));
$("#chosen-none").addEventListener("click", none);
bar.addEventListener("formdata", event => { for (const key of chosen) event.formData.append("id", named(key)); });
addEventListener("keydown", event => {
  if (event.key === "Escape" && isOn && !document.querySelector("dialog[open], :popover-open")) none();
});
hear("drawn", show);
