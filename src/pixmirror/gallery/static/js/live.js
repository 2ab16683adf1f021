// Live counts: one stream while the page is in view, asking now and then where it fails. What is new waits to be asked for.
import {$, $$, num} from "./lib.js";

const mark = $("[data-live]"), pill = $("[data-news]"), EVERY = 15000;
let stream, timer;

function say(isLive) {
  const words = isLive ? "Live" : "Not live, trying again";
  mark.hidden = isLive && "stopped" in mark.dataset;  // where nothing runs, green would say that something does
  mark.classList.toggle("off", !isLive);
  if (mark.textContent !== words) mark.textContent = words;
}

function show(news) {
  const place = $('.rail a[href="/mirror"]'), count = $(".count", place);
  if (news.problems) {
    const badge = count ?? place.appendChild(Object.assign(document.createElement("span"), {className: "count"}));
    badge.textContent = news.problems;
    place.setAttribute("aria-label", `Mirror, ${news.problems} need${news.problems === 1 ? "s" : ""} you`);
  } else {
    count?.remove();
    place.removeAttribute("aria-label");
  }
  for (const figure of $$("[data-count]")) figure.textContent = num(news[figure.dataset.count]);
  const more = news.works - mark.dataset.works;
  pill.hidden = more <= 0 && String(news.mark) === mark.dataset.live;
  pill.textContent = more > 0 ? `${num(more)} new` : "Changed: show";
}

function close() {
  stream?.close();
  stream = undefined;
  clearTimeout(timer);
}

async function ask() {
  try {
    const answer = await fetch("/mirror/events?once");
    if (answer.ok) show(await answer.json());
  } catch { /* the gallery does not answer: it is asked again */ }
  if (!document.hidden) timer = setTimeout(open, EVERY);
}

function open() {
  close();
  if (document.hidden) return;
  const mine = stream = new EventSource("/mirror/events");
  mine.addEventListener("message", event => { say(true); show(JSON.parse(event.data)); });
  mine.addEventListener("end", open);
  mine.addEventListener("error", () => {
    if (mine !== stream) return;
    close();
    say(false);
    ask();
  });
}

document.addEventListener("visibilitychange", open);
addEventListener("pagehide", close);
addEventListener("pageshow", event => event.persisted && open());
open();
