// Instruction pairs as a trainer sees them.

import { el, foreign, opens } from "./dom.js";

const WHO = { human: "User", gpt: "Assistant", system: "System", user: "User", assistant: "Assistant" };

/** The pairs of a sample: each opens to its turns. */
export function pairs(rows) {
  if (!rows.length) return el("p", { class: "note" }, "The run has no pairs of this sample.");
  return el("div", {}, rows.map(pair));
}

const pair = (row) => opens(`${row.template}, ${row.split}${row.image || row.video || row.holds_media ? "" : ", without a file of the media"}`, () => turns(row));

/** What a trainer is given: the turns of a pair in LLaVA's shape or as messages, or a prompt with two answers. */
export function turns(row) {
  return [
    row.system ? turn("System", row.system) : null,
    ...(row.conversations ?? []).map((each) => turn(WHO[each.from] ?? each.from, each.value)),
    ...messages("", row.messages),
    ...messages("", row.prompt),
    ...messages("Chosen: ", row.chosen),
    ...messages("Rejected: ", row.rejected),
    row.conversations ? el("p", { class: "note" }, "Media: ", media(row)) : null,
  ].filter(Boolean);
}

const messages = (label, told) => (told ?? []).map(({ role, content }) => turn(`${label}${WHO[role] ?? role}`, content.map((part) => part.text ?? `[${part.type}]`).join("\n")));

function media({ image, video, holds_media: held }) {
  const named = image ?? video;
  if (held || (named && typeof named === "object")) return "held in the pair itself";
  return named ? foreign(named, 200) : "by its address alone";
}

const turn = (who, text) => el("div", { class: "turn" }, el("h4", {}, who), el("p", {}, foreign(text, 4000)));
