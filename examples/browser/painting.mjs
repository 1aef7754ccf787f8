// Photo and painting in, painted photo out: all that is needed to use Impasto's fast model without Impasto.

import * as ort from "./ort.wasm.min.mjs";

const PAINTED = 768; // long side at which strokes have their own size
const LOOKED_AT = 512; // long side at which styles are described
const CELL = 8; // the model takes sides that are multiples of this

ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency ?? 1) : 1;

let models;

/** Fetch both halves of the model once, from the place the page itself came from. */
export function load() {
  models ??= Promise.all(["fast.onnx", "fast-style.onnx"].map((file) => ort.InferenceSession.create(file)));
  return models;
}

/** Paint a photo (anything a canvas can draw) in the manner of a painting; strength goes from 0 to 1. */
export async function paint(photo, painting, strength = 1) {
  const [painter, reader] = await load();
  const codeOf = async (picture) => (await reader.run({ style: asTensor(picture, LOOKED_AT) })).code;
  let code = await codeOf(painting);
  if (strength < 1) code = between(await codeOf(photo), code, strength);
  const painted = (await painter.run({ photo: asTensor(photo, PAINTED), code })).painting;
  return asCanvas(painted);
}

/** The code of a style between two others. */
function between(first, second, share) {
  const mixed = first.data.map((value, index) => value + (second.data[index] - value) * share);
  return new ort.Tensor("float32", mixed, first.dims);
}

/** A picture as numbers (1, 3, height, width) from 0 to 1, with this long side. */
function asTensor(picture, longSide) {
  const scale = longSide / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(2 * CELL, Math.round((side * scale) / CELL) * CELL),
  );
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height); // what is transparent becomes white
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const numbers = new Float32Array(3 * width * height);
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < 3; channel++) numbers[channel * width * height + at] = data[4 * at + channel] / 255;
  }
  return new ort.Tensor("float32", numbers, [1, 3, height, width]);
}

/** Numbers (1, 3, height, width) as a picture. */
function asCanvas({ data, dims }) {
  const [, , height, width] = dims;
  const pixels = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * at + channel] = data[channel * width * height + at] * 255;
    pixels.data[4 * at + 3] = 255;
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
