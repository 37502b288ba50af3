"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  // A page opened from a file may not be allowed to remember.
  const stored = (value) => {
    try {
      if (value) localStorage.setItem("netwright-theme", value);
      return localStorage.getItem("netwright-theme");
    } catch { return value; }
  };
  const asked = new URLSearchParams(location.search).get("theme") || stored();
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;
  button.hidden = false;
  label();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    stored(root.dataset.theme);
    label();
  });
  system.addEventListener("change", label);

  const value = (cell) => {
    const words = cell.textContent.trim();
    const number = Number(words.replaceAll(",", ""));
    return words !== "" && Number.isFinite(number) ? number : words;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const sorter = document.createElement("button");
      sorter.type = "button";
      sorter.textContent = head.textContent;
      head.replaceChildren(sorter);
      sorter.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => {
          const x = value(a.cells[column]), y = value(b.cells[column]);
          const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
          return down ? -order : order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }

  // Values under the pointer, for every figure with lines.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const spell = (number) => String(Number(number.toPrecision(4)));
  const row = (words, number, colour) => {
    const line = document.createElement("div");
    const name = document.createElement("span");
    name.textContent = words;
    if (colour) name.style.color = colour;
    line.append(name, document.createTextNode(spell(number)));
    return line;
  };
  for (const plot of document.querySelectorAll("svg[data-hover]")) {
    const { box: [left, top, right, bottom], span: [low, high], what, lines } = JSON.parse(plot.dataset.hover);
    const rule = document.createElementNS("http://www.w3.org/2000/svg", "line");
    rule.setAttribute("class", "rule");
    rule.setAttribute("y1", top);
    rule.setAttribute("y2", bottom);
    plot.append(rule);
    const hide = () => { tip.hidden = true; rule.style.display = "none"; };
    hide();
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("pointermove", (event) => {
      const area = plot.getBoundingClientRect();
      const at = ((event.clientX - area.left) / area.width) * plot.viewBox.baseVal.width;
      if (at < left - 4 || at > right + 4) { hide(); return; }
      const x = low + ((at - left) / (right - left)) * (high - low);
      const nearest = lines.map((line) => {
        let best = 0;
        line.x.forEach((value, i) => { if (Math.abs(value - x) < Math.abs(line.x[best] - x)) best = i; });
        return best;
      });
      const shown = lines[0].x[nearest[0]];
      const place = left + ((shown - low) / (high - low)) * (right - left);
      rule.setAttribute("x1", place);
      rule.setAttribute("x2", place);
      rule.style.display = "";
      tip.replaceChildren(row(what, shown), ...lines.map((line, i) => row(line.name, line.y[nearest[i]], line.colour)));
      tip.hidden = false;
      const wide = tip.offsetWidth;
      const beside = event.clientX + 16 + wide > innerWidth ? event.clientX - 16 - wide : event.clientX + 16;
      tip.style.left = `${Math.max(4, beside) + scrollX}px`;
      tip.style.top = `${event.clientY + 12 + scrollY}px`;
    });
  }

  // Paper cannot be clicked: what is folded is opened for printing.
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("details:not([open])")) {
      fold.open = true;
      fold.dataset.folded = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const fold of document.querySelectorAll("details[data-folded]")) {
      fold.open = false;
      delete fold.dataset.folded;
    }
  });

  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll("main > section").forEach((part) => watcher.observe(part));
})();
