// What the dataset is, and where the page answers which question.

import { el, facts, foreign, opens, table } from "../dom.js";
import { number, percent, words } from "../format.js";

const QUESTIONS = [
  ["What do samples look like?", "#/samples"],
  ["Why is a post missing?", "#/rejects"],
  ["Which media were merged, and why?", "#/merged"],
  ["How many samples lack a replay graph?", "#/distributions"],
];

/** The first view. */
export async function overview(load) {
  const [about, spread] = await Promise.all([load("about"), load("distributions")]);
  const asked = about.compared ? [...QUESTIONS, ["What did a change of the recipe change?", "#/comparison"]] : QUESTIONS;
  return el(
    "div",
    {},
    el("h1", {}, foreign(about.title, 200)),
    about.summary ? el("p", {}, foreign(about.summary, 2000)) : null,
    about.released ? el("p", { class: "note" }, "This is the release: personal data was replaced, as the view Privacy counts.") : null,
    facts([
      ["Samples", number(spread.rows)],
      ["With a replay graph", replays(spread)],
      ["Recipe", foreign(about.recipe, 200)],
      ["Licence", about.license],
      ["Languages", about.languages.join(", ")],
      ["Made by", `blift ${about.blift}`],
      ["Fingerprint", el("code", {}, about.fingerprint)],
    ]),
    el("h2", {}, "Questions"),
    el("ul", { class: "questions" }, asked.map(([question, target]) => el("li", {}, el("a", { href: target }, question)))),
    table(
      "What the run holds",
      ["dataset", "split", "rows", "files", "bytes", "one row is"],
      about.datasets.map((each) => [each.name, each.split, number(each.rows), number(each.files), number(each.bytes), each.one_row]),
      [2, 3, 4],
    ),
    about.files.length
      ? opens(`Files that were read, ${number(about.files.length)}`, () =>
          table("Files that were read", ["file", "bytes"], about.files.map(([name, size]) => [foreign(name, 200), number(size)]), [1]),
        )
      : null,
    opens("The recipe", () => el("pre", { tabindex: "0" }, foreign(about.recipe_text, 50000))),
    opens("Versions", () => table("Versions by stage", ["stage", "versions", "notes"], about.stages.map((stage) => [stage.name, stage.tables.map((each) => each.join(" ")).join(", "), number(stage.notes)]), [2])),
  );
}

function replays(spread) {
  const absent = spread.words.find((each) => each.name === "replay_absent");
  const lack = spread.rows - absent.missing;
  const why = absent.values.map(([reason, count]) => `${words(reason)} ${number(count)}`).join(", ");
  return `${number(absent.missing)}; ${number(lack)} (${percent(lack, spread.rows)}) lack one${why ? `: ${why}` : ""}`;
}
