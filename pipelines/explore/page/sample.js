// One row as people see it: media, title, numbers, comments, replay graph, pairs, and every field. Texts of strangers
// become text nodes and nothing else.

const SVG = "http://www.w3.org/2000/svg";
const NUMBERS = ["score", "upvote_ratio", "likes", "views", "like_percent", "num_comments", "duration_s"];

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

export function shown(value) {
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 4 });
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

export function titleOf(found) {
  const { row, table } = found;
  return row.title || row.reason || row.text || row.id || row.sample_id || row.post_id || row.comment_id || `a row of ${table}`;
}

export function viewOf(found) {
  const { row, kind } = found;
  const parts = [media(found.media)];
  if (kind === "sample" || kind === "post") {
    parts.push(numbers(row), replay(row), comments(row.comments));
  }
  if (kind === "reject") parts.push(whence(row));
  parts.push(...(row.conversations ? [messages([row])] : []), messages(found.pairs), fields(row));
  return parts.filter(Boolean);
}

function media(files) {
  if (!files.length) return null;
  const figures = files.map(({ path, kind, label }) => {
    const address = "media/" + path.split("/").map(encodeURIComponent).join("/");
    const shownAs = kind === "video"
      ? element("video", { src: address, controls: true, preload: "metadata", "aria-label": label })
      : element("img", { src: address, alt: label, loading: "lazy" });
    const small = label.startsWith("keyframe") ? "small" : "";
    return element("figure", { className: small }, shownAs, element("figcaption", {}, label));
  });
  return element("div", { className: "media" }, ...figures);
}

function numbers(row) {
  const there = NUMBERS.filter((name) => !isEmpty(row[name]));
  return there.length ? element("p", {}, there.map((name) => `${name} ${shown(row[name])}`).join(" · ")) : null;
}

function replay(row) {
  const points = row.replay || [];
  if (!points.length) {
    return row.replay_absent ? element("p", { className: "quiet" }, `No replay graph: ${row.replay_absent}.`) : null;
  }
  const end = points[points.length - 1].end_s || 1;
  const best = points.reduce((a, b) => (b.value > a.value ? b : a));
  const label = `Replay graph of ${shown(end)} s, highest at ${shown(best.start_s)} s`;
  const graph = document.createElementNS(SVG, "svg");
  graph.setAttribute("class", "replay");
  graph.setAttribute("viewBox", "0 0 1000 100");
  graph.setAttribute("preserveAspectRatio", "none");
  graph.setAttribute("role", "img");
  graph.setAttribute("aria-label", label);
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", points.map(
    (point) => `${(500 * (point.start_s + point.end_s)) / end},${98 - 96 * point.value}`).join(" "));
  graph.append(line);
  return element("section", {}, element("h3", {}, "Replay graph"), graph, element("p", { className: "quiet" }, label));
}

function comments(list) {
  if (isEmpty(list)) return null;
  const items = list.map((comment) => element("li", {},
    element("div", { className: "quiet" }, `${comment.platform}, score ${isEmpty(comment.score) ? "unknown" : shown(comment.score)}`),
    element("div", { className: "text" }, comment.text)));
  return element("section", {}, element("h3", {}, `${list.length} comments`), element("ul", { className: "comments" }, ...items));
}

function messages(pairs) {
  if (isEmpty(pairs)) return null;
  const made = pairs.map((pair) => element("details", { className: "pair" },
    element("summary", {}, `${pair.template} (${pair.split})`),
    ...(pair.system ? [element("h3", {}, "system"), element("div", { className: "text" }, pair.system)] : []),
    ...pair.conversations.flatMap((turn) => [
      element("h3", {}, turn.from), element("div", { className: "text" }, turn.value)])));
  made[0].open = true;
  return element("section", {}, element("h3", {}, `${pairs.length} instruction pairs, as a trainer sees them`), ...made);
}

function whence(row) {
  const place = [row.source, isEmpty(row.line) ? "" : `line ${row.line}`].filter(Boolean).join(", ");
  return element("p", {}, `Left out in ${row.stage} by ${row.rule || "the reader"}: ${row.reason}.`,
    place ? ` From ${place}.` : "");
}

function fields(row) {
  const there = Object.entries(row).filter(([, value]) => !isEmpty(value));
  const items = there.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { tabIndex: 0 }, typeof value === "object" ? JSON.stringify(value, null, 1) : shown(value))]);
  return element("section", {}, element("h3", {}, "All fields"), element("dl", {}, ...items));
}
