// Every page in a real browser: both languages, phone and desktop, light and dark, with and without script.
//
//   NOROSHI_URL=http://127.0.0.1:8420 node pages.mjs
//
// NOROSHI_SCREENSHOTS  where pictures go (default: testdata/out/screens at the root of the repository)
// NOROSHI_CHROMIUM     the browser (default: /usr/bin/chromium)
// NOROSHI_PROGRAM      the program, for what needs settings of its own; left out when it is not named
// NOROSHI_READ_ONLY=1  leaves out what changes something
import { chromium } from "playwright-core";
import { join } from "node:path";
import { audit, base, check, checked, failures, fits, open, pictures, targets, visit, weigh } from "./page.mjs";
import { inspection, inspections } from "./inspect.mjs";
import { invitation, people } from "./people.mjs";
import { provider } from "./provider.mjs";

// The pages there are: the fixed ones, and the first thing that each list leads to.
async function places(browser) {
  const found = {
    demo: "/demo", board: "/board", threats: "/threats?period=all", campaigns: "/campaigns", organisations: "/organisations",
    search: "/search", unread: "/unread", unowned: "/unowned", registry: "/registry", "registry-import": "/registry/import",
    "registry-contacts": "/registry/contacts", "registry-changes": "/registry/changes", "registry-servers": "/registry/servers", api: "/api",
  };
  const page = await open(browser);
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
  const place = await first("/registry", /^\/registry\/of\/org_[0-9a-f]+$/);
  for (const tab of ["contact", "person", "system", "server", "software", "network", "function", "server_count"]) found[`registry-${tab}`] = `${place}?tab=${tab}`;
  found["registry-organisation-form"] = `${place}/organisation`;
  found["registry-contact-form"] = await first(place, /\/contact\?key=/);
  for (const noun of ["system", "server", "software", "network", "person", "function"]) found[`registry-${noun}-form`] = `${place}/${noun}`;
  await page.context().close();

  const keeper = await open(browser, { role: "administrator" });
  await keeper.goto(`${base}/accounts`);
  const account = await keeper.locator("#accounts tbody a").first().getAttribute("href");
  await keeper.context().close();
  const list = Object.entries(found).map(([name, path]) => ({ name, path, role: "coordinator" }));
  list.push({ name: "accounts", path: "/accounts", role: "administrator" }, { name: "account", path: account, role: "administrator" });
  list.push({ name: "audit", path: "/audit", role: "administrator" }, { name: "audit-head", path: "/audit/head", role: "administrator" });
  list.push({ name: "audit-own", path: "/audit", role: "ciso" });
  list.push({ name: "own-account", path: "/account", role: "csirt" }, { name: "registry-own", path: "/registry", role: "csirt" });
  list.push({ name: "sign-in", path: "/sign-in", role: null });
  list.push(...(await inspections(browser)));
  for (const { name, path } of list) check(Boolean(path), name, "nothing leads there");
  return list.filter(({ path }) => path);
}

// Visits every place as whoever goes there: one browser for each role.
async function asEach(browser, list, options, look) {
  for (const role of new Set(list.map((place) => place.role))) {
    const page = await open(browser, { ...options, role });
    for (const place of list.filter((place) => place.role === role)) await look(page, place);
    await page.context().close();
  }
}

function inLanguage(path, lang) {
  return `${path}${path.includes("?") ? "&" : "?"}lang=${lang}`;
}

async function everyPage(browser, list) {
  for (const lang of ["ja", "en"]) {
    for (const size of ["desktop", "phone"]) {
      await asEach(browser, list, { size, lang }, async (page, { name, path }) => {
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
      });
    }
  }
}

async function inTheDark(browser, list) {
  await asEach(browser, list, { scheme: "dark" }, async (page, { name, path }) => {
    await visit(page, inLanguage(path, "ja"));
    await audit(page, `${name} dark`);
    await page.screenshot({ path: join(pictures, `${name}-dark.png`), fullPage: true });
  });
}

async function withoutScript(browser, list) {
  for (const lang of ["ja", "en"]) {
    await asEach(browser, list, { script: false, lang }, async (page, { name, path }) => {
      const where = `${name} ${lang} without script`;
      await visit(page, inLanguage(path, lang));
      const text = await page.locator("main").innerText();
      check(text.trim().length > 40, where, "nothing to read");
      check((await page.locator("[data-filter]:visible, [data-help]:visible, #live:visible").count()) === 0, where, "shows what only works with script");
      if (lang === "ja") await page.screenshot({ path: join(pictures, `${name}-noscript.png`), fullPage: true });
    });
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
  const list = await places(browser);
  const changes = process.env.NOROSHI_READ_ONLY !== "1";
  if (changes) list.push({ name: "invitation", path: await invitation(browser, `shuto-${Date.now()}@example.test`), role: null });
  await everyPage(browser, list);
  await inTheDark(browser, list);
  await withoutScript(browser, list);
  await errors(browser);
  await roles(browser);
  await language(browser);
  await keys(browser);
  await tables(browser);
  await live(browser);
  const threat = list.find(({ name }) => name === "threat")?.path;
  if (threat && changes) await decision(browser, threat);
  if (changes) await inspection(browser, list);
  if (changes) await people(browser);
  await provider(browser);
} catch (error) {
  check(false, "the test itself", error.stack);
} finally {
  await browser.close();
}
console.log(`${checked()} checks, ${failures.length} failed, ${Math.round((Date.now() - started) / 1000)} s; pictures in ${pictures}`);
for (const failure of failures) console.log(`FAILED ${failure}`);
process.exit(failures.length ? 1 : 0);
