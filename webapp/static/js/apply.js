/* Writing an application. Answers are saved as they are given; a swap never takes away what is being typed.
   Without this file everything works with the buttons. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-saves]");
  if (!form) return;
  const state = () => document.getElementById("save-state");
  let sent = new Map();
  let composing = false;
  let waiting = false;

  const texts = () => [...form.querySelectorAll("input, textarea, select")]
    .filter((field) => field.name && !field.name.startsWith("_") && !["hidden", "file", "submit"].includes(field.type));
  const key = (field) => ["radio", "checkbox"].includes(field.type) ? `${field.name}=${field.value}` : field.name;
  const value = (field) => ["radio", "checkbox"].includes(field.type) ? String(field.checked) : field.value;
  const snapshot = () => new Map(texts().map((field) => [key(field), value(field)]));

  // やさしい日本語 writes 漢字（かんじ）; the server draws it as ruby, and what is said here looks the same.
  const drawn = (text) => {
    if (document.documentElement.dataset.lang !== "easy") return [text];
    const parts = text.split(/([々〆ヶ\u3400-\u9fff]+)（([\u3041-\u309fー]+)）/);
    return parts.map((part, index) => {
      if (index % 3 === 0) return part;
      if (index % 3 === 2) return "";
      const ruby = document.createElement("ruby");
      const reading = document.createElement("rt");
      reading.textContent = parts[index + 1];
      ruby.append(part, reading);
      return ruby;
    });
  };
  const say = (text, isBad) => {
    const place = state();
    if (!place) return;
    place.replaceChildren(...drawn(text));
    place.classList.toggle("save-state--failed", Boolean(isBad));
  };
  if (state() && !state().textContent.trim()) say(form.dataset.ready || "");
  const again = () => htmx.trigger(form, "change");

  form.addEventListener("compositionstart", () => { composing = true; });
  form.addEventListener("compositionend", () => {
    composing = false;
    if (waiting) { waiting = false; again(); }
  });

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt === form) sent = snapshot();
  });

  let later = new Map();
  let at = null;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig && event.detail.requestConfig.elt !== form) return;
    if (composing) { /* an input method is open: swapping now would eat the characters */
      event.detail.shouldSwap = false;
      waiting = true;
      return;
    }
    later = new Map([...snapshot()].filter(([name, now]) => sent.get(name) !== now));
    const active = document.activeElement;
    at = active && form.contains(active) && active.id
      ? { id: active.id, start: active.selectionStart, end: active.selectionEnd } : null;
  });

  document.body.addEventListener("htmx:afterSwap", () => {
    for (const field of texts()) {
      if (!later.has(key(field))) continue;
      if (["radio", "checkbox"].includes(field.type)) field.checked = later.get(key(field)) === "true";
      else field.value = later.get(key(field));
    }
    if (at) {
      const field = document.getElementById(at.id);
      if (field && document.activeElement !== field) {
        field.focus({ preventScroll: true });
        if (field.setSelectionRange && at.start !== null && field.type !== "email") {
          try { field.setSelectionRange(at.start, at.end); } catch { /* number-like fields have no caret */ }
        }
      }
    }
    later = new Map();
  });

  const failed = () => say(form.dataset.failed || "", true);
  document.body.addEventListener("htmx:sendError", failed);
  document.body.addEventListener("htmx:responseError", failed);
  window.addEventListener("online", again);
})();
