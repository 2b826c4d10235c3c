// Two runs compared: both funnels, samples that came and went, and what of the recipe changed.

import { el, facts, foreign, table } from "../dom.js";
import { counted, number, words } from "../format.js";
import { parts } from "./funnel.js";

/** The comparison, where the report was made with one. */
export async function comparison(load) {
  const told = await load("comparison");
  return el(
    "div",
    {},
    el("h1", {}, "Comparison of two runs"),
    facts([
      ["Before", counted(told.rows[0], "sample")],
      ["Now", counted(told.rows[1], "sample")],
      ["In both", number(told.same)],
      ["Came", number(told.came.count)],
      ["Went", number(told.went.count)],
      ["Fingerprint before", el("code", {}, told.fingerprints[0])],
      ["Fingerprint now", el("code", {}, told.fingerprints[1])],
    ]),
    el("h2", {}, "What changed in the recipe"),
    told.recipe.length ? el("pre", { tabindex: "0" }, foreign(told.recipe.join("\n"), 20000)) : el("p", {}, "Nothing."),
    side("Samples that came", told.came, "what rejected it before", "now"),
    side("Samples that went", told.went, "what rejects it now", null),
    el("h2", {}, "Both funnels"),
    funnels(told.funnels),
  );
}

function side(caption, told, why, linked) {
  if (!told.count) return el("section", {}, el("h2", {}, caption), el("p", {}, "None."));
  const title = (row) => (linked ? el("a", { href: `#/find/${encodeURIComponent(row.sample_id)}` }, foreign(row.title || row.sample_id, 160)) : foreign(row.title || row.sample_id, 160));
  const reasons = (row) => el("div", {}, row.why.length ? row.why.map(([id, stage, rule, reason, detail]) => el("p", {}, `${words(reason)} (${stage}, ${words(rule)}): `, foreign(id, 60), detail ? [", ", foreign(detail, 120)] : "")) : "not in its archives, or merged into another sample");
  const rows = told.samples.map((row) => [title(row), row.platform, number(row.score), number(row.likes), number(row.views), reasons(row)]);
  return el("section", {}, el("h2", {}, caption), table(`${number(rows.length)} of ${number(told.count)}`, ["title", "platform", "score", "likes", "views", why], rows, [2, 3, 4]));
}

function funnels([before, now]) {
  const names = [...new Set([...parts(before), ...parts(now)].map(([name]) => name))];
  const of = (rows, name) => new Map((parts(rows).find(([each]) => each === name)?.[1] ?? []).map((row) => [row.step, row]));
  return names.map((name) => {
    const [old, own] = [of(before, name), of(now, name)];
    const steps = [...new Set([...old.keys(), ...own.keys()])];
    const lost = (row) => (row ? row.rejected.reduce((sum, [, count]) => sum + count, 0) + row.merged : null);
    const cells = (step) => {
      const [a, b] = [old.get(step), own.get(step)];
      return [words(step), number(a?.out, "not run"), number(b?.out, "not run"), number(lost(a)), number(lost(b)), change(lost(a), lost(b))];
    };
    return table(name, ["step", "out before", "out now", "left out before", "left out now", "change"], steps.map(cells), [1, 2, 3, 4, 5]);
  });
}

function change(before, now) {
  const more = (now ?? 0) - (before ?? 0);
  return more ? el("strong", {}, `${more > 0 ? "+" : "−"}${number(Math.abs(more))}`) : "";
}
