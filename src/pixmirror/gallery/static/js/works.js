// The grid of works, wherever a page has one.
import {$, isOurs, remember} from "./lib.js";
import {current, focus} from "./arrows.js";
import {blocks, grid} from "./blocks.js";
import {rest} from "./grid.js";
import {placeOf} from "./rows.js";
import {addressOf} from "./tiles.js";
import "./place.js";
import "./news.js";

const NEAR = 200;  // works to both sides of the one that is opened, as far as they are known

grid.addEventListener("click", event => {
  const place = event.target.closest("a") && placeOf(event.target);
  if (!place) return;
  const near = blocks.slice(Math.max(0, place.block.number - 1), place.block.number + 2);
  const works = near.flatMap(block => Array.from({length: block.n}, (_, i) => block.works[i]));
  const at = works.indexOf(place.block.works[place.index]);
  let first = at, end = at + 1;
  while (works[first - 1] && at - first < NEAR) first--;
  while (works[end] && end - at < NEAR) end++;
  remember(works.slice(first, end).map(([key]) => addressOf(key)));
}, {capture: true});

async function show() {
  const {start} = await import("./slideshow.js");
  start(current());
}
$("#slideshow").addEventListener("click", show);
document.addEventListener("keydown", event => { if (event.key === "s" && isOurs(event)) show(); });

if ($("#scrub")) await import("./scrub.js");
rest();

// Who comes back is at the picture that was left.
addEventListener("pagehide", () => {
  const place = placeOf(document.activeElement);
  history.replaceState({...history.state, left: place && {unit: place.block.name, index: place.index}}, "");
});
const left = history.state?.left, leftBlock = left && blocks.find(block => block.name === left.unit);
if (leftBlock) focus(leftBlock, left.index);
