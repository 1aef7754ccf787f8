// The page: two pictures are chosen, a slider says how much, and the result appears.

import { load, paint } from "./painting.mjs";

const part = (name) => document.getElementById(name);
const chosen = { photo: null, painting: null };

for (const name of ["photo", "painting"]) {
  part(name).addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    try {
      chosen[name] = await createImageBitmap(file); // turned upright, as the camera meant it
      part(`${name}-seen`).src = URL.createObjectURL(file);
      say("");
    } catch {
      chosen[name] = null;
      say(`This browser cannot read ${file.name}; choose a JPEG, PNG or WebP.`);
    }
    part("paint").disabled = !(chosen.photo && chosen.painting);
  });
}

part("strength").addEventListener("input", ({ target }) => {
  part("strength-seen").textContent = `${target.value} %`;
});

part("paint").addEventListener("click", async () => {
  part("paint").disabled = true;
  say("Painting …");
  try {
    const started = performance.now();
    const canvas = await paint(chosen.photo, chosen.painting, Number(part("strength").value) / 100);
    part("result").replaceChildren(canvas);
    canvas.toBlob((blob) => {
      part("keep").href = URL.createObjectURL(blob);
      part("keep").hidden = false;
    });
    say(`Painted in ${((performance.now() - started) / 1000).toFixed(1)} seconds, on this computer.`);
  } catch (fault) {
    console.error(fault);
    say("It could not be painted; try a smaller picture, or another browser.");
  }
  part("paint").disabled = false;
});

function say(sentence) {
  part("said").textContent = sentence;
}

load().catch(() => say("The model could not be loaded; is it beside this page?"));
