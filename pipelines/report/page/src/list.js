// A list of many rows that can be sorted; only the rows in sight are in the page.

import { el } from "./dom.js";

/** Height of a row, as in app.css; and rows above and below those in sight that are in the page too. */
const ROW_PX = 38;
const SPARE = 8;

/**
 * A list of rows.
 * @param caption what the list holds
 * @param columns of each: `name`, `cell(row)` for its content, `by(row)` for its order, `wide` for one that takes the room
 * @returns `{element, show(rows)}`
 */
export function list(caption, columns) {
  let rows = [];
  let order = null;
  const body = el("div", { role: "rowgroup", class: "rows" });
  const headings = columns.map((column, place) => heading(column, () => sort(place)));
  const head = el("div", { role: "rowgroup" }, el("div", { role: "row", class: "row head", "aria-rowindex": "1" }, headings));
  const grid = el("div", { role: "table", "aria-label": caption }, head, body);
  const element = el("div", { class: "list", tabindex: "0", role: "region", "aria-label": caption }, grid);

  function render() {
    const first = Math.max(0, Math.floor(element.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(rows.length, Math.ceil((element.scrollTop + element.clientHeight) / ROW_PX) + SPARE);
    body.style.height = `${rows.length * ROW_PX}px`;
    body.replaceChildren(...rows.slice(first, last).map((row, place) => line(row, first + place)));
  }

  function line(row, index) {
    const made = el(
      "div",
      { role: "row", class: "row", "aria-rowindex": String(index + 2) },
      columns.map((column) => el("div", { role: "cell", class: kind(column) }, column.cell(row) ?? "")),
    );
    made.style.transform = `translateY(${index * ROW_PX}px)`;
    return made;
  }

  function sort(place) {
    const down = order?.place === place ? !order.down : true;
    order = { place, down };
    headings.forEach((each, other) => each.setAttribute("aria-sort", other === place ? (down ? "descending" : "ascending") : "none"));
    show(rows);
  }

  function show(found) {
    rows = order ? sorted(found, columns[order.place].by, order.down) : found;
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    element.scrollTop = 0;
    render();
  }

  element.addEventListener("scroll", render, { passive: true });
  new ResizeObserver(render).observe(element); // also when it enters the page, which gives it its height
  return { element, show };
}

function heading(column, sort) {
  const button = el("button", { type: "button", on: { click: sort } }, column.name);
  return el("div", { role: "columnheader", class: kind(column), "aria-sort": "none" }, button);
}

const kind = (column) => (column.wide ? "wide" : column.number ? "number" : null);

/** Rows by a value, those without one last. */
function sorted(rows, by, down) {
  const compare = (one, other) => (typeof one === "number" ? one - other : String(one).localeCompare(String(other), "en"));
  return [...rows].sort((one, other) => {
    const [a, b] = [by(one), by(other)];
    const missing = (a === null) - (b === null);
    return missing || (down ? -1 : 1) * (a === null ? 0 : compare(a, b));
  });
}
