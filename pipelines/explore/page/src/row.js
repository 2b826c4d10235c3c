// One row as people see it. A sample is the component of `blift report`; rows of other tables have their own.

import { numbers, sampleArticle } from "../../../report/page/src/sample.js";
import { el, foreign } from "../../../report/page/src/dom.js";
import { decision, record } from "../../../report/page/src/reject.js";
import { timeline } from "../../../report/page/src/timeline.js";
import { turns } from "../../../report/page/src/pairs.js";

const PAIRS = new Set(["instruction", "chat", "preference", "instruction_with_media", "chat_with_media", "preference_with_media"]);

export const isEmpty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** A value in a cell or a list of fields. */
export function shown(value) {
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 4 });
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

/** The address of a file of media by its place in the run folder; null where there is none. */
const address = (path) => (path ? `media/${path.split("/").map(encodeURIComponent).join("/")}` : null);

/** A row with what belongs to it, as the server tells of it. */
export function rowArticle(found) {
  const { row, kind } = found;
  if (kind === "sample") return sampleArticle({ ...row, pairs: found.pairs, pictures: pictures(found.pictures), merged: merged(found.merged) });
  const lists = { scenes: [], speech: [], replay: [], ...row };
  return el(
    "article",
    { class: "sample" },
    el("h2", {}, foreign(titleOf(found), 300)),
    figures(found.media),
    kind === "post" ? [lists.replay.length ? timeline(lists, []) : null, numbers(lists)] : null,
    kind === "reject" ? [decision(row), record(row)] : null,
    PAIRS.has(kind) ? el("section", {}, el("h3", {}, "As a trainer sees it"), turns(row)) : null,
    fields(row),
  );
}

const pictures = ({ file, video, scenes }) => ({ file: address(file), video: address(video), scenes: scenes.map(address) });

const merged = (one) => one && { ...one, members: one.members.map((member) => ({ ...member, picture: address(member.picture) })) };

function titleOf({ row, table }) {
  return row.title || row.reason || row.text || row.id || row.post_id || row.comment_id || row.sha256 || `A row of ${table}`;
}

function figures(files) {
  if (!files.length) return null;
  const one = ({ path, kind, label }) => {
    const made = kind === "video" ? el("video", { src: address(path), controls: true, preload: "metadata", "aria-label": label }) : el("img", { src: address(path), alt: label, loading: "lazy" });
    return el("figure", {}, made, el("figcaption", {}, label));
  };
  return el("div", { class: "media" }, files.map(one));
}

function fields(row) {
  const there = Object.entries(row).filter(([, value]) => !isEmpty(value));
  const one = ([name, value]) => [el("dt", {}, name), el("dd", { tabindex: "0" }, foreign(shown(value), 2000))];
  return el("section", {}, el("h3", {}, "All fields"), el("dl", { class: "fields" }, there.map(one)));
}
