// The page: what is chosen, and what follows from it.

const data = JSON.parse(document.getElementById("data").textContent);
const d = data.w_ih.length;
const n = data.w_out.length;
const order = data.groups.flatMap(([, members]) => members);
const range = data.range.map(parseRational);
const readIntervals = (list) => list.map((ends) => ends.map(parseRational));
const byId = (id) => document.getElementById(id);
const ASIDE = { proved: "✓", broken: "✗", open: "…" };

const chosen = { pair: 0, ratio: [4n, 5n], typed: null, units: new Set(), weights: new Set() };

// -- what is switched off ---------------------------------------------------------------------

const isOff = (block, i, k) =>
  chosen.weights.has(`${block}:${i},${k}`) || chosen.units.has(block === "out" ? k : i) ||
  (block === "hh" && chosen.units.has(k));
const offKey = () => [...[...chosen.units].sort((a, b) => a - b), ...[...chosen.weights].sort()].join(" ");
let floats = null;
let exact = null;

function rebuildWeights() {
  const kept = (block, matrix) => matrix.map((row, i) => row.map((v, k) => (isOff(block, i, k) ? 0 : v)));
  floats = {
    ih: data.w_ih.map((v, i) => (isOff("ih", i, 0) ? 0 : v)),
    hh: kept("hh", data.w_hh),
    out: kept("out", data.w_out),
  };
  exact = exactWeights(data, isOff);
}

function runFloat(x) {
  let state = new Array(d).fill(0);
  const [states, before] = [[], []];
  for (const value of x) {
    const sums = floats.ih.map((w, i) => floats.hh[i].reduce((sum, v, k) => sum + v * state[k], w * value));
    state = sums.map((v) => Math.max(0, v));
    before.push(sums);
    states.push(state);
  }
  return { states, before, logits: floats.out.map((row) => row.reduce((sum, v, k) => sum + v * state[k], 0)) };
}

const impulses = (pair, r, zero, one) => {
  const x = new Array(n).fill(zero);
  x[pair.m] = one;
  x[pair.s] = r;
  return x;
};

// -- exact verdicts ---------------------------------------------------------------------------

// Per set of what is off: where each pair is right, and the pieces of the pairs looked at.
const known = new Map();
let job = 0;

function findings() {
  const key = offKey();
  if (!known.has(key)) {
    const found = { right: new Array(data.pairs.length).fill(null), pieces: new Map(), ahead: true };
    if (!key) found.right = data.pairs.map((p) => readIntervals(p.right));
    else if (data.without && chosen.units.size === 1 && !chosen.weights.size) {
      found.right = data.without[[...chosen.units][0]].map(readIntervals);
    } else found.ahead = false;
    if (known.size >= 8) known.delete(known.keys().next().value);
    known.set(key, found);
  }
  return known.get(key);
}

const pause = () => new Promise((resolve) => { setTimeout(resolve, 0); });

// Sweep the chosen pair, then those whose verdict is missing, a few milliseconds at a time.
async function work() {
  const mine = (job += 1);
  const found = findings();
  for (;;) {
    const wanted = found.pieces.has(chosen.pair) ? found.right.indexOf(null) : chosen.pair;
    if (wanted < 0) break;
    const pair = data.pairs[wanted];
    const sweep = sweepPair(exact, pair.m, pair.s);
    let step = sweep.next();
    for (let since = performance.now(); !step.done; step = sweep.next()) {
      if (performance.now() - since < 12) continue;
      await pause();
      if (mine !== job) return;
      since = performance.now();
    }
    const right = rightIntervals(step.value, pair.s);
    if (found.right[wanted] && !sameIntervals(found.right[wanted], right)) complain(pair);
    found.right[wanted] = right;
    if (wanted === chosen.pair) {
      found.pieces.set(wanted, step.value);
      render();
    } else if (wanted % 10 === 0) drawGrid();
  }
  render();
  document.body.dataset.idle = "true";
}

