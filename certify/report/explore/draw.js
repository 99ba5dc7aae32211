// Pictures: tables and SVG as text, from plain numbers. Nothing here decides anything.

function shown(value, digits = 4) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  const plain = text.includes("e") ? text : text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  return plain.replace("-", "−");
}

// A number for a narrow cell: at most about five characters.
function brief(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  const places = size >= 10 ? 0 : size >= 1 ? 1 : 2;
  const text = size >= 1e4 || size < 0.005 ? value.toExponential(0) : value.toFixed(places);
  return text.replace(/^-/, "−").replace("e+", "e");
}

// The share of a colour in a cell's ground, in per cent: 0 for nothing, 42 for the largest, so that
// black or white ink stays legible on it.
const share = (value, largest) => (largest > 0 ? Math.round(42 * Math.min(1, Math.abs(value) / largest)) : 0);
const ground = (value, largest) =>
  `class="${value < 0 ? "low" : "high"}" style="--share:${share(value, largest)}%"`;

function stateTable(run, x, order, options) {
  const { groups, removed, narrow, marks } = options;
  const largest = Math.max(...run.states.flat(), 0);
  const head = x.map((v, t) => `<th scope="col">${marks[t]}<br>${narrow ? t : shown(v, 3)}</th>`).join("");
  const rows = order.map((unit, at) => {
    const first = groups.find(([, members]) => members[0] === unit);
    const name = first ? `<th scope="rowgroup" rowspan="${first[1].length}" class="role">${first[0]}</th>` : "";
    const cells = run.states.map((state, t) => {
      const title = `unit ${unit} after input ${t}: ${run.before[t][unit] > 0 ? shown(state[unit], 6) : "off"}`;
      if (run.before[t][unit] <= 0) return `<td class="off" title="${title}"></td>`;
      return `<td ${ground(state[unit], largest)} title="${title}">${narrow ? "" : brief(state[unit])}</td>`;
    }).join("");
    const out = removed.has(unit);
    return `<tr class="${first && at ? "first" : ""}">${name}<th scope="row"><button type="button" data-unit="${unit}" role="switch" aria-checked="${!out}" aria-label="unit ${unit}">${unit}</button></th>${cells}</tr>`;
  });
  return `<table class="heat"><thead><tr><th scope="col" class="role">role</th><th scope="col">unit</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

// Rows are positions, columns what each group adds; then the logit and the margin of the target.
function logitTable(groups, added, logits, marks, target) {
  const largest = Math.max(...added.flat().map(Math.abs), 0);
  const head = [...groups.map(([name]) => name), "logit", "margin"];
  const rows = logits.map((logit, j) => {
    const cells = added[j].map((v) => `<td ${ground(v, largest)}>${shown(v, 3)}</td>`).join("");
    const margin = target === null || j === target ? "" : shown(logits[target] - logit);
    return `<tr><th scope="row">${j} ${marks[j] || ""}</th>${cells}<td><strong>${shown(logit)}</strong></td><td>${margin}</td></tr>`;
  });
  return `<table class="heat"><thead><tr><th scope="col">at</th>${head.map((h) => `<th scope="col">${h}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

// Whole steps of 1, 2 or 5 times a power of ten.
function niceTicks(lo, hi, count) {
  const raw = (hi - lo) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw) || raw;
  const ticks = [];
  for (let k = Math.ceil(lo / step); k * step <= hi + step * 1e-9; k += 1) ticks.push(k * step);
  return ticks;
}

// Where labels of these heights go. Few are moved apart; of many, those that would collide with
// the first one or with each other are left out (null).
function placed(heights, first, top, bottom) {
  const gap = 13;
  if (heights.length * gap <= bottom - top) return spread(heights, gap, top, bottom);
  const taken = [];
  const found = heights.map(() => null);
  [first, ...heights.keys()].forEach((i) => {
    if (found[i] !== null || taken.some((y) => Math.abs(y - heights[i]) < gap)) return;
    taken.push(heights[i]);
    found[i] = heights[i];
  });
  return found;
}

function spread(heights, gap, top, bottom) {
  const order = heights.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0]);
  let last = top - gap;
  for (const entry of order) { entry[0] = Math.max(entry[0], last + gap); last = entry[0]; }
  last = bottom + gap;
  for (const entry of order.reverse()) { entry[0] = Math.min(entry[0], last - gap); last = entry[0]; }
  const found = [];
  for (const [y, i] of order) found[i] = y;
  return found;
}

// The margins of the plot, at its left and right, which dragging must know.
const [PLOT_LEFT, PLOT_END] = [52, 30];

// Margins over every rival along r: linear between break points, which are ticked.
function marginPlot(width, breaks, curves, options) {
  const { r, range, limiting, right } = options;
  const [height, left, end, top, bottom] = [300, PLOT_LEFT, PLOT_END, 8, 34];
  const values = curves.flatMap((c) => c.values);
  let [lo, hi] = [Math.min(0, ...values), Math.max(0, ...values)];
  if (lo === hi) hi = lo + 1;
  const X = (v) => left + v * (width - left - end);
  const Y = (v) => top + ((hi - v) / (hi - lo)) * (height - top - bottom);
  const line = (c) => c.values.map((v, i) => `${i ? "L" : "M"}${X(breaks[i]).toFixed(2)} ${Y(v).toFixed(2)}`).join("");
  const labels = placed(curves.map((c) => Y(c.values[c.values.length - 1])),
    curves.findIndex((c) => c.rival === limiting), top + 4, height - bottom);
  const yTicks = niceTicks(lo, hi, 6).map((v) =>
    `<line class="grid" x1="${left}" x2="${width - end}" y1="${Y(v)}" y2="${Y(v)}"/><text x="${left - 5}" y="${Y(v) + 4}" text-anchor="end">${shown(v, 2).replace("e+", "e")}</text>`);
  const xTicks = niceTicks(0, 1, width < 420 ? 5 : 10).map((v) =>
    `<text x="${X(v)}" y="${height - 16}" text-anchor="middle">${shown(v, 2)}</text>`);
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="margins over every rival along r; drag to choose r">
    <rect class="range" x="${X(range[0])}" y="${top}" width="${X(range[1]) - X(range[0])}" height="${height - top - bottom}"/>
    ${yTicks.join("")}
    <line class="zero" x1="${left}" x2="${width - end}" y1="${Y(0)}" y2="${Y(0)}"/>
    ${right.map(([a, b]) => `<line class="good" x1="${X(a)}" x2="${X(b)}" y1="${height - bottom + 2}" y2="${height - bottom + 2}"/>`).join("")}
    ${breaks.map((b) => `<line class="break" x1="${X(b)}" x2="${X(b)}" y1="${Y(0) - 5}" y2="${Y(0) + 5}"/>`).join("")}
    ${curves.map((c) => `<path class="${c.rival === limiting ? "limit" : "curve"}" d="${line(c)}"/>`).join("")}
    ${curves.map((c, k) => (labels[k] === null ? "" : `<text class="${c.rival === limiting ? "limit" : ""}" x="${width - end + 5}" y="${labels[k] + 4}">${c.rival}</text>`)).join("")}
    <line class="now" x1="${X(r)}" x2="${X(r)}" y1="${top}" y2="${height - bottom}"/>
    ${xTicks.join("")}
    <text x="${X(0.5)}" y="${height - 2}" text-anchor="middle">ratio r = S/M</text>
  </svg>`;
}

// One bar for each unit, in two rows: the offset, and what it adds to the product.
function barPlot(width, rows, order) {
  const [left, gap, tall] = [8, 22, 92];
  const step = (width - left * 2) / order.length;
  const parts = rows.map(({ name, values }, at) => {
    const [lo, hi] = [Math.min(0, ...values), Math.max(0, ...values)];
    const top = at * (tall + gap) + gap;
    const Y = (v) => top + ((hi - v) / (hi - lo || 1)) * (tall - 14);
    const bars = order.map((unit, k) => {
      const v = values[unit];
      return `<rect class="${v < 0 ? "minus" : "plus"}" x="${left + k * step + step * 0.15}" width="${step * 0.7}" y="${Math.min(Y(v), Y(0))}" height="${Math.abs(Y(v) - Y(0))}"><title>unit ${unit}: ${shown(v, 6)}</title></rect>`;
    });
    return `<text x="${left}" y="${top - 8}">${name}</text>${bars.join("")}<line class="zero" x1="${left}" x2="${width - left}" y1="${Y(0)}" y2="${Y(0)}"/>`;
  });
  const bottom = rows.length * (tall + gap) + 14;
  const every = Math.ceil(18 / step);
  const names = order.map((unit, k) => (k % every ? "" : `<text text-anchor="middle" x="${left + (k + 0.5) * step}" y="${bottom - 4}">${unit}</text>`));
  return `<svg viewBox="0 0 ${width} ${bottom}" width="${width}" height="${bottom}" role="img" aria-label="the offset, unit by unit">${parts.join("")}${names.join("")}</svg>`;
}

function weightTable(block, matrix, removed, words) {
  const largest = Math.max(...matrix.flat().map(Math.abs), 0);
  const head = matrix[0].map((_, k) => `<th scope="col">${matrix[0].length > 1 ? k : ""}</th>`).join("");
  const rows = matrix.map((row, i) => `<tr><th scope="row">${i}</th>${row.map((v, k) => {
    const out = removed(block, i, k);
    return `<td ${ground(v, largest)}><button type="button" role="switch" aria-checked="${!out}" tabindex="${i || k ? -1 : 0}" data-at="${i},${k}" aria-label="${words(i, k)} = ${shown(v, 6)}"></button></td>`;
  }).join("")}</tr>`);
  return `<table class="weights" data-block="${block}"><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}
