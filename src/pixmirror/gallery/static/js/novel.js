// The reader of novels: type, direction, and the place, which is kept to the paragraph whatever else changes.
import {device} from "./device.js";
import {$, $$} from "./lib.js";
import {keeping, keys, leave, tell} from "./reading.js";

const told = JSON.parse($("#reading").textContent);
const main = $(".novel"), text = $("#txt"), bar = $("#read"), said = $("#pos"), way = $("#dir");
const marks = $$("p[id], h2[id], hr[id]", text);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const isVertical = () => main.classList.contains("v");
const SMALLEST = 13, LARGEST = 32;

// --- where one is

// Where reading begins on the screen: below the bar, or at the right of the box.
function edge() {
  if (!isVertical()) return $(".tools").getBoundingClientRect().bottom;
  return text.getBoundingClientRect().right - parseFloat(getComputedStyle(text).paddingRight);
}

// The first mark that is not read to its end, and how much of it is.
function here() {
  if (!marks.length) return null;
  const line = edge(), vertical = isVertical();
  const isPast = box => (vertical ? box.left >= line - 1 : box.bottom <= line + 1);
  let low = 0, high = marks.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(marks[middle].getBoundingClientRect())) low = middle + 1; else high = middle;
  }
  const box = marks[low].getBoundingClientRect();
  const share = vertical ? (box.right - line) / box.width : (line - box.top) / box.height;
  return {mark: marks[low], share: Math.max(0, Math.min(1, share || 0))};
}

function back(place) {
  if (!place) return;
  const box = place.mark.getBoundingClientRect(), line = edge();
  if (isVertical()) text.scrollLeft += box.right - place.share * box.width - line;
  else scrollBy({top: box.top + place.share * box.height - line, behavior: "instant"});
}

// Change how the text looks, and stay where one is.
function staying(change) {
  const place = here();
  change();
  back(place);
  moved();
}

let kept = null, page = 0;
const place = keeping(told.post, () => {
  kept = here();
  if (kept) history.replaceState({...history.state, share: kept.share}, "", `#${kept.mark.id}`);
});

function moved() {
  const most = isVertical() ? text.scrollWidth - text.clientWidth : document.documentElement.scrollHeight - innerHeight;
  const share = most > 0 ? Math.min(1, Math.abs(isVertical() ? text.scrollLeft : scrollY) / most) : 1;
  bar.value = Math.round(share * 100);
  said.textContent = `${Math.round(share * 100)} %`;
  const now = here();
  if (!now) return;
  page = marks.slice(0, marks.indexOf(now.mark) + 1).filter(mark => mark.tagName === "HR").length;
  place.at(page, now.mark.id);
}

text.addEventListener("scroll", moved, {passive: true});
addEventListener("scroll", moved, {passive: true});
addEventListener("resize", () => { back(kept); moved(); });

// --- how it looks

function dress() {
  const size = Number(device.get("novel-size")), width = device.get("novel-width") ?? "36";
  if (size) text.style.setProperty("--size", `${size / 16}rem`);
  text.style.setProperty("--wide", `${width}em`);
  text.style.setProperty("--tall", `${Number(width) + 4}em`);
  const gothic = device.get("novel-font") === "gothic", ruby = device.get("novel-ruby") !== "off";
  main.classList.toggle("gothic", gothic);
  main.classList.toggle("noruby", !ruby);
  for (const button of $$("[data-ruby]")) button.ariaPressed = ruby;
  for (const button of $$("[data-font]")) button.ariaPressed = (button.dataset.font === "gothic") === gothic;
  for (const button of $$("[data-width]")) button.ariaPressed = button.dataset.width === width;
}

const keep = (name, value) => staying(() => { device.set(name, value); dress(); });
const toggleRuby = () => keep("novel-ruby", device.get("novel-ruby") === "off" ? "on" : "off");
function resize(step) {
  const size = Number(device.get("novel-size")) || Math.round(parseFloat(getComputedStyle(text).fontSize));
  keep("novel-size", Math.max(SMALLEST, Math.min(LARGEST, size + step)));
}
for (const button of $$("[data-size]")) button.onclick = () => resize(Number(button.dataset.size));
for (const button of $$("[data-ruby]")) button.onclick = toggleRuby;
for (const button of $$("[data-font]")) button.onclick = () => keep("novel-font", button.dataset.font);
for (const button of $$("[data-width]")) button.onclick = () => keep("novel-width", button.dataset.width);

way.onclick = event => {
  event.preventDefault();
  const direction = way.value;
  staying(() => {
    main.classList.toggle("v", direction === "v");
    main.classList.toggle("h", direction === "h");
    scrollTo(0, 0);
  });
  way.value = direction === "v" ? "h" : "v";
  way.textContent = direction === "v" ? "Horizontal" : "Vertical";
  const address = new URL(location);
  address.searchParams.set("dir", direction);
  history.replaceState(history.state, "", address);
  tell(told.post, {direction});
};

// --- menus, wheel, keys

for (const menu of $$(".tmenu")) {
  menu.addEventListener("toggle", () => { if (menu.open) for (const other of $$(".tmenu")) if (other !== menu) other.open = false; });
  menu.addEventListener("click", event => { if (event.target.closest("nav a")) menu.open = false; });
}
document.addEventListener("click", event => { for (const menu of $$(".tmenu[open]")) if (!menu.contains(event.target)) menu.open = false; });

text.addEventListener("wheel", event => {
  if (!isVertical() || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
  event.preventDefault();
  text.scrollLeft -= event.deltaY * (event.deltaMode ? 32 : 1);
}, {passive: false});

const go = left => text.scrollBy({left, behavior: calm.matches || Math.abs(left) < 100 ? "instant" : "smooth"});
const screen = () => text.clientWidth * 0.85;
const sideways = {
  ArrowLeft: () => go(-80),
  ArrowRight: () => go(80),
  PageDown: () => go(-screen()),
  PageUp: () => go(screen()),
  " ": event => go(event.shiftKey ? screen() : -screen()),
  Home: () => text.scrollTo({left: 0}),
  End: () => text.scrollTo({left: -text.scrollWidth}),
};
keys({
  "+": () => resize(1),
  "=": () => resize(1),
  "-": () => resize(-1),
  y: toggleRuby,
  t: () => { const menu = $("#contents"); if (menu) { menu.open = !menu.open; $(menu.open ? "a" : "summary", menu).focus(); } },
  Escape: () => { const menu = $(".tmenu[open]"); if (menu) { menu.open = false; $("summary", menu).focus(); } else leave($("#back")); },
});
keys(sideways, isVertical);

// --- begin

dress();
const wanted = location.hash ? decodeURIComponent(location.hash.slice(1)) : told.anchor;
const found = wanted && (document.getElementById(wanted) ?? document.getElementById(`page-${told.page + 1}`));
if (found && marks.includes(found)) back({mark: found, share: location.hash ? history.state?.share ?? 0 : 0});
moved();
