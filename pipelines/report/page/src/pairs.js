// Instruction pairs as a trainer sees them.

import { el, foreign, opens } from "./dom.js";

const WHO = { human: "User", gpt: "Assistant" };

/** The pairs of a sample: each opens to its turns. */
export function pairs(rows) {
  if (!rows.length) return el("p", { class: "note" }, "The run has no pairs of this sample.");
  return el("div", {}, rows.map(pair));
}

function pair(row) {
  return opens(`${row.template}, ${row.split}${row.image || row.video ? "" : ", without a file of the media"}`, () => [
    row.system ? turn("System", row.system) : null,
    ...row.conversations.map((each) => turn(WHO[each.from] ?? each.from, each.value)),
    el("p", { class: "note" }, `Media: ${row.image ?? row.video ?? "by its address alone"}`),
  ].filter(Boolean));
}

const turn = (who, text) => el("div", { class: "turn" }, el("h4", {}, who), el("p", {}, foreign(text, 4000)));
