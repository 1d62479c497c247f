// Self-inspection in a real browser: somebody of the staff answers every item on a small telephone, in either language,
// by touching and by keyboard alone; and somebody without an account does by a personal link.
import { join } from "node:path";
import { audit, base, check, fits, open, pictures, targets, visit } from "./page.mjs";

const MINUTES_MAX = 3;

// The pages of self-inspection, each as somebody who goes there.
export async function inspections(browser) {
  const inspector = await open(browser, { role: "inspector" });
  const first = async (path, pattern) => {
    await inspector.goto(base + path);
    const links = await inspector.locator("main a[href]").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    return links.find((href) => pattern.test(href));
  };
  const survey = await first("/inspect", /^\/inspect\/surveys\/survey_[0-9a-f]+$/);
  const item = await first(`${survey}/map?role=staff`, /\/items\//);
  await inspector.goto(`${base}/inspect`);
  const surveys = await inspector.locator("main tbody a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  const closed = surveys.find((href) => href !== survey);
  const finding = await first("/findings", /^\/findings\/finding_[0-9a-f]+$/);
  await inspector.context().close();
  const member = await open(browser, { role: "ciso" });
  await member.goto(base + survey);
  const place = await member.locator(`main a[href^="${survey}/of/"]`).first().getAttribute("href");
  await member.context().close();
  const as = (role, pages) => Object.entries(pages).map(([name, path]) => ({ name, path, role }));
  return [
    ...as("inspector", {
      inspect: "/inspect", "inspect-survey": survey, "inspect-map": `${survey}/map?role=staff`, "inspect-map-weakest": `${survey}/map?role=system_manager&order=weakest`,
      "inspect-closed": closed, findings: "/findings", "findings-late": "/findings?timing=overdue", finding, "finding-raise": "/findings/new",
      "inspect-item": item, "inspect-place": `${place}?role=staff`, "inspect-roster": `${survey}/roster`, "inspect-upload": `${survey}/answers`, "inspect-new": "/inspect/new",
    }),
    ...as("planner", { "inspect-survey-reader": survey, "inspect-map-reader": `${survey}/map?role=ciso`, "inspect-unanswered-reader": `${place}/unanswered` }),
    ...as("ciso", { "inspect-survey-own": survey, "inspect-place-own": `${place}?role=staff`, "inspect-unanswered": `${place}/unanswered`, "findings-own": "/findings" }),
    ...as("staff", { "inspect-answer": "/inspect/answer" }),
  ];
}

async function picture(page, name) {
  await fits(page, name);
  await targets(page, name);
  await audit(page, name);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function quiet(page, where) {
  check(page.trouble.length === 0, where, page.trouble.join(" | "));
  page.trouble.length = 0;
}

// Every item by touching its answer, one of them forgotten at first.
async function byTouch(page, lang, forgotten) {
  const where = `answers ${lang} by touch`;
  const questions = page.locator("fieldset.question");
  const items = await questions.count();
  check(items >= 30, where, `only ${items} items`);
  const began = Date.now();
  for (let number = 0; number < items; number += 1) {
    if (number === forgotten) continue;
    const options = questions.nth(number).locator("label");
    const box = await options.first().boundingBox();
    check(box.height >= 44, where, `an answer is ${box.height} px high`);
    await options.nth(number % 7 === 3 ? 2 : 0).click();
  }
  await page.locator("button[value=submit]").click();
  await page.locator("[role=alert] a").waitFor();
  await picture(page, `inspect-form-missing-${lang}-small`);
  page.trouble = page.trouble.filter((line) => !line.includes("status of 422"));
  const missing = page.locator("[role=alert] a");
  check((await missing.count()) === 1, where, "not exactly the forgotten item is named");
  await missing.click();
  await page.locator(`#item-${forgotten}-done`).check();
  check((await page.locator("fieldset.question :checked").count()) === items, where, "what was chosen is lost");
  await page.locator("button[value=submit]").click();
  await page.waitForURL(/done=sent/);
  const minutes = (Date.now() - began) / 60_000;
  check(minutes < MINUTES_MAX, where, `took ${minutes.toFixed(1)} minutes`);
  return items;
}

// Every item by Tab and Space, and the button by Enter; nothing is pointed at.
async function byKeyboard(page, lang) {
  const where = `answers ${lang} by keyboard`;
  const items = await page.locator("fieldset.question").count();
  const answered = new Set();
  const focused = () => page.evaluate(() => { const { name, value, tagName } = document.activeElement; return { name, value, tagName }; });
  for (let step = 0; step < 20 + items * 2; step += 1) {
    await page.keyboard.press("Tab");
    const { name, value, tagName } = await focused();
    if (tagName === "INPUT" && name?.startsWith("item-")) {
      await page.keyboard.press("Space");
      answered.add(name);
    }
    if (tagName === "BUTTON" && value === "submit") {
      await page.keyboard.press("Enter");
      break;
    }
  }
  check(answered.size === items, where, `reached ${answered.size} of ${items} items`);
  await page.waitForURL(/done=sent/, { timeout: 10_000 }).catch(() => check(false, where, `ended at ${page.url()}`));
}

async function staff(browser) {
  for (const [lang, way] of [["ja", "touch"], ["en", "keyboard"]]) {
    const page = await open(browser, { size: "small", lang, role: "staff" });
    await visit(page, `/inspect/answer?lang=${lang}`);
    await picture(page, `inspect-answer-${lang}-small`);
    await page.locator("tbody a").first().click();
    check((await page.locator("html").getAttribute("lang")) === lang, `form ${lang}`, "wrong language");
    await picture(page, `inspect-form-${lang}-small`);
    const form = page.url();
    if (way === "touch") await byTouch(page, lang, 4);
    else await byKeyboard(page, lang);
    await picture(page, `inspect-sent-${lang}-small`);
    await quiet(page, `answers ${lang}`);
    const words = await page.locator("main").innerText();
    check(words.includes(lang === "ja" ? "回答を受け付けました" : "Your answers have arrived"), `answers ${lang}`, "nobody says thank you");
    // Taken back, so that whoever comes next finds the form as it was.
    await page.locator("button[value=withdraw]").click();
    await page.waitForURL(/done=withdrawn/);
    check((await page.locator("fieldset.question :checked").count()) >= 30, `answers ${lang}`, "withdrawing loses the answers");
    await page.goto(form);
    await quiet(page, `withdrawing ${lang}`);
    await page.context().close();
  }
}

// A link for somebody without an account: the file has it once, and whoever opens it needs nothing else.
async function link(browser, place) {
  const keeper = await open(browser, { role: "ciso" });
  await keeper.goto(`${base}${place}?lang=ja`);
  await keeper.goto(`${base}${place}/unanswered?lang=ja`);
  const person = (await keeper.locator("tbody th").first().innerText()).trim();
  await keeper.goto(`${base}${place}?lang=ja`);
  await keeper.locator("#person").fill(person);
  const [download] = await Promise.all([keeper.waitForEvent("download"), keeper.locator("form[action$='/links'] button").click()]);
  const stream = await download.createReadStream();
  let text = "";
  for await (const piece of stream) text += piece;
  const href = text.trim().split("\n").at(-1).split(",").at(-1).trim();
  await keeper.context().close();
  check(href.startsWith(`${base}/inspect/link?token=`), "link", `the file says ${href.slice(0, 60)}`);
  for (const lang of ["ja", "en"]) {
    const page = await open(browser, { size: "small", lang, role: null });
    const response = await page.goto(href.replace(/lang=\w+/, `lang=${lang}`));
    check(response.headers()["referrer-policy"] === "same-origin", "link", "the address would be told to others");
    await picture(page, `inspect-link-${lang}-small`);
    await quiet(page, `link ${lang}`);
    await page.context().close();
  }
}

// What a closed survey left to be fixed: raised once, answered by the organisation, verified and closed by somebody else.
async function findings(browser, list) {
  const at = (wanted) => list.find(({ name }) => name === wanted).path;
  const inspector = await open(browser, { role: "inspector" });
  const raise = async () => {
    await inspector.goto(`${base}${at("inspect-closed")}?lang=ja`);
    await inspector.locator("#below").fill("85");
    await inspector.locator("form[action$='/findings'] button").click();
    await inspector.waitForURL("**/findings?source=survey_item");
    return inspector.locator("#board-title ~ div tbody tr").evaluateAll((all) => all.map((row) => row.innerText).join());
  };
  const once = await raise();
  check(once.length > 0 && (await raise()) === once, "findings", "raising a second time changes something");

  const ciso = await open(browser, { role: "ciso" });
  await ciso.goto(`${base}/findings?state=open&lang=ja`);
  await ciso.locator("#list-title ~ div tbody a[href^='/findings/finding_']").first().click();
  const path = new URL(ciso.url()).pathname;
  await ciso.locator("#answer-words").fill("手順を改め、職員に周知した。");
  await ciso.locator("form:has(#answer-words) button").click();
  await ciso.locator(".note").waitFor();
  check((await ciso.locator("button[value=verify]").count()) === 0, "findings", "who has answered may verify");
  await picture(ciso, "finding-answered-ja-desktop");
  await quiet(ciso, "answering a finding");
  await ciso.context().close();

  await inspector.goto(`${base}${path}?lang=en`);
  await inspector.locator("button[value=verify]").click();
  await inspector.locator("button[value=close]").click();
  await inspector.locator("form:has(button[value=close])").waitFor({ state: "detached" });
  await picture(inspector, "finding-closed-en-desktop");
  check((await inspector.locator("#steps-title ~ div tbody tr").count()) >= 4, "findings", "not every step is told");
  await quiet(inspector, "closing a finding");
  await inspector.context().close();
}

export async function inspection(browser, list) {
  await staff(browser);
  await findings(browser, list);
  const place = list.find(({ name }) => name === "inspect-place-own").path.split("?")[0];
  await link(browser, place);
  console.log("  inspection: thirty items on a small telephone, by touch and by keyboard; a personal link; a finding from the survey to its close");
}
