// The events that change what is chosen, and the start.

function choosePair(i, focus) {
  chosen.pair = i;
  chosen.typed = null;
  changed();
  if (focus) byId(`pair-${i}`).focus();
}

function chooseRatio(r) {
  if (!r || r[0] <= 0n || r[0] >= r[1]) return false;
  chosen.ratio = r;
  chosen.typed = null;
  render();
  return true;
}

// The fraction with the smallest denominator strictly between two (Stern and Brocot).
function simplestBetween(lo, hi) {
  let [a, b, c, e] = [0n, 1n, 1n, 1n];
  for (;;) {
    const middle = [a + c, b + e];
    if (compare(middle, lo) <= 0) [a, b] = middle;
    else if (compare(middle, hi) >= 0) [c, e] = middle;
    else return middle;
  }
}

function stepCell(by) {
  const pieces = findings().pieces.get(chosen.pair);
  if (!pieces) return;
  const at = pieces.findIndex((p) => compare(chosen.ratio, p.hi) < 0) + by;
  if (at >= 0 && at < pieces.length) chooseRatio(simplestBetween(pieces[at].lo, pieces[at].hi));
}

function buildGrid() {
  const head = Array.from({ length: n }, (_, s) => `<th scope="col">${s}</th>`).join("");
  const rows = Array.from({ length: n }, (_, m) => `<tr><th scope="row">${m}</th>${Array.from({ length: n }, (__, s) => {
    const i = data.pairs.findIndex((p) => p.m === m && p.s === s);
    return i < 0 ? "<td></td>" : `<td role="presentation"><button type="button" role="gridcell" id="pair-${i}" data-pair="${i}"></button></td>`;
  }).join("")}</tr>`);
  byId("grid").innerHTML = `<table role="grid" aria-label="pairs: m down, s across" class="${n > 14 ? "small" : ""}" style="max-width: ${n * 5 + 4}rem"><thead><tr><th>m \\ s</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  byId("inputs").innerHTML = Array.from({ length: n }, (_, i) => `<label><span>x<sub>${i}</sub></span><input id="x-${i}" data-x="${i}" inputmode="text" autocomplete="off" spellcheck="false"></label>`).join("");
}

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function gridKeys(event) {
  const move = ARROWS[event.key];
  const pair = data.pairs[event.target.dataset.pair];
  if (!move || !pair) return;
  event.preventDefault();
  let [m, s] = [pair.m + move[0], pair.s + move[1]];
  if (m === s) [m, s] = [m + move[0], s + move[1]];
  const next = data.pairs.findIndex((p) => p.m === m && p.s === s);
  if (next >= 0) choosePair(next, true);
}

function weightKeys(event) {
  const move = ARROWS[event.key];
  const at = event.target.dataset.at;
  if (!move || !at) return;
  event.preventDefault();
  const [i, k] = at.split(",").map(Number);
  const next = event.currentTarget.querySelector(`[data-at="${i + move[0]},${k + move[1]}"]`);
  if (!next) return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function dragRatio(event) {
  if (event.type === "pointermove" && !event.buttons) return;
  const box = byId("margins").getBoundingClientRect();
  const r = (event.clientX - box.left - PLOT_LEFT) / (box.width - PLOT_LEFT - PLOT_END);
  chooseRatio(rational(BigInt(Math.min(999, Math.max(1, Math.round(r * 1000)))), 1000n));
}

function typeInput() {
  const boxes = Array.from({ length: n }, (_, i) => byId(`x-${i}`));
  const values = boxes.map((box) => parseRational(box.value));
  boxes.forEach((box, i) => box.setAttribute("aria-invalid", String(values[i] === null)));
  if (values.includes(null)) return;
  chosen.typed = values;
  render();
}

function listen() {
  byId("grid").addEventListener("click", (e) => { const b = e.target.closest("button"); if (b) choosePair(Number(b.dataset.pair), true); });
  byId("grid").addEventListener("keydown", gridKeys);
  byId("ratio").addEventListener("input", (e) => chooseRatio(rational(BigInt(e.target.value), 1000n)));
  byId("ratio-text").addEventListener("input", (e) => {
    e.target.setAttribute("aria-invalid", String(!chooseRatio(parseRational(e.target.value))));
  });
  byId("cell-before").addEventListener("click", () => stepCell(-1));
  byId("cell-after").addEventListener("click", () => stepCell(1));
  byId("inputs").addEventListener("input", typeInput);
  byId("random").addEventListener("click", () => {
    chosen.typed = Array.from({ length: n }, () => rational(BigInt(Math.round((Math.random() * 4 - 2) * 100)), 100n));
    render();
  });
  byId("margins").addEventListener("pointerdown", (e) => { byId("margins").setPointerCapture(e.pointerId); dragRatio(e); });
  byId("margins").addEventListener("pointermove", dragRatio);
  for (const id of ["states", "removals"]) {
    byId(id).addEventListener("click", (e) => {
      const button = e.target.closest("[data-unit]");
      if (button) toggleUnit(Number(button.dataset.unit), id === "states");
    });
  }
  for (const block of Object.keys(BLOCKS)) {
    const table = byId(`weights-${block}`);
    table.addEventListener("click", (e) => { if (e.target.dataset.at) toggle(chosen.weights, `${block}:${e.target.dataset.at}`); });
    table.addEventListener("keydown", weightKeys);
    const tell = (e) => { if (e.target.dataset.at) byId("weight").textContent = e.target.getAttribute("aria-label"); };
    table.addEventListener("pointerover", tell);
    table.addEventListener("focusin", tell);
  }
  byId("restore").addEventListener("click", () => {
    chosen.units.clear();
    chosen.weights.clear();
    rebuildWeights();
    markWeights();
    changed();
  });
  window.addEventListener("resize", () => { if (!chosen.typed) drawAlong(); });
}

buildGrid();
rebuildWeights();
drawWeights();
drawRemovals();
listen();
chosen.pair = data.pairs.reduce((best, p, i) => (toNumber(parseRational(p.margin)) < toNumber(parseRational(data.pairs[best].margin)) ? i : best), 0);
changed();
