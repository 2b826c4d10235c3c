// The page of `blift explore`: asks its own server for tables, rows and single rows, and shows them as text.

import { el, foreign } from "../../../report/page/src/dom.js";
import { funnelTables } from "../../../report/page/src/views/funnel.js";
import { isEmpty, rowArticle, shown } from "./row.js";

const at = (id) => document.getElementById(id);
const PAGE = 50;
const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "contains", "empty", "filled"];
const state = { tables: [], offset: 0, seed: null, listed: [], place: 0 };

async function ask(name, parameters = []) {
  const response = await fetch(`api/${name}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

function say(text, bad = false) {
  at("message").textContent = text;
  at("message").classList.toggle("bad", bad);
}

// Whatever goes wrong is a sentence on the page.
const guarded = (work) => async (event) => {
  event?.preventDefault?.();
  try { await work(event); } catch (error) { say(error.message, true); }
};

const current = () => state.tables.find((table) => table.name === at("table").value);

function fill(select, names, first) {
  select.replaceChildren(...(first ? [el("option", { value: "" }, first)] : []),
    ...names.map((name) => el("option", { value: name }, name)));
}

function choose() {
  const table = current();
  fill(at("order"), table.columns.filter((column) => column.plain).map((column) => column.name), "order of the files");
  at("filter-lines").replaceChildren();
  at("descending").checked = false;
}

function addFilter(named, wanted) {
  const number = at("filter-lines").childElementCount + 1;
  const column = el("select", { "aria-label": `Column of filter ${number}` });
  fill(column, current().columns.map((one) => one.name));
  const operator = el("select", { "aria-label": `Operator of filter ${number}` });
  fill(operator, OPERATORS);
  const value = el("input", { "aria-label": `Value of filter ${number}`, autocomplete: "off" });
  operator.addEventListener("change", () => { value.disabled = ["empty", "filled"].includes(operator.value); });
  const line = el("div", { class: "line filter" }, column, operator, value);
  line.append(el("button", { type: "button", on: { click: () => line.remove() } }, "Remove"));
  at("filter-lines").append(line);
  if (named) [column.value, value.value] = [named, wanted];
  else column.focus();
}

function parameters() {
  const chosen = [["table", at("table").value], ["search", at("search").value], ["where", at("where-sql").value],
    ["order", at("order").value], ["descending", at("descending").checked ? "1" : ""]];
  for (const line of at("filter-lines").children) {
    const [column, operator, value] = line.querySelectorAll("select, input");
    chosen.push(["filter", JSON.stringify([column.value, operator.value, value.value])]);
  }
  return chosen.filter(([, value]) => value !== "");
}

async function show(more = []) {
  say("Looking ...");
  const answer = await ask("rows", [...parameters(), ["limit", PAGE], ...more]);
  render([answer]);
  const drawn = state.seed !== null;
  const last = state.offset + answer.rows.length;
  const which = drawn ? `${answer.rows.length} drawn at random`
    : answer.rows.length ? `${(state.offset + 1).toLocaleString("en")} to ${last.toLocaleString("en")}` : "none";
  say(`${answer.total.toLocaleString("en")} rows of ${answer.table} match; ${which} shown.`);
  at("previous").disabled = drawn || state.offset === 0;
  at("next").disabled = drawn || last >= answer.total;
}

function render(answers) {
  state.listed = answers.flatMap((answer) => answer.rows.map((row) => ({ table: answer.table, place: row.place })));
  let number = 0;
  at("results").replaceChildren(...answers.map((answer) => {
    const kept = answer.columns.map((_, index) => index).filter((index) => answer.rows.some((row) => !isEmpty(row.cells[index])));
    const numeric = (index) => answer.rows.some((row) => typeof row.cells[index] === "number");
    const head = el("tr", {}, el("th", { scope: "col" }, "Row"), ...kept.map((index) => heading(answer, index, numeric(index))));
    const body = answer.rows.map((row) => {
      const mine = number++;
      const open = el("button", { type: "button", "aria-label": `Open row ${mine + 1}`, on: { click: guarded(() => openRow(mine)) } }, "Open");
      return el("tr", {}, el("td", {}, open), ...kept.map((index) => el("td",
        { class: numeric(index) ? "number" : "", title: isEmpty(row.cells[index]) ? "" : String(row.cells[index]) },
        isEmpty(row.cells[index]) ? "" : foreign(shown(row.cells[index])))));
    });
    const table = el("table", {}, el("caption", {}, foreign(answer.table)), el("thead", {}, head), el("tbody", {}, ...body));
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Rows of ${answer.table}` }, table);
  }));
}

