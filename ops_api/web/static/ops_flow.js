// The wall's chart of readings per second.
"use strict";
(() => {
  const element = document.getElementById("rate-chart"), style = getComputedStyle(element);
  const axis = (size) => ({ stroke: style.color, font: size + "px system-ui, sans-serif", ticks: { stroke: style.color } });
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize), letter = parseFloat(style.fontSize);
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const options = () => ({
    width: element.clientWidth, height: element.clientHeight, legend: { show: false }, cursor: { show: false },
    scales: { y: { range: (u, low, high) => [0, Math.max(1, high * 1.15)] } },
    axes: [{ ...axis(letter), grid: { show: false }, space: rem * 6, size: rem * 1.8, values: (u, vs) => vs.map(clock) }, { ...axis(letter), grid: { show: false }, space: rem * 2.2, size: rem * 3 }],
    series: [{}, { stroke: "#1f9e8f", width: 2, fill: "#1f9e8f55", points: { show: false } }],
  });
  const chart = new uPlot(options(), JSON.parse(element.dataset.series), element);
  addEventListener("resize", () => chart.setSize({ width: element.clientWidth, height: element.clientHeight }));
  document.addEventListener("cityops:state", (event) => chart.setData(event.detail.series));
})();
