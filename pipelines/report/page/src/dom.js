// Elements out of data. Every text becomes a text node: what a stranger wrote is never read as markup.

/** An element with attributes and children; `on` holds its listeners, and null children are left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** An element of SVG. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * A text of a stranger: isolated, so that its direction marks end with it, and cut where it is long.
 * Texts that the report cut itself come as `{cut, characters}`.
 */
export function foreign(text, most = 600) {
  const [whole, characters] = typeof text === "object" && text ? [text.cut, text.characters] : [text ?? "", (text ?? "").length];
  const shown = el("bdi", { class: "foreign", dir: "auto" });
  if (whole.length <= most) {
    shown.textContent = whole;
    return characters === whole.length ? shown : el("span", {}, shown, el("span", { class: "note" }, ` (${characters.toLocaleString("en")} characters; the rest is not in this report)`));
  }
  shown.textContent = `${whole.slice(0, most)}…`;
  const held = characters === whole.length ? "" : `, of which this report holds ${whole.length.toLocaleString("en")}`;
  const more = el("button", { type: "button", class: "more" }, `Show all ${characters.toLocaleString("en")} characters${held}`);
  more.addEventListener("click", () => {
    shown.textContent = whole;
    more.remove();
  });
  return el("span", {}, shown, " ", more);
}

/** A list of facts, without those that are unknown: pairs of a name and a text or an element. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** A plain table: headings, and rows of texts or elements; names of columns of numbers are in `numbers`. */
export function table(caption, headings, rows, numbers = []) {
  const kind = (place) => (numbers.includes(place) ? "number" : null);
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, headings.map((text, place) => el("th", { scope: "col", class: kind(place) }, text)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, place) => el("td", { class: kind(place) }, cell ?? ""))))),
    ),
  );
}

/** A picture that lies beside the page; what it shows is said by `alt`. */
export function picture(path, alt) {
  return el("img", { src: path, alt, loading: "lazy", decoding: "async" });
}

/** A part that opens when it is asked for; `make` gives its content then, and once. */
export function opens(summary, make, open = false) {
  const made = el("details", { open }, el("summary", {}, summary));
  let filled = false;
  const fill = () => {
    if (made.open && !filled) {
      filled = true;
      made.append(...[make()].flat());
    }
  };
  made.addEventListener("toggle", fill);
  fill();
  return made;
}
