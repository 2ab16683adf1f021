// The pictures of a grid one after another, from the place that it is called at; fetched when it is first wanted.
import {$, $$} from "./lib.js";
import {focus} from "./arrows.js";
import {blocks, learn} from "./blocks.js";
import {addressOf} from "./tiles.js";

const EACH_MS = 5000, UGOIRA = 2;
const dialog = $("#slides"), img = $("img", dialog), link = $("a", dialog), [back, pause, on] = $$("[data-by]", dialog);
let at = null, isPlaying = true, waiting = 0, steps = 0;

const workAt = ({block, index}) => block.works[index];
// A veiled work shows only when asked to; one without a picture has nothing to show.
const isShown = work => work && work[1] && !work[10];

function source([key, sha, , , , , , , kind]) {
  return kind === UGOIRA ? `/thumb/${key}-${sha}.webp` : `/file/${key}-${sha}.jpg`;  // of any type: the name counts
}

/** Return the next place with a picture in a direction, null at the end. */
async function beside({block, index}, by) {
  for (;;) {
    index += by;
    if (index < 0 || index >= block.n) {
      block = blocks[block.number + by];
      if (!block) return null;
      index = by > 0 ? 0 : block.n - 1;
    }
    if (workAt({block, index}) === undefined) await learn(block, index);
    if (workAt({block, index}) === undefined) return null;  // the gallery does not answer
    if (isShown(workAt({block, index}))) return {block, index};
  }
}

/** Show a picture once it is decoded, and fetch the one after it. */
async function show(place) {
  const step = ++steps, work = workAt(place), next = new Image();
  next.src = source(work);
  await next.decode().catch(() => null);
  if (step !== steps || !dialog.open) return;
  at = place;
  img.src = next.src;
  img.alt = work[2];
  link.href = addressOf(work[0]);
  link.textContent = `${work[3]} · ${work[4]}`;
  link.lang = work[5];
  schedule();
  const ahead = await beside(place, 1);
  if (ahead && step === steps) new Image().src = source(workAt(ahead));
}

async function go(by) {
  const place = at && await beside(at, by);
  if (place) show(place);
  else if (by > 0) play(false);
}

function schedule() {
  clearTimeout(waiting);
  if (isPlaying) waiting = setTimeout(() => document.hidden ? schedule() : go(1), EACH_MS);
}

function play(is) {
  isPlaying = is;
  pause.setAttribute("aria-label", is ? "Pause" : "Play");
  $("use", pause).setAttribute("href", `/static/icons.svg#${is ? "pause" : "play"}`);
  schedule();
}

/** Open at a place, or at the next one that has a picture. */
export async function start(place) {
  const first = place && (isShown(workAt(place)) ? place : await beside(place, 1));
  if (!first || dialog.open) return;
  img.removeAttribute("src");
  dialog.showModal();
  play(true);
  show(first);
}

pause.addEventListener("click", () => play(!isPlaying));
back.addEventListener("click", () => go(-1));
on.addEventListener("click", () => go(1));
dialog.addEventListener("keydown", event => {
  const isSpace = event.key === " " && !event.target.closest("button, a");
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") go(event.key === "ArrowRight" ? 1 : -1);
  else if (isSpace) play(!isPlaying);
  else return;
  event.preventDefault();
});
dialog.addEventListener("close", () => {
  clearTimeout(waiting);
  steps++;
  if (at) focus(at.block, at.index);  // the last one that was seen
});
