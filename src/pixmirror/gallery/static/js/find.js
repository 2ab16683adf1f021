// The search box: one for words, tags, artists, pages and actions. It comes when it is opened first.
import {$, $$} from "./lib.js";
import {Refused, fragment, put} from "./fetched.js";

const PAUSE_MS = 60;  // of who types, before it is asked
const dialog = $("#find"), field = $("input", dialog), list = $("#findres");
let asking, waiting, chosen = -1;

const options = () => $$("[role=option]", list);

/** Choose a row, which is marked, and which Enter opens; null: none, then Enter searches. */
function choose(index) {
  const all = options();
  chosen = all.length && index !== null ? (index + all.length) % all.length : -1;
  all.forEach((option, at) => option.setAttribute("aria-selected", at === chosen));
  field.setAttribute("aria-expanded", all.length > 0);
  if (chosen < 0) {
    field.removeAttribute("aria-activedescendant");
    return;
  }
  field.setAttribute("aria-activedescendant", all[chosen].id);
  all[chosen].scrollIntoView({block: "nearest"});
}

/** Fetch what may be meant by what is typed. */
export async function suggest() {
  const words = field.value;
  asking?.abort();
  asking = new AbortController();
  try {
    put(list, await fragment(`/search/suggest?q=${encodeURIComponent(words)}`, {signal: asking.signal}));
  } catch (error) {
    if (error.name === "AbortError") return;  // more was typed meanwhile
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    list.replaceChildren();  // Enter still searches, on a page that says what is wrong
  }
  choose(0);
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  asking?.abort();
  choose(null);  // what is listed was suggested for other words
  waiting = setTimeout(suggest, PAUSE_MS);
});
field.addEventListener("keydown", event => {
  if (event.isComposing) return;  // an IME's Enter and arrows are its own
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
  else if (event.key === "Enter" && chosen >= 0) options()[chosen].click();
  else return;
  event.preventDefault();
});
