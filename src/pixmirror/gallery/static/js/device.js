// What this browser alone keeps of how the gallery is used; where it keeps nothing, until the page is left.
const memory = new Map();

export const device = {
  get(name) {
    try { return localStorage.getItem(name) ?? memory.get(name) ?? null; } catch { return memory.get(name) ?? null; }
  },
  set(name, value) {
    memory.set(name, value);
    try { localStorage.setItem(name, value); } catch { /* it is kept in memory */ }
  },
};
