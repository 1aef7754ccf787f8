// A divider over two pictures: drag it by mouse or touch, or move it with the keys.
export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame");
  const handle = parentElement.querySelector(".handle");
  const state = (frame.state ??= { at: 50, shown: {} });

  const place = (at) => {
    state.at = Math.min(100, Math.max(0, at));
    frame.style.setProperty("--at", `${state.at}%`);
    handle.setAttribute("aria-valuenow", Math.round(state.at));
    handle.setAttribute("aria-valuetext", `${Math.round(state.at)} percent photo, the rest painting`);
    frame.querySelector(".tag.photo").style.opacity = state.at > 14 ? 1 : 0;
    frame.querySelector(".tag.painting").style.opacity = state.at < 86 ? 1 : 0;
  };

  // The old picture stays until the new one is decoded, so that nothing flickers.
  const show = (image, url, alt) => {
    image.alt = alt;
    const shown = (state.shown[image.className] ??= {});
    if (shown.url === url) return shown.done;
    const next = new Image();
    next.src = shown.url = url;
    shown.done = next
      .decode()
      .catch(() => {})
      .then(() => shown.url === url && (image.src = url));
    return shown.done;
  };

  // What is said of the painting changes with it, not before.
  const turn = (state.turn = (state.turn ?? 0) + 1);
  const tell = () => {
    if (state.turn !== turn) return;
    parentElement.querySelector(".divider").setAttribute("aria-busy", Boolean(data.busy));
    frame.querySelector(".tag.busy").textContent = data.busy;
    parentElement.querySelector(".title").textContent = data.title;
    parentElement.querySelector(".facts").textContent = data.facts;
  };

  frame.style.setProperty("--ratio", data.ratio);
  handle.setAttribute("aria-label", data.label);
  const pictures = [
    show(frame.querySelector(".after"), data.after, data.afterText),
    show(frame.querySelector(".before"), data.before, data.beforeText),
  ];
  if (data.busy) tell();
  else Promise.all(pictures).then(tell);
  place(state.at);

  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    place((100 * (event.clientX - box.left)) / box.width);
  };
  frame.onpointerdown = (event) => {
    if (event.button) return;
    frame.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
  };
  frame.onpointermove = (event) => frame.hasPointerCapture(event.pointerId) && follow(event);
  handle.onkeydown = (event) => {
    const far = event.shiftKey ? 10 : 2;
    const to = {
      ArrowLeft: state.at - far, ArrowDown: state.at - far, ArrowRight: state.at + far, ArrowUp: state.at + far,
      PageDown: state.at - 10, PageUp: state.at + 10, Home: 0, End: 100,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    place(to);
  };
}
