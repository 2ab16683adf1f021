// What came in since the page was made: nothing moves by itself, so a button says how many, and shows them.
import {num} from "./lib.js";
import {data} from "./blocks.js";

const EVERY_MS = 60_000;
let link = null;

async function ask() {
  if (document.hidden) return;
  const answer = await fetch(`/works/new?${data.query}${data.query && "&"}since=${data.now}`).catch(() => null);
  const {new: count} = answer?.ok ? await answer.json() : {new: 0};
  if (!count) return;
  if (!link) {
    const address = new URL(location.href);
    address.searchParams.delete("at");
    link = Object.assign(document.createElement("a"), {className: "b main-b news", href: address});
    document.querySelector("#main").append(link);
  }
  link.textContent = `${num(count)} new`;
}

setInterval(ask, EVERY_MS);
addEventListener("visibilitychange", ask);
