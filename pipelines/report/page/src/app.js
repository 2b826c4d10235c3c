// The page: which view an address names, and the field that finds a post.

import { load } from "./data.js";
import { el, foreign } from "./dom.js";
import { comparison } from "./views/comparison.js";
import { distributions } from "./views/distributions.js";
import { funnel } from "./views/funnel.js";
import { merged } from "./views/merged.js";
import { overview } from "./views/overview.js";
import { privacy } from "./views/privacy.js";
import { find, rejects, rejectsOf } from "./views/rejects.js";
import { sample, samples } from "./views/samples.js";

const VIEWS = [
  ["overview", "Overview", overview],
  ["funnel", "Funnel", funnel],
  ["rejects", "Rejects", rejects, rejectsOf],
  ["samples", "Samples", samples, sample],
  ["merged", "Merged media", merged],
  ["distributions", "Distributions", distributions],
  ["privacy", "Privacy", privacy],
  ["comparison", "Comparison", comparison],
];

const main = document.getElementById("main");
let turn = 0;

function target() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  if (name === "find") return [name, (parts) => find(load, parts), rest];
  const [view, , whole, one] = VIEWS.find(([each]) => each === name) ?? VIEWS[0];
  return [view, (parts) => (parts.length && one ? one(load, parts) : whole(load, parts)), rest];
}

async function show({ focus }) {
  if (location.hash && !location.hash.startsWith("#/")) return; // a place within the view
  const mine = ++turn;
  const [name, make, rest] = target();
  for (const link of document.querySelectorAll("#views a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let made;
  try {
    made = await make(rest);
  } catch (error) {
    made = el("div", {}, el("h1", {}, "Not in this report"), el("p", {}, error.message));
  }
  if (mine !== turn) return; // another view was asked for meanwhile
  main.replaceChildren(made);
  const heading = main.querySelector("h1, h2")?.textContent ?? "Report";
  document.title = `${heading.slice(0, 80)} - report of a dataset`;
  if (focus) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

async function start() {
  const about = await load("about");
  document.getElementById("name").replaceChildren(foreign(about.title, 80));
  const there = VIEWS.filter(([name]) => name !== "comparison" || about.compared);
  document.getElementById("views").append(...there.map(([name, text]) => el("li", {}, el("a", { href: `#/${name}`, "data-view": name }, text))));
  document.getElementById("find").addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#/find/${encodeURIComponent(document.getElementById("query").value.trim())}`;
  });
  addEventListener("hashchange", () => show({ focus: true }));
  await show({ focus: false });
}

start().catch((error) => main.replaceChildren(el("p", {}, error.message)));
