// The list of samples that were drawn, with filters; and one of them.

import { el, foreign } from "../dom.js";
import { clock, day, number } from "../format.js";
import { list } from "../list.js";
import { sampleArticle } from "../sample.js";

const CHOICES = [
  ["replay", "with a replay graph", (row) => row.replay > 0],
  ["merged", "of several posts", (row) => row.posts > 1],
  ["scenes", "of several scenes", (row) => row.scenes > 1],
];

/** The rows of the list as objects. */
export async function drawn(load) {
  const told = await load("samples");
  return { ...told, rows: told.rows.map((row, place) => ({ place, ...Object.fromEntries(told.columns.map((name, column) => [name, row[column]])) })) };
}

/** The list of samples. */
export async function samples(load) {
  const told = await drawn(load);
  const found = list("Samples", [
    { name: "title", wide: true, cell: (row) => el("a", { href: `#/samples/${row.sample_id}` }, foreign(row.title || "Without a title", 200)), by: (row) => row.title },
    ...["platform", "media_kind", "language"].map((name) => ({ name: name === "media_kind" ? "kind" : name, cell: (row) => row[name], by: (row) => row[name] })),
    { name: "posted", cell: (row) => day(row.posted_at), by: (row) => row.posted_at },
    ...["score", "likes", "views", "num_comments"].map((name) => ({ name: name === "num_comments" ? "comments" : name, number: true, cell: (row) => number(row[name]), by: (row) => row[name] })),
    { name: "duration", number: true, cell: (row) => clock(row.duration_s), by: (row) => row.duration_s },
    { name: "posts", number: true, cell: (row) => number(row.posts), by: (row) => row.posts },
    { name: "replay graph", cell: (row) => (row.replay ? "yes" : "no"), by: (row) => row.replay },
  ]);
  const shown = el("p", { role: "status" });
  let rows = told.rows;
  const filters = form(told.rows, (chosen) => {
    rows = told.rows.filter(chosen);
    found.show(rows);
    shown.textContent = `${number(rows.length)} of ${number(told.rows.length)} samples in this report.`;
  });
  const random = el("button", { type: "button", on: { click: () => rows.length && (location.hash = `#/samples/${rows[Math.floor(Math.random() * rows.length)].sample_id}`) } }, "Random sample");
  const more = told.rows.length - told.at_random;
  return el(
    "div",
    {},
    el("h1", {}, "Samples"),
    el("p", {}, `${number(told.rows.length)} of ${number(told.of)} samples are in this report: ${number(told.at_random)} drawn at random${more > 0 ? `, and ${number(more)} more with a replay graph, several scenes or several posts` : ""}.`),
    filters,
    el("div", { class: "line" }, random, shown),
    found.element,
  );
}

/** Filters over the rows; `change` is given a condition, at once and whenever it changes. */
function form(rows, change) {
  const text = el("input", { type: "search", id: "words" });
  const selects = ["platform", "media_kind", "language"].map((name) => [name, choose(name, rows)]);
  const boxes = CHOICES.map(([name, label, condition]) => [el("input", { type: "checkbox", id: `only-${name}` }), label, condition]);
  const apply = () => {
    const wanted = text.value.toLowerCase();
    change(
      (row) =>
        (!wanted || (row.title ?? "").toLowerCase().includes(wanted) || row.sample_id.startsWith(wanted)) &&
        selects.every(([name, select]) => !select.value || String(row[name]) === select.value) &&
        boxes.every(([box, , condition]) => !box.checked || condition(row)),
    );
  };
  const made = el(
    "form",
    { class: "filters", "aria-label": "Filters", on: { submit: (event) => event.preventDefault(), input: apply } },
    el("label", {}, "Words of the title ", text),
    selects.map(([name, select]) => el("label", {}, name === "media_kind" ? "kind " : `${name} `, select)),
    boxes.map(([box, label]) => el("label", {}, box, ` ${label}`)),
  );
  queueMicrotask(apply);
  return made;
}

function choose(name, rows) {
  const values = [...new Set(rows.map((row) => row[name]).filter((value) => value !== null))].sort();
  return el("select", { id: `by-${name}` }, el("option", { value: "" }, "any"), values.map((value) => el("option", { value }, value)));
}

/** One sample, by id. */
export async function sample(load, [id]) {
  const told = await drawn(load);
  const at = told.rows.findIndex((row) => row.sample_id === id);
  if (at < 0) return el("div", {}, el("h1", {}, "Sample"), el("p", {}, `The sample ${id} is not among those that were drawn for this report. `, el("code", {}, `blift explore RUN`), " shows every sample."));
  const [rows, clusters] = await Promise.all([load(`samples-${Math.floor(at / told.chunk)}`), load("merged")]);
  const merged = clusters.find((each) => each.sample_id === id);
  const near = (place, text) => (told.rows[place] ? el("a", { href: `#/samples/${told.rows[place].sample_id}` }, text) : null);
  return el(
    "div",
    {},
    el("p", { class: "line" }, el("a", { href: "#/samples" }, "All samples"), near(at - 1, "Previous"), near(at + 1, "Next")),
    sampleArticle({ ...rows[at % told.chunk], merged }),
  );
}
