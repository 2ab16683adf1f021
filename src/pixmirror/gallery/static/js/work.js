// One work: its pages in their place, its keys, and the parts that are fetched when they are asked for.
import {$, $$, fragment, html, isOurs} from "./lib.js";
import {neighbour} from "./list.js";
import {openFull} from "./zoom.js";
import "./versions.js";

const work = $(".work"), film = $("#film");
const linkTo = number => $(`[data-page="${number}"]`, film);
const shown = () => +($("[aria-current]", film)?.dataset.page ?? 1);

/** Show another page in the place of this one; where its file is not here, or not in the strip, go to its own page. */
async function turn(number) {
  const link = film && linkTo(number), picture = $(".big img");
  if (!link) return;
  if (!link.dataset.file || !picture) { location.href = link.href; return; }
  const next = new Image();
  next.src = link.dataset.file;
  await next.decode().catch(() => {});
  $("[aria-current]", film)?.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  link.scrollIntoView({block: "nearest", inline: "nearest"});
  picture.replaceWith(picked(picture, next, number));
  $(".big").href = link.dataset.file;
  const original = $("#original");
  original.href = link.dataset.file;
  original.download = original.download.replace(/_\w+\./, `_${number - 1}.`);
  for (const [id, to] of [["#turn-back", number - 1], ["#turn-on", number + 1]]) {
    $(id).hidden = !linkTo(to);
    if (linkTo(to)) $(id).href = linkTo(to).href;
  }
  history.replaceState(history.state, "", link.href);
  const following = linkTo(number + 1)?.dataset.file;
  if (following) new Image().src = following;
}

/** Turn by a finger: to the left is on. */
function swipes(element) {
  let from = null;
  element.addEventListener("pointerdown", event => { from = event.pointerType === "touch" && event.isPrimary ? event : null; });
  element.addEventListener("pointerup", event => {
    if (!from || event.pointerId !== from.pointerId) return;
    const across = event.clientX - from.clientX, down = event.clientY - from.clientY;
    if (Math.abs(across) > 50 && Math.abs(across) > 2 * Math.abs(down)) turn(shown() + (across < 0 ? 1 : -1));
    from = null;
  });
}
if (film) swipes($("#pic"));

function picked(before, picture, number) {
  picture.width = picture.naturalWidth;
  picture.height = picture.naturalHeight;
  picture.alt = before.alt.replace(/page \d+ of/, `page ${number} of`);
  return picture;
}

document.addEventListener("click", event => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const page = event.target.closest("#film a[data-page]"), by = event.target.closest(".turn");
  if (page?.dataset.file) { event.preventDefault(); turn(+page.dataset.page); }
  else if (by && linkTo(shown() + (by.id === "turn-on" ? 1 : -1))) { event.preventDefault(); turn(shown() + (by.id === "turn-on" ? 1 : -1)); }
  else if (event.target.closest("#reveal, .work.veil .big")) { event.preventDefault(); reveal(); }
  else if (event.target.closest(".big")) { event.preventDefault(); openFull($(".big img")); }
  else if (event.target.closest("[data-more]")) { event.preventDefault(); more(event.target.closest("[data-more]")); }
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

function go(address) { if (address) location.href = address; }

const KEYS = {
  ArrowLeft: () => turn(shown() - 1),
  ArrowRight: () => turn(shown() + 1),
  f: full,
  w: why,
  o: () => go($("#original")?.href),
  c: () => $("#collect > summary")?.click(),
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
