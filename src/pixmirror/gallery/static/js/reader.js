// The reader of pages: spreads, directions, keys, touch, and where one is.
import {$, $$} from "./lib.js";
import {toast} from "./toast.js";
import {device} from "./device.js";
import {Leaves} from "./leaves.js";
import {spreads, start} from "./pairs.js";
import {hiding, keeping, keys, leave, pictured, tell} from "./reading.js";

const told = JSON.parse($("#reading").textContent);
const pages = told.pages.map(([source, width, height, lack]) => ({source, width, height, lack}));
const reader = $(".reader"), box = $("#spread"), leaves = $("#leaves"), seek = $("#seek"), said = $("#said");
const sheet = $("#pages");
const button = {two: $("#two"), shift: $("#shift"), fit: $("#fit"), direction: $("[name=direction]")};
const zones = {left: $(".zone.l"), right: $(".zone.r")};
const upright = matchMedia("(max-width: 700px), (orientation: portrait)");

// `at` is the first page that is shown; `wanted` the one asked for, which stays when pairs change around it.
let wanted = told.at, at = wanted, forward = told.rtl ? "left" : "right", ended = false;
const shifted = new Set(history.state?.shifted ?? told.shifted);
let list = [], here = 0;
const held = new Leaves(pages, () => replan());

const isTwo = () => !upright.matches && (device.get("reader-pages") ?? "2") === "2";
const isFit = () => device.get("reader-fit") === "width";
const rtl = () => forward === "left";
const linked = page => $(`li:nth-child(${page + 1}) a`, sheet);

function plan() {
  list = spreads(pages, isTwo(), shifted);
  here = list.findIndex(spread => spread.includes(wanted));
}

// Show the spread that one is at. What is asked for meanwhile wins.
async function show() {
  const spread = list[here];
  at = spread[0];
  held.keep([here, here + 1, here + 2, here - 1].flatMap(near => list[near] ?? []));
  mark();
  const elements = await Promise.all(spread.map(page => held.ready(page)));
  if (list[here]?.join() !== spread.join()) return;
  leaves.replaceChildren(...elements);
  leaves.classList.toggle("two", spread.length > 1);
  box.scrollTop = 0;
  box.dataset.shown = spread.map(page => page + 1).join(" ");
  said.textContent = `${spread.map(page => page + 1).join("–")} of ${pages.length}`;
}

// Say everywhere where one is and how pages lie.
function mark() {
  const spread = list[here];
  box.dataset.dir = rtl() ? "rtl" : "ltr";
  box.classList.toggle("fit", isFit());
  seek.dir = rtl() ? "rtl" : "ltr";
  seek.value = at + 1;
  seek.ariaValueText = `Page ${at + 1} of ${pages.length}`;
  button.two.ariaPressed = isTwo();
  button.two.disabled = upright.matches;
  button.shift.ariaPressed = shifted.has(start(pages, at));
  button.fit.ariaPressed = isFit();
  button.direction.ariaPressed = rtl();
  button.direction.value = rtl() ? "ltr" : "rtl";
  for (const field of $$("input[name=page]")) field.value = at;
  const to = {[forward]: spread.at(-1) + 1, [rtl() ? "right" : "left"]: at - 1};
  for (const [side, zone] of Object.entries(zones)) {
    zone.ariaLabel = side === forward ? "Next page" : "Page before";
    zone.href = linked(to[side])?.href ?? (side === forward ? "#end" : "#main");
  }
  for (const link of $$("a[aria-current]", sheet)) link.removeAttribute("aria-current");
  for (const page of spread) linked(page).ariaCurrent = "page";
  place.at(at, shifted.size ? `shifted:${[...shifted].sort((a, b) => a - b)}` : "");
}