function sameIntervals(a, b) {
  return a.length === b.length && a.every((ends, i) => sameRational(ends[0], b[i][0]) && sameRational(ends[1], b[i][1]));
}

function complain(pair) {
  const text = `Pair (m=${pair.m}, s=${pair.s}): this page and certify disagree. Trust neither; check the certificate.`;
  byId("alarm").hidden = false;
  byId("alarm").textContent = text;
  console.error(text);
}

const verdictOf = (right) => (right === null ? "open" : covers(right, range) ? "proved" : "broken");

// -- drawing ----------------------------------------------------------------------------------

const near = (r) => shown(toNumber(r), 6);
const inWords = (right) => right.map(([a, b]) => `(${near(a)}, ${near(b)})`).join(" and ");

function currentInput() {
  return chosen.typed || impulses(data.pairs[chosen.pair], chosen.ratio, [0n, 1n], [1n, 1n]);
}

// Positions of the largest and second-largest input; null where two are equal.
function leaders(x) {
  const places = x.map((_, i) => i).sort((a, b) => compare(x[b], x[a]));
  const tied = compare(x[places[0]], x[places[1]]) === 0 || (n > 2 && compare(x[places[1]], x[places[2]]) === 0);
  return tied ? [null, null] : places;
}

function render() {
  const x = currentInput();
  const numbers = x.map(toNumber);
  const run = runFloat(numbers);
  const [m, s] = leaders(x);
  const marks = x.map((_, i) => (i === m ? "m" : i === s ? "s" : ""));
  drawGrid();
  drawAnswer(x, run, m, s);
  byId("states").innerHTML = stateTable(run, numbers, order, {
    groups: data.groups, removed: chosen.units, narrow: n > 14 || window.innerWidth < 480, marks: marks.map((w, t) => w || t),
  });
  const last = run.states[n - 1];
  const added = floats.out.map((row) => data.groups.map(([, members]) => members.reduce((sum, i) => sum + row[i] * last[i], 0)));
  byId("logits").innerHTML = logitTable(data.groups, added, run.logits, marks, s);
  for (const part of document.querySelectorAll(".along")) part.hidden = chosen.typed !== null;
  if (!chosen.typed) drawAlong();
  syncFields(x);
}

function drawGrid() {
  const found = findings();
  const r = toNumber(chosen.ratio);
  const margins = data.pairs.map((pair) => {
    const logits = runFloat(impulses(pair, r, 0, 1)).logits;
    return logits[pair.s] - Math.max(...logits.filter((_, j) => j !== pair.s));
  });
  const largest = Math.max(...margins.map(Math.abs));
  const counts = { proved: 0, broken: 0, open: 0 };
  data.pairs.forEach((pair, i) => {
    const button = byId(`pair-${i}`);
    const verdict = verdictOf(found.right[i]);
    counts[verdict] += 1;
    button.className = margins[i] > 0 ? "high" : "low";
    button.style.setProperty("--share", `${share(margins[i], largest)}%`);
    const mark = `<span class="${verdict}">${ASIDE[verdict]}</span>`;
    button.innerHTML = n > 14 ? mark : `${mark} ${brief(margins[i])}`;
    button.tabIndex = i === chosen.pair ? 0 : -1;
    button.setAttribute("aria-selected", String(i === chosen.pair && !chosen.typed));
    button.setAttribute("aria-label", `m=${pair.m}, s=${pair.s}: margin ${shown(margins[i])} here; over the range ${verdict}`);
  });
  const broken = margins.filter((v) => !(v > 0)).length;
  const source = found.ahead ? "decided by certify" : counts.open ? "being decided by this page" : "decided by this page";
  byId("tally").textContent =
    `Exact, over the whole range: ${counts.proved} of ${data.pairs.length} pairs right, ${counts.broken} broken` +
    `${counts.open ? `, ${counts.open} open` : ""} (${source}). ` +
    `In floats, at r = ${shown(r)}: ${data.pairs.length - broken} right, ${broken} broken.`;
  const off = [...[...chosen.units].map((u) => `unit ${u}`), ...[...chosen.weights].map(weightName)];
  byId("off").textContent = off.length ? `Switched off: ${off.join(", ")}.` : "Everything is on.";
  byId("restore").disabled = !off.length;
}

