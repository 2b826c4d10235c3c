// Media that were merged into one sample, side by side, with what joined them.

import { members } from "../cluster.js";
import { el, foreign } from "../dom.js";
import { counted } from "../format.js";

/** Samples of several posts. */
export async function merged(load) {
  const found = await load("merged");
  return el(
    "div",
    {},
    el("h1", {}, "Merged media"),
    el("p", {}, found.length ? `${counted(found.length, "sample")} of this report ${found.length === 1 ? "was" : "were"} merged of several posts. Each post is shown with what joined it to the sample.` : "No sample of this report was merged of several posts."),
    found.toSorted((one, other) => pictured(other) - pictured(one)).map(cluster),
  );
}

/** How many of its files are shown: what looks alike is told best by pictures. */
const pictured = (one) => one.members.filter((member) => member.picture).length;

function cluster(one) {
  return el(
    "section",
    { class: "cluster" },
    el("h2", {}, el("a", { href: `#/samples/${one.sample_id}` }, foreign(one.title || "Without a title", 200))),
    el("p", { class: "note" }, counted(one.members.length, "post"), one.cluster ? ", of several files that show the same" : ""),
    members(one.members),
  );
}
