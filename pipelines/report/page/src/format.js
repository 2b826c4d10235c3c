// Numbers, times and dates as people read them.

const WORDS = {
  address: "The same address or id as the post that speaks for the sample.",
  bytes: "Another address, and the same file, byte for byte.",
  united: "Another address of the same media.",
  unknown: "The run keeps no media of this post.",
};

/** A whole number with separators, or what is said where there is none. */
export const number = (value, none = "") => (value === null || value === undefined ? none : value.toLocaleString("en"));

/** A number with its noun, which takes an s for several. */
export const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

/** A share of a whole in percent. */
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part && part / whole < 0.01 ? 2 : 1)} %` : "");

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The day of a time in UTC, as the data has it: `2021-05-17 09:56:42+00:00`. */
export const day = (time) => (time ? time.slice(0, 10) : "");

/** A name of a column or reason as words; a long one, which the report cut, comes as `{cut, characters}`. */
export const words = (name) => (typeof name === "string" ? name : `${name.cut.slice(0, 200)}…`).replaceAll("_", " ");

/** What joined a post to a sample, in a sentence. */
export function joined(why) {
  if (why.by === "pictures") {
    return why.bits === null
      ? "Another file that shows the same picture."
      : `Another file that shows the same picture: their perceptual hashes differ in ${why.bits} of 64 bits${why.bits > 8 ? ", and parts or details of the pictures agree" : ""}.`;
  }
  if (why.by === "frames") return `Another file that shows the same film: ${why.alike} of ${why.frames} sampled frames are alike.`;
  return WORDS[why.by] ?? why.by;
}
