// The gallery: paintings as buttons, a search, and a switch for mixing several.
const familyName = (artist) => artist.match(/(?:\b(?:van|von|de|da|di|del|der|la|le)\s+)*\S+$/i)?.[0] ?? "";

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".gallery");
  const list = root.querySelector(".styles");
  const search = root.querySelector("input");
  const mix = root.querySelector(".mix");
  const state = (root.state ??= { mixing: data.chosen.length > 1, drawn: "" });
  if (data.chosen.length > 1) state.mixing = true;
  let chosen = [...data.chosen];

  const say = (text) => (root.querySelector(".told").textContent = text);
  const send = (names) => {
    chosen = names;
    mark();
    setStateValue("chosen", names);
  };

  const choose = (style) => {
    if (!state.mixing) return send([style.name]);
    if (chosen.includes(style.name)) {
      if (chosen.length > 1) send(chosen.filter((name) => name !== style.name));
      else say("At least one painting stays chosen.");
    } else if (chosen.length < data.most) {
      send([...chosen, style.name]);
    } else {
      say(`At most ${data.most} paintings can be mixed; take one away first.`);
    }
  };

  const button = (style) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "style";
    made.dataset.name = style.name;
    made.title = [style.title, style.artist, style.year, style.museum].filter(Boolean).join(", ");
    made.innerHTML = '<span class="picture"><img alt="" loading="lazy"></span><span class="name"></span><span class="by"></span>';
    made.querySelector("img").src = style.icon;
    made.querySelector(".name").textContent = style.title;
    made.querySelector(".by").textContent = [familyName(style.artist), style.year].filter(Boolean).join(", ");
    return made;
  };

  const mark = () => {
    mix.setAttribute("aria-checked", state.mixing);
    for (const made of list.children) {
      const at = chosen.indexOf(made.dataset.name);
      made.setAttribute("aria-pressed", at >= 0);
      made.firstElementChild.dataset.mark = chosen.length > 1 ? at + 1 : "✓";
    }
  };

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const filter = () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const made of list.children) {
      made.hidden = !words.every((word) => plain(made.title).includes(word));
      made.style.display = made.hidden ? "none" : "";
      found += !made.hidden;
    }
    root.querySelector(".none").hidden = found > 0;
    if (words.length) say(`${found} found`);
  };

  mix.hidden = data.most < 2;

  const names = data.styles.map((style) => style.name + style.icon).join("\n");
  if (state.drawn !== names) {
    list.replaceChildren(...data.styles.map(button));
    state.drawn = names;
    filter();
  }
  for (const made of list.children) {
    made.onclick = () => choose(data.styles.find((style) => style.name === made.dataset.name));
  }
  search.oninput = filter;
  search.onkeydown = (event) => event.stopPropagation(); // Streamlit has shortcuts of its own
  mix.onclick = () => {
    state.mixing = !state.mixing;
    if (!state.mixing && chosen.length > 1) send(chosen.slice(0, 1));
    mark();
    say(state.mixing ? `Choose up to ${data.most} paintings to mix.` : "One painting at a time.");
  };
  mark();
}
