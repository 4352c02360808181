(() => {
  "use strict";

  const tip = document.getElementById("tip");
  const toggle = document.getElementById("outlines");
  const parts = new Map();
  for (const part of document.querySelectorAll("[data-id]")) {
    for (const id of part.dataset.id.split(" ")) {
      if (!parts.has(id)) parts.set(id, []);
      parts.get(id).push(part);
    }
  }

  let pinned = null;
  let pointed = null;

  const source = (event) =>
    event.target instanceof Element ? event.target.closest("[data-lights]") : null;

  function paint() {
    const from = pointed || pinned;
    for (const part of document.querySelectorAll(".lit, .from")) {
      part.classList.remove("lit", "from");
    }
    for (const part of document.querySelectorAll("[aria-pressed=true][data-lights]")) {
      part.removeAttribute("aria-pressed");
    }
    document.body.classList.toggle("lighting", Boolean(from));
    document.body.dataset.hue = (from && from.dataset.hue) || "";
    if (from) {
      from.classList.add("lit", "from");
      for (const id of from.dataset.lights.split(" ")) {
        for (const part of parts.get(id) || []) part.classList.add("lit");
      }
    }
    if (pinned) pinned.setAttribute("aria-pressed", "true");
    explain(from);
  }

  function explain(from) {
    const text = from && from.dataset.tip && document.getElementById(`tip-${from.dataset.tip}`);
    tip.hidden = !text;
    for (const part of document.querySelectorAll("[aria-describedby=tip]")) {
      part.removeAttribute("aria-describedby");
    }
    if (!text) return;
    tip.replaceChildren(text.content.cloneNode(true));
    from.setAttribute("aria-describedby", "tip");
    place(from);
  }

  function place(from) {
    const shape = from.querySelector(".shape") || from;
    const at = shape.getClientRects()[0] || shape.getBoundingClientRect();
    const gap = 10;
    const width = document.documentElement.clientWidth;
    const height = document.documentElement.clientHeight;
    const below = at.bottom + gap;
    const fits = below + tip.offsetHeight < height - gap;
    const above = at.top - gap - tip.offsetHeight;
    const top = fits ? below : above;
    const left = Math.min(at.left, width - tip.offsetWidth - gap);
    tip.style.top = `${Math.max(gap, Math.min(top, height - tip.offsetHeight - gap))}px`;
    tip.style.left = `${Math.max(gap, left)}px`;
  }

  function point(next) {
    if (next !== pointed) {
      pointed = next;
      paint();
    }
  }

  function pin(next) {
    pinned = next && next !== pinned ? next : null;
    if (!pinned) pointed = null;
    paint();
    if (pinned && pinned.closest("svg")) reveal(".mention.lit");
  }

  function reveal(selector) {
    const mention = document.querySelector(selector);
    if (mention) mention.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("mouseover", (event) => point(source(event)));
  document.documentElement.addEventListener("mouseleave", () => point(null));
  document.addEventListener("focusin", (event) => point(source(event)));
  document.addEventListener("focusout", () => point(null));
  document.addEventListener("click", (event) => {
    if (event.target !== toggle) pin(source(event));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      pinned = pointed = null;
      paint();
    } else if (event.key === "Enter" || event.key === " ") {
      const from = source(event);
      if (!from) return;
      event.preventDefault();
      pin(from);
    }
  });
  window.addEventListener("scroll", () => {
    const from = pointed || pinned;
    if (from && !tip.hidden) place(from);
  }, { passive: true, capture: true });
  toggle.addEventListener("click", () => {
    const shown = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(shown));
    document.body.classList.toggle("bare", !shown);
  });
})();
