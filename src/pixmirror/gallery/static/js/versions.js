// Two versions of a picture on top of each other: a slider says how much of the earlier one is seen.
import {$, $$} from "./lib.js";

/** Give the pair the shape of the larger picture, in which the other one is fitted. */
function shape(pair) {
  const pictures = $$("img", pair);
  if (pictures.every(picture => picture.naturalWidth)) {
    const [width, height] = ["naturalWidth", "naturalHeight"].map(side => Math.max(...pictures.map(one => one[side])));
    pair.style.aspectRatio = `${width} / ${height}`;
  }
}

for (const pair of $$(".cmp")) {
  for (const picture of $$("img", pair)) picture.addEventListener("load", () => shape(pair));
  shape(pair);
  $("input", pair).addEventListener("input", event => {
    pair.style.setProperty("--x", `${event.target.value}%`);
    event.target.setAttribute("aria-valuetext", `${event.target.value} percent of the earlier version`);
  });
}
