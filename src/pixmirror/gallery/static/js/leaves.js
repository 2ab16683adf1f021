// The pictures of a reader: loaded ahead, decoded before they are shown, let go when far away.
export class Leaves {
  #kept = new Map();

  // `pages`: {source, width, height, lack}. `measured` is told the index of a page that is not as wide as was said.
  constructor(pages, measured) {
    this.pages = pages;
    this.measured = measured;
  }

  // The element of a page, once it can be shown; a sentence where there is no picture.
  async ready(at) {
    const leaf = this.#load(at);
    await leaf.decoded;
    return leaf.element;
  }

  // Have these pages at hand, and no others.
  keep(wanted) {
    const few = new Set(wanted);
    for (const at of few) this.#load(at);
    for (const at of this.#kept.keys()) if (!few.has(at)) this.#kept.delete(at);
  }

  #load(at) {
    const known = this.#kept.get(at);
    if (known) return known;
    const page = this.pages[at];
    const leaf = page.source ? this.#picture(page, at) : {element: sentence(at, page.lack), decoded: null};
    this.#kept.set(at, leaf);
    return leaf;
  }

  #picture(page, at) {
    const image = page.width ? new Image(page.width, page.height) : new Image();
    const leaf = {element: image};
    image.alt = `Page ${at + 1}`;
    image.draggable = false;
    image.src = page.source;
    leaf.decoded = image.decode().then(() => this.#measure(page, at, image), () => {
      leaf.element = sentence(at, "The browser cannot show its file.");
    });
    return leaf;
  }

  #measure(page, at, image) {
    const {naturalWidth: width, naturalHeight: height} = image;
    const said = page.width * height === page.height * width;
    Object.assign(page, {width, height});
    if (!said) this.measured(at);
  }
}

function sentence(at, lack) {
  const box = document.createElement("p"), head = document.createElement("b"), why = document.createElement("span");
  box.className = "lack";
  head.textContent = `Page ${at + 1} is not here`;
  why.textContent = lack;
  box.append(head, why);
  return box;
}
