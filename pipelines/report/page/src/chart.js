// Bars over bins or months, drawn by uPlot, with the numbers as a table for who cannot see them.

import uPlot from "uplot";
import { el, opens, table } from "./dom.js";
import { counted, number } from "./format.js";

const HEIGHT_PX = 190;
/** Widths of a label: of one character, and of what keeps it apart from the next. */
const CHARACTER_PX = 7;
const APART_PX = 14;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A figure with a bar for each of `bars`: pairs of a label and a count. */
export function bars(caption, unit, values) {
  const holder = el("div", { class: "chart", role: "img", "aria-label": `${caption}: ${spoken(values)}` });
  new ResizeObserver(() => draw(holder, values)).observe(holder);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(holder, values));
  return el(
    "figure",
    {},
    el("figcaption", {}, caption),
    holder,
    opens("As a table", () => table(caption, [unit, "samples"], values.map(([label, count]) => [label, number(count)]), [1])),
  );
}

/** What a chart says in a sentence. */
function spoken(values) {
  const most = values.reduce((best, each) => (each[1] > best[1] ? each : best), ["", 0]);
  return values.length ? `${counted(values.length, "bar")}, the highest at ${most[0]} with ${counted(most[1], "sample")}` : "no values";
}

function draw(holder, values) {
  const width = Math.floor(holder.clientWidth);
  if (!width || !values.length) return;
  holder.replaceChildren();
  const axis = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const label = (place) => (Number.isInteger(place) && values[place] ? values[place][0] : "");
  const space = APART_PX + CHARACTER_PX * Math.max(...values.map(([text]) => text.length));
  new uPlot(
    {
      width,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [-0.5, values.length - 0.5] }, y: { range: (_, __, most) => [0, most || 1] } },
      axes: [
        { ...axis, grid: { show: false }, values: (_, splits) => splits.map(label), incrs: [1, 2, 3, 6, 12, 24, 60, 120], space },
        { ...axis, size: 64, values: (_, splits) => splits.map((split) => (Number.isInteger(split) ? number(split) : "")) },
      ],
      series: [{}, { fill: colour("--bar"), stroke: colour("--bar"), paths: uPlot.paths.bars({ size: [0.8, 60] }), points: { show: false } }],
    },
    [values.map((_, place) => place), values.map(([, count]) => count)],
    holder,
  );
}
