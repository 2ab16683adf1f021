// One work: its keys, and the parts that are fetched when they are asked for. What only some works have is in modules
// of its own: pages.js, ugoira.js, versions.js; zoom.js comes when it is asked for.
import {$, $$, isOurs} from "./lib.js";
import {fragment, html} from "./fetched.js";
import {neighbour} from "./list.js";

const work = $(".work");

/** Show a picture at full size. */
const openFull = async picture => (await import("./zoom.js")).openFull(picture);

document.addEventListener("click", event => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest("#reveal, .big, [data-more]");
  if (!link) return;
  event.preventDefault();
  if (link.matches("[data-more]")) more(link);
  else if (link.matches("#reveal, .work.veil .big")) reveal();
  else openFull($(".big img"));
});

/** Put the next comments below those that are here. */
async function more(link) {
  const template = document.createElement("template");
  template.innerHTML = html(await fragment(link.href));
  const list = link.closest(".some").querySelector("ol"), first = $("li", template.content);
  list.append(...$$("li", template.content));
  const next = $(".more", template.content);
  if (next) link.parentElement.replaceWith(next); else link.parentElement.remove();
  if (first) { first.tabIndex = -1; first.focus({preventScroll: true}); }
}

for (const details of $$("details[data-part]")) {
  details.addEventListener("toggle", async () => {
    const template = document.createElement("template");
    template.innerHTML = html(await fragment(details.dataset.part));
    $("summary", details).nextElementSibling.replaceWith(template.content);
  }, {once: true});
}

/** Lift the veil that the settings lay over works of this kind. */
function reveal() {
  for (const veiled of $$(".work.veil, #versions.veil")) veiled.classList.remove("veil");
  $("#reveal").remove();
}

function full() {
  const picture = $(".big img"), canvas = $("#ugoira");
  if ($("#reveal")) reveal();
  else if (picture) openFull(picture);
  else if (document.fullscreenElement) document.exitFullscreen();
  else if (canvas) $("#pic").requestFullscreen();
}

function why() {
  const details = $("#why");
  details.open = !details.open;
  if (details.open) details.scrollIntoView({block: "nearest"});
}

/** Open or close the box of collections; its field takes what is typed. */
function collect() {
  const box = $("#collect");
  if (!box) return;
  box.open = !box.open;
  $(box.open ? "#collection-name" : "summary", box).focus();
}

function go(address) { if (address) location.href = address; }

const KEYS = {
  f: full,
  w: why,
  o: () => go($("#original")?.href),
  c: collect,
  n: () => go(neighbour(1) ?? work.dataset.older),
  p: () => go(neighbour(-1) ?? work.dataset.newer),
};

document.addEventListener("keydown", event => {
  if (!isOurs(event) || event.target.closest("input[type=range]") || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});
if (location.hash === "#why") $("#why").open = true;
window.addEventListener("hashchange", () => { if (location.hash === "#why") $("#why").open = true; });
