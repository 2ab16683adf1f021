// The frames in a ugoira's zip. Pixiv stores them as they are, so that each is a slice of the file.
const END = 0x06054b50, ENTRY = 0x02014b50, LOCAL = 0x04034b50;
const TYPES = {jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", gif: "image/gif", webp: "image/webp"};

export class Unplayable extends Error {}

const BROKEN = "The file of this animation is damaged: only its first frame is shown.";
const PACKED = "The frames of this animation are packed, which Pixiv's never are: only the first one is shown.";

/** Return the members of a zip by name, each a Blob. Unplayable, with a sentence, where they cannot be sliced. */
export function members(buffer) {
  const view = new DataView(buffer), found = new Map();
  try {
    let at = endOf(view);
    const count = view.getUint16(at + 10, true);
    at = view.getUint32(at + 16, true);
    for (let n = 0; n < count; n++) {
      if (view.getUint32(at, true) !== ENTRY) throw new Unplayable(BROKEN);
      const name = text(buffer, at + 46, view.getUint16(at + 28, true));
      if (view.getUint16(at + 10, true) !== 0) throw new Unplayable(PACKED);
      found.set(name, slice(view, buffer, view.getUint32(at + 42, true), view.getUint32(at + 20, true), name));
      at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Unplayable(BROKEN);  // it points outside of itself
    throw error;
  }
  if (!found.size) throw new Unplayable(BROKEN);
  return found;
}

function endOf(view) {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65557); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new Unplayable(BROKEN);
}

function slice(view, buffer, at, size, name) {
  if (view.getUint32(at, true) !== LOCAL) throw new Unplayable(BROKEN);
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + size > buffer.byteLength) throw new Unplayable(BROKEN);
  return new Blob([buffer.slice(start, start + size)], {type: TYPES[name.split(".").pop().toLowerCase()] ?? ""});
}

const text = (buffer, at, length) => new TextDecoder().decode(new Uint8Array(buffer, at, length));
