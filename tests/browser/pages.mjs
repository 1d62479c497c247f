// Every page in a real browser: both languages, phone and desktop, light and dark, with and without script.
//
//   NOROSHI_URL=http://127.0.0.1:8420 node pages.mjs
//
// NOROSHI_SCREENSHOTS  where pictures go (default: testdata/out/screens at the root of the repository)
// NOROSHI_CHROMIUM     the browser (default: /usr/bin/chromium)
// NOROSHI_READ_ONLY=1  leaves out the one test that records a decision
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGE_BYTES_MAX = 300_000;
const here = dirname(fileURLToPath(import.meta.url));
const base = process.env.NOROSHI_URL?.replace(/\/$/, "");
if (!base) {
  console.error("NOROSHI_URL is not set: start `noroshi demo` and give its address");
  process.exit(2);
}
const pictures = process.env.NOROSHI_SCREENSHOTS ?? join(here, "../../testdata/out/screens");
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const failures = [];
let checks = 0;
function check(fact, where, what) {
  checks += 1;
  if (!fact) {
    failures.push(`${where}: ${what}`);
    console.log(`  FAILED ${where}: ${what}`);
  }
}

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

// A page that watches itself: what it logs, where it asks, what the policy refuses.
async function open(browser, { size = "desktop", script = true, scheme = "light", lang = "ja", role = "coordinator" } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    javaScriptEnabled: script,
    colorScheme: scheme,
    locale: lang === "ja" ? "ja-JP" : "en-GB",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.trouble = [];
  page.weights = new Map();
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) page.trouble.push(`console: ${line.text()}`);
  });
  page.on("pageerror", (error) => page.trouble.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base + "/") && !url.startsWith("data:")) page.trouble.push(`asks a third party: ${url}`);
  });
  page.on("response", async (response) => {
    if (response.headers()["content-type"]?.startsWith("text/event-stream")) return;
    const body = await response.body().catch(() => Buffer.alloc(0));
    page.weights.set(response.url(), body.length);
  });
  // The demonstration lets anybody in as anybody. Each context is a browser of its own, with a session of its own.
  if (role) {
    await page.goto(`${base}/demo/as/${role}`);
    page.trouble.length = 0;
    page.weights.clear();
  }
  return page;
}

async function visit(page, path, status = 200) {
  page.trouble.length = 0;
  page.weights.clear();
  const response = await page.goto(base + path, { waitUntil: "load" });
  // A page that fails on purpose is logged by the browser as a failed resource.
  if (status >= 400) page.trouble = page.trouble.filter((line) => !line.includes(`status of ${status}`));
  check(response.status() === status, path, `status ${response.status()}, not ${status}`);
  return response;
}

async function weigh(page, where, response) {
  const html = (await response.body()).length;
  check(html < PAGE_BYTES_MAX, where, `the page has ${html} bytes`);
  const sum = [...page.weights.values()].reduce((all, one) => all + one, 0);
  check(sum < PAGE_BYTES_MAX, where, `page, style, script and pictures have ${sum} bytes`);
  return html;
}

