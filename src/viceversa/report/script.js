"use strict";
// Sliders, full-size pictures, copy buttons; a report of a run in progress also reloads itself.

for (const input of document.querySelectorAll(".pair input")) {
  const show = () => input.parentElement.style.setProperty("--at", input.value + "%");
  input.addEventListener("input", show);
  show(); // a reloaded page keeps the position of its sliders
}

const SMALL = 256; // pixels of a picture's width up to which it is enlarged
const dialog = document.getElementById("zoom");
const views = dialog.querySelector(".views");

function open(images, caption) {
  views.replaceChildren(...images.map((image) => {
    const copy = new Image();
    copy.src = image.src;
    copy.alt = image.alt;
    if (image.naturalWidth <= SMALL) { // in whole multiples, so that pixels stay squares
      const [w, h] = [innerWidth * 0.9 / image.naturalWidth, innerHeight * 0.75 / image.naturalHeight];
      const room = Math.max(Math.min(w / images.length, h), Math.min(w, h / images.length)); // side by side, or stacked
      copy.style.width = `${image.naturalWidth * Math.max(1, Math.floor(room))}px`;
      copy.className = "pixels";
    }
    return copy;
  }));
  dialog.querySelector("p").textContent = caption;
  dialog.showModal();
  views.scrollTo(0, 0);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (event.target === dialog) dialog.close(); // beside the pictures
  if (!button) return;
  if (button.classList.contains("zoom")) {
    const pair = button.closest(".pair");
    const images = pair ? [...pair.querySelectorAll("img")] : [button.querySelector("img")];
    open(images, images.map((image) => image.alt).join("  |  "));
  }
  if (button.classList.contains("copy")) copy(button);
});

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  let done = false;
  try {
    await navigator.clipboard.writeText(code.textContent);
    done = true;
  } catch {
    getSelection().selectAllChildren(code); // where the clipboard is closed to a page opened from disk
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

for (const button of document.querySelectorAll(".copy")) button.hidden = false;

const [seconds, until] = [Number(document.body.dataset.refresh), Number(document.body.dataset.until)];
if (seconds) {
  const key = "scroll:" + location.pathname;
  try {
    scrollTo(0, Number(sessionStorage.getItem(key)) || 0);
    addEventListener("pagehide", () => sessionStorage.setItem(key, scrollY));
  } catch { /* no storage: the browser's own memory of the position has to do */ }
  const timer = setInterval(() => {
    const busy = dialog.open || document.activeElement.matches("input") || getSelection().toString();
    if (!gaveUp() && !busy && !document.hidden) location.reload();
  }, 1000 * seconds);
  gaveUp(); // says so at once where an old page is opened

  function gaveUp() {
    if (Date.now() / 1000 <= until) return false;
    clearInterval(timer); // nothing has been written for long
    document.getElementById("reloads").hidden = true;
    document.getElementById("stale").hidden = false;
    return true;
  }
}
