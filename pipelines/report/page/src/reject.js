// One reject: what decided, where its record lies, how to print that line, and the record.

import { el, facts, foreign } from "./dom.js";
import { number, words } from "./format.js";

/** What decided on a reject, and where its record lies. */
export const decision = ({ stage, rule, detail, source, line }) =>
  facts([
    ["Stage", foreign(stage, 80)],
    ["Rule", rule ? foreign(words(rule), 80) : null],
    ["What decided", detail ? foreign(detail) : null],
    ["Source", source ? foreign(source, 300) : null],
    ["Line", number(line)],
    ["To see the line", line && typeof source === "string" ? el("code", {}, command(source, line)) : null],
  ]);

/** The record of a reject, as the run keeps it: `payload`, or what `payload_of` says. */
export const record = ({ payload, payload_of: table }) =>
  payload
    ? el("div", {}, el("h3", {}, table ? "The post, as the run holds it" : "The record"), el("pre", { tabindex: "0" }, foreign(indented(payload), 5000)))
    : el("p", { class: "note" }, "The run keeps no record of it: see `rejects.payload` in the recipe.");

/** A command that prints the line of an archive; the name of the archive is quoted for a shell. */
function command(source, line) {
  const unpack = source.endsWith(".zst") ? "zstdcat --long=31" : source.endsWith(".gz") ? "zcat" : "cat";
  return `${unpack} '${source.replaceAll("'", "'\\''")}' | sed -n ${line}p`;
}

function indented(payload) {
  if (typeof payload !== "string") return payload;
  try {
    return JSON.stringify(JSON.parse(payload), null, 1);
  } catch {
    return payload; // a record that could not be read
  }
}
