// Distributions over all samples.

import { bars } from "../chart.js";
import { el, foreign, table } from "../dom.js";
import { number, percent, words } from "../format.js";

const NAMES = { num_comments: "comments counted", duration_s: "duration in seconds", comments: "chosen comments", audiences: "posts of the media" };

/** Numbers in bins, months, words counted, and what is missing. */
export async function distributions(load) {
  const spread = await load("distributions");
  return el(
    "div",
    {},
    el("h1", {}, "Distributions"),
    el("p", {}, `Over all ${number(spread.rows)} samples. Bins grow: people's counts are spread over orders of magnitude.`),
    el("div", { class: "charts" }, spread.numbers.filter((each) => each.rows).map((each) => numberChart(each, spread.rows)), bars("Posted, by month", "month", spread.months)),
    spread.words.map((each) => wordTable(each, spread.rows)),
    missing(spread),
  );
}

function numberChart(each, rows) {
  const label = ([from, to]) => (from === null ? "below 0" : to === null ? `${short(from)} and more` : to - from === 1 ? short(from) : `${short(from)} to ${short(to)}`);
  const told = `${NAMES[each.name] ?? words(each.name)}: ${number(each.rows)} of ${number(rows)} have it; ${plain(each.least)} to ${plain(each.most)}, median ${plain(each.median)}, mean ${plain(each.mean)}`;
  return bars(told, each.unit, each.bins.map((bin) => [label(bin), bin[2]]));
}

const short = (value) => value.toLocaleString("en", { notation: "compact" });
const plain = (value) => (value === null ? "" : value.toLocaleString("en", { maximumFractionDigits: 1 }));

function wordTable(each, rows) {
  const lines = each.values.map(([word, count]) => [foreign(word, 80), number(count), percent(count, rows)]);
  if (each.others[0]) lines.push([`${number(each.others[0])} others`, number(each.others[1]), percent(each.others[1], rows)]);
  if (each.missing) lines.push([each.name === "replay_absent" ? "has a replay graph" : "none", number(each.missing), percent(each.missing, rows)]);
  const caption = each.name === "replay_absent" ? "Replay graph: present, or why it is absent" : `By ${words(each.name)}`;
  return table(caption, [words(each.name), "samples", "of all"], lines, [1, 2]);
}

function missing(spread) {
  const lines = spread.missing.map(([column, count]) => [words(column), number(count), percent(count, spread.rows)]);
  return table("Samples without a value, by column", ["column", "without a value", "of all"], lines, [1, 2]);
}
