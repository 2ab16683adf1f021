// Which pages lie beside each other. A page is {width, height}; a spread is a list of one or two indices.
export const isWide = page => page.width > page.height * 1.05;

// From the first page on: it is alone, as a cover is; a wide page is alone, and so is the one before it; the last odd
// one is alone; all others lie in twos. After a wide page counting starts anew. `shifted` has the pages at which
// counting starts the other way round: page 0 with a pair, the page after a wide one alone.
export function spreads(pages, two, shifted = new Set()) {
  if (!two) return pages.map((_, at) => [at]);
  const found = [];
  let at = 0, alone = !shifted.has(0);
  while (at < pages.length) {
    const single = alone || at + 1 === pages.length || isWide(pages[at]) || isWide(pages[at + 1]);
    found.push(single ? [at] : [at, at + 1]);
    alone = isWide(pages[at]) && shifted.has(at + 1);
    at += single ? 1 : 2;
  }
  return found;
}

// Where the counting starts that a page belongs to.
export function start(pages, at) {
  while (at > 0 && !isWide(pages[at - 1])) at--;
  return at;
}
