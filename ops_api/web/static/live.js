// Keeps a page's live parts fresh: one event stream; polling where the stream fails or nobody looks.
// A part with data-hold is never changed under somebody's hand: what is new waits for a press of the
// button, or until pointer and keyboard have left. Text marked data-age (how long ago) may always change.
"use strict";
(() => {
  const url = document.body.dataset.live;
  if (!url) return;
  const POLL_MS = 10000, RETRY_STREAM_MS = 60000, SILENT_MS = 45000, HIDDEN_MS = 30000, RESTS_MS = 1500, GUARD_MS = 400, PATIENCE_MS = 30000, FORGOTTEN_MS = 30000;
  const [path, query] = url.split("?");
  const suffix = query ? "?" + query : "";
  const bar = document.getElementById("live-bar"), status = document.getElementById("live-status");
  const age = document.getElementById("live-age"), show = document.getElementById("live-show");
  // A page says how long silence may last where that is not the usual.
  const STALE_MS = Number(document.body.dataset.stale) * 1000 || (bar ? 25000 : 60000);
  const holders = [...document.querySelectorAll("[data-hold]")];
  const shown = new Map([...document.querySelectorAll("[id^=live-]")].map((part) => [part, part.innerHTML]));
  const waiting = new Map();

  // Live parts are the same for all readers and carry nobody's mark: a form takes it from the page as it is sent.
  const mark = document.querySelector("meta[name=form-mark]")?.content;
  document.addEventListener("submit", ({ target: form }) => {
    if (!mark || form.method !== "post" || form.elements.namedItem("_form")) return;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "_form", value: mark });
    form.append(field);
  }, true);

  // A clock that is never put back: a machine's own is corrected, and the browser's count stands still while some machines sleep.
  let ticked = 0, wasAt = Date.now(), counted = performance.now();
  function ms() {
    const at = Date.now(), count = performance.now();
    ticked += Math.max(at - wasAt, count - counted);
    [wasAt, counted] = [at, count];
    return ticked;
  }

  // heard: of when the picture is; contact: when the far end last said anything; tried: when it was last asked for a stream.
  let source = null, polling = 0, asking = false, retry = 0, failures = 0, heard = ms(), contact = heard, tried = heard, leaving = 0, moved = -GUARD_MS, touched = -RESTS_MS, handled = heard;

  const tell = () => document.dispatchEvent(new CustomEvent("cityops:live", { detail: { age: ms() - heard, silent: ms() - contact } }));

  function say(text, stale) {
    document.documentElement.classList.toggle("stale", stale);
    document.documentElement.classList.toggle("is-live", text === "Live");
    if (status && status.textContent !== text) status.textContent = text;
    if (age && !stale && age.textContent) age.textContent = "";
    tell();
  }

  const clock = (at) => new Date(Date.now() - (ms() - at)).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  function long(ms) {
    const minutes = Math.floor(ms / 60000);
    return minutes < 1 ? Math.floor(ms / 1000) + " s" : minutes < 120 ? minutes + " min" : Math.floor(minutes / 60) + " h";
  }

  function sayStale() {
    if (!bar) return say("Not live: last update " + clock(heard), true);
    say("Connection lost. This is how it was at " + clock(heard), true);
    age.textContent = " (" + long(ms() - heard) + " ago)";
  }

  // What the hands are at: a part in use keeps its place.
  const fields = (part) => [...part.querySelectorAll("input[id], textarea[id], select[id]")];
  const written = (field) => field.tagName === "SELECT" ? [...field.options].some((o) => o.selected && !o.defaultSelected && o.index > 0) : field.value !== field.defaultValue;

  function inUse(part) {
    const chosen = getSelection();
    return part.contains(document.activeElement) || part.matches(":hover") || fields(part).some(written)
      || (!chosen.isCollapsed && part.contains(chosen.anchorNode));
  }

  // A link that somebody left in focus must not keep a part as it was for ever.
  const forgotten = () => document.activeElement.matches("a[href]") && ms() - handled > FORGOTTEN_MS;

  function mustWait(part) {
    if (!("hold" in part.dataset)) return part.contains(document.activeElement) && !forgotten();
    return ms() - touched < RESTS_MS || holders.some(inUse);
  }

  function parsed(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  }

  function ageless(html) {
    const content = parsed(html), holder = document.createElement("div");
    for (const e of content.querySelectorAll("[data-age]")) e.textContent = "";
    for (const e of content.querySelectorAll("input[name=_form]")) e.remove();
    holder.append(content);
    return holder.innerHTML;
  }

  function renewAges(part, html) {
    const now = part.querySelectorAll("[data-age]"), then = parsed(html).querySelectorAll("[data-age]");
    then.forEach((e, i) => { if (now[i] && now[i].textContent !== e.textContent) now[i].textContent = e.textContent; });
  }

  function swap(part, html) {
    const open = new Map([...part.querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
    const scrolled = [...part.querySelectorAll("ul, ol, table")].map((e) => e.scrollTop);
    const typed = new Map(fields(part).filter(written).map((f) => [f.id, f.value]));
    const focused = part.contains(document.activeElement) ? document.activeElement : null, focus = focused?.id, href = focused?.getAttribute("href");
    part.innerHTML = html;
    shown.set(part, html);
    for (const [id, was] of open) { const d = document.getElementById(id); if (d) d.open = was; }
    for (const [id, value] of typed) { const f = document.getElementById(id); if (f) f.value = value; }
    const again = focus ? document.getElementById(focus) : href ? [...part.querySelectorAll("a")].find((a) => a.getAttribute("href") === href) : null;
    again?.focus({ preventScroll: true });
    [...part.querySelectorAll("ul, ol, table")].forEach((e, i) => { if (scrolled[i]) e.scrollTop = scrolled[i]; });
    if ("hold" in part.dataset) moved = ms();
  }

  function put(part, html) {
    const before = shown.get(part);
    if (before === html || ageless(before) === ageless(html)) {
      waiting.delete(part);
      shown.set(part, html);
      renewAges(part, html);
    } else waiting.set(part, html);
  }

  function release(all) {
    for (const [part, html] of waiting) {
      if (all || !mustWait(part)) { waiting.delete(part); swap(part, html); }
    }
    offer();
  }

  // "3 new alarms": what waits, and a button that shows it.
  function offer() {
    if (!show) return;
    let news = 0, noun = "";
    for (const [part, html] of waiting) {
      const have = new Set([...part.querySelectorAll("[data-key]")].map((e) => e.dataset.key));
      const more = [...parsed(html).querySelectorAll("[data-key]")].filter((e) => !have.has(e.dataset.key)).length;
      if (more) { news += more; noun = part.dataset.hold; }
    }
    const text = news ? `Show ${news} new ${noun}${news > 1 ? "s" : ""}` : waiting.size ? "Show what changed" : "";
    show.hidden = !text;
    if (show.textContent !== text) show.textContent = text;
  }

  function apply(text) {
    const state = JSON.parse(text);
    heard = contact = ms();
    failures = 0;
    say("Live", false);
    for (const [name, html] of Object.entries(state.fragments)) {
      const part = document.getElementById("live-" + name);
      if (part) put(part, html);
    }
    release(false);
    document.dispatchEvent(new CustomEvent("cityops:state", { detail: state }));
  }

  async function poll() {
    if (asking) return;
    asking = true;
    try {
      const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (response.ok) apply(await response.text());
    } catch { /* the stale mark says it */ } finally { asking = false; }
  }

  function stopPolling() {
    clearInterval(polling);
    polling = 0;
  }

  function startPolling() {
    if (polling) return;
    polling = setInterval(poll, POLL_MS);
    poll();
  }

  function alive(event) {
    // The far end is there; what it last said may be old all the same, where its database does not answer.
    contact = ms();
    const at = contact - JSON.parse(event.data).age_s * 1000;
    if (contact - at > STALE_MS) return;
    heard = Math.max(heard, at);
    say("Live", false);
  }

  function connect() {
    source?.close();
    tried = ms();
    source = new EventSource(path + "/stream" + suffix);
    source.addEventListener("open", () => { contact = ms(); failures = 0; stopPolling(); });
    source.addEventListener("state", (event) => apply(event.data));
    source.addEventListener("alive", alive);
    source.addEventListener("error", () => {
      failures += 1;
      if (ms() - heard <= STALE_MS) say("Reconnecting", false);
      if (failures >= 3 || source.readyState === EventSource.CLOSED) {
        source.close();
        // As often as it takes: a server may be away for longer than one try.
        retry ||= setTimeout(() => { retry = 0; if (!document.hidden && source?.readyState === EventSource.CLOSED) connect(); }, RETRY_STREAM_MS);
        startPolling();
      }
    });
  }

  // Browsers allow six streams per host, and somebody opens each alarm in a tab: a tab that nobody sees polls.
  function seen() {
    clearTimeout(leaving);
    if (document.hidden) leaving = setTimeout(() => { source?.close(); source = null; startPolling(); }, HIDDEN_MS);
    else if (!source || source.readyState === EventSource.CLOSED) connect();
    if (ms() - heard > STALE_MS) sayStale();
  }

  setInterval(() => {
    // A stream whose far end vanished without a word stays open, or is being opened, for ever: ask anew.
    if (source && source.readyState !== EventSource.CLOSED && ms() - Math.max(contact, tried) > SILENT_MS) { connect(); startPolling(); }
    if (ms() - heard > STALE_MS) sayStale(); else tell();
  }, 5000);
  setInterval(() => { if (waiting.size) release(false); }, 500);
  for (const part of holders) {
    for (const name of ["pointermove", "pointerdown", "keydown", "input", "touchmove"]) part.addEventListener(name, () => { touched = ms(); }, { passive: true });
    // Who aimed before something moved does not hit what is there now.
    part.addEventListener("click", (event) => {
      if (event.detail > 0 && ms() - moved < GUARD_MS) { event.preventDefault(); event.stopPropagation(); }
    }, true);
  }
  show?.addEventListener("click", () => release(true));
  for (const name of ["keydown", "pointerdown", "pointermove"]) document.addEventListener(name, () => { handled = ms(); }, { passive: true });
  document.addEventListener("visibilitychange", seen);
  addEventListener("online", () => { if (source?.readyState !== EventSource.OPEN) connect(); });
  addEventListener("offline", () => { if (bar) { say("Connection lost. This is how it was at " + clock(heard), true); } });
  // A page that leaves closes its stream at once.
  addEventListener("pagehide", () => { source?.close(); source = null; });
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  connect();
})();
