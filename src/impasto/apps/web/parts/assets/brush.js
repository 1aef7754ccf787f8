// A brush over the photo. What is painted is sent as a small grey picture: white where the brush went.
const LONG_SIDE = 512;
const TINT = [200, 69, 47];
const MOST_UNDO = 20;

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".brush");
  const frame = root.querySelector(".frame");
  const canvas = root.querySelector("canvas");
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  const tool = (name) => root.querySelector(`.${name}`);
  const state = (root.state ??= { photo: "", erasing: false, past: [], cursor: null });

  const say = (text) => (root.querySelector(".told").textContent = text);
  const radius = () => (tool("width").value / 100) * Math.max(canvas.width, canvas.height) * 0.5;

  if (state.photo !== data.photo) {
    state.photo = data.photo;
    state.past = [];
    frame.querySelector("img").src = data.photo;
    frame.style.setProperty("--ratio", data.ratio);
    canvas.width = Math.round(data.ratio >= 1 ? LONG_SIDE : LONG_SIDE * data.ratio);
    canvas.height = Math.round(data.ratio >= 1 ? LONG_SIDE / data.ratio : LONG_SIDE);
  }
  canvas.setAttribute("aria-label", data.label);
  say(data.hint);

  const send = () => {
    const seen = paper.getImageData(0, 0, canvas.width, canvas.height);
    let painted = 0;
    for (let i = 0; i < seen.data.length; i += 4) {
      const grey = seen.data[i + 3];
      painted += grey > 127;
      seen.data.set([grey, grey, grey, 255], i);
    }
    const sheet = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    sheet.getContext("2d").putImageData(seen, 0, 0);
    const share = (400 * painted) / seen.data.length;
    say(painted ? `${share < 1 ? "Less than 1" : Math.round(share)} % of the picture is painted over.` : data.hint);
    setStateValue("mask", painted ? sheet.toDataURL("image/png") : "");
  };
  const remember = () => {
    state.past.push(paper.getImageData(0, 0, canvas.width, canvas.height));
    if (state.past.length > MOST_UNDO) state.past.shift();
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  };
  const stroke = (from, to) => {
    paper.globalCompositeOperation = state.erasing ? "destination-out" : "source-over";
    paper.strokeStyle = `rgb(${TINT})`;
    paper.lineCap = paper.lineJoin = "round";
    paper.lineWidth = 2 * radius();
    paper.beginPath();
    paper.moveTo(...from);
    paper.lineTo(to[0] + 0.01, to[1]);
    paper.stroke();
  };

  let last = null;
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    remember();
    last = at(event);
    stroke(last, last);
  };
  canvas.onpointermove = (event) => {
    if (!last) return;
    const next = at(event);
    stroke(last, next);
    last = next;
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!last) return;
    last = null;
    send();
  };

  // By keys: the arrows move a cursor, Space paints where it is.
  canvas.onkeydown = (event) => {
    const step = radius() * (event.shiftKey ? 2 : 0.8);
    const [x, y] = (state.cursor ??= [canvas.width / 2, canvas.height / 2]);
    const to = { ArrowLeft: [x - step, y], ArrowRight: [x + step, y], ArrowUp: [x, y - step], ArrowDown: [x, y + step] }[event.key];
    if (!to && event.key !== " ") return;
    event.preventDefault();
    if (to) {
      state.cursor = [Math.min(canvas.width, Math.max(0, to[0])), Math.min(canvas.height, Math.max(0, to[1]))];
      const percent = (value, whole) => Math.round((100 * value) / whole);
      say(`Brush at ${percent(state.cursor[0], canvas.width)} % from the left, ${percent(state.cursor[1], canvas.height)} % from the top. Space paints.`);
      return;
    }
    remember();
    stroke(state.cursor, state.cursor);
    send();
  };

  const choose = (erasing) => {
    state.erasing = erasing;
    tool("put").setAttribute("aria-pressed", !erasing);
    tool("take").setAttribute("aria-pressed", erasing);
  };
  tool("put").onclick = () => choose(false);
  tool("take").onclick = () => choose(true);
  tool("undo").onclick = () => {
    if (!state.past.length) return say("There is nothing to undo.");
    paper.putImageData(state.past.pop(), 0, 0);
    send();
  };
  tool("clear").onclick = () => {
    remember();
    paper.clearRect(0, 0, canvas.width, canvas.height);
    send();
  };
  choose(state.erasing);
}
