// Exact arithmetic: rationals are [numerator, denominator] of BigInt, denominator > 0.

const gcd = (a, b) => { a = a < 0n ? -a : a; while (b) [a, b] = [b, a % b]; return a; };

function rational(p, q) {
  if (q < 0n) [p, q] = [-p, -q];
  const g = gcd(p, q) || 1n;
  return [p / g, q / g];
}

// "4/5", "0.8" or "-3" as a rational; null for anything else.
function parseRational(text) {
  const t = String(text).trim();
  let f = /^([+-]?\d+)\s*\/\s*(\d+)$/.exec(t);
  if (f) return BigInt(f[2]) ? rational(BigInt(f[1]), BigInt(f[2])) : null;
  f = /^([+-]?)(\d*)(?:[.,](\d*))?$/.exec(t);
  if (!f || !(f[2] || f[3]) || t.length > 4000) return null;
  const digits = f[3] || "";
  const value = BigInt((f[2] || "0") + digits);
  return rational(f[1] === "-" ? -value : value, 10n ** BigInt(digits.length));
}

const compare = (a, b) => { const d = a[0] * b[1] - b[0] * a[1]; return d < 0n ? -1 : d > 0n ? 1 : 0; };
const sameRational = (a, b) => a[0] === b[0] && a[1] === b[1];
const textOf = ([p, q]) => (q === 1n ? `${p}` : `${p}/${q}`);
const bits = (a) => (a < 0n ? -a : a).toString(16).length * 4;

// The nearest double, but for the last bit.
function toNumber([p, q]) {
  const shift = BigInt(Math.max(0, 64 + bits(q) - bits(p)));
  const cut = BigInt(Math.max(0, bits(p) - bits(q) - 64));
  const quotient = ((p << shift) / q) >> cut;
  return Number(quotient) * 2 ** Number(cut - shift);
}

// A double as mantissa * 2 ** exponent, exactly.
function parts(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 2047n);
  let mantissa = word & ((1n << 52n) - 1n);
  if (exponent) mantissa |= 1n << 52n;
  if (!mantissa) return [0n, 0];
  let e = Math.max(exponent, 1) - 1075;
  while (!(mantissa & 1n)) { mantissa >>= 1n; e += 1; }
  return [word >> 63n ? -mantissa : mantissa, e];
}

// The weights as integers over 2 ** shift; off(block, row, column) tells what counts as 0.
function exactWeights(data, off) {
  let lowest = 0;
  const read = (v) => { const p = parts(v); if (p[0]) lowest = Math.min(lowest, p[1]); return p; };
  const raw = {
    ih: data.w_ih.map((v, i) => read(off("ih", i, 0) ? 0 : v)),
    hh: data.w_hh.map((row, i) => row.map((v, k) => read(off("hh", i, k) ? 0 : v))),
    out: data.w_out.map((row, j) => row.map((v, k) => read(off("out", j, k) ? 0 : v))),
  };
  const scaled = ([p, e]) => p << BigInt(e - lowest);
  const rows = (matrix) => matrix.map((row) => row.map(scaled));
  return { shift: BigInt(-lowest), ih: raw.ih.map(scaled), hh: rows(raw.hh), out: rows(raw.out) };
}

function product(matrix, columns) {
  const used = columns.map((row, k) => k).filter((k) => columns[k].some((v) => v !== 0n));
  return matrix.map((row) =>
    columns[0].map((_, c) => used.reduce((sum, k) => (row[k] ? sum + row[k] * columns[k][c] : sum), 0n)));
}

// One run on rationals: the logits as rationals, and the position of the largest, null for a tie.
function runExact(w, x) {
  const common = x.reduce((q, v) => (q * v[1]) / gcd(q, v[1]), 1n);
  let state = w.ih.map(() => [0n]);
  x.forEach((value, t) => {
    const drive = ((value[0] * common) / value[1]) << (w.shift * BigInt(t));
    state = product(w.hh, state).map(([v], i) => [v + w.ih[i] * drive]).map(([v]) => [v > 0n ? v : 0n]);
  });
  const top = product(w.out, state).map(([v]) => v);
  const best = top.reduce((a, b) => (b > a ? b : a));
  const scale = common << (w.shift * BigInt(x.length + 1));
  return {
    logits: top.map((v) => rational(v, scale)),
    choice: top.filter((v) => v === best).length === 1 ? top.indexOf(best) : null,
  };
}

// All linear pieces of 0 < r < 1 for the maximum at m and the second largest at s. A generator, so
// that the page stays alive: it yields after every step and returns the pieces.
function* sweepPair(w, m, s) {
  const n = w.out.length;
  let pieces = [{ lo: [0n, 1n], hi: [1n, 1n], on: [], state: w.ih.map(() => [0n, 0n]) }];
  for (let t = 0; t < n; t += 1) {
    const column = t === m ? 0 : t === s ? 1 : null;
    const next = [];
    for (const piece of pieces) {
      const before = product(w.hh, piece.state);
      if (column !== null) {
        before.forEach((row, i) => { row[column] += w.ih[i] << (w.shift * BigInt(t)); });
      }
      const at = (row, r) => row[0] * r[1] + row[1] * r[0];
      const roots = [];
      for (const row of before) {
        const [left, right] = [at(row, piece.lo), at(row, piece.hi)];
        if ((left > 0n && right < 0n) || (left < 0n && right > 0n)) roots.push(rational(-row[0], row[1]));
      }
      roots.sort(compare);
      let lo = piece.lo;
      for (const hi of [...roots, piece.hi]) {
        if (compare(lo, hi) === 0) continue;
        const middle = rational(lo[0] * hi[1] + hi[0] * lo[1], 2n * lo[1] * hi[1]);
        const on = before.map((row) => at(row, middle) > 0n);
        next.push({ lo, hi, on: [...piece.on, on], state: before.map((row, i) => (on[i] ? row : [0n, 0n])) });
        lo = hi;
      }
      yield;
    }
    pieces = next;
  }
  for (const piece of pieces) {
    piece.logits = product(w.out, piece.state);
    yield;
  }
  return pieces;
}

// The maximal open intervals of (0, 1) on which every margin is positive, in order.
function rightIntervals(pieces, s) {
  const found = [];
  for (const piece of pieces) {
    let [lo, hi] = [piece.lo, piece.hi];
    const own = piece.logits[s];
    for (let j = 0; j < piece.logits.length && lo; j += 1) {
      if (j === s) continue;
      const [a, b] = [own[0] - piece.logits[j][0], own[1] - piece.logits[j][1]];
      const [left, right] = [a * lo[1] + b * lo[0], a * hi[1] + b * hi[0]];
      if (left <= 0n && right <= 0n) lo = null;
      else if (left < 0n) lo = rational(-a, b);
      else if (right < 0n) hi = rational(-a, b);
      if (lo && compare(lo, hi) >= 0) lo = null;
    }
    if (!lo) continue;
    const last = found[found.length - 1];
    const joins = last && sameRational(last[1], lo) && piece.logits.every((row, j) =>
      j === s || (own[0] - row[0]) * lo[1] + (own[1] - row[1]) * lo[0] > 0n);
    if (joins) last[1] = hi;
    else found.push([lo, hi]);
  }
  return found;
}

const covers = (intervals, [lo, hi]) =>
  intervals.some(([a, b]) => compare(a, lo) < 0 && compare(hi, b) < 0);
