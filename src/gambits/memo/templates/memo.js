// Without this every mark still has its tooltip; with it, what a mark stands for is told below the picture, to the
// pointer and to the keyboard: arrow keys walk from mark to mark.
"use strict";
for (const plot of document.querySelectorAll(".plot")) {
  const marks = [...plot.querySelectorAll("[aria-label]")].filter((mark) => mark.tagName !== "svg");
  if (!marks.length) continue;
  const told = document.createElement("p");
  told.className = "told";
  told.setAttribute("aria-live", "polite");
  plot.after(told);
  const tell = (mark) => { told.textContent = mark.getAttribute("aria-label"); };
  marks.forEach((mark) => {
    mark.setAttribute("tabindex", "-1");
    mark.addEventListener("pointerenter", () => tell(mark));
    mark.addEventListener("focus", () => tell(mark));
  });
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = marks.indexOf(document.activeElement);
    marks[(at + step + marks.length) % marks.length].focus();
  });
}
