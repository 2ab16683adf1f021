// Elements that the gallery answers with: the one place where text becomes HTML, and one way to fetch.
const policy = window.trustedTypes?.createPolicy("pixmirror", {createHTML: text => text});
export const html = text => policy ? policy.createHTML(text) : text;

/** What the gallery answered instead of the element; its message is the sentence. */
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** Fetch one element of a page. Throws Refused, or TypeError where the gallery does not answer. */
export async function fragment(url, options = {}) {
  const answer = await fetch(url, {credentials: "same-origin", headers: {Accept: "text/vnd.fragment"}, ...options});
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, text.trim());
  return text;
}

export const put = (element, text) => { element.innerHTML = html(text); };

/** Put an element in the place of another; return it. */
export function replace(element, text) {
  const template = document.createElement("template");
  template.innerHTML = html(text);
  const now = template.content.firstElementChild;
  element.replaceWith(now);
  return now;
}
