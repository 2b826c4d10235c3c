// A list of many rows that can be sorted; only the rows in sight are in the page.

import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import { el } from "./dom.js";

const ROW_PX = 38;

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
  let virtualizer = null;

  function options() {
    return {
      count: rows.length,
      getScrollElement: () => element,
      estimateSize: () => ROW_PX,
      overscan: 8,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: render,
    };
  }

  function render() {
    body.style.height = `${virtualizer.getTotalSize()}px`;
    body.replaceChildren(...virtualizer.getVirtualItems().map(({ index, start }) => line(index, start)));
  }

  function line(index, start) {
    const made = el(
      "div",
      { role: "row", class: "row", "aria-rowindex": String(index + 2) },
      columns.map((column) => el("div", { role: "cell", class: kind(column) }, column.cell(rows[index]) ?? "")),
    );
    made.style.transform = `translateY(${start}px)`;
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
    if (!virtualizer) {
      virtualizer = new Virtualizer(options());
      requestAnimationFrame(() => {
        virtualizer._didMount(); // the names that the library's guide gives to pages without a framework
        virtualizer._willUpdate();
        render();
      });
      return;
    }
    virtualizer.setOptions(options());
    element.scrollTop = 0;
    virtualizer._willUpdate();
    virtualizer.measure();
    render();
  }

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
