// The funnel: a bar for each step, with what it kept, merged and rejected, and the way to the rejects of each reason.

import { el } from "../dom.js";
import { number, words } from "../format.js";

/** The funnel of a run. */
export async function funnel(load) {
  const [rows, rejects] = await Promise.all([load("funnel"), load("rejects")]);
  return el(
    "div",
    {},
    el("h1", {}, "Funnel"),
    el("p", {}, "Each bar is what came to a step: kept, merged, rejected. A reason leads to the rejects that are listed."),
    el("ul", { class: "legend" }, ["kept", "merged", "rejected"].map((name) => el("li", {}, el("span", { class: `swatch ${name}` }), name))),
    funnelTables(rows, (row, reason, text) => reasonLink(row, reason, text, rejects)),
  );
}

/** The rows in parts, one for each stage and kind of record. */
export function parts(rows) {
  const found = new Map();
  for (const row of rows) {
    const name = `${row.stage}: ${row.table}`;
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(row);
  }
  return [...found.entries()];
}

/** A table for each part of the funnel; `link(row, reason, text)` makes what leads to the rejects of a reason. */
export const funnelTables = (rows, link) => parts(rows).map((part) => section(part, link));

function section([name, rows], link) {
  const most = Math.max(1, ...rows.map((row) => row.in));
  const body = rows.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", title: row.says || null }, words(row.step)),
      el("td", { class: "bar" }, bar(row, most)),
      el("td", { class: "number" }, number(row.in)),
      el("td", { class: "number" }, number(row.out)),
      el("td", { class: "number" }, row.merged ? number(row.merged) : ""),
      el("td", {}, row.rejected.map(([reason, count]) => el("span", { class: "reason" }, link(row, reason, `${words(reason)} ${number(count)}`)))),
    ),
  );
  const head = ["step", "kept, merged, rejected", "in", "out", "merged", "rejected, by reason"];
  return el(
    "section",
    {},
    el("h2", {}, name),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": `Funnel of ${name}` },
      el("table", { class: "funnel" }, el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col", class: ["in", "out", "merged"].includes(text) ? "number" : null }, text)))), el("tbody", {}, body)),
    ),
  );
}

function bar(row, most) {
  const lost = row.rejected.reduce((sum, [, count]) => sum + count, 0);
  const piece = (name, count) => {
    const made = el("span", { class: name });
    made.style.width = `${(100 * count) / most}%`;
    return made;
  };
  const said = `${number(row.out)} kept, ${number(row.merged)} merged, ${number(lost)} rejected`;
  return el("div", { class: "stack", role: "img", "aria-label": said }, piece("kept", row.out), piece("merged", row.merged), piece("rejected", lost));
}

function reasonLink(row, reason, text, rejects) {
  const place = groupOf(row, reason, rejects);
  return place < 0 ? el("span", { title: "These are counted, and not listed." }, text) : el("a", { href: `#/rejects/${place}` }, text);
}

/** The group of rejects that a step and a reason of the funnel lead to; -1 where none are listed. */
function groupOf(row, reason, rejects) {
  const kind = row.table.split(" ").at(-1);
  const fits = (group, step) => group.stage === row.stage && group.reason === reason && (step ? group.rule === row.step : group.record_table === kind);
  const exact = rejects.findIndex((group) => fits(group, true) && group.record_table === kind);
  if (exact >= 0) return exact;
  const near = rejects.findIndex((group) => fits(group, true));
  return near >= 0 ? near : rejects.findIndex((group) => fits(group, false));
}
