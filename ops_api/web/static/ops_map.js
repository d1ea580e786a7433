// The wall's map: roads, bins and wards stand still and are recoloured where their letter changed; lorries, stations and
// alarms move on a canvas of their own. Nothing is made anew that is there already: a wall is open for weeks.
"use strict";
(async () => {
  const element = document.getElementById("wall-map"), says = document.getElementById("wall-map-says"), key = document.getElementById("wall-key");
  // Between two looks; a map that takes long to draw is drawn less often: a hundredth of a core, whatever the screen's machine.
  const LOOK_MS = 10000, LOOK_MOST_MS = 60000, SHARE = 100, LEFT_MS = 180000;
  const shows = new Set(element.dataset.layers.split(","));
  const ROADS = {
    d: { name: "Dry", look: "dry", factor: 0.55 }, m: { name: "Damp", look: "damp", factor: 0.75 }, w: { name: "Wet", look: "wet", factor: 1 },
    h: { name: "Hoar frost", look: "hoar", factor: 1.15, extra: 3, core: "5 5" }, i: { name: "Ice", look: "ice", factor: 1.2, extra: 4, core: "2 6" },
    s: { name: "Snow", look: "snow", factor: 1.15, extra: 3, core: "10 5" }, u: { name: "Not known", look: "unknown", factor: 0.5, dash: "2 4" },
  };
  const BINS = {
    o: { name: "Bins", look: "ok", shape: "circle", size: 3 }, f: { name: "Full", look: "full", shape: "square", size: 6, filled: true },
    v: { name: "Overflowing", look: "overflowing", shape: "triangle", size: 8, filled: true }, u: { name: "No level", look: "unknown", shape: "circle", size: 3, dash: "2 2" },
  };
  const ALARMS = { critical: { shape: "diamond", size: 13 }, major: { shape: "triangle", size: 10 }, warning: { shape: "square", size: 8 }, info: { shape: "circle", size: 7 } };
  const CLOSED = { name: "Closed", look: "closed", factor: 1.2, extra: 2, core: "6 6" };
  // Gritters and bin lorries: another outline each; filled while they work.
  const LORRIES = [["gritter", true, "Spreading"], ["gritter", false, "Gritters"], ["lorry", true, "At a bin"], ["lorry", false, "Bin lorries"]];
  const GAPS = { 1: 26, 2: 18, 3: 12, 4: 8 };

  let town = null, shown = "", letters = { roads: "", bins: "" }, asked = 0, rest = LOOK_MS, later = 0, busy = false, drawnKey = "";
  let rem = 16, far = 16, colours = new Map();
  const map = CityMap.make(element);
  // The town fills its room: steps of zoom would leave up to a sixth of it empty.
  map.options.zoomSnap = 0.02;
  // Two canvases: what moves is drawn without drawing thousands of roads again.
  map.createPane("moving").style.zIndex = 450;
  const still = L.canvas({ padding: 0.05 }), moving = L.canvas({ padding: 0.05, pane: "moving" });
  const layers = Object.fromEntries(["wards", "roads", "cores", "closed", "bins", "words", "moving"].map((name) => [name, L.layerGroup().addTo(map)]));
  const ways = new Map(), closed = new Map(), roads = [], cores = new Map(), bins = [], wards = new Map(), signs = { weather: new Map(), lorries: new Map(), alarms: new Map() };

  const flip = ([lon, lat]) => [lat, lon];

  // Colours are the style sheet's, for dark and for light.
  function colour(look) {
    if (!colours.has(look)) {
      const probe = document.createElement("i");
      probe.className = "wk--" + look;
      document.body.append(probe);
      colours.set(look, getComputedStyle(probe).color);
      probe.remove();
    }
    return colours.get(look);
  }

  function measure() {
    const root = getComputedStyle(document.documentElement);
    rem = parseFloat(root.fontSize);
    far = rem * parseFloat(root.getPropertyValue("--far"));
    colours = new Map();
  }

  const scale = () => rem / 16;

  function roadStyle(letter, roadClass) {
    const s = ROADS[letter] || ROADS.u, width = (CityMap.ROAD_WIDTH[roadClass] || 3) * 0.8;
    return { color: colour(s.look), weight: Math.max(1.5, (width * s.factor + (s.extra || 0)) * scale()), dashArray: s.dash || null, lineCap: s.dash ? "butt" : "round" };
  }

  function binStyle(letter) {
    const s = BINS[letter] || BINS.u, line = colour(s.look);
    return { shape: s.shape, radius: s.size * scale(), color: s.filled ? colour("panel") : line, weight: 1.25 * scale(), fillColor: s.filled ? line : colour("panel"), fillOpacity: 1, dashArray: s.dash || null };
  }

  // A dashed line within: what is slippery is told apart without seeing colours.
  function core(index, letter) {
    const s = ROADS[letter] || ROADS.u, had = cores.get(index);
    if (had) { layers.cores.removeLayer(had); cores.delete(index); }
    if (!s.core) return;
    const line = L.polyline(roads[index].getLatLngs(), { renderer: still, color: colour("panel"), weight: 2 * scale(), dashArray: s.core, lineCap: "butt", interactive: false });
    cores.set(index, line);
    layers.cores.addLayer(line);
  }

  function about(title, href, text) {
    const box = CityMap.popup([[title, true]]), link = document.createElement("a");
    link.href = href;
    link.textContent = text;
    box.append(link);
    return box;
  }

  const ask = (layer, make) => layer.on("click", (event) => L.popup().setLatLng(event.latlng).setContent(make()).openOn(map));

  function build() {
    for (const name of ["wards", "roads", "cores", "closed", "bins", "words"]) layers[name].clearLayers();
    for (const list of [roads, bins]) list.length = 0;
    for (const held of [cores, wards, closed, ways]) held.clear();
    letters = { roads: "", bins: "" };
    if (shows.has("homes")) for (const f of town.wards.features) {
      const area = L.polygon(f.geometry.coordinates[0].map(flip), { renderer: still, color: colour("ward"), weight: 1.5 * scale(), dashArray: "6 5", fill: false, interactive: false });
      wards.set(f.id, { area, word: null });
      layers.wards.addLayer(area);
    }
    for (const f of town.roads.features) ways.set(f.id, f);
    if (shows.has("roads")) for (const f of town.roads.features) {
      const line = L.polyline(f.geometry.coordinates.map(flip), { renderer: still, smoothFactor: 1.5, ...roadStyle("u", f.properties.road_class) });
      roads.push(line);
      layers.roads.addLayer(ask(line, () => about(f.properties.street, "/winter?stretch=" + encodeURIComponent(f.id), "This stretch, hour by hour")));
    }
    if (shows.has("bins")) for (const f of town.bins.features) {
      const sign = WallSigns.sign(flip(f.geometry.coordinates), { renderer: still, ...binStyle("u") });
      bins.push(sign);
      layers.bins.addLayer(ask(sign, () => about(String(f.id), "/bins/" + encodeURIComponent(f.id), "This bin")));
    }
    fit();
  }

  function fit() {
    const box = (element.dataset.box || "").split(",").map(Number);
    const all = box.length === 4 ? L.latLngBounds([box[1], box[0]], [box[3], box[2]]) : L.latLngBounds([]);
    if (!all.isValid()) {
      for (const f of town.roads.features) for (const p of f.geometry.coordinates) all.extend(flip(p));
      for (const f of town.bins.features) all.extend(flip(f.geometry.coordinates));
      for (const { area } of wards.values()) all.extend(area.getBounds());
    }
    if (all.isValid()) map.fitBounds(all, { padding: [6, 6], animate: false });
    else map.setView([52, 0], 6);
  }

  function recolour(now) {
    roads.forEach((line, i) => {
      if (now.roads[i] === letters.roads[i]) return;
      line.setStyle(roadStyle(now.roads[i], town.roads.features[i].properties.road_class));
      core(i, now.roads[i]);
    });
    bins.forEach((sign, i) => { if (now.bins[i] !== letters.bins[i]) { const s = binStyle(now.bins[i]); sign.setStyle(s); sign.setRadius(s.radius); } });
    letters = { roads: now.roads, bins: now.bins };
    for (const [id, { area }] of wards) {
      const w = now.wards[id], held = wards.get(id), text = w && w.shade !== "0" ? `${w.label}: ${w.says}` : "";
      if (held.shade === (w ? w.shade : "0") && held.text === text) continue;
      Object.assign(held, { shade: w ? w.shade : "0", text });
      area.setStyle(text ? { fill: true, fillOpacity: 0.6, fillColor: WallSigns.hatch(colour("ward"), Math.round(GAPS[w.shade] * scale())) } : { fill: false });
      if (held.word) layers.words.removeLayer(held.word);
      held.word = text ? WallSigns.sign(area.getBounds().getCenter(), { renderer: moving, shape: "none", radius: 1, interactive: false, ...words(), text }) : null;
      if (held.word) layers.words.addLayer(held.word);
    }
  }

  // A closed road is a barrier: light on dark, whatever its surface.
  function bar(ids) {
    const gone = new Set(closed.keys());
    for (const id of ids) {
      gone.delete(id);
      const f = ways.get(id);
      if (!f || closed.has(id)) continue;
      const line = f.geometry.coordinates.map(flip), look = { renderer: still, interactive: false, lineCap: "butt" };
      const both = L.layerGroup([
        L.polyline(line, { ...look, color: colour("closed"), weight: 9 * scale() }), L.polyline(line, { ...look, color: colour("panel"), weight: 4 * scale(), dashArray: CLOSED.core }),
      ]);
      closed.set(id, both);
      layers.closed.addLayer(both);
    }
    for (const id of gone) { layers.closed.removeLayer(closed.get(id)); closed.delete(id); }
  }

  const words = () => ({ letter: far, textColor: colour("text"), halo: colour("panel") });
  const lorrySize = () => 14 * scale();

  // Lorries that stand together, as in a depot, are one sign and their number.
  function together(lorries) {
    const found = [];
    for (const v of lorries) {
      const at = map.latLngToLayerPoint(flip(v.at));
      const same = found.find((c) => c.kind === v.kind && c.works === v.works && c.point.distanceTo(at) < lorrySize() * 1.5);
      if (same) same.n += 1; else found.push({ ...v, point: at, n: 1 });
    }
    return found;
  }

  // Where a station's word stands: beside what is in its way.
  function apart(stations, taken) {
    const letter = words().letter, said = stations.map((w) => CityMap.degrees(w.air_c).replace(" °C", "°"));
    const places = stations.map((w, i) => ({ ...map.latLngToLayerPoint(flip(w.at)), wide: said[i].length * letter * 0.6, high: letter * 1.1 }));
    return WallSigns.apart(places, taken, map.getSize()).map(([dx, dy], i) => ({ ...stations[i], text: said[i], dx, dy }));
  }

  // Those that stay are moved, those that are new are made, those that went are taken away.
  function keep(held, rows, style, name) {
    const gone = new Set(held.keys());
    for (const row of rows) {
      const id = String(row.id), options = style(row), known = JSON.stringify([row.at, options.look]);
      gone.delete(id);
      let sign = held.get(id);
      if (!sign) {
        sign = WallSigns.sign(flip(row.at), { renderer: moving, ...options });
        if (name) ask(sign, () => name(row));
        held.set(id, sign);
        layers.moving.addLayer(sign);
      } else if (sign.known !== known) {
        sign.setStyle(options);
        sign.setRadius(options.radius);
        sign.setLatLng(flip(row.at));
      }
      sign.known = known;
    }
    for (const id of gone) { layers.moving.removeLayer(held.get(id)); held.delete(id); }
  }

  function move(now) {
    const line = { color: colour("panel"), weight: 2 * scale(), fillOpacity: 1 };
    const lorries = shows.has("lorries") ? together(now.lorries) : [], alarms = shows.has("alarms") ? now.alarms : [];
    const around = ({ x, y }, left, right) => [x - left, y - left, x + right, y + left], size = lorrySize() * 1.4, mark = 13 * scale();
    const taken = [...lorries.map((v) => around(v.point, size, size * (v.n > 1 ? 2.6 : 1))), ...alarms.map((a) => around(map.latLngToLayerPoint(flip(a.at)), mark, mark))];
    if (shows.has("weather")) keep(signs.weather, apart(now.weather, taken), (w) => ({ shape: "none", radius: 1, look: [w.text, w.dx, w.dy], ...words(), text: w.text, dx: w.dx, dy: w.dy }), (w) => about(w.id, "/devices/" + encodeURIComponent(w.id), "This weather station"));
    if (shows.has("lorries")) keep(signs.lorries, lorries, (v) => ({ ...line, ...words(), letter: far * 0.8, text: v.n > 1 ? "×" + v.n : "", shape: v.kind, radius: lorrySize(), look: [v.kind, v.works, v.n], color: colour("text"), fillColor: colour(v.works ? "vehicle" : "panel") }), (v) => about(v.id, v.kind === "gritter" ? "/winter" : "/bins", v.kind === "gritter" ? "Winter roads" : "Today’s rounds"));
    if (shows.has("alarms")) {
      keep(signs.alarms, now.alarms, (a) => {
        const s = ALARMS[a.severity] || ALARMS.info, c = colour(a.severity);
        // Taken: hollow.
        return { ...line, shape: s.shape, radius: s.size * scale(), look: [a.severity, a.taken], color: a.taken ? c : colour("panel"), weight: (a.taken ? 3 : 2) * scale(), fillColor: a.taken ? colour("panel") : c };
      }, (a) => about("Alarm, " + a.severity, "/alarms/" + a.id, "What it is, and what to do"));
      for (const a of [...now.alarms].reverse()) if (a.severity === "critical" || a.severity === "major") signs.alarms.get(String(a.id)).bringToFront();
    }
  }

  function count(text) {
    const found = {};
    for (const letter of text) found[letter] = (found[letter] || 0) + 1;
    return found;
  }

  function explain(now) {
    const entries = [];
    if (shows.has("roads")) { const n = count(now.roads); for (const [k, s] of Object.entries(ROADS)) if (n[k]) entries.push([s, n[k], "line"]); }
    if (shows.has("bins")) { const n = count(now.bins); for (const [k, s] of Object.entries(BINS)) if (n[k]) entries.push([s, n[k], s.shape]); }
    if (closed.size) entries.push([CLOSED, closed.size, "line"]);
    if (shows.has("lorries")) for (const [kind, works, name] of LORRIES) {
      const n = now.lorries.filter((v) => v.kind === kind && v.works === works).length;
      if (n) entries.push([{ name, look: works ? "works" : "waits" }, n, kind]);
    }
    if (shows.has("alarms")) for (const severity of Object.keys(ALARMS)) {
      const n = now.alarms.filter((a) => a.severity === severity).length;
      if (n) entries.push([{ name: severity[0].toUpperCase() + severity.slice(1) + " alarm", look: severity }, n, ALARMS[severity].shape]);
    }
    const told = JSON.stringify(entries);
    if (told === drawnKey) return;
    drawnKey = told;
    key.replaceChildren(...entries.map((e) => entry(...e)));
  }

  // Markup of our own figures only; the words are text.
  function entry(s, n, shape) {
    const item = document.createElement("li"), label = document.createElement("span"), number = document.createElement("b");
    const drawn = {
      line: `<path d="M1 8H37" stroke="currentColor" stroke-width="${Math.max(2, 5 * s.factor + (s.extra || 0) * 0.8)}" stroke-dasharray="${s.dash || "none"}"/>${s.core ? `<path d="M1 8H37" class="wk--panel" stroke="currentColor" stroke-width="2.5" stroke-dasharray="${s.core}"/>` : ""}`,
      circle: `<circle cx="19" cy="8" r="5" stroke="currentColor" stroke-width="2" fill="none" stroke-dasharray="${s.dash || "none"}"/>`,
      square: '<path d="M12 1h14v14H12z" fill="currentColor"/>', triangle: '<path d="M19 0l9 15H10z" fill="currentColor"/>', diamond: '<path d="M19 0l9 8-9 8-9-8z" fill="currentColor"/>',
      lorry: WallSigns.drawn("lorry"), gritter: WallSigns.drawn("gritter"),
    };
    item.innerHTML = `<svg class="wk--${s.look}" viewBox="0 0 38 16" aria-hidden="true" focusable="false">${drawn[shape] || drawn.circle}</svg>`;
    label.textContent = s.name;
    number.textContent = n;
    item.append(label, number);
    return item;
  }

  async function look() {
    if (busy || document.hidden) return;
    busy = true;
    asked = Date.now();
    try {
      const now = await CityMap.json(element.dataset.now);
      const anew = !town || now.mark !== town.mark;
      if (anew) {
        town = await CityMap.json(element.dataset.still);
        build();
      }
      if (now.mark !== town.mark) return; // it changed in between: the next look has both
      const began = performance.now();
      recolour(now);
      if (shows.has("closures")) bar(now.closed);
      // Full bins are on the map as bins already.
      if (shows.has("bins")) now.alarms = now.alarms.filter((a) => a.rule !== "bins.full");
      move(now);
      explain(now);
      shown = document.querySelector(".wall__time").textContent;
      element.classList.remove("is-old");
      if (says.textContent) says.textContent = "";
      element.dataset.drawn = String(Number(element.dataset.drawn || 0) + 1);
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      // What was drawn from nothing says nothing of what a change takes.
      rest = anew ? LOOK_MS : Math.min(LOOK_MOST_MS, Math.max(LOOK_MS, SHARE * (performance.now() - began)));
    } catch (error) {
      element.classList.add("is-old");
      says.textContent = (shown ? `The map is as it was at ${shown}: ` : "There is no map yet: ") + error.message + ".";
    } finally { busy = false; }
  }

  function soon() {
    if (later) return;
    later = setTimeout(() => { later = 0; look(); }, Math.max(0, rest - (Date.now() - asked)));
  }

  function again() {
    measure();
    if (!town) return;
    for (const held of Object.values(signs)) { for (const sign of held.values()) layers.moving.removeLayer(sign); held.clear(); }
    drawnKey = "";
    build();
    look();
  }

  // The window changes the size of letters; the key beside the map, that of the map alone.
  let resizing = 0, was = innerWidth + " " + innerHeight;
  new ResizeObserver(() => {
    clearTimeout(resizing);
    resizing = setTimeout(() => {
      const is = innerWidth + " " + innerHeight;
      map.invalidateSize({ animate: false });
      if (is !== was) again(); else if (town) fit();
      was = is;
    }, 200);
  }).observe(element);
  // Who looked closer and went leaves the map as the room wants it.
  let left = 0;
  for (const name of ["pointerdown", "wheel", "keydown"]) element.addEventListener(name, () => { clearTimeout(left); left = setTimeout(() => { map.closePopup(); if (town) fit(); }, LEFT_MS); }, { passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  document.addEventListener("cityops:state", soon);
  measure();
  await look();
})();
