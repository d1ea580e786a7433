// Choose a public bin on a map of our own GeoJSON; without JavaScript there are its number, its street and a position.
"use strict";
(async () => {
  const section = document.getElementById("map-section");
  const element = document.getElementById("map");
  if (!section || !element) return;
  section.hidden = false;
  const map = CityMap.make(element);
  const [bins, segments] = await Promise.all([CityMap.json(element.dataset.bins), CityMap.json(element.dataset.segments)]);
  CityMap.fit(map, L.geoJSON(bins.features.length ? bins : segments));
  CityMap.casing(map, segments, 0);
  const renderer = L.svg().addTo(map);
  for (const f of bins.features) {
    const [lon, lat] = f.geometry.coordinates;
    const about = CityMap.popup([[f.properties.label, true], ["Number " + f.id, false]]);
    const link = document.createElement("a");
    link.className = "govuk-link";
    link.href = "/bins/report?bin=" + encodeURIComponent(f.id);
    link.textContent = "Report this bin";
    about.append(link);
    L.circleMarker([lat, lon], { renderer, radius: 8, color: CityMap.DARK ? "#a9e6df" : "#0b3b45", weight: 2, fillColor: CityMap.GROUND, fillOpacity: 1 }).bindPopup(about).addTo(map);
  }
})();
