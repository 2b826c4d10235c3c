// The posts of a sample that several media were merged into, side by side, with what joined them.

import { el, foreign, picture } from "./dom.js";
import { day, joined } from "./format.js";

/** The members of a cluster, as a list of cards. */
export const members = (posts) => el("ul", { class: "members" }, posts.map(member));

const member = (post) =>
  el(
    "li",
    {},
    post.picture ? picture(post.picture, "The media of this post") : null,
    el("p", {}, foreign(post.title || "Without a title", 160)),
    el("p", { class: "note" }, foreign(post.post_id, 80), post.subreddit ? [" in ", foreign(post.subreddit, 60)] : "", " ", day(post.posted_at)),
    post.url ? el("p", { class: "note" }, foreign(post.url, 120)) : null,
    el("p", { class: "why" }, joined(post.joined)),
  );
