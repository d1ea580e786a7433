// The wall's chart of readings per second.
"use strict";
(() => {
  const element = document.getElementById("rate-chart");
  const axis = (size) => ({ stroke: "#b7cccd", font: size + "px system-ui, sans-serif", grid: { stroke: "#22404a", width: 1 }, ticks: { stroke: "#22404a" } });
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const options = () => ({
    width: element.clientWidth, height: element.clientHeight, legend: { show: false }, cursor: { show: false },
    scales: { y: { range: (u, low, high) => [0, Math.max(1, high * 1.15)] } },
    axes: [{ ...axis(rem * 0.9), space: rem * 6, size: rem * 1.8, values: (u, vs) => vs.map(clock) }, { ...axis(rem * 0.9), space: rem * 2.2, size: rem * 3 }],
    series: [{}, { stroke: "#7fe3d4", width: 2, fill: "#7fe3d433", points: { show: false } }],
  });
  const chart = new uPlot(options(), JSON.parse(element.dataset.series), element);
  addEventListener("resize", () => chart.setSize({ width: element.clientWidth, height: element.clientHeight }));
  document.addEventListener("cityops:state", (event) => chart.setData(event.detail.series));
})();