function drawAnswer(x, run, m, s) {
  const { logits, choice } = runExact(exact, x);
  const said = choice === null ? "two logits are largest" : `the model points at ${choice}`;
  let verdict = "two of the largest inputs are equal: there is no right answer";
  if (s !== null) {
    const rival = logits.map((_, j) => j).filter((j) => j !== s).reduce((a, b) => (compare(logits[b], logits[a]) > 0 ? b : a));
    const margin = rational(logits[s][0] * logits[rival][1] - logits[rival][0] * logits[s][1], logits[s][1] * logits[rival][1]);
    verdict = `${choice === s ? "right" : "wrong"}; margin ${near(margin)} over rival ${rival}`;
    byId("exact-margin").textContent = textOf(margin);
  }
  const where = chosen.typed ? "The input as typed" : `m = ${m}, s = ${s}, r = ${textOf(chosen.ratio)}`;
  byId("answer").innerHTML = `<strong class="${choice === s && s !== null ? "proved" : "broken"}">${
    choice === s && s !== null ? "RIGHT" : "WRONG"}</strong> ${where}: ${said}, ${verdict} (exact).`;
  byId("answer").dataset.choice = String(choice);
}

function drawAlong() {
  const pair = data.pairs[chosen.pair];
  const found = findings();
  const right = found.right[chosen.pair];
  const pieces = found.pieces.get(chosen.pair);
  byId("interval").textContent = right === null ? "being decided" : right.length ? `right, exactly, for r in ${inWords(right)}` : "right for no r, exactly";
  byId("interval-exact").textContent = right ? right.map(([a, b]) => `(${textOf(a)}, ${textOf(b)})`).join("\n") : "";
  drawOffset(pair);
  if (!pieces) {
    byId("cell").textContent = "finding the break points …";
    return;
  }
  const at = pieces.findIndex((p) => compare(chosen.ratio, p.hi) < 0);
  const piece = pieces[at];
  byId("cell").textContent =
    `Cell ${at + 1} of ${pieces.length}: one activation pattern, and one linear map, for r in [${near(piece.lo)}, ${near(piece.hi)}].`;
  byId("cell-exact").textContent = `[${textOf(piece.lo)}, ${textOf(piece.hi)}]`;
  const breaks = [0, ...pieces.map((p) => toNumber(p.hi))];
  const scale = 1n << (exact.shift * BigInt(n + 1));
  const value = (row, r) => toNumber([row[0] * r[1] + row[1] * r[0], r[1] * scale]);
  const rivals = data.w_out.map((_, j) => j).filter((j) => j !== pair.s);
  const curves = rivals.map((rival) => ({
    rival,
    values: [pieces[0].lo, ...pieces.map((p) => p.hi)].map((r, i) => {
      const { logits } = pieces[Math.max(0, i - 1)];
      return value(logits[pair.s].map((v, c) => v - logits[rival][c]), r);
    }),
  }));
  const here = rivals.map((j) => value(piece.logits[pair.s].map((v, c) => v - piece.logits[j][c]), chosen.ratio));
  byId("margins").innerHTML = marginPlot(byId("margins").clientWidth || 320, breaks, curves, {
    r: toNumber(chosen.ratio),
    range: range.map(toNumber),
    right: right.map((ends) => ends.map(toNumber)),
    limiting: rivals[here.indexOf(Math.min(...here))],
  });
  byId("map").innerHTML = `<table><thead><tr><th scope="col">logit</th><th scope="col">of M</th><th scope="col">of S</th></tr></thead><tbody>${
    piece.logits.map((row, j) => {
      const cells = row.map((v) => `<td title="${textOf(rational(v, scale))}">${shown(toNumber([v, scale]), 6)}</td>`).join("");
      return `<tr><th scope="row">${j} ${j === pair.m ? "m" : j === pair.s ? "s" : ""}</th>${cells}</tr>`;
    }).join("")}</tbody></table>`;
  byId("map-exact").textContent = piece.logits.map((row, j) =>
    `logit ${j} = ${textOf(rational(row[0], scale))} M + ${textOf(rational(row[1], scale))} S`).join("\n");
}

