// Rejects by reason, and each with its record and its line; and what became of an id.

import { fileOf } from "../data.js";
import { el, facts, foreign, opens, table } from "../dom.js";
import { number, words } from "../format.js";
import { decision, record } from "../reject.js";
import { drawn } from "./samples.js";

/** All reasons. */
export async function rejects(load) {
  const groups = await load("rejects");
  const row = (group, place) => [
    el("a", { href: `#/rejects/${place}` }, words(group.reason)),
    group.record_table,
    group.stage,
    words(group.rule),
    number(group.count),
  ];
  const order = groups.map((group, place) => [group, place]).sort(([one], [other]) => other.count - one.count);
  return el(
    "div",
    {},
    el("h1", {}, "Rejects"),
    el("p", {}, "Every record that was left out and is listed in the run. To see why a post is missing, write its id or address into the field at the top."),
    table("Rejects by reason", ["reason", "record", "stage", "rule", "records"], order.map(([group, place]) => row(group, place)), [4]),
  );
}

/** The rejects of one reason. */
export async function rejectsOf(load, [place]) {
  const group = (await load("rejects"))[Number(place)];
  if (!group) return el("div", {}, el("h1", {}, "Rejects"), el("p", {}, "There is no such reason in this report."));
  const records = await load(`rejects-${Number(place)}`);
  return el(
    "div",
    {},
    el("p", {}, el("a", { href: "#/rejects" }, "All reasons")),
    el("h1", {}, `${words(group.reason)}: ${group.record_table}s that ${words(group.rule)} rejected`),
    el("p", {}, `${number(records.length)} of ${number(group.count)} rejects of the stage ${group.stage} are listed.`),
    records.map((each) => one(each, group)),
  );
}

function one(reject, group) {
  const name = reject.record_id ?? `${reject.source ?? "unknown source"}${reject.line ? `, line ${reject.line}` : ""}`;
  return opens(el("span", {}, foreign(name, 120), reject.detail ? el("span", { class: "note" }, ": ", foreign(reject.detail, 120)) : null), () => [
    facts([["Id", reject.record_id ? foreign(reject.record_id, 200) : null]]),
    decision({ ...group, ...reject }),
    record(reject),
  ]);
}

/** What became of an id or an address, and samples with some words in their title. */
export async function find(load, [encoded]) {
  const query = decodeURIComponent(encoded ?? "").trim();
  const [known, told, spread, groups] = await Promise.all([load("ids"), drawn(load), load("distributions"), load("rejects")]);
  const names = candidates(query, spread.words.find((each) => each.name === "platform").values.map(([name]) => name));
  const places = [...new Set(names.map((name) => fileOf(known.starts, name)))].filter((place) => place >= 0);
  const files = await Promise.all(places.map((place) => load(`ids-${place}`)));
  const rows = files.flatMap((file) => [...held(file, names), ...rejected(file, names)]);
  const titles = told.rows.filter((row) => query && ((row.title ?? "").toLowerCase().includes(query.toLowerCase()) || row.sample_id === query));
  return el(
    "div",
    {},
    el("h1", {}, "Find: ", foreign(query, 120)),
    rows.length ? rows.map((row) => fate(row, groups, told)) : el("p", {}, absent(known)),
    titles.length ? el("section", {}, el("h2", {}, `Samples of this report with these words, ${number(titles.length)}`), el("ul", {}, titles.slice(0, 100).map((row) => el("li", {}, el("a", { href: `#/samples/${row.sample_id}` }, foreign(row.title || row.sample_id, 200)))))) : null,
  );
}

/** Ids that a query may mean: itself, its parts as ids of each platform. */
function candidates(query, platforms) {
  const parts = [query, ...query.split(/[/?&=#:]+/)].filter(Boolean);
  return [...new Set([query, ...parts.flatMap((part) => platforms.map((platform) => `${platform}:${part}`))])];
}

const placesOf = (ids, names) => ids.flatMap((id, place) => (names.includes(id) ? [place] : []));

/** The samples of a file of the look-up that hold one of some ids. */
const held = ({ kept }, names) => placesOf(kept.id, names).map((place) => ({ id: kept.id[place], sample: kept.sample[place] }));

/** The rejects of a file of the look-up with one of some ids. */
function rejected({ rejected: told, kinds }, names) {
  return placesOf(told.id, names).map((place) => {
    const [stage, rule, reason] = kinds[told.kind[place]];
    return { id: told.id[place], stage, rule, reason, source: told.source[place], line: told.line[place], detail: told.detail[place] };
  });
}

function fate({ id, sample, stage, rule, reason, source, line, detail }, groups, told) {
  if (sample) {
    const shown = told.rows.some((each) => each.sample_id === sample);
    return el("p", {}, foreign(id, 200), " is in the dataset, in the sample ", shown ? el("a", { href: `#/samples/${sample}` }, sample) : el("code", {}, sample), shown ? "." : ", which is not among those of this report.");
  }
  const place = groups.findIndex((group) => group.stage === stage && group.rule === rule && group.reason === reason);
  return el(
    "section",
    {},
    el("h2", {}, foreign(id, 200), ` was rejected: ${words(reason)}`),
    decision({ stage, rule, detail, source, line }),
    place < 0 ? null : el("p", {}, el("a", { href: `#/rejects/${place}` }, "Other rejects of this reason")),
  );
}

const absent = (known) =>
  known.complete
    ? "No rejected post or sample and no post of a sample has this id. Either no archive holds it, or it lies outside the scope of the sources, whose records are listed only with `rejects.out_of_scope`."
    : "This id is not among those of this report, which does not hold all of them. `blift explore RUN` finds every one.";
