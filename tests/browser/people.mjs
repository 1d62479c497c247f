// How somebody comes in, in a real browser: by invitation, with a password, a code, a passkey of a virtual authenticator.
import { join } from "node:path";
import { audit, base, check, open, pictures } from "./page.mjs";
import { code } from "./totp.mjs";

// Browsers make passkeys for names only.
const site = base.replace("127.0.0.1", "localhost");

// Invites somebody to be the CSIRT of an organisation; gives the path of the link.
export async function invitation(browser, login) {
  const page = await open(browser, { role: "administrator" });
  await page.goto(`${base}/accounts?lang=ja`);
  await page.locator("#login").fill(login);
  await page.locator("#name").fill("首都 花子");
  await page.locator("#role").selectOption("csirt");
  await page.locator("#organisation").selectOption({ index: 1 });
  await page.locator("main form[method=post] button").click();
  const link = (await page.locator("main code").innerText()).trim();
  await page.screenshot({ path: join(pictures, "account-link-ja-desktop.png"), fullPage: true });
  await audit(page, "account link");
  await page.context().close();
  check(link.startsWith(`${base}/`) && link.includes("/invitation/"), "invitation", `the page shows ${link}`);
  return new URL(link).pathname;
}

async function picture(page, name) {
  await audit(page, name);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

async function signOut(page) {
  await page.goto(`${site}/account`);
  await page.locator("form[action='/sign-out'] button").click();
  await page.waitForURL("**/sign-in");
}

async function typePassword(page, login, password) {
  await page.goto(`${site}/sign-in?lang=ja`);
  await page.locator("#login").fill(login);
  await page.locator("#password").fill(password);
  await page.locator("form[action='/sign-in'] button").click();
}

async function addVirtualAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options });
  return { session, authenticatorId };
}

export async function people(browser) {
  const login = `miyako-${Date.now()}@example.test`; // A login is given once.
  const password = "かがり火の見張り番 2026";
  const path = await invitation(browser, login);
  const page = await open(browser, { role: null, site });
  const trouble = (what) => {
    check(page.trouble.length === 0, what, page.trouble.join(" | "));
    page.trouble.length = 0;
  };

  // In by the link, which works once.
  await page.goto(`${site}${path}?lang=ja`);
  await page.locator("#password").fill(password);
  await page.locator("main form button").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/invitation"));
  check(!page.url().includes("/sign-in"), "invitation", `leads to ${page.url()}`);
  trouble("invitation");
  const again = await page.context().request.get(`${site}${path}`);
  check(again.status() === 404, "invitation", `the second time the link answers ${again.status()}`);

  // A code from an app, confirmed by the first code; then the recovery codes are shown once.
  await page.goto(`${site}/account?lang=ja`);
  // The demonstration has a time of its own, and it may stand still: the session began now.
  const began = await page.locator("tr:has(.tag) time").first().getAttribute("datetime");
  const step = Math.floor(Date.parse(began) / 30_000);
  await page.locator("form[action='/account/codes'] button").click();
  await page.waitForURL("**/account/codes");
  await picture(page, "own-codes-ja-desktop");
  const secret = (await page.locator("main code.value").innerText()).replace(/\s/g, "");
  check(/^[A-Z2-7]{26,}$/.test(secret), "codes", `the secret to type is ${secret.length} letters long`);
  await page.locator("main input[name=code]").fill(code(secret, step - 1));
  await page.locator("main form:has(input[name=code]) button").click();
  await page.waitForURL("**/account/codes/confirm");
  await picture(page, "own-recovery-ja-desktop");
  trouble("codes");

  // Password and code.
  await signOut(page);
  await typePassword(page, login, "wrong words altogether");
  await page.locator("[role=alert]:visible").waitFor();
  page.trouble.length = 0; // The browser logs the refusal.
  await typePassword(page, login, password);
  await page.locator("#code").waitFor();
  await picture(page, "sign-in-code-ja-desktop");
  await page.locator("#code").fill(code(secret, step));
  await page.locator("form[action='/sign-in/code'] button").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  trouble("password and code");

  // A passkey: made, used, and after it is removed, refused.
  const { session, authenticatorId } = await addVirtualAuthenticator(page);
  await page.goto(`${site}/account?lang=ja`);
  await page.locator("#passkey-name").fill("執務室の端末");
  await page.locator("form[action='/account/passkeys'] button").click();
  await page.locator("form[action='/account/passkeys/remove']").waitFor();
  await picture(page, "own-passkey-ja-desktop");
  const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
  check(credentials.length === 1 && credentials[0].isResidentCredential, "passkey", `the device holds ${credentials.length}`);
  await signOut(page);
  await page.locator("form[action='/sign-in/passkey'] button").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  await page.goto(`${site}/account?lang=ja`);
  check((await page.locator("main").innerText()).includes("パスキー"), "passkey", "the session does not say how it began");
  trouble("passkey");
  await page.locator("form[action='/account/passkeys/remove'] button").click();
  await signOut(page);
  await page.locator("form[action='/sign-in/passkey'] button").click();
  await page.locator("[role=alert]:visible").waitFor();
  check(page.url().includes("/sign-in"), "passkey", "one that was removed still opens the door");
  await page.context().close();
  console.log("  people: invitation, password, code, recovery codes, passkey");
}