function drawOffset(pair) {
  const r = toNumber(chosen.ratio);
  const last = (p) => runFloat(impulses(p, r, 0, 1)).states[n - 1];
  const swapped = last({ m: pair.s, s: pair.m });
  const offset = last(pair).map((v, i) => v - swapped[i]);
  const product = offset.map((v, i) => v * (floats.out[pair.s][i] - floats.out[pair.m][i]));
  const total = product.reduce((a, b) => a + b, 0);
  byId("product").textContent = `In floats, (W_out[s] − W_out[m]) · offset = ${shown(total)}.`;
  byId("offset").innerHTML = barPlot(byId("offset").clientWidth || 320, [
    { name: "offset: the state minus that with M and S swapped", values: offset },
    { name: "times W_out[s] − W_out[m]: what it adds", values: product },
  ], order);
}

function syncFields(x) {
  const r = byId("ratio");
  r.value = Math.round(toNumber(chosen.ratio) * 1000);
  r.setAttribute("aria-valuetext", `r = ${shown(toNumber(chosen.ratio))}`);
  const field = byId("ratio-text");
  if (document.activeElement !== field) field.value = textOf(chosen.ratio);
  x.forEach((v, i) => {
    const box = byId(`x-${i}`);
    if (document.activeElement !== box) box.value = textOf(v);
  });
}

// -- switches ---------------------------------------------------------------------------------

const BLOCKS = { ih: "W_ih", hh: "W_hh", out: "W_out" };
function weightName(key) {
  const [block, at] = key.split(":");
  return `${BLOCKS[block]}[${block === "ih" ? at.split(",")[0] : at}]`;
}

function drawWeights() {
  const matrices = { ih: data.w_ih.map((v) => [v]), hh: data.w_hh, out: data.w_out };
  for (const [block, matrix] of Object.entries(matrices)) {
    byId(`weights-${block}`).innerHTML = weightTable(block, matrix, isOff, (i, k) => weightName(`${block}:${i},${k}`));
  }
}

function markWeights() {
  for (const table of document.querySelectorAll("table.weights")) {
    for (const button of table.querySelectorAll("button")) {
      const [i, k] = button.dataset.at.split(",").map(Number);
      button.setAttribute("aria-checked", String(!isOff(table.dataset.block, i, k)));
    }
  }
  for (const row of document.querySelectorAll("#removals [data-unit]")) {
    row.setAttribute("aria-checked", String(!chosen.units.has(Number(row.dataset.unit))));
  }
}

function drawRemovals() {
  const rows = data.groups.flatMap(([name, members]) => members.map((unit) => {
    const found = data.without && data.without[unit].map((list) => verdictOf(readIntervals(list)));
    const count = found ? found.filter((v) => v === "proved").length : "not decided ahead";
    return `<tr><th scope="row"><button type="button" role="switch" aria-checked="true" data-unit="${unit}">unit ${unit}</button></th><td class="word">${name}</td><td>${count}</td></tr>`;
  }));
  byId("removals").innerHTML = `<table><thead><tr><th scope="col">without</th><th scope="col">role</th><th scope="col">pairs right, of ${data.pairs.length}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function changed() {
  document.body.dataset.idle = "false";
  render();
  work();
}

function toggle(set, key) {
  if (!set.delete(key)) set.add(key);
  rebuildWeights();
  markWeights();
  changed();
}

function toggleUnit(unit, from) {
  toggle(chosen.units, unit);
  // The table of states was drawn anew: give the focus back to the same switch.
  if (from) byId("states").querySelector(`[data-unit="${unit}"]`).focus();
}
