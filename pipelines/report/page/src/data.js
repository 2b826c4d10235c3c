// The data of the report. A page that is opened as a file may not fetch, so each piece is a script that hands over JSON.

const waiting = new Map();
const asked = new Map();

globalThis.blift = (name, text) => waiting.get(name)?.(JSON.parse(text));

/** A piece of data by name, loaded once. Rejects where the folder lacks it. */
export function load(name) {
  if (!asked.has(name)) {
    asked.set(
      name,
      new Promise((resolve, reject) => {
        waiting.set(name, resolve);
        const script = document.createElement("script");
        script.src = `data/${name}.js`;
        script.addEventListener("load", () => script.remove());
        script.addEventListener("error", () => reject(new Error(`data/${name}.js is not in the folder of this report.`)));
        document.head.append(script);
      }),
    );
  }
  return asked.get(name);
}

/** The place of the file of the look-up that tells of an id, by the first id of each file; -1 where none does. */
export function fileOf(starts, id) {
  let [first, last] = [0, starts.length];
  while (first < last) {
    const middle = (first + last) >> 1;
    if (isBefore(id, starts[middle])) last = middle;
    else first = middle + 1;
  }
  return first - 1;
}

/** Whether a text comes before another one in the order of code points, which is not that of JavaScript. */
function isBefore(one, other) {
  const [a, b] = [[...one], [...other]];
  const place = a.findIndex((char, index) => char !== b[index]);
  return place < 0 ? a.length < b.length : place < b.length && a[place].codePointAt(0) < b[place].codePointAt(0);
}
