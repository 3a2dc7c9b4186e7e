// Small comforts. Every page works without this file.
(() => {
  "use strict";

  const focusErrors = (root) => {
    const summary = root.querySelector ? root.querySelector("#error-summary") : null;
    if (summary) summary.focus();
  };

  // How many characters are left; one may exceed the number, the page says by how much.
  const count = (area) => {
    const line = document.getElementById(`${area.id}-counter`);
    if (!line) return;
    const limit = Number(area.dataset.limit);
    const length = [...new Intl.Segmenter("ja").segment(area.value)].length;
    const over = length > limit;
    line.toggleAttribute("data-over", over);
    line.textContent = (over ? area.dataset.over : area.dataset.left).replace("{n}", String(Math.abs(limit - length)));
  };

  // A file that is too large is named before it travels.
  const weigh = (input) => {
    const limit = Number(input.dataset.maxSize);
    const tooLarge = [...input.files].some((file) => file.size > limit);
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    let line = document.getElementById(`${input.id}-weight`);
    if (!line) {
      line = document.createElement("p");
      line.id = `${input.id}-weight`;
      line.className = "field__error";
      line.setAttribute("role", "alert");
      input.after(line);
    }
    line.textContent = tooLarge ? `＊${input.dataset.tooLarge}` : "";
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[data-limit]")) count(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[type=file][data-max-size]")) weigh(event.target);
  });

  // A second press while the first is under way does nothing (the server refuses it too).
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-again")) return;
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 4000) event.preventDefault();
    else form.dataset.sent = String(Date.now());
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print]");
    if (button) window.print();
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => {
        copy.querySelector("span").textContent = copy.dataset.copied;
      });
    }
  });

  // A phone may say where it is; words are enough.
  const locate = (button) => {
    const id = button.dataset.locate;
    const told = document.getElementById(`${id}-located`);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        document.getElementById(`${id}-lat`).value = coords.latitude.toFixed(6);
        document.getElementById(`${id}-lon`).value = coords.longitude.toFixed(6);
        told.textContent = button.dataset.found;
      },
      () => { told.textContent = button.dataset.failed; },
      { enableHighAccuracy: true, timeout: 15000 },
    );
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-locate]");
    if (button) locate(button);
  });

  // The details of a page open for printing and for a link into them.
  const openTarget = () => {
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    const closed = target ? target.closest("details:not([open])") : null;
    if (closed) closed.open = true;
  };
  window.addEventListener("hashchange", openTarget);

  document.addEventListener("DOMContentLoaded", () => {
    document.documentElement.classList.add("has-script");
    document.querySelectorAll("textarea[data-limit]").forEach(count);
    focusErrors(document);
    openTarget();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelectorAll("textarea[data-limit]").forEach(count);
  });
})();
