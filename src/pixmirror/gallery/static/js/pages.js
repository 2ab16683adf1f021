// The pages of a work of more than one: each in the place of the one before, by strip, arrow, key or finger.
import {$, isOurs} from "./lib.js";

const film = $("#film");
const linkTo = number => $(`[data-page="${number}"]`, film);
const shown = () => +($("[aria-current]", film)?.dataset.page ?? 1);

/** Show another page in the place of this one; where its file is not here, or not in the strip, go to its own page. */
async function turn(number) {
  const link = linkTo(number), picture = $(".big img");
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
  original.download = original.download.replace(/_\w+\.\w+$/, `_${number - 1}.${link.dataset.file.split(".").pop()}`);
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
swipes($("#pic"));

function picked(before, picture, number) {
  picture.width = picture.naturalWidth;
  picture.height = picture.naturalHeight;
  picture.alt = before.alt.replace(/page \d+ of/, `page ${number} of`);
  return picture;
}

document.addEventListener("click", event => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const page = event.target.closest("a[data-page]"), by = event.target.closest(".turn");
  const to = page?.dataset.file ? +page.dataset.page : by ? shown() + (by.id === "turn-on" ? 1 : -1) : 0;
  if (!linkTo(to)) return;
  event.preventDefault();
  turn(to);
});

document.addEventListener("keydown", event => {
  const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!by || !isOurs(event) || event.target.closest("input[type=range]")) return;
  event.preventDefault();
  turn(shown() + by);
});
