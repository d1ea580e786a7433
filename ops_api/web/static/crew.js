// Taps survive no reception: each is kept with its time, shown as waiting, and sent when the network is back.
// Without this script the same forms send themselves.
"use strict";
(() => {
  const lorry = document.body.dataset.lorry, live = document.getElementById("live-crew"), said = document.getElementById("crew-said");
  if (!lorry || !live || !said || !window.indexedDB) return;
  const RETRY_MS = 10000, TRY_MS = 20000, SHOWN_MS = 90000, LONGEST_PX = 1600;
  const WORDS = { collected: "Emptied", blocked: "Blocked", contaminated: "Wrong waste", not_out: "Not there" };
  const photos = new Map(); // by bin: a chosen photo outlives a refresh of the list
  let taps = [], sending = false, next = "", note = "", noted = 0;

  const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const name = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
  const mine = () => taps.filter((t) => t.lorry === lorry);

  function make(tag, className, text, act) {
    const e = document.createElement(tag);
    e.className = className;
    e.textContent = text;
    if (act) { e.type = "button"; e.addEventListener("click", act); }
    return e;
  }

  // What waits, on each stop; and the first stop that is still to do, large.
  function mark() {
    const waits = new Map(mine().map((t) => [t.bin, t]));
    let first = null;
    for (const stop of live.querySelectorAll("[data-open]")) {
      const tap = waits.get(stop.dataset.bin), words = stop.querySelector(".stop__wait"), text = tap ? waiting(tap) : "";
      stop.classList.toggle("is-waiting", !!tap);
      if (words.textContent !== text) words.textContent = text;
      words.hidden = !tap;
      const forget = stop.querySelector(".stop__forget");
      if (forget) forget.hidden = tap?.state !== "waiting";
      if (!tap && !first) first = stop;
      const photo = stop.querySelector(".crew__camera span"), has = photos.has(stop.dataset.bin) ? "Photo is taken: take another" : "Photo";
      if (photo && photo.textContent !== has) photo.textContent = has;
    }
    for (const stop of live.querySelectorAll("[data-open]")) stop.classList.toggle("is-next", stop === first);
    const details = first?.querySelector("details"), id = details?.id ?? "";
    if (details && id !== next) {
      for (const other of live.querySelectorAll("details.stop__d[open]")) if (other !== details) other.open = false;
      details.open = true;
      if (next) first.scrollIntoView({ block: "nearest" });
    }
    next = id;
    tell();
  }

  function waiting(tap) {
    const what = `${WORDS[tap.what]} ${clock(tap.at)}`;
    if (tap.state === "sent") return what;
    if (tap.state === "asks") return `${what}: asked above`;
    return tap.state === "refused" ? `${what}: not taken` : `${what}: waiting to be sent`;
  }

  function tell() {
    const parts = [], queued = mine().filter((t) => t.state === "waiting");
    const others = taps.filter((t) => t.lorry !== lorry && t.state === "waiting").length;
    if (note && Date.now() - noted < SHOWN_MS) parts.push(make("p", "crew__told", note));
    if (queued.length && queued.some((t) => t.tries)) {
      const taps_ = queued.length === 1 ? "1 tap is" : `${queued.length} taps are`;
      const trouble = queued.some((t) => t.trouble), why = trouble ? "The server has trouble." : "No reception.";
      parts.push(make("p", "crew__told", `${why} ${taps_} kept on this phone and sent when ${trouble ? "it takes them" : "there is"}.`));
    }
    if (others) parts.push(make("p", "crew__told", `${others} for another lorry wait to be sent.`));
    if (taps.some((t) => t.state === "who")) {
      const ask = make("p", "crew__refused", "Your shift on this phone is over: ");
      const link = make("a", "", "say who you are");
      link.href = "/crew";
      ask.append(link, ". What you tapped is kept until then.");
      parts.push(ask);
    }
    for (const tap of mine()) if (tap.state === "asks" || tap.state === "refused") parts.push(question(tap));
    const key = parts.map((p) => p.textContent).join("\n");
    if (said.dataset.key === key) return;
    said.dataset.key = key;
    said.replaceChildren(...parts);
    if (said.querySelector("button, .crew__refused")) said.scrollIntoView({ block: "nearest" });
  }

  function question(tap) {
    const box = make("div", "crew__refused", ""), about = `${tap.title}, ${WORDS[tap.what]} ${clock(tap.at)}. `;
    box.append(make("p", "", about + tap.words));
    const asks = tap.state === "asks", button = (look, text, more) => box.append(make("button", `crew__big crew__big--${look}`, text, () => settle(tap, more)));
    if (asks) button("good", "Yes: write it down", { sure: "true" });
    else if (tap.photo) button("good", "Send it without the photo", { photo: null });
    else button("good", "Try again", {});
    button("plain", asks ? "No: forget it" : "Go on without it", null);
    return box;
  }

  // ``more``: with what a tap is sent again; null: it is forgotten.
  async function settle(tap, more) {
    if (more) await CrewQueue.put(Object.assign(tap, more, { state: "waiting" })); else await CrewQueue.drop(tap.key);
    await load();
    flush();
  }

  async function load() {
    taps = await CrewQueue.all();
    mark();
  }

  // Cheap telephones take photos of 8 MB: the network of a side street does not carry them.
  async function smaller(file) {
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" });
      const share = Math.min(1, LONGEST_PX / Math.max(image.width, image.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * share);
      canvas.height = Math.round(image.height * share);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => { canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.8); });
    } catch { return file; }
  }

  async function tapped(form, what) {
    const data = new FormData(form), bin = data.get("bin"), photo = photos.get(bin);
    const title = form.closest(".stop").querySelector(".stop__title").textContent;
    const tap = { lorry, bin, title, what, version: data.get("version"), reason: data.get("reason") ?? "", at: Date.now(),
      once: name(), sure: "false", state: "waiting", tries: 0, words: "", photo: photo ? await smaller(photo) : null };
    document.activeElement?.blur();
    await CrewQueue.put(tap);
    photos.delete(bin);
    form.reset();
    note = "";
    await load();
    flush();
  }

  // Nothing can be kept on this telephone: the form sends itself.
  function bare(form, what) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "what", value: what });
    form.append(field);
    HTMLFormElement.prototype.submit.call(form);
  }

  function body(tap) {
    const data = new FormData();
    for (const field of ["bin", "what", "version", "reason", "once", "sure"]) data.set(field, tap[field]);
    data.set("ago_s", String(Math.max(0, (Date.now() - tap.at) / 1000)));
    if (tap.photo) data.set("photo", tap.photo, "photo.jpg");
    return data;
  }

  async function send(tap) {
    const answer = await fetch(`/crew/${encodeURIComponent(tap.lorry)}/acts`, {
      method: "POST", body: body(tap), headers: { Accept: "application/json", "X-Cityops-Form": "crew.js" }, signal: AbortSignal.timeout?.(tap.photo ? 6 * TRY_MS : TRY_MS),
    });
    const told = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : {};
    tap.trouble = answer.status >= 500 || answer.status === 429;
    // What is fine and not ours comes from a network that wants somebody to log in first: nothing was written down.
    if (tap.trouble || (answer.ok && told.state !== "kept")) { tap.tries += 1; return; }
    if (answer.ok) {
      tap.state = "sent";
      tap.photo = null;
      if (told.words) { note = told.words; noted = Date.now(); }
    } else {
      tap.state = answer.status === 403 ? "who" : answer.status === 409 ? "asks" : "refused";
      tap.words = told.words || "The server does not take it.";
    }
  }

  // One after the other, in the order in which they were tapped; one that the server stumbles over does not hold up the others.
  // Whose shift is over is not tried again and again, with its photo, until somebody looks or taps.
  async function flush(again = true) {
    if (sending) return;
    sending = true;
    try {
      for (const tap of await CrewQueue.all()) {
        if (!["waiting", "who"].includes(tap.state)) continue;
        if (tap.state === "who" && !again) break;
        let reached = true;
        try { await send(tap); } catch { tap.tries += 1; tap.trouble = reached = false; }
        await CrewQueue.put(tap);
        if (!reached || tap.state === "who") break;
      }
    } finally { sending = false; }
    await tidy();
  }

  // What was sent is forgotten once the list shows it, or after a while.
  async function tidy() {
    const open = new Set([...live.querySelectorAll("[data-open]")].map((s) => s.dataset.bin));
    for (const tap of await CrewQueue.all()) {
      if (tap.state === "sent" && (tap.lorry !== lorry || !open.has(tap.bin) || Date.now() - tap.at > SHOWN_MS)) await CrewQueue.drop(tap.key);
    }
    await load();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-tap]") || !event.submitter) return;
    event.preventDefault();
    const what = event.submitter.value;
    tapped(form, what).catch(() => bare(form, what));
  });
  // What has not been sent is taken back here; what has, on the list.
  document.addEventListener("click", async (event) => {
    if (!event.target.matches(".stop__forget") || sending) return;
    const bin = event.target.closest(".stop").dataset.bin;
    for (const tap of await CrewQueue.all()) {
      if (tap.lorry === lorry && tap.bin === bin && tap.state === "waiting") await CrewQueue.drop(tap.key);
    }
    load();
  });
  document.addEventListener("change", (event) => {
    if (event.target.type !== "file" || !event.target.files.length) return;
    photos.set(event.target.closest(".stop").dataset.bin, event.target.files[0]);
    mark();
  });
  new MutationObserver(() => { mark(); }).observe(live, { childList: true });
  document.addEventListener("cityops:state", () => { tidy(); });
  addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
  setInterval(() => flush(false), RETRY_MS);
  navigator.serviceWorker?.register("/crew/worker.js", { scope: "/crew/" }).catch(() => {});
  load().then(flush);
})();