async function audit(page, where) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of result.violations) {
    const nodes = violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split("\n")[1] ?? ""}`);
    check(false, where, `axe ${violation.id} (${violation.nodes.length}): ${nodes.join(" | ")}`);
  }
  check(true, where, "axe");
}

async function fits(page, where) {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return "";
    const inBox = (element) => element.parentElement?.closest(".scroll, pre, .unseen");
    const out = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > limit + 1 && !inBox(element));
    return out.slice(0, 3).map((element) => element.outerHTML.slice(0, 90)).join(" | ") || "something";
  });
  check(wide === "", where, `wider than the screen: ${wide}`);
}

async function targets(page, where) {
  // WCAG 2.2 AA 2.5.8: at least 24 × 24 CSS pixels, links in running text apart.
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a, .button")]
      .filter((element) => element.checkVisibility() && !element.closest(".unseen"))
      .filter((element) => { const box = element.getBoundingClientRect(); return box.width > 0 && (box.width < 24 || box.height < 24); })
      .map((element) => element.outerHTML.slice(0, 80)),
  );
  check(small.length === 0, where, `targets under 24 px: ${small.slice(0, 3).join(" | ")}`);
}

// The pages there are: the fixed ones, and the first thing that each list leads to.
async function places(page) {
  const found = { demo: "/demo", board: "/board", threats: "/threats?period=all", campaigns: "/campaigns", organisations: "/organisations", search: "/search", unread: "/unread", unowned: "/unowned" };
  const first = async (path, pattern) => {
    await page.goto(base + path);
    return page.evaluate((source) => {
      const pattern = new RegExp(source);
      return [...document.querySelectorAll("main a[href]")].map((link) => link.getAttribute("href")).find((href) => pattern.test(href));
    }, pattern.source);
  };
  found.threat = await first(found.threats, /^\/threats\/threat_[0-9a-f]+$/);
  found.organisation = await first("/organisations", /^\/organisations\/org_[0-9a-f]+$/);
  found.campaign = await first("/campaigns", /^\/campaigns\/campaign_[0-9a-f]+$/);
  found.results = "/search?period=all&q=GET";
  found.nothing = "/search?period=all&q=%22no+such+words+anywhere%22";
  found.event = await first("/search?period=all&q=", /^\/events\/event_/) ?? await first(found.results, /^\/events\/event_/);
  for (const [name, path] of Object.entries(found)) check(Boolean(path), name, "nothing leads there");
  return Object.entries(found).filter(([, path]) => path);
}

function inLanguage(path, lang) {
  return `${path}${path.includes("?") ? "&" : "?"}lang=${lang}`;
}

async function everyPage(browser, list) {
  for (const lang of ["ja", "en"]) {
    for (const size of ["desktop", "phone"]) {
      const page = await open(browser, { size, lang });
      for (const [name, path] of list) {
        const where = `${name} ${lang} ${size}`;
        const response = await visit(page, inLanguage(path, lang));
        check((await page.locator("html").getAttribute("lang")) === lang, where, "wrong language");
        check((await page.locator("h1").count()) === 1, where, "not one heading");
        const bytes = await weigh(page, where, response);
        await fits(page, where);
        await targets(page, where);
        await audit(page, where);
        await page.screenshot({ path: join(pictures, `${name}-${lang}-${size}.png`), fullPage: true });
        check(page.trouble.length === 0, where, page.trouble.join(" | "));
        console.log(`  ${where}: ${bytes} bytes`);
      }
      await page.context().close();
    }
  }
}

async function inTheDark(browser, list) {
  const page = await open(browser, { scheme: "dark" });
  for (const [name, path] of list) {
    await visit(page, inLanguage(path, "ja"));
    await audit(page, `${name} dark`);
    await page.screenshot({ path: join(pictures, `${name}-dark.png`), fullPage: true });
  }
  await page.context().close();
}

async function withoutScript(browser, list) {
  for (const lang of ["ja", "en"]) {
    const page = await open(browser, { script: false, lang });
    for (const [name, path] of list) {
      const where = `${name} ${lang} without script`;
      await visit(page, inLanguage(path, lang));
      const text = await page.locator("main").innerText();
      check(text.trim().length > 40, where, "nothing to read");
      check((await page.locator("[data-filter]:visible, [data-help]:visible, #live:visible").count()) === 0, where, "shows what only works with script");
      if (lang === "ja") await page.screenshot({ path: join(pictures, `${name}-noscript.png`), fullPage: true });
    }
    await page.context().close();
  }
}

async function errors(browser) {
  for (const lang of ["ja", "en"]) {
    const page = await open(browser, { lang });
    for (const [path, status] of [["/nothing-here", 404], ["/threats/threat_00000000000000000000000000000000", 404], ["/threats?level=worst", 400], ["/search?q=x&from=yesterday", 400]]) {
      await visit(page, inLanguage(path, lang), status);
      check((await page.locator("html").getAttribute("lang")) === lang, path, "the error is in the wrong language");
      await audit(page, `${path} ${lang}`);
      await page.screenshot({ path: join(pictures, `error-${status}-${lang}.png`) });
    }
    await page.context().close();
  }
}

// What each role is shown first, and that a stranger is shown nothing.
const ROLES = ["watch_officer", "coordinator", "inspector", "planner", "editor", "administrator", "ciso", "csirt", "system_manager"];
async function roles(browser) {
  for (const role of ROLES) {
    const page = await open(browser, { role });
    await visit(page, "/board?lang=ja");
    await audit(page, `board of ${role}`);
    await page.screenshot({ path: join(pictures, `role-${role}.png`), fullPage: true });
    await page.context().close();
  }
  const stranger = await open(browser, { role: null });
  for (const path of ["/board", "/threats", "/search?q=GET"]) {
    await stranger.goto(base + path);
    const words = await stranger.locator("body").innerText();
    check(!stranger.url().startsWith(base + path) && !words.includes("10."), path, `a stranger is shown ${stranger.url()}`);
  }
  await stranger.context().close();
}

async function language(browser) {
  const page = await open(browser, { lang: "en" });
  await visit(page, "/threats?level=high");
  check((await page.locator("html").getAttribute("lang")) === "en", "language", "the browser's preference is not followed");
  await page.locator(".tongue a").click();
  check((await page.locator("html").getAttribute("lang")) === "ja", "language", "the switch does not switch");
  check(page.url().includes("level=high"), "language", "the switch forgets the filter");
  await visit(page, "/board");
  check((await page.locator("html").getAttribute("lang")) === "ja", "language", "the choice is not remembered");
  await page.context().close();
}

async function keys(browser) {
  const page = await open(browser);
  await visit(page, "/threats?period=all&lang=ja");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  check((await page.locator("tbody tr.at").count()) === 1, "keys", "j does not choose a row");
  const chosen = await page.locator("tbody tr.at").getAttribute("data-href");
  await page.keyboard.press("k");
  check((await page.locator("tbody tr.at").getAttribute("data-href")) !== chosen, "keys", "k does not move back");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/threats/threat_*");
  await page.keyboard.press("?");
  check(await page.locator("#help").evaluate((dialog) => dialog.open), "keys", "? does not show the list");
  await page.locator("#keys-on").uncheck();
  await page.keyboard.press("Escape");
  await page.locator("main").focus();
  await page.keyboard.press("/");
  check(!(await page.locator("#q").evaluate((box) => box === document.activeElement)), "keys", "keys cannot be turned off");
  await page.evaluate(() => localStorage.clear());
  await page.keyboard.press("/");
  check(await page.locator("#q").evaluate((box) => box === document.activeElement), "keys", "/ does not go to the search box");
  await page.keyboard.type("/jk?");
  check((await page.locator("#q").inputValue()) === "/jk?", "keys", "typing in a box triggers shortcuts");
  await page.context().close();
}

async function tables(browser) {
  const page = await open(browser);
  await visit(page, "/organisations?lang=ja");
  const rows = page.locator("#organisations tbody tr");
  const before = await rows.count();
  const name = (await rows.last().locator("th").innerText()).trim();
  await page.locator("#narrow").fill(name);
  const shown = await page.locator("#organisations tbody tr:visible").count();
  check(shown >= 1 && shown < before, "tables", `the filter shows ${shown} of ${before}`);
  await page.locator("#narrow").fill("");
  await page.locator("#organisations thead th").nth(-1).locator("button").click();
  check((await page.locator("th[aria-sort=descending]").count()) === 1, "tables", "a click does not order");
  await page.context().close();
}

async function live(browser) {
  const page = await open(browser);
  await visit(page, "/board?lang=ja");
  await page.locator("#live[data-state=on]").waitFor({ timeout: 10_000 }).catch(() => {});
  check((await page.locator("#live").getAttribute("data-state")) === "on", "live", "does not say that it follows the data");
  // The page fetches itself once after connecting; focus must survive whatever it swaps.
  await page.locator("#board a").first().focus();
  await page.waitForTimeout(3_000);
  check(await page.evaluate(() => document.getElementById("board").contains(document.activeElement)), "live", "the focus is lost");
  check(page.trouble.length === 0, "live", page.trouble.join(" | "));
  await page.context().close();
}

async function decision(browser, threat) {
  for (const script of [true, false]) {
    const where = `decision ${script ? "with" : "without"} script`;
    const page = await open(browser, { script });
    await visit(page, inLanguage(threat, "ja"));
    const words = `画面試験による判定 ${script}`;
    await page.locator("input[name=verdict][value=threat]").check();
    await page.locator("#reason").fill(words);
    await page.locator("form[method=post] button").click();
    await page.waitForLoadState();
    check(page.url().startsWith(base + threat), where, `ended at ${page.url()}`);
    check((await page.locator("main").innerText()).includes(words), where, "the reason is not shown");
    await page.context().close();
  }
  const foreign = await fetch(`${base}${threat}/decision`, { method: "POST", headers: { origin: "http://elsewhere.example", "content-type": "application/x-www-form-urlencoded" }, body: "verdict=normal&reason=x", redirect: "manual" });
  check(foreign.status === 403, "decision from elsewhere", `status ${foreign.status}`);
}

const browser = await chromium.launch({ executablePath: process.env.NOROSHI_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const started = Date.now();
try {
  const scout = await open(browser);
  const list = await places(scout);
  await scout.context().close();
  await everyPage(browser, list);
  await inTheDark(browser, list);
  await withoutScript(browser, list);
  await errors(browser);
  await roles(browser);
  await language(browser);
  await keys(browser);
  await tables(browser);
  await live(browser);
  const threat = list.find(([name]) => name === "threat")?.[1];
  if (threat && process.env.NOROSHI_READ_ONLY !== "1") await decision(browser, threat);
} catch (error) {
  check(false, "the test itself", error.stack);
} finally {
  await browser.close();
}
console.log(`${checks} checks, ${failures.length} failed, ${Math.round((Date.now() - started) / 1000)} s; pictures in ${pictures}`);
for (const failure of failures) console.log(`FAILED ${failure}`);
process.exit(failures.length ? 1 : 0);
