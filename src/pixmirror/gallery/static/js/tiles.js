// A tile of the grid, made of <template id="tile">, which the macro of the server's own tiles fills: see parts.html.
import {$, $$} from "./lib.js";
import {want} from "./pictures.js";

const KINDS = ["picture", "manga", "ugoira", "novel"];  // as listing.py counts them
const blank = $("#tile").content.firstElementChild, parts = new Map();
for (const part of $$("[data-part]", blank)) {
  parts.set(part.dataset.part, part);
  part.remove();
}
blank.children[1].tabIndex = -1;  // the check box: Tab leads to one picture, `x` selects it

export const isNovel = key => key % 2 === 1;
/** Return what a place in an address calls a work: 123, or n123 of a novel. */
export const placed = key => `${isNovel(key) ? "n" : ""}${Math.floor(key / 2)}`;
/** Return what a form calls it: w123, n123. */
export const named = key => isNovel(key) ? placed(key) : `w${placed(key)}`;
export const addressOf = key => `/${isNovel(key) ? "n" : "w"}/${Math.floor(key / 2)}`;

/** Return a tile that shows a colour, and nothing yet. */
export const make = () => blank.cloneNode(true);

function part(name, text) {
  const made = parts.get(name).cloneNode(true);
  if (text) made.append(text);
  return made;
}

/** Show in a tile what is known of its work; its picture is wanted at `y`. */
export function fill(tile, work, y) {
  const [key, sha, said, title, artist, language, , pages, kind, mark, isVeiled, colour] = work;
  const [link, pick] = tile.children, isPaper = KINDS[kind] === "novel" && !sha;
  tile.dataset.key = key;
  tile.classList.toggle("gone", mark === "kept");
  tile.classList.toggle("veil", Boolean(isVeiled));
  if (colour) tile.style.backgroundColor = `#${colour}`;
  link.href = addressOf(key);
  pick.setAttribute("aria-label", `Select ${title}`);
  pick.value = named(key);
  if (isPaper) {
    const paper = part("paper");
    paper.lang = language;
    paper.children[0].textContent = title;
    paper.children[1].textContent = artist;
    const rest = part("rest");
    rest.textContent = said;
    link.append(paper, rest);
  } else {
    link.setAttribute("aria-label", said);
    if (sha) {
      const img = part("picture");
      link.append(img);
      want(img, `/thumb/${key}-${sha}.webp`, y);
    }
  }
  if (mark) tile.append(part(mark));
  if (pages > 1 && KINDS[kind] !== "novel") tile.append(part("pages", pages));
  else if (KINDS[kind] === "ugoira") tile.append(part("play"));
}
