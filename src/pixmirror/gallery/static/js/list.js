// The list that a work was opened from: what "next" and "previous" mean on its page.
const NAME = "list";

/** Remember the works of a list in their order, as addresses of pages. */
export function remember(addresses) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify({from: location.pathname + location.search, addresses}));
  } catch {
    // full, or switched off: then there is no next
  }
}

/** Return the address of the work so many places after this one in its list; undefined where there is none. */
export function neighbour(by) {
  try {
    const {addresses} = JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
    const at = addresses?.indexOf(location.pathname) ?? -1;
    return at < 0 ? undefined : addresses[at + by];
  } catch {
    return undefined;
  }
}

document.addEventListener("click", event => {
  const link = event.target.closest(".tile > a"), list = link?.closest("[data-list], .flow, .shelf, ol, ul");
  if (list && !list.closest(".vgrid")) remember([...list.querySelectorAll(".tile > a")].map(one => new URL(one.href).pathname));
}, {capture: true});
