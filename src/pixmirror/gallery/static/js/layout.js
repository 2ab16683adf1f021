// Pure arithmetic: how high a unit of the grid is, and where its pictures lie. No element is touched here.

const AROUND = 2, PLACES = 2 * AROUND + 1;  // where a row may end: so many works to both sides of its even share

/** Return how high a unit is from the number of its works and the sum of their ratios. It is never corrected. */
export function shape(n, sum, head, {width, row, gap}) {
  const natural = (sum * row + (n - 1) * gap) / width;
  if (natural <= 1) return {rows: 1, row, head, height: head + row + gap, isRagged: true};
  const rows = Math.min(n, Math.round(natural)), high = (width - (n / rows - 1) * gap) / (sum / rows);
  return {rows, row: high, head, height: head + Math.round(rows * (high + gap)), isRagged: false};
}

/** Return the first work and the top of each row, and the end of the last: they fill the height of the unit. */
export function pack(ratios, {rows: wanted, row, head, height, isRagged}, {width, gap}) {
  const n = ratios.length, rows = Math.min(wanted, n), sums = new Float64Array(n + 1);
  if (isRagged) return {first: [0, n], top: [head, height]};
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i] + ratios[i];
  const natural = (a, b) => (width - (b - a - 1) * gap) / (sums[b] - sums[a]);
  const first = breaks(sums, rows, row, width, gap);
  const heights = Array.from({length: rows}, (_, k) => Math.min(natural(first[k], first[k + 1]), row * 2));
  // Natural heights add up to a little more than there is: all give way by the same factor, which crops the pictures.
  const factor = (height - head - rows * gap) / heights.reduce((all, one) => all + one, 0), top = [head];
  for (const high of heights) top.push(top.at(-1) + high * factor + gap);
  return {first, top};
}

/** Return where the rows begin: of the places around their even shares, the chain whose heights differ least. */
function breaks(sums, rows, wanted, width, gap) {
  const n = sums.length - 1, ends = new Int32Array((rows + 1) * PLACES), from = new Int8Array(ends.length);
  let costs = new Float64Array(PLACES).fill(Infinity);
  costs[AROUND] = 0;
  for (let k = 1, even = 0; k <= rows; k++) {
    const before = (k - 1) * PLACES, next = new Float64Array(PLACES).fill(Infinity);
    while (even < n && sums[even] < sums[n] * k / rows) even++;
    for (let d = 0; d < PLACES; d++) {
      const end = k < rows ? even + d - AROUND : n;
      if (end < k || end > n - rows + k) continue;
      ends[k * PLACES + d] = end;
      for (let q = 0; q < PLACES; q++) {
        const begin = ends[before + q];
        if (costs[q] === Infinity || begin >= end) continue;
        const high = (width - (end - begin - 1) * gap) / (sums[end] - sums[begin]);
        const cost = costs[q] + Math.log(high / wanted) ** 2;
        if (cost >= next[d]) continue;
        next[d] = cost;
        from[k * PLACES + d] = q;
      }
    }
    costs = next;
  }
  if (costs[AROUND] === Infinity) return Array.from({length: rows + 1}, (_, k) => Math.round(k * n / rows));
  const first = new Array(rows + 1);
  for (let k = rows, d = AROUND; k >= 0; k--) {
    first[k] = ends[k * PLACES + d];
    d = from[k * PLACES + d];
  }
  return first;
}

/** Return the number of the last of the first so many ascending places that is at or before one, or 0. */
export function lastBefore(places, at, many = places.length) {
  let low = 0, high = many;
  while (low < high - 1) {
    const middle = (low + high) >> 1;
    if (places[middle] <= at) low = middle;
    else high = middle;
  }
  return low;
}

/** Return x and width of the works of a row, in whole pixels; the last one ends where the grid does. */
export function cells(ratios, first, end, {row, isRagged}, {width, gap}) {
  let sum = 0, x = 0;
  for (let i = first; i < end; i++) sum += ratios[i];
  const unit = isRagged ? row : (width - (end - first - 1) * gap) / sum, found = [];
  for (let i = first; i < end; i++) {
    const right = i === end - 1 && !isRagged ? width : Math.round(x + ratios[i] * unit), left = Math.round(x);
    found.push([left, Math.max(8, right - left)]);
    x += ratios[i] * unit + gap;
  }
  return found;
}
