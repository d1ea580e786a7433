// The alarm desk's pages: how many alarms wait, in the page's title, and new ones said to screen readers.
"use strict";
(() => {
  const RANK = { info: 0, warning: 1, major: 2, critical: 3 };
  const says = document.getElementById("live-news");
  const title = document.title.replace(/^\(\d+\) /, "");
  const known = new Map();
  let newest = null;

  function words(fresh) {
    const worst = fresh.reduce((x, y) => RANK[y[1]] > RANK[x[1]] ? y : x);
    if (fresh.length > 1) return `${fresh.length} alarms are new or worse. The worst, ${worst[1]}: ${worst[2]}`;
    return `${known.has(worst[0]) ? "Worse now" : "New alarm"}, ${worst[1]}: ${worst[2]}`;
  }

  document.addEventListener("cityops:state", (event) => {
    const { waiting, news } = event.detail;
    if (news === undefined) return;
    document.title = (waiting ? `(${waiting}) ` : "") + title;
    // Only the newest are told: an older one that moves up among them is not new.
    const fresh = newest === null ? [] : news.filter(([id, severity]) => id > newest || RANK[severity] > known.get(id));
    if (fresh.length) says.textContent = words(fresh);
    for (const [id, severity] of news) known.set(id, RANK[severity]);
    newest = Math.max(newest ?? 0, ...news.map(([id]) => id));
  });
})();
