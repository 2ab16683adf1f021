// The queue of pictures: what is nearest to the eye first, a few at a time, so that connections stay free for data.
const SLOTS = 6;  // fewer gained nothing
const wanted = new Map();
let busy = 0, eye = 0;

/** Ask for a picture that lies at `y`. */
export function want(img, src, y) {
  wanted.set(img, {src, y});
}

export const drop = img => wanted.delete(img);

/** Fetch what is nearest to `y`. */
export function fetchAround(y = eye) {
  eye = y;
  while (busy < SLOTS && wanted.size) {
    let img, nearest = Infinity;
    for (const [one, {y: at}] of wanted) {
      if (Math.abs(at - eye) < nearest) [img, nearest] = [one, Math.abs(at - eye)];
    }
    busy++;
    img.onload = img.onerror = ({type}) => {
      busy--;
      img.onload = img.onerror = null;
      if (type === "error") img.removeAttribute("src");  // the colour stays; asked again when the tile is made anew
      fetchAround();
    };
    img.src = wanted.get(img).src;
    wanted.delete(img);
  }
}
