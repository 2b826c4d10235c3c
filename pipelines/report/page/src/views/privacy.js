// What the privacy gate found, by kind; never what was found.

import { el, table } from "../dom.js";
import { number, words } from "../format.js";

/** Findings of the release. */
export async function privacy(load) {
  const told = await load("privacy");
  if (!told.made) {
    return el("div", {}, el("h1", {}, "Privacy"), el("p", {}, "This run has no release, so its personal data was not looked for. ", el("code", {}, "blift publish RUN --dry-run"), " makes a release, and a report of it counts what was found."));
  }
  const found = told.findings.map(([config, kind, count]) => [config, words(kind), number(count)]);
  return el(
    "div",
    {},
    el("h1", {}, "Privacy"),
    el("p", {}, told.withdrawn ? `The gate is shut: ${number(told.withdrawn)} posts or comments that were deleted or removed are in the samples.` : "The gate is open: no post or comment that was deleted or removed is in the samples."),
    found.length ? table("Personal data that the release replaced or took out", ["configuration", "kind", "found"], found, [2]) : el("p", {}, "Nothing was found."),
    told.withheld.length ? table("Rows that the release withheld", ["records", "reason", "rows"], told.withheld.map(([records, reason, count]) => [records, words(reason), number(count)]), [2]) : null,
  );
}