const place = keeping(told.post, () => {
  const address = new URL(location);
  address.searchParams.set("p", at + 1);
  if (address.hash) address.hash = "";
  history.replaceState({...history.state, shifted: [...shifted]}, "", address.href.replace(/#$/, ""));
});

function end(on) {
  ended = on;
  reader.classList.toggle("ended", on);
  if (on) $("#end").focus();
}

function turn(step) {
  if (ended) {
    if (step < 0) end(false);
    else $("#next")?.click();
  } else if (here + step < 0) toast("This is the first page");
  else if (here + step >= list.length) end(true);
  else go(list[here + step][0]);
}

function go(page) {
  end(false);
  wanted = Math.max(0, Math.min(pages.length - 1, page));
  plan();
  show();
}

function replan(words) {
  plan();
  show();
  if (words) toast(words);
}

function shift() {
  if (!isTwo()) return;
  const from = start(pages, at), back = shifted.delete(from);
  if (!back) shifted.add(from);
  replan(back ? "Pairs as before" : "Pairs shifted by one page");
}

function direct(way) {
  forward = way === "rtl" ? "left" : "right";
  replan(rtl() ? "Right to left: the left arrow goes on" : "Left to right: the right arrow goes on");
  tell(told.post, {direction: way, page: at});
}

const flip = (name, one, other) => { device.set(name, device.get(name) === one ? other : one); replan(); };
button.two.onclick = () => flip("reader-pages", "1", "2");
button.fit.onclick = () => flip("reader-fit", "width", "page");
button.shift.onclick = shift;
button.direction.onclick = event => { event.preventDefault(); direct(button.direction.value); };
$("#again")?.addEventListener("click", event => { event.preventDefault(); go(0); });
upright.addEventListener("change", () => replan());

// The slider says where it would go while it is dragged, and goes there at rest.
let rest;
seek.addEventListener("input", () => {
  said.textContent = `${seek.value} of ${pages.length}`;
  seek.ariaValueText = `Page ${seek.value} of ${pages.length}`;
  clearTimeout(rest);
  rest = setTimeout(() => go(seek.value - 1), 180);
});

// A third of the screen on each side turns; the middle shows the bars, or hides them. A swipe turns, too.
const bars = hiding(reader);
let down = null, swiped = false;
box.addEventListener("pointerdown", event => { down = event.isPrimary ? event : null; swiped = false; });
box.addEventListener("pointerup", event => {
  const x = down ? event.clientX - down.clientX : 0, y = down ? event.clientY - down.clientY : 0;
  down = null;
  if (Math.abs(x) < 60 || Math.abs(x) < 2 * Math.abs(y) || (visualViewport?.scale ?? 1) > 1.05) return;
  swiped = true;
  turn((x > 0) === rtl() ? 1 : -1);
});
box.addEventListener("pointercancel", () => { down = null; });
box.addEventListener("click", event => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (swiped) return;
  const {left, width} = box.getBoundingClientRect(), x = (event.clientX - left) / width;
  const side = event.detail ? (x < 1 / 3 ? "left" : x > 2 / 3 ? "right" : "") : event.target === zones.left ? "left" : "right";
  if (side) turn(side === forward ? 1 : -1);
  else bars.toggle();
});

function opened(on) {
  if (on) pictured(sheet, told.pages);
  reader.classList.toggle("listed", on);
  (on ? $("[aria-current]", sheet) ?? sheet : $("#list")).focus();
}
$("#list").onclick = event => { event.preventDefault(); opened(!reader.classList.contains("listed")); };
$("#unlist").onclick = event => { event.preventDefault(); opened(false); };
sheet.addEventListener("click", event => {
  const link = event.target.closest("li a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  reader.classList.remove("listed");
  go([...link.closest("ol").children].indexOf(link.parentElement));
});

keys({
  ArrowLeft: () => turn(rtl() ? 1 : -1),
  ArrowRight: () => turn(rtl() ? -1 : 1),
  " ": event => turn(event.shiftKey ? -1 : 1),
  PageDown: () => turn(1),
  PageUp: () => turn(-1),
  Home: () => go(0),
  End: () => go(pages.length - 1),
  o: shift,
  d: () => button.two.click(),
  f: () => button.fit.click(),
  r: () => direct(rtl() ? "ltr" : "rtl"),
  t: () => opened(!reader.classList.contains("listed")),
  Escape: () => {
    if (reader.classList.contains("listed")) opened(false);
    else if (ended) end(false);
    else leave($("#back"));
  },
});

plan();
show();
