// Plays the stored frames of a ugoira against one clock, so that errors of single frames never add up.
import {$, isOurs} from "./lib.js";
import {Unplayable, members} from "./frames.js";

const AHEAD = 3, KEPT = 7;  // frames decoded before they are due, and held at all

/** Return when each frame ends, in ms from the start. */
export const endsOf = delays => delays.reduce((ends, delay) => [...ends, (ends.at(-1) ?? 0) + Math.max(delay, 1)], []);

/** Return which frame is shown at a moment: the one whose end is after it, over and over. */
export function frameAt(ends, ms) {
  const within = ms % ends.at(-1);
  let low = 0, high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > within) high = middle; else low = middle + 1;
  }
  return low;
}

class Player {
  constructor(canvas, frames) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.blobs = frames.map(frame => frame.blob);
    this.ends = endsOf(frames.map(frame => frame.delay));
    this.bitmaps = new Map();
    this.shown = -1;
    this.rate = 1;
    this.began = 0;
    this.next = 0;
    this.isPlaying = false;
    this.onframe = () => {};
  }

  get count() { return this.blobs.length; }

  bitmap(index) {
    if (!this.bitmaps.has(index)) this.bitmaps.set(index, createImageBitmap(this.blobs[index]));
    return this.bitmaps.get(index);
  }

  async show(index) {
    if (index === this.shown) return;
    this.shown = index;
    const bitmap = await this.bitmap(index);
    if (index !== this.shown) return;  // another was due meanwhile
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
    }
    this.context.drawImage(bitmap, 0, 0);
    this.onframe(index);
    this.canvas.dispatchEvent(new CustomEvent("frame", {detail: {index, at: performance.now()}}));
    for (let n = 1; n <= Math.min(AHEAD, this.count - 1); n++) this.bitmap((index + n) % this.count).catch(() => {});
    this.letGo(index);
  }

  letGo(index) {
    if (this.count <= KEPT) return;
    for (const [n, made] of this.bitmaps) {
      const ahead = (n - index + this.count) % this.count;
      if (ahead > AHEAD && ahead < this.count - (KEPT - AHEAD - 1)) {
        this.bitmaps.delete(n);
        made.then(bitmap => bitmap.close(), () => {});
      }
    }
  }

  play(on) {
    this.isPlaying = on;
    cancelAnimationFrame(this.next);
    if (!on) return;
    this.restart();
    const tick = now => {
      this.show(frameAt(this.ends, Math.max(0, now - this.began) * this.rate));
      this.next = requestAnimationFrame(tick);
    };
    this.next = requestAnimationFrame(tick);
  }

  speed(rate) {
    this.rate = rate;
    if (this.isPlaying) this.restart();
  }

  /** Let the clock go on from the frame that is shown. */
  restart() {
    const from = this.shown > 0 ? this.ends[this.shown - 1] : 0;
    this.began = performance.now() - from / this.rate;
  }

  step(by) {
    this.play(false);
    return this.show((this.shown + by + this.count) % this.count);
  }
}

/** Return the frames in order, each with its delay; where nothing was told of them, by name. */
function inOrder(told, blobs) {
  const known = told.filter(([name]) => blobs.has(name)).map(([name, delay]) => ({blob: blobs.get(name), delay}));
  return known.length ? known : [...blobs.keys()].sort().map(name => ({blob: blobs.get(name), delay: 100}));
}

function connect(player) {
  const seek = $("#frame"), place = $("#place"), button = $("#play"), speed = $("#speed");
  const play = on => {
    player.play(on);
    button.ariaLabel = on ? "Pause" : "Play";
    $("use", button).setAttribute("href", `/static/icons.svg#${on ? "pause" : "play"}`);
  };
  seek.max = player.count - 1;
  player.onframe = index => {
    seek.value = index;
    place.textContent = `${index + 1} / ${player.count}`;
  };
  button.addEventListener("click", () => play(!player.isPlaying));
  seek.addEventListener("input", () => { play(false); player.show(+seek.value); });
  speed.addEventListener("change", () => player.speed(+speed.value));
  let was = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) was = player.isPlaying;
    if (document.hidden || was) play(!document.hidden);
  });
  document.addEventListener("keydown", event => {
    if (!isOurs(event)) return;
    if (event.key === "," || event.key === ".") { play(false); player.step(event.key === "," ? -1 : 1); }
    if (event.key === " " && !event.target.closest("button, a, summary, input")) { event.preventDefault(); play(!player.isPlaying); }
  });
  return play;
}

async function start(canvas) {
  const answer = await fetch(canvas.dataset.src);
  if (!answer.ok) throw new Unplayable("The frames of this animation are not here any more.");
  const blobs = members(await answer.arrayBuffer());
  const player = new Player(canvas, inOrder(JSON.parse($("#frames").textContent), blobs));
  const play = connect(player);
  await player.show(0);
  $("#first-frame").hidden = true;
  canvas.hidden = $("#player").hidden = false;
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
}

const canvas = $("#ugoira");
if (canvas) {
  start(canvas).catch(error => {
    const trouble = $("#trouble");
    trouble.textContent = error instanceof Unplayable ? error.message : "This animation cannot be played: only its first frame is shown.";
    trouble.hidden = false;
  });
}
