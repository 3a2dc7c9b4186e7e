// A countdown beside the written end of a hold, and a word when it is nearly over; without it the page
// says the same in words.
(() => {
  const hold = document.querySelector(".hold[data-expires]");
  if (!hold) return;
  const end = Date.parse(hold.dataset.expires);
  const line = document.createElement("p");
  line.setAttribute("aria-live", "off");
  line.className = "hold__left";
  hold.prepend(line);
  const warning = hold.querySelector(".hold__warning");
  const show = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    line.textContent = hold.dataset.left.replace("{time}", time);
    if (left <= 180 && warning.hidden) {
      warning.hidden = false;
      hold.classList.add("hold--ending");
    }
    if (left > 0) setTimeout(show, 1000);
    else warning.textContent = hold.dataset.over;
  };
  show();
})();
