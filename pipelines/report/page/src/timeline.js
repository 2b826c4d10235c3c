// A film in time: keyframes of its scenes, the replay graph drawn over them, and what is said when.

import { el, foreign, opens, picture, svg, table } from "./dom.js";
import { clock, counted } from "./format.js";

/** The timeline of a sample: its scenes with `pictures` (paths or null, one a scene), replay graph and speech. */
export function timeline(sample, pictures) {
  const end = Math.max(sample.duration_s ?? 0, ...sample.scenes.map((scene) => scene.end_s), ...sample.replay.map((part) => part.end_s), 0);
  if (!end) return null;
  const place = (part, made) => {
    made.style.left = `${(100 * part.start_s) / end}%`;
    made.style.width = `${(100 * (part.end_s - part.start_s)) / end}%`;
    return made;
  };
  const scenes = sample.scenes.map((scene, index) =>
    place(scene, el("div", { class: "scene" }, pictures[index] ? picture(pictures[index], `Scene ${index + 1}, from ${clock(scene.start_s)}`) : el("span", { class: "note", "aria-hidden": "true" }, clock(scene.start_s)))),
  );
  const speech = sample.speech.map((part) => place(part, el("span", { class: "said", title: `${clock(part.start_s)}`, "aria-hidden": "true" })));
  return el(
    "div",
    { class: "timeline" },
    el("div", { class: pictures.some(Boolean) || sample.replay.length ? "film" : "film low" }, scenes, sample.replay.length ? graph(sample.replay, end) : null),
    speech.length ? el("div", { class: "speech" }, speech) : null,
    el("div", { class: "ends" }, el("span", {}, "0:00"), el("span", {}, clock(end))),
    el("p", { class: "note" }, told(sample)),
    sample.speech.length ? opens(`Speech, ${counted(sample.speech.length, "part")}`, () => said(sample.speech)) : null,
    opens(`Scenes, ${sample.scenes.length}`, () => scenesAsTable(sample, pictures), sample.scenes.length <= 12),
    sample.replay.length ? opens("Replay graph as a table", () => replayAsTable(sample.replay)) : null,
  );
}

function graph(replay, end) {
  const x = (time) => ((1000 * time) / end).toFixed(1);
  const y = (value) => (100 - 96 * value).toFixed(1);
  const line = replay.map((part) => `${x((part.start_s + part.end_s) / 2)},${y(part.value)}`).join(" L");
  const [first, last] = [x(replay[0].start_s), x(replay.at(-1).end_s)];
  const drawn = svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", class: "replay", "aria-label": `Replay graph. ${peak(replay)}` });
  drawn.append(svg("path", { d: `M${first},100 L${line} L${last},100 Z`, class: "area" }), svg("path", { d: `M${line}`, class: "line" }));
  return drawn;
}

function peak(replay) {
  const most = replay.reduce((best, part) => (part.value > best.value ? part : best));
  const [from, to] = [clock(most.start_s), clock(most.end_s)];
  return from === to ? `Most replayed at ${from}.` : `Most replayed from ${from} to ${to}.`;
}

function told(sample) {
  const source = sample.scenes[0]?.source;
  const scenes = { detected: "Scenes are cuts that were detected.", chapter: "Scenes are the uploader's chapters.", segment: "Scenes are equal parts: neither cuts nor chapters are known." }[source] ?? "";
  const replay = sample.replay.length ? peak(sample.replay) : `No replay graph: ${(sample.replay_absent ?? "unknown").replaceAll("_", " ")}.`;
  return `${replay} ${scenes}`;
}

const said = (speech) => table("Speech", ["from", "to", "words"], speech.map((part) => [clock(part.start_s), clock(part.end_s), foreign(part.text)]));

const replayAsTable = (replay) => table("Replay graph", ["from", "to", "replayed, 0 to 1"], replay.map((part) => [clock(part.start_s), clock(part.end_s), part.value.toFixed(2)]), [2]);

function saidIn(scene) {
  const texts = [scene.title, scene.caption, scene.screen_text, scene.speech].filter(Boolean);
  return texts.length ? el("div", {}, texts.map((text) => el("p", {}, foreign(text, 300)))) : null;
}

function scenesAsTable(sample, pictures) {
  const cells = (scene, index) => [
    pictures[index] ? picture(pictures[index], "") : null,
    `${clock(scene.start_s)} to ${clock(scene.end_s)}`,
    saidIn(scene),
    [scene.tone, [...scene.foreground_colours, ...scene.background_colours].join(", ")].filter(Boolean).join("; ") || null,
    scene.replay === null ? null : scene.replay.toFixed(2),
  ];
  const [headings, rows] = [["keyframe", "time", "what it shows and says", "tone and colours", "replayed, 0 to 1"], sample.scenes.map(cells)];
  const filled = headings.map((_, place) => place).filter((place) => rows.some((row) => row[place] !== null));
  return table("Scenes", filled.map((place) => headings[place]), rows.map((row) => filled.map((place) => row[place])), [filled.indexOf(4)]);
}
