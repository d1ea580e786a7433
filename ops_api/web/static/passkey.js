// Passkeys: asks our server for a challenge, the browser for a passkey, and sends what it says. Without JavaScript none of it is shown.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;
  const HEADERS = { "Content-Type": "application/json", "X-Cityops-Form": "passkey" };

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function post(address, body) {
    const answer = await fetch(address, { method: "POST", headers: HEADERS, body });
    // Who must show a factor again is led there.
    if (answer.redirected) { location.assign(answer.url); return new Promise(() => {}); }
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  }

  async function make(options) {
    const publicKey = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: ids(options.excludeCredentials) };
    const made = await navigator.credentials.create({ publicKey });
    return said(made, { attestationObject: text(made.response.attestationObject) });
  }

  async function show(options) {
    const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: ids(options.allowCredentials) };
    const shown = await navigator.credentials.get({ publicKey });
    const { authenticatorData, signature, userHandle } = shown.response;
    return said(shown, { authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle ? text(userHandle) : null });
  }

  const said = (credential, response) => JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type,
    response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
  });

  for (const box of document.querySelectorAll("[data-passkey]")) {
    const { passkey: address, passkeyNext: next } = box.dataset;
    const complaint = box.querySelector("[data-passkey-said]");
    const label = box.querySelector("[data-passkey-label]");
    box.hidden = false;
    box.querySelector("button").addEventListener("click", async () => {
      complaint.textContent = "";
      try {
        const options = await post(`${address}/options`, "{}");
        const answer = await (label ? make(options) : show(options));
        const query = new URLSearchParams(label ? { label: label.value } : { next });
        location.assign((await post(`${address}?${query}`, answer)).to);
      } catch (error) {
        complaint.textContent = error.name === "NotAllowedError" ? "Nothing was shown. Try again." : error.name === "InvalidStateError" ? "This device has a passkey here already." : error.message;
      }
    });
  }
})();
