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

/** The checksum by which ids are put into files: CRC-32, as zlib has it. */
export function crc32(text) {
  let sum = -1;
  for (const byte of new TextEncoder().encode(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}
