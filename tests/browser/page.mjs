// A page that is watched: what it logs, where it asks, how much it weighs, whom it leaves out.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PAGE_BYTES_MAX = 300_000;
const here = dirname(fileURLToPath(import.meta.url));
export const base = process.env.NOROSHI_URL?.replace(/\/$/, "");
if (!base) {
  console.error("NOROSHI_URL is not set: start `noroshi demo` and give its address");
  process.exit(2);
}
export const pictures = process.env.NOROSHI_SCREENSHOTS ?? join(here, "../../testdata/out/screens");
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const failures = [];
let checks = 0;

// How many facts were looked at.
export function checked() {
  return checks;
}

export function check(fact, where, what) {
  checks += 1;
  if (!fact) {
    failures.push(`${where}: ${what}`);
    console.log(`  FAILED ${where}: ${what}`);
  }
}

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 }, small: { width: 360, height: 740 } };

// A page that watches itself: what it logs, where it asks, what the policy refuses.
export async function open(browser, { size = "desktop", script = true, scheme = "light", lang = "ja", role = "coordinator", site = base } = {}) {
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
    if (!url.startsWith(site + "/") && !url.startsWith("data:")) page.trouble.push(`asks a third party: ${url}`);
  });
  page.on("response", async (response) => {
    if (response.headers()["content-type"]?.startsWith("text/event-stream")) return;
    const body = await response.body().catch(() => Buffer.alloc(0));
    page.weights.set(response.url(), body.length);
  });
  // The demonstration lets anybody in as anybody. Each context is a browser of its own, with a session of its own.
  if (role) {
    await page.goto(`${site}/demo/as/${role}`);
    page.trouble.length = 0;
    page.weights.clear();
  }
  return page;
}

export async function visit(page, path, status = 200) {
  page.trouble.length = 0;
  page.weights.clear();
  const response = await page.goto(base + path, { waitUntil: "load" });
  // A page that fails on purpose is logged by the browser as a failed resource.
  if (status >= 400) page.trouble = page.trouble.filter((line) => !line.includes(`status of ${status}`));
  check(response.status() === status, path, `status ${response.status()}, not ${status}`);
  return response;
}

export async function weigh(page, where, response) {
  const html = (await response.body()).length;
  check(html < PAGE_BYTES_MAX, where, `the page has ${html} bytes`);
  const sum = [...page.weights.values()].reduce((all, one) => all + one, 0);
  check(sum < PAGE_BYTES_MAX, where, `page, style, script and pictures have ${sum} bytes`);
  return html;
}

export async function audit(page, where) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of result.violations) {
    const nodes = violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split("\n")[1] ?? ""}`);
    check(false, where, `axe ${violation.id} (${violation.nodes.length}): ${nodes.join(" | ")}`);
  }
  check(true, where, "axe");
}

export async function fits(page, where) {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return "";
    const inBox = (element) => element.parentElement?.closest(".scroll, pre, .unseen");
    const out = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > limit + 1 && !inBox(element));
    return out.slice(0, 3).map((element) => element.outerHTML.slice(0, 90)).join(" | ") || "something";
  });
  check(wide === "", where, `wider than the screen: ${wide}`);
}

export async function targets(page, where) {
  // WCAG 2.2 AA 2.5.8: at least 24 × 24 CSS pixels, links in running text apart.
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a, .button")]
      .filter((element) => element.checkVisibility() && !element.closest(".unseen"))
      .filter((element) => { const box = element.getBoundingClientRect(); return box.width > 0 && (box.width < 24 || box.height < 24); })
      .map((element) => element.outerHTML.slice(0, 80)),
  );
  check(small.length === 0, where, `targets under 24 px: ${small.slice(0, 3).join(" | ")}`);
}