function heading(answer, index, numeric) {
  const name = answer.columns[index];
  const sorted = at("order").value === name && answer.table === at("table").value;
  const direction = sorted ? (at("descending").checked ? "descending" : "ascending") : "none";
  const mark = { descending: " ▼", ascending: " ▲", none: "" }[direction];
  const sort = guarded(async () => {
    at("descending").checked = sorted ? !at("descending").checked : numeric;
    if (answer.table !== at("table").value) { at("table").value = answer.table; choose(); }
    at("order").value = name;
    state.offset = 0; state.seed = null;
    await show();
  });
  return el("th", { scope: "col", class: numeric ? "number" : "", "aria-sort": direction },
    el("button", { type: "button", on: { click: sort } }, foreign(name), mark));
}

async function openRow(number) {
  state.place = number;
  const { table, place } = state.listed[number];
  const found = await ask("row", [["table", table], ["file", place[0]], ["row", place[1]]]);
  at("sample-body").replaceChildren(rowArticle(found));
  const heading = at("sample-body").querySelector("h2");
  heading.id = "sample-title";
  heading.tabIndex = -1;
  at("sample-previous").disabled = number === 0;
  at("sample-next").disabled = number + 1 >= state.listed.length;
  at("sample-random").disabled = false;
  if (!at("sample").open) at("sample").showModal();
  at("sample").scrollTop = 0;
  heading.focus();
}

async function randomSample() {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  const answer = await ask("rows", [...parameters().filter(([name]) => name !== "order"), ["limit", 1], ["seed", seed]]);
  if (!answer.rows.length) throw new Error("No row matches.");
  state.listed = [{ table: answer.table, place: answer.rows[0].place }];
  await openRow(0);
}

async function randomRows() {
  state.seed = crypto.getRandomValues(new Uint32Array(1))[0];
  state.offset = 0;
  await show([["limit", 20], ["seed", state.seed]]);
}

async function turn(rows) {
  state.offset = Math.max(0, state.offset + rows);
  await show([["offset", state.offset]]);
  at("results").firstElementChild?.focus();
}

async function fresh() {
  state.offset = 0; state.seed = null;
  await show();
}

async function byId() {
  const answer = await ask("id", [["id", at("id").value]]);
  render(answer.tables);
  at("previous").disabled = at("next").disabled = true;
  say(answer.tables.map((one) => `${one.total} in ${one.table}`).join(", ") + ".");
}

function funnel(rows) {
  at("funnel").hidden = rows.length === 0;
  at("funnel-rows").replaceChildren(...funnelTables(rows, (row, reason, text) =>
    el("button", { type: "button", class: "reason", on: { click: guarded(() => rejectsOf(row, reason)) } }, text)));
}

// A reason of the funnel leads to its rejects; a rule of several kinds of records leads to those of all.
async function rejectsOf(row, reason) {
  at("table").value = "rejects";
  if (!current()) throw new Error("This dataset holds no rejects.");
  choose();
  for (const [column, value] of [["stage", row.stage], ["reason", reason]]) addFilter(column, value);
  await fresh();
  at("results").firstElementChild?.focus();
}

async function start() {
  const about = await ask("tables");
  state.tables = about.tables;
  at("name").textContent = about.name;
  at("where").textContent = about.where;
  document.title = `${about.name} - blift explore`;
  at("table").replaceChildren(...about.tables.map((table) =>
    el("option", { value: table.name }, `${table.name} (${table.rows.toLocaleString("en")})`)));
  funnel(about.funnel);
  choose();
  await show();
}

at("choice").addEventListener("submit", guarded(fresh));
at("by-id").addEventListener("submit", guarded(byId));
at("table").addEventListener("change", guarded(async () => { choose(); await fresh(); }));
at("order").addEventListener("change", guarded(fresh));
at("descending").addEventListener("change", guarded(fresh));
at("add-filter").addEventListener("click", () => addFilter());
at("random-rows").addEventListener("click", guarded(randomRows));
at("random-sample").addEventListener("click", guarded(randomSample));
at("sample-random").addEventListener("click", guarded(randomSample));
at("reset").addEventListener("click", guarded(async () => {
  at("search").value = at("where-sql").value = at("id").value = "";
  choose();
  await fresh();
}));
at("previous").addEventListener("click", guarded(() => turn(-PAGE)));
at("next").addEventListener("click", guarded(() => turn(PAGE)));
at("sample-previous").addEventListener("click", guarded(() => openRow(state.place - 1)));
at("sample-next").addEventListener("click", guarded(() => openRow(state.place + 1)));
at("sample-close").addEventListener("click", () => at("sample").close());
guarded(start)();
