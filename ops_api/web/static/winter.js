// Roads by hour on the map: hour 0 is what is known now, the others are the road forecast's. Colour, width and
// dashes each tell classes apart; the line below says the same in words, and the tables on the page have the figures.
"use strict";
(async () => {
  const element = document.getElementById("map"), form = document.getElementById("hours"), slider = document.getElementById("hour");
  const name = document.getElementById("hour-name"), says = document.getElementById("hour-says"), legend = document.getElementById("legend");
  const LIVE_MS = 15000;
  // A colour by day and one for a dark screen, where what is worse is lighter.
  const by = (day, night) => (CityMap.DARK ? night : day);
  const STATE = {
    dry: { name: "Dry", color: by("#9fb0b3", "#53707a"), factor: 0.55 },
    damp: { name: "Damp", color: "#6fa6bf", factor: 0.75 },
    wet: { name: "Wet", color: by("#17699b", "#4fa8e6"), factor: 1 },
    hoar: { name: "Hoar frost", color: by("#6a2ca0", "#c9a0ff"), factor: 1.15, extra: 3, core: "5 5" },
    ice: { name: "Ice", color: by("#b3121f", "#ff6b6b"), factor: 1.2, extra: 3.5 },
    snow: { name: "Snow", color: by("#10262d", "#ffffff"), factor: 1.15, extra: 3, core: "9 4" },
    unknown: { name: "Not known", color: by("#9aa7aa", "#7d8f94"), factor: 0.5, dashArray: "2 4" },
  };
  // Darker (on a dark screen lighter) and wider is worse, so that the classes are told apart without seeing colours; from 0 °C down with a core.
  const UNKNOWN = { name: "Not known", color: by("#9aa7aa", "#7d8f94"), factor: 0.5, dashArray: "2 4" };
  const LOOKS = [
    { color: by("#b9c4ba", "#4a5f58"), factor: 0.5 }, { color: by("#86b8b1", "#4f8b84"), factor: 0.65 }, { color: by("#3f93b5", "#58b0d2"), factor: 0.85 },
    { color: by("#2659a6", "#8fb4ff"), factor: 1.05, extra: 1.5 }, { color: by("#43217f", "#cdbbff"), factor: 1.1, extra: 2.5, core: "3 6" }, { color: by("#1c0b33", "#fbf3ff"), factor: 1.15, extra: 3.5, core: "8 4" },
  ];
  const CHANCE = [
    { color: by("#b9c4c4", "#4a5b5e"), factor: 0.5 }, { color: by("#d9a520", "#8f6f1c"), factor: 0.75 }, { color: by("#c8641c", "#dd8b43"), factor: 1 },
    { color: by("#a02462", "#ffa6c8"), factor: 1.1, extra: 2, core: "3 6" }, { color: by("#42105e", "#fff0f7"), factor: 1.15, extra: 3.5, core: "8 4" },
  ];
  const chances = ["below 5%", "5 to 20%", "20 to 50%", "50 to 80%", "80% and more"].map((n, i) => ({ name: n, ...CHANCE[i] }));
  const WHAT = {
    middle_c: { classes: ["3 °C and more", "1 to 3 °C", "0 to 1 °C", "−2 to 0 °C", "−4 to −2 °C", "below −4 °C"].map((n, i) => ({ name: n, ...LOOKS[i] })), of: (v) => (v >= 3 ? 0 : v >= 1 ? 1 : v >= 0 ? 2 : v >= -2 ? 3 : v >= -4 ? 4 : 5), text: CityMap.degrees },
    below_zero_pct: { classes: chances, of: (v) => (v < 5 ? 0 : v < 20 ? 1 : v < 50 ? 2 : v < 80 ? 3 : 4), text: (v) => v + "% chance below 0 °C" },
    ice_pct: { classes: chances, of: (v) => (v < 5 ? 0 : v < 20 ? 1 : v < 50 ? 2 : v < 80 ? 3 : 4), text: (v) => v + "% chance of ice" },
  };
  const SOURCE = { sensor: "its own sensor", neighbour: "neighbouring sensors" };

  let town = { hours: [], features: [] }, roadsNow = {}, issue = null, ahead = [], chosen = element.dataset.route;
  let townNow = Number(element.dataset.town) * 1000, asked = 0, drawn = "", waits = 0;
  const parts = {};
  const map = CityMap.make(element);
  const layers = { casing: L.layerGroup().addTo(map), route: L.layerGroup().addTo(map), roads: L.layerGroup().addTo(map), marks: L.layerGroup().addTo(map) };
  let roads = null;

  const what = () => form.elements.what.value;
  // The hours that are still to come; the slider's 0 is now.
  const at = () => ahead[slider.value - 1];

  function look(feature) {
    const hour = at();
    if (!hour) return STATE[(roadsNow[feature.id] || [])[1]] || STATE.unknown;
    const value = valueOf(feature);
    return value == null ? UNKNOWN : WHAT[what()].classes[WHAT[what()].of(value)];
  }

  function valueOf(feature) {
    const hour = at();
    return hour ? (feature.properties[what()] || [])[hour.index] : (roadsNow[feature.id] || [])[0];
  }

  function style(feature) {
    const s = look(feature), width = CityMap.ROAD_WIDTH[feature.properties.road_class] || 3;
    return { color: s.color, weight: Math.max(1.5, width * s.factor + (s.extra || 0)), dashArray: s.dashArray || null };
  }

  function popup(feature) {
    const p = feature.properties, hour = at(), now = roadsNow[feature.id] || [], value = valueOf(feature);
    const line = value == null ? "Not known" : hour ? hour.label + ": " + WHAT[what()].text(value) : "Now: " + CityMap.degrees(value) + ", " + (STATE[now[1]] || UNKNOWN).name.toLowerCase() + ", from " + (SOURCE[now[2]] || now[2]);
    return CityMap.popup([[p.street + (p.bridge ? " (bridge)" : ""), true], [line, false], ["Hour by hour: below the map", false]]);
  }

  // -- drawing ------------------------------------------------------------------------

  function build() {
    for (const layer of Object.values(layers)) layer.clearLayers();
    layers.casing.addLayer(L.geoJSON(town, { interactive: false, style: (f) => ({ color: CityMap.GROUND, weight: CityMap.ROAD_WIDTH[f.properties.road_class] + 3 }) }));
    roads = L.geoJSON(town, { style, onEachFeature: (feature, layer) => layer.bindPopup(() => popup(feature)).on("click", () => showStretch(feature.id, false)) });
    layers.roads.addLayer(roads);
    outline();
  }

  // What is gritted, and not a network far away that is installed beside it.
  function ofRoutes() {
    const mine = town.features.filter((f) => f.properties.route_id);
    return mine.length ? L.geoJSON({ ...town, features: mine }) : roads;
  }

  function outline() {
    layers.route.clearLayers();
    const mine = { ...town, features: town.features.filter((f) => f.properties.route_id === chosen) };
    if (chosen) layers.route.addLayer(L.geoJSON(mine, { interactive: false, style: (f) => ({ color: "#f2cf4a", weight: CityMap.ROAD_WIDTH[f.properties.road_class] + 8 }) }));
    if (roads) roads.bringToFront();
  }

  function paint() {
    waits = 0;
    if (!roads) return;
    const hour = at(), text = hour ? hour.label : "Now, as observed";
    roads.setStyle(style);
    layers.marks.clearLayers();
    roads.eachLayer((layer) => {
      const s = look(layer.feature), line = layer.getLatLngs();
      if (s.extra) layer.bringToFront();
      if (s.core) L.polyline(line, { color: CityMap.GROUND, weight: 2, dashArray: s.core, lineCap: "butt", interactive: false }).addTo(layers.marks);
      if (!hour && s === STATE.ice) {
        const icon = L.divIcon({ className: "", html: '<span class="icemark"><span>I</span></span>', iconSize: [20, 20] });
        L.marker(line[Math.floor(line.length / 2)], { icon, interactive: false, keyboard: false }).addTo(layers.marks);
      }
    });
    name.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    tell(text, hour);
    explain(hour);
  }

  // One painting a frame, however fast the slider is moved.
  function repaint() { waits = waits || requestAnimationFrame(paint); }

  function tell(text, hour) {
    const known = town.features.map((f) => [valueOf(f), f]).filter(([v]) => v != null);
    if (!known.length) { says.textContent = text + ": nothing is known."; return; }
    const isChance = hour && what() !== "middle_c", worst = known.reduce((a, b) => ((isChance ? b[0] > a[0] : b[0] < a[0]) ? b : a));
    const count = known.filter(([v]) => (isChance ? v >= 20 : v < 0)).length;
    says.textContent = `${text}: ${isChance ? "highest " + WHAT[what()].text(worst[0]) : "coldest " + CityMap.degrees(worst[0])} on ${worst[1].properties.street}; ${count} of ${known.length}${known.length < town.features.length ? " known" : ""} stretches ${isChance ? "at 20% or more" : "below 0 °C"}.`;
  }

  function explain(hour) {
    const classes = hour ? [...WHAT[what()].classes, UNKNOWN] : Object.values(STATE), counts = new Map();
    for (const f of town.features) { const s = look(f); counts.set(s, (counts.get(s) || 0) + 1); }
    const shown = classes.filter((c) => c !== UNKNOWN || counts.get(c));
    const key = JSON.stringify(shown.map((c) => [c.name, counts.get(c) || 0]));
    if (key === drawn) return;
    drawn = key;
    legend.replaceChildren(...shown.map((c) => entry(c, counts.get(c) || 0)));
    legend.hidden = false;
  }

  // Markup of our own figures only; the words are text.
  function entry(c, count) {
    const line = (color, width, dash) => `<path d="M1 6H35" stroke="${color}" stroke-width="${width}" stroke-dasharray="${dash || "none"}"/>`;
    const item = document.createElement("li"), label = document.createElement("span"), number = document.createElement("span");
    item.innerHTML = `<svg width="36" height="12" viewBox="0 0 36 12" aria-hidden="true" focusable="false">${line(c.color, Math.max(2, 5 * c.factor + (c.extra || 0)), c.dashArray)}${c.core ? line(CityMap.GROUND, 2, c.core) : ""}${c === STATE.ice ? '<path class="road__mark" d="M18 0l6 6-6 6-6-6z"/>' : ""}</svg>`;
    label.textContent = c.name;
    number.className = "legend__count";
    number.textContent = count;
    item.append(label, number);
    return item;
  }

  // -- data ---------------------------------------------------------------------------

  async function loadNow() {
    if (Date.now() - asked < LIVE_MS) return;
    asked = Date.now();
    roadsNow = (await CityMap.json(element.dataset.now)).roads;
    if (!at()) repaint();
  }

  // The hours that have passed go; who looks at an hour goes on looking at it.
  function shift() {
    const looked = at() && at().at;
    ahead = town.hours.map((h, index) => ({ ...h, index })).filter((h) => Date.parse(h.at) > townNow);
    slider.max = ahead.length;
    if (looked) slider.value = Math.max(1, 1 + ahead.findIndex((h) => Date.parse(h.at) >= Date.parse(looked)));
    form.hidden = !ahead.length;
  }

  async function loadMap() {
    const first = !roads;
    town = await CityMap.json(element.dataset.map);
    issue = town.forecast && town.forecast.forecast_id;
    shift();
    build();
    if (first) CityMap.fit(map, ofRoutes());
    paint();
  }

  async function showStretch(id, byKey) {
    const response = await fetch(element.dataset.stretch + "?stretch=" + encodeURIComponent(id));
    if (!response.ok) return;
    const part = document.getElementById("stretch-part");
    part.innerHTML = await response.text(); // rendered and escaped by our own server
    if (byKey) { part.scrollIntoView({ block: "nearest" }); document.getElementById("stretch-title").focus({ preventScroll: true }); }
  }

  // Long parts that seldom change: fetched when their mark differs, and never changed under somebody's hand.
  async function renew(marks) {
    for (const [name, mark] of Object.entries(marks || {})) {
      const part = document.getElementById("part-" + name);
      if (!part || parts[name] === mark) continue;
      if (parts[name] && (part.matches(":hover") || part.contains(document.activeElement))) continue;
      const known = parts[name];
      parts[name] = mark;
      if (!known) continue;
      const response = await fetch(element.dataset.part + name);
      if (!response.ok) { parts[name] = known; continue; }
      const open = new Set([...part.querySelectorAll("details[open]")].map((d) => d.id));
      const scrolled = [...part.querySelectorAll("ol, .wide")].map((e) => e.scrollTop);
      part.innerHTML = await response.text(); // rendered and escaped by our own server
      for (const d of part.querySelectorAll("details")) d.open = open.has(d.id);
      [...part.querySelectorAll("ol, .wide")].forEach((e, i) => { e.scrollTop = scrolled[i] || 0; });
    }
  }

  function failed(error) {
    says.textContent = "The map could not be loaded: " + error.message + ". The tables on this page say the same.";
  }

  // There is room for the table beside the map: it is opened there, and stays as whoever looks leaves it.
  const byHour = document.getElementById("by-hour");
  if (byHour && matchMedia("(min-width: 1000px)").matches) byHour.open = true;
  form.addEventListener("input", repaint);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-stretch]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    showStretch(link.dataset.stretch, true);
  });
  document.addEventListener("cityops:state", ({ detail }) => {
    townNow = detail.now_s * 1000;
    if (detail.route !== chosen && roads) { chosen = detail.route; outline(); }
    if (detail.issue !== issue && roads) loadMap().catch(failed);
    else if (roads) { const before = ahead.length; shift(); if (ahead.length !== before) repaint(); }
    if (roads) loadNow().catch(failed);
    renew(detail.parts).catch(() => {}); // the next event tries again
  });

  try {
    await loadNow();
    await loadMap();
    for (const d of (await CityMap.json(element.dataset.depots)).features) {
      const [lon, lat] = d.geometry.coordinates;
      L.marker([lat, lon], { keyboard: false, icon: L.divIcon({ className: "", html: '<span class="depot">D</span>', iconSize: [26, 26] }) }).bindPopup(CityMap.popup([[d.properties.label, true]])).addTo(map);
    }
  } catch (error) { failed(error); }
})();
