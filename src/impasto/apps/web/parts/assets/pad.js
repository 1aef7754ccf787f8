// A pad to mix two, three or four paintings: the nearer the puck to a corner, the more of that painting.
const INSET = 34; // of the outermost places of the puck from the border, in pixels

// From a place in the unit square to one weight for each painting, and back.
const MIXES = {
  2: { weights: (x) => [1 - x, x], place: (w) => [w[1], 0.5] },
  3: {
    // a triangle: top left, top right, bottom middle
    weights: (x, y) => {
      const low = y;
      const right = Math.min(1 - low, Math.max(0, x - low / 2));
      return [1 - low - right, right, low];
    },
    place: (w) => [w[1] + w[2] / 2, w[2]],
  },
  4: {
    weights: (x, y) => [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y],
    place: (w) => [w[1] + w[3], w[2] + w[3]],
  },
};
const CORNERS = {
  2: [[0, 0.5], [1, 0.5]],
  3: [[0, 0], [1, 0], [0.5, 1]],
  4: [[0, 0], [1, 0], [0, 1], [1, 1]],
};

export default function ({ data, parentElement, setStateValue }) {
  const pad = parentElement.querySelector(".pad");
  const area = pad.querySelector(".area");
  const puck = pad.querySelector(".puck");
  const [across, down] = [pad.querySelector(".x"), pad.querySelector(".y")];
  const count = data.styles.length;
  const mix = MIXES[count];
  let place = mix.place(data.weights);

  area.classList.toggle("line", count === 2);
  pad.querySelector(".vertical").hidden = count === 2;
  area.querySelectorAll(".corner").forEach((old) => old.remove());
  data.styles.forEach((style, index) => {
    const icon = document.createElement("img");
    const [x, y] = CORNERS[count][index];
    icon.className = "corner";
    icon.src = style.icon;
    icon.alt = "";
    icon.style.left = `calc(${100 * x}% - ${46 * x}px + ${8 - 16 * x}px)`;
    icon.style.top = `calc(${100 * y}% - ${46 * y}px + ${8 - 16 * y}px)`;
    area.insertBefore(icon, puck);
  });

  const draw = () => {
    const weights = mix.weights(...place);
    const [x, y] = mix.place(weights); // a triangle's puck stays inside it
    puck.style.left = `calc(${INSET}px + ${x} * (100% - ${2 * INSET}px))`;
    puck.style.top = `calc(${INSET}px + ${y} * (100% - ${2 * INSET}px))`;
    across.value = Math.round(100 * place[0]);
    down.value = Math.round(100 * place[1]);
    pad.querySelector(".told").textContent = data.styles
      .map((style, index) => `${style.title} ${Math.round(100 * weights[index])} %`)
      .join(" · ");
    return weights;
  };
  const send = () => setStateValue("weights", mix.weights(...place).map((weight) => Math.round(1000 * weight) / 1000));
  const clip = (value) => Math.min(1, Math.max(0, value));
  const follow = (event) => {
    const box = area.getBoundingClientRect();
    place = [
      clip((event.clientX - box.left - INSET) / (box.width - 2 * INSET)),
      count === 2 ? 0.5 : clip((event.clientY - box.top - INSET) / (box.height - 2 * INSET)),
    ];
    draw();
  };

  area.onpointerdown = (event) => {
    area.setPointerCapture(event.pointerId);
    follow(event);
  };
  area.onpointermove = (event) => area.hasPointerCapture(event.pointerId) && follow(event);
  area.onpointerup = send;
  across.oninput = down.oninput = () => {
    place = [across.value / 100, count === 2 ? 0.5 : down.value / 100];
    draw();
  };
  across.onchange = down.onchange = send;
  draw();
}
