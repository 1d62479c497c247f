// Noroshi's own script. Every page reads and works without it; this adds: pages that follow the data without a
// reload, keys for the watch, a filter and an order for tables. Nothing here comes from anywhere else.
"use strict";
(() => {
  const REFRESH_EVERY_MS = 2000;
  const words = document.body.dataset;
  const say = document.getElementById("announce");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Pages that follow the data
  const served = new WeakMap();
  const regions = () => all("[data-live]");
  const heard = new Set();
  let source = null;
  let timer = 0;
  let last = 0;

  function show(state) {
    const light = document.getElementById("live");
    if (!light) return;
    light.hidden = false;
    light.dataset.state = state;
    light.textContent = { on: words.liveOn, lost: words.liveLost, off: words.liveOff }[state];
  }

  function listen() {
    if (source || document.hidden || !regions().length) return;
    source = new EventSource("/live");
    source.onopen = () => {
      show("on");
      // Whatever changed between the page and this connection.
      soon();
    };
    source.onerror = () => {
      show("lost");
    };
    source.addEventListener("changed", soon);
  }

  function soon() {
    if (timer) return;
    timer = setTimeout(refresh, Math.max(0, last + REFRESH_EVERY_MS - Date.now()));
  }

  async function refresh() {
    timer = 0;
    last = Date.now();
    // Replacing text that somebody is selecting would take it out of their hands.
    if (!getSelection().isCollapsed) return soon();
    try {
      const answer = await fetch(location.href, { headers: { "noroshi-part": "main" }, cache: "no-store" });
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      show("lost");
    }
  }

  function swap(page) {
    for (const region of regions()) {
      const fresh = page.getElementById(region.id);
      if (!fresh || served.get(region) === fresh.innerHTML) continue;
      const html = fresh.innerHTML;
      const focus = region.contains(document.activeElement) ? place(document.activeElement) : null;
      const open = all("details[open]", region).map((details) => details.id);
      const scrolls = all("[data-scroll]", region).map((box) => [box.id, box.scrollLeft, box.scrollTop]);
      const row = region.querySelector("tr.at")?.dataset.key;
      const before = new Set(all("tr[data-key]", region).map((line) => line.dataset.key));
      region.replaceChildren(...fresh.childNodes);
      served.set(region, html);
      for (const id of open) if (id && document.getElementById(id)) document.getElementById(id).open = true;
      for (const [id, left, top] of scrolls) document.getElementById(id)?.scrollTo(left, top);
      for (const line of all("tr[data-key]", region)) {
        if (line.dataset.key === row) line.classList.add("at");
        if (before.size && !before.has(line.dataset.key)) line.classList.add("fresh");
      }
      if (focus) region.querySelector(focus)?.focus({ preventScroll: true });
      dress(region);
    }
    announce();
  }

  function place(element) {
    if (element.id) return "#" + CSS.escape(element.id);
    const href = element.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : null;
  }

  function announce() {
    const news = all("[data-critical]").filter((line) => !heard.has(line.dataset.key));
    for (const line of news) heard.add(line.dataset.key);
    if (news.length) say.textContent = words.sayCritical + " " + news.map((line) => line.dataset.critical).join(" / ");
  }

  // Tables: a filter box and an order, both kept when the data changes
  const orders = new Map();

  function narrowAll() {
    for (const box of all("[data-filter]")) {
      const table = document.getElementById(box.dataset.filter);
      box.hidden = !table;
      narrow(table, box.querySelector("input").value, box.querySelector("output"));
    }
  }

  function dress(root) {
    for (const table of all("table[data-order]", root)) {
      all("thead th:not([data-fixed])", table).forEach((head) => {
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener("click", () => {
          orders.set(table.id, [head.cellIndex, head.getAttribute("aria-sort") === "descending"]);
          order(table);
        });
      });
      order(table);
    }
    narrowAll();
  }

  function narrow(table, text, output) {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    const lines = table ? [...table.tBodies[0].rows] : [];
    let shown = 0;
    for (const line of lines) {
      const has = line.textContent.toLowerCase();
      line.hidden = !wanted.every((word) => has.includes(word));
      if (!line.hidden) shown += 1;
    }
    if (output) output.textContent = wanted.length ? `${shown} / ${lines.length}` : "";
  }

  function order(table) {
    if (!orders.has(table.id)) return;
    const [at, up] = orders.get(table.id);
    const worth = (line) => line.cells[at].dataset.value ?? line.cells[at].textContent.trim();
    const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
    const lines = [...table.tBodies[0].rows].sort((a, b) => compare(worth(a), worth(b)) * (up ? 1 : -1));
    const heads = table.tHead.rows[0].cells;
    for (const other of heads) other.removeAttribute("aria-sort");
    heads[at].setAttribute("aria-sort", up ? "ascending" : "descending");
    table.tBodies[0].append(...lines);
  }

  // Keys for the watch; they can be turned off (WCAG 2.1.4)
  const help = document.getElementById("help");
  const switched = document.getElementById("keys-on");
  const keysOn = () => localStorage.getItem("noroshi-keys") !== "off";

  function move(by) {
    const lines = all("main tr[data-href]").filter((line) => !line.hidden && line.offsetParent);
    if (!lines.length) return;
    const now = lines.findIndex((line) => line.classList.contains("at"));
    const next = now < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(lines.length - 1, Math.max(0, now + by));
    if (now >= 0) lines[now].classList.remove("at");
    lines[next].classList.add("at");
    lines[next].querySelector("a")?.focus({ preventScroll: true });
    lines[next].scrollIntoView({ block: "nearest" });
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !keysOn()) return;
    if (event.target.closest("input, select, textarea, dialog[open]")) return;
    const does = {
      "/": () => document.getElementById("q")?.focus(),
      j: () => move(1),
      k: () => move(-1),
      "?": () => help?.showModal(),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  // A passkey: the device answers, the form carries the answer.
  async function answer(event) {
    const form = event.target;
    const options = JSON.parse(form.dataset.passkey);
    if (form.elements.credential.value) return;
    event.preventDefault();
    const publicKey = options.rp
      ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
      : PublicKeyCredential.parseRequestOptionsFromJSON(options);
    try {
      const given = await (options.rp ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.elements.credential.value = JSON.stringify(given.toJSON());
      form.submit();
    } catch {
      form.querySelector("[role=alert]").hidden = false;
    }
  }

  for (const form of all("[data-passkey]")) {
    form.hidden = !window.PublicKeyCredential?.parseRequestOptionsFromJSON;
    form.addEventListener("submit", answer);
  }
  document.addEventListener("keydown", pressed);
  for (const button of all("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  if (switched) {
    switched.checked = keysOn();
    switched.addEventListener("change", () => localStorage.setItem("noroshi-keys", switched.checked ? "on" : "off"));
  }
  for (const region of regions()) served.set(region, region.innerHTML);
  for (const line of all("[data-critical]")) heard.add(line.dataset.key);
  dress(document);
  for (const input of all("[data-filter] input")) input.addEventListener("input", narrowAll);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && source) {
      source.close();
      source = null;
      show("off");
    }
    listen();
  });
  if (regions().length) show("off");
  listen();
})();
