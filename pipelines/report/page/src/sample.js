// One sample as people see it: a component of the report, and of any page that has the row.

import { members } from "./cluster.js";
import { el, facts, foreign, opens, picture, table } from "./dom.js";
import { clock, day, number } from "./format.js";
import { pairs } from "./pairs.js";
import { timeline } from "./timeline.js";

/**
 * A sample: a row of the table `sample`, with `pictures: {file, video, scenes}` (addresses, or null), `pairs` (rows of the
 * table `instruction`) and `merged` (its cluster), each of which may be absent.
 */
export function sampleArticle(sample) {
  const pictures = sample.pictures ?? { scenes: [] };
  return el(
    "article",
    { class: "sample" },
    el("h2", {}, foreign(sample.title ?? "Without a title", 300)),
    pictures.file ? picture(pictures.file, "The media of this sample") : null,
    pictures.video ? el("video", { src: pictures.video, controls: true, preload: "metadata", "aria-label": "The media of this sample" }) : null,
    absent(sample, pictures),
    ["image", "gallery"].includes(sample.media_kind) ? null : timeline(sample, pictures.scenes),
    numbers(sample),
    sample.text ? el("section", {}, el("h3", {}, "Text"), el("p", { class: "text" }, foreign(sample.text))) : null,
    comments(sample.comments),
    posts(sample.audiences, sample.merged),
    el("section", {}, el("h3", {}, "Pairs, as a trainer sees them"), pairs(sample.pairs ?? [])),
    opens("The row as JSON", () => el("pre", { tabindex: "0" }, foreign(JSON.stringify(plain(sample), null, 1), 20000))),
  );
}

/** What is said where neither a picture nor a keyframe can be shown. */
function absent(sample, pictures) {
  if (pictures.file || pictures.video || pictures.scenes.some(Boolean)) return null;
  const kind = sample.media_kind;
  const why = sample.sha256 ? `No picture of this ${kind} can be shown: its file is not kept with the dataset.` : `The dataset holds no file of this ${kind}: it names its address alone.`;
  return el("p", { class: "note" }, `${why}${sample.scenes.length && kind !== "image" && kind !== "gallery" ? " Its scenes are drawn without keyframes." : ""}`);
}

/** What is known of a post or a sample. */
export function numbers(sample) {
  return facts([
    ["Score", number(sample.score)],
    ["Upvotes", sample.upvote_ratio === null ? null : `${Math.round(100 * sample.upvote_ratio)} %`],
    ["Likes", number(sample.likes)],
    ["Views", number(sample.views)],
    ["Comments counted", number(sample.num_comments)],
    ["Duration", clock(sample.duration_s)],
    ["Kind", sample.media_kind],
    ["Platform", sample.platform],
    ["Subreddit", sample.subreddit ? foreign(sample.subreddit) : null],
    ["Channel", sample.channel_name ? foreign(sample.channel_name, 120) : null],
    ["Language", sample.language],
    ["Posted", day(sample.posted_at)],
    ["Address", sample.permalink ? foreign(sample.permalink, 200) : null],
    ["Media", foreign(sample.media_key, 200)],
    ["Sample id", el("code", {}, sample.sample_id)],
  ]);
}

function comments(chosen) {
  const one = (comment) => el("li", {}, foreign(comment.text), " ", el("span", { class: "note" }, comment.score === null ? comment.platform : `${number(comment.score)} on ${comment.platform}`));
  return el("section", {}, el("h3", {}, `Chosen comments, ${chosen.length}`), el("ol", { class: "comments" }, chosen.map(one)));
}

function posts(audiences, merged) {
  const row = (post) => [post.post_id, foreign(post.title, 200), day(post.posted_at), number(post.score), number(post.likes), number(post.views), number(post.num_comments)];
  const headings = ["post", "title", "posted", "score", "likes", "views", "comments"];
  const told = audiences.length > 1 ? `${audiences.length} posts were merged into this sample` : "One post shows this media";
  return el("section", {}, el("h3", {}, "Posts of the media"), table(told, headings, audiences.map(row), [3, 4, 5, 6]), merged ? [el("h3", {}, "What was merged, and why"), members(merged.members)] : null);
}

const plain = ({ pictures, pairs: _, merged, ...row }) => row;
