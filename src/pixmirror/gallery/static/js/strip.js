// The reader as a strip: one page below the other, and the place by the page at the eye.
import {$, $$} from "./lib.js";
import {keeping, keys, leave, pictured} from "./reading.js";

const told = JSON.parse($("#reading").textContent);
const pages = $$("#column > .p"), sheet = $("#pages");

// The page that the upper third of the screen shows.
function seen() {
  const eye = innerHeight / 3;
  let low = 0, high = pages.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pages[middle].getBoundingClientRect().bottom > eye) high = middle; else low = middle + 1;
  }
  return low;
}

let at = told.at;
const place = keeping(told.post, () => {
  const address = new URL(location);
  address.searchParams.set("p", at + 1);
  address.hash = "";
  history.replaceState(history.state, "", address.href.replace(/#$/, ""));
});

if (!location.hash && at > 0) pages[at].scrollIntoView();
addEventListener("scroll", () => {
  at = seen();
  for (const field of $$("input[name=page]")) field.value = at;
  place.at(at, "");
}, {passive: true});

const opened = on => {
  if (on) pictured(sheet, told.pages);
  $(".reader").classList.toggle("listed", on);
  (on ? sheet : $("#list")).focus();
};
const toggle = event => { event?.preventDefault(); opened(!$(".reader").classList.contains("listed")); };
$("#list").onclick = toggle;
$("#unlist").onclick = event => { event.preventDefault(); opened(false); };
sheet.addEventListener("click", event => { if (event.target.closest("li a")) opened(false); });

const by = share => scrollBy({top: share * innerHeight, behavior: "instant"});
keys({
  " ": event => by(event.shiftKey ? -0.85 : 0.85),
  t: toggle,
  r: () => $("[name=direction]").click(),
  Home: () => pages[0].scrollIntoView(),
  End: () => pages.at(-1).scrollIntoView(),
  Escape: () => ($(".reader").classList.contains("listed") ? opened(false) : leave($("#back"))),
});
