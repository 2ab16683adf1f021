// The list that a work was opened from (lib.js remembers it): what "next" and "previous" mean on its page.

/** Return the address of the work so many places after this one in its list; undefined where there is none. */
export function neighbour(by) {
  try {
    const addresses = JSON.parse(sessionStorage.getItem("list")), at = addresses.indexOf(location.pathname);
    return at < 0 ? undefined : addresses[at + by];
  } catch {
    return undefined;
  }
}
